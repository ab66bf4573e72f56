"""Greedy insertion on the standard library and arrays: the plan that is always there, and the start of better engines.

Jobs that must go come first, then those dearest to leave out; among some hundred of them always the one that would lose
most by not getting its best tour (regret). Arrays say where it would fit, `schedule` has the last word. At the end what
costs more than leaving it out is taken out again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, permutations

import numpy as np
import numpy.typing as npt

from ..model import RELOAD, Plan, Problem, Tour, Vehicle
from ..schedule import Broken, schedule, unfit
from ..solve import Cancelled, Limits, Listener, Orders, Progress, assemble
from .gaps import Figures, Gaps, Numbers, Visits

#: Jobs among which the regret is looked for at once.
CROWD = 200
#: Orders of one vehicle that are tried for one job.
TRIES = 16
#: What the regret of a job is that fits into one vehicle only.
ONLY_ONE = 1e30

#: Ids of a job, or of both halves of a shipment.
Request = tuple[str, ...]


class Nearest:
    """Regret insertion: deterministic, feasible, quick."""

    name = "nearest"

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
        """Insert until nothing fits or the time is over; the seed changes nothing."""
        started = time.monotonic()
        orders = first_orders(problem, deadline=started + limits.seconds, cancelled=cancelled, start=start)
        plan = assemble(problem, orders, engine=self.name, seconds=time.monotonic() - started)
        if on_progress:
            served = sum(len(tour.stops) for tour in plan.tours)
            on_progress(Progress(plan.costs.total, len(plan.tours), served, plan.seconds))
        return plan


def first_orders(
    problem: Problem,
    *,
    deadline: float,
    cancelled: Cancelled | None = None,
    start: Mapping[str, Sequence[str]] | None = None,
) -> Orders:
    """Job ids in driving order by vehicle; what is not placed by the deadline (monotonic clock) stays out.

    Args:
        start: orders to begin with; what does not hold in them is taken out and placed anew.
    """
    work = _Insertion(problem, deadline, cancelled)
    for vehicle in problem.vehicles:
        work.begin(vehicle, (start or {}).get(vehicle.id, ()))
    work.insert_all()
    if work.prune():
        work.paying = True
        work.insert_all()
    return work.orders()


class _Insertion:
    """Tours that grow job by job; every one of them has been scheduled."""

    def __init__(self, problem: Problem, deadline: float, cancelled: Cancelled | None) -> None:
        self.problem, self.deadline, self.cancelled = problem, deadline, cancelled
        self.visits = Visits(problem)
        self.gaps: list[Gaps | None] = []
        self.tours: list[Tour | None] = []
        self.placed: set[str] = set()
        self.scarce = {stock.product for stock in problem.stocks}
        self.shelves = Counter({(stock.place, stock.product): stock.quantity for stock in problem.stocks})
        self.allowed = _allowed(problem)
        #: From now on only what costs less than leaving it out is put in.
        self.paying = False
        self.foes: dict[str, set[str]] = {}
        for one, other in problem.incompatible:
            self.foes.setdefault(one, set()).add(other)
            self.foes.setdefault(other, set()).add(one)

    def begin(self, vehicle: Vehicle, order: Sequence[str]) -> None:
        """The next vehicle starts with what holds of this order, or at least with the jobs it must begin with."""
        known: list[str] = []
        for one in order:
            if one == RELOAD or (one in self.problem.by_id and one not in self.placed and one not in known):
                known.append(one)
        tour = self._mended(vehicle, known) or self._begun(vehicle)
        kept = tour.order() if tour else ()
        if vehicle.prefix and not kept:
            # It cannot begin as it must, so it cannot drive at all.
            self.gaps.append(None)
        else:
            self.gaps.append(Gaps(self.problem, self.visits, vehicle, kept))
        self.tours.append(tour)
        self.placed.update(one for one in kept if one != RELOAD)
        self._take(vehicle, kept, -1)

    def _begun(self, vehicle: Vehicle) -> Tour | None:
        """The tour of the jobs it must begin with, and of what then has still to be handed over; None without one."""
        pairs = [self.problem.pair_of.get(one) for one in vehicle.prefix]
        open_ends = [pair.delivery.id for pair in pairs if pair and pair.delivery.id not in vehicle.prefix]
        for ends in islice(permutations(open_ends), TRIES):
            order = [*vehicle.prefix, *ends]
            tour = schedule(self.problem, vehicle, order) if order and not self._lacking(vehicle, order) else None
            if isinstance(tour, Tour):
                return tour
        return None

    def _mended(self, vehicle: Vehicle, order: Sequence[str]) -> Tour | None:
        """The tour of this order, without the jobs that break a rule; None when nothing is left."""
        left = tidy(order)
        while left:
            tour = schedule(self.problem, vehicle, left)
            lacking = self._lacking(vehicle, left) if isinstance(tour, Tour) else None
            if isinstance(tour, Tour) and lacking is None:
                return tour
            blamed = lacking or (tour.job if isinstance(tour, Broken) else None)
            pair = self.problem.pair_of.get(blamed or "")
            gone = {half.id for half in pair.halves} if pair else {blamed}
            if not gone & set(left):
                gone = {next(one for one in reversed(left) if one != RELOAD)}
            left = tidy([one for one in left if one not in gone])
        return None

    def _lacking(self, vehicle: Vehicle, ids: Sequence[str]) -> str | None:
        """The first job for which too little lies at the vehicle's depot."""
        need: Counter[str] = Counter()
        for one in ids if self.scarce else ():
            for product, quantity in self.problem.by_id[one].goods if one != RELOAD else ():
                need[product] += quantity
                if product in self.scarce and need[product] > self.shelves[vehicle.start, product]:
                    return one
        return None

    def _take(self, vehicle: Vehicle, ids: Sequence[str], sign: int) -> None:
        for one in ids if self.scarce else ():
            for product, quantity in self.problem.by_id[one].goods if one != RELOAD else ():
                self.shelves[vehicle.start, product] += sign * quantity

    def orders(self) -> Orders:
        return {tour.vehicle: list(tour.order()) for tour in self.tours if tour}

    def insert_all(self) -> None:
        """Place what is not placed, in the order of its price."""
        waiting = [
            *(((job.id,), job.price) for job in self.problem.jobs),
            *(((pair.pickup.id, pair.delivery.id), pair.price) for pair in self.problem.shipments),
        ]
        waiting = [(ids, price) for ids, price in waiting if ids[0] not in self.placed]
        waiting.sort(key=lambda one: (one[1] is not None, -(one[1] or 0)))
        for at in range(0, len(waiting), CROWD):
            _Crowd(self, [ids for ids, _ in waiting[at : at + CROWD]]).place()

    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline or bool(self.cancelled and self.cancelled())

    def is_apart(self, number: int, ids: Request) -> bool:
        """Whether a trait of these jobs may not share a tour with one that is aboard of that vehicle."""
        gaps = self.gaps[number]
        traits = {trait for one in ids for trait in self.problem.by_id[one].traits}
        return gaps is not None and any(self.foes.get(trait, set()) & gaps.traits for trait in traits)

    def changed(self, number: int, ids: Request) -> int:
        """What it costs that the plan before had these jobs in another vehicle."""
        name, previous = self.problem.vehicles[number].id, self.problem.previous
        kept = [self.problem.kept[one] for one in ids if one in self.problem.kept]
        return sum(previous.change_cost for one in kept if one.vehicle != name) if previous else 0

    def put(self, number: int, ids: Request) -> bool:
        """Put the jobs where they cost least in that vehicle; false when they fit nowhere."""
        vehicle, gaps = self.problem.vehicles[number], self.gaps[number]
        if gaps is None or self._lacking(vehicle, ids) is not None:
            return False
        before, worth = self.tours[number], self._worth(ids) if self.paying else None
        dearest = None if worth is None else worth + (before.costs.total if before else 0)
        for _, order in islice(gaps.tried(ids), TRIES):
            tour = schedule(self.problem, vehicle, order)
            if isinstance(tour, Tour) and (dearest is None or tour.costs.total < dearest):
                self.tours[number] = tour
                gaps.put(order)
                self.placed.update(ids)
                self._take(vehicle, ids, -1)
                return True
        return False

    def prune(self) -> bool:
        """Take out what costs more than leaving it out, single jobs first, then whole tours; whether there was any."""
        placed = len(self.placed)
        for number, vehicle in enumerate(self.problem.vehicles):
            for ids in self._requests(number):
                tour, worth = self.tours[number], self._worth(ids)
                if tour is None or worth is None or set(ids) & set(vehicle.prefix) or self.is_over():
                    continue
                rest = tidy([one for one in tour.order() if one not in ids])
                after = schedule(self.problem, vehicle, rest) if rest else None
                left = 0 if after is None else after.costs.total if isinstance(after, Tour) else tour.costs.total
                if tour.costs.total - left > worth:
                    self._drop(number, after if isinstance(after, Tour) else None)
        for number, tour in enumerate(self.tours):
            if tour and not self.problem.vehicles[number].prefix and not self.is_over():
                worth = self._worth([stop.job for stop in tour.stops])
                if worth is not None and tour.costs.total > worth:
                    self._drop(number, None)
        return len(self.placed) < placed

    def _requests(self, number: int) -> list[Request]:
        tour = self.tours[number]
        found: dict[Request, None] = {}
        for stop in tour.stops if tour else ():
            pair = self.problem.pair_of.get(stop.job)
            found[(pair.pickup.id, pair.delivery.id) if pair else (stop.job,)] = None
        return list(found)

    def _worth(self, ids: Sequence[str]) -> int | None:
        """What leaving these jobs out costs, the change against the plan before included; None when one must go."""
        total, previous = 0, self.problem.previous
        for one in ids:
            pair = self.problem.pair_of.get(one)
            price = pair.price if pair else self.problem.by_id[one].price
            if price is None:
                return None
            total += price if pair is None or one == pair.pickup.id else 0
            total += previous.change_cost if previous and one in self.problem.kept else 0
        return total

    def _drop(self, number: int, tour: Tour | None) -> None:
        before = self.tours[number]
        gone = {stop.job for stop in before.stops} if before else set()
        gone -= {stop.job for stop in tour.stops} if tour else set()
        self._take(self.problem.vehicles[number], list(gone), 1)
        self.placed -= gone
        self.tours[number] = tour
        gaps = self.gaps[number]
        if gaps is not None:
            gaps.put(tour.order() if tour else ())


class _Crowd:
    """Some hundred requests that are placed in the order of their regret."""

    def __init__(self, work: _Insertion, requests: Sequence[Request]) -> None:
        self.work, self.requests = work, list(requests)
        self.waiting = np.ones(len(requests), dtype=bool)
        rows = work.visits.row
        self.single = np.array([len(ids) == 1 for ids in requests], dtype=bool)
        self.first = np.array([rows[ids[0]] for ids in requests], dtype=np.int64)
        self.last = np.array([rows[ids[-1]] for ids in requests], dtype=np.int64)
        self.twins = _twins(work.problem)
        self.cost = np.full((len(requests), len(work.problem.vehicles)), np.inf)
        for number in range(len(work.problem.vehicles)):
            if not work.is_over():
                self.measure(number)

    def place(self) -> None:
        work = self.work
        best, second, chosen = self._two(self.cost)
        while not work.is_over():
            regret = np.minimum(second, ONLY_ONE) - np.minimum(best, ONLY_ONE)
            at = int(np.argmax(np.where(self.waiting & np.isfinite(best), regret, -np.inf)))
            if not self.waiting[at] or not np.isfinite(best[at]):
                return
            number = int(chosen[at, 0])
            if work.put(number, self.requests[at]):
                self.waiting[at] = False
                self.measure(number)
                twin = self._next_twin(number)
                if twin is not None:
                    self.measure(twin)
                    stale = np.ones(len(best), dtype=bool)
                else:
                    stale = (chosen == number).any(axis=1) | (self.cost[:, number] < second)
            else:
                self.cost[at, number] = np.inf
                stale = np.arange(len(best)) == at
            best[stale], second[stale], chosen[stale] = self._two(self.cost[stale])

    @staticmethod
    def _two(cost: Figures) -> tuple[Figures, Figures, Numbers]:
        """The best cost of each row, the second best, and in which columns they stand."""
        if cost.shape[1] == 1:
            return cost[:, 0].copy(), np.full(len(cost), np.inf), np.zeros((len(cost), 2), dtype=np.int64)
        columns = np.argpartition(cost, 1, axis=1)[:, :2] if cost.shape[1] > 2 else np.argsort(cost, axis=1)
        values = np.take_along_axis(cost, columns, axis=1)
        turned = (values[:, 1] < values[:, 0]) | ((values[:, 1] == values[:, 0]) & (columns[:, 1] < columns[:, 0]))
        columns[turned], values[turned] = columns[turned][:, ::-1], values[turned][:, ::-1]
        return values[:, 0], values[:, 1], columns

    def measure(self, number: int) -> None:
        """What each waiting request would cost in that vehicle."""
        work, gaps = self.work, self.work.gaps[number]
        self.cost[:, number] = np.inf
        if gaps is None or (work.tours[number] is None and self._earlier_twin(number)):
            return
        may = self.waiting & work.allowed[self.first, number] & work.allowed[self.last, number]
        may &= ~np.where(self.single, gaps.full(1), gaps.full(2))
        for at in np.flatnonzero(may) if work.foes else ():
            may[at] = not work.is_apart(number, self.requests[at])
        for group in (np.flatnonzero(may & self.single), np.flatnonzero(may & ~self.single)):
            if not len(group):
                continue
            cost = self._best(gaps, group)
            if work.problem.previous:
                cost = cost + np.array([work.changed(number, self.requests[at]) for at in group])
            self.cost[group, number] = cost

    def _best(self, gaps: Gaps, group: Numbers) -> Figures:
        anew = bool(gaps.jobs) and gaps.trips < gaps.vehicle.trips
        if self.single[group[0]]:
            cost: Figures = gaps.singles(self.first[group]).min(axis=1)
            lost = ~np.isfinite(cost)
            if anew and lost.any():
                rows = self.first[group][lost]
                ways = [gaps.singles(rows, way).min(axis=1) for way in ("before", "behind")]
                cost[lost] = np.minimum(*ways)
            return cost
        cost = gaps.pairs(self.first[group], self.last[group]).min(axis=(1, 2))
        # A trip of its own is always worth a try: what it costs is told by trying.
        return np.minimum(cost, ONLY_ONE / 2) if anew else cost

    def _earlier_twin(self, number: int) -> bool:
        """Another empty vehicle that is just the same stands before this one: one of them is enough to choose from."""
        twins = self.twins[number]
        return any(self.work.tours[one] is None for one in twins[: twins.index(number)])

    def _next_twin(self, number: int) -> int | None:
        return next((one for one in self.twins[number] if self.work.tours[one] is None), None)


def _allowed(problem: Problem) -> npt.NDArray[np.bool_]:
    """Whether a vehicle may ever serve a visit (visits x vehicles)."""
    table = np.ones((len(problem.visits), len(problem.vehicles)), dtype=bool)
    kinds: dict[object, list[bool]] = {}
    for number, job in enumerate(problem.visits):
        lock = problem.locked_to.get(job.id)
        key = (job.skills, job.vehicles, lock)
        if key not in kinds:
            kinds[key] = [unfit(one, job) is None and lock in (None, one.id) for one in problem.vehicles]
        table[number] = kinds[key]
    return table


def _twins(problem: Problem) -> list[list[int]]:
    """For each vehicle those that are just like it, itself included, as numbers."""
    named = {one.vehicle for one in problem.kept.values()}
    named.update(name for job in problem.visits for name in job.vehicles or ())
    groups: dict[Vehicle | str, list[int]] = {}
    keys: list[Vehicle | str] = []
    for number, vehicle in enumerate(problem.vehicles):
        alone = vehicle.id in named or bool(vehicle.locked)
        keys.append(vehicle.id if alone else replace(vehicle, id="any"))
        groups.setdefault(keys[-1], []).append(number)
    return [groups[key] for key in keys]


def tidy(order: Sequence[str]) -> list[str]:
    """The order without reloads that stand first, last or twice in a row."""
    found: list[str] = []
    for one in order:
        if one != RELOAD or (found and found[-1] != RELOAD):
            found.append(one)
    return found[:-1] if found and found[-1] == RELOAD else found
