"""A problem as arrays for the compiled search: one row per node, one per vehicle.

Nodes are numbered: jobs first (the order of `problem.visits`), then a start and an end for every vehicle, then the
reloads
each vehicle may use. Whatever the arrays cannot say exactly makes `exact` true: then every insertion is tried by
driving
the whole tour (`drive.py`) before it counts.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ...matrix import UNREACHABLE
from ...model import Job, Problem, Vehicle
from . import columns as c

#: Beside how many near jobs an insertion is tried, and among how many a removal spreads.
NEAR = 40
ADJACENT = 200
#: No feasible change costs as much.
BIG = 2**62
#: Rows of the table of neighbours computed at a time.
ROWS_AT_A_TIME = 256
NEVER = 2**40
PICKUP_HALF, DELIVERY_HALF = 1, 2
IN_ORDER, IN_PREFIX = 1, 2
Ints = npt.NDArray[np.int64]


#: Everything the search may know and never changes; `columns` says what stands where.
Facts = namedtuple("Facts", ("node", "fleet", "road", "near", "kmask", "table", "num"))


def facts_of(problem: Problem) -> Any:
    """The arrays of a problem; times, loads and money stay whole numbers."""
    return _Making(problem).facts()


class _Making:
    """Collects the arrays of one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.jobs, self.fleet = problem, problem.visits, problem.vehicles
        self.n, self.v, self.d = len(self.jobs), len(self.fleet), max(1, len(problem.dimensions))
        self.row = {job.id: number for number, job in enumerate(self.jobs)}
        self.number = {vehicle.id: number for number, vehicle in enumerate(self.fleet)}
        spare = [min(vehicle.trips, max(1, self.n)) - 1 for vehicle in self.fleet]
        self.reload_at = np.cumsum([0, *spare], dtype=np.int64) + self.n + 2 * self.v
        self.nodes = int(self.reload_at[-1])
        self.profiles = {name: number for number, name in enumerate(problem.matrices)}

    def facts(self) -> Any:
        road, nowhere = self._road()
        kind, kinds = self._kinds()
        products = {name: number for number, name in enumerate(sorted({one.product for one in self.problem.stocks}))}
        node, fleet = self._nodes(nowhere, len(products)), self._fleet(kind, len(products))
        self._loads(node)
        self._locks(node)
        self._traits(node)
        self._before(node)
        self._prices(node, road)
        self._stock(node, fleet, products)
        kmask = self._allowed(kind, kinds)
        near = self._neighbours(road, node)
        node[: self.n, c.FAR] = self._far(road, node)
        node[: self.n, c.WIDE] = node[: self.n, c.CLOSES] - node[: self.n, c.OPENS]
        table = np.concatenate((self._windows(node), self._pauses(fleet, sum(len(job.windows) for job in self.jobs))))
        num = self._numbers(node, fleet, kmask)
        num[c.KINDS], num[c.PRODUCTS] = kinds, len(products)
        return Facts(node=node, fleet=fleet, road=road, near=near, kmask=kmask, table=table, num=num)

    def _numbers(self, node: Ints, fleet: Ints, kmask: Any) -> Ints:
        balance, previous = self.problem.balance, self.problem.previous
        num = np.zeros(c.NUMBERS, dtype=np.int64)
        num[c.JOBS], num[c.VEHICLES], num[c.DIMENSIONS], num[c.NODES] = self.n, self.v, self.d, self.nodes
        num[c.RELOADS] = self.nodes - self.n - 2 * self.v
        num[c.HAS_SETUP] = node[:, c.SETUP].any()
        num[c.HAS_PAIRS] = bool(self.problem.shipments)
        num[c.HAS_LOADS] = node[:, c.LOADS : c.LOADS + 3 * self.d].any()
        num[c.HAS_TRAITS] = node[:, c.CLASHES].any()
        num[c.HAS_STOCK] = bool(self.problem.stocks)
        num[c.HAS_LIMITS] = (fleet[:, (c.MAX_STOPS, c.MAX_METRES, c.MAX_DRIVING)] < NEVER).any()
        num[c.RESTRICTED] = not kmask.all()
        num[c.DURATION], num[c.EXACT] = self._duration(), self._is_exact()
        num[c.MANY] = any(len(job.windows) > 1 for job in self.jobs)
        num[c.EVEN_AFTER] = balance.target_seconds if balance else NEVER
        num[c.EVEN_RATE] = balance.second_cost if balance else 0
        num[c.CHANGE_COST] = previous.change_cost if previous else 0
        num[c.TOLERANCE] = previous.tolerance_seconds if previous else 0
        num[c.NEAR_COUNT], num[c.ADJACENT_COUNT] = min(NEAR, max(0, self.n - 1)), min(ADJACENT, max(0, self.n - 1))
        num[c.GOODS_AT], num[c.STOCK_AT] = c.LOADS + 3 * self.d, c.ROOM + self.d
        return num

    def _road(self) -> tuple[npt.NDArray[np.int32], int]:
        """Seconds and metres of every leg side by side; one more place for ends that are wherever a tour stops."""
        size = next((matrix.size for matrix in self.problem.matrices.values()), 0)
        extra = int(any(vehicle.end is None for vehicle in self.fleet))
        road = np.zeros((max(1, len(self.profiles)), size + extra, size + extra, 2), dtype=np.int32)
        percent = self._mean_percent()
        for name, number in self.profiles.items():
            seconds = self.problem.matrices[name].seconds
            if percent != 100:
                slow = -(-seconds.astype(np.int64) * percent // 100)
                seconds = np.where(seconds < UNREACHABLE, np.minimum(slow, UNREACHABLE), UNREACHABLE).astype(np.int32)
            road[number, :size, :size, 0] = seconds
            road[number, :size, :size, 1] = self.problem.matrices[name].metres
        return road, size

    def _mean_percent(self) -> int:
        """One factor for the whole day: the periods' mean over the hours in which anybody drives."""
        periods = self.problem.periods
        if not periods or not self.fleet:
            return 100
        first = min(vehicle.shift.opens for vehicle in self.fleet)
        last = max(vehicle.shift.closes for vehicle in self.fleet)
        edges = [(first, 100), *((max(first, one.opens), one.percent) for one in periods), (last, 100)]
        whole = sum(max(0, min(after, last) - before) * percent for (before, percent), (after, _) in pairwise(edges))
        return max(10, -(-whole // max(1, last - first)))

    def _kinds(self) -> tuple[Ints, int]:
        """Vehicles that differ in nothing but their name share a kind: only one empty one of each needs trying."""
        known: dict[Any, int] = {}
        told = {one for job in self.jobs for one in (job.vehicles or ())} if self._some_chosen() else set()
        kept = {one.vehicle for one in self.problem.previous.kept} if self.problem.previous else set()
        groups = self._chosen_groups()
        found = []
        for vehicle in self.fleet:
            single = vehicle.id if vehicle.locked or vehicle.id in kept else ""
            chosen = groups.get(vehicle.id) if vehicle.id in told else None
            key = (_sort_of(vehicle), single, chosen)
            found.append(known.setdefault(key, len(known)))
        return np.array(found, dtype=np.int64), max(1, len(known))

    def _some_chosen(self) -> bool:
        return any(job.vehicles is not None for job in self.jobs)

    def _chosen_groups(self) -> dict[str, frozenset[int]]:
        """By vehicle the set of different choices of vehicles it is part of."""
        choices = {job.vehicles for job in self.jobs if job.vehicles is not None}
        groups: dict[str, set[int]] = {}
        for number, choice in enumerate(choices):
            for one in choice:
                groups.setdefault(one, set()).add(number)
        return {one: frozenset(numbers) for one, numbers in groups.items()}

    def _allowed(self, kind: Ints, kinds: int) -> Any:
        """Which kinds of vehicle may serve a node."""
        allowed = np.zeros((self.nodes, kinds), dtype=np.uint8)
        sample = {int(kind[number]): vehicle for number, vehicle in reversed(list(enumerate(self.fleet)))}
        seen: dict[tuple[Any, ...], Any] = {}
        for row, job in enumerate(self.jobs):
            holder = self.problem.locked_to.get(job.id)
            key = (job.vehicles, job.skills, holder)
            if key not in seen:
                seen[key] = np.array([_may(job, sample[number], holder) for number in range(len(sample))] or [False])
            allowed[row] = seen[key]
        for pair in self.problem.shipments:
            one, other = self.row[pair.pickup.id], self.row[pair.delivery.id]
            allowed[one] = allowed[other] = allowed[one] & allowed[other]
        allowed[self.n :] = 1
        return allowed

    def _duration(self) -> bool:
        """Whether the length of a tour costs or is bounded."""
        return bool(self.problem.balance) or any(
            vehicle.second_cost or vehicle.overtime_second_cost or vehicle.max_seconds is not None
            for vehicle in self.fleet
        )

    def _is_exact(self) -> bool:
        return (
            any(len(job.windows) > 1 or job.second_price or job.release is not None for job in self.jobs)
            or any(job.due is not None and job.late_second_cost for job in self.jobs)
            or any(vehicle.breaks or vehicle.rule or vehicle.trips > 1 for vehicle in self.fleet)
            or bool(self.problem.previous)
            or (bool(self.problem.shipments) and self._duration())
            or any(one in self.problem.pair_of for vehicle in self.fleet for one in vehicle.locked)
        )

    def _nodes(self, nowhere: int, products: int) -> Ints:
        """Places, times and prices of jobs; places and times of starts, ends and reloads."""
        node = np.zeros((self.nodes, c.LOADS + 3 * self.d + products), dtype=np.int64)
        node[:, (c.PARTNER, c.WAS_VEHICLE)] = -1
        for row, job in enumerate(self.jobs):
            node[row, c.PLACE], node[row, c.SVC], node[row, c.SETUP] = job.place, job.service_seconds, job.setup_seconds
            node[row, c.OPENS], node[row, c.CLOSES] = job.windows[0].opens, job.windows[-1].closes
            node[row, c.SECOND_PRICE], node[row, c.LATE] = job.second_price, job.late_second_cost
            node[row, c.DUE] = NEVER if job.due is None else job.due
            node[row, c.RELEASE] = -NEVER if job.release is None else job.release
        for pair in self.problem.shipments:
            one, other = self.row[pair.pickup.id], self.row[pair.delivery.id]
            node[one, c.PARTNER], node[other, c.PARTNER] = other, one
            node[one, c.HALF], node[other, c.HALF] = PICKUP_HALF, DELIVERY_HALF
        for number, vehicle in enumerate(self.fleet):
            begin, end = self.n + number, self.n + self.v + number
            turns = range(int(self.reload_at[number]), int(self.reload_at[number + 1]))
            for one in (begin, end, *turns):
                node[one, c.PLACE] = vehicle.start
                node[one, c.OPENS], node[one, c.CLOSES] = vehicle.shift.opens, vehicle.shift.closes
            node[end, c.PLACE] = nowhere if vehicle.end is None else vehicle.end
            for one in turns:
                node[one, c.SVC] = vehicle.reload_seconds
        return node

    def _windows(self, node: Ints) -> Ints:
        """All windows one below the other; the node knows its first and the one after its last."""
        at = np.cumsum([0, *(len(job.windows) for job in self.jobs)], dtype=np.int64)
        node[: self.n, c.WINDOW_FIRST], node[: self.n, c.WINDOW_LAST] = at[:-1], at[1:]
        every = [(window.opens, window.closes) for job in self.jobs for window in job.windows]
        return _rows(every)

    def _loads(self, node: Ints) -> None:
        load = node[:, c.LOADS : c.LOADS + 3 * self.d].reshape(self.nodes, self.d, 3).copy()
        for row, job in enumerate(self.jobs):
            paired = job.id in self.problem.pair_of
            if job.delivery:
                column = c.PAIRLOAD if paired else c.GIVE
                load[row, :, column] = np.negative(job.delivery) if paired else job.delivery
            if job.pickup:
                load[row, :, c.PAIRLOAD if paired else c.TAKE] = job.pickup
        node[:, c.LOADS : c.LOADS + 3 * self.d] = load.reshape(self.nodes, -1)

    def _prices(self, node: Ints, road: npt.NDArray[np.int32]) -> None:
        """What leaving a node out costs; one that must go costs more than any plan can save by it."""
        change = self.problem.previous.change_cost if self.problem.previous else 0
        for row, job in enumerate(self.jobs):
            pair = self.problem.pair_of.get(job.id)
            own = job.price if pair is None else pair.price
            node[row, c.MUST] = own is None
            if pair is None or job.id == pair.pickup.id:
                node[row, c.PRICE] = own or 0
            if job.id in self.problem.kept:
                node[row, c.PRICE] += change
        beyond = self._beyond(int(node[:, c.PRICE].sum()), road)
        for row in range(self.n):
            if node[row, c.MUST] and node[row, c.HALF] != DELIVERY_HALF:
                node[row, c.PRICE] = beyond

    def _beyond(self, prices: int, road: npt.NDArray[np.int32]) -> int:
        """A price for jobs that must go: above everything that serving one of them could ever cost."""
        longest = int(road[..., 1].max(initial=0))
        dearest = prices
        for one in self.fleet:
            span = one.shift.closes - one.shift.opens
            rate = one.second_cost + one.overtime_second_cost
            rate += self.problem.balance.second_cost if self.problem.balance else 0
            dearest = max(dearest, prices + one.fixed_cost + 3 * longest * one.metre_cost + span * rate)
        return min(4 * dearest + 10**6, 2**58 // max(1, self.n))

    def _locks(self, node: Ints) -> None:
        """Nothing is put before a job of a prefix, and no locked job is moved."""
        for vehicle in self.fleet:
            for rank, one in enumerate(vehicle.order):
                node[self.row[one], c.FIXED], node[self.row[one], c.RANK] = IN_ORDER, rank
            for one in vehicle.prefix:
                node[self.row[one], c.FIXED] = IN_PREFIX

    def _fleet(self, kind: Ints, products: int) -> Ints:
        # One more row, so that an array without vehicles is none without rows.
        whole = np.zeros((self.v + 1, c.ROOM + self.d + products), dtype=np.int64)
        fleet = whole[: self.v]
        depots = self._depots()
        fleet[:, c.KIND], fleet[:, c.TAIL_GROUP] = kind, self._tail_groups()
        fleet[:, c.RELOAD_FIRST_NODE], fleet[:, c.RELOAD_LAST] = self.reload_at[:-1], self.reload_at[1:]
        counts = np.bincount(kind, minlength=1) if self.v else np.zeros(1, dtype=np.int64)
        whole[: len(counts), c.KIND_FIRST] = np.cumsum([0, *counts[:-1]])
        for row, one in zip(fleet, self.fleet, strict=True):
            if one.capacity:
                row[c.ROOM : c.ROOM + self.d] = one.capacity
            row[c.PROFILE], row[c.DEPOT], row[c.TRIPS] = self.profiles[one.profile], depots[one.start], one.trips
            for column, limit in (
                (c.MAX_STOPS, one.max_stops), (c.MAX_METRES, one.max_metres), (c.MAX_SECONDS, one.max_seconds),
                (c.MAX_DRIVING, one.max_driving_seconds), (c.OVER_AFTER, one.overtime_after),
                (c.WORK_SECONDS, one.rule and one.rule.work_seconds),
            ):  # fmt: skip
                row[column] = NEVER if limit is None else limit
            row[c.COST_FIXED], row[c.COST_METRE], row[c.COST_SECOND] = one.fixed_cost, one.metre_cost, one.second_cost
            row[c.OVER_RATE], row[c.FIRST_MIXED] = one.overtime_second_cost, one.deliveries_first
            row[c.REST_SECONDS] = one.rule.break_seconds if one.rule else 0
        return whole

    def _tail_groups(self) -> Ints:
        """Vehicles of one group may exchange the ends of their tours: same roads, same home, same costs by the way."""
        known: dict[Any, int] = {}
        keys = [
            (one.profile, one.end, one.shift, one.start if self.problem.stocks else 0, one.deliveries_first,
             one.overtime_after, one.overtime_second_cost, one.metre_cost, one.second_cost)
            for one in self.fleet
        ]  # fmt: skip
        return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)

    def _depots(self) -> dict[int, int]:
        return {one: number for number, one in enumerate(sorted({vehicle.start for vehicle in self.fleet}))}

    def _stock(self, node: Ints, fleet: Ints, products: dict[str, int]) -> None:
        """Pieces by depot and scarce product, and what each node takes."""
        depots = self._depots()
        for one in self.problem.stocks:
            if one.place in depots:
                fleet[depots[one.place], c.ROOM + self.d + products[one.product]] = one.quantity
        for row, job in enumerate(self.jobs):
            for product, quantity in job.goods:
                if product in products:
                    node[row, c.LOADS + 3 * self.d + products[product]] = quantity

    def _traits(self, node: Ints) -> None:
        """Bits of the traits that clash with something, and of what they clash with.

        Beyond 62 such traits the rest shares bits, which forbids more than it must and never less.
        """
        names = sorted({one for pair in self.problem.incompatible for one in pair})
        bit = {name: 1 << (number % 62) for number, name in enumerate(names)}
        against: dict[str, int] = {}
        for one, other in self.problem.incompatible:
            against[one] = against.get(one, 0) | bit[other]
            against[other] = against.get(other, 0) | bit[one]
        for row, job in enumerate(self.jobs):
            for trait in job.traits:
                node[row, c.TRAITS] |= bit.get(trait, 0)
                node[row, c.CLASHES] |= against.get(trait, 0)

    def _before(self, node: Ints) -> None:
        """Who served a job in the plan before, and when."""
        node[:, c.WAS_START] = -NEVER
        for one in self.problem.kept.values():
            row = self.row[one.job]
            node[row, c.WAS_VEHICLE] = self.number.get(one.vehicle, self.v)
            if one.service_start is not None:
                node[row, c.WAS_START] = one.service_start

    def _pauses(self, fleet: Ints, behind: int) -> Ints:
        """All breaks one below the other; the vehicle knows its first and the one after its last."""
        at = np.cumsum([behind, *(len(vehicle.breaks) for vehicle in self.fleet)], dtype=np.int64)
        fleet[: self.v, c.BREAK_FIRST], fleet[: self.v, c.BREAK_LAST] = at[:-1], at[1:]
        every = [
            (one.window.opens, one.window.closes, one.seconds, int(one.always))
            for vehicle in self.fleet
            for one in vehicle.breaks
        ]
        return _rows(every)

    def _far(self, road: npt.NDArray[np.int32], node: Ints) -> Ints:
        """How far each job lies from the nearest depot."""
        starts = sorted({vehicle.start for vehicle in self.fleet}) or [0]
        if not self.n:
            return np.zeros(0, dtype=np.int64)
        ways = road[0][np.array(starts)[:, None], node[: self.n, c.PLACE]][..., 1]
        return np.asarray(ways.min(axis=0), dtype=np.int64)

    def _neighbours(self, road: Any, node: Ints) -> Any:
        """By job the nearest others: in a measure of way and time for insertions, of way alone for removals.

        The measure of Vidal and others (Computers & Operations Research 40, 2013): way, a fifth of the wait and the
        whole delay that going from one straight to the other brings, the better of both directions.
        """
        near_count, adjacent_count = min(NEAR, max(0, self.n - 1)), min(ADJACENT, max(0, self.n - 1))
        found = np.zeros((self.n, near_count + adjacent_count), dtype=np.int32)
        where, weight = node[: self.n, c.PLACE], self._weights()
        a, b, s = (node[: self.n, column].astype(np.float64) for column in (c.OPENS, c.CLOSES, c.SVC))
        flat = road[0]
        for first in range(0, self.n, ROWS_AT_A_TIME):
            rows = np.arange(first, min(first + ROWS_AT_A_TIME, self.n))
            out = flat[np.ix_(where[rows], where)].astype(np.float64)
            back = flat[np.ix_(where, where[rows])].astype(np.float64).transpose(1, 0, 2)
            way = np.minimum(out[..., 1], back[..., 1]) * weight[0] + np.minimum(out[..., 0], back[..., 0]) * weight[1]
            there = _timely(out[..., 0], a[rows][:, None], b[rows][:, None], s[rows][:, None], a[None, :], b[None, :])
            here = _timely(back[..., 0], a[None, :], b[None, :], s[None, :], a[rows][:, None], b[rows][:, None])
            measure = np.minimum(
                out[..., 1] * weight[0] + out[..., 0] * weight[1] + there * weight[2],
                back[..., 1] * weight[0] + back[..., 0] * weight[1] + here * weight[2],
            )
            for table in (way, measure):
                table[np.arange(len(rows)), rows] = np.inf
            found[rows, :near_count] = _smallest(measure, near_count)
            found[rows, near_count:] = _smallest(way, adjacent_count)
        return found

    def _weights(self) -> tuple[float, float, float]:
        """Money by metre and by second of the first vehicles, and by second of wait or delay."""
        metre = max((vehicle.metre_cost for vehicle in self.fleet), default=0)
        second = max((vehicle.second_cost for vehicle in self.fleet), default=0)
        if not metre and not second:
            metre = 1
        longest = max((int(matrix.metres.max(initial=0)) for matrix in self.problem.matrices.values()), default=0)
        slowest = max(
            (int(matrix.seconds[matrix.seconds < UNREACHABLE].max(initial=0)) for matrix in
             self.problem.matrices.values()), default=0,
        )  # fmt: skip
        return float(metre), float(second), metre * longest / max(1, slowest) + second


def _rows(every: Sequence[tuple[int, ...]]) -> Ints:
    """Rows of four numbers."""
    table = np.zeros((len(every), 4), dtype=np.int64)
    for row, one in zip(table, every, strict=True):
        row[: len(one)] = one
    return table


def _timely(seconds: Any, a: Any, b: Any, s: Any, c: Any, e: Any) -> Any:
    """A fifth of the shortest wait and the whole of the shortest delay on a leg between windows [a, b] and [c, e]."""
    return 0.2 * np.maximum(0, c - s - seconds - b) + np.maximum(0, a + s + seconds - e)


def _smallest(table: Any, count: int) -> Any:
    if not count:
        return np.zeros((len(table), 0), dtype=np.int32)
    rows = np.arange(len(table))[:, None]
    part = np.argpartition(table, count - 1, axis=1)[:, :count]
    order = np.lexsort((part, table[rows, part]), axis=1)
    return part[rows, order].astype(np.int32)


def _sort_of(vehicle: Vehicle) -> Any:
    """Everything about a vehicle but its name."""
    return tuple(
        getattr(vehicle, name) for name in vehicle.__slots__ if name != "id"
    )  # fmt: skip


def _may(job: Job, vehicle: Vehicle, holder: str | None) -> bool:
    chosen = job.vehicles is None or vehicle.id in job.vehicles
    return chosen and job.skills <= vehicle.skills and holder in (None, vehicle.id)


__all__ = ["ADJACENT", "BIG", "NEAR", "NEVER", "Facts", "facts_of"]
