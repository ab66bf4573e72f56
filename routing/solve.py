"""The one way from a problem to a plan: validate, ask an engine, judge, polish, explain, judge again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from . import check, cost, explain
from .errors import EngineLied, InvalidPlan, InvalidProblem
from .insert import Track, best_gaps, tracks_of
from .model import Costs, Job, Plan, Problem, Reason, Tour, Unassigned
from .schedule import Broken, schedule

Orders = dict[str, list[str]]
#: Below this no engine's process can even start.
SMALLEST_MEMORY = 2**28


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how big an engine may be: wall seconds from the call, bytes of memory of its process, and rounds of
    its search where somebody wants an answer by effort instead of by clock."""

    seconds: float = 10.0
    memory_bytes: int = 4 * 2**30
    iterations: int | None = None

    def __post_init__(self) -> None:
        if self.memory_bytes < SMALLEST_MEMORY:
            raise InvalidProblem(f"limit of {self.memory_bytes} bytes is below {SMALLEST_MEMORY}")
        if self.iterations is not None and self.iterations < 0:
            raise InvalidProblem(f"limit of {self.iterations} iterations is below zero")
        if not 0 < self.seconds <= 86_400:
            raise InvalidProblem(f"limit of {self.seconds} seconds is not between 0 and a day")


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
        InvalidPlan: an order breaks a rule; carries vehicle, rule, job and excess.
    """
    tours: list[Tour] = []
    for vehicle in problem.vehicles:
        if not orders.get(vehicle.id):
            continue
        tour = schedule(problem, vehicle, [problem.job(one) for one in orders[vehicle.id]])
        if isinstance(tour, Broken):
            raise InvalidPlan(vehicle.id, rule=tour.rule, job=tour.job, excess=tour.excess)
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
    left out is tried in every gap of every tour: none stays out that simply fits and costs no more than its price.

    Raises:
        EngineLied: the engine's plan breaks a rule; carries the violations.
        EngineFailed: the engine died without any plan.
    """
    started = time.monotonic()
    aside = {job.id: reason for job in problem.jobs if (reason := explain.impossible_alone(problem, job)) is not None}
    possible = problem.only({job.id for job in problem.jobs if job.id not in aside}) if aside else problem
    answer = Plan((), (), Costs(), engine=engine.name)
    if possible.jobs:
        answer = engine(possible, limits=limits or Limits(), seed=seed, on_progress=on_progress, cancelled=cancelled)
        _judge(engine.name, possible, answer)
    # The jobs set aside as well: behind a neighbour at the same door, without setup, one may fit after all.
    tracks = polished(problem, answer.orders())
    orders = {vehicle: [job.id for job in track.jobs] for vehicle, track in tracks.items()}
    plan = assemble(problem, orders, engine=answer.engine or engine.name, seconds=round(time.monotonic() - started, 3))
    reasons = tuple(
        Unassigned(left.job, aside.get(left.job) or explain.left_out(tracks, problem.job(left.job)))
        for left in plan.unassigned
    )
    plan = replace(plan, unassigned=reasons)
    _judge(engine.name, problem, plan)
    return plan


def polished(problem: Problem, orders: Mapping[str, Sequence[str]]) -> dict[str, Track]:
    """The orders with every job put in that fits and costs no more than its price, dearest to leave out first."""
    tracks = tracks_of(problem, orders)
    served = {job.id for track in tracks.values() for job in track.jobs}
    waiting = [job for job in problem.jobs if job.id not in served]
    waiting.sort(key=lambda job: (job.price is not None, -(job.price or 0)))
    left = len(waiting) + 1
    # A job put in may make room cheaper for one that was too dear before, so all are tried until none moves.
    while len(waiting) < left:
        left = len(waiting)
        waiting = [job for job in waiting if not _put_in(tracks, job)]
    return tracks


def _put_in(tracks: Mapping[str, Track], job: Job) -> bool:
    best = next(iter(best_gaps(tracks, job)), None)
    if best is None or best.broken or (job.price is not None and best.cost > job.price):
        return False
    tracks[best.vehicle].put(job, best.position)
    return True


def _judge(engine: str, problem: Problem, plan: Plan) -> None:
    found = check.violations(problem, plan)
    if found:
        raise EngineLied(engine, found)
