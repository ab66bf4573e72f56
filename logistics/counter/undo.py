"""Taking back what was just done: a deed of the opposite direction, while the books stand as the deed left them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from .. import orders as order_service
from .. import rights, scope, users
from ..errors import LogisticsError
from ..viewer import Viewer


class CannotUndo(LogisticsError):
    """The time for it is over, it was undone already, or somebody changed the same thing since; nothing was changed."""

    code = "cannot-undo"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done and can be taken back: what, to which thing, its version after, and how it was before.

    The version makes it single-use: every deed, the opposite one too, gives the thing another version.
    """

    kind: str
    of: str
    version: int
    was: str


def take_back(session: Session, viewer: Viewer, deed: Deed, *, now: datetime) -> None:
    """Do the opposite of a deed, in the viewer's name; the books keep both.

    Raises:
        NotAllowed: the viewer may not do the deed itself.
        UnknownRecord: the thing is none for the viewer.
        CannotUndo: the thing is not as the deed left it.
        WrongState: as the deed itself.
    """
    if deed.kind not in _UNDO:
        raise CannotUndo(deed.kind)
    _UNDO[deed.kind](session, viewer, deed, now)


def _leave_out(session: Session, viewer: Viewer, deed: Deed, now: datetime) -> None:
    _order_as_left(session, viewer, deed, "orders.leave-out")
    order_service.leave_out(session, deed.of, deed.was == "yes", now=now, actor=viewer.login)


def _give_to_van(session: Session, viewer: Viewer, deed: Deed, now: datetime) -> None:
    _order_as_left(session, viewer, deed, "orders.give-to-van")
    if deed.was:
        scope.van(session, viewer, deed.was)
    order_service.give_to_van(session, deed.of, deed.was or None, now=now, actor=viewer.login)


def _account(session: Session, viewer: Viewer, deed: Deed, now: datetime) -> None:
    rights.must(viewer, "users.change")
    if users.user(session, deed.of).version != deed.version:
        raise CannotUndo(deed.kind)
    users.set_active(session, deed.of, active=deed.was == "yes")


def _order_as_left(session: Session, viewer: Viewer, deed: Deed, action: str) -> None:
    rights.must(viewer, action)
    scope.order(session, viewer, deed.of)
    if order_service.order(session, deed.of, lock=True).version != deed.version:
        raise CannotUndo(deed.kind)


_UNDO: dict[str, Callable[[Session, Viewer, Deed, datetime], None]] = {
    "leave-out": _leave_out, "give-to-van": _give_to_van, "account": _account,
}  # fmt: skip
