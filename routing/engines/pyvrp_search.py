"""The child's side of `pyvrp`: the problem in PyVRP's words, its search, its plans as orders of job ids.

PyVRP knows no setup, no reload time between trips, no open end and no vehicles that may not come to a client. All four
are ways: each place has a location for every kind of job there, and legs between locations are as long as it takes to
drive, park and load, or longer than any day where nobody may go.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyvrp
from pyvrp.stop import MaxIterations, StoppingCriterion

from ..matrix import UNREACHABLE
from ..model import RELOAD, Job, Problem, Tour, Vehicle
from ..schedule import amounts, schedule
from .child import orphaned
from .pyvrp import barred

#: PyVRP's own bounds of penalties are made for costs of about one a second of driving.
MOST_PENALTY, LEAST_PENALTY = 100_000.0, 0.1
#: Share of the time after which jobs that must go are no longer a condition, when no plan has kept it until then.
HOPE_SHARE = 0.4
#: All prices together stay below this.
LARGEST_PRIZES = 2**58
#: What PyVRP takes for a distance without bound.
UNLIMITED = int(np.iinfo(np.int64).max)
#: Seconds between two answers.
PAUSE = 0.1

Send = Callable[[object], None]
Orders = dict[str, list[str]]


def answer(question: dict[str, Any], send: Send) -> None:
    """Send better and better orders of the asked problem until its time is over."""
    problem, ends_at, seed = question["problem"], question["ends_at"], question["seed"]
    begin = question["orders"] if question["begin"] else {}
    served = {one for order in question["orders"].values() for one in order}
    ids = frozenset(job.id for job in problem.visits)
    watch = _Watch(send, ends_at, question["iterations"])
    watch.hopes_until = ends_at - (1 - HOPE_SHARE) * (ends_at - time.monotonic())
    # A job that must go and that even a first plan with time enough could not serve is no condition.
    _search(Words(problem, ids - served if question["whole"] else frozenset()), begin, watch, seed)
    if not watch.feasible and not watch.is_late():
        watch.hopes_until = ends_at
        _search(Words(problem, ids), begin, watch, seed)
    watch.finish()


def _search(words: Words, orders: Orders, watch: _Watch, seed: int) -> None:
    if not words.clients and not words.shipments:
        return
    watch.words = words
    penalty = pyvrp.PenaltyParams(min_penalty=LEAST_PENALTY * words.unit, max_penalty=MOST_PENALTY * words.unit)
    settings = pyvrp.SolveParams(ils=pyvrp.IteratedLocalSearchParams(callbacks=watch), penalty=penalty)
    # What penalties say of a plan that is hard to find is of no use to anybody here.
    pyvrp.solve(
        words.data, watch.stop(), seed=seed, collect_stats=False, display=False, params=settings,
        initial_solution=words.solution(orders) if orders else None,
    )  # fmt: skip


class Words:
    """The problem as PyVRP says it.

    Args:
        doubtful: jobs that must go, but without being a condition: leaving one out costs more than anything else.
    """

    def __init__(self, problem: Problem, doubtful: frozenset[str]) -> None:
        self.problem, self.doubtful = problem, doubtful
        self.base = min((vehicle.shift.opens for vehicle in problem.vehicles), default=0)
        self.horizon = max((vehicle.shift.closes for vehicle in problem.vehicles), default=0) - self.base
        self.barred = [barred(problem, vehicle) for vehicle in problem.vehicles]
        self.never = 2 * self.horizon + 2
        self._lay_out()
        self._price()
        self._weigh()
        self._say()

    def _lay_out(self) -> None:
        """Number the locations: one for each kind of job at a place, then starts, reloads and ends."""
        self.sorted = any(vehicle.deliveries_first for vehicle in self.problem.vehicles)
        self.spots: dict[_Spot, int] = {}
        self.at: dict[str, int] = {}
        for job in self.problem.visits:
            nobody = frozenset(v for v, names in enumerate(self.barred) if job.id in names)
            gives, takes = (job.id not in self.problem.pair_of and any(load) for load in (job.delivery, job.pickup))
            # Two swaps at one location would follow each other without a way, which nobody could then bar.
            name = job.id if gives and takes and self.sorted else ""
            spot = _Spot(job.place, "job", job.setup_seconds, nobody, gives, takes, name)
            self.at[job.id] = self.spots.setdefault(spot, len(self.spots))
        self.depots: dict[_Spot, int] = {}
        for vehicle in self.problem.vehicles:
            for spot in (_start(vehicle), _reload(vehicle), _end(vehicle)):
                self.spots.setdefault(spot, len(self.spots))
                self.depots.setdefault(spot, len(self.depots))

    def _price(self) -> None:
        """Costs divided by what all of them have in common, so that penalties fit them."""
        problem, balance = self.problem, self.problem.balance
        self.overtime = [
            (vehicle.overtime_after, vehicle.overtime_second_cost)
            if vehicle.overtime_after is not None and vehicle.overtime_second_cost
            else (balance.target_seconds, balance.second_cost)
            if balance and balance.second_cost
            else (None, 0)
            for vehicle in problem.vehicles
        ]
        figures = [job.price or 0 for job in problem.jobs] + [pair.price or 0 for pair in problem.shipments]
        for vehicle, (_, extra) in zip(problem.vehicles, self.overtime, strict=True):
            figures += [vehicle.fixed_cost, vehicle.metre_cost, vehicle.second_cost, extra]
        self.share = math.gcd(*figures) or 1
        dearest = sum(figures) // self.share + 1
        legs = 2 * len(problem.visits) + len(problem.vehicles)
        farthest = max((int(matrix.metres.max(initial=0)) for matrix in problem.matrices.values()), default=0)
        second = max(
            (vehicle.second_cost + extra for vehicle, (_, extra) in zip(problem.vehicles, self.overtime, strict=True)),
            default=0,
        )
        dearest += legs * farthest * max((vehicle.metre_cost for vehicle in problem.vehicles), default=0) // self.share
        dearest += len(problem.vehicles) * self.horizon * second // self.share
        self.must_go = max(1, min(dearest, LARGEST_PRIZES // max(1, len(problem.visits))))
        self.unit = max(1.0, max((self._of_a_second(vehicle) for vehicle in problem.vehicles), default=1.0))

    def _of_a_second(self, vehicle: Vehicle) -> float:
        """What a second of driving costs, about."""
        matrix = self.problem.matrices[vehicle.profile]
        roads = matrix.seconds < UNREACHABLE
        seconds, metres = float(matrix.seconds[roads].sum()), float(matrix.metres[roads].sum())
        return (vehicle.second_cost + vehicle.metre_cost * metres / max(1.0, seconds)) / self.share

    def _weigh(self) -> None:
        """Loads divided by what those of one dimension have in common; stops are a load too where they are limited."""
        size = len(self.problem.dimensions)
        outs, backs = (
            (
                [amounts(load, size) for load in loads]
                for loads in zip(*((job.delivery, job.pickup) for job in self.problem.visits), strict=True)
            )
            if self.problem.visits
            else ([], [])
        )
        shares = [math.gcd(*(load[d] for load in (*outs, *backs))) or 1 for d in range(size)]
        self.counts = any(vehicle.max_stops is not None for vehicle in self.problem.vehicles)
        stop, none = ([1], [0]) if self.counts else ([], [])
        self.outs = {
            job.id: [load[d] // shares[d] for d in range(size)] + stop
            for job, load in zip(self.problem.visits, outs, strict=True)
        }
        self.backs = {
            job.id: [load[d] // shares[d] for d in range(size)] + none
            for job, load in zip(self.problem.visits, backs, strict=True)
        }
        self.rooms = []
        for vehicle in self.problem.vehicles:
            most = len(self.problem.visits) if vehicle.max_stops is None else vehicle.max_stops
            room = [limit // share for limit, share in zip(amounts(vehicle.capacity, size), shares, strict=True)]
            self.rooms.append(room + ([most] if self.counts else []))

    def _say(self) -> None:
        locations = [pyvrp.Location(0, 0) for _ in self.spots]
        depots = [pyvrp.Depot(self.spots[spot]) for spot in self.depots]
        self.groups: list[Any] = []
        self.clients: list[Any] = []
        self.shipments: list[Any] = []
        #: Job ids by client, and halves' ids by shipment.
        self.client_ids: list[str] = []
        self.pair_ids: list[tuple[str, str]] = []
        for job in self.problem.jobs:
            self._say_job(job)
        for pair in self.problem.shipments:
            windows = [self._windows(half) for half in pair.halves]
            nobody = self._nobody(*pair.halves)
            if all(windows) and windows[1][0][1] >= windows[0][0][0] and len(nobody) < len(self.problem.vehicles):
                self._say_pair(pair, windows)
        kinds = self._say_fleet()
        distances, durations = zip(*(self._ways(v) for v in kinds), strict=True)
        self.data = pyvrp.ProblemData(
            locations, self.clients, depots, self.types, list(distances), list(durations), self.groups, self.shipments
        )

    def _windows(self, job: Job) -> list[tuple[int, int]]:
        soonest = 0 if job.release is None else max(0, job.release - self.base)
        found = [(max(soonest, w.opens - self.base), min(w.closes - self.base, self.horizon)) for w in job.windows]
        return [(opens, closes) for opens, closes in found if opens <= closes]

    def _nobody(self, *jobs: Job) -> set[int]:
        return {v for v, names in enumerate(self.barred) if any(job.id in names for job in jobs)}

    def _say_job(self, job: Job) -> None:
        """A client; one with several windows is as many clients of which one is visited."""
        windows = self._windows(job)
        if not windows or len(self._nobody(job)) == len(self.problem.vehicles):
            return
        needed = job.price is None and job.id not in self.doubtful
        prize = 0 if needed else self.must_go if job.price is None else job.price // self.share
        group = None
        if len(windows) > 1:
            group = len(self.groups)
            first = len(self.clients)
            self.groups.append(pyvrp.ClientGroup(list(range(first, first + len(windows))), required=needed))
        for opens, closes in windows:
            self.client_ids.append(job.id)
            self.clients.append(
                pyvrp.Client(
                    location=self.at[job.id],
                    delivery=self.outs[job.id],
                    pickup=self.backs[job.id],
                    service_duration=job.service_seconds,
                    tw_early=opens,
                    tw_late=closes,
                    release_time=0 if job.release is None else max(0, job.release - self.base),
                    prize=prize,
                    required=needed and group is None,
                    group=group,
                )
            )

    def _say_pair(self, pair: Any, windows: Sequence[Sequence[tuple[int, int]]]) -> None:
        needed = pair.price is None and pair.pickup.id not in self.doubtful
        self.pair_ids.append((pair.pickup.id, pair.delivery.id))
        self.shipments.append(
            pyvrp.Shipment(
                pickup_location=self.at[pair.pickup.id],
                delivery_location=self.at[pair.delivery.id],
                pickup_tw_early=windows[0][0][0],
                pickup_tw_late=windows[0][0][1],
                pickup_service_duration=pair.pickup.service_seconds,
                delivery_tw_early=windows[1][0][0],
                delivery_tw_late=windows[1][0][1],
                delivery_service_duration=pair.delivery.service_seconds,
                amount=self.backs[pair.pickup.id],
                prize=0 if needed else self.must_go if pair.price is None else pair.price // self.share,
                required=needed,
            )
        )

    def _say_fleet(self) -> list[int]:
        """Vehicles that differ in nothing but their name are one type; gives a vehicle for each set of ways."""
        self.types: list[Any] = []
        self.members: list[list[str]] = []
        ways: dict[object, int] = {}
        groups: dict[object, list[int]] = {}
        for v, vehicle in enumerate(self.problem.vehicles):
            groups.setdefault((replace(vehicle, id="any", skills=frozenset()), self.barred[v]), []).append(v)
        first: list[int] = []
        for numbers in groups.values():
            v, vehicle = numbers[0], self.problem.vehicles[numbers[0]]
            key = (vehicle.profile, self.barred[v], vehicle.deliveries_first)
            if key not in ways:
                ways[key] = len(first)
                first.append(v)
            self.members.append([self.problem.vehicles[number].id for number in numbers])
            self.types.append(self._say_type(v, vehicle, len(numbers), ways[key]))
        return first

    def _say_type(self, v: int, vehicle: Vehicle, count: int, ways: int) -> Any:
        longest = vehicle.shift.closes - vehicle.shift.opens
        longest = longest if vehicle.max_seconds is None else min(longest, vehicle.max_seconds)
        after, extra = self.overtime[v]
        plain = longest if after is None else min(longest, after)
        return pyvrp.VehicleType(
            num_available=count,
            capacity=self.rooms[v],
            start_depot=self.depots[_start(vehicle)],
            end_depot=self.depots[_end(vehicle)],
            fixed_cost=vehicle.fixed_cost // self.share,
            tw_early=vehicle.shift.opens - self.base,
            tw_late=vehicle.shift.closes - self.base,
            shift_duration=plain,
            max_overtime=longest - plain,
            unit_overtime_cost=extra // self.share,
            unit_distance_cost=vehicle.metre_cost // self.share,
            unit_duration_cost=vehicle.second_cost // self.share,
            profile=ways,
            reload_depots=[self.depots[_reload(vehicle)]] if vehicle.trips > 1 else [],
            max_reloads=vehicle.trips - 1,
            max_distance=UNLIMITED if vehicle.max_metres is None else vehicle.max_metres,
        )

    def _ways(self, v: int) -> tuple[Any, Any]:
        """Metres and seconds between all locations, for the vehicles that may go where this one may."""
        vehicle = self.problem.vehicles[v]
        matrix, spots = self.problem.matrices[vehicle.profile], list(self.spots)
        places = np.array([spot.place for spot in spots])
        metres = matrix.metres[np.ix_(places, places)].astype(np.int64)
        seconds = matrix.seconds[np.ix_(places, places)].astype(np.int64)
        lost = seconds >= UNREACHABLE
        job = np.array([spot.role == "job" for spot in spots])
        same = (places[:, None] == places[None, :]) & job[:, None] & job[None, :]
        seconds = seconds + np.where(same, 0, np.array([spot.seconds for spot in spots])[None, :])
        lost |= np.array([v in spot.nobody for spot in spots])[None, :]
        if vehicle.deliveries_first:
            lost |= (
                np.array([spot.takes for spot in spots])[:, None] & np.array([spot.gives for spot in spots])[None, :]
            )
        nowhere = np.array([spot.role == "nowhere" for spot in spots])
        metres[:, nowhere], seconds[:, nowhere] = 0, 0
        lost[:, nowhere] = False
        metres[lost], seconds[lost] = 0, self.never
        np.fill_diagonal(metres, 0)
        np.fill_diagonal(seconds, 0)
        return metres, np.minimum(seconds, self.never)

    def orders(self, solution: Any) -> Orders:
        """A solution as job ids by vehicle, `RELOAD` between trips."""
        free = [iter(names) for names in self.members]
        found: Orders = {}
        for route in solution.routes():
            ids: list[str] = []
            for step in list(route)[1:-1]:
                if step.is_client():
                    ids.append(self.client_ids[step.idx])
                elif step.is_shipment():
                    ids.append(self.pair_ids[step.idx][0 if step.is_pickup() else 1])
                elif ids and ids[-1] != RELOAD:
                    ids.append(RELOAD)
            if ids and ids[-1] == RELOAD:
                ids.pop()
            if ids:
                found[next(free[route.vehicle_type()])] = ids
        return found

    def solution(self, orders: Mapping[str, Sequence[str]]) -> Any:
        """Orders as a solution to begin with; None when PyVRP does not take them."""
        kinds = {name: number for number, names in enumerate(self.members) for name in names}
        halves = {name: (number, at) for number, pair in enumerate(self.pair_ids) for at, name in enumerate(pair)}
        routes = []
        for name, order in orders.items():
            vehicle = self.problem.vehicle(name)
            tour = schedule(self.problem, vehicle, order)
            if not isinstance(tour, Tour):
                continue
            begin = {stop.job: stop.service_start - self.base for stop in tour.stops}
            steps = [self._step(vehicle, one, begin.get(one, 0), halves) for one in order]
            routes.append(pyvrp.Route(self.data, [step for step in steps if step is not None], kinds[name]))
        return pyvrp.Solution(self.data, routes) if routes else None

    def _step(self, vehicle: Vehicle, one: str, begin: int, halves: Mapping[str, tuple[int, int]]) -> Any:
        """What PyVRP calls this step of an order; a job of several windows is the client of the one it begins in."""
        types = pyvrp.ActivityType
        if one == RELOAD:
            return pyvrp.Activity(types.DEPOT, self.depots[_reload(vehicle)])
        if one in halves:
            number, at = halves[one]
            return pyvrp.Activity(types.DELIVERY if at else types.PICKUP, number)
        chosen = (
            number
            for number, client in enumerate(self.clients)
            if self.client_ids[number] == one and client.tw_early <= begin <= client.tw_late
        )
        number = next(chosen, -1)
        return None if number < 0 else pyvrp.Activity(types.CLIENT, number)


@dataclass(frozen=True, slots=True)
class _Spot:
    """A location: what it is, the seconds that arriving takes on top of the drive, which vehicles never come (by
    number), whether something is handed over or collected there, and whose alone it is."""

    place: int
    role: str
    seconds: int = 0
    nobody: frozenset[int] = frozenset()
    gives: bool = False
    takes: bool = False
    name: str = ""


def _start(vehicle: Vehicle) -> _Spot:
    return _Spot(vehicle.start, "start")


def _reload(vehicle: Vehicle) -> _Spot:
    return _Spot(vehicle.start, "reload", vehicle.reload_seconds)


def _end(vehicle: Vehicle) -> _Spot:
    return _Spot(0, "nowhere") if vehicle.end is None else _Spot(vehicle.end, "end")


class _Watch(pyvrp.IteratedLocalSearchCallbacks):
    """Sends better plans on; ends a search that is late, that has no hope, or that nobody minds."""

    def __init__(self, send: Send, ends_at: float, iterations: int | None) -> None:
        self.send, self.ends_at, self.iterations = send, ends_at, iterations
        self.words: Words | None = None
        self.feasible = False
        self.hopes_until = ends_at
        self.kept: Orders | None = None
        self.sent_at = time.monotonic()

    def on_start(self, ils: Any) -> None:
        self.on_best(ils.initial_solution)

    def on_best(self, best: Any) -> None:
        if self.words and best.is_feasible():
            self.feasible, self.kept = True, self.words.orders(best)

    def on_iteration(self, *_: Any) -> None:
        if self.kept is not None and time.monotonic() - self.sent_at >= PAUSE:
            self.finish()

    def finish(self) -> None:
        if self.kept is not None:
            self.send(self.kept)
            self.kept, self.sent_at = None, time.monotonic()

    def is_late(self) -> bool:
        """The time is over, or whoever asked is gone: nobody would read the answer."""
        return time.monotonic() >= self.ends_at or orphaned()

    def stop(self) -> StoppingCriterion:
        """PyVRP's question after each step."""
        counted = None if self.iterations is None else MaxIterations(self.iterations)

        def over(best_cost: int) -> bool:
            if counted is not None and counted(best_cost):
                return True
            return self.is_late() or (not self.feasible and time.monotonic() >= self.hopes_until)

        return over
