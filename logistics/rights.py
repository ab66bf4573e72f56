"""Who may do what: the one table. Pages, API and counter all ask here.

A right names the roles that have it and the token scope a program needs beside its owner's role. Which *objects* a
viewer may touch is another question: see `scope`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import NotAllowed, ScopeMissing
from .states import ROLES
from .viewer import Viewer

#: What a token may be given. `account` is about the owner's own account and tokens.
SCOPES = (
    "account", "imports:write", "orders:read", "orders:write", "people:read", "people:write", "plans:read",
    "plans:write", "stock:read", "stock:write", "tours:read", "tours:write", "users:read", "users:write",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that can be asked for: the roles that may, and the scope their tokens need."""

    roles: frozenset[str]
    scope: str


def _right(roles: str, scope: str) -> Right:
    return Right(frozenset(roles.split()), scope)


EVERYBODY = " ".join(ROLES)
RIGHTS: Mapping[str, Right] = {
    "account.own": _right(EVERYBODY, "account"),
    "catalogue.read": _right("coordinator warehouse agent admin auditor", "stock:read"),
    "days.read": _right("coordinator admin auditor", "plans:read"),
    "days.export": _right("coordinator admin auditor", "plans:read"),
    "days.plan": _right("coordinator admin", "plans:write"),
    "days.publish": _right("coordinator admin", "plans:write"),
    "tasks.read": _right("coordinator admin", "plans:read"),
    "tasks.cancel": _right("coordinator admin", "plans:write"),
    "tasks.retry": _right("coordinator admin", "plans:write"),
    "orders.read": _right("coordinator agent admin auditor", "orders:read"),
    "orders.place": _right("coordinator agent admin", "orders:write"),
    "orders.amend": _right("coordinator agent admin", "orders:write"),
    "orders.cancel": _right("coordinator agent admin", "orders:write"),
    "orders.confirm": _right("coordinator agent admin", "orders:write"),
    "orders.leave-out": _right("coordinator admin", "orders:write"),
    "orders.give-to-van": _right("coordinator admin", "orders:write"),
    "orders.move": _right("coordinator admin", "plans:write"),
    "people.read": _right("coordinator agent admin", "people:read"),
    "people.reveal-home": _right("coordinator agent", "people:read"),
    "places.find": _right("coordinator admin", "people:read"),
    "people.set-pin": _right("coordinator", "people:write"),
    "stock.read": _right("coordinator warehouse agent admin auditor", "stock:read"),
    "stock.receive": _right("warehouse admin", "stock:write"),
    "picks.read": _right("coordinator warehouse admin", "tours:read"),
    "picks.mark": _right("coordinator warehouse admin", "tours:write"),
    "tours.drive": _right("courier", "tours:write"),
    "tours.own": _right("courier", "tours:read"),
    "kit.own": _right("employee", "account"),
    "users.read": _right("admin", "users:read"),
    "users.change": _right("admin", "users:write"),
    "imports.use": _right("admin", "imports:write"),
}


def may(viewer: Viewer, action: str) -> bool:
    """Whether the viewer's role, and their token's scopes when a program acts, allow the action.

    Raises:
        KeyError: no such action; that is a fault of ours, not of the viewer.
    """
    right = RIGHTS[action]
    if viewer.is_house:
        return True
    return viewer.role in right.roles and (viewer.scopes is None or right.scope in viewer.scopes)


def must(viewer: Viewer, action: str) -> None:
    """Go on only when the viewer may.

    Raises:
        ScopeMissing: they may, but the token that acts for them may not.
        NotAllowed: they may not.
    """
    if may(viewer, action):
        return
    right = RIGHTS[action]
    if viewer.role in right.roles:
        raise ScopeMissing(action, scope=right.scope)
    raise NotAllowed(action)
