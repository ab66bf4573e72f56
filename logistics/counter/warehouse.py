"""Shelves, receipts and pick lists."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from inventory.queries import StockLine

from .. import desk, rights, road_queries, scope
from .. import picking as service
from ..picking import PickItem, PickList
from ..road_queries import TourLine
from ..viewer import Viewer


def stock(session: Session, viewer: Viewer) -> tuple[StockLine, ...]:
    """What lies at the viewer's sites, what is promised, what is free.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "stock.read")
    return desk.shelves(session, viewer.sites)


def receive(
    session: Session,
    viewer: Viewer,
    *,
    site_code: str,
    sku: str,
    quantity: int,
    pieces: tuple[tuple[str, str], ...],
    receipt_id: str,
    now: datetime,
) -> int:
    """Book what a supplier delivered to one of the viewer's sites, once per `receipt_id`; how many pieces came in.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: the site or the product is none for the viewer.
        inventory.errors.InventoryError: as `stock.post_receipt`.
    """
    rights.must(viewer, "stock.receive")
    scope.site(session, viewer, site_code)
    return desk.receive(
        session, site_code=site_code, sku=sku, quantity=quantity, pieces=pieces, receipt_id=receipt_id, now=now,
        actor=viewer.login,
    )  # fmt: skip


def tours(session: Session, viewer: Viewer, day: date) -> tuple[TourLine, ...]:
    """The published tours of a day with how far their picking is.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "picks.read")
    return road_queries.tours_of_day(session, day, site_codes=viewer.sites or frozenset())


def next_day(session: Session, viewer: Viewer, day: date) -> date | None:
    """The first day after this one with something to pick at the viewer's sites.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "picks.read")
    return road_queries.next_day_on_the_board(session, day, site_codes=viewer.sites or frozenset())


def pick_list(session: Session, viewer: Viewer, tour_id: int) -> PickList:
    """One tour's pick list.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: no such tour for the viewer.
    """
    rights.must(viewer, "picks.read")
    return service.pick_list(session, scope.tour(session, viewer, tour_id).id)


def mark(session: Session, viewer: Viewer, tour_id: int, line_id: int, state: str, *, now: datetime) -> PickItem:
    """A line is picked, missing, or to be looked for again.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: no such line on that tour for the viewer.
        InvalidRequest, WrongState: as `picking.mark`.
    """
    rights.must(viewer, "picks.mark")
    scope.pick_line(session, viewer, tour_id, line_id)
    return service.mark(session, line_id, state, now=now, actor=viewer.login)


def substitute(session: Session, viewer: Viewer, tour_id: int, line_id: int, tag: str, *, now: datetime) -> PickItem:
    """Another piece goes instead.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: no such line or piece for the viewer.
        WrongState, inventory.errors.InventoryError: as `picking.substitute`.
    """
    rights.must(viewer, "picks.mark")
    scope.pick_line(session, viewer, tour_id, line_id)
    scope.asset(session, viewer, tag)
    return service.substitute(session, line_id, tag, now=now, actor=viewer.login)
