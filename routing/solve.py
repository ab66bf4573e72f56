"""The one way from a problem to a plan: validate, ask an engine, judge, polish, explain, judge again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from . import check, cost, explain
from .errors import EngineLied, InvalidProblem
from .insert import Openings
from .model import Costs, Plan, Problem, Reason, Tour, Unassigned
from .schedule import Broken, schedule

Orders = dict[str, list[str]]

#: How long after the limit the last job left out may still be tried and explained.
CLOSING_SECONDS = 0.5
#: What of the limit is kept for that at most, and what one job and one vehicle take, about.
CLOSING_SHARE = 0.2
SECONDS_PER_OPENING = 0.00015


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how big an engine may be: wall seconds from the call, bytes of memory of its process."""

    seconds: float = 10.0
    memory_bytes: int = 4 * 2**30

    def __post_init__(self) -> None:
        if isinstance(self.seconds, bool) or not isinstance(self.seconds, int | float):
            raise InvalidProblem(f"limit of seconds: {type(self.seconds).__name__} instead of a number")
        if not 0 < self.seconds <= 86_400:
            raise InvalidProblem(f"limit of {self.seconds} seconds is not between 0 and a day")
        if isinstance(self.memory_bytes, bool) or not isinstance(self.memory_bytes, int):
            raise InvalidProblem(f"limit of memory: {type(self.memory_bytes).__name__} instead of a whole number")
        if not 0 < self.memory_bytes <= 2**62:
            raise InvalidProblem(f"limit of memory: {self.memory_bytes} bytes is not between 1 and 2**62")


@dataclass(frozen=True, slots=True)
class Progress:
    """The best so far: total cost in routing money, tours used, jobs served, seconds since the call."""

    cost: int
    tours: int
    served: int
    seconds: float


Listener = Callable[[Progress], None]
Cancelled = Callable[[], bool]


class Engine(Protocol):
    """Turns a problem of possible jobs into a feasible plan within the limits."""

    name: str

    def __call__(
        self,
        problem: Problem,
        *,
        limits: Limits,
        seed: int = 0,
        on_progress: Listener | None = None,
        cancelled: Cancelled | None = None,
    ) -> Plan:
        """The best plan found; whatever it could not serve is unassigned."""


def assemble(problem: Problem, orders: Mapping[str, Sequence[str]], *, engine: str = "", seconds: float = 0.0) -> Plan:
    """A plan from orders of job ids by vehicle, with times and costs; jobs in no order are unassigned.

    Raises:
        InvalidProblem: an order breaks a rule; names vehicle and rule.
    """
    jobs = {job.id: job for job in problem.jobs}
    tours: list[Tour] = []
    for vehicle in problem.vehicles:
        if not orders.get(vehicle.id):
            continue
        tour = schedule(problem, vehicle, [jobs[one] for one in orders[vehicle.id]])
        if isinstance(tour, Broken):
            raise InvalidProblem(f"vehicle {vehicle.id}: {tour.rule} broken by {tour.excess} at job {tour.job}")
        tours.append(tour)
    served = {stop.job for tour in tours for stop in tour.stops}
    left = [job for job in problem.jobs if job.id not in served]
    return Plan(
        tours=tuple(tours),
        unassigned=tuple(Unassigned(job.id, Reason("search-ran-out")) for job in left),
        costs=sum((tour.costs for tour in tours), Costs()) + cost.left_out(left),
        engine=engine,
        seconds=seconds,
    )


def solve(
    problem: Problem,
    engine: Engine,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    on_progress: Listener | None = None,
    cancelled: Cancelled | None = None,
) -> Plan:
    """Plan the problem; the answer has been judged, and every job it leaves out carries a true reason.

    Jobs that no vehicle could serve even alone are set aside first, so they spoil nothing. After the engine every job
    left out is tried in every gap of every tour: none stays out that simply fits and costs less than its price. What
    there is no time left to try is told as `search-ran-out`; the answer comes at most a second after the limit.

    Raises:
        EngineLied: the engine's plan breaks a rule; carries the violations.
        EngineFailed: the engine died without any plan.
    """
    started, limits = time.monotonic(), limits or Limits()
    latest = started + limits.seconds + CLOSING_SECONDS
    aside = {job.id: reason for job in problem.jobs if (reason := explain.impossible_alone(problem, job)) is not None}
    possible = replace(problem, jobs=tuple(job for job in problem.jobs if job.id not in aside))
    made_by, openings = engine.name, Openings(possible, {})
    if possible.jobs:
        searching = replace(limits, seconds=limits.seconds - _closing(possible, limits))
        answer = engine(possible, limits=searching, seed=seed, on_progress=on_progress, cancelled=cancelled)
        _judge(engine.name, possible, answer)
        made_by, openings = answer.engine or engine.name, Openings(possible, answer.orders())
        polish(possible, openings, until=latest)
    plan = assemble(problem, openings.orders(), engine=made_by, seconds=round(time.monotonic() - started, 3))
    jobs = {job.id: job for job in problem.jobs}
    reasons = []
    for left in plan.unassigned:
        reason = aside.get(left.job)
        if reason is None and time.monotonic() < latest:
            reason = explain.left_out(jobs[left.job], openings)
        reasons.append(Unassigned(left.job, reason or left.reason))
    plan = replace(plan, unassigned=tuple(reasons))
    _judge(engine.name, problem, plan)
    return plan


def _closing(problem: Problem, limits: Limits) -> float:
    """Seconds of the limit that are kept for trying and explaining what the engine leaves out."""
    return min(CLOSING_SHARE * limits.seconds, SECONDS_PER_OPENING * len(problem.jobs) * len(problem.vehicles))


def polish(problem: Problem, openings: Openings, *, until: float) -> None:
    """Put in every job left out that fits and costs less than its price, dearest to leave out first.

    Args:
        until: by the monotonic clock; what has not been tried then stays out.
    """
    served = {one for jobs in openings.orders().values() for one in jobs}
    waiting = [job for job in problem.jobs if job.id not in served]
    waiting.sort(key=lambda job: (job.price is not None, -(job.price or 0)))
    moved = True
    while moved:
        moved = False
        for job in list(waiting):
            if time.monotonic() >= until:
                return
            best = next(iter(openings.gaps(job)), None)
            if best is None or best.broken or (job.price is not None and best.cost >= job.price):
                continue
            openings.put(job, best)
            waiting.remove(job)
            moved = True


def _judge(engine: str, problem: Problem, plan: Plan) -> None:
    found = check.violations(problem, plan)
    if found:
        raise EngineLied(engine, found)
