"""A planned day as pages show it: frozen values, moments in each site's zone, no address text.

Every view is made by a fixed number of queries, however long the day is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from inventory.models import Address, Asset, Employee, Product, Site

from . import i18n, reasons
from .models import Job, Order, OrderLine, PickLine, Plan, PlanTour, Stop, StopJob, Tour, Unserved, User, Van
from .ports import ESTIMATE
from .settings import Settings

#: Grams of CO2 equivalent per kilometre. Diesel van: 0.160 L/km (French order of 10 April 2012, TRAT1209296A, annex II)
#: times 3.17 kg/L, upstream and combustion (ADEME Base Carbone). Electric cargo bike: ADEME Impact CO2, 2026.
CO2_GRAMS_PER_KM = {"van": 510.0, "cargo_bike": 14.8}
VISIT_MINUTES = Settings(home=Path(), database_url="").visit_minutes


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """Which version of a day this is."""

    id: int
    version: int
    status: str
    engine: str
    solve_seconds: float
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """Pieces that change hands at a stop; the exact one has its tag once the day is published."""

    direction: str
    sku: str
    name: str
    quantity: int
    asset_tag: str | None


@dataclass(frozen=True, slots=True)
class StopView:
    """One stop. `wait_s` is spent before the door opens, `slack_s` what the beginning could still be late."""

    id: int
    sequence: int
    kind: str
    state: str
    failure: str
    orders: tuple[str, ...]
    priorities: tuple[int, ...]
    employee_number: str
    given_name: str
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
    wait_s: int
    slack_s: int
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class TourView:
    """One tour; `colour` is a van's own number, the same on every day. Money is whole cents."""

    id: int
    van: str
    van_name: str
    van_kind: str
    colour: int
    courier: str
    site: str
    state: str
    start: datetime
    end: datetime
    shift_start: datetime
    shift_end: datetime
    distance_m: int
    driving_s: int
    cost_fixed_cents: int
    cost_distance_cents: int
    cost_time_cents: int
    weight_capacity_g: int
    volume_capacity_ml: int
    start_weight_g: int
    start_volume_ml: int
    travel_source: str
    geometry: tuple[tuple[float, float], ...]
    stops: tuple[StopView, ...]

    @property
    def cost_cents(self) -> int:
        """All terms together."""
        return self.cost_fixed_cents + self.cost_distance_cents + self.cost_time_cents

    @property
    def is_estimate(self) -> bool:
        """Whether its times and lengths are guessed from straight lines, because no road graph covers it."""
        return self.travel_source == ESTIMATE

    @property
    def working_s(self) -> int:
        """From leaving the site to being back."""
        return int((self.end - self.start).total_seconds())

    @property
    def co2_g(self) -> int:
        """Grams of CO2 equivalent of its kilometres, see `CO2_GRAMS_PER_KM`."""
        return round(self.distance_m * CO2_GRAMS_PER_KM[self.van_kind] / 1000)


@dataclass(frozen=True, slots=True)
class UnservedView:
    """An order the version leaves out; the place is that of the home, where it is known."""

    order: str
    code: str
    facts: Mapping[str, Any]
    priority: int
    employee_number: str
    given_name: str
    site: str
    lat: float | None
    lon: float | None

    def sentence(self, language: str) -> str:
        """The reason, for people."""
        return reasons.sentence(self.code, self.facts, language)


@dataclass(frozen=True, slots=True)
class SiteMark:
    """A depot on the map."""

    code: str
    name: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the tours, or the change of such sums since the version before."""

    tours: int = 0
    stops: int = 0
    unserved: int = 0
    distance_m: int = 0
    driving_s: int = 0
    working_s: int = 0
    cost_fixed_cents: int = 0
    cost_distance_cents: int = 0
    cost_time_cents: int = 0
    co2_g: int = 0

    @property
    def cost_cents(self) -> int:
        """All terms together."""
        return self.cost_fixed_cents + self.cost_distance_cents + self.cost_time_cents

    def since(self, before: Totals) -> Totals:
        """What changed, term by term."""
        return Totals(**{one.name: getattr(self, one.name) - getattr(before, one.name) for one in fields(Totals)})


@dataclass(frozen=True, slots=True)
class DayView:
    """A day's live version: its draft when there is one, else what is published, else nothing but who waits.

    `published` is what the couriers drive, `waiting` counts open orders of the day that the version says nothing of,
    `delta` is the change of the totals since the version before.
    """

    day: date
    plan: PlanInfo | None
    published: PlanInfo | None
    sites: tuple[SiteMark, ...]
    tours: tuple[TourView, ...]
    unserved: tuple[UnservedView, ...]
    totals: Totals
    delta: Totals | None
    waiting: int

    @property
    def travel_sources(self) -> tuple[str, ...]:
        """What the travel times rest on: `graph:NAME`, `estimate`."""
        return tuple(sorted({tour.travel_source for tour in self.tours}))

    @property
    def is_estimate(self) -> bool:
        """Whether any tour's times are an estimate: the totals are one then, too."""
        return any(tour.is_estimate for tour in self.tours)

    def travel_words(self, language: str) -> str:
        """The same for people: `roads: riviera, OpenStreetMap` or `travel times: estimate`."""
        told = [
            i18n.text(language, "roads: {region}, OpenStreetMap", region=source.removeprefix("graph:"))
            if source.startswith("graph:")
            else i18n.text(language, "travel times: estimate")
            for source in self.travel_sources
        ]
        return " · ".join(told)


def next_planned_day(session: Session, day: date) -> date | None:
    """This day or the first after it that has a draft or a published plan; None when there is none."""
    wanted = select(func.min(Plan.day)).where(Plan.day >= day, Plan.status.in_(("draft", "published")))
    return session.scalar(wanted)


def day_view(
    session: Session,
    day: date,
    *,
    site_codes: Collection[str] | None = None,
    status: str | None = None,
    visit_minutes: int = VISIT_MINUTES,
) -> DayView:
    """The day for its page.

    Args:
        site_codes: only these sites' tours and orders; None for all.
        status: `draft` or `published` to see that one; by default the draft when there is one.
        visit_minutes: as they were when the day was planned; tells parking from waiting.
    """
    plans = list(session.scalars(select(Plan).where(Plan.day == day).order_by(Plan.version.desc())))
    shown = next((plan for plan in plans if plan.status in ((status,) if status else ("draft", "published"))), None)
    before = next((plan for plan in plans if shown is not None and plan.version < shown.version), None)
    published = next((plan for plan in plans if plan.status == "published"), None)
    sites = {
        site.id: site
        for site in session.scalars(select(Site).order_by(Site.code))
        if site_codes is None or site.code in site_codes
    }
    tours = _tours(session, shown, sites, visit_minutes) if shown else ()
    unserved = _unserved(session, shown, sites, every=site_codes is None) if shown else ()
    totals = totals_of(tours, len(unserved))
    return DayView(
        day=day,
        plan=_info(shown),
        published=_info(published),
        sites=tuple(SiteMark(site.code, site.name, site.lat, site.lon) for site in sites.values()),
        tours=tours,
        unserved=unserved,
        totals=totals,
        delta=totals.since(_former(session, before, sites, every=site_codes is None)) if before else None,
        waiting=_waiting(session, day, shown, sites, every=site_codes is None),
    )


def totals_of(tours: Iterable[TourView], unserved: int) -> Totals:
    """The sums over these tours."""
    told = tuple(tours)
    return Totals(
        tours=len(told),
        stops=sum(len(tour.stops) for tour in told),
        unserved=unserved,
        distance_m=sum(tour.distance_m for tour in told),
        driving_s=sum(tour.driving_s for tour in told),
        working_s=sum(tour.working_s for tour in told),
        cost_fixed_cents=sum(tour.cost_fixed_cents for tour in told),
        cost_distance_cents=sum(tour.cost_distance_cents for tour in told),
        cost_time_cents=sum(tour.cost_time_cents for tour in told),
        co2_g=sum(tour.co2_g for tour in told),
    )


def _info(plan: Plan | None) -> PlanInfo | None:
    if plan is None:
        return None
    return PlanInfo(plan.id, plan.version, plan.status, plan.engine, plan.solve_seconds, plan.made_at, plan.made_by)


def _tours(session: Session, plan: Plan, sites: Mapping[int, Site], visit_minutes: int) -> tuple[TourView, ...]:
    colours = {van_id: index for index, van_id in enumerate(session.scalars(select(Van.id).order_by(Van.id)))}
    rows = session.execute(
        select(Tour, Van, User.name)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .join(Van, Van.id == Tour.van_id)
        .outerjoin(User, User.id == Tour.courier_id)
        .where(PlanTour.plan_id == plan.id, Tour.site_id.in_(sites))
        .order_by(Van.code)
    ).all()
    zones = {tour.id: ZoneInfo(sites[tour.site_id].timezone) for tour, _, _ in rows}
    stops = _stops(session, zones, timedelta(minutes=visit_minutes))
    return tuple(
        TourView(
            id=tour.id,
            van=van.code,
            van_name=van.name,
            van_kind=van.kind,
            colour=colours[van.id],
            courier=courier or "",
            site=sites[tour.site_id].code,
            state=tour.state,
            start=tour.starts_at.astimezone(zones[tour.id]),
            end=tour.ends_at.astimezone(zones[tour.id]),
            shift_start=tour.shift_opens_at.astimezone(zones[tour.id]),
            shift_end=tour.shift_closes_at.astimezone(zones[tour.id]),
            distance_m=tour.distance_m,
            driving_s=tour.driving_s,
            cost_fixed_cents=tour.cost_fixed_cents,
            cost_distance_cents=tour.cost_distance_cents,
            cost_time_cents=tour.cost_time_cents,
            weight_capacity_g=tour.weight_capacity_g,
            volume_capacity_ml=tour.volume_capacity_ml,
            start_weight_g=tour.start_weight_g,
            start_volume_ml=tour.start_volume_ml,
            travel_source=tour.travel_source,
            geometry=tuple((lat, lon) for lat, lon in tour.geometry),
            stops=tuple(stops[tour.id]),
        )
        for tour, van, courier in rows
    )


def _stops(session: Session, zones: Mapping[int, ZoneInfo], visit: timedelta) -> dict[int, list[StopView]]:
    rows = session.execute(
        select(Stop, Employee.number, Employee.given_name, Address.lat, Address.lon, Address.accuracy)
        .join(Employee, Employee.id == Stop.employee_id)
        .join(Address, Address.id == Stop.address_id)
        .where(Stop.tour_id.in_(zones))
        .order_by(Stop.tour_id, Stop.sequence)
    ).all()
    orders = _orders(session, zones)
    items = _items(session, zones)
    found: dict[int, list[StopView]] = defaultdict(list)
    for stop, number, given_name, lat, lon, accuracy in rows:
        zone = zones[stop.tour_id]
        served = orders.get(stop.id, [])
        # Who stands at the door already does not park again.
        parked = stop.sequence > 1 and stop.drive_s == 0 and stop.distance_m == 0
        ready = stop.arrives_at + (timedelta() if parked else visit)
        found[stop.tour_id].append(
            StopView(
                id=stop.id,
                sequence=stop.sequence,
                kind=stop.kind,
                state=stop.state,
                failure=stop.failure,
                orders=tuple(reference for reference, _ in served),
                priorities=tuple(priority for _, priority in served),
                employee_number=number,
                given_name=given_name,
                lat=lat or 0.0,
                lon=lon or 0.0,
                accuracy=accuracy,
                arrival=stop.arrives_at.astimezone(zone),
                service_start=stop.service_starts_at.astimezone(zone),
                departure=stop.departs_at.astimezone(zone),
                window_start=stop.window_opens_at.astimezone(zone),
                window_end=stop.window_closes_at.astimezone(zone),
                drive_s=stop.drive_s,
                distance_m=stop.distance_m,
                wait_s=max(0, int((stop.service_starts_at - ready).total_seconds())),
                slack_s=int((stop.window_closes_at - stop.service_starts_at).total_seconds()),
                items=tuple(items.get(stop.id, ())),
            )
        )
    return found


def _orders(session: Session, zones: Mapping[int, ZoneInfo]) -> dict[int, list[tuple[str, int]]]:
    rows = session.execute(
        select(StopJob.stop_id, Order.reference, Order.priority)
        .join(Stop, Stop.id == StopJob.stop_id)
        .join(Job, Job.id == StopJob.job_id)
        .join(Order, Order.id == Job.order_id)
        .where(Stop.tour_id.in_(zones))
        .order_by(StopJob.stop_id, Order.reference)
    )
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for stop_id, reference, priority in rows:
        found[stop_id].append((reference, priority))
    return found


def _items(session: Session, zones: Mapping[int, ZoneInfo]) -> dict[int, list[ItemView]]:
    """What changes hands at each stop: a line back with its tag, a line out by its pieces once they are picked."""
    picked: dict[tuple[int, int], list[tuple[int, str | None]]] = defaultdict(list)
    for stop_id, line_id, quantity, tag in session.execute(
        select(PickLine.stop_id, PickLine.order_line_id, PickLine.quantity, Asset.asset_tag)
        .outerjoin(Asset, Asset.id == PickLine.asset_id)
        .where(PickLine.tour_id.in_(zones), PickLine.state != "released")
        .order_by(PickLine.id)
    ):
        picked[stop_id, line_id].append((quantity, tag))
    rows = session.execute(
        select(StopJob.stop_id, OrderLine, Product.sku, Product.name, Asset.asset_tag)
        .join(Stop, Stop.id == StopJob.stop_id)
        .join(Job, Job.id == StopJob.job_id)
        .join(OrderLine, OrderLine.order_id == Job.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        .outerjoin(Asset, Asset.id == OrderLine.asset_id)
        .where(Stop.tour_id.in_(zones), OrderLine.state != "cancelled")
        .order_by(StopJob.stop_id, OrderLine.order_id, OrderLine.number)
    )
    found: dict[int, list[ItemView]] = defaultdict(list)
    for stop_id, line, sku, name, tag in rows:
        whole = [(line.quantity, tag if line.direction == "back" else None)]
        pieces = (picked[stop_id, line.id] or whole) if line.direction == "out" else whole
        found[stop_id] += [ItemView(line.direction, sku, name, quantity, piece) for quantity, piece in pieces]
    return found


def _unserved(session: Session, plan: Plan, sites: Mapping[int, Site], *, every: bool) -> tuple[UnservedView, ...]:
    wanted = (
        select(Unserved, Order, Employee.number, Employee.given_name, Address.lat, Address.lon)
        .join(Job, Job.id == Unserved.job_id)
        .join(Order, Order.id == Job.order_id)
        .join(Employee, Employee.id == Order.employee_id)
        .outerjoin(Address, and_(Address.employee_id == Employee.id, Address.valid_to.is_(None)))
        .where(Unserved.plan_id == plan.id)
        .order_by(Order.priority.desc(), Order.reference)
    )
    if not every:
        wanted = wanted.where(Order.site_id.in_(sites))
    return tuple(
        UnservedView(
            order=order.reference,
            code=left.code,
            facts=dict(left.facts),
            priority=order.priority,
            employee_number=number,
            given_name=given_name,
            site=sites[order.site_id].code if order.site_id is not None and order.site_id in sites else "",
            lat=lat,
            lon=lon,
        )
        for left, order, number, given_name, lat, lon in session.execute(wanted)
    )


def _former(session: Session, plan: Plan, sites: Mapping[int, Site], *, every: bool) -> Totals:
    """The totals of an earlier version, by two queries and a count."""
    rows = session.execute(
        select(Tour, Van.kind)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .join(Van, Van.id == Tour.van_id)
        .where(PlanTour.plan_id == plan.id, Tour.site_id.in_(sites))
    ).all()
    stops = select(func.count()).select_from(Stop).where(Stop.tour_id.in_([tour.id for tour, _ in rows]))
    left = select(func.count()).select_from(Unserved).where(Unserved.plan_id == plan.id)
    if not every:
        left = left.join(Job, Job.id == Unserved.job_id).join(Order, Order.id == Job.order_id)
        left = left.where(Order.site_id.in_(sites))
    return Totals(
        tours=len(rows),
        stops=session.scalar(stops) or 0,
        unserved=session.scalar(left) or 0,
        distance_m=sum(tour.distance_m for tour, _ in rows),
        driving_s=sum(tour.driving_s for tour, _ in rows),
        working_s=sum(int((tour.ends_at - tour.starts_at).total_seconds()) for tour, _ in rows),
        cost_fixed_cents=sum(tour.cost_fixed_cents for tour, _ in rows),
        cost_distance_cents=sum(tour.cost_distance_cents for tour, _ in rows),
        cost_time_cents=sum(tour.cost_time_cents for tour, _ in rows),
        co2_g=sum(round(tour.distance_m * CO2_GRAMS_PER_KM[kind] / 1000) for tour, kind in rows),
    )


def _waiting(session: Session, day: date, plan: Plan | None, sites: Mapping[int, Site], *, every: bool) -> int:
    wanted = (
        select(func.count())
        .select_from(Job)
        .join(Order, Order.id == Job.order_id)
        .where(Job.state == "open", Order.day == day)
    )
    if not every:
        wanted = wanted.where(or_(Order.site_id.in_(sites), Order.site_id.is_(None)))
    if plan is not None:
        told = select(Unserved.job_id).where(Unserved.plan_id == plan.id)
        driven = (
            select(StopJob.job_id)
            .join(Stop, Stop.id == StopJob.stop_id)
            .join(PlanTour, PlanTour.tour_id == Stop.tour_id)
            .where(PlanTour.plan_id == plan.id)
        )
        wanted = wanted.where(Job.id.not_in(told), Job.id.not_in(driven))
    return session.scalar(wanted) or 0
