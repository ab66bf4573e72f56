"""Greedy insertion on the standard library: the plan that is always there, and the start of better engines.

Jobs dearest to leave out come first; among equals the one that would lose most by not getting its best tour (regret).
"""

from __future__ import annotations

import time
from itertools import groupby

from ..insert import Gap, Track
from ..model import Job, Plan, Problem
from ..solve import Cancelled, Limits, Listener, Orders, Progress, assemble


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
    ) -> Plan:
        """Insert until nothing fits or the time is over; the seed changes nothing."""
        started = time.monotonic()
        orders = first_orders(problem, deadline=started + limits.seconds, cancelled=cancelled)
        plan = assemble(problem, orders, engine=self.name, seconds=time.monotonic() - started)
        if on_progress:
            served = sum(len(tour.stops) for tour in plan.tours)
            on_progress(Progress(plan.costs.total, len(plan.tours), served, plan.seconds))
        return plan


def first_orders(problem: Problem, *, deadline: float, cancelled: Cancelled | None = None) -> Orders:
    """Job ids in driving order by vehicle; what is not placed by the deadline (monotonic clock) stays out."""
    tracks = {vehicle.id: Track(problem, vehicle, ()) for vehicle in problem.vehicles}
    ranked = sorted(problem.jobs, key=_rank)
    for _, group in groupby(ranked, key=_rank):
        _insert_all(list(group), tracks, deadline, cancelled)
    return {name: [job.id for job in track.jobs] for name, track in tracks.items() if track.jobs}


def _rank(job: Job) -> tuple[bool, int]:
    return job.price is not None, -(job.price or 0)


def _insert_all(jobs: list[Job], tracks: dict[str, Track], deadline: float, cancelled: Cancelled | None) -> None:
    best = {job.id: {name: track.best(job) for name, track in tracks.items()} for job in jobs}
    waiting = {job.id: job for job in jobs}
    while waiting and time.monotonic() < deadline and not (cancelled and cancelled()):
        job = waiting.pop(max(waiting, key=lambda one: (_regret(best[one]), one)))
        gap = _cheapest(best[job.id])
        if gap is None:
            continue
        tracks[gap.vehicle].put(job, gap.position)
        for one, other in waiting.items():
            best[one][gap.vehicle] = tracks[gap.vehicle].best(other)


def _cheapest(found: dict[str, Gap]) -> Gap | None:
    good = [gap for gap in found.values() if gap.broken is None]
    return min(good, key=lambda gap: (gap.cost, gap.vehicle), default=None)


def _regret(found: dict[str, Gap]) -> int:
    """What is lost when the job does not get its best tour; below zero when it fits nowhere."""
    costs = sorted(gap.cost for gap in found.values() if gap.broken is None)
    if not costs:
        return -1
    return costs[1] - costs[0] if len(costs) > 1 else 2**50
