"""The warehouse's side of a published tour: what to take from the shelf, what was found and what was not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import assets, stock
from inventory.models import Asset, Employee, Product, Reservation, Site

from .errors import InvalidRequest, UnknownRecord, WrongState
from .models import Order, OrderLine, PickLine, Stop, Tour, Van

#: What the warehouse may say of a line; the other states follow from what happens on the road.
MARKS = ("to-pick", "picked", "missing")
#: How many other pieces are offered for one that is missing.
OFFERED = 5


@dataclass(frozen=True, slots=True)
class PickItem:
    """One thing to take from the shelf for one stop: an exact piece, or a quantity."""

    id: int
    stop_id: int
    sequence: int
    order_reference: str
    order_line_id: int
    employee_number: str
    sku: str
    product_name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    state: str
    #: Tags of other pieces on the same shelf that could go instead; only for a missing piece with a number.
    substitutes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PickList:
    """What one tour takes along, in loading order: the last stop's things first."""

    tour_id: int
    state: str
    van_code: str
    site_code: str
    starts_at: datetime
    items: tuple[PickItem, ...]

    @property
    def is_complete(self) -> bool:
        """Every line was looked for: nothing is left to pick."""
        return all(item.state != "to-pick" for item in self.items)


def pick_list(session: Session, tour_id: int) -> PickList:
    """The pick list of a published, departed or ended tour; lines taken back or called off are left out.

    Raises:
        UnknownRecord: no such tour.
    """
    row = session.execute(
        select(Tour, Van.code, Site.code)
        .join(Van, Van.id == Tour.van_id)
        .join(Site, Site.id == Tour.site_id)
        .where(Tour.id == tour_id)
    ).one_or_none()
    if row is None:
        raise UnknownRecord("tour", tour_id)
    tour, van_code, site_code = row
    return PickList(tour.id, tour.state, van_code, site_code, tour.starts_at, _items(session, tour.id))


def mark(session: Session, pick_line_id: int, state: str, *, now: datetime, actor: str) -> PickItem:
    """Note that a line was picked, is missing, or is to be looked for again. Saying it twice is saying it once.

    Returns:
        The line as it is now; a missing piece comes with others that could go instead (`substitute`).

    Raises:
        UnknownRecord: no such line.
        InvalidRequest: a state that is not one of `MARKS`.
        WrongState: the tour is not published any more, or the line was taken back or called off.
    """
    if state not in MARKS:
        raise InvalidRequest("state", f"is none of {', '.join(MARKS)}")
    line = _open_line(session, pick_line_id)
    if line.state != state:
        line.state, line.changed_at, line.changed_by = state, now, actor
        session.flush()
    return _item(session, line)


def substitute(session: Session, pick_line_id: int, asset_tag: str, *, now: datetime, actor: str) -> PickItem:
    """Take another piece of the same kind from the same shelf instead; the line counts as picked.

    Raises:
        UnknownRecord: no such line, or no such piece.
        InvalidRequest: the product has no exact pieces, or the piece is of another product.
        NotHeld: the piece does not lie there free and fit to be issued.
        WrongState: the tour is not published any more, or the line was taken back or called off.
    """
    line = _open_line(session, pick_line_id)
    piece = assets.asset(session, asset_tag)
    if line.asset_id is None or piece.product_id != line.product_id:
        raise InvalidRequest("asset_tag", "is not a piece of the product on this line")
    stock.name_piece(session, line.reservation_id, piece.id)
    line.asset_id, line.state, line.changed_at, line.changed_by = piece.id, "picked", now, actor
    session.flush()
    return _item(session, line)


def _open_line(session: Session, pick_line_id: int) -> PickLine:
    line = session.scalar(select(PickLine).where(PickLine.id == pick_line_id))
    if line is None:
        raise UnknownRecord("pick line", pick_line_id)
    tour = session.scalars(select(Tour).where(Tour.id == line.tour_id).with_for_update()).one()
    session.refresh(line)
    if tour.state != "published":
        raise WrongState("tour", tour.id, state=tour.state, wanted="picking")
    if line.state not in MARKS:
        raise WrongState("pick line", line.id, state=line.state, wanted="picking")
    wanted = select(Order.reference, OrderLine.state).join(Order, Order.id == OrderLine.order_id)
    reference, of_the_order = session.execute(wanted.where(OrderLine.id == line.order_line_id)).one()
    if of_the_order == "cancelled":
        raise WrongState("order", reference, state=of_the_order, wanted="picking")
    return line


def _items(session: Session, tour_id: int, *, line_id: int | None = None) -> tuple[PickItem, ...]:
    wanted = (
        select(PickLine, Stop.sequence, Employee.number, Order.reference, Product, Asset, Reservation)
        .join(Stop, Stop.id == PickLine.stop_id)
        .join(Employee, Employee.id == Stop.employee_id)
        .join(OrderLine, OrderLine.id == PickLine.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Product, Product.id == PickLine.product_id)
        .join(Reservation, Reservation.id == PickLine.reservation_id)
        .join(Asset, Asset.id == PickLine.asset_id, isouter=True)
        .where(PickLine.tour_id == tour_id, PickLine.state != "released", OrderLine.state != "cancelled")
        .order_by(Stop.sequence.desc(), Product.sku, PickLine.id)
    )
    if line_id is not None:
        wanted = wanted.where(PickLine.id == line_id)
    return tuple(
        PickItem(
            id=line.id,
            stop_id=line.stop_id,
            sequence=sequence,
            order_reference=reference,
            order_line_id=line.order_line_id,
            employee_number=number,
            sku=product.sku,
            product_name=product.name,
            asset_tag=asset.asset_tag if asset else None,
            serial=asset.serial if asset else None,
            quantity=line.quantity,
            state=line.state,
            substitutes=_substitutes(session, line, promise),
        )
        for line, sequence, number, reference, product, asset, promise in session.execute(wanted)
    )


def _item(session: Session, line: PickLine) -> PickItem:
    return _items(session, line.tour_id, line_id=line.id)[0]


def _substitutes(session: Session, line: PickLine, promise: Reservation) -> tuple[str, ...]:
    if line.state != "missing" or line.asset_id is None or promise.state != "open":
        return ()
    pieces = stock.issuable(session, promise.holder_id, promise.product_id, promise.grade)
    return tuple(piece.asset_tag for piece in pieces[:OFFERED])
