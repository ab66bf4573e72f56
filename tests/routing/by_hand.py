"""A plan timed by hand: slowly, naively, from the model's page, by nothing that `routing` computes.

`Chosen` is what somebody decided about one tour. `timed` lives it through minute by minute, as a driver would tell it,
and writes down the tour; `broken` reads such a plan and says which rules its decisions break. Both go over everything
again and again and are of no use for more than a few stops: they are what the judge is compared with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import routing
from routing.model import RELOAD, Pause, Reload


@dataclass(frozen=True)
class Wish:
    """A pause somebody would like to begin at that moment; it begins then or as soon as nothing stands in its way."""

    moment: int
    seconds: int
    name: str = ""


@dataclass(frozen=True)
class Chosen:
    """What was decided about a tour: order (job ids, `RELOAD` between them), departure, pauses, seconds of idling.

    `idle` is by job id, or `RELOAD` and the number of the stop after it: seconds longer than needed before the service
    begins or the depot is left.
    """

    vehicle: str
    order: tuple[str, ...]
    departure: int
    wishes: tuple[Wish, ...] = ()
    idle: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Day:
    """A driver's day while it goes on."""

    now: int
    wishes: list[Wish]
    pauses: list[Pause] = field(default_factory=list)

    def pause_before(self, gap: int, end: int) -> bool:
        """Hold the next wished pause if its moment comes before `end`."""
        due = [wish for wish in self.wishes if max(self.now, wish.moment) < end]
        if not due:
            return False
        wish = min(due, key=lambda one: (one.moment, one.seconds, one.name))
        self.wishes.remove(wish)
        begin = max(self.now, wish.moment)
        self.pauses.append(Pause(gap, begin, begin + wish.seconds, wish.name))
        self.now = begin + wish.seconds
        return True

    def drive(self, gap: int, seconds: int) -> None:
        """Drive so long, pausing on the way where that is wished."""
        left = seconds
        while True:
            set_off = self.now
            held = self.pause_before(gap, self.now + left)
            if not held:
                self.now += left
                return
            left -= self.pauses[-1].start - set_off

    def stay(self, gap: int, seconds: int, *, pauses_lengthen: bool) -> None:
        """Be busy so long at one place, pausing where that is wished."""
        end = self.now + seconds
        while self.pause_before(gap, end):
            if pauses_lengthen:
                end += self.pauses[-1].end - self.pauses[-1].start
            end = max(end, self.now)
        self.now = end

    def wait_at_home(self, gap: int, names: set[str]) -> None:
        """Hold the breaks of these names that are still wished, however long that is to wait for; others meanwhile."""
        while any(wish.name in names for wish in self.wishes):
            self.pause_before(gap, 2**62)


def slowed(problem: routing.Problem, moment: int, seconds: int) -> int:
    """What a leg of so many seconds takes when it begins at that moment."""
    percent = 100
    for period in problem.periods:
        if period.opens <= moment:
            percent = period.percent
    return math.ceil(Fraction(seconds * percent, 100))


def timed(problem: routing.Problem, chosen: Chosen) -> routing.Tour:
    """The tour as it goes when these things were decided."""
    vehicle = problem.vehicle(chosen.vehicle)
    matrix = problem.matrices[vehicle.profile]
    day = _Day(chosen.departure, list(chosen.wishes))
    stops: list[routing.Stop] = []
    reloads: list[Reload] = []
    place, fresh = vehicle.start, True
    metres = driving = 0
    loads = aboard(problem, chosen.order)
    for number, one in enumerate(chosen.order):
        target = vehicle.start if one == RELOAD else problem.job(one).place
        gap = len(stops)
        seconds = slowed(problem, day.now, int(matrix.seconds[place, target]))
        way = int(matrix.metres[place, target])
        metres, driving = metres + way, driving + seconds
        day.drive(gap, seconds)
        arrival = day.now
        if one == RELOAD:
            day.stay(gap, vehicle.reload_seconds, pauses_lengthen=False)
            day.stay(gap, chosen.idle.get(f"{RELOAD}{gap}", 0), pauses_lengthen=False)
            reloads.append(Reload(gap, arrival, day.now, seconds, way, loads[number + 1]))
        else:
            job = problem.job(one)
            day.stay(gap, job.setup_seconds if fresh or place != target else 0, pauses_lengthen=True)
            day.stay(gap, _until_open(job, day.now) + chosen.idle.get(one, 0), pauses_lengthen=False)
            day.stay(gap, _until_open(job, day.now), pauses_lengthen=False)
            begin = day.now
            day.now += job.service_seconds
            stops.append(routing.Stop(one, arrival, begin, day.now, seconds, way, loads[number + 1]))
        place, fresh = target, one == RELOAD
    back = way = 0
    if vehicle.end is not None:
        back = slowed(problem, day.now, int(matrix.seconds[place, vehicle.end]))
        way = int(matrix.metres[place, vehicle.end])
        day.drive(len(stops), back)
    day.wait_at_home(len(stops), {held.id for held in vehicle.breaks if held.always})
    tour = routing.Tour(
        vehicle=vehicle.id,
        departure=chosen.departure,
        arrival=day.now,
        stops=tuple(stops),
        start_load=loads[0],
        return_seconds=back,
        return_metres=way,
        metres=metres + way,
        driving_seconds=driving + back,
        costs=routing.Costs(),
        reloads=tuple(reloads),
        pauses=tuple(day.pauses),
    )
    return replace(tour, costs=owed(problem, tour))


def _until_open(job: routing.Job, now: int) -> int:
    """Seconds until a window is open; none when it is too late for all of them."""
    waits = [max(0, window.opens - now) for window in job.windows if now <= window.closes]
    return min(waits, default=0)


def trips(order: Iterable[str]) -> list[list[str]]:
    """The jobs of each trip."""
    found: list[list[str]] = [[]]
    for one in order:
        if one == RELOAD:
            found.append([])
        else:
            found[-1].append(one)
    return found


def halves(problem: routing.Problem) -> dict[str, str]:
    """For each half of a shipment, the other half."""
    found = {}
    for pair in problem.shipments:
        found[pair.pickup.id], found[pair.delivery.id] = pair.delivery.id, pair.pickup.id
    return found


def aboard(problem: routing.Problem, order: tuple[str, ...]) -> list[tuple[int, ...]]:
    """What is aboard at the tour's beginning and after each thing of the order."""
    return [
        tuple(_amount(problem, trip, done, axis) for axis in range(len(problem.dimensions)))
        for trip, done in _moments(order)
    ]


def _moments(order: tuple[str, ...]) -> list[tuple[list[str], int]]:
    """The trip that goes on and how many of its jobs are done: at the beginning and after each thing of the order."""
    all_trips = trips(order)
    found, trip = [(all_trips[0], 0)], 0
    for one in order:
        if one == RELOAD:
            trip += 1
            found.append((all_trips[trip], 0))
        else:
            found.append((all_trips[trip], found[-1][1] + 1))
    return found


def _amount(problem: routing.Problem, trip: list[str], done: int, axis: int) -> int:
    """What lies in the vehicle in one dimension when so many jobs of a trip are done: asked of every piece anew."""
    others, total = halves(problem), 0
    for position, one in enumerate(trip):
        job = problem.job(one)
        gives = job.delivery[axis] if job.delivery else 0
        takes = job.pickup[axis] if job.pickup else 0
        if one not in others:
            total += gives if position >= done else 0
            total += takes if position < done else 0
        elif job.kind == "pickup" and position < done and others[one] not in trip[position:done]:
            total += takes
    return total


def owed(problem: routing.Problem, tour: routing.Tour) -> routing.Costs:
    """What a tour with these times costs."""
    vehicle = problem.vehicle(tour.vehicle)
    away = tour.arrival - tour.departure
    balance, before = problem.balance, problem.previous
    begun = {stop.job: stop.service_start for stop in tour.stops}
    changes = late = delay = 0
    for one, start in begun.items():
        job = problem.job(one)
        delay += job.second_price * (start if start > 0 else 0)
        if job.due is not None and start > job.due:
            late += job.late_second_cost * (start - job.due)
        for kept in before.kept if before else ():
            if kept.job == one:
                moved = kept.service_start is not None and not (
                    kept.service_start - before.tolerance_seconds
                    <= start
                    <= kept.service_start + before.tolerance_seconds
                )
                changes += before.change_cost if moved or kept.vehicle != tour.vehicle else 0
    over = 0 if vehicle.overtime_after is None else max(0, away - vehicle.overtime_after)
    return routing.Costs(
        fixed=vehicle.fixed_cost,
        distance=tour.metres * vehicle.metre_cost,
        time=away * vehicle.second_cost,
        overtime=over * vehicle.overtime_second_cost,
        balance=max(0, away - balance.target_seconds) * balance.second_cost if balance else 0,
        delay=delay,
        late=late,
        changes=changes,
    )


def plan(problem: routing.Problem, choices: Iterable[Chosen]) -> routing.Plan:
    """The plan of these tours; what they do not serve is left out."""
    return of_tours(problem, [timed(problem, chosen) for chosen in choices])


def of_tours(problem: routing.Problem, tours: Iterable[routing.Tour]) -> routing.Plan:
    """The plan of these tours, with what they leave out and what it all costs."""
    tours = tuple(tours)
    served = {stop.job for tour in tours for stop in tour.stops}
    left = tuple(
        routing.Unassigned(job.id, routing.Reason("too-dear")) for job in problem.visits if job.id not in served
    )
    out = {one.job for one in left}
    price = sum(job.price or 0 for job in problem.jobs if job.id in out)
    price += sum(pair.price or 0 for pair in problem.shipments if {pair.pickup.id, pair.delivery.id} & out)
    changes = 0
    if problem.previous:
        changes = problem.previous.change_cost * len([kept for kept in problem.previous.kept if kept.job in out])
    costs = routing.Costs(left_out=price, changes=changes)
    for tour in tours:
        costs = costs + tour.costs
    return routing.Plan(tours, left, costs, engine="by-hand")
