"""One order of jobs becomes a tour with arrivals, pauses and loads, or the first rule it breaks.

The vehicle leaves as late as it can without lengthening the tour: first everything as early as possible, then the
whole chain is pushed back by its forward slack (Savelsbergh, ORSA Journal on Computing 4, 1992), so that no courier
waits at a door for a window that could have been met by leaving later. docs/reference/routing-model.md has the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .cost import tour_costs
from .model import RELOAD, Job, Load, Problem, Tour, Vehicle
from .timing import Broken, Clock, Passed, walk

Order = Sequence[Job | str]


@dataclass(frozen=True, slots=True)
class Trip:
    """What one trip carries: its jobs in order, the load at departure and after each of them."""

    jobs: tuple[Job, ...]
    start_load: Load
    loads: tuple[Load, ...]


def schedule(problem: Problem, vehicle: Vehicle, order: Order) -> Tour | Broken:
    """The tour that serves jobs in this order, or the first rule it breaks.

    Args:
        order: jobs or their ids, `RELOAD` where the vehicle goes back to its depot to load again; not empty.

    Rules, in the order they are looked at: `vehicle` (not allowed), `skill`, `lock`, `max-stops`, `trips`,
    `incompatible`, `pair`, `deliveries-first`, `load`, `stock`; then along the way `road`, `window`, `break`,
    `work-rule`, `shift`; at last `max-metres`, `max-driving`, `max-seconds`.
    """
    parts = _trips(problem, order)
    jobs = [job for part in parts for job in part]
    broken = _unfit_together(problem, vehicle, jobs) or _misplaced(problem, vehicle, parts)
    if broken is not None:
        return broken
    trips: list[Trip] = []
    for part in parts:
        trip = carried(problem, vehicle, part)
        if isinstance(trip, Broken):
            return trip
        trips.append(trip)
    return _timed(problem, vehicle, trips)


def unfit(vehicle: Vehicle, job: Job) -> str | None:
    """Why this vehicle may never serve the job: `vehicle` or `skill`; None when it may."""
    if job.vehicles is not None and vehicle.id not in job.vehicles:
        return "vehicle"
    return None if job.skills <= vehicle.skills else "skill"


def amounts(load: Load, size: int) -> Load:
    """A load with every dimension named; () is nothing."""
    return load or (0,) * size


def setup_of(job: Job, place_before: int, *, first: bool) -> int:
    """Seconds to park and climb before this job: none when the vehicle already served at the same place."""
    return job.setup_seconds if first or job.place != place_before else 0


def _trips(problem: Problem, order: Order) -> list[list[Job]]:
    parts: list[list[Job]] = [[]]
    for one in order:
        if one == RELOAD:
            parts.append([])
        else:
            parts[-1].append(problem.by_id[one] if isinstance(one, str) else one)
    return parts


def _unfit_together(problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> Broken | None:
    for job in jobs:
        refusal = unfit(vehicle, job)
        if refusal:
            return Broken(refusal, job.id)
        if problem.locked_to.get(job.id, vehicle.id) != vehicle.id:
            return Broken("lock", job.id)
    if vehicle.locked and (lost := _unlocked(vehicle, [job.id for job in jobs])) is not None:
        return Broken("lock", lost)
    if vehicle.max_stops is not None and len(jobs) > vehicle.max_stops:
        return Broken("max-stops", jobs[-1].id, len(jobs) - vehicle.max_stops)
    return incompatible(problem, jobs)


def _unlocked(vehicle: Vehicle, ids: Sequence[str]) -> str | None:
    """The first job that does not stand where a lock holds it."""
    for number, wanted in enumerate(vehicle.prefix):
        if number >= len(ids) or ids[number] != wanted:
            return wanted
    held = set(vehicle.order)
    standing = [one for one in ids if one in held]
    wanted_order = [one for one in vehicle.order if one in set(standing)]
    return next((one for one, wanted in zip(standing, wanted_order, strict=True) if one != wanted), None)


def incompatible(problem: Problem, jobs: Iterable[Job]) -> Broken | None:
    """The first job whose traits may not share a tour with those before it; None when all may."""
    if not problem.incompatible:
        return None
    aboard: set[str] = set()
    for job in jobs:
        aboard |= job.traits
        if any(one in aboard and other in aboard for one, other in problem.incompatible):
            return Broken("incompatible", job.id)
    return None


def _misplaced(problem: Problem, vehicle: Vehicle, parts: Sequence[Sequence[Job]]) -> Broken | None:
    if len(parts) > vehicle.trips:
        return Broken("trips", parts[vehicle.trips][0].id if parts[vehicle.trips] else None, len(parts) - vehicle.trips)
    if len(parts) > 1 and len(parts[0]) < len(vehicle.prefix):
        return Broken("lock", vehicle.prefix[len(parts[0])])
    for part in parts:
        if not part:
            return Broken("reload", None)
        broken = _unpaired(problem, part) or (_mixed(problem, part) if vehicle.deliveries_first else None)
        if broken is not None:
            return broken
    return _out_of_stock(problem, vehicle, [job for part in parts for job in part]) if problem.stocks else None


def _unpaired(problem: Problem, jobs: Sequence[Job]) -> Broken | None:
    """Both halves of a shipment lie in this trip, the pickup first."""
    if not problem.shipments:
        return None
    waiting: set[str] = set()
    for job in jobs:
        pair = problem.pair_of.get(job.id)
        if pair is None:
            continue
        if job.id == pair.pickup.id:
            waiting.add(pair.delivery.id)
        elif job.id in waiting:
            waiting.remove(job.id)
        else:
            return Broken("pair", job.id)
    return Broken("pair", min(waiting)) if waiting else None


def _mixed(problem: Problem, jobs: Sequence[Job]) -> Broken | None:
    """In a trip nothing is collected before the last delivery; a swap does both at once."""
    collected = False
    for job in jobs:
        if job.id in problem.pair_of:
            continue
        if collected and any(job.delivery):
            return Broken("deliveries-first", job.id)
        collected = collected or any(job.pickup)
    return None


def _out_of_stock(problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> Broken | None:
    """This tour alone takes more of a scarce product than lies at its depot."""
    scarce = {stock.product for stock in problem.stocks}
    left = {stock.product: stock.quantity for stock in problem.stocks if stock.place == vehicle.start}
    for job in jobs:
        for product, quantity in job.goods:
            if product in scarce:
                left[product] = left.get(product, 0) - quantity
                if left[product] < 0:
                    return Broken("stock", job.id, -left[product], product)
    return None


def carried(problem: Problem, vehicle: Vehicle, jobs: Sequence[Job]) -> Trip | Broken:
    """Aboard at the start of a trip and after each job: deliveries go in at the depot, collections stay to the end."""
    size = len(problem.dimensions)
    limit = amounts(vehicle.capacity, size)
    alone = [job for job in jobs if job.id not in problem.pair_of] if problem.pair_of else jobs
    aboard = [sum(job.delivery[d] for job in alone if job.delivery) for d in range(size)]
    loads = [tuple(aboard)]
    for d, now in enumerate(aboard):
        if now > limit[d]:
            return Broken("load", None, now - limit[d], problem.dimensions[d])
    for job in jobs:
        out, back = amounts(job.delivery, size), amounts(job.pickup, size)
        aboard = [now - out[d] + back[d] for d, now in enumerate(aboard)]
        for d, now in enumerate(aboard):
            if now > limit[d]:
                return Broken("load", job.id, now - limit[d], problem.dimensions[d])
        loads.append(tuple(aboard))
    return Trip(tuple(jobs), loads[0], tuple(loads[1:]))


def _timed(problem: Problem, vehicle: Vehicle, trips: Sequence[Trip]) -> Tour | Broken:
    clock = Clock(problem, vehicle, [trip.jobs for trip in trips])
    early = walk(clock, clock.earliest)
    if isinstance(early, Broken):
        return early
    tour = _tour(problem, vehicle, trips, early)
    if isinstance(tour, Broken):
        return tour
    later = _pushed_back(problem, vehicle, tour, early)
    too_long = tour.arrival - tour.departure - _most_seconds(vehicle)
    if later <= 0:
        return Broken("max-seconds", None, too_long) if too_long > 0 else tour
    passed = walk(clock, clock.earliest + later)
    late = passed if isinstance(passed, Broken) else _tour(problem, vehicle, trips, passed)
    if not isinstance(late, Broken) and (too_long > 0 or late.costs.total <= tour.costs.total):
        tour = late
    too_long = tour.arrival - tour.departure - _most_seconds(vehicle)
    return Broken("max-seconds", None, too_long) if too_long > 0 else tour


def _most_seconds(vehicle: Vehicle) -> int:
    return vehicle.shift.closes - vehicle.shift.opens if vehicle.max_seconds is None else vehicle.max_seconds


def _tour(problem: Problem, vehicle: Vehicle, trips: Sequence[Trip], passed: Passed) -> Tour | Broken:
    stops, reloads, metres, driving = [], [], passed.return_metres, passed.return_seconds
    loads = [load for trip in trips for load in trip.loads]
    for stop, load in zip(passed.stops, loads, strict=True):
        stops.append(replace(stop, load=load))
        metres, driving = metres + stop.drive_metres, driving + stop.drive_seconds
    for reload, trip in zip(passed.reloads, trips[1:], strict=True):
        reloads.append(replace(reload, load=trip.start_load))
        metres, driving = metres + reload.drive_metres, driving + reload.drive_seconds
    seconds = passed.arrival - passed.departure
    for rule, limit, figure in (
        ("max-metres", vehicle.max_metres, metres), ("max-driving", vehicle.max_driving_seconds, driving),
    ):  # fmt: skip
        if limit is not None and figure > limit:
            return Broken(rule, None, figure - limit)
    return Tour(
        vehicle=vehicle.id,
        departure=passed.departure,
        arrival=passed.arrival,
        stops=tuple(stops),
        start_load=trips[0].start_load,
        return_seconds=passed.return_seconds,
        return_metres=passed.return_metres,
        metres=metres,
        driving_seconds=driving,
        costs=tour_costs(problem, vehicle, stops, metres=metres, seconds=seconds),
        reloads=tuple(reloads),
        pauses=passed.pauses,
    )


def _pushed_back(problem: Problem, vehicle: Vehicle, tour: Tour, early: Passed) -> int:
    """How many seconds later it pays to leave.

    Leaving d later saves d seconds of the tour as long as waits absorb it, and begins stop k `max(0, d - W_k)` later,
    W_k being the waits up to and at k. What is lost grows with the stops passed, what is saved shrinks where overtime
    or imbalance end: both are convex, so the first point where a second costs more than it saves is the best.
    """
    waited, slack, lost = 0, vehicle.shift.closes - vehicle.shift.opens, 0
    points: list[tuple[int, int]] = []
    for turn in early.turns:
        waited += turn.waited
        slack = min(slack, waited + turn.latest - turn.begin)
        if turn.second_price:
            lost += turn.second_price
            points.append((waited, lost))
    bound = min(slack, waited, waited + vehicle.shift.closes - tour.arrival)
    for number, (reached, loss) in enumerate(points):
        following = points[number + 1][0] if number + 1 < len(points) else bound
        if following > reached and (worth := max(reached, _worth(problem, vehicle, tour, loss))) < following:
            return max(0, min(bound, max(worth, tour.arrival - tour.departure - _most_seconds(vehicle))))
    return max(0, bound)


def _worth(problem: Problem, vehicle: Vehicle, tour: Tour, loss: int) -> int:
    """Up to how many seconds of leaving later each one saves at least the loss."""
    seconds = tour.arrival - tour.departure
    extra = []
    if vehicle.overtime_after is not None:
        extra.append((seconds - vehicle.overtime_after, vehicle.overtime_second_cost))
    if problem.balance:
        extra.append((seconds - problem.balance.target_seconds, problem.balance.second_cost))
    if loss <= vehicle.second_cost:
        return seconds
    reach = 0
    for until, _ in extra:
        if until > 0 and vehicle.second_cost + sum(rate for end, rate in extra if end >= until) >= loss:
            reach = max(reach, until)
    return reach


__all__ = ["Broken", "Order", "Trip", "amounts", "carried", "incompatible", "schedule", "setup_of", "unfit"]
