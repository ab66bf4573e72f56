"""Orders: look, place, change, cancel, correct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from .. import desk, edits, order_views, personal, rights, scope
from .. import orders as service
from ..edits import MovePreview
from ..errors import NotAllowed, UnknownRecord
from ..order_views import OrderPage, OrderView
from ..planning import PlanSummary
from ..requests import LineRequest, OrderRequest
from ..states import ORDER_STATES
from ..system import System
from ..viewer import Viewer
from . import cuts
from .undo import Deed

PAGE = 50


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a new order."""

    reference: str
    version: int


def index(
    session: Session,
    viewer: Viewer,
    *,
    state: str | None = None,
    day: date | None = None,
    text: str = "",
    page: int = 1,
    per_page: int = PAGE,
) -> OrderPage:
    """A page of the viewer's orders, newest day first.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "orders.read")
    found = order_views.order_list(
        session, state=state if state in ORDER_STATES else None, day=day, text=text, page=page, per_page=per_page,
        seen=scope.orders(viewer), by_name=personal.sees(viewer, "name") == "full",
    )  # fmt: skip
    return cuts.order_page(viewer, found)


def show(session: Session, viewer: Viewer, reference: str) -> OrderView:
    """One order with its lines, its life and its place in the newest plan.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: there is none for the viewer.
    """
    rights.must(viewer, "orders.read")
    scope.order(session, viewer, reference)
    return cuts.order(viewer, order_views.order_view(session, reference))


def place(session: Session, viewer: Viewer, request: OrderRequest, *, system: System, now: datetime) -> Placed:
    """Place an order for somebody; whichever site can serve it does.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: the employee, a product or a piece is none for the viewer.
        InvalidRequest: as `orders.place`.
    """
    rights.must(viewer, "orders.place")
    scope.employee(session, viewer, request.employee_number)
    for line in request.lines:
        _line(session, viewer, line)
    placed = service.place(
        session, request, roads=system.roads, now=now, actor=viewer.login, settings=system.settings
    )
    return Placed(placed.reference, placed.version)


def amend(
    session: Session, viewer: Viewer, reference: str, facts: Mapping[str, Any], *, expected_version: int, now: datetime
) -> None:
    """Another day, window, urgency or note, when nobody changed the order meanwhile.

    Raises:
        NotAllowed, UnknownRecord: not for this role; none for the viewer.
        OrderChanged, WrongState, InvalidRequest: as `orders.amend`.
    """
    _mine(session, viewer, reference, "orders.amend")
    unknown = set(facts) - {"day", "window_start", "window_end", "priority", "note"}
    if unknown:
        raise NotAllowed(f"orders.amend {min(unknown)}")
    # Whoever is not shown the note cannot mean to empty it.
    hidden = set() if personal.reads_notes(viewer) else {"note"}
    told = {name: value for name, value in facts.items() if name not in hidden}
    service.amend(session, reference, told, expected_version=expected_version, now=now, actor=viewer.login)


def cancel(
    session: Session, viewer: Viewer, reference: str, *, reason: str, now: datetime, expected_version: int | None = None
) -> None:
    """Call the order off; its pieces are free again.

    Raises:
        NotAllowed, UnknownRecord: not for this role; none for the viewer.
        OrderChanged: it is not at `expected_version` any more, where one is told.
        WrongState: it is on the road or over.
    """
    _mine(session, viewer, reference, "orders.cancel", expected_version)
    service.cancel(session, reference, now=now, actor=viewer.login, reason=reason)


def leave_out(
    session: Session, viewer: Viewer, reference: str, flag: bool, *, now: datetime, expected_version: int | None = None
) -> Deed | None:
    """Keep the order off the road that day, or let it back; what can be taken back, None when it was so already.

    Raises:
        NotAllowed, UnknownRecord: not for this role; none for the viewer.
        OrderChanged: it is not at `expected_version` any more, where one is told.
        WrongState: it is on the road or over.
    """
    _mine(session, viewer, reference, "orders.leave-out", expected_version)
    was = service.order(session, reference, lock=True).left_out
    found = service.leave_out(session, reference, flag, now=now, actor=viewer.login)
    return None if was == flag else Deed("leave-out", reference, found.version, "yes" if was else "no")


def give_to_van(
    session: Session,
    viewer: Viewer,
    reference: str,
    van_code: str | None,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Deed | None:
    """Only this van may serve the order, or any again.

    Returns:
        What can be taken back; None when it was so already, or when the pieces moved to another site with the order.

    Raises:
        NotAllowed, UnknownRecord: not for this role; the order or the van is none for the viewer.
        OrderChanged: it is not at `expected_version` any more, where one is told.
        WrongState: it is on the road or over.
    """
    _mine(session, viewer, reference, "orders.give-to-van", expected_version)
    if van_code is not None:
        scope.van(session, viewer, van_code)
    before = order_views.order_view(session, reference)
    found = service.give_to_van(session, reference, van_code, now=now, actor=viewer.login)
    after = order_views.order_view(session, reference)
    if before.wanted_van == after.wanted_van or before.site_code != after.site_code:
        return None
    return Deed("give-to-van", reference, found.version, before.wanted_van or "")


def confirm_working(session: Session, viewer: Viewer, reference: str, *, now: datetime) -> None:
    """The employee says that everything works.

    Raises:
        NotAllowed, UnknownRecord: not for this role; none for the viewer.
        WrongState: nothing has been delivered.
    """
    _mine(session, viewer, reference, "orders.confirm")
    service.confirm_working(session, reference, now=now, actor=viewer.login)


def preview_move(
    system: System, viewer: Viewer, day: date, reference: str, *, van_code: str, position: int
) -> MovePreview:
    """What it would change to put the stop at another place of a tour; nothing is written.

    Raises:
        NotAllowed, UnknownRecord: not for this role; the order or the van is none for the viewer.
        NoPlan, InvalidRequest: as `edits.preview_move`.
    """
    _may_move(system, viewer, reference, van_code)
    return edits.preview_move(system, day, reference, van_code=van_code, position=position)


def move(system: System, viewer: Viewer, day: date, reference: str, *, van_code: str, position: int) -> PlanSummary:
    """Put the stop there, in a new draft.

    Raises:
        NotAllowed, UnknownRecord: not for this role; the order or the van is none for the viewer.
        NoPlan, MoveRefused, PlanIsStale: as `edits.move_job`.
    """
    _may_move(system, viewer, reference, van_code)
    return edits.move_job(system, day, reference, van_code=van_code, position=position, actor=viewer.login)


def vans(session: Session, viewer: Viewer) -> tuple[desk.VanRow, ...]:
    """The active vehicles that the viewer may give orders to, by code."""
    rights.must(viewer, "orders.read")
    return desk.vans(session, seen=scope.vans(viewer))


def _mine(
    session: Session, viewer: Viewer, reference: str, action: str, expected_version: int | None = None
) -> None:
    rights.must(viewer, action)
    scope.order(session, viewer, reference)
    if expected_version is not None:
        found = service.order(session, reference, lock=True)
        if found.version != expected_version:
            raise service.OrderChanged(reference, expected=expected_version, found=found.version)


def _may_move(system: System, viewer: Viewer, reference: str, van_code: str) -> None:
    rights.must(viewer, "orders.move")
    with system.sessions() as session:
        scope.order(session, viewer, reference)
        scope.van(session, viewer, van_code)


def _line(session: Session, viewer: Viewer, line: LineRequest) -> None:
    if line.asset_tag:
        scope.asset(session, viewer, line.asset_tag)
    elif not line.sku:
        raise UnknownRecord("product", line.sku)
