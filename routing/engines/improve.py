"""Make a plan cheaper by ruin and recreate: take neighbouring stretches out of a few tours, put their jobs back better.

Slack induction by string removals (Christiaens and Vanden Berghe, Transportation Science 54, 2020) under simulated
annealing, in plain Python on the tracks of `insert`: some hundred rounds a second.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..insert import Track, tracks_of
from ..model import Job, Problem, Vehicle

Orders = dict[str, list[str]]

#: Jobs taken out in a round, on average, and how long a stretch of one tour may be.
MEAN_REMOVED, LONGEST_STRETCH = 12, 10
#: Chance that a tour is not looked at when a job is put back, so that the same ruin is not always mended the same way.
BLINK = 0.02
#: Chance to keep a few stops inside a removed stretch, and to keep one more.
SPLIT, SPLIT_LONGER = 0.5, 0.01
#: Temperature at the start and at the end, in costs of an average way between neighbours.
HOT, COLD = 3.0, 0.01
#: How many neighbours of a job are looked at.
ADJACENT = 60


def improve(
    problem: Problem,
    orders: Mapping[str, Sequence[str]],
    *,
    seed: int,
    seconds: float,
    rounds: int | None = None,
    tell: Callable[[Orders], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Orders:
    """Cheaper orders than the given ones, or the same; feasible if those were.

    Args:
        orders: job ids in driving order by vehicle id, each feasible.
        seconds: how long to search, wall clock.
        rounds: how many rounds to search instead; the answer is then the same on every machine.
        tell: is given every better answer.
        cancelled: asked before every round; once it says yes, the search ends.
    """
    search = _Search(problem, orders, random.Random(seed))
    if len(problem.jobs) > 1 and problem.vehicles:
        search.run(
            seconds=seconds,
            rounds=rounds,
            tell=tell or (lambda _orders: None),
            cancelled=cancelled or (lambda: False),
        )
    return search.orders()


@dataclass(slots=True)
class _State:
    """Tours and the jobs in none of them; what it all costs, a job that must go counted above everything else."""

    tracks: dict[str, Track]
    seats: dict[str, str]
    waiting: dict[str, Job]
    cost: int


class _Search:
    def __init__(self, problem: Problem, orders: Mapping[str, Sequence[str]], draw: random.Random) -> None:
        self.problem, self.draw = problem, draw
        self.must_go = problem.dearest + 1
        tracks = tracks_of(problem, orders)
        seats = {job.id: name for name, track in tracks.items() for job in track.jobs}
        waiting = {job.id: job for job in problem.jobs if job.id not in seats}
        cost = sum(track.cost for track in tracks.values()) + sum(self._price(job) for job in waiting.values())
        self.now = self.best = _State(tracks, seats, waiting, cost)
        self.fit = {job.id: [name for name, track in tracks.items() if track.may_serve(job)] for job in problem.jobs}
        self.twins = {vehicle.id: _likeness(vehicle) for vehicle in problem.vehicles}
        self._look_around()

    def _price(self, job: Job) -> int:
        return self.must_go if job.price is None else job.price

    def _look_around(self) -> None:
        """Who is near whom, by the seconds of the first profile, and how dear an average way between neighbours is."""
        problem, dearest = self.problem, max((one.second_cost for one in self.problem.vehicles), default=0)
        self.near: dict[str, list[Job]] = {}
        ways: list[int] = []
        if not problem.vehicles:
            return
        matrix = problem.matrices[problem.vehicles[0].profile]
        metre_cost = max(one.metre_cost for one in problem.vehicles)
        for job in problem.jobs:
            row = matrix.seconds[job.place]
            ranked = sorted(problem.jobs, key=lambda other: (int(row[other.place]), other.id))
            self.near[job.id] = ranked[:ADJACENT]
            for other in ranked[1:6]:
                way = min(int(row[other.place]), 7_200)
                ways.append(way * dearest + int(matrix.metres[job.place, other.place]) * metre_cost)
        self.unit = max(1.0, sum(ways) / max(1, len(ways)))
        depots = {vehicle.start for vehicle in problem.vehicles}
        self.remote = {job.id: min(int(matrix.seconds[one, job.place]) for one in depots) for job in problem.jobs}

    def orders(self) -> Orders:
        return {name: [job.id for job in track.jobs] for name, track in self.best.tracks.items() if track.jobs}

    def run(
        self, *, seconds: float, rounds: int | None, tell: Callable[[Orders], None], cancelled: Callable[[], bool]
    ) -> None:
        began = time.monotonic()
        done = 0
        while True:
            share = done / rounds if rounds is not None else (time.monotonic() - began) / seconds
            if share >= 1 or cancelled():
                return
            done += 1
            heat = self.unit * HOT * (COLD / HOT) ** share
            after = self._recreated(self._ruined())
            if after.cost < self.now.cost - heat * math.log(1 - self.draw.random()):
                self.now = after
            if after.cost < self.best.cost:
                self.best = after
                tell(self.orders())

    def _ruined(self) -> _State:
        tracks, seats, waiting = self.now.tracks.copy(), self.now.seats.copy(), self.now.waiting.copy()
        cost = self.now.cost
        used = [track for track in tracks.values() if track.jobs]
        if not used:
            return _State(tracks, seats, waiting, cost)
        longest = min(LONGEST_STRETCH, sum(len(track.jobs) for track in used) / len(used))
        strings = int(self.draw.uniform(1, 4 * MEAN_REMOVED / (1 + longest)))
        touched: set[str] = set()
        for job in self.near[self.draw.choice(self.problem.jobs).id]:
            name = seats.get(job.id)
            if name is None or name in touched:
                continue
            track = tracks[name]
            taken = self._stretch(track, job, longest)
            kept = Track(self.problem, track.vehicle, [one for one in track.jobs if one.id not in taken])
            touched.add(name)
            if kept.keeps_time():
                tracks[name] = kept
                cost += kept.cost - track.cost
                for one in track.jobs:
                    if one.id in taken:
                        del seats[one.id]
                        waiting[one.id] = one
                        cost += self._price(one)
            if len(touched) >= strings:
                break
        return _State(tracks, seats, waiting, cost)

    def _stretch(self, track: Track, job: Job, longest: float) -> set[str]:
        """Ids of neighbouring stops around the job, in some cases with a few in the middle left alone."""
        ids = [one.id for one in track.jobs]
        length = int(self.draw.uniform(1, min(len(ids), longest) + 1))
        spared = 0
        if 1 < length < len(ids) and self.draw.random() < SPLIT:
            spared = 1
            while length + spared < len(ids) and self.draw.random() < SPLIT_LONGER:
                spared += 1
        at = ids.index(job.id)
        first = self.draw.randint(max(0, at - length - spared + 1), min(at, len(ids) - length - spared))
        stretch = ids[first : first + length + spared]
        if spared:
            hole = self.draw.randint(0, length - 1)
            stretch = stretch[:hole] + stretch[hole + spared :]
        return set(stretch)

    def _recreated(self, state: _State) -> _State:
        fresh: set[str] = set()
        for job in self._queue(list(state.waiting.values())):
            chosen: tuple[int, int] | None = None
            vehicle = ""
            seen = set()
            for name in self.fit[job.id]:
                track = state.tracks[name]
                if not track.jobs:
                    if self.twins[name] in seen:
                        continue
                    seen.add(self.twins[name])
                if self.draw.random() < BLINK:
                    continue
                found = track.cheapest(job)
                if found is not None and (chosen is None or found[0] < chosen[0]):
                    chosen, vehicle = found, name
            if chosen is None or chosen[0] > self._price(job):
                continue
            track = state.tracks[vehicle]
            was = track.cost
            if vehicle not in fresh:
                # The present state still holds this track: what is changed is a copy.
                track = state.tracks[vehicle] = Track(self.problem, track.vehicle, track.jobs)
                fresh.add(vehicle)
            track.put(job, chosen[1])
            del state.waiting[job.id]
            state.seats[job.id] = vehicle
            state.cost += track.cost - was - self._price(job)
        return state

    def _queue(self, jobs: list[Job]) -> list[Job]:
        """The jobs in one of several orders, drawn by lot; those that must go always first."""
        self.draw.shuffle(jobs)
        way = self.draw.choices(_WAYS, _WEIGHTS)[0]
        if way == "load":
            jobs.sort(key=lambda job: -sum(job.delivery) - sum(job.pickup))
        elif way == "far":
            jobs.sort(key=lambda job: -self.remote[job.id])
        elif way == "near":
            jobs.sort(key=lambda job: self.remote[job.id])
        elif way == "narrow":
            jobs.sort(key=lambda job: sum(window.closes - window.opens for window in job.windows))
        elif way == "early":
            jobs.sort(key=lambda job: job.windows[0].opens)
        elif way == "late":
            jobs.sort(key=lambda job: -job.windows[-1].closes)
        jobs.sort(key=lambda job: job.price is not None)
        return jobs


_WAYS = ("random", "load", "far", "near", "narrow", "early", "late")
_WEIGHTS = (4, 2, 2, 1, 2, 2, 2)


def _likeness(vehicle: Vehicle) -> tuple[object, ...]:
    return (
        vehicle.profile, vehicle.start, vehicle.end, vehicle.shift, vehicle.capacity, vehicle.skills, vehicle.max_stops,
        vehicle.max_metres, vehicle.max_driving_seconds, vehicle.fixed_cost, vehicle.metre_cost, vehicle.second_cost,
    )  # fmt: skip
