"""Loads: weighs a vehicle when a trip leaves and after each stop."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Load
from .reading import Book, Reading
from .violation import Violation


def judge(known: Book, reading: Reading) -> Iterator[Violation]:
    """What is wrong with what is aboard.

    At a stop what is handed over leaves before what is collected comes, so that no moment between two weighings is
    heavier than both.
    """
    names = known.problem.dimensions
    room = reading.vehicle.capacity or (0,) * len(names)
    for trip in reading.trips:
        stated = reading.turns[trip.start].load if trip.start else reading.tour.start_load
        aboard = _deliveries(known, reading, trip)
        yield from _weigh(reading.vehicle.id, None, names, stated, aboard, room)
        collected: set[str] = set()
        for number in trip:
            _exchange(known, reading, number, aboard, collected)
            job, stop = reading.jobs[number], reading.tour.stops[number]
            yield from _weigh(reading.vehicle.id, job.id, names, stop.load, aboard, room)


def _deliveries(known: Book, reading: Reading, trip: range) -> list[int]:
    """What a trip's jobs have from the depot; what a shipment hands over was collected on the way."""
    aboard = [0] * len(known.problem.dimensions)
    for job in (reading.jobs[number] for number in trip):
        if job.id not in known.pairs:
            for axis, amount in enumerate(job.delivery):
                aboard[axis] += amount
    return aboard


def _exchange(known: Book, reading: Reading, number: int, aboard: list[int], collected: set[str]) -> None:
    """Hand over, then collect. Nothing of a shipment can be handed over that was not collected in this trip."""
    job = reading.jobs[number]
    pair = known.pairs.get(job.id)
    if pair is None or pair.id in collected:
        for axis, amount in enumerate(job.delivery):
            aboard[axis] -= amount
    for axis, amount in enumerate(job.pickup):
        aboard[axis] += amount
    if pair is not None:
        collected ^= {pair.id} if job.kind == "pickup" or pair.id in collected else set()


def _weigh(
    vehicle: str, job: str | None, names: tuple[str, ...], stated: Load, aboard: list[int], room: Load
) -> Iterator[Violation]:
    if stated and len(stated) != len(names):
        yield Violation("load", vehicle, job, len(stated) - len(names), "dimensions")
        stated = tuple(aboard)
    for axis, name in enumerate(names):
        amount = stated[axis] if stated else 0
        if amount != aboard[axis]:
            yield Violation("load", vehicle, job, amount - aboard[axis], name)
        if aboard[axis] > room[axis]:
            yield Violation("capacity", vehicle, job, aboard[axis] - room[axis], name)
