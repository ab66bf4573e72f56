"""The plan as a whole: reads it, judges tour by tour, and what only all tours together can break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..model import Plan, Problem, Stop, Tour, Unassigned
from . import costs, order, scales
from .clock import Clock
from .reading import Book, Reading, book, read
from .shape import legible, oddities
from .violation import Violation


def violations(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Everything that is wrong with the plan; nothing when it keeps every promise of the problem.

    Nothing a plan holds makes this raise: a value that is odd is named as `shape`, and a tour with one, or of a vehicle
    or with a job that nobody knows, is not looked at more closely.
    """
    return tuple(_all(book(problem), plan))


def _all(known: Book, plan: Any) -> Iterator[Violation]:
    odd = list(oddities(plan, Plan, without=("tours", "unassigned")))
    yield from (Violation("shape", excess=1, what=what or "plan") for what in odd)
    tours, left = _parts(plan, "tours"), _parts(plan, "unassigned")
    for what, parts in (("tours", tours), ("unassigned", left)):
        if parts is None:
            yield Violation("shape", excess=1, what=what)
    for number, entry in enumerate(left or ()):
        for what in oddities(entry, Unassigned):
            yield Violation("shape", excess=1, what=f"unassigned[{number}].{what}".rstrip("."))
    sound = []
    for number, tour in enumerate(tours or ()):
        found = list(oddities(tour, Tour))
        vehicle = next((one.vehicle for one in legible((tour,), Tour, "vehicle")), None)
        for what in found:
            yield Violation("shape", vehicle, excess=1, what=f"tours[{number}].{what}".rstrip("."))
        if not found:
            sound.append(tour)
    served = [stop.job for tour in tours or () for stop in legible(getattr(tour, "stops", ()), Stop, "job")]
    yield from _names(known, served, [one.job for one in legible(left, Unassigned, "job")])
    yield from _vehicles(known, [one.vehicle for one in legible(tours, Tour, "vehicle")])
    readings = [read(known, tour) for tour in sound if _is_known(known, tour)]
    yield from (Violation("empty-tour", tour.vehicle, excess=1) for tour in sound if not tour.stops)
    owed = []
    for reading in readings:
        clock = Clock(known.problem, reading)
        owed.append(costs.of_tour(known.problem, reading, clock))
        yield from order.judge(known, reading)
        yield from clock.found
        yield from scales.judge(known, reading)
        yield from costs.judge_limits(reading, clock)
        yield from costs.judge(reading.tour.costs, owed[-1], reading.vehicle.id)
    yield from _pairs(known, readings)
    yield from _stocks(known, readings)
    if len(readings) == len(tours or ()) and not odd:
        yield from costs.judge(plan.costs, costs.of_plan(known, set(served), owed), None)


def _parts(plan: Any, name: str) -> tuple[Any, ...] | None:
    parts = getattr(plan, name, None)
    return parts if isinstance(parts, tuple) else None


def _is_known(known: Book, tour: Tour) -> bool:
    return bool(tour.stops) and tour.vehicle in known.vehicles and all(stop.job in known.jobs for stop in tour.stops)


def _names(known: Book, served: list[str], left: list[str]) -> Iterator[Violation]:
    """Every job stands in the plan once, both halves of a shipment on the same side of it."""
    named = Counter(served)
    named.update(left)
    for one in named:
        if one not in known.jobs:
            yield Violation("unknown-job", job=one, excess=named[one])
    for one in known.jobs:
        if named[one] != 1:
            yield Violation("job-once", job=one, excess=named[one] - 1)
    on_tour, off_tour = set(served), set(left)
    for pair in known.problem.shipments:
        for half, other in ((pair.pickup.id, pair.delivery.id), (pair.delivery.id, pair.pickup.id)):
            if half in on_tour and other in off_tour - on_tour:
                yield Violation("job-once", job=other, excess=-1, what=pair.id)


def _vehicles(known: Book, used: list[str]) -> Iterator[Violation]:
    for vehicle, times in Counter(used).items():
        if vehicle not in known.vehicles:
            yield Violation("unknown-vehicle", vehicle, excess=times)
        elif times > 1:
            yield Violation("vehicle-once", vehicle, excess=times - 1)
    for idle in known.problem.vehicles:
        if idle.id not in used:
            for one in idle.prefix:
                yield Violation("lock", idle.id, one, 1, "prefix")


def _pairs(known: Book, readings: list[Reading]) -> Iterator[Violation]:
    """Both halves of a shipment in one trip, the pickup first."""
    where: dict[str, tuple[int, int, int]] = {}
    for tour_number, reading in enumerate(readings):
        for trip_number, trip in enumerate(reading.trips):
            for number in trip:
                where.setdefault(reading.jobs[number].id, (tour_number, trip_number, number))
    for pair in known.problem.shipments:
        collected, handed_over = where.get(pair.pickup.id), where.get(pair.delivery.id)
        if collected and handed_over and not (collected[:2] == handed_over[:2] and collected < handed_over):
            yield Violation("pair", readings[handed_over[0]].vehicle.id, pair.delivery.id, 1, pair.id)


def _stocks(known: Book, readings: list[Reading]) -> Iterator[Violation]:
    """What the tours of a depot take of a scarce product against what lies there."""
    lies = {(stock.place, stock.product): stock.quantity for stock in known.problem.stocks}
    scarce = {product for _, product in lies}
    taken: Counter[tuple[int, str]] = Counter()
    for reading in readings:
        for job in reading.jobs:
            for product, pieces in job.goods:
                if product in scarce:
                    taken[reading.vehicle.start, product] += pieces
    for (place, product), pieces in taken.items():
        excess = pieces - lies.get((place, product), 0)
        if excess > 0:
            yield Violation("stock", excess=excess, what=f"{product} at place {place}")
