"""From a draft to tours that will be driven: exact pieces, pick lists, couriers, promises to employees.

Publishing is one transaction. It looks at the day afresh, since a draft may be hours old: what changed meanwhile makes
the draft stale, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inventory import addresses, stock
from inventory.errors import InventoryError
from inventory.models import Reservation, Site

from . import sourcing, states
from .errors import NoPlan, PlanIsStale, UnknownRecord, WrongState
from .models import Job, Order, OrderEvent, OrderLine, PickLine, Plan, PlanTour, Stop, StopJob, Tour, User, Van
from .observation import logger
from .system import System

log = logger("dispatch")


class DraftIsStale(PlanIsStale):
    """Something the draft rests on is no longer so; nothing was published. Plan again.

    `problem` is one of: job-gone, order-moved, left-out, other-van, window-changed, address-changed, not-reserved,
    other-site, no-piece-to-issue, tour-departed.
    """

    def __init__(self, day: date, *, reference: str, problem: str) -> None:
        super().__init__(day)
        self.reference, self.problem = reference, problem
        self.args = (f"{day.isoformat()} changed since it was planned: {reference}: {problem}",)


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """What is published for a day; telling it to publish again gives the same summary."""

    day: date
    plan_id: int
    version: int
    tours: int
    stops: int
    orders: int
    pick_lines: int
    #: Codes of the vans whose tour has no courier yet.
    without_courier: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON values, the day as ISO text."""
        return asdict(self) | {"day": self.day.isoformat(), "without_courier": list(self.without_courier)}


@dataclass(frozen=True, slots=True)
class _Work:
    """One job of one stop of a tour, with what it rests on."""

    tour: Tour
    stop: Stop
    job: Job
    order: Order


def publish(system: System, day: date, *, now: datetime, actor: str) -> PublishSummary:
    """`publish_day` in a transaction of its own."""
    with system.sessions.begin() as session:
        return publish_day(session, day, now=now, actor=actor)


def publish_day(session: Session, day: date, *, now: datetime, actor: str) -> PublishSummary:
    """Freeze the draft's tours, name the exact pieces, make pick lists and promise each order its window.

    The version published before is superseded: its tours that the draft does not keep are withdrawn, their pieces are
    free to be named again, their orders wait for another tour. A day without a draft that is published stays as it is.

    Raises:
        NoPlan: the day has neither a draft nor a published plan.
        DraftIsStale: an order, address, reservation or tour is no longer as it was planned; names the order or tour.
    """
    draft = _plan(session, day, "draft")
    if draft is None:
        published = _plan(session, day, "published")
        if published is None:
            raise NoPlan(day, status="draft")
        return _summary(session, published)
    former = _plan(session, day, "published")
    new = _tours(session, draft, "draft")
    gone = _dropped(session, draft, former, day)
    _lock_orders(session, (*new, *gone))
    for tour in gone:
        _withdraw(session, tour, now=now)
    for tour in new:
        _freeze(session, tour, draft, now=now, actor=actor)
    _say_who_waits_again(session, gone, now=now, actor=actor)
    if former is not None:
        former.status = "superseded"
        session.flush()
    draft.status, draft.published_at = "published", now
    session.flush()
    summary = _summary(session, draft)
    log.info("day-published", day=day.isoformat(), version=summary.version, tours=summary.tours, stops=summary.stops)
    return summary


def assign(session: Session, tour_id: int, login: str | None, *, now: datetime) -> Tour:
    """Give a published tour to another courier, or to nobody yet.

    Raises:
        UnknownRecord: no such tour, or no active courier of this login.
        WrongState: the tour is a draft, on the road, over or withdrawn.
    """
    tour = session.scalar(select(Tour).where(Tour.id == tour_id).with_for_update())
    if tour is None:
        raise UnknownRecord("tour", tour_id)
    if tour.state != "published":
        raise WrongState("tour", tour_id, state=tour.state, wanted="assigned")
    tour.courier_id = None
    if login is not None:
        wanted = select(User.id).where(User.login == login, User.role == "courier", User.is_active)
        tour.courier_id = session.scalar(wanted)
        if tour.courier_id is None:
            raise UnknownRecord("courier", login)
    session.flush()
    log.info("tour-assigned", tour=tour_id, courier=tour.courier_id, at=now.isoformat())
    return tour


def _plan(session: Session, day: date, status: str) -> Plan | None:
    wanted = select(Plan).where(Plan.day == day, Plan.status == status).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def _tours(session: Session, plan: Plan, *in_states: str) -> list[Tour]:
    wanted = select(Tour).join(PlanTour, PlanTour.tour_id == Tour.id).where(PlanTour.plan_id == plan.id)
    if in_states:
        wanted = wanted.where(Tour.state.in_(in_states))
    return list(session.scalars(wanted.order_by(Tour.id).with_for_update(of=Tour)))


def _dropped(session: Session, draft: Plan, former: Plan | None, day: date) -> list[Tour]:
    """The published tours the draft does without; one that has left meanwhile cannot be taken back."""
    if former is None:
        return []
    kept = set(session.scalars(select(PlanTour.tour_id).where(PlanTour.plan_id == draft.id)))
    gone = [tour for tour in _tours(session, former) if tour.id not in kept and tour.state != "withdrawn"]
    for tour in gone:
        if tour.state != "published":
            raise DraftIsStale(day, reference=f"tour {tour.id}", problem="tour-departed")
    return gone


def _work(session: Session, tours: Sequence[Tour]) -> list[_Work]:
    by_id = {tour.id: tour for tour in tours}
    rows = session.execute(
        select(Stop, Job, Order)
        .join(StopJob, StopJob.stop_id == Stop.id)
        .join(Job, Job.id == StopJob.job_id)
        .join(Order, Order.id == Job.order_id)
        .where(Stop.tour_id.in_(by_id))
        .order_by(Stop.tour_id, Stop.sequence, Order.id)
    )
    return [_Work(by_id[stop.tour_id], stop, job, order) for stop, job, order in rows]


def _lock_orders(session: Session, tours: Sequence[Tour]) -> None:
    """Nobody amends or cancels these orders until we are through; always in one sequence."""
    ids = sorted({work.order.id for work in _work(session, tours)})
    fresh = {"populate_existing": True}
    session.execute(
        select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update(), execution_options=fresh
    )
    session.execute(select(Job).where(Job.order_id.in_(ids)), execution_options=fresh)
    session.execute(select(OrderLine).where(OrderLine.order_id.in_(ids)), execution_options=fresh)


def _withdraw(session: Session, tour: Tour, *, now: datetime) -> None:
    for pick in session.scalars(select(PickLine).where(PickLine.tour_id == tour.id, PickLine.state != "released")):
        promise = session.get_one(Reservation, pick.reservation_id)
        if promise.state == "open" and promise.asset_id is not None:
            stock.deallocate(session, promise.id)
        pick.state, pick.changed_at = "released", now
    for work in _work(session, [tour]):
        if work.job.state == "planned":
            _step(session, work, "open", before="planned")
    tour.state = states.advance("tour", tour.id, tour.state, "withdrawn")
    session.flush()


def _freeze(session: Session, tour: Tour, plan: Plan, *, now: datetime, actor: str) -> None:
    site = session.get_one(Site, tour.site_id)
    for work in _work(session, [tour]):
        _check(session, work, site)
        for line in _lines(session, work.order, "open"):
            if line.direction == "out":
                _make_picks(session, work, line, site, now=now)
        _step(session, work, "planned", before="open")
        _tell(session, work, plan, now=now, actor=actor)
    tour.courier_id = _courier(session, tour.van_id)
    tour.state = states.advance("tour", tour.id, tour.state, "published")
    session.flush()


def _check(session: Session, work: _Work, site: Site) -> None:
    """Whether the order is still what was planned; the first thing that is not is told."""
    order, job, stop, tour = work.order, work.job, work.stop, work.tour
    zone = ZoneInfo(site.timezone)
    starts, leaves = (moment.astimezone(zone).time() for moment in (stop.service_starts_at, stop.departs_at))
    home = addresses.current(session, order.employee_id)
    problems = (
        (job.state != "open" or order.state != "open", "job-gone"),
        (order.day > tour.day, "order-moved"),
        (order.left_out, "left-out"),
        (order.wanted_van_id not in (None, tour.van_id), "other-van"),
        (order.wanted_van_id is None and order.site_id != tour.site_id, "other-site"),
        (starts > order.window_end or leaves < order.window_start, "window-changed"),
        (home is None or home.id != stop.address_id, "address-changed"),
    )
    for wrong, problem in problems:
        if wrong:
            raise DraftIsStale(tour.day, reference=order.reference, problem=problem)


def _make_picks(session: Session, work: _Work, line: OrderLine, site: Site, *, now: datetime) -> None:
    """Name the exact pieces of a line's promise, one pick line for each."""
    order, day = work.order, work.tour.day
    shelf = stock.holder(session, "site", site.code)
    promises = stock.promises(session, sourcing.cause(order, line))
    if sum(one.quantity for one in promises) != line.quantity:
        raise DraftIsStale(day, reference=order.reference, problem="not-reserved")
    if any(one.holder_id != shelf.id or one.product_id != line.product_id for one in promises):
        raise DraftIsStale(day, reference=order.reference, problem="not-reserved")
    for promise in promises:
        try:
            pieces = stock.allocate(session, promise.id, now=now)
        except InventoryError as error:
            raise DraftIsStale(day, reference=order.reference, problem="no-piece-to-issue") from error
        for piece in pieces:
            session.add(
                PickLine(
                    tour_id=work.tour.id, stop_id=work.stop.id, order_line_id=line.id, reservation_id=piece.id,
                    product_id=line.product_id, asset_id=piece.asset_id, quantity=piece.quantity,
                )
            )  # fmt: skip


def _lines(session: Session, order: Order, state: str) -> list[OrderLine]:
    wanted = select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.state == state)
    return list(session.scalars(wanted.order_by(OrderLine.number)))


def _step(session: Session, work: _Work, to: str, *, before: str) -> None:
    """Move job, order and the lines that are in the state `before` one step on."""
    for line in _lines(session, work.order, before):
        line.state = states.advance("line", line.id, line.state, to)
    work.job.state = states.advance("job", work.job.id, work.job.state, to)
    work.order.state = states.advance("order", work.order.reference, work.order.state, to)
    session.flush()


def _tell(session: Session, work: _Work, plan: Plan, *, now: datetime, actor: str) -> None:
    stop = work.stop
    van = session.get_one(Van, work.tour.van_id).code
    place = {"plan": plan.id, "version": plan.version, "tour": work.tour.id, "stop": stop.id, "van": van}
    window = {"from": stop.window_opens_at.isoformat(), "to": stop.window_closes_at.isoformat()}
    promise = place | {"window": window, "expected": stop.service_starts_at.isoformat()}
    for kind, facts in (("promised", promise), ("published", place)):
        session.add(
            OrderEvent(order_id=work.order.id, kind=kind, occurred_at=now, recorded_at=now, actor=actor, facts=facts)
        )


def _say_who_waits_again(session: Session, gone: Sequence[Tour], *, now: datetime, actor: str) -> None:
    for work in _work(session, gone):
        if work.job.state == "open":
            facts = {"reason": "left-the-plan", "tour": work.tour.id, "day": work.order.day.isoformat()}
            session.add(
                OrderEvent(
                    order_id=work.order.id, kind="reopened", occurred_at=now, recorded_at=now, actor=actor, facts=facts
                )
            )


def _courier(session: Session, van_id: int) -> int | None:
    """The van's usual courier: the one who was entered first, where it has several."""
    usual = select(User.id).where(User.van_id == van_id, User.role == "courier", User.is_active).order_by(User.id)
    return session.scalars(usual.limit(1)).first()


def _summary(session: Session, plan: Plan) -> PublishSummary:
    tours = _tours(session, plan)
    ids = [tour.id for tour in tours]
    return PublishSummary(
        day=plan.day,
        plan_id=plan.id,
        version=plan.version,
        tours=len(tours),
        stops=_count(session, select(func.count()).select_from(Stop).where(Stop.tour_id.in_(ids))),
        orders=len({work.order.id for work in _work(session, tours)}),
        pick_lines=_count(
            session,
            select(func.count()).select_from(PickLine).where(PickLine.tour_id.in_(ids), PickLine.state != "released"),
        ),
        without_courier=_van_codes(session, (tour.van_id for tour in tours if tour.courier_id is None)),
    )


def _count(session: Session, counted: Any) -> int:
    return int(session.scalar(counted) or 0)


def _van_codes(session: Session, ids: Iterable[int]) -> tuple[str, ...]:
    return tuple(session.scalars(select(Van.code).where(Van.id.in_(list(ids))).order_by(Van.code)))
