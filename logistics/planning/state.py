"""From a day's work to a problem of routing: addresses become places, clocks become seconds, prices become money.

This is the one place where a site's zone decides what a clock time means.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

import routing

from ..ports import Point, TravelTable
from ..settings import Settings
from .work import DayWork, JobWork, SiteWork, VanWork


def modes_of(work: DayWork) -> tuple[str, ...]:
    """The ways of travelling the day needs: `car` always, `bike` when a cargo bike drives."""
    return tuple(sorted({"car", *(van.mode for van in work.vans)}))


def zero_of(work: DayWork) -> datetime:
    """The plan's zero as a moment: the day's midnight at the first site; UTC where there is no site."""
    return moment_of(work.day, time.min, work.sites[0].zone if work.sites else "UTC")


def moment_of(day: date, clock: time, zone: str) -> datetime:
    """When a clock in this zone shows this time on this day, as a moment in UTC.

    A time that the clock skips in spring is read as if it had not been put forward yet; of two in autumn the first.
    """
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def state_problem(work: DayWork, table: TravelTable, settings: Settings) -> routing.Problem:
    """The problem whose answer is the day's plan. Pure: the same work and table give the same problem.

    Job ids are order references, vehicle ids van codes, places the rows of `work.points`, loads grams and millilitres.
    Visits at the same point share a place, so that parking is paid once. A visit may be done by the vans of its serving
    site, or by the one van it is given to; what leaving it out costs follows its priority.

    Args:
        table: travel among `work.points` for `modes_of(work)`.
    """
    clock = _Clock(work)
    places = {point: row for row, point in enumerate(work.points)}
    vehicles = tuple(_vehicle(van, work.site(van.site_code), places, clock) for van in work.vans)
    fleet = {site.code: frozenset(van.code for van in work.vans if van.site_code == site.code) for site in work.sites}
    jobs = tuple(
        _job(job, work.site(job.site_code), places[job.point], fleet, clock, settings=settings) for job in work.jobs
    )
    matrices = {mode: routing.Matrix(table.seconds[mode], table.metres[mode]) for mode in modes_of(work)}
    return routing.Problem(
        matrices=matrices, jobs=jobs, vehicles=vehicles, balance=_balance(matrices["car"], jobs, vehicles, settings)
    )


class _Clock:
    """Turns a clock time at a site into seconds since the plan's zero."""

    def __init__(self, work: DayWork) -> None:
        self._day, self._zero = work.day, zero_of(work)

    def seconds(self, clock: time, site: SiteWork) -> int:
        return int((moment_of(self._day, clock, site.zone) - self._zero) / timedelta(seconds=1))

    def window(self, opens: time, closes: time, site: SiteWork) -> routing.Window:
        begin = self.seconds(opens, site)
        # In the hour that the clock skips, a window may seem to close before it opens.
        return routing.Window(begin, max(begin, self.seconds(closes, site)))


def _vehicle(van: VanWork, site: SiteWork, places: dict[Point, int], clock: _Clock) -> routing.Vehicle:
    depot = places[site.point]
    return routing.Vehicle(
        id=van.code,
        profile=van.mode,
        start=depot,
        end=depot,
        shift=clock.window(max(van.shift_start, site.opens), min(van.shift_end, site.closes), site),
        capacity=(van.weight_capacity_g, van.volume_capacity_ml),
        skills=van.skills,
        fixed_cost=van.fixed_cost_cents * routing.MONEY_PER_CENT,
        metre_cost=van.cost_per_km_cents * routing.MONEY_PER_CENT_KM,
        second_cost=van.cost_per_hour_cents * routing.MONEY_PER_CENT_HOUR,
    )


def _job(
    job: JobWork, site: SiteWork, place: int, fleet: dict[str, frozenset[str]], clock: _Clock, *, settings: Settings
) -> routing.Job:
    everybody = frozenset(code for codes in fleet.values() for code in codes)
    return routing.Job(
        id=job.reference,
        place=place,
        kind=job.kind,
        windows=(clock.window(job.window_start, job.window_end, site),),
        service_seconds=job.service_minutes * 60,
        setup_seconds=settings.visit_minutes * 60,
        delivery=(job.out.weight_g, job.out.volume_ml),
        pickup=(job.back.weight_g, job.back.volume_ml),
        skills=job.skills,
        vehicles=fleet[site.code] if job.van_code is None else everybody & {job.van_code},
        price=price_cents(job.priority, settings) * routing.MONEY_PER_CENT,
    )


def price_cents(priority: int, settings: Settings) -> int:
    """What leaving an order of this priority out costs the plan, in cents."""
    return {1: settings.price_standard_cents, 2: settings.price_blocking_cents, 3: settings.price_critical_cents}[
        priority
    ]


def _balance(
    car: routing.Matrix, jobs: tuple[routing.Job, ...], vehicles: tuple[routing.Vehicle, ...], settings: Settings
) -> routing.Balance | None:
    """The even share of a vehicle: time at the doors, the shortest way to each from another place, and home."""
    if not settings.balance_cents_per_hour or not vehicles or not jobs:
        return None
    used = sorted({job.place for job in jobs} | {vehicle.start for vehicle in vehicles})
    among = car.seconds[np.ix_(used, used)].astype(np.float64)
    np.fill_diagonal(among, np.inf)
    nearest = dict(zip(used, np.where(among < routing.UNREACHABLE, among, np.inf).min(axis=0), strict=True))
    at_doors = sum(job.setup_seconds + job.service_seconds for job in jobs)
    legs = sum(float(nearest[place]) for place in {job.place for job in jobs} if np.isfinite(nearest[place]))
    share = int((at_doors + legs) / len(vehicles))
    return routing.Balance(share, settings.balance_cents_per_hour * routing.MONEY_PER_CENT_HOUR)
