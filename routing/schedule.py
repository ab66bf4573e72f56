"""One forward pass: an order of jobs becomes arrivals, waits and loads, or the first rule it breaks.

The vehicle leaves as late as it can without lengthening the tour: first everything as early as possible, then the
whole chain is pushed back by its forward slack (Savelsbergh, ORSA Journal on Computing 4, 1992), so that no courier
waits at a door for a window that could have been met by leaving later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .cost import tour_costs
from .matrix import UNREACHABLE
from .model import Job, Load, Problem, Stop, Tour, Vehicle


@dataclass(frozen=True, slots=True)
class Broken:
    """The first rule an order of jobs breaks, where, and by how much (seconds, metres, stops or units of load)."""

    rule: str
    job: str | None
    excess: int = 0
    dimension: str | None = None


def schedule(problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> Tour | Broken:
    """The tour that serves the jobs in this order, or the first rule it breaks.

    Rules, in the order they are looked at: `vehicle` (not allowed), `skill`, `max-stops`, `load`, `road`, `window`,
    `shift`, `max-metres`, `max-driving`.
    """
    for job in jobs:
        refusal = unfit(vehicle, job)
        if refusal:
            return Broken(refusal, job.id)
    if vehicle.max_stops is not None and len(jobs) > vehicle.max_stops:
        return Broken("max-stops", jobs[-1].id, len(jobs) - vehicle.max_stops)
    loads = carried(problem, vehicle, jobs)
    if isinstance(loads, Broken):
        return loads
    return _timed(problem, vehicle, jobs, loads)


def unfit(vehicle: Vehicle, job: Job) -> str | None:
    """Why this vehicle may never serve the job: `vehicle` or `skill`; None when it may."""
    if job.vehicles is not None and vehicle.id not in job.vehicles:
        return "vehicle"
    return None if job.skills <= vehicle.skills else "skill"


def amounts(load: Load, size: int) -> Load:
    """A load with every dimension named; () is nothing."""
    return load or (0,) * size


def carried(problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> tuple[Load, ...] | Broken:
    """Aboard at the start and after each job: deliveries go in at the depot, collections stay to the end."""
    size = len(problem.dimensions)
    limit = amounts(vehicle.capacity, size)
    aboard = [sum(amounts(job.delivery, size)[d] for job in jobs) for d in range(size)]
    loads = [tuple(aboard)]
    for job in (None, *jobs):
        if job is not None:
            out, back = amounts(job.delivery, size), amounts(job.pickup, size)
            aboard = [now - out[d] + back[d] for d, now in enumerate(aboard)]
            loads.append(tuple(aboard))
        for d, now in enumerate(aboard):
            if now > limit[d]:
                return Broken("load", job.id if job else None, now - limit[d], problem.dimensions[d])
    return tuple(loads)


def _timed(problem: Problem, vehicle: Vehicle, jobs: Sequence[Job], loads: tuple[Load, ...]) -> Tour | Broken:
    matrix = problem.matrices[vehicle.profile]
    now, place, waited = vehicle.shift.opens, vehicle.start, 0
    slack = vehicle.shift.closes - vehicle.shift.opens
    for index, job in enumerate(jobs):
        drive = int(matrix.seconds[place, job.place])
        if drive >= UNREACHABLE:
            return Broken("road", job.id)
        ready = now + drive + setup_of(job, place, first=index == 0)
        window = next((window for window in job.windows if window.closes >= ready), None)
        if window is None:
            return Broken("window", job.id, ready - job.windows[-1].closes)
        begin = max(ready, window.opens)
        waited += begin - ready
        slack = min(slack, waited + window.closes - begin)
        now, place = begin + job.service_seconds, job.place
    home = int(matrix.seconds[place, vehicle.end])
    if home >= UNREACHABLE:
        return Broken("road", None)
    if now + home > vehicle.shift.closes:
        return Broken("shift", None, now + home - vehicle.shift.closes)
    slack = min(slack, waited + vehicle.shift.closes - now - home)
    return _driven(problem, vehicle, jobs, loads, leave=vehicle.shift.opens + min(slack, waited))


def _driven(
    problem: Problem, vehicle: Vehicle, jobs: Sequence[Job], loads: tuple[Load, ...], *, leave: int
) -> Tour | Broken:
    matrix = problem.matrices[vehicle.profile]
    now, place, stops = leave, vehicle.start, []
    for index, job in enumerate(jobs):
        drive, metres = int(matrix.seconds[place, job.place]), int(matrix.metres[place, job.place])
        ready = now + drive + setup_of(job, place, first=index == 0)
        begin = max(ready, next(window.opens for window in job.windows if window.closes >= ready))
        stops.append(Stop(job.id, now + drive, begin, begin + job.service_seconds, drive, metres, loads[index + 1]))
        now, place = begin + job.service_seconds, job.place
    home, home_metres = int(matrix.seconds[place, vehicle.end]), int(matrix.metres[place, vehicle.end])
    metres = sum(stop.drive_metres for stop in stops) + home_metres
    driving = sum(stop.drive_seconds for stop in stops) + home
    if vehicle.max_metres is not None and metres > vehicle.max_metres:
        return Broken("max-metres", None, metres - vehicle.max_metres)
    if vehicle.max_driving_seconds is not None and driving > vehicle.max_driving_seconds:
        return Broken("max-driving", None, driving - vehicle.max_driving_seconds)
    arrival = now + home
    return Tour(
        vehicle=vehicle.id,
        departure=leave,
        arrival=arrival,
        stops=tuple(stops),
        start_load=loads[0],
        return_seconds=home,
        return_metres=home_metres,
        metres=metres,
        driving_seconds=driving,
        costs=tour_costs(vehicle, metres=metres, seconds=arrival - leave, balance=problem.balance),
    )


def setup_of(job: Job, place_before: int, *, first: bool) -> int:
    """Seconds to park and climb before this job: none when the vehicle already served at the same place."""
    return job.setup_seconds if first or job.place != place_before else 0
