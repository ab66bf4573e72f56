"""A tour as the judge reads it: its jobs looked up, its stops cut into trips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..model import Job, Problem, Reload, Shipment, Tour, Vehicle


@dataclass(frozen=True, slots=True)
class Book:
    """The problem, looked up by id."""

    problem: Problem
    jobs: Mapping[str, Job]
    vehicles: Mapping[str, Vehicle]
    pairs: Mapping[str, Shipment]
    foes: Mapping[str, frozenset[str]]
    locked: Mapping[str, str]


def book(problem: Problem) -> Book:
    """The problem, looked up: shipments by either half, traits by those they may not meet, vehicles by locked job."""
    jobs = {job.id: job for job in problem.jobs}
    pairs = {}
    for pair in problem.shipments:
        for half in (pair.pickup, pair.delivery):
            jobs[half.id], pairs[half.id] = half, pair
    foes: dict[str, set[str]] = {}
    for one, other in problem.incompatible:
        foes.setdefault(one, set()).add(other)
        foes.setdefault(other, set()).add(one)
    return Book(
        problem,
        jobs,
        {vehicle.id: vehicle for vehicle in problem.vehicles},
        pairs,
        {trait: frozenset(others) for trait, others in foes.items()},
        {job_id: vehicle.id for vehicle in problem.vehicles for job_id in (*vehicle.prefix, *vehicle.order)},
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """A tour of a known vehicle that serves known jobs.

    Attributes:
        turns: the reloads that stand where they may, by the number of the stop they come before.
        trips: numbers of the stops of each trip.
    """

    vehicle: Vehicle
    tour: Tour
    jobs: tuple[Job, ...]
    turns: Mapping[int, Reload]
    trips: tuple[range, ...]

    def leaves(self, trip: range) -> int:
        """When that trip leaves the depot."""
        return self.turns[trip.start].departure if trip.start else self.tour.departure


def read(known: Book, tour: Tour) -> Reading:
    """The tour, read; its vehicle and all its jobs must be known."""
    turns: dict[int, Reload] = {}
    for reload in tour.reloads:
        if 0 < reload.before < len(tour.stops):
            turns.setdefault(reload.before, reload)
    edges = (0, *sorted(turns), len(tour.stops))
    return Reading(
        vehicle=known.vehicles[tour.vehicle],
        tour=tour,
        jobs=tuple(known.jobs[stop.job] for stop in tour.stops),
        turns=turns,
        trips=tuple(range(begin, end) for begin, end in pairwise(edges)),
    )
