"""Where a job fits into tours that exist, by arrays: each gap is answered in constant time.

For an order of jobs the earliest and latest begin of every stop, the heaviest load before and after every gap, and the
shortest time from departure to every stop and from every stop to the return are computed once. Two such stretches are
joined in constant time (Vidal, Crainic, Gendreau and Prins, Computers & Operations Research 40, 2013).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .matrix import UNREACHABLE, Matrix
from .model import UNRANKED, Job, Load, Problem, Vehicle, Window
from .schedule import Broken, amounts, earliest_leave, schedule, unfit

Rows = list[list[int]]
#: A stretch of a tour: its shortest duration, and the earliest and latest moment it may begin to have that duration.
Stretch = tuple[int, int, int]
_NEVER = -(2**40)


@dataclass(frozen=True, slots=True)
class Gap:
    """The best place for a job in one vehicle's order: before stop `position`, at `cost` routing money more.

    When no gap is good, `broken` says the rule the nearest miss breaks; `cost` is then of no use.
    """

    vehicle: str
    position: int
    cost: int
    broken: Broken | None = None


@lru_cache(maxsize=8)
def _rows(matrix: Matrix) -> tuple[Rows, Rows]:
    """Seconds and metres as lists, which Python reads three times faster than arrays."""
    return matrix.seconds.tolist(), matrix.metres.tolist()


def _join(one: Stretch, other: Stretch, between: int) -> Stretch:
    """Two stretches with so many seconds between them; both must be feasible one behind the other."""
    duration, early, late = one
    ahead = duration + between
    early_there, late_there = other[1] - ahead, other[2] - ahead
    wait = early_there - late if early_there > late else 0
    begin = early_there if early_there > early else early
    return ahead + other[0] + wait, begin - wait, late if late < late_there else late_there


class Track:
    """One vehicle's order of jobs with the arrays that answer insertions. The order must be feasible, or `keeps_time`
    says that it is not and nothing else holds.

    With several windows for a job the cost of a gap is an estimate: it keeps each stop in the window it has now.
    """

    __slots__ = (
        "_after", "_before", "_capacity", "_heaviest", "_latest", "_leaves", "_metres",
        "_opens", "_places", "_seconds", "_setups", "_total", "cost", "driving", "jobs", "problem", "vehicle", "way",
    )  # fmt: skip

    def __init__(self, problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> None:
        self.problem, self.vehicle, self.jobs = problem, vehicle, list(jobs)
        self._seconds, self._metres = _rows(problem.matrices[vehicle.profile])
        self._capacity = amounts(vehicle.capacity, len(problem.dimensions))
        self._measure()

    def _measure(self) -> None:
        jobs, vehicle, seconds = self.jobs, self.vehicle, self._seconds
        self._opens = now = earliest_leave(vehicle, jobs)
        place = vehicle.start
        stretch: Stretch = (0, now, vehicle.shift.closes)
        self._places, self._leaves, self._before, self._setups = [place], [now], [stretch], []
        begins: list[Stretch] = []
        pauses: list[int] = []
        way = driving = 0
        for job in jobs:
            target = job.place
            drive = pause = seconds[place][target]
            if place != target or not begins:
                pause += job.setup_seconds
            now += pause
            window = job.windows[0] if len(job.windows) == 1 else _window(job, now)
            now = max(now, window.opens) + job.service_seconds
            begin = (job.service_seconds, window.opens, window.closes)
            stretch = _join(stretch, begin, pause)
            begins.append(begin)
            pauses.append(pause)
            self._leaves.append(now)
            self._before.append(stretch)
            self._places.append(target)
            self._setups.append(job.setup_seconds)
            way += self._metres[place][target]
            driving += drive
            place = target
        home, home_metres = self._home(place)
        self.way, self.driving = way + home_metres, driving + home
        pauses.append(home)
        latest = vehicle.shift.closes
        stretch = (0, _NEVER, latest)
        self._after, self._latest = [stretch], [latest]
        for index in range(len(jobs) - 1, -1, -1):
            stretch = _join(begins[index], stretch, pauses[index + 1])
            latest = _end(jobs[index], latest - pauses[index + 1] - begins[index][0])
            self._after.append(stretch)
            self._latest.append(latest)
        self._after.reverse()
        self._latest.reverse()
        self.cost = self._worth(self._after_leaving(stretch, pauses[0]), self.way) if jobs else 0
        self._heaviest: tuple[list[Load], list[Load]] | None = None
        self._total = [
            sum([job.delivery[d] for job in jobs if job.delivery]) + sum([job.pickup[d] for job in jobs if job.pickup])
            for d in range(len(self._capacity))
        ]

    def _after_leaving(self, stretch: Stretch, pause: int) -> int:
        return _join(self._before[0], stretch, pause)[0]

    def _home(self, place: int) -> tuple[int, int]:
        end = self.vehicle.end
        return (0, 0) if end is None else (self._seconds[place][end], self._metres[place][end])

    def _worth(self, duration: int, metres: int) -> int:
        vehicle, balance = self.vehicle, self.problem.balance
        beyond = max(0, duration - balance.target_seconds) * balance.second_cost if balance else 0
        return vehicle.fixed_cost + metres * vehicle.metre_cost + duration * vehicle.second_cost + beyond

    def _weigh(self) -> tuple[list[Load], list[Load]]:
        """The heaviest load before and behind every gap; computed when it is first asked for."""
        if self._heaviest is not None:
            return self._heaviest
        size = len(self._capacity)
        aboard: list[Load] = [tuple(sum(job.delivery[d] for job in self.jobs if job.delivery) for d in range(size))]
        for job in self.jobs:
            out, back = amounts(job.delivery, size), amounts(job.pickup, size)
            aboard.append(tuple([held - out[d] + back[d] for d, held in enumerate(aboard[-1])]))
        before, after = [aboard[0]], [aboard[-1]]
        for load in aboard[1:]:
            before.append(tuple(map(max, before[-1], load)))
        for load in reversed(aboard[:-1]):
            after.append(tuple(map(max, after[-1], load)))
        after.reverse()
        self._heaviest = before, after
        return self._heaviest

    def cheapest(self, job: Job) -> tuple[int, int] | None:
        """Cost and position of the cheapest good gap; None when there is none."""
        if self._closed_to(job) is not None:
            return None
        if job.release_seconds is not None and job.release_seconds > self._opens:
            good = [(gap.cost, gap.position) for gap in self._scheduled(job) if gap.broken is None]
            return min(good, default=None)
        light = self._is_light(job)
        found: tuple[int, int] | None = None
        positions = self._positions(job)
        # Behind a stop that ends after the last window, or before one that must begin before the first, nothing fits.
        first = max(positions.start, bisect_left(self._latest, job.windows[0].opens + job.service_seconds))
        last = min(positions.stop, bisect_right(self._leaves, job.windows[-1].closes))
        for position in range(first, last):
            cost = self._added(job, position, light)
            if cost is not None and (found is None or cost < found[0]):
                found = cost, position
        return found

    def may_serve(self, job: Job) -> bool:
        """Whether the vehicle is allowed and able to serve the job, wherever it stands."""
        return unfit(self.problem, self.vehicle, job) is None

    def _closed_to(self, job: Job) -> Broken | None:
        refusal = unfit(self.problem, self.vehicle, job)
        if refusal:
            return Broken(refusal, job.id)
        if self.vehicle.max_stops is not None and len(self.jobs) >= self.vehicle.max_stops:
            return Broken("max-stops", job.id, len(self.jobs) + 1 - self.vehicle.max_stops)
        return None

    def _positions(self, job: Job) -> range:
        """The gaps that keep the first stops in their locked order."""
        if not self.problem.locks:
            return range(len(self.jobs) + 1)
        ranks = [self.problem.rank_of(one.id) for one in self.jobs]
        rank = self.problem.rank_of(job.id)
        low = sum(one < rank for one in ranks if one != UNRANKED)
        return range(low, len(ranks) + 1 if rank == UNRANKED else low + 1)

    def _is_light(self, job: Job) -> bool:
        """Whether there is room for everything at once, so that nobody need ask where."""
        out, back = job.delivery, job.pickup
        for d, limit in enumerate(self._capacity):
            if self._total[d] + (out[d] if out else 0) + (back[d] if back else 0) > limit:
                return False
        return True

    def _fits(self, job: Job, position: int) -> bool:
        heaviest_before, heaviest_after = self._weigh()
        before, after = heaviest_before[position], heaviest_after[position]
        out, back = job.delivery, job.pickup
        for d, limit in enumerate(self._capacity):
            if before[d] + (out[d] if out else 0) > limit or after[d] + (back[d] if back else 0) > limit:
                return False
        return True

    def _added(self, job: Job, position: int, light: bool) -> int | None:
        """Routing money the insertion adds; None when it breaks a rule."""
        place, vehicle, seconds = job.place, self.vehicle, self._seconds
        before = self._places[position]
        to = seconds[before][place]
        pause = to if position and before == place else to + job.setup_seconds
        ready = self._leaves[position] + pause
        windows = job.windows
        if ready > windows[-1].closes or to >= UNREACHABLE:
            return None
        window = windows[0] if len(windows) == 1 else _window(job, ready)
        leave = (ready if ready > window.opens else window.opens) + job.service_seconds
        if position < len(self.jobs):
            behind: int | None = (target := self._places[position + 1])
            out = seconds[place][target]
            on = out if behind == place else out + self._setups[position]
        else:
            behind = vehicle.end
            out = on = 0 if behind is None else seconds[place][behind]
        if leave + on > self._latest[position] or out >= UNREACHABLE or not (light or self._fits(job, position)):
            return None
        metres = self.way + self._detour(self._metres, before, place, behind)
        if vehicle.max_metres is not None and metres > vehicle.max_metres:
            return None
        if vehicle.max_driving_seconds is not None:
            driving = self.driving + self._detour(seconds, before, place, behind)
            if driving > vehicle.max_driving_seconds:
                return None
        stretch = _join(self._before[position], (job.service_seconds, window.opens, window.closes), pause)
        return self._worth(_join(stretch, self._after[position], on)[0], metres) - self.cost

    @staticmethod
    def _detour(rows: Rows, before: int, place: int, behind: int | None) -> int:
        if behind is None:
            return rows[before][place]
        return rows[before][place] + rows[place][behind] - rows[before][behind]

    def best(self, job: Job) -> Gap:
        """The cheapest good gap, its cost exact, or the nearest miss."""
        closed = self._closed_to(job)
        if closed is not None:
            return Gap(self.vehicle.id, 0, 0, closed)
        slow = len(job.windows) > 1 or any(len(one.windows) > 1 for one in self.jobs)
        if not slow and (found := self.cheapest(job)):
            return Gap(self.vehicle.id, found[1], found[0])
        gaps = self._scheduled(job)
        good = [gap for gap in gaps if gap.broken is None]
        return min(good, key=lambda gap: gap.cost) if good else min(gaps, key=lambda gap: _nearness(gap.broken))

    def _scheduled(self, job: Job) -> list[Gap]:
        """Every gap by scheduling the whole tour anew."""
        old = schedule(self.problem, self.vehicle, self.jobs) if self.jobs else None
        was = 0 if old is None or isinstance(old, Broken) else old.costs.total
        found = []
        for position in self._positions(job):
            tour = schedule(self.problem, self.vehicle, [*self.jobs[:position], job, *self.jobs[position:]])
            if isinstance(tour, Broken):
                found.append(Gap(self.vehicle.id, position, 0, tour))
            else:
                found.append(Gap(self.vehicle.id, position, tour.costs.total - was))
        return found

    def put(self, job: Job, position: int) -> None:
        """Insert the job; the gap must have been found good."""
        self.jobs.insert(position, job)
        self._measure()

    def keeps_time(self) -> bool:
        """Whether the order can be driven within windows, shift and the limits of way and driving."""
        vehicle, jobs = self.vehicle, self.jobs
        if not jobs:
            return True
        if self._leaves[1] - jobs[0].service_seconds > self._latest[0]:
            return False
        way, driving = vehicle.max_metres, vehicle.max_driving_seconds
        return (way is None or self.way <= way) and (driving is None or self.driving <= driving)


def _window(job: Job, ready: int) -> Window:
    """The first window that is not over; the last one when all are."""
    return next((window for window in job.windows if window.closes >= ready), job.windows[-1])


def _end(job: Job, bound: int) -> int:
    """The latest moment not after `bound` inside a window; just before all windows when there is none."""
    for window in reversed(job.windows):
        if window.opens <= bound:
            return min(bound, window.closes)
    return job.windows[0].opens - 1


#: Time misses are nearer than load misses, and those nearer than roads; then the smaller excess.
_STAGES = {"lock": 0, "road": 1, "load": 2}


def _nearness(broken: Broken | None) -> tuple[int, int]:
    return (0, 0) if broken is None else (-_STAGES.get(broken.rule, 3), broken.excess)


def tracks_of(problem: Problem, orders: Mapping[str, Sequence[str]]) -> dict[str, Track]:
    """A track for every vehicle, in the problem's order.

    Args:
        orders: job ids in driving order by vehicle id, each feasible; vehicles that are missing are empty.
    """
    return {
        vehicle.id: Track(problem, vehicle, [problem.job(one) for one in orders.get(vehicle.id, ())])
        for vehicle in problem.vehicles
    }


def best_gaps(tracks: Mapping[str, Track], job: Job) -> tuple[Gap, ...]:
    """The job's best gap in every vehicle, cheapest first, then the misses; costs are exact."""
    found = [track.best(job) for track in tracks.values()]
    return tuple(sorted(found, key=lambda gap: (gap.broken is not None, gap.cost)))


def gaps(problem: Problem, job: Job, orders: Mapping[str, Sequence[str]]) -> tuple[Gap, ...]:
    """`best_gaps` of orders as `tracks_of` takes them."""
    return best_gaps(tracks_of(problem, orders), job)
