"""What couriers and the warehouse look at: frozen values, moments in the site's zone.

A courier's own tour shows homes without a note in the log of views; whoever else looks at one is noted by the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inventory.models import Address, Asset, Balance, Employee, Holder, Movement, Product, Site

from .errors import UnknownRecord
from .models import Job, Order, OrderLine, PickLine, Stop, StopEvent, StopJob, Tour, User, Van
from .picking import PickItem, pick_list

#: States of a tour that somebody drives, will drive or has driven.
ON_THE_BOARD = ("published", "departed", "ended")


@dataclass(frozen=True, slots=True)
class TourLine:
    """One tour in a list; `picks` counts its pick lines by state, `stops_closed` those done or failed."""

    id: int
    day: date
    state: str
    van_code: str
    van_name: str
    van_kind: str
    site_code: str
    courier_id: int | None
    courier_name: str
    start: datetime
    end: datetime
    stops: int
    stops_closed: int
    picks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CourierItem:
    """One thing to give (`out`) or take (`back`); name `line_id` and `asset_tag` in a `done` event."""

    line_id: int
    pick_line_id: int | None
    order_reference: str
    direction: str
    sku: str
    product_name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    #: Of a thing to give: the pick line's state; of a thing to take: the order line's.
    state: str


@dataclass(frozen=True, slots=True)
class CourierStop:
    """One door: who, where, when, what."""

    id: int
    sequence: int
    kind: str
    state: str
    failure: str
    orders: tuple[str, ...]
    notes: tuple[str, ...]
    employee_number: str
    given_name: str
    family_name: str
    phone: str
    address_id: int
    address_line: str
    postal_code: str
    city: str
    access_note: str
    #: A stop of a saved tour always has its point.
    lat: float | None
    lon: float | None
    accuracy: str
    arrival: datetime
    service_start: datetime
    departure: datetime
    window_start: datetime
    window_end: datetime
    drive_s: int
    distance_m: int
    items: tuple[CourierItem, ...]

    @property
    def is_closed(self) -> bool:
        """Done or failed."""
        return self.state in ("done", "failed")

    @property
    def to_give(self) -> tuple[CourierItem, ...]:
        """What goes to the employee and is in the van or will be."""
        return tuple(item for item in self.items if item.direction == "out" and item.state != "missing")

    @property
    def to_take(self) -> tuple[CourierItem, ...]:
        """What comes back."""
        return tuple(item for item in self.items if item.direction == "back")


@dataclass(frozen=True, slots=True)
class Aboard:
    """Something the books say is in the van: an exact piece, or so many of a product."""

    sku: str
    product_name: str
    asset_tag: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class CourierTour:
    """A whole tour for the phone: stops in driving order, the loading list, what is aboard."""

    id: int
    day: date
    state: str
    van_code: str
    van_name: str
    van_kind: str
    site_code: str
    site_name: str
    site_lat: float | None
    site_lon: float | None
    courier_id: int | None
    courier_name: str
    start: datetime
    end: datetime
    distance_m: int
    driving_s: int
    stops: tuple[CourierStop, ...]
    loading: tuple[PickItem, ...]
    aboard: tuple[Aboard, ...]
    #: Once ended: what was expected and not counted, or the other way round, as the `ended` event said.
    differences: tuple[Mapping[str, Any], ...]

    @property
    def next_stop(self) -> CourierStop | None:
        """The first stop that is not closed."""
        return next((stop for stop in self.stops if not stop.is_closed), None)

    @property
    def can_end(self) -> bool:
        """On the road with every stop closed."""
        return self.state == "departed" and self.next_stop is None


def tours_of_day(session: Session, day: date, *, site_codes: frozenset[str] = frozenset()) -> tuple[TourLine, ...]:
    """The day's published, departed and ended tours, by site and van; of these sites only when some are given."""
    wanted = _tours().where(Tour.day == day)
    if site_codes:
        wanted = wanted.where(Site.code.in_(site_codes))
    return _lines(session, wanted)


def tours_of_courier(session: Session, courier_id: int, day: date) -> tuple[TourLine, ...]:
    """The courier's own tours of a day, by start."""
    return _lines(session, _tours().where(Tour.day == day, Tour.courier_id == courier_id))


def next_of_courier(session: Session, courier_id: int, day: date) -> TourLine | None:
    """The courier's first published tour after a day; None when there is none yet."""
    mine = (Tour.courier_id == courier_id, Tour.day > day, Tour.state == "published")
    return next(iter(_lines(session, _tours().where(*mine).limit(1))), None)


def next_day_on_the_board(session: Session, day: date, *, site_codes: frozenset[str] = frozenset()) -> date | None:
    """The first day after this one with a published tour; of these sites only when some are given."""
    wanted = select(func.min(Tour.day)).join(Site, Site.id == Tour.site_id)
    wanted = wanted.where(Tour.day > day, Tour.state == "published")
    return session.scalar(wanted.where(Site.code.in_(site_codes)) if site_codes else wanted)


def courier_tour(session: Session, tour_id: int) -> CourierTour:
    """A published, departed or ended tour with all a courier needs on the way.

    Raises:
        UnknownRecord: no such tour, or one that is a draft or withdrawn.
    """
    row = session.execute(_tours().where(Tour.id == tour_id)).one_or_none()
    if row is None:
        raise UnknownRecord("tour", tour_id)
    tour, van, site, courier_name = row
    zone = ZoneInfo(site.timezone)
    return CourierTour(
        id=tour.id,
        day=tour.day,
        state=tour.state,
        van_code=van.code,
        van_name=van.name,
        van_kind=van.kind,
        site_code=site.code,
        site_name=site.name,
        site_lat=site.lat,
        site_lon=site.lon,
        courier_id=tour.courier_id,
        courier_name=courier_name or "",
        start=tour.starts_at.astimezone(zone),
        end=tour.ends_at.astimezone(zone),
        distance_m=tour.distance_m,
        driving_s=tour.driving_s,
        stops=_stops(session, tour, zone),
        loading=pick_list(session, tour.id).items,
        aboard=_aboard(session, van.code),
        differences=_differences(session, tour.id),
    )


def tour_of_stop(session: Session, stop_id: int) -> int:
    """The id of the tour a stop is on; a scanned route sheet names only the stop.

    Raises:
        UnknownRecord: no such stop.
    """
    found = session.scalar(select(Stop.tour_id).where(Stop.id == stop_id))
    if found is None:
        raise UnknownRecord("stop", stop_id)
    return found


def _tours() -> Any:
    return (
        select(Tour, Van, Site, User.name)
        .join(Van, Van.id == Tour.van_id)
        .join(Site, Site.id == Tour.site_id)
        .join(User, User.id == Tour.courier_id, isouter=True)
        .where(Tour.state.in_(ON_THE_BOARD))
        .order_by(Tour.starts_at, Site.code, Van.code)
    )


def _lines(session: Session, wanted: Any) -> tuple[TourLine, ...]:
    rows = session.execute(wanted).all()
    ids = [tour.id for tour, *_ in rows]
    picks: dict[int, dict[str, int]] = defaultdict(dict)
    for tour_id, state, count in session.execute(
        select(PickLine.tour_id, PickLine.state, func.count())
        .where(PickLine.tour_id.in_(ids), PickLine.state != "released")
        .group_by(PickLine.tour_id, PickLine.state)
    ):
        picks[tour_id][state] = count
    stops: dict[int, list[str]] = defaultdict(list)
    for tour_id, state in session.execute(select(Stop.tour_id, Stop.state).where(Stop.tour_id.in_(ids))):
        stops[tour_id].append(state)
    return tuple(
        TourLine(
            id=tour.id,
            day=tour.day,
            state=tour.state,
            van_code=van.code,
            van_name=van.name,
            van_kind=van.kind,
            site_code=site.code,
            courier_id=tour.courier_id,
            courier_name=courier_name or "",
            start=tour.starts_at.astimezone(ZoneInfo(site.timezone)),
            end=tour.ends_at.astimezone(ZoneInfo(site.timezone)),
            stops=len(stops[tour.id]),
            stops_closed=sum(state in ("done", "failed") for state in stops[tour.id]),
            picks=picks[tour.id],
        )
        for tour, van, site, courier_name in rows
    )


def _stops(session: Session, tour: Tour, zone: ZoneInfo) -> tuple[CourierStop, ...]:
    rows = session.execute(
        select(Stop, Employee, Address)
        .join(Employee, Employee.id == Stop.employee_id)
        .join(Address, Address.id == Stop.address_id)
        .where(Stop.tour_id == tour.id)
        .order_by(Stop.sequence)
    ).all()
    orders = _orders(session, tour.id)
    items = _items(session, tour.id)
    return tuple(
        CourierStop(
            id=stop.id,
            sequence=stop.sequence,
            kind=stop.kind,
            state=stop.state,
            failure=stop.failure,
            orders=tuple(order.reference for order in orders[stop.id]),
            notes=tuple(order.note for order in orders[stop.id] if order.note),
            employee_number=employee.number,
            given_name=employee.given_name,
            family_name=employee.family_name,
            phone=employee.phone,
            address_id=home.id,
            address_line=home.line,
            postal_code=home.postal_code,
            city=home.city,
            access_note=home.access_note,
            lat=home.lat,
            lon=home.lon,
            accuracy=home.accuracy,
            arrival=stop.arrives_at.astimezone(zone),
            service_start=stop.service_starts_at.astimezone(zone),
            departure=stop.departs_at.astimezone(zone),
            window_start=stop.window_opens_at.astimezone(zone),
            window_end=stop.window_closes_at.astimezone(zone),
            drive_s=stop.drive_s,
            distance_m=stop.distance_m,
            items=tuple(items[stop.id]),
        )
        for stop, employee, home in rows
    )


def _orders(session: Session, tour_id: int) -> dict[int, list[Order]]:
    found: dict[int, list[Order]] = defaultdict(list)
    for stop_id, order in session.execute(
        select(StopJob.stop_id, Order)
        .join(Job, Job.id == StopJob.job_id)
        .join(Order, Order.id == Job.order_id)
        .join(Stop, Stop.id == StopJob.stop_id)
        .where(Stop.tour_id == tour_id)
        .order_by(Order.reference)
    ):
        found[stop_id].append(order)
    return found


def _items(session: Session, tour_id: int) -> dict[int, list[CourierItem]]:
    """Per stop: what its pick lines bring, then what is to come back or came back at this very stop."""
    found: dict[int, list[CourierItem]] = defaultdict(list)
    for pick, line, reference, product, piece in session.execute(
        select(PickLine, OrderLine, Order.reference, Product, Asset)
        .join(OrderLine, OrderLine.id == PickLine.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Product, Product.id == PickLine.product_id)
        .join(Asset, Asset.id == PickLine.asset_id, isouter=True)
        .where(PickLine.tour_id == tour_id, PickLine.state != "released", OrderLine.state != "cancelled")
        .order_by(Order.reference, OrderLine.number, PickLine.id)
    ):
        found[pick.stop_id].append(
            _item(line, reference, product, piece, quantity=pick.quantity, state=pick.state, pick=pick.id)
        )
    for stop_id, job_state, line, reference, product, piece in session.execute(
        select(StopJob.stop_id, Job.state, OrderLine, Order.reference, Product, Asset)
        .join(Job, Job.id == StopJob.job_id)
        .join(Stop, Stop.id == StopJob.stop_id)
        .join(Order, Order.id == Job.order_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .join(Asset, Asset.id == OrderLine.asset_id, isouter=True)
        .where(Stop.tour_id == tour_id, OrderLine.direction == "back")
        .order_by(Order.reference, OrderLine.number)
    ):
        expected = job_state in ("planned", "underway") and line.state in ("planned", "out")
        if expected or _came_back(session, stop_id, line):
            found[stop_id].append(
                _item(line, reference, product, piece, quantity=line.quantity, state=line.state, pick=None)
            )
    return found


def _came_back(session: Session, stop_id: int, line: OrderLine) -> bool:
    if line.state != "done":
        return False
    there = select(Movement.id).where(Movement.cause == f"stop:{stop_id}#{line.id}").limit(1)
    return session.scalar(there) is not None


def _item(
    line: OrderLine,
    reference: str,
    product: Product,
    piece: Asset | None,
    *,
    quantity: int,
    state: str,
    pick: int | None,
) -> CourierItem:
    return CourierItem(
        line_id=line.id,
        pick_line_id=pick,
        order_reference=reference,
        direction=line.direction,
        sku=product.sku,
        product_name=product.name,
        asset_tag=piece.asset_tag if piece else None,
        serial=piece.serial if piece else None,
        quantity=quantity,
        state=state,
    )


def _aboard(session: Session, van_code: str) -> tuple[Aboard, ...]:
    vehicle = select(Holder.id).where(Holder.kind == "vehicle", Holder.key == van_code).scalar_subquery()
    pieces = (
        select(Product.sku, Product.name, Asset.asset_tag)
        .join(Asset, Asset.product_id == Product.id)
        .where(Asset.holder_id == vehicle)
        .order_by(Product.sku, Asset.asset_tag)
    )
    counted = (
        select(Product.sku, Product.name, func.sum(Balance.on_hand))
        .join(Balance, Balance.product_id == Product.id)
        .where(Balance.holder_id == vehicle, Product.tracking == "quantity", Balance.on_hand > 0)
        .group_by(Product.sku, Product.name)
        .order_by(Product.sku)
    )
    exact: Iterable[Aboard] = (Aboard(sku, name, tag, 1) for sku, name, tag in session.execute(pieces))
    return (*exact, *(Aboard(sku, name, None, int(number)) for sku, name, number in session.execute(counted)))


def _differences(session: Session, tour_id: int) -> tuple[Mapping[str, Any], ...]:
    ended = select(StopEvent.facts).where(StopEvent.tour_id == tour_id, StopEvent.kind == "ended")
    facts = session.scalars(ended).first()
    return tuple(facts["result"]["differences"]) if facts else ()
