"""From routing's answer to what is written down: moments, stops at one door put together, whole cents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import routing

from ..ports import Point, Roads, TravelTable
from .state import zero_of
from .work import DayWork, JobWork, SetAside

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class StopFacts:
    """One stop as it is stored; moments are UTC, loads are aboard when leaving."""

    kind: str
    employee_id: int
    address_id: int
    point: Point
    job_ids: tuple[int, ...]
    references: tuple[str, ...]
    arrives_at: datetime
    service_starts_at: datetime
    departs_at: datetime
    window_opens_at: datetime
    window_closes_at: datetime
    drive_s: int
    distance_m: int
    service_s: int
    load_weight_g: int
    load_volume_ml: int


@dataclass(frozen=True, slots=True)
class TourFacts:
    """One tour as it is stored; each term of the cost is whole cents, rounded once."""

    van_id: int
    van_code: str
    mode: str
    site_id: int
    depot: Point
    starts_at: datetime
    ends_at: datetime
    shift_opens_at: datetime
    shift_closes_at: datetime
    distance_m: int
    driving_s: int
    return_drive_s: int
    return_distance_m: int
    cost_fixed_cents: int
    cost_distance_cents: int
    cost_time_cents: int
    weight_capacity_g: int
    volume_capacity_ml: int
    start_weight_g: int
    start_volume_ml: int
    travel_source: str
    stops: tuple[StopFacts, ...]
    geometry: Line = ()

    @property
    def cost_cents(self) -> int:
        """All terms together."""
        return self.cost_fixed_cents + self.cost_distance_cents + self.cost_time_cents

    @property
    def references(self) -> tuple[str, ...]:
        """The orders served, in driving order."""
        return tuple(reference for stop in self.stops for reference in stop.references)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A version of a day, ready to be written."""

    tours: tuple[TourFacts, ...]
    unserved: tuple[SetAside, ...]
    engine: str
    solve_seconds: float
    seed: int


def tours_of(work: DayWork, problem: routing.Problem, plan: routing.Plan, table: TravelTable) -> tuple[TourFacts, ...]:
    """The plan's tours in moments and cents, without their lines on the map; jobs at one door make one stop."""
    return tuple(_tour(work, problem, tour, table) for tour in plan.tours)


def unserved_of(work: DayWork, plan: routing.Plan) -> tuple[SetAside, ...]:
    """What was set aside before the search, what the search left out, what other sites left before; by reference."""
    left = [_left(work, one) for one in plan.unassigned]
    return tuple(sorted((*work.aside, *work.carried, *left), key=lambda one: one.reference))


def drawn(tour: TourFacts, roads: Roads) -> Line:
    """The tour's line on the map, from the site through every stop and back."""
    points = [tour.depot, *(stop.point for stop in tour.stops), tour.depot]
    return roads.geometry([point for point, _ in groupby(points)], tour.mode)


def _left(work: DayWork, one: routing.Unassigned) -> SetAside:
    job = work.job(one.job)
    facts = dict(one.reason.facts)
    if one.reason.code == "no-skill":
        facts["skills"] = sorted(job.skills)
    return SetAside(job.job_id, job.reference, one.reason.code, facts)


def _tour(work: DayWork, problem: routing.Problem, tour: routing.Tour, table: TravelTable) -> TourFacts:
    van, vehicle = work.van(tour.vehicle), problem.vehicle(tour.vehicle)
    site, zero = work.site(van.site_code), zero_of(work)

    def at(seconds: int) -> datetime:
        return (zero + timedelta(seconds=seconds)).astimezone(UTC)

    places = [vehicle.start, *(problem.job(stop.job).place for stop in tour.stops), vehicle.end]
    return TourFacts(
        van_id=van.id,
        van_code=van.code,
        mode=van.mode,
        site_id=site.id,
        depot=site.point,
        starts_at=at(tour.departure),
        ends_at=at(tour.arrival),
        shift_opens_at=at(vehicle.shift.opens),
        shift_closes_at=at(vehicle.shift.closes),
        distance_m=tour.metres,
        driving_s=tour.driving_seconds,
        return_drive_s=tour.return_seconds,
        return_distance_m=tour.return_metres,
        cost_fixed_cents=routing.cents(tour.costs.fixed),
        cost_distance_cents=routing.cents(tour.costs.distance),
        cost_time_cents=routing.cents(tour.costs.time),
        weight_capacity_g=van.weight_capacity_g,
        volume_capacity_ml=van.volume_capacity_ml,
        start_weight_g=tour.start_load[0],
        start_volume_ml=tour.start_load[1],
        travel_source=table.source_of(places),
        stops=_stops(work, problem, tour.stops, at),
    )


@dataclass(frozen=True, slots=True)
class _Call:
    """One job of a tour with what it rests on."""

    stop: routing.Stop
    job: JobWork
    window: routing.Window

    def joins(self, before: Sequence[_Call]) -> bool:
        """Whether it is done in the same breath: one employee at one door, no wait, and one window fits both."""
        last = before[-1]
        same_door = (last.job.employee_id, last.job.point) == (self.job.employee_id, self.job.point)
        begins = before[0].stop.service_start
        opens, closes = _common(call.window for call in (*before, self))
        return same_door and self.stop.service_start == last.stop.departure and opens <= begins <= closes


def _common(windows: Iterable[routing.Window]) -> tuple[int, int]:
    told = list(windows)
    return max(window.opens for window in told), min(window.closes for window in told)


def _stops(
    work: DayWork, problem: routing.Problem, stops: Sequence[routing.Stop], at: Callable[[int], datetime]
) -> tuple[StopFacts, ...]:
    visits: list[list[_Call]] = []
    for stop in stops:
        windows = problem.job(stop.job).windows
        window = next(one for one in windows if one.opens <= stop.service_start <= one.closes)
        call = _Call(stop, work.job(stop.job), window)
        if visits and call.joins(visits[-1]):
            visits[-1].append(call)
        else:
            visits.append([call])
    return tuple(_stop(calls, at) for calls in visits)


def _stop(calls: Sequence[_Call], at: Callable[[int], datetime]) -> StopFacts:
    first, last = calls[0], calls[-1]
    kinds = {call.job.kind for call in calls}
    opens, closes = _common(call.window for call in calls)
    return StopFacts(
        kind=kinds.pop() if len(kinds) == 1 else "swap",
        employee_id=first.job.employee_id,
        address_id=first.job.address_id,
        point=first.job.point,
        job_ids=tuple(call.job.job_id for call in calls),
        references=tuple(call.job.reference for call in calls),
        arrives_at=at(first.stop.arrival),
        service_starts_at=at(first.stop.service_start),
        departs_at=at(last.stop.departure),
        window_opens_at=at(opens),
        window_closes_at=at(closes),
        drive_s=first.stop.drive_seconds,
        distance_m=first.stop.drive_metres,
        service_s=last.stop.departure - first.stop.service_start,
        load_weight_g=last.stop.load[0],
        load_volume_ml=last.stop.load[1],
    )
