"""On whose behalf something is looked at or done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .users import Account


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks or acts: an account, a program acting as one, or the house itself.

    `sites` holds the codes of the sites the viewer is limited to, None = every site. `scopes` holds what a program's
    token may do, None = a person.
    """

    login: str
    role: str
    user_id: int | None = None
    sites: frozenset[str] | None = None
    employee_number: str | None = None
    van_code: str | None = None
    scopes: frozenset[str] | None = None

    @property
    def is_house(self) -> bool:
        """The command line and background work, which whoever runs the machine answers for."""
        return self.role == "house"


#: The command line and background work.
HOUSE = Viewer(login="house", role="house")


def of_account(account: Account, *, scopes: frozenset[str] | None = None) -> Viewer:
    """The viewer that an account is at this moment, limited to `scopes` when a token acts for it."""
    return Viewer(
        login=account.login, role=account.role, user_id=account.id, sites=account.sites or None,
        employee_number=account.employee_number, van_code=account.van_code, scopes=scopes,
    )  # fmt: skip
