"""PyVRP's iterated local search, in a process of its own, for problems whose every rule it can keep exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import EngineFailed
from ..model import Job, Plan, Problem, Vehicle
from ..schedule import unfit
from ..solve import Cancelled, Limits, Listener, Orders
from .apart import Apart

#: What the child runs.
WORK = "routing.engines.pyvrp_search:answer"
#: Beyond this PyVRP takes most of a minute and several gigabytes before it has a first plan.
MOST_VISITS = 5_000
#: Cells of all its matrices: a way between two places for each kind of vehicle that may not serve the same jobs.
MOST_CELLS = 60_000_000


class PyVrp(Apart):
    """A peer with a search of another kind, strong on long tours."""

    name = "pyvrp"
    # Its search makes a better beginning than ours; the first plan is there in case it finds nothing.
    first_share = 0.05

    def work(self) -> str:
        return WORK

    def refusal(self, problem: Problem) -> str | None:
        return refusal(problem)

    def question(self, problem: Problem, first: Orders, start: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
        return super().question(problem, first, start) | {"begin": start is not None}

    def __call__(
        self,
        problem: Problem,
        *,
        limits: Limits,
        seed: int = 0,
        on_progress: Listener | None = None,
        cancelled: Cancelled | None = None,
        start: Mapping[str, Sequence[str]] | None = None,
    ) -> Plan:
        """Search until the limit, or for so many iterations.

        Raises:
            EngineFailed: the problem has a rule that PyVRP cannot keep; names it.
        """
        reason = refusal(problem)
        if reason is not None:
            raise EngineFailed(f"pyvrp cannot express: {reason}")
        return super().__call__(
            problem, limits=limits, seed=seed, on_progress=on_progress, cancelled=cancelled, start=start
        )


def refusal(problem: Problem) -> str | None:
    """The first thing in the problem that PyVRP cannot express exactly; None when it can say all of it."""
    return _of_vehicles(problem) or _of_jobs(problem) or _of_all(problem) or _too_large(problem)


def _of_vehicles(problem: Problem) -> str | None:
    for vehicle in problem.vehicles:
        if vehicle.breaks:
            return f"breaks (vehicle {vehicle.id})"
        if vehicle.rule is not None:
            return f"work rule (vehicle {vehicle.id})"
        if vehicle.locked:
            return f"locks (vehicle {vehicle.id})"
        if vehicle.max_driving_seconds is not None:
            return f"most driving seconds (vehicle {vehicle.id})"
        if vehicle.max_stops is not None and (vehicle.trips > 1 or problem.shipments):
            return f"most stops with reloads or pairs (vehicle {vehicle.id})"
        if vehicle.deliveries_first and (problem.shipments or not all(map(_carries, problem.jobs))):
            return f"deliveries first with pairs or jobs that carry nothing (vehicle {vehicle.id})"
        if problem.balance and problem.balance.second_cost and _has_overtime(vehicle):
            return f"balance with overtime (vehicle {vehicle.id})"
    return None


def _has_overtime(vehicle: Vehicle) -> bool:
    return vehicle.overtime_after is not None and vehicle.overtime_second_cost > 0


def _carries(job: Job) -> bool:
    return any(job.delivery) or any(job.pickup)


def _of_jobs(problem: Problem) -> str | None:
    for job in problem.visits:
        if job.second_price:
            return f"price of delay (job {job.id})"
        if job.due is not None and job.late_second_cost:
            return f"lateness (job {job.id})"
        if len(job.windows) > 1 and job.id in problem.pair_of:
            return f"several windows of a pair (job {job.id})"
    return None


def _of_all(problem: Problem) -> str | None:
    if any(period.percent != 100 for period in problem.periods):
        return "traffic periods"
    if problem.previous and problem.previous.change_cost and problem.previous.kept:
        return "price of changes"
    traits = frozenset[str]().union(*(job.traits for job in problem.visits))
    for one, other in problem.incompatible:
        if one in traits and other in traits:
            return f"incompatible traits ({one}, {other})"
    shelves = {(stock.place, stock.product): stock.quantity for stock in problem.stocks}
    for product in sorted({stock.product for stock in problem.stocks}):
        wanted = sum(quantity for job in problem.jobs for name, quantity in job.goods if name == product)
        if any(wanted > shelves.get((vehicle.start, product), 0) for vehicle in problem.vehicles):
            return f"stocks ({product})"
    return None


def _too_large(problem: Problem) -> str | None:
    if len(problem.visits) > MOST_VISITS:
        return f"{len(problem.visits)} visits, more than {MOST_VISITS}"
    kinds = {(vehicle.profile, vehicle.deliveries_first, barred(problem, vehicle)) for vehicle in problem.vehicles}
    places = len(problem.visits) + 2 * len(problem.vehicles)
    if len(kinds) > 1 and len(kinds) * places * places > MOST_CELLS:
        return f"{len(kinds)} kinds of vehicles over {len(problem.visits)} visits"
    return None


def barred(problem: Problem, vehicle: Vehicle) -> frozenset[str]:
    """Ids of the jobs that the vehicle may never serve."""
    return frozenset(job.id for job in problem.visits if unfit(vehicle, job) is not None)
