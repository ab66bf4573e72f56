"""The one way from a problem to a plan: validate, ask an engine, judge, polish, explain, judge again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from . import check, cost, explain
from .errors import EngineLied, InvalidProblem
from .insert import gaps
from .model import Costs, Plan, Problem, Reason, Tour, Unassigned
from .schedule import Broken, schedule

Orders = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how big an engine may be: wall seconds from the call, bytes of memory of its process."""

    seconds: float = 10.0
    memory_bytes: int = 4 * 2**30

    def __post_init__(self) -> None:
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
    left out is tried in every gap of every tour: none stays out that simply fits and costs less than its price.

    Raises:
        EngineLied: the engine's plan breaks a rule; carries the violations.
        EngineFailed: the engine died without any plan.
    """
    started = time.monotonic()
    aside = {job.id: reason for job in problem.jobs if (reason := explain.impossible_alone(problem, job)) is not None}
    possible = replace(problem, jobs=tuple(job for job in problem.jobs if job.id not in aside))
    orders: Orders = {}
    if possible.jobs:
        answer = engine(
            possible, limits=limits or Limits(), seed=seed, on_progress=on_progress, cancelled=cancelled
        )  # fmt: skip
        _judge(engine.name, possible, answer)
        orders = polish(possible, {vehicle: list(jobs) for vehicle, jobs in answer.orders().items()})
    plan = assemble(problem, orders, engine=engine.name, seconds=round(time.monotonic() - started, 3))
    jobs = {job.id: job for job in problem.jobs}
    reasons = tuple(
        Unassigned(left.job, aside.get(left.job) or explain.left_out(possible, jobs[left.job], orders))
        for left in plan.unassigned
    )
    plan = replace(plan, unassigned=reasons)
    _judge(engine.name, problem, plan)
    return plan


def polish(problem: Problem, orders: Orders) -> Orders:
    """Put in every job left out that fits and costs less than its price, dearest to leave out first."""
    served = {one for jobs in orders.values() for one in jobs}
    waiting = [job for job in problem.jobs if job.id not in served]
    waiting.sort(key=lambda job: (job.price is not None, -(job.price or 0)))
    moved = True
    while moved:
        moved = False
        for job in list(waiting):
            best = next(iter(gaps(problem, job, orders)), None)
            if best is None or best.broken or (job.price is not None and best.cost >= job.price):
                continue
            orders.setdefault(best.vehicle, []).insert(best.position, job.id)
            waiting.remove(job)
            moved = True
    return orders


def _judge(engine: str, problem: Problem, plan: Plan) -> None:
    found = check.violations(problem, plan)
    if found:
        raise EngineLied(engine, found)
