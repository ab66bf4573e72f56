"""Who may sign in, as administrators see it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from .. import rights, users
from ..errors import LogisticsError
from ..users import Account
from ..viewer import Viewer


class LastAdministrator(LogisticsError):
    """The account is the last open one of an administrator; it stays as it is."""

    code = "last-administrator"

    def __init__(self) -> None:
        super().__init__("this is the last administrator; the account stays open")


def index(session: Session, viewer: Viewer) -> tuple[Account, ...]:
    """Every account, by login.

    Raises:
        NotAllowed: not an administrator.
    """
    rights.must(viewer, "users.read")
    return tuple(users.accounts(session))


def add(
    session: Session,
    viewer: Viewer,
    *,
    login: str,
    role: str,
    name: str,
    employee_number: str | None,
    van_code: str | None,
    sites: frozenset[str],
) -> str:
    """Add somebody; the password to tell them, once.

    Raises:
        NotAllowed: not an administrator.
        AlreadyExists, InvalidRequest, UnknownRecord: as `users.add_user`.
    """
    rights.must(viewer, "users.change")
    made = users.random_password()
    users.add_user(
        session, login=login, role=role, name=name, password=made, employee_number=employee_number, van_code=van_code,
        sites=sites,
    )  # fmt: skip
    return made


def new_password(session: Session, viewer: Viewer, login: str) -> str:
    """A new password, told once; every session of the account ends.

    Raises:
        NotAllowed: not an administrator.
        UnknownRecord: no such login.
    """
    rights.must(viewer, "users.change")
    made = users.random_password()
    users.set_password(session, login, made)
    return made


def set_active(session: Session, viewer: Viewer, login: str, active: bool) -> None:
    """Close an account or open it again.

    Raises:
        NotAllowed: not an administrator.
        UnknownRecord: no such login.
        LastAdministrator: nobody could open it again.
    """
    rights.must(viewer, "users.change")
    found = users.user(session, login)
    admins = [one.login for one in users.accounts(session) if one.role == "admin" and one.is_active]
    if not active and admins == [found.login]:
        raise LastAdministrator
    found.is_active = active
