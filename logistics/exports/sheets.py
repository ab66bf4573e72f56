"""A saved day read once into values, for every file that is made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from inventory.models import Address, Asset, Employee, Product, Site

from ..errors import NoPlan
from ..models import Job, Order, OrderLine, PickLine, Plan, PlanTour, Stop, StopJob, Tour, Unserved, User, Van


@dataclass(frozen=True, slots=True)
class Item:
    """Pieces that change hands at a stop; the exact asset is known once the day is published."""

    sku: str
    name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    direction: str


@dataclass(frozen=True, slots=True)
class StopSheet:
    """One stop with what a courier needs; moments carry the site's zone, loads are aboard when leaving."""

    id: int
    sequence: int
    kind: str
    state: str
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
    lat: float
    lon: float
    accuracy: str
    arrival: datetime
    service_start: datetime
    departure: datetime
    window_start: datetime
    window_end: datetime
    drive_s: int
    distance_m: int
    weight_g: int
    volume_ml: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class TourSheet:
    """One tour of the day, its stops in driving order; money in whole cents."""

    id: int
    van: str
    van_name: str
    van_kind: str
    courier: str
    site: str
    site_name: str
    site_lat: float | None
    site_lon: float | None
    state: str
    start: datetime
    end: datetime
    distance_m: int
    driving_s: int
    travel_source: str
    cost_fixed_cents: int
    cost_distance_cents: int
    cost_time_cents: int
    start_weight_g: int
    start_volume_ml: int
    geometry: tuple[tuple[float, float], ...]
    stops: tuple[StopSheet, ...]


@dataclass(frozen=True, slots=True)
class UnservedSheet:
    """An order the plan leaves out, with its reason code and facts."""

    order: str
    code: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One version of a day."""

    day: date
    plan_id: int
    version: int
    status: str
    engine: str
    solve_seconds: float
    tours: tuple[TourSheet, ...]
    unserved: tuple[UnservedSheet, ...]


def read_sheet(
    session: Session, day: date, *, status: str | None = None, site_codes: frozenset[str] | None = None
) -> DaySheet:
    """The day's newest live version: its draft when there is one, else what is published.

    Args:
        status: `draft` or `published` to ask for that one alone.
        site_codes: only these sites' tours and orders; None for all.

    Raises:
        NoPlan: the day has no such version.
    """
    wanted = (status,) if status else ("draft", "published")
    plan = session.scalars(
        select(Plan).where(Plan.day == day, Plan.status.in_(wanted)).order_by(Plan.version.desc()).limit(1)
    ).first()
    if plan is None:
        raise NoPlan(day, status=status or "live")
    return DaySheet(
        day=plan.day,
        plan_id=plan.id,
        version=plan.version,
        status=plan.status,
        engine=plan.engine,
        solve_seconds=plan.solve_seconds,
        tours=tuple(one for one in _tours(session, plan) if site_codes is None or one.site in site_codes),
        unserved=tuple(
            UnservedSheet(reference, code, dict(facts))
            for reference, code, facts in session.execute(
                select(Order.reference, Unserved.code, Unserved.facts)
                .join(Job, Job.id == Unserved.job_id)
                .join(Order, Order.id == Job.order_id)
                .outerjoin(Site, Site.id == Order.site_id)
                .where(Unserved.plan_id == plan.id, true() if site_codes is None else Site.code.in_(site_codes))
                .order_by(Order.reference)
            )
        ),
    )


def _tours(session: Session, plan: Plan) -> tuple[TourSheet, ...]:
    rows = session.execute(
        select(Tour, Van, Site, User.name)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .join(Van, Van.id == Tour.van_id)
        .join(Site, Site.id == Tour.site_id)
        .join(User, User.id == Tour.courier_id, isouter=True)
        .where(PlanTour.plan_id == plan.id)
        .order_by(Van.code)
    ).all()
    zones = {tour.id: ZoneInfo(site.timezone) for tour, _, site, _ in rows}
    stops = _stops(session, zones)
    return tuple(
        TourSheet(
            id=tour.id,
            van=van.code,
            van_name=van.name,
            van_kind=van.kind,
            courier=courier or "",
            site=site.code,
            site_name=site.name,
            site_lat=site.lat,
            site_lon=site.lon,
            state=tour.state,
            start=tour.starts_at.astimezone(zones[tour.id]),
            end=tour.ends_at.astimezone(zones[tour.id]),
            distance_m=tour.distance_m,
            driving_s=tour.driving_s,
            travel_source=tour.travel_source,
            cost_fixed_cents=tour.cost_fixed_cents,
            cost_distance_cents=tour.cost_distance_cents,
            cost_time_cents=tour.cost_time_cents,
            start_weight_g=tour.start_weight_g,
            start_volume_ml=tour.start_volume_ml,
            geometry=tuple((lat, lon) for lat, lon in tour.geometry),
            stops=tuple(stops[tour.id]),
        )
        for tour, van, site, courier in rows
    )


def _stops(session: Session, zones: dict[int, ZoneInfo]) -> dict[int, list[StopSheet]]:
    rows = session.execute(
        select(Stop, Employee, Address)
        .join(Employee, Employee.id == Stop.employee_id)
        .join(Address, Address.id == Stop.address_id)
        .where(Stop.tour_id.in_(zones))
        .order_by(Stop.tour_id, Stop.sequence)
    ).all()
    orders, lines = _orders_of([stop.id for stop, _, _ in rows], session)
    items = _items(session, lines, published=_picked(session, zones))
    found: dict[int, list[StopSheet]] = defaultdict(list)
    for stop, employee, address in rows:
        zone = zones[stop.tour_id]
        served = orders[stop.id]
        found[stop.tour_id].append(
            StopSheet(
                id=stop.id,
                sequence=stop.sequence,
                kind=stop.kind,
                state=stop.state,
                orders=tuple(order.reference for order in served),
                notes=tuple(order.note for order in served if order.note),
                employee_number=employee.number,
                given_name=employee.given_name,
                family_name=employee.family_name,
                phone=employee.phone,
                address_id=address.id,
                address_line=address.line,
                postal_code=address.postal_code,
                city=address.city,
                access_note=address.access_note,
                lat=address.lat if address.lat is not None else 0.0,
                lon=address.lon if address.lon is not None else 0.0,
                accuracy=address.accuracy,
                arrival=stop.arrives_at.astimezone(zone),
                service_start=stop.service_starts_at.astimezone(zone),
                departure=stop.departs_at.astimezone(zone),
                window_start=stop.window_opens_at.astimezone(zone),
                window_end=stop.window_closes_at.astimezone(zone),
                drive_s=stop.drive_s,
                distance_m=stop.distance_m,
                weight_g=stop.load_weight_g,
                volume_ml=stop.load_volume_ml,
                items=tuple(items[stop.id]),
            )
        )
    return found


def _orders_of(
    stop_ids: Iterable[int], session: Session
) -> tuple[dict[int, list[Order]], list[tuple[int, OrderLine, Product, Asset | None]]]:
    wanted = list(stop_ids)
    orders: dict[int, list[Order]] = defaultdict(list)
    for stop_id, order in session.execute(
        select(StopJob.stop_id, Order)
        .join(Job, Job.id == StopJob.job_id)
        .join(Order, Order.id == Job.order_id)
        .where(StopJob.stop_id.in_(wanted))
        .order_by(StopJob.stop_id, Order.reference)
    ):
        orders[stop_id].append(order)
    lines = session.execute(
        select(StopJob.stop_id, OrderLine, Product, Asset)
        .join(Job, Job.id == StopJob.job_id)
        .join(OrderLine, OrderLine.order_id == Job.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        .join(Asset, Asset.id == OrderLine.asset_id, isouter=True)
        .where(StopJob.stop_id.in_(wanted), OrderLine.state != "cancelled")
        .order_by(StopJob.stop_id, OrderLine.order_id, OrderLine.number)
    ).all()
    return orders, [(stop_id, line, product, asset) for stop_id, line, product, asset in lines]


def _picked(session: Session, zones: dict[int, ZoneInfo]) -> dict[tuple[int, int], list[tuple[PickLine, Asset | None]]]:
    """Pick lines by (stop, order line): they exist from publication on and name the exact piece."""
    picked: dict[tuple[int, int], list[tuple[PickLine, Asset | None]]] = defaultdict(list)
    for line, asset in session.execute(
        select(PickLine, Asset)
        .join(Asset, Asset.id == PickLine.asset_id, isouter=True)
        .where(PickLine.tour_id.in_(zones), PickLine.state != "released")
        .order_by(PickLine.id)
    ):
        picked[line.stop_id, line.order_line_id].append((line, asset))
    published = session.scalars(
        select(Stop.id).join(Tour, Tour.id == Stop.tour_id).where(Tour.id.in_(zones), Tour.state != "draft")
    )
    for stop_id in published:
        picked.setdefault((stop_id, 0), [])
    return picked


def _items(
    session: Session,
    lines: list[tuple[int, OrderLine, Product, Asset | None]],
    *,
    published: dict[tuple[int, int], list[tuple[PickLine, Asset | None]]],
) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = defaultdict(list)
    for stop_id, line, product, asset in lines:
        picks = published.get((stop_id, line.id), ())
        for pick, piece in picks:
            found[stop_id].append(_item(product, piece, pick.quantity, line.direction))
        if not picks:
            known = asset if (stop_id, 0) in published else None
            found[stop_id].append(_item(product, known, line.quantity, line.direction))
    return found


def _item(product: Product, asset: Asset | None, quantity: int, direction: str) -> Item:
    return Item(
        sku=product.sku,
        name=product.name,
        asset_tag=asset.asset_tag if asset else None,
        serial=asset.serial if asset else None,
        quantity=quantity,
        direction=direction,
    )
