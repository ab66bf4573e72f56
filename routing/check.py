"""The independent judge of a plan.

It shares no arithmetic with schedule, cost or any engine, on purpose: it reads the problem and the stated plan and
recomputes every figure in its own way. What it lets pass is what the product promises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .model import Costs, Job, Plan, Problem, Tour, Vehicle

#: Every rule the judge knows.
RULES = (
    "job-once", "unknown-job", "unknown-vehicle", "vehicle-once", "empty-tour", "allowed-vehicle", "skill", "road",
    "travel", "setup", "window", "service", "shift", "return", "load", "capacity", "max-stops", "max-metres",
    "max-driving", "totals", "costs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: where, and by how much in the rule's own unit (seconds, metres, load, money, jobs)."""

    rule: str
    vehicle: str | None = None
    job: str | None = None
    excess: int = 0

    def __str__(self) -> str:
        return f"{self.rule} vehicle={self.vehicle} job={self.job} by {self.excess}"


def violations(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Everything that is wrong with the plan; nothing when it keeps every promise of the problem."""
    return tuple(_all(problem, plan))


def _all(problem: Problem, plan: Plan) -> Iterator[Violation]:
    jobs = {job.id: job for job in problem.jobs}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    named = Counter(stop.job for tour in plan.tours for stop in tour.stops)
    named.update(left.job for left in plan.unassigned)
    for job_id in named.keys() - jobs.keys():
        yield Violation("unknown-job", job=job_id)
    for job_id in jobs:
        if named[job_id] != 1:
            yield Violation("job-once", job=job_id, excess=named[job_id] - 1)
    used = Counter(tour.vehicle for tour in plan.tours)
    for vehicle_id, times in used.items():
        if times > 1:
            yield Violation("vehicle-once", vehicle=vehicle_id, excess=times - 1)
    whole = 0
    for tour in plan.tours:
        if tour.vehicle not in vehicles:
            yield Violation("unknown-vehicle", vehicle=tour.vehicle)
        elif all(stop.job in jobs for stop in tour.stops):
            yield from _tour(problem, vehicles[tour.vehicle], [jobs[stop.job] for stop in tour.stops], tour)
        whole += _worth(tour.costs)
    whole += sum(jobs[left.job].price or 0 for left in plan.unassigned if left.job in jobs)
    if _worth(plan.costs) != whole:
        yield Violation("costs", excess=_worth(plan.costs) - whole)


def _tour(problem: Problem, vehicle: Vehicle, jobs: list[Job], tour: Tour) -> Iterator[Violation]:
    if not jobs:
        yield Violation("empty-tour", vehicle.id)
        return
    for job in jobs:
        if job.vehicles is not None and vehicle.id not in job.vehicles:
            yield Violation("allowed-vehicle", vehicle.id, job.id)
        if job.skills - vehicle.skills:
            yield Violation("skill", vehicle.id, job.id, len(job.skills - vehicle.skills))
    if vehicle.max_stops is not None and len(jobs) > vehicle.max_stops:
        yield Violation("max-stops", vehicle.id, excess=len(jobs) - vehicle.max_stops)
    yield from _clock(problem, vehicle, jobs, tour)
    yield from _scales(problem, vehicle, jobs, tour)
    yield from _totals(problem, vehicle, jobs, tour)


def _clock(problem: Problem, vehicle: Vehicle, jobs: list[Job], tour: Tour) -> Iterator[Violation]:
    seconds = problem.matrices[vehicle.profile].seconds
    metres = problem.matrices[vehicle.profile].metres
    if tour.departure < vehicle.shift.opens:
        yield Violation("shift", vehicle.id, excess=vehicle.shift.opens - tour.departure)
    if tour.arrival > vehicle.shift.closes:
        yield Violation("shift", vehicle.id, excess=tour.arrival - vehicle.shift.closes)
    places = [vehicle.start, *(job.place for job in jobs), vehicle.end]
    left_at = [tour.departure, *(stop.departure for stop in tour.stops)]
    for number, (job, stop) in enumerate(zip(jobs, tour.stops, strict=True)):
        origin, target = places[number], places[number + 1]
        leg = int(seconds[origin, target])
        if leg >= 2**30:
            yield Violation("road", vehicle.id, job.id)
        if stop.drive_seconds != leg or stop.drive_metres != int(metres[origin, target]):
            yield Violation("travel", vehicle.id, job.id, stop.drive_seconds - leg)
        if stop.arrival != left_at[number] + leg:
            yield Violation("travel", vehicle.id, job.id, stop.arrival - left_at[number] - leg)
        pause = 0 if number > 0 and target == origin else job.setup_seconds
        if stop.service_start - stop.arrival < pause:
            yield Violation("setup", vehicle.id, job.id, pause - (stop.service_start - stop.arrival))
        if not any(window.opens <= stop.service_start <= window.closes for window in job.windows):
            misses = [
                max(window.opens - stop.service_start, stop.service_start - window.closes) for window in job.windows
            ]
            yield Violation("window", vehicle.id, job.id, min(misses))
        if stop.departure != stop.service_start + job.service_seconds:
            yield Violation("service", vehicle.id, job.id, stop.departure - stop.service_start - job.service_seconds)
    last = int(seconds[places[-2], places[-1]])
    if last >= 2**30:
        yield Violation("road", vehicle.id)
    wrong_way_home = (tour.return_seconds, tour.return_metres) != (last, int(metres[places[-2], places[-1]]))
    if wrong_way_home or tour.arrival != left_at[-1] + last:
        yield Violation("return", vehicle.id, excess=tour.arrival - left_at[-1] - last)


def _scales(problem: Problem, vehicle: Vehicle, jobs: list[Job], tour: Tour) -> Iterator[Violation]:
    """Weigh the vehicle at the start and after each stop: what is still to deliver plus what was collected."""
    for axis in range(len(problem.dimensions)):
        room = vehicle.capacity[axis] if vehicle.capacity else 0
        gives = [job.delivery[axis] if job.delivery else 0 for job in jobs]
        takes = [job.pickup[axis] if job.pickup else 0 for job in jobs]
        for number in range(len(jobs) + 1):
            aboard = sum(gives[number:]) + sum(takes[:number])
            stated = tour.start_load if number == 0 else tour.stops[number - 1].load
            name = jobs[number - 1].id if number else None
            if len(stated) != len(problem.dimensions) or stated[axis] != aboard:
                yield Violation("load", vehicle.id, name, (stated[axis] if len(stated) > axis else 0) - aboard)
            if aboard > room:
                yield Violation("capacity", vehicle.id, name, aboard - room)


def _totals(problem: Problem, vehicle: Vehicle, jobs: list[Job], tour: Tour) -> Iterator[Violation]:
    matrix = problem.matrices[vehicle.profile]
    trail = [vehicle.start, *(job.place for job in jobs), vehicle.end]
    steps = list(pairwise(trail))
    metres = sum(int(matrix.metres[step]) for step in steps)
    driving = sum(int(matrix.seconds[step]) for step in steps)
    if tour.metres != metres or tour.driving_seconds != driving:
        yield Violation("totals", vehicle.id, excess=tour.metres - metres or tour.driving_seconds - driving)
    if vehicle.max_metres is not None and metres > vehicle.max_metres:
        yield Violation("max-metres", vehicle.id, excess=metres - vehicle.max_metres)
    if vehicle.max_driving_seconds is not None and driving > vehicle.max_driving_seconds:
        yield Violation("max-driving", vehicle.id, excess=driving - vehicle.max_driving_seconds)
    away = tour.arrival - tour.departure
    uneven = 0
    if problem.balance is not None and away > problem.balance.target_seconds:
        uneven = (away - problem.balance.target_seconds) * problem.balance.second_cost
    owed = vehicle.fixed_cost + metres * vehicle.metre_cost + away * vehicle.second_cost + uneven
    if _worth(tour.costs) != owed or tour.costs.distance != metres * vehicle.metre_cost:
        yield Violation("costs", vehicle.id, excess=_worth(tour.costs) - owed)


def _worth(costs: Costs) -> int:
    return costs.fixed + costs.distance + costs.time + costs.balance + costs.left_out
