"""From a day's work to a problem: places, seconds, loads and money, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import routing
from logistics.planning import Amount, DayWork, JobWork, SiteWork, VanWork, modes_of, state_problem, zero_of
from logistics.ports import Point
from logistics.settings import Settings
from tests.builders import ANTIBES, CAGNES, NICE
from tests.fakes import FakeRoads

SETTINGS = Settings(home=Path("/nowhere"), database_url="sqlite://")
WEDNESDAY = date(2026, 11, 25)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
DEPOT = SiteWork(1, "NCE", Point(*NICE), "Europe/Paris", time(7), time(19))
VAN = VanWork(
    id=1, code="V1", site_code="NCE", kind="van", weight_capacity_g=600_000, volume_capacity_ml=4_000_000,
    shift_start=time(8), shift_end=time(16), skills=frozenset({"assembly"}), cost_per_km_cents=45,
    cost_per_hour_cents=2800, fixed_cost_cents=2000,
)  # fmt: skip
JOB = JobWork(
    job_id=1, reference="O-1", kind="swap", employee_id=1, address_id=1, point=Point(*CAGNES), site_code="NCE",
    window_start=time(9), window_end=time(11), priority=1, out=Amount(2100, 6000), back=Amount(1800, 4000),
    service_minutes=12, skills=frozenset({"assembly"}),
)  # fmt: skip


def work(*jobs: JobWork, vans=(VAN,), sites=(DEPOT,), day=WEDNESDAY) -> DayWork:
    return DayWork(day, None, tuple(sites), tuple(vans), jobs or (JOB,), (), (), (), 0)


def problem_of(told: DayWork, settings: Settings = SETTINGS) -> routing.Problem:
    return state_problem(told, FakeRoads().matrix(told.points, modes_of(told)), settings)


def test_everything_about_a_visit_becomes_a_number():
    problem = problem_of(work())

    (job,) = problem.jobs
    assert (job.id, job.kind, job.place) == ("O-1", "swap", 1)
    assert job.windows == (routing.Window(9 * 3600, 11 * 3600),)
    assert (job.setup_seconds, job.service_seconds) == (10 * 60, 12 * 60)
    assert (job.delivery, job.pickup) == ((2100, 6000), (1800, 4000))
    assert (job.skills, job.vehicles) == (frozenset({"assembly"}), frozenset({"V1"}))


def test_a_van_becomes_a_vehicle_whose_money_is_exact():
    (vehicle,) = problem_of(work()).vehicles

    assert (vehicle.id, vehicle.profile, vehicle.start, vehicle.end) == ("V1", "car", 0, 0)
    assert vehicle.shift == routing.Window(8 * 3600, 16 * 3600)
    assert vehicle.capacity == (600_000, 4_000_000)
    assert routing.cents(1000 * vehicle.metre_cost) == 45
    assert routing.cents(3600 * vehicle.second_cost) == 2800
    assert routing.cents(vehicle.fixed_cost) == 2000


@pytest.mark.parametrize(
    ("site", "shift"),
    [((time(9), time(19)), (9, 16)), ((time(7), time(15)), (8, 15)), ((time(7), time(19)), (8, 16))],
)
def test_a_shift_is_cut_to_the_hours_of_the_site(site, shift):
    depot = replace(DEPOT, opens=site[0], closes=site[1])

    (vehicle,) = problem_of(work(sites=[depot])).vehicles

    assert (vehicle.shift.opens, vehicle.shift.closes) == (shift[0] * 3600, shift[1] * 3600)


@pytest.mark.parametrize(("priority", "cents"), [(1, 20_000), (2, 60_000), (3, 200_000)])
def test_leaving_out_costs_by_priority(priority, cents):
    (job,) = problem_of(work(replace(JOB, priority=priority))).jobs

    assert routing.cents(job.price) == cents


def test_homes_at_one_point_are_one_place():
    first, second = replace(JOB, employee_id=2), replace(JOB, reference="O-2", employee_id=3)

    problem = problem_of(work(first, second, replace(JOB, reference="O-3", point=Point(*ANTIBES))))

    assert [job.place for job in problem.jobs] == [1, 1, 2]
    assert problem.matrices["car"].size == 3


def test_an_order_is_served_by_the_vans_of_its_site_or_by_the_one_it_is_given_to():
    antibes = replace(DEPOT, id=2, code="ATB", point=Point(*ANTIBES))
    vans = (VAN, replace(VAN, code="V2"), replace(VAN, code="V3", site_code="ATB"))
    jobs = (
        JOB, replace(JOB, reference="O-2", site_code="ATB"), replace(JOB, reference="O-3", van_code="V3"),
        replace(JOB, reference="O-4", van_code="gone"),
    )  # fmt: skip

    problem = problem_of(work(*jobs, vans=vans, sites=[antibes, DEPOT]))

    assert [job.vehicles for job in problem.jobs] == [{"V1", "V2"}, {"V3"}, {"V3"}, frozenset()]
    assert [vehicle.start for vehicle in problem.vehicles] == [1, 1, 0]


def test_a_cargo_bike_rides_by_the_matrix_of_bikes():
    told = work(vans=[VAN, replace(VAN, code="B1", kind="cargo_bike")])

    problem = problem_of(told)

    assert [vehicle.profile for vehicle in problem.vehicles] == ["car", "bike"]
    assert problem.matrices["bike"].seconds[0, 1] == pytest.approx(2 * problem.matrices["car"].seconds[0, 1], abs=1)


def test_a_home_off_the_network_is_out_of_reach():
    told = work()
    table = FakeRoads(nowhere=[CAGNES]).matrix(told.points, modes_of(told))

    matrix = state_problem(told, table, SETTINGS).matrices["car"]

    assert not matrix.reaches(0, 1)


# --- balance ----------------------------------------------------------------------------------------------------------


def test_the_even_share_is_the_work_by_the_number_of_vans():
    jobs = [replace(JOB, reference=f"O-{n}", point=Point(CAGNES[0] + n / 100, CAGNES[1])) for n in range(4)]

    alone = problem_of(work(*jobs)).balance
    shared = problem_of(work(*jobs, vans=[VAN, replace(VAN, code="V2")])).balance

    assert alone.target_seconds == pytest.approx(2 * shared.target_seconds, abs=2)
    assert alone.target_seconds > 4 * 22 * 60
    assert routing.cents(3600 * shared.second_cost) == 1_500


def test_balance_can_be_switched_off():
    assert problem_of(work(), replace(SETTINGS, balance_cents_per_hour=0)).balance is None


def test_a_day_without_vans_or_with_homes_out_of_reach_can_still_be_stated():
    told = work()
    table = FakeRoads(nowhere=[CAGNES, NICE]).matrix(told.points, modes_of(told))

    assert state_problem(told, table, SETTINGS).balance.target_seconds == 22 * 60
    assert problem_of(work(vans=[])).vehicles == ()


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_the_plans_zero_is_midnight_at_the_first_site():
    assert zero_of(work()) == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert zero_of(work(sites=[])) == datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 8), (AUTUMN, 10), (WEDNESDAY, 9)])
def test_nine_oclock_is_nine_oclock_on_the_days_the_clocks_change(day, hours):
    told = work(day=day)

    (job,) = problem_of(told).jobs

    assert job.windows[0].opens == hours * 3600
    local = (zero_of(told) + timedelta(seconds=job.windows[0].opens)).astimezone(ZoneInfo("Europe/Paris"))
    assert local.time() == time(9)


def test_a_window_in_the_hour_the_clock_skips_is_a_moment():
    (job,) = problem_of(work(replace(JOB, window_start=time(2, 30), window_end=time(3)), day=SPRING)).jobs

    assert job.windows[0].opens == job.windows[0].closes


def test_sites_in_two_zones_share_one_zero():
    lisbon = replace(DEPOT, id=2, code="LIS", point=Point(*ANTIBES), zone="Europe/Lisbon")
    jobs = (JOB, replace(JOB, reference="O-2", site_code="LIS"))

    first, second = problem_of(work(*jobs, sites=[DEPOT, lisbon], vans=[VAN])).jobs

    assert (first.windows[0].opens, second.windows[0].opens) == (9 * 3600, 10 * 3600)


@given(
    day=st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    zone=st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    opens=st.times(time(4), time(20)).map(lambda told: told.replace(second=0, microsecond=0)),
    minutes=st.integers(1, 180),
)
def test_a_window_read_back_by_the_clock_of_its_site_is_the_window_asked_for(day, zone, opens, minutes):
    closes = (datetime.combine(day, opens) + timedelta(minutes=minutes)).time()
    site = replace(DEPOT, zone=zone)
    told = work(replace(JOB, window_start=opens, window_end=closes), sites=[site], day=day)

    (window,) = problem_of(told).jobs[0].windows

    moments = [zero_of(told) + timedelta(seconds=end) for end in (window.opens, window.closes)]
    assert [moment.astimezone(ZoneInfo(zone)).time() for moment in moments] == [opens, closes]
    assert all(moment.astimezone(ZoneInfo(zone)).date() == day for moment in moments)
