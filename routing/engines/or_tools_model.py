"""The child's side: the problem as an OR-Tools routing model. Whole integer matrices, never a Python callback of arcs.

Nodes are the jobs, then each vehicle's start and end. The load aboard has a free start and falls with each delivery
and rises with each collection; a second dimension counts what was delivered, and both are tied at the ends, so that a
vehicle starts with exactly what it delivers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..matrix import UNREACHABLE
from ..model import Job, Problem, Vehicle
from ..schedule import amounts, unfit

#: Leaving out a job that must go costs more than any plan.
MUST_GO = 2**50
#: No sum of prices may leave 64 bits.
LARGEST_SUM = 2**61
#: Seconds without anything better after which a search ends, as a share of its time.
STALL_SHARE = 0.34


def answer(question: dict[str, Any], send: Callable[[object], None]) -> None:
    """The child's work: send better and better orders of the asked problem until its time is over."""
    seconds = question["ends_at"] - time.time()
    search(question["problem"], question["orders"], seed=question["seed"], seconds=seconds, send=send)


def search(problem: Problem, orders: dict[str, list[str]], *, seed: int, seconds: float, send: Any) -> None:
    """Improve the orders for so many seconds; better answers are sent at most ten times a second, the last always."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    model = Model(problem, pywrapcp)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    watch = _Watch(model, send, stall=max(1.5, STALL_SHARE * seconds))
    model.routing.AddAtSolutionCallback(watch.found)
    model.routing.CloseModelWithParameters(parameters)
    limit = model.routing.solver().CustomLimit(watch.is_stale)
    model.routing.AddSearchMonitor(limit)
    start = model.assignment(orders)
    if start is not None:
        model.routing.SolveFromAssignmentWithParameters(start, parameters)
    else:
        model.routing.SolveWithParameters(parameters)
    watch.finish()


class _Watch:
    """Sends better plans on, and ends a search that has stopped finding any."""

    def __init__(self, model: Model, send: Any, *, stall: float) -> None:
        self.model, self.send, self.stall = model, send, stall
        self.best: int | None = None
        self.kept: dict[str, list[str]] | None = None
        self.better_at = self.sent_at = time.monotonic()
        self.parent = os.getppid()

    def found(self) -> None:
        cost = self.model.routing.CostVar().Max()
        if self.best is not None and cost >= self.best:
            return
        now = time.monotonic()
        self.best, self.kept, self.better_at = cost, self.model.orders(), now
        if now - self.sent_at >= 0.1:
            self.finish()

    def finish(self) -> None:
        if self.kept is not None:
            self.send(self.kept)
            self.kept, self.sent_at = None, time.monotonic()

    def is_stale(self) -> bool:
        if os.getppid() != self.parent:
            # Whoever asked is gone: nobody would read the answer.
            return True
        if self.kept is not None and time.monotonic() - self.sent_at >= 0.3:
            self.finish()
        return time.monotonic() - self.better_at > self.stall


class Model:
    """The problem as OR-Tools sees it."""

    def __init__(self, problem: Problem, pywrapcp: Any) -> None:
        self.problem, self.jobs, self.vehicles = problem, problem.jobs, problem.vehicles
        count = len(self.jobs)
        self.must_go = min(MUST_GO, LARGEST_SUM // max(1, count))
        ends = [place for vehicle in self.vehicles for place in (vehicle.start, vehicle.end)]
        self.places = np.array([job.place for job in self.jobs] + ends, dtype=np.int64)
        starts = [count + 2 * v for v in range(len(self.vehicles))]
        self.manager = pywrapcp.RoutingIndexManager(
            len(self.places), len(self.vehicles), starts, [start + 1 for start in starts]
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._time(pywrapcp)
        self._ways()
        for axis in range(len(problem.dimensions)):
            self._load(axis)
        for node, job in enumerate(self.jobs):
            self._job(node, job)

    def _matrix(self, grid: Any) -> int:
        return int(self.routing.RegisterTransitMatrix(grid.tolist()))

    def _time(self, pywrapcp: Any) -> None:
        """Service begins: a step takes the service here, the drive, and the setup there unless it is the same place."""
        service = np.array([job.service_seconds for job in self.jobs] + [0] * (2 * len(self.vehicles)), dtype=np.int64)
        setup = np.array([job.setup_seconds for job in self.jobs] + [0] * (2 * len(self.vehicles)), dtype=np.int64)
        is_job = np.arange(len(self.places)) < len(self.jobs)
        stays = (self.places[:, None] == self.places[None, :]) & is_job[:, None]
        self.grids = {
            profile: np.minimum(
                matrix.seconds[np.ix_(self.places, self.places)]
                + service[:, None]
                + np.where(stays, 0, setup[None, :]),
                UNREACHABLE,
            )
            for profile, matrix in self.problem.matrices.items()
        }
        transits = {profile: self._matrix(grid) for profile, grid in self.grids.items()}
        opens = min(vehicle.shift.opens for vehicle in self.vehicles)
        closes = max(vehicle.shift.closes for vehicle in self.vehicles)
        self.zero = opens
        self.routing.AddDimensionWithVehicleTransits(
            [transits[vehicle.profile] for vehicle in self.vehicles], closes - opens, closes - opens, False, "time"
        )
        self.clock = self.routing.GetDimensionOrDie("time")
        for v, vehicle in enumerate(self.vehicles):
            start, end = self.routing.Start(v), self.routing.End(v)
            self.clock.CumulVar(start).SetRange(vehicle.shift.opens - opens, vehicle.shift.closes - opens)
            self.clock.CumulVar(end).SetRange(vehicle.shift.opens - opens, vehicle.shift.closes - opens)
            self.clock.SetSpanCostCoefficientForVehicle(vehicle.second_cost, v)
            self.routing.SetFixedCostOfVehicle(vehicle.fixed_cost, v)
            self.routing.AddVariableMinimizedByFinalizer(self.clock.CumulVar(end))
            self.routing.AddVariableMaximizedByFinalizer(self.clock.CumulVar(start))
            if self.problem.balance is not None and self.problem.balance.second_cost:
                bound = pywrapcp.BoundCost(self.problem.balance.target_seconds, self.problem.balance.second_cost)
                self.clock.SetSoftSpanUpperBoundForVehicle(bound, v)

    def _ways(self) -> None:
        """Arc costs by profile and price of a metre, and limits on metres, driving and stops where there are any."""
        evaluators: dict[tuple[str, int], int] = {}
        for v, vehicle in enumerate(self.vehicles):
            key = (vehicle.profile, vehicle.metre_cost)
            if key not in evaluators:
                metres = self.problem.matrices[vehicle.profile].metres[np.ix_(self.places, self.places)]
                evaluators[key] = self._matrix(metres * vehicle.metre_cost)
            self.routing.SetArcCostEvaluatorOfVehicle(evaluators[key], v)
        self._limited("metres", "max_metres")
        self._limited("seconds", "max_driving_seconds")
        if any(vehicle.max_stops is not None for vehicle in self.vehicles):
            one = self.routing.RegisterUnaryTransitVector([1] * len(self.jobs) + [0] * (2 * len(self.vehicles)))
            most = [len(self.jobs) if each.max_stops is None else each.max_stops for each in self.vehicles]
            self.routing.AddDimensionWithVehicleCapacity(one, 0, most, True, "stops")

    def _limited(self, figure: str, limit: str) -> None:
        if all(getattr(vehicle, limit) is None for vehicle in self.vehicles):
            return
        chosen = np.ix_(self.places, self.places)
        transits = {
            profile: self._matrix(np.minimum(getattr(matrix, figure)[chosen], UNREACHABLE))
            for profile, matrix in self.problem.matrices.items()
        }
        self.routing.AddDimensionWithVehicleTransitAndCapacity(
            [transits[vehicle.profile] for vehicle in self.vehicles], 0,
            [2**40 if getattr(vehicle, limit) is None else getattr(vehicle, limit) for vehicle in self.vehicles],
            True, limit,
        )  # fmt: skip

    def _load(self, axis: int) -> None:
        size = len(self.problem.dimensions)
        outs = [amounts(job.delivery, size)[axis] for job in self.jobs]
        backs = [amounts(job.pickup, size)[axis] for job in self.jobs]
        room = [amounts(vehicle.capacity, size)[axis] for vehicle in self.vehicles]
        if not room or sum(outs) + sum(backs) <= min(room):
            return
        idle = [0] * (2 * len(self.vehicles))
        name = self.problem.dimensions[axis]
        change = self.routing.RegisterUnaryTransitVector([b - o for o, b in zip(outs, backs, strict=True)] + idle)
        self.routing.AddDimensionWithVehicleCapacity(change, 0, room, False, f"{name} aboard")
        given = self.routing.RegisterUnaryTransitVector(outs + idle)
        self.routing.AddDimensionWithVehicleCapacity(given, 0, room, True, f"{name} given")
        aboard = self.routing.GetDimensionOrDie(f"{name} aboard")
        delivered = self.routing.GetDimensionOrDie(f"{name} given")
        for v in range(len(self.vehicles)):
            self.routing.solver().Add(
                aboard.CumulVar(self.routing.Start(v)) == delivered.CumulVar(self.routing.End(v))
            )  # fmt: skip

    def _job(self, node: int, job: Job) -> None:
        index = self.manager.NodeToIndex(node)
        fit = [v for v, vehicle in enumerate(self.vehicles) if self._may(vehicle, job)]
        if len(fit) < len(self.vehicles):
            self.routing.VehicleVar(index).SetValues([-1, *fit])
        begin = self.clock.CumulVar(index)
        bounds = [(window.opens - self.zero, window.closes - self.zero) for window in job.windows]
        begin.SetRange(max(0, bounds[0][0]), max(0, bounds[-1][1]))
        for (_, closes), (opens, _) in pairwise(bounds):
            if opens - closes > 1:
                begin.RemoveInterval(closes + 1, opens - 1)
        self.routing.AddDisjunction([index], self.must_go if job.price is None else job.price)

    @staticmethod
    def _may(vehicle: Vehicle, job: Job) -> bool:
        return unfit(vehicle, job) is None

    def orders(self) -> dict[str, list[str]]:
        """The present solution as job ids by vehicle."""
        found: dict[str, list[str]] = {}
        for v, vehicle in enumerate(self.vehicles):
            index = self.routing.NextVar(self.routing.Start(v)).Value()
            jobs = []
            while not self.routing.IsEnd(index):
                jobs.append(self.jobs[self.manager.IndexToNode(index)].id)
                index = self.routing.NextVar(index).Value()
            if jobs:
                found[vehicle.id] = jobs
        return found

    def assignment(self, orders: dict[str, list[str]]) -> Any:
        """The orders as a start, or None when the model does not accept them."""
        nodes = {job.id: self.manager.NodeToIndex(node) for node, job in enumerate(self.jobs)}
        routes = [[nodes[one] for one in orders.get(vehicle.id, ())] for vehicle in self.vehicles]
        return self.routing.ReadAssignmentFromRoutes(routes, True)
