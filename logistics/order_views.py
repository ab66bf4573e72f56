"""Orders as pages show them: frozen values, without address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from inventory.folding import fold
from inventory.models import Asset, Employee, Product, Reservation, Site

from . import i18n, reasons, words
from .errors import UnknownRecord
from .models import Job, Order, OrderEvent, OrderLine, Plan, PlanTour, Stop, StopJob, Tour, Unserved, Van


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in a list; `is_short` says that pieces it is to bring are not promised yet."""

    reference: str
    kind: str
    state: str
    priority: int
    employee_number: str
    given_name: str
    family_name: str
    day: date
    window_start: time
    window_end: time
    site_code: str
    left_out: bool
    is_short: bool


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of a list of orders, and whether there is another one."""

    rows: tuple[OrderRow, ...]
    page: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class LineView:
    """Pieces of an order; a line out has its tag once it was handed over, a line back from the start."""

    number: int
    direction: str
    sku: str
    name: str
    quantity: int
    asset_tag: str | None
    state: str
    is_short: bool


@dataclass(frozen=True, slots=True)
class EventView:
    """One dated fact of an order's life, moments in the serving site's zone."""

    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    facts: Mapping[str, Any]

    def sentence(self, language: str) -> str:
        """What there is to say beyond the kind; empty where nothing is."""
        tell = _TELLERS.get(self.kind)
        return tell(self, language) if tell else ""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The stop of an order in the newest version that holds it."""

    day: date
    van: str
    sequence: int
    arrival: datetime
    service_start: datetime
    window_start: datetime
    window_end: datetime
    tour_state: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the newest version of its day leaves an order out."""

    code: str
    facts: Mapping[str, Any]

    def sentence(self, language: str) -> str:
        """The reason, for people."""
        return reasons.sentence(self.code, self.facts, language)


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order for its page. `version` is what `orders.amend` wants back."""

    reference: str
    kind: str
    state: str
    priority: int
    severity: str
    employee_number: str
    given_name: str
    family_name: str
    day: date
    window_start: time
    window_end: time
    site_code: str
    zone: str
    note: str
    left_out: bool
    wanted_van: str
    version: int
    lines: tuple[LineView, ...]
    events: tuple[EventView, ...]
    tour: Whereabouts | None
    unserved: Reason | None

    @property
    def is_confirmed(self) -> bool:
        """Whether the employee said that it works."""
        return any(event.kind == "confirmed" for event in self.events)


def order_list(
    session: Session,
    *,
    state: str | None = None,
    day: date | None = None,
    text: str = "",
    page: int = 1,
    per_page: int = 50,
    seen: ColumnElement[bool] | None = None,
    by_name: bool = True,
) -> OrderPage:
    """A page of orders, the newest day first.

    Args:
        text: begins a reference or an employee number, or every word of it is part of the employee's name.
        page: counted from 1.
        seen: the condition of `scope.orders`; None for all.
        by_name: whether the text may be a name; not for who may not see names, or a hit would tell one.
    """
    wanted = (
        select(Order, Employee, Site.code)
        .join(Employee, Employee.id == Order.employee_id)
        .outerjoin(Site, Site.id == Order.site_id)
        .order_by(Order.day.desc(), Order.priority.desc(), Order.reference)
        .offset((page - 1) * per_page)
        .limit(per_page + 1)
    )
    if state is not None:
        wanted = wanted.where(Order.state == state)
    if day is not None:
        wanted = wanted.where(Order.day == day)
    if seen is not None:
        wanted = wanted.where(seen)
    if text.strip():
        wanted = wanted.where(_matches(text.strip(), by_name=by_name))
    found = session.execute(wanted).all()
    short = _short_lines(session, [order for order, _, _ in found[:per_page]])
    rows = tuple(
        OrderRow(
            reference=order.reference, kind=order.kind, state=order.state, priority=order.priority,
            employee_number=who.number, given_name=who.given_name, family_name=who.family_name, day=order.day,
            window_start=order.window_start, window_end=order.window_end, site_code=site or "",
            left_out=order.left_out, is_short=bool(short[order.id]),
        )
        for order, who, site in found[:per_page]
    )  # fmt: skip
    return OrderPage(rows, page, len(found) > per_page)


def order_view(session: Session, reference: str) -> OrderView:
    """The order of this reference with its lines, its life and its place in the newest plan.

    Raises:
        UnknownRecord: there is none.
    """
    found = session.execute(
        select(Order, Employee, Site, Van.code)
        .join(Employee, Employee.id == Order.employee_id)
        .outerjoin(Site, Site.id == Order.site_id)
        .outerjoin(Van, Van.id == Order.wanted_van_id)
        .where(Order.reference == reference)
    ).one_or_none()
    if found is None:
        raise UnknownRecord("order", reference)
    order, who, site, van = found
    zone = ZoneInfo(site.timezone if site else "UTC")
    job_id = session.scalar(select(Job.id).where(Job.order_id == order.id).order_by(Job.attempt.desc()).limit(1))
    return OrderView(
        reference=order.reference,
        kind=order.kind,
        state=order.state,
        priority=order.priority,
        severity=order.severity,
        employee_number=who.number,
        given_name=who.given_name,
        family_name=who.family_name,
        day=order.day,
        window_start=order.window_start,
        window_end=order.window_end,
        site_code=site.code if site else "",
        zone=zone.key,
        note=order.note,
        left_out=order.left_out,
        wanted_van=van or "",
        version=order.version,
        lines=_lines(session, order),
        events=_events(session, order, zone),
        tour=_whereabouts(session, job_id, zone),
        unserved=_reason(session, job_id) if order.state == "open" else None,
    )


def _matches(text: str, *, by_name: bool) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [
        func.lower(Order.reference).startswith(text.lower(), autoescape=True),
        func.lower(Employee.number).startswith(text.lower(), autoescape=True),
    ]
    if by_name and (names := fold(text).split()):
        ways.append(and_(*(Employee.folded_name.contains(name, autoescape=True) for name in names)))
    return or_(*ways)


def _short_lines(session: Session, orders: Collection[Order]) -> dict[int, set[int]]:
    """Numbers of the open lines out without their whole promise, by order id."""
    open_orders = {order.id: order.reference for order in orders if order.state == "open"}
    lines = session.scalars(
        select(OrderLine).where(
            OrderLine.order_id.in_(open_orders), OrderLine.state == "open", OrderLine.direction == "out"
        )
    ).all()
    causes = {f"order:{open_orders[line.order_id]}#{line.number}": line for line in lines}
    rows = session.execute(
        select(Reservation.cause, func.sum(Reservation.quantity))
        .where(Reservation.state == "open", Reservation.cause.in_(causes))
        .group_by(Reservation.cause)
    )
    promised = {cause: int(total) for cause, total in rows}
    short: dict[int, set[int]] = defaultdict(set)
    for cause, line in causes.items():
        if promised.get(cause, 0) < line.quantity:
            short[line.order_id].add(line.number)
    return short


def _lines(session: Session, order: Order) -> tuple[LineView, ...]:
    short = _short_lines(session, [order])[order.id]
    rows = session.execute(
        select(OrderLine, Product.sku, Product.name, Asset.asset_tag)
        .join(Product, Product.id == OrderLine.product_id)
        .outerjoin(Asset, Asset.id == OrderLine.asset_id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.number)
    )
    return tuple(
        LineView(line.number, line.direction, sku, name, line.quantity, tag, line.state, line.number in short)
        for line, sku, name, tag in rows
    )


def _events(session: Session, order: Order, zone: ZoneInfo) -> tuple[EventView, ...]:
    rows = session.scalars(
        select(OrderEvent).where(OrderEvent.order_id == order.id).order_by(OrderEvent.occurred_at, OrderEvent.id)
    )
    return tuple(
        EventView(
            one.kind, one.occurred_at.astimezone(zone), one.recorded_at.astimezone(zone), one.actor, dict(one.facts)
        )
        for one in rows
    )


def _whereabouts(session: Session, job_id: int | None, zone: ZoneInfo) -> Whereabouts | None:
    row = session.execute(
        select(Stop, Tour, Van.code)
        .join(StopJob, StopJob.stop_id == Stop.id)
        .join(Tour, Tour.id == Stop.tour_id)
        .join(Van, Van.id == Tour.van_id)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .join(Plan, Plan.id == PlanTour.plan_id)
        .where(StopJob.job_id == job_id, Plan.status.in_(("draft", "published")))
        .order_by(Plan.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    stop, tour, van = row
    return Whereabouts(
        day=tour.day,
        van=van,
        sequence=stop.sequence,
        arrival=stop.arrives_at.astimezone(zone),
        service_start=stop.service_starts_at.astimezone(zone),
        window_start=stop.window_opens_at.astimezone(zone),
        window_end=stop.window_closes_at.astimezone(zone),
        tour_state=tour.state,
    )


def _reason(session: Session, job_id: int | None) -> Reason | None:
    row = session.execute(
        select(Unserved.code, Unserved.facts)
        .join(Plan, Plan.id == Unserved.plan_id)
        .where(Unserved.job_id == job_id, Plan.status.in_(("draft", "published")))
        .order_by(Plan.id.desc())
        .limit(1)
    ).one_or_none()
    return Reason(row.code, dict(row.facts)) if row is not None else None


# --- what an event says beyond its kind -------------------------------------------------------------------------------


def _clock(event: EventView, moment: object, language: str) -> str:
    when = datetime.fromisoformat(str(moment)).astimezone(event.occurred_at.tzinfo)
    return i18n.clock(language, when)


def _day(text: object, language: str) -> str:
    return i18n.short_date(language, date.fromisoformat(str(text)))


def _reserved(event: EventView, language: str) -> str:
    return i18n.text(language, "At {site}.", site=event.facts["site"]) if event.facts.get("site") else ""


def _short(event: EventView, language: str) -> str:
    return reasons.sentence("not-enough-stock", event.facts, language)


def _planned(event: EventView, language: str) -> str:
    facts = event.facts
    if not facts.get("expected"):
        return ""
    expected = _clock(event, facts["expected"], language)
    day = _day(facts["day"], language) if facts.get("day") else ""
    return i18n.text(language, "With {van} at {time}", van=facts.get("van", "?"), time=f"{expected}, {day}".strip(", "))


def _promised(event: EventView, language: str) -> str:
    window = event.facts.get("window")
    if not isinstance(window, Mapping):
        return ""
    return "\N{EN DASH}".join(_clock(event, window[end], language) for end in ("from", "to"))


def _failed(event: EventView, language: str) -> str:
    reason = str(event.facts.get("reason", ""))
    return words.word(language, "failure", reason) if reason in words.WORDS["failure"] else ""


def _amended(event: EventView, language: str) -> str:
    known = words.WORDS["field"]
    return ", ".join(words.word(language, "field", field) for field in event.facts.get("changed", ()) if field in known)


def _cancelled(event: EventView, _language: str) -> str:
    return str(event.facts.get("reason", ""))


def _reopened(event: EventView, language: str) -> str:
    return i18n.text(language, "For {day}.", day=_day(event.facts["day"], language)) if event.facts.get("day") else ""


_TELLERS = {
    "reserved": _reserved, "short": _short, "planned": _planned, "promised": _promised, "failed": _failed,
    "amended": _amended, "cancelled": _cancelled, "reopened": _reopened,
}  # fmt: skip
