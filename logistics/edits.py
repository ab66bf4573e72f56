"""A coordinator's hand on a plan: a stop is moved or taken off, judged, and saved as the next draft.

Only the tours that are touched are computed anew; every other tour is the same row in the new version. Nothing that
breaks a rule is saved: the refusal names the rule and by how much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

import routing

from . import i18n, reasons
from . import orders as order_service
from .errors import InvalidRequest, NoPlan, PlanIsStale, PlanRefused
from .models import Job, Order, PlanTour, Stop, StopJob, Tour, Unserved, Van
from .planning import (
    DayWork,
    Drafted,
    PlanSummary,
    SetAside,
    TourFacts,
    drawn,
    live_plan,
    modes_of,
    read_day,
    state_problem,
    summarise,
    tours_of,
)
from .planning.read import GONE
from .planning.write import store
from .system import System
from .vans import van as known_van

#: What a version says that a person made, where others name their engine.
BY_HAND = "by-hand"


class MoveRefused(PlanRefused):
    """A tour would break a rule; nothing was saved.

    `rule` is one of `routing.schedule`, `reference` the order at which it breaks (it need not be the one that was
    moved; None at the end of the tour), `excess` seconds, metres, grams or millilitres.
    """

    code = "move-refused"

    def __init__(self, vehicle: str, broken: routing.Broken) -> None:
        self.vehicle, self.rule, self.excess = vehicle, broken.rule, broken.excess
        self.reference, self.dimension = broken.job, broken.dimension
        super().__init__((f"{vehicle}: {broken.rule} broken by {broken.excess} at {broken.job or 'the end'}",))

    def sentence(self, language: str) -> str:
        """The rule and by how much, for people."""
        broken = reasons.rule_words(self.rule, self.excess, language, self.dimension)
        if self.reference is None:
            return i18n.text(language, "{vehicle} {broken}.", vehicle=self.vehicle, broken=broken)
        message = "{vehicle} {broken} (order {reference})."
        return i18n.text(language, message, vehicle=self.vehicle, broken=broken, reference=self.reference)


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What a move would change: seconds from departure to return, metres and cents over all tours; less is negative."""

    reference: str
    van_code: str
    position: int
    working_s: int
    distance_m: int
    cost_cents: int

    def lines(self, language: str) -> tuple[str, ...]:
        """The changes for people, one line each; what stays is not told."""
        told = (
            (self.working_s, "{minutes} of working time", "minutes", i18n.duration),
            (self.distance_m, "{kilometres} of road", "kilometres", i18n.kilometres),
            (self.cost_cents, "{euros} of cost", "euros", i18n.euros),
        )
        changes = tuple(
            i18n.text(language, message, **{name: ("+" if change > 0 else "−") + write(language, abs(change))})
            for change, message, name, write in told
            if change
        )
        return changes or (i18n.text(language, "No time, road or cost more or less"),)


@dataclass(frozen=True, slots=True)
class _Driven:
    """A tour of the live version that has not left: its stops as lists of order references."""

    id: int
    van_code: str
    stops: tuple[tuple[str, ...], ...]
    working_s: int
    distance_m: int
    cost_cents: int


@dataclass(frozen=True, slots=True)
class _Base:
    """The live version as the edit finds it."""

    work: DayWork
    tours: Mapping[str, _Driven]
    kept: frozenset[int]
    unserved: tuple[SetAside, ...]

    def stops(self, van_code: str, *, without: str = "") -> list[tuple[str, ...]]:
        """The van's stops without one order and without orders that cannot be planned any more."""
        here = self.tours.get(van_code)
        possible = {job.reference for job in self.work.jobs} - {without}
        kept = [tuple(one for one in stop if one in possible) for stop in (here.stops if here else ())]
        return [stop for stop in kept if stop]

    def van_of(self, reference: str) -> str | None:
        """The van whose tour holds the order; None when it is on none."""
        for code, tour in self.tours.items():
            if any(reference in stop for stop in tour.stops):
                return code
        return None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The touched tours after the edit, and what it changes."""

    base: _Base
    touched: frozenset[str]
    tours: tuple[TourFacts, ...]

    @property
    def before(self) -> tuple[_Driven, ...]:
        return tuple(tour for code, tour in self.base.tours.items() if code in self.touched)


def preview_move(system: System, day: date, reference: str, *, van_code: str, position: int) -> MovePreview:
    """What `move_job` would change, without writing anything; refused as it would be."""
    outcome = _moved(system, _read(system, day), reference, van_code=van_code, position=position)
    after, before = outcome.tours, outcome.before
    return MovePreview(
        reference=reference,
        van_code=van_code,
        position=position,
        working_s=sum(_seconds(tour) for tour in after) - sum(tour.working_s for tour in before),
        distance_m=sum(tour.distance_m for tour in after) - sum(tour.distance_m for tour in before),
        cost_cents=sum(tour.cost_cents for tour in after) - sum(tour.cost_cents for tour in before),
    )


def move_job(
    system: System, day: date, reference: str, *, van_code: str, position: int, actor: str
) -> PlanSummary:
    """Put an order at a place of a van's tour, from another tour, another place or the unserved list.

    Args:
        position: its stop number in the tour after the move, from 1 to one more than the other stops.

    Raises:
        NoPlan: the day has no plan to change.
        UnknownRecord: no such order or van.
        InvalidRequest: the order cannot be planned that day, the van does not drive or has left, no such position.
        MoveRefused: a rule would be broken; carries which and by how much.
        PlanIsStale: the day changed meanwhile.
    """
    outcome = _moved(system, _read(system, day), reference, van_code=van_code, position=position)
    return _save(system, outcome, unserved=(), served=reference, actor=actor)


def remove_job(system: System, day: date, reference: str, *, actor: str) -> PlanSummary:
    """Take an order off its tour; it is listed as left out, until the day is planned again.

    Raises:
        NoPlan: the day has no plan to change.
        UnknownRecord: no such order.
        InvalidRequest: the order is on no tour that has not left.
        PlanIsStale: the day changed meanwhile.
    """
    base = _read(system, day)
    van_code = base.van_of(reference)
    if van_code is None:
        with system.sessions() as session:
            order_service.order(session, reference)
        raise InvalidRequest("reference", "is not on a tour of this plan", order=reference)
    outcome = _outcome(system, base, {van_code: base.stops(van_code, without=reference)})
    left = tuple(
        SetAside(job.job_id, reference, "left-out") for job in base.work.jobs if job.reference == reference
    )
    return _save(system, outcome, unserved=left, served=None, actor=actor)


def _moved(system: System, base: _Base, reference: str, *, van_code: str, position: int) -> _Outcome:
    _check(system, base, reference, van_code)
    source = base.van_of(reference)
    target = base.stops(van_code, without=reference)
    if not 1 <= position <= len(target) + 1:
        raise InvalidRequest("position", "is not a position in this tour", least=1, most=len(target) + 1)
    target.insert(position - 1, (reference,))
    stops = {van_code: target}
    if source is not None and source != van_code:
        stops[source] = base.stops(source, without=reference)
    return _outcome(system, base, stops)


def _check(system: System, base: _Base, reference: str, van_code: str) -> None:
    with system.sessions() as session:
        order_service.order(session, reference)
        known_van(session, van_code)
    if all(job.reference != reference for job in base.work.jobs):
        aside = next((one.code for one in base.work.aside if one.reference == reference), "")
        raise InvalidRequest("reference", "cannot be planned on this day", order=reference, reason=aside)
    if all(van.code != van_code for van in base.work.vans):
        raise InvalidRequest("van", "has left or is not there on this day", van=van_code)


def _outcome(system: System, base: _Base, stops: Mapping[str, Sequence[tuple[str, ...]]]) -> _Outcome:
    """The touched tours, computed anew and judged.

    Raises:
        MoveRefused: a rule would be broken.
    """
    jobs = {code: [reference for stop in told for reference in stop] for code, told in stops.items()}
    named = {reference for told in jobs.values() for reference in told}
    part = replace(
        base.work,
        vans=tuple(van for van in base.work.vans if van.code in stops),
        jobs=tuple(job for job in base.work.jobs if job.reference in named),
    )
    table = system.roads.matrix(part.points, modes_of(part))
    problem = state_problem(part, table, system.settings)
    for code, told in jobs.items():
        tour = routing.schedule(problem, problem.vehicle(code), [problem.job(one) for one in told]) if told else None
        if isinstance(tour, routing.Broken):
            raise MoveRefused(code, tour)
    plan = routing.assemble(problem, jobs, engine=BY_HAND)
    if found := routing.violations(problem, plan):
        raise PlanRefused(tuple(str(one) for one in found))
    return _Outcome(base, frozenset(stops), tours_of(part, problem, plan, table))


def _save(
    system: System, outcome: _Outcome, *, unserved: tuple[SetAside, ...], served: str | None, actor: str
) -> PlanSummary:
    base, work = outcome.base, outcome.base.work
    tours = tuple(replace(tour, geometry=drawn(tour, system.roads)) for tour in outcome.tours)
    kept = base.kept | {tour.id for code, tour in base.tours.items() if code not in outcome.touched}
    gone = _no_longer_possible(outcome)
    former = [left for left in base.unserved if left.reference != served]
    left = {one.reference: one for one in (*former, *gone, *unserved)}
    drafted = Drafted(tours, tuple(left[reference] for reference in sorted(left)), BY_HAND, 0.0, 0)
    with system.sessions.begin() as session:
        now = system.now()
        if read_day(session, work.day, settings=system.settings, now=now).basis != work.basis:
            raise PlanIsStale(work.day)
        plan = store(session, work, drafted, kept=kept, now=now, actor=actor)
        return summarise(session, plan, site=None)


def _no_longer_possible(outcome: _Outcome) -> list[SetAside]:
    """Orders of the touched tours that cannot be planned any more; the new version says why."""
    there = {reference for tour in outcome.before for stop in tour.stops for reference in stop}
    return [one for one in outcome.base.work.aside if one.reference in there]


def _read(system: System, day: date) -> _Base:
    with system.sessions() as session:
        plan = live_plan(session, day)
        if plan is None:
            raise NoPlan(day, status="live")
        work = read_day(session, day, settings=system.settings, now=system.now())
        rows = session.execute(
            select(Tour, Van.code)
            .join(PlanTour, PlanTour.tour_id == Tour.id)
            .join(Van, Van.id == Tour.van_id)
            .where(PlanTour.plan_id == plan.id)
        ).all()
        stops = _stops(session, [tour.id for tour, _ in rows])
        left = session.execute(
            select(Unserved, Order.reference)
            .join(Job, Job.id == Unserved.job_id)
            .join(Order, Order.id == Job.order_id)
            .where(Unserved.plan_id == plan.id, Job.state.in_(("open", "planned")))
        ).all()
    return _Base(
        work=work,
        tours={
            code: _Driven(
                id=tour.id,
                van_code=code,
                stops=stops.get(tour.id, ()),
                working_s=int((tour.ends_at - tour.starts_at).total_seconds()),
                distance_m=tour.distance_m,
                cost_cents=tour.cost_fixed_cents + tour.cost_distance_cents + tour.cost_time_cents,
            )
            for tour, code in rows
            if tour.state not in GONE
        },
        kept=frozenset(tour.id for tour, _ in rows if tour.state in GONE),
        unserved=tuple(SetAside(one.job_id, reference, one.code, dict(one.facts)) for one, reference in left),
    )


def _stops(session: Session, tour_ids: Sequence[int]) -> dict[int, tuple[tuple[str, ...], ...]]:
    """The orders of each stop in driving order, by tour; orders of one stop in the sequence they were placed."""
    rows = session.execute(
        select(Stop.tour_id, Stop.sequence, Order.reference)
        .join(StopJob, StopJob.stop_id == Stop.id)
        .join(Job, Job.id == StopJob.job_id)
        .join(Order, Order.id == Job.order_id)
        .where(Stop.tour_id.in_(tour_ids))
        .order_by(Stop.tour_id, Stop.sequence, Order.id)
    )
    found: dict[int, dict[int, list[str]]] = {}
    for tour_id, sequence, reference in rows:
        found.setdefault(tour_id, {}).setdefault(sequence, []).append(reference)
    return {tour_id: tuple(tuple(stop) for stop in halts.values()) for tour_id, halts in found.items()}


def _seconds(tour: TourFacts) -> int:
    return int((tour.ends_at - tour.starts_at).total_seconds())
