"""Where a job fits into tours that exist, by arrays: each gap is answered in constant time.

For a tour the earliest and latest start of every stop and the heaviest load before and after every gap are computed
once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .matrix import UNREACHABLE, Grid
from .model import Job, Problem, Tour, Vehicle
from .schedule import Broken, amounts, schedule, setup_of, unfit


@dataclass(frozen=True, slots=True)
class Gap:
    """The best place for a job in one vehicle's order: before stop `position`, at `cost` routing money more.

    When no gap is good, `broken` says the rule the nearest miss breaks; `cost` is then of no use.
    """

    vehicle: str
    position: int
    cost: int
    broken: Broken | None = None


class Track:
    """One vehicle's order of jobs with the arrays that answer insertions. The order must be feasible."""

    def __init__(self, problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> None:
        self.problem, self.vehicle, self.jobs = problem, vehicle, list(jobs)
        matrix = problem.matrices[vehicle.profile]
        self.seconds, self.metres = matrix.seconds, matrix.metres
        self.size = len(problem.dimensions)
        self.capacity = amounts(vehicle.capacity, self.size)
        self.measure()

    def measure(self) -> None:
        """Compute the arrays again after the order changed."""
        jobs, vehicle = self.jobs, self.vehicle
        self.places = [vehicle.start, *(job.place for job in jobs), vehicle.end]
        self.leaves = [vehicle.shift.opens]
        for index, job in enumerate(jobs):
            ready = self._ready(self.leaves[index], self.places[index], job, first=index == 0)
            self.leaves.append(_begin(job, ready) + job.service_seconds)
        self.latest = [vehicle.shift.closes]
        for index in range(len(jobs) - 1, -1, -1):
            job, after = jobs[index], jobs[index + 1] if index + 1 < len(jobs) else None
            leg = int(self.seconds[job.place, self.places[index + 2]])
            pause = setup_of(after, job.place, first=False) if after else 0
            self.latest.append(_end(job, self.latest[-1] - pause - leg - job.service_seconds))
        self.latest.reverse()
        legs = list(zip(self.places[:-1], self.places[1:], strict=True))
        self.way = sum(int(self.metres[leg]) for leg in legs)
        self.driving = sum(int(self.seconds[leg]) for leg in legs)
        self._weigh()

    def _weigh(self) -> None:
        outs = [amounts(job.delivery, self.size) for job in self.jobs]
        backs = [amounts(job.pickup, self.size) for job in self.jobs]
        now = [sum(out[d] for out in outs) for d in range(self.size)]
        aboard = [tuple(now)]
        for out, back in zip(outs, backs, strict=True):
            now = [held - out[d] + back[d] for d, held in enumerate(now)]
            aboard.append(tuple(now))
        self.heaviest_before = [aboard[0]]
        for load in aboard[1:]:
            self.heaviest_before.append(tuple(map(max, self.heaviest_before[-1], load)))
        self.heaviest_after = [aboard[-1]]
        for load in reversed(aboard[:-1]):
            self.heaviest_after.append(tuple(map(max, self.heaviest_after[-1], load)))
        self.heaviest_after.reverse()

    def _ready(self, leave: int, place: int, job: Job, *, first: bool) -> int:
        return leave + int(self.seconds[place, job.place]) + setup_of(job, place, first=first)

    def best(self, job: Job) -> Gap:
        """The cheapest gap by the added way and time, or the nearest miss."""
        refusal = unfit(self.vehicle, job)
        if refusal:
            return Gap(self.vehicle.id, 0, 0, Broken(refusal, job.id))
        if self.vehicle.max_stops is not None and len(self.jobs) >= self.vehicle.max_stops:
            return Gap(self.vehicle.id, 0, 0, Broken("max-stops", job.id, 1))
        chosen: Gap | None = None
        miss: Gap | None = None
        for position in range(len(self.jobs) + 1):
            broken = self._broken(job, position)
            if broken is None:
                cost = self.added(job, position)
                if chosen is None or cost < chosen.cost:
                    chosen = Gap(self.vehicle.id, position, cost)
            elif chosen is None and (miss is None or _nearness(broken) < _nearness(miss.broken)):
                miss = Gap(self.vehicle.id, position, 0, broken)
        return chosen or miss or Gap(self.vehicle.id, 0, 0, Broken("vehicle", job.id))

    def _broken(self, job: Job, position: int) -> Broken | None:
        out, back = amounts(job.delivery, self.size), amounts(job.pickup, self.size)
        for d, limit in enumerate(self.capacity):
            excess = max(self.heaviest_before[position][d] + out[d], self.heaviest_after[position][d] + back[d]) - limit
            if excess > 0:
                return Broken("load", job.id, excess, self.problem.dimensions[d])
        before, behind = self.places[position], self.places[position + 1]
        if max(int(self.seconds[before, job.place]), int(self.seconds[job.place, behind])) >= UNREACHABLE:
            return Broken("road", job.id)
        ready = self._ready(self.leaves[position], before, job, first=position == 0)
        if ready > job.windows[-1].closes:
            return Broken("window", job.id, ready - job.windows[-1].closes)
        leave = _begin(job, ready) + job.service_seconds
        after = self.jobs[position] if position < len(self.jobs) else None
        arrive = leave + int(self.seconds[job.place, behind])
        ready = arrive + (setup_of(after, job.place, first=False) if after else 0)
        late = ready - self.latest[position]
        if late > 0:
            return Broken("window-after" if after else "shift", after.id if after else None, late)
        return self._too_far(job, before, behind)

    def _too_far(self, job: Job, before: int, behind: int) -> Broken | None:
        way, driving = self.vehicle.max_metres, self.vehicle.max_driving_seconds
        if way is not None and (excess := self.way + _detour(self.metres, before, job.place, behind) - way) > 0:
            return Broken("max-metres", job.id, excess)
        if (
            driving is not None
            and (excess := self.driving + _detour(self.seconds, before, job.place, behind) - driving) > 0
        ):
            return Broken("max-driving", job.id, excess)
        return None

    def added(self, job: Job, position: int) -> int:
        """Routing money the insertion adds: exact for the way, the working time without change of waits."""
        before, behind, vehicle = self.places[position], self.places[position + 1], self.vehicle
        metres = _detour(self.metres, before, job.place, behind)
        drive = _detour(self.seconds, before, job.place, behind)
        work = job.service_seconds + setup_of(job, before, first=position == 0)
        opening = vehicle.fixed_cost if not self.jobs else 0
        return metres * vehicle.metre_cost + (drive + work) * vehicle.second_cost + opening

    def put(self, job: Job, position: int) -> None:
        """Insert the job; the gap must have been found good."""
        self.jobs.insert(position, job)
        self.measure()


def _detour(grid: Grid, before: int, place: int, behind: int) -> int:
    return int(grid[before, place] + grid[place, behind] - grid[before, behind])


def _begin(job: Job, ready: int) -> int:
    for window in job.windows:
        if window.closes >= ready:
            return max(ready, window.opens)
    raise ValueError(f"job {job.id} cannot begin at {ready}")


def _end(job: Job, bound: int) -> int:
    """The latest moment not after `bound` inside a window; just before all windows when there is none."""
    for window in reversed(job.windows):
        if window.opens <= bound:
            return min(bound, window.closes)
    return job.windows[0].opens - 1


_STAGES = (
    "vehicle",
    "skill",
    "max-stops",
    "load",
    "road",
    "window",
    "window-after",
    "shift",
    "max-metres",
    "max-driving",
)


def _nearness(broken: Broken | None) -> tuple[int, int]:
    """Time misses are nearer than load misses, those nearer than roads and vehicles; then the smaller excess."""
    if broken is None:
        return (len(_STAGES), 0)
    stage = min(_STAGES.index(broken.rule), _STAGES.index("window"))
    return (-stage, broken.excess)


class Openings:
    """Every job's best gap in every vehicle's order of jobs; asked twice, it looks twice only at what changed between.

    Args:
        orders: job ids in driving order by vehicle id, each feasible; vehicles that are missing are empty.
    """

    def __init__(self, problem: Problem, orders: Mapping[str, Sequence[str]]) -> None:
        by_id = {one.id: one for one in problem.jobs}
        self.problem = problem
        self._tracks = {
            vehicle.id: Track(problem, vehicle, [by_id[one] for one in orders.get(vehicle.id, ())])
            for vehicle in problem.vehicles
        }
        self._costs: dict[str, int] = {}
        self._known: dict[str, dict[str, Gap]] = {vehicle: {} for vehicle in self._tracks}

    def gaps(self, job: Job) -> tuple[Gap, ...]:
        """The job's best gap in every vehicle, cheapest first, then the misses; costs exact, by scheduling anew."""
        found = []
        for vehicle, track in self._tracks.items():
            gap = self._known[vehicle].get(job.id)
            if gap is None:
                gap = self._known[vehicle][job.id] = self._exact(track, job, track.best(job))
            found.append(gap)
        return tuple(sorted(found, key=lambda gap: (gap.broken is not None, gap.cost)))

    def put(self, job: Job, gap: Gap) -> None:
        """Insert the job; the gap must have been found good."""
        self._tracks[gap.vehicle].put(job, gap.position)
        self._known[gap.vehicle].clear()
        self._costs.pop(gap.vehicle, None)

    def orders(self) -> dict[str, list[str]]:
        """Job ids in driving order by vehicle, without those that stay at home."""
        return {name: [job.id for job in track.jobs] for name, track in self._tracks.items() if track.jobs}

    def _exact(self, track: Track, job: Job, gap: Gap) -> Gap:
        if gap.broken is not None:
            return gap
        after = schedule(self.problem, track.vehicle, [*track.jobs[: gap.position], job, *track.jobs[gap.position :]])
        if isinstance(after, Broken):
            return Gap(gap.vehicle, gap.position, 0, after)
        return Gap(gap.vehicle, gap.position, after.costs.total - self._cost(track))

    def _cost(self, track: Track) -> int:
        name = track.vehicle.id
        if name not in self._costs:
            tour = schedule(self.problem, track.vehicle, track.jobs) if track.jobs else None
            self._costs[name] = tour.costs.total if isinstance(tour, Tour) else 0
        return self._costs[name]
