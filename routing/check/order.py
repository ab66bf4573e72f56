"""Who serves what in which order: what can be judged of a tour without a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .reading import Book, Reading
from .violation import Violation


def judge(known: Book, reading: Reading) -> Iterator[Violation]:
    """What is wrong with the choice and the order of a tour's jobs."""
    yield from _may_come(reading)
    yield from _trips(reading)
    yield from _deliveries_first(known, reading)
    yield from _goes_together(known, reading)
    yield from _locks(known, reading)


def _may_come(reading: Reading) -> Iterator[Violation]:
    vehicle = reading.vehicle
    for job in reading.jobs:
        if job.vehicles is not None and vehicle.id not in job.vehicles:
            yield Violation("allowed-vehicle", vehicle.id, job.id, 1)
        for skill in sorted(job.skills - vehicle.skills):
            yield Violation("skill", vehicle.id, job.id, 1, skill)
    if vehicle.max_stops is not None and len(reading.jobs) > vehicle.max_stops:
        yield Violation("max-stops", vehicle.id, excess=len(reading.jobs) - vehicle.max_stops)


def _trips(reading: Reading) -> Iterator[Violation]:
    vehicle, stated = reading.vehicle, reading.tour.reloads
    for before, times in Counter(reload.before for reload in stated).items():
        if not 0 < before < len(reading.jobs):
            yield Violation("reload", vehicle.id, excess=times, what="before")
        elif times > 1:
            yield Violation("reload", vehicle.id, reading.jobs[before].id, times - 1, "before")
    if len(stated) + 1 > vehicle.trips:
        yield Violation("trips", vehicle.id, excess=len(stated) + 1 - vehicle.trips)


def _deliveries_first(known: Book, reading: Reading) -> Iterator[Violation]:
    if not reading.vehicle.deliveries_first:
        return
    for trip in reading.trips:
        collected = False
        for job in (reading.jobs[number] for number in trip):
            if job.id in known.pairs:
                continue
            if collected and any(job.delivery):
                yield Violation("deliveries-first", reading.vehicle.id, job.id, 1)
            collected = collected or any(job.pickup)


def _goes_together(known: Book, reading: Reading) -> Iterator[Violation]:
    if not known.foes:
        return
    aboard = frozenset(trait for job in reading.jobs for trait in job.traits if trait in known.foes)
    for trait in sorted(aboard):
        for foe in sorted(known.foes[trait] & aboard):
            if trait < foe:
                yield Violation("incompatible", reading.vehicle.id, excess=1, what=f"{trait}, {foe}")


def _locks(known: Book, reading: Reading) -> Iterator[Violation]:
    vehicle = reading.vehicle
    served = [job.id for job in reading.jobs]
    for one in served:
        if known.locked.get(one, vehicle.id) != vehicle.id:
            yield Violation("lock", vehicle.id, one, 1, "vehicle")
    for number, wanted in enumerate(vehicle.prefix):
        if number >= len(served) or served[number] != wanted:
            yield Violation("lock", vehicle.id, wanted, 1, "prefix")
        elif number in reading.turns:
            yield Violation("lock", vehicle.id, wanted, 1, "reload in the prefix")
    ranks = {wanted: rank for rank, wanted in enumerate(vehicle.order)}
    farthest = -1
    for one in served:
        if one in ranks and ranks[one] < farthest:
            yield Violation("lock", vehicle.id, one, 1, "order")
        farthest = max(farthest, ranks.get(one, -1))
