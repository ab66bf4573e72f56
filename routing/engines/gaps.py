"""Where jobs would fit into one vehicle's order: estimates for many jobs and gaps at once.

Pauses stay where they are and other tours do not exist. What these arrays call possible is asked of `schedule` before
anybody believes it; what they call impossible is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..matrix import UNREACHABLE
from ..model import LARGEST_TIME, RELOAD, Job, Problem, Vehicle
from ..schedule import amounts
from ..timing import Broken, Clock, walk

Figures = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER = 4 * LARGEST_TIME
#: Cells of a table of pairs that are computed at once.
MOST_CELLS = 2_000_000


class Visits:
    """The problem's visits as arrays; a row for each."""

    def __init__(self, problem: Problem) -> None:
        visits, size = problem.visits, len(problem.dimensions)
        self.row = {job.id: number for number, job in enumerate(visits)}
        self.place = _numbers([job.place for job in visits])
        self.setup = _numbers([job.setup_seconds for job in visits])
        self.service = _numbers([job.service_seconds for job in visits])
        self.release = _numbers([-NEVER if job.release is None else job.release for job in visits])
        most = max((len(job.windows) for job in visits), default=1)
        self.opens = np.full((len(visits), most), NEVER, dtype=np.int64)
        self.closes = np.full((len(visits), most), -NEVER, dtype=np.int64)
        for number, job in enumerate(visits):
            for at, window in enumerate(job.windows):
                self.opens[number, at], self.closes[number, at] = window.opens, window.closes
        self.out = _numbers([amounts(job.delivery, size) for job in visits]).reshape(len(visits), size)
        self.back = _numbers([amounts(job.pickup, size) for job in visits]).reshape(len(visits), size)
        alone = np.array([job.id not in problem.pair_of for job in visits], dtype=bool)
        self.gives = self.out.any(axis=1) & alone
        self.takes = self.back.any(axis=1) & alone
        self.second_price = np.array([job.second_price for job in visits], dtype=np.float64)
        self.due = _numbers([NEVER if job.due is None else job.due for job in visits])
        self.late = np.array([job.late_second_cost for job in visits], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Step:
    """Visits in gaps: when the service begins and the vehicle is ready at the place behind, what is added in seconds
    (all, and driven) and metres, and whether it is in time."""

    begin: Any
    ready: Any
    seconds: Any
    driven: Any
    metres: Any
    good: Any


class Gaps:
    """One vehicle's order of job ids, which must be good, and what it would cost to put other jobs into its gaps."""

    def __init__(self, problem: Problem, visits: Visits, vehicle: Vehicle, order: Sequence[str]) -> None:
        self.problem, self.visits, self.vehicle = problem, visits, vehicle
        matrix = problem.matrices[vehicle.profile]
        self.seconds, self.metres = matrix.seconds, matrix.metres
        self.capacity = _numbers(amounts(vehicle.capacity, len(problem.dimensions)))
        #: From so many seconds of a tour on each costs so much more.
        self.dear_hours = (
            [(problem.balance.target_seconds, float(problem.balance.second_cost))] if problem.balance else []
        )
        if vehicle.overtime_after is not None:
            self.dear_hours.append((vehicle.overtime_after, float(vehicle.overtime_second_cost)))
        self.put(order)

    def put(self, order: Sequence[str]) -> None:
        """Take this order instead; it must be good."""
        self.order = tuple(order)
        self.jobs: list[Job | None] = [None if one == RELOAD else self.problem.by_id[one] for one in order]
        self.trips = 1 + self.order.count(RELOAD)
        self.traits = frozenset[str]().union(*(job.traits for job in self.jobs if job))
        self._roads()
        self._clock()
        self._weigh()

    def _roads(self) -> None:
        vehicle = self.vehicle
        places = [vehicle.start if job is None else job.place for job in self.jobs]
        self.before = _numbers([vehicle.start, *places])
        self.after = _numbers([*places, vehicle.start if vehicle.end is None else vehicle.end])
        #: The vehicle stands at its depot before this gap; after it there is no way when the tour is over there.
        self.fresh = np.array([True, *(job is None for job in self.jobs)])
        self.over = np.array([False] * len(self.jobs) + [vehicle.end is None])
        self.leg = np.where(self.over, 0, self._drive(self.before, self.after))
        self.leg_metres = np.where(self.over, 0, self._way(self.before, self.after))
        self.full_setup = _numbers([*(job.setup_seconds if job else 0 for job in self.jobs), 0])
        self.next_setup = np.where(~self.fresh & (self.before == self.after), 0, self.full_setup)
        if not self.jobs:
            self.leg, self.leg_metres = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)

    def _clock(self) -> None:
        """When the vehicle leaves each place, is ready at the next, and the latest it may be ready there."""
        count, vehicle = len(self.jobs), self.vehicle
        parts: list[list[Job]] = [[]]
        for job in self.jobs:
            if job is None:
                parts.append([])
            else:
                parts[-1].append(job)
        clock = Clock(self.problem, vehicle, parts)
        leaves, readies, waits, latest = [clock.earliest], [], [], [vehicle.shift.closes]
        if count:
            passed = walk(clock, clock.earliest)
            if isinstance(passed, Broken):
                raise ValueError(f"vehicle {vehicle.id}: the order breaks {passed.rule}")
            departures = iter([reload.departure for reload in passed.reloads])
            for job, turn in zip(self.jobs, passed.turns, strict=True):
                readies.append(turn.begin - turn.waited)
                waits.append(turn.waited)
                leaves.append(next(departures) if job is None else turn.begin + job.service_seconds)
            readies.append(passed.arrival)
        self.leave, self.ready = _numbers(leaves), _numbers(readies or leaves)
        self.pause = np.maximum(0, self.ready - self.leave - self.leg - self.next_setup) if count else np.zeros(1)
        for number in range(count - 1, -1, -1):
            job, behind = self.jobs[number], number + 1
            bound = latest[-1] - int(self.pause[behind] + self.next_setup[behind] + self.leg[behind])
            bound -= vehicle.reload_seconds if job is None else job.service_seconds
            latest.append(bound if job is None else _latest(job, bound))
        self.latest = _numbers(latest[::-1])
        self.waited = np.concatenate(([0], np.cumsum(_numbers(waits))))
        self.spent = int(self.ready[-1]) - clock.earliest - sum(waits) if count else 0
        self.trip = np.cumsum(self.fresh) - 1
        first = np.searchsorted(self.trip, self.trip)
        self.left_depot, self.waited_in_trip = self.leave[first], self.waited - self.waited[first]
        prices = [0.0 if job is None else float(job.second_price) for job in self.jobs]
        self.price_behind = np.concatenate((np.cumsum(prices[::-1])[::-1], [0.0]))

    def _weigh(self) -> None:
        """Loads at each gap, the heaviest since the trip began and until it ends, and what was and will be done."""
        size, visits = len(self.capacity), self.visits
        rows = [None if job is None else visits.row[job.id] for job in self.jobs]
        count = len(rows) + 1
        self.load = np.zeros((count, size), dtype=np.int64)
        self.collected, self.delivers = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        for trip in range(self.trips):
            gaps = np.flatnonzero(self.trip == trip)
            inside = [row for row in (rows[gap] for gap in gaps[:-1]) if row is not None]
            if inside:
                alone = visits.gives[inside]
                change = visits.back[inside] - visits.out[inside]
                aboard = visits.out[inside][alone].sum(axis=0)
                self.load[gaps] = aboard + np.concatenate((np.zeros((1, size), dtype=np.int64), change.cumsum(axis=0)))
                self.collected[gaps[1:]] = np.logical_or.accumulate(visits.takes[inside])
                self.delivers[gaps[:-1]] = np.logical_or.accumulate(alone[::-1])[::-1]
        self.before_load, self.after_load = self.load.copy(), self.load.copy()
        for trip in range(self.trips):
            gaps = np.flatnonzero(self.trip == trip)
            self.before_load[gaps] = np.maximum.accumulate(self.load[gaps])
            self.after_load[gaps] = np.maximum.accumulate(self.load[gaps][::-1])[::-1]
        self.way, self.driving = int(self.leg_metres.sum()), int(self.leg.sum())

    def full(self, jobs: int) -> bool:
        """So many jobs more would be more stops than the vehicle may make."""
        most = self.vehicle.max_stops
        return most is not None and len(self.jobs) - (self.trips - 1) + jobs > most

    def _bounds(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """The first and last gap that locks leave to each of these visits."""
        first = np.full(len(rows), len(self.vehicle.prefix), dtype=np.int64)
        last = np.full(len(rows), len(self.jobs), dtype=np.int64)
        held = self.vehicle.order
        if held:
            standing = {one: at for at, one in enumerate(self.order) if one in set(held)}
            wanted = {self.visits.row[one]: at for at, one in enumerate(held)}
            for number, row in enumerate(rows):
                if int(row) in wanted:
                    at = wanted[int(row)]
                    first[number] = max([first[number], *(standing[one] + 1 for one in held[:at] if one in standing)])
                    last[number] = min([last[number], *(standing[one] for one in held[at + 1 :] if one in standing)])
        return first, last

    def singles(self, rows: Numbers, way: str = "plain") -> Figures:
        """Cost of each visit in each gap (rows x gaps), infinite where it does not fit.

        `way` says how: plain; `before`: the vehicle loads anew before the job; `behind`: after it.
        """
        visits, gaps = self.visits, np.arange(len(self.jobs) + 1)
        step = self._step(rows, way)
        first, last = self._bounds(rows)
        good = step.good & (gaps >= first[:, None]) & (gaps <= last[:, None]) & self._within(step.metres, step.driven)
        if way == "plain":
            good &= (self.before_load[None] + visits.out[rows][:, None] <= self.capacity).all(axis=2)
            good &= (self.after_load[None] + visits.back[rows][:, None] <= self.capacity).all(axis=2)
            if self.vehicle.deliveries_first:
                good &= ~(visits.gives[rows][:, None] & self.collected) & ~(visits.takes[rows][:, None] & self.delivers)
        elif way == "before":
            good &= ~self.fresh
        else:
            good &= np.array([*(job is not None for job in self.jobs), False])
        return np.where(good, self._price(rows, step.begin, step.ready, step.seconds, step.metres), np.inf)

    def _step(self, rows: Numbers, way: str) -> Step:
        """Each of these visits in each gap, one at a time."""
        visits, vehicle = self.visits, self.vehicle
        place, release = visits.place[rows][:, None], visits.release[rows][:, None]
        origin, leave, fresh = self.before, self.leave, self.fresh
        extra, extra_metres, load, left_depot = np.int64(0), np.int64(0), 0, self.left_depot
        if way == "behind":
            # The first trip then waits for nothing that the second one brings.
            leave, left_depot = leave.copy(), left_depot.copy()
            leave[0] = left_depot[0] = vehicle.shift.opens
        late = release - left_depot - self.waited_in_trip
        if way == "before":
            extra, extra_metres = self._drive(origin, vehicle.start), self._way(origin, vehicle.start)
            load, fresh, origin = vehicle.reload_seconds, np.ones_like(fresh), np.full_like(origin, vehicle.start)
            leave = leave + extra + load
            late = release - leave
        into = self._drive(origin, place)
        setup = np.where(~fresh & (origin == place), 0, visits.setup[rows][:, None])
        begin = self._begin(rows, leave + np.maximum(0, late) + into + setup)
        if way == "behind":
            onward = self._drive(place, vehicle.start) + self._drive(vehicle.start, self.after)
            onward_metres = self._way(place, vehicle.start) + self._way(vehicle.start, self.after)
            load, setup_after = vehicle.reload_seconds, self.full_setup
        else:
            onward = np.where(self.over, 0, self._drive(place, self.after))
            onward_metres = np.where(self.over, 0, self._way(place, self.after))
            setup_after = np.where(place == self.after, 0, self.full_setup)
        service = visits.service[rows][:, None]
        ready = begin + service + onward + setup_after + self.pause + (load if way == "behind" else 0)
        driven = extra + into + onward - self.leg
        roads = (extra < UNREACHABLE) & (into < UNREACHABLE) & (onward < UNREACHABLE)
        return Step(
            begin=begin,
            ready=ready,
            seconds=driven + service + setup + load + setup_after - self.next_setup,
            driven=driven,
            metres=extra_metres + self._way(origin, place) + onward_metres - self.leg_metres,
            good=(begin < NEVER) & (ready <= self.latest) & roads,
        )

    def _drive(self, start: Any, end: Any) -> Any:
        return self.seconds[start, end].astype(np.int64)

    def _way(self, start: Any, end: Any) -> Any:
        return self.metres[start, end].astype(np.int64)

    def _begin(self, rows: Numbers, ready: Numbers) -> Numbers:
        begin = np.full(ready.shape, NEVER, dtype=np.int64)
        for opens, closes in zip(self.visits.opens[rows].T, self.visits.closes[rows].T, strict=True):
            here = np.maximum(ready, _over(opens, ready))
            begin = np.where(ready <= _over(closes, ready), np.minimum(begin, here), begin)
        return begin

    def _within(self, metres: Any, driven: Any) -> Any:
        most, longest = self.vehicle.max_metres, self.vehicle.max_driving_seconds
        good = np.ones(metres.shape, dtype=bool)
        if most is not None:
            good &= self.way + metres <= most
        if longest is not None:
            good &= self.driving + driven <= longest
        return good

    def _price(self, rows: Numbers, begin: Any, ready: Any, seconds: Any, metres: Any) -> Figures:
        """What the visits would cost, those behind them that are pushed back included."""
        vehicle = self.vehicle
        cost: Figures = metres * float(vehicle.metre_cost) + seconds * float(vehicle.second_cost)
        for after, extra in self.dear_hours:
            cost = cost + extra * (np.maximum(0, self.spent + seconds - after) - max(0, self.spent - after))
        cost = cost + self._delay(rows, begin) + np.maximum(0, ready - self.ready) * self.price_behind
        return cost if self.jobs else cost + vehicle.fixed_cost

    def _delay(self, rows: Numbers, begin: Any) -> Figures:
        visits = self.visits
        late = np.maximum(0, begin - _over(visits.due[rows], begin))
        cost: Figures = _over(visits.late[rows], begin) * late
        cost += _over(visits.second_price[rows], begin) * np.maximum(0, begin)
        return cost

    def pairs(self, pickups: Numbers, deliveries: Numbers) -> Figures:
        """Cost of each pair in each two gaps (pairs x gap of the pickup x gap of the delivery)."""
        gaps = len(self.jobs) + 1
        many = max(1, MOST_CELLS // (gaps * gaps))
        parts = [
            self._pairs(pickups[at : at + many], deliveries[at : at + many]) for at in range(0, len(pickups), many)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, gaps, gaps))

    def _pairs(self, pickups: Numbers, deliveries: Numbers) -> Figures:
        gaps = np.arange(len(self.jobs) + 1)
        cost = np.where(
            gaps[:, None] == gaps, self._together(pickups, deliveries)[:, :, None], self._apart(pickups, deliveries)
        )
        allowed = (gaps[:, None] <= gaps) & (self.trip[:, None] == self.trip)
        allowed = allowed & (self._heaviest() + self.visits.back[pickups][:, None, None] <= self.capacity).all(axis=3)
        first, last = self._bounds(pickups)
        allowed &= ((gaps >= first[:, None]) & (gaps <= last[:, None]))[:, :, None]
        first, last = self._bounds(deliveries)
        allowed &= ((gaps >= first[:, None]) & (gaps <= last[:, None]))[:, None, :]
        return np.where(allowed, cost, np.inf)

    def _apart(self, pickups: Numbers, deliveries: Numbers) -> Figures:
        """The delivery in a later gap: everything between is pushed back by what waits do not absorb."""
        one, other = self._step(pickups, "plain"), self._step(deliveries, "plain")
        pushed = np.maximum(0, one.ready - self.ready)
        pushed = np.maximum(0, pushed[:, :, None] - (self.waited[None, :] - self.waited[:, None]))
        begin = self._begin(deliveries, other.begin[:, None, :] + pushed)
        ready = begin + (other.ready - other.begin)[:, None, :]
        cost = self._price(pickups, one.begin, one.ready, one.seconds, one.metres)[:, :, None] + self._price(
            deliveries, begin, ready, other.seconds[:, None, :], other.metres[:, None, :]
        )
        metres = one.metres[:, :, None] + other.metres[:, None, :]
        good = one.good[:, :, None] & (begin < NEVER) & (ready <= self.latest) & (other.driven < UNREACHABLE)[:, None]
        return np.where(good & self._within(metres, one.driven[:, :, None] + other.driven[:, None, :]), cost, np.inf)

    def _together(self, pickups: Numbers, deliveries: Numbers) -> Figures:
        """Cost of both halves one after the other in the same gap."""
        visits = self.visits
        begin = self._step(pickups, "plain").begin
        here, there = visits.place[pickups][:, None], visits.place[deliveries][:, None]
        into, across = self._drive(self.before, here), self._drive(here, there)
        onward = np.where(self.over, 0, self._drive(there, self.after))
        setup = np.where(here == there, 0, visits.setup[deliveries][:, None])
        setup_after = np.where(there == self.after, 0, self.full_setup)
        ready_there = np.minimum(begin, NEVER) + visits.service[pickups][:, None] + across + setup
        begin_there = self._begin(deliveries, ready_there)
        ready = begin_there + visits.service[deliveries][:, None] + onward + setup_after + self.pause
        driven = into + across + onward - self.leg
        metres = self._way(self.before, here) + self._way(here, there) - self.leg_metres
        metres = metres + np.where(self.over, 0, self._way(there, self.after))
        work = visits.service[pickups] + visits.service[deliveries] + visits.setup[pickups]
        seconds = driven + work[:, None] + setup + setup_after - self.next_setup
        cost = self._price(pickups, begin, ready, seconds, metres) + self._delay(deliveries, begin_there)
        good = (begin < NEVER) & (begin_there < NEVER) & (ready <= self.latest) & self._within(metres, driven)
        return np.where(good & (np.maximum(np.maximum(into, across), onward) < UNREACHABLE), cost, np.inf)

    def _heaviest(self) -> Numbers:
        """The heaviest load from one gap to another (gaps x gaps x dimensions)."""
        count = len(self.jobs) + 1
        table = np.broadcast_to(self.load, (count, *self.load.shape)).copy()
        table[np.tril_indices(count, -1)] = 0
        return np.maximum.accumulate(table, axis=1)

    def tried(self, ids: tuple[str, ...]) -> Iterator[tuple[float, tuple[str, ...]]]:
        """Orders with these jobs (one, or both halves of a pair) put in, the cheapest by estimate first."""
        rows = [self.visits.row[one] for one in ids]
        if len(ids) == 1:
            yield from self._tried_single(ids[0], rows[0])
        else:
            yield from self._tried_pair(ids, rows)

    def _tried_single(self, one: str, row: int) -> Iterator[tuple[float, tuple[str, ...]]]:
        ways = ("plain", "before", "behind") if self.trips < self.vehicle.trips and self.jobs else ("plain",)
        put = {"plain": (one,), "before": (RELOAD, one), "behind": (one, RELOAD)}
        for way in ways:
            costs = self.singles(_numbers([row]), way)[0]
            for gap in np.argsort(costs, kind="stable"):
                if not np.isfinite(costs[gap]):
                    break
                yield float(costs[gap]), (*self.order[:gap], *put[way], *self.order[gap:])

    def _tried_pair(self, ids: tuple[str, ...], rows: list[int]) -> Iterator[tuple[float, tuple[str, ...]]]:
        costs = self.pairs(_numbers(rows[:1]), _numbers(rows[1:]))[0]
        for place in np.argsort(costs, axis=None, kind="stable"):
            first, second = divmod(int(place), costs.shape[1])
            if not np.isfinite(costs[first, second]):
                break
            order = (*self.order[:first], ids[0], *self.order[first:second], ids[1], *self.order[second:])
            yield float(costs[first, second]), order
        if self.jobs and self.trips < self.vehicle.trips:
            dear = float(NEVER)
            yield dear, (*self.order, RELOAD, *ids)
            yield dear, (*ids, RELOAD, *self.order)


def _latest(job: Job, bound: int) -> int:
    """The latest moment not after the bound inside a window; just before all windows when there is none."""
    for window in reversed(job.windows):
        if window.opens <= bound:
            return min(bound, window.closes)
    return job.windows[0].opens - 1


def _over(values: Any, table: Any) -> Any:
    """A value per row, shaped to meet a table with that many rows."""
    return values[(slice(None),) + (None,) * (table.ndim - 1)]


def _numbers(values: Any) -> Numbers:
    return np.array(values, dtype=np.int64)
