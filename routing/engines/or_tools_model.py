"""The whole problem as an OR-Tools routing model: integer matrices and vectors, never a Python callback of arcs.

Nodes are the visits, then the reloads each vehicle may make, then the places where vehicles start and end. A tour is
one route however many trips it has, so limits, costs and pauses count over all of it; a reload sets loads anew. The
side of the rules beside time and way is in `or_tools_rules`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..matrix import UNREACHABLE
from ..model import RELOAD, Job, Problem, Tour, Vehicle
from ..schedule import unfit
from . import or_tools_rules as rules
from .nearest import tidy

Numbers = npt.NDArray[np.int64]

#: All penalties for jobs that must go stay below this together.
LARGEST_PENALTIES = 2**61
#: Reloads a model offers at most, over all vehicles.
MOST_RELOADS = 300
#: Reloads behind each tour from which a search may make further trips.
SPARE_RELOADS = 2
#: A larger model would not be built before most of a deadline is gone.
MOST_NODES = 3_000


def nodes(problem: Problem) -> int:
    """How many nodes the model of this problem has, about."""
    reloads = sum(min(vehicle.trips, len(problem.visits)) - 1 for vehicle in problem.vehicles)
    ends = {vehicle.end for vehicle in problem.vehicles}
    return len(problem.visits) + min(MOST_RELOADS, reloads) + len({one.start for one in problem.vehicles}) + len(ends)


class Model:
    """The problem as OR-Tools sees it.

    Args:
        timed: a tour of the only vehicle: services, pauses and, in traffic, drives are just where it has them.
        reloads: how many reloads each vehicle makes already; so many it may make at least.
    """

    def __init__(
        self,
        problem: Problem,
        pywrapcp: Any,
        *,
        reloads: Mapping[str, int] | None = None,
        timed: Tour | None = None,
    ) -> None:
        self.problem, self.vehicles, self.pywrapcp, self.timed = problem, problem.vehicles, pywrapcp, timed
        self.jobs = problem.visits
        self.node = {job.id: number for number, job in enumerate(self.jobs)}
        self._lay_out(reloads or {})
        self.manager = pywrapcp.RoutingIndexManager(len(self.places), len(self.vehicles), self.starts, self.ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        self.index = {name: self.manager.NodeToIndex(node) for name, node in self.node.items()}
        #: Dimensions that only some problems have: stops and reloads before each node.
        self.position: Any = None
        self.trip: Any = None
        self._keep_time()
        self._price_time()
        self._price_ways()
        self._visit()
        rules.add(self)
        if timed is not None:
            self._fix_times(timed)

    def close(self, parameters: Any, *, tell: Callable[[], None], enough: Callable[[], bool]) -> None:
        """No rule may be added any more.

        Args:
            tell: called at each solution.
            enough: asked many times a second; true ends the search. While it is asked other threads have their turn.
        """

        def found() -> None:
            self._read = True
            if not self._reading_until:
                tell()

        def is_over() -> bool:
            if self._reading_until:
                # The first solution is the answer: proving that no other times of the same order are cheaper may take
                # longer than the world will last.
                return self._read or time.monotonic() > self._reading_until
            return enough()

        self._read, self._reading_until = False, 0.0
        self.routing.AddAtSolutionCallback(found)
        self.routing.CloseModelWithParameters(parameters)
        self.routing.AddSearchMonitor(self.solver.CustomLimit(is_over))

    def _lay_out(self, wanted: Mapping[str, int]) -> None:
        """Number the nodes: visits, reloads by vehicle, start places, end places, and a nowhere for open ends."""
        count, most = len(self.jobs), max(1, MOST_RELOADS // max(1, len(self.vehicles)))
        self.reloads: list[list[int]] = []
        node = count
        for vehicle in self.vehicles:
            turns = min(vehicle.trips, count) - 1
            turns = max(0, min(turns, max(most, wanted.get(vehicle.id, 0))))
            self.reloads.append(list(range(node, node + turns)))
            node += turns
        self.reload_of = {turn: v for v, turns in enumerate(self.reloads) for turn in turns}
        #: Vehicles that may come back to load and then stay: it costs nothing, and a search has where to begin a trip.
        self.idle = [
            self.timed is None and one.end == one.start and not one.breaks and one.rule is None for one in self.vehicles
        ]
        first: dict[int, int] = {}
        for vehicle in self.vehicles:
            first.setdefault(vehicle.start, node + len(first))
        node += len(first)
        last: dict[int | None, int] = {}
        for vehicle in self.vehicles:
            last.setdefault(vehicle.end, node + len(last))
        self.starts = [first[vehicle.start] for vehicle in self.vehicles]
        self.ends = [last[vehicle.end] for vehicle in self.vehicles]
        self.nowhere = last.get(None)
        self.places = np.array(
            [job.place for job in self.jobs]
            + [self.vehicles[v].start for v in self.reload_of.values()]
            + list(first)
            + [place or 0 for place in last],
            dtype=np.int64,
        )

    def ways(self, grid: Any) -> Numbers:
        """A matrix of places as a matrix of nodes; a vehicle that stays in its yard drives no way."""
        nodes: Numbers = grid[np.ix_(self.places, self.places)].astype(np.int64)
        if self.nowhere is not None:
            nodes[:, self.nowhere] = 0
        nodes[np.ix_(sorted(set(self.starts)), sorted(set(self.ends)))] = 0
        return nodes

    def matrix(self, grid: Any) -> int:
        """Register a matrix of nodes."""
        return int(self.routing.RegisterTransitMatrix(grid.tolist()))

    def vector(self, of_visits: Sequence[int], of_reload: int = 0) -> int:
        """Register a figure of each visit and of every reload; starts and ends have none."""
        rest = len(self.places) - len(self.jobs) - len(self.reload_of)
        return int(
            self.routing.RegisterUnaryTransitVector([*of_visits, *[of_reload] * len(self.reload_of), *[0] * rest])
        )

    def every_reload(self) -> list[tuple[int, int, int]]:
        """Vehicle, how many reloads come before, and index of each reload."""
        return [
            (v, turn, self.manager.NodeToIndex(node))
            for v, nodes in enumerate(self.reloads)
            for turn, node in enumerate(nodes)
        ]

    def _keep_time(self) -> None:
        """Service begins: a step takes the service here, the drive, and the setup there unless it is the same place."""
        rest = [0] * (len(self.places) - len(self.jobs) - len(self.reload_of))
        loading = [self.vehicles[v].reload_seconds for v in self.reload_of.values()]
        self.stay = np.array([*(job.service_seconds for job in self.jobs), *loading, *rest], dtype=np.int64)
        setup = np.array([job.setup_seconds for job in self.jobs] + [0] * len(loading) + rest, dtype=np.int64)
        is_job = np.arange(len(self.places)) < len(self.jobs)
        same = (self.places[:, None] == self.places[None, :]) & is_job[:, None]
        percent = _mean_percent(self.problem)
        self.base = min(0, *(vehicle.shift.opens for vehicle in self.vehicles))
        self.horizon = max(vehicle.shift.closes for vehicle in self.vehicles) - self.base
        self.drives: dict[str, Numbers] = {}
        self.steps: dict[str, int] = {}
        for profile, matrix in self.problem.matrices.items():
            drive = self.ways(matrix.seconds)
            drive = np.where(drive < UNREACHABLE, -(-drive * percent // 100), UNREACHABLE)
            for start, end, seconds in self._legs(self.timed) if self.timed and self.problem.periods else ():
                drive[start, end] = seconds
            self.drives[profile] = drive
            step = drive + self.stay[:, None] + np.where(same, 0, setup[None, :])
            # A reload after which nothing comes takes no time.
            turns = list(self.reload_of)
            step[np.ix_(turns, [*turns, *self.ends])] = drive[np.ix_(turns, [*turns, *self.ends])]
            self.steps[profile] = self.matrix(np.minimum(step, UNREACHABLE))
        self.clock = self._clock("time")
        for v, vehicle in enumerate(self.vehicles):
            for moment in (self.routing.Start(v), self.routing.End(v)):
                self.clock.CumulVar(moment).SetRange(vehicle.shift.opens - self.base, vehicle.shift.closes - self.base)
            if vehicle.max_seconds is not None:
                self.clock.SetSpanUpperBoundForVehicle(min(vehicle.max_seconds, self.horizon), v)

    def _fix_times(self, tour: Tour) -> None:
        """Everything begins when the tour says; it is the only one."""
        moments = [(self.routing.Start(0), tour.departure), (self.routing.End(0), tour.arrival)]
        moments += [(self.index[stop.job], stop.service_start) for stop in tour.stops]
        for index, moment in moments:
            # A moment outside the variable leaves no solution, which is the answer.
            self.solver.Add(self.clock.CumulVar(index) == moment - self.base)

    def _legs(self, tour: Tour) -> Iterator[tuple[int, int, int]]:
        """From node, to node, seconds of each drive of a tour."""
        turns = {reload.before: (reload, node) for reload, node in zip(tour.reloads, self.reloads[0], strict=False)}
        at = self.starts[0]
        for number, stop in enumerate(tour.stops):
            if number in turns:
                reload, node = turns[number]
                yield at, node, reload.drive_seconds
                at = node
            yield at, self.node[stop.job], stop.drive_seconds
            at = self.node[stop.job]
        yield at, self.ends[0], tour.return_seconds

    def _clock(self, name: str) -> Any:
        self.routing.AddDimensionWithVehicleTransits(
            [self.steps[vehicle.profile] for vehicle in self.vehicles], self.horizon, self.horizon, False, name
        )
        return self.routing.GetDimensionOrDie(name)

    def _price_time(self) -> None:
        """Seconds of each tour, and how long each job waits. One clock can bear one such price; a second one goes along
        where there are two."""
        self.second_clock: Any = None
        balance = self.problem.balance
        for v, vehicle in enumerate(self.vehicles):
            start, end = self.routing.Start(v), self.routing.End(v)
            self.clock.SetSpanCostCoefficientForVehicle(vehicle.second_cost, v)
            self.routing.AddVariableMinimizedByFinalizer(self.clock.CumulVar(end))
            self.routing.AddVariableMaximizedByFinalizer(self.clock.CumulVar(start))
            bounds = []
            if vehicle.overtime_after is not None and vehicle.overtime_second_cost:
                bounds.append((vehicle.overtime_after, vehicle.overtime_second_cost))
            if balance is not None and balance.second_cost:
                bounds.append((balance.target_seconds, balance.second_cost))
            for (after, cost), clock in zip(bounds, self._clocks(bounds, start, end), strict=True):
                clock.SetSoftSpanUpperBoundForVehicle(self.pywrapcp.BoundCost(after, cost), v)
        for job in self.jobs:
            index, bounds = self.index[job.id], []
            if job.second_price:
                bounds.append((-self.base, job.second_price))
            if job.due is not None and job.late_second_cost:
                bounds.append((max(0, job.due - self.base), job.late_second_cost))
            for (after, cost), clock in zip(bounds, self._clocks(bounds, index), strict=True):
                clock.SetCumulVarSoftUpperBound(index, after, cost)

    def _clocks(self, bounds: Sequence[object], *moments: int) -> list[Any]:
        """A clock for each bound; the second one shows the same as the first at these moments."""
        if len(bounds) < 2:
            return [self.clock][: len(bounds)]
        if self.second_clock is None:
            self.second_clock = self._clock("second time")
        for moment in moments:
            self.solver.Add(self.second_clock.CumulVar(moment) == self.clock.CumulVar(moment))
        return [self.clock, self.second_clock]

    def _price_ways(self) -> None:
        """Arc costs by profile and price of a metre, and limits on metres and driving where there are any."""
        evaluators: dict[tuple[str, int], int] = {}
        metres = {profile: self.ways(matrix.metres) for profile, matrix in self.problem.matrices.items()}
        for v, vehicle in enumerate(self.vehicles):
            key = (vehicle.profile, vehicle.metre_cost)
            if key not in evaluators:
                evaluators[key] = self.matrix(metres[vehicle.profile] * vehicle.metre_cost)
            self.routing.SetArcCostEvaluatorOfVehicle(evaluators[key], v)
            self.routing.SetFixedCostOfVehicle(vehicle.fixed_cost, v)
        self._limit("max_metres", metres)
        self._limit("max_driving_seconds", self.drives)

    def _limit(self, limit: str, grids: Mapping[str, Numbers]) -> None:
        if all(getattr(vehicle, limit) is None for vehicle in self.vehicles):
            return
        transits = {profile: self.matrix(np.minimum(grid, UNREACHABLE)) for profile, grid in grids.items()}
        self.routing.AddDimensionWithVehicleTransitAndCapacity(
            [transits[vehicle.profile] for vehicle in self.vehicles], 0,
            [2**44 if getattr(vehicle, limit) is None else getattr(vehicle, limit) for vehicle in self.vehicles],
            True, limit,
        )  # fmt: skip

    def _visit(self) -> None:
        """Who may come, when, and what leaving out costs."""
        must_go, begun = self._must_go(), {one for vehicle in self.vehicles for one in vehicle.prefix}
        change = self.problem.previous.change_cost if self.problem.previous else 0
        for job in self.jobs:
            index = self.index[job.id]
            self.allow(index, [v for v, vehicle in enumerate(self.vehicles) if self._may(vehicle, job)])
            begin = self.clock.CumulVar(index)
            bounds = [(window.opens - self.base, window.closes - self.base) for window in job.windows]
            bounds = [(max(0, opens), min(closes, self.horizon)) for opens, closes in bounds]
            bounds = [(opens, closes) for opens, closes in bounds if opens <= closes]
            if bounds:
                begin.SetRange(bounds[0][0], bounds[-1][1])
                for (_, closes), (opens, _) in pairwise(bounds):
                    if opens - closes > 1:
                        begin.RemoveInterval(closes + 1, opens - 1)
            else:
                self.allow(index, [])
            pair = self.problem.pair_of.get(job.id)
            price = pair.price if pair else job.price
            if price is None or job.id in begun:
                price = must_go
            penalty = price if pair is None or job is pair.pickup else 0
            self.routing.AddDisjunction([index], penalty + (change if job.id in self.problem.kept else 0))
        for _, _, index in self.every_reload():
            self.routing.AddDisjunction([index], 0)

    def allow(self, index: int, vehicles: Sequence[int]) -> None:
        """Only these vehicles may come to the node; or nobody."""
        if len(vehicles) < len(self.vehicles):
            self.routing.VehicleVar(index).SetValues([-1, *vehicles])

    def _may(self, vehicle: Vehicle, job: Job) -> bool:
        return unfit(vehicle, job) is None and self.problem.locked_to.get(job.id, vehicle.id) == vehicle.id

    def _must_go(self) -> int:
        """More than any plan costs, and safe to add up for all that must go."""
        problem = self.problem
        forced = sum(job.price is None for job in problem.jobs) + 2 * sum(
            pair.price is None for pair in problem.shipments
        )
        metre = max((vehicle.metre_cost for vehicle in self.vehicles), default=0)
        farthest = max((int(matrix.metres.max(initial=0)) for matrix in problem.matrices.values()), default=0)
        dearest = (2 * len(self.jobs) + len(self.vehicles)) * metre * farthest
        for vehicle in self.vehicles:
            second = vehicle.second_cost + vehicle.overtime_second_cost
            second += problem.balance.second_cost if problem.balance else 0
            dearest += vehicle.fixed_cost + (vehicle.shift.closes - vehicle.shift.opens) * second
        dearest += sum((job.second_price + job.late_second_cost) * self.horizon for job in self.jobs)
        dearest += sum(job.price or 0 for job in problem.jobs) + sum(pair.price or 0 for pair in problem.shipments)
        dearest += len(problem.kept) * (problem.previous.change_cost if problem.previous else 0)
        return min(dearest + 1, LARGEST_PENALTIES // max(1, forced))

    def orders(self) -> dict[str, list[str]]:
        """The present solution as job ids by vehicle, `RELOAD` between trips."""
        found: dict[str, list[str]] = {}
        for v, vehicle in enumerate(self.vehicles):
            index = self.routing.NextVar(self.routing.Start(v)).Value()
            ids = []
            while not self.routing.IsEnd(index):
                node = self.manager.IndexToNode(index)
                ids.append(self.jobs[node].id if node < len(self.jobs) else RELOAD)
                index = self.routing.NextVar(index).Value()
            if ids := tidy(ids):
                found[vehicle.id] = ids
        return found

    def assignment(self, orders: Mapping[str, Sequence[str]], *, seconds: float = 5.0) -> Any:
        """The orders as a start, or None when the model does not accept them or the seconds are over."""
        routes = []
        for v, vehicle in enumerate(self.vehicles):
            turns = iter(self.manager.NodeToIndex(node) for node in self.reloads[v])
            route = [next(turns, None) if one == RELOAD else self.index[one] for one in orders.get(vehicle.id, ())]
            if None in route:
                return None
            routes.append([*route, *islice(turns, SPARE_RELOADS if route and self.idle[v] else 0)])
        self._read, self._reading_until = False, time.monotonic() + seconds
        found = self.routing.ReadAssignmentFromRoutes(routes, True)
        self._reading_until = 0.0
        return found


def _mean_percent(problem: Problem) -> int:
    """One factor for the whole day: the mean of the periods over the hours in which vehicles are out, rounded up."""
    if not problem.periods:
        return 100
    opens = min(vehicle.shift.opens for vehicle in problem.vehicles)
    closes = max(opens + 1, *(vehicle.shift.closes for vehicle in problem.vehicles))
    edges = [(opens, 100), *((period.opens, period.percent) for period in problem.periods), (closes, 100)]
    total = sum(
        max(0, min(until, closes) - max(since, opens)) * percent for (since, percent), (until, _) in pairwise(edges)
    )
    return max(10, -(-total // (closes - opens)))
