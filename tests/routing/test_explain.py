"""Every reason is true: brute force agrees, and the mend that a reason names does mend."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings

import routing
from routing import explain
from routing.engines.nearest import Nearest
from tests import builders_routing as small
from tests.strategies import problems

ALONE = {"weight": "too-heavy", "volume": "too-large"}


def alone(problem, job):
    """What happens in each vehicle that has nothing else to do."""
    return {vehicle.id: routing.schedule(problem, vehicle, [job]) for vehicle in problem.vehicles}


def may_serve(problem, vehicle, job):
    chosen = job.vehicles is None or vehicle.id in job.vehicles
    return chosen and problem.locked_to(job.id) in (None, vehicle.id)


def room(problem, vehicle, job, dimension):
    d = problem.dimensions.index(dimension)
    needs = max(job.delivery[d] if job.delivery else 0, job.pickup[d] if job.pickup else 0)
    return vehicle.capacity[d] - needs


def opened(windows, earlier, later):
    """The windows with the first opened earlier and the last closed later, as one."""
    return (routing.Window(windows[0].opens - earlier, windows[-1].closes + later),)


@given(problem=problems(most_jobs=4, most_vehicles=3))
@settings(max_examples=120)
def test_a_job_is_called_impossible_when_no_vehicle_could_serve_it_alone(problem):
    for job in problem.jobs:
        reason = explain.impossible_alone(problem, job)

        assert (reason is None) == any(isinstance(tour, routing.Tour) for tour in alone(problem, job).values())


@given(problem=problems(most_jobs=4, most_vehicles=3))
@settings(max_examples=200)
def test_the_reason_of_impossibility_is_true_and_its_mend_mends(problem):
    for job in problem.jobs:
        reason = explain.impossible_alone(problem, job)
        if reason is None:
            continue

        able = [vehicle for vehicle in problem.vehicles if may_serve(problem, vehicle, job)]
        skilled = [vehicle for vehicle in able if job.skills <= vehicle.skills]
        free = [vehicle for vehicle in skilled if vehicle.max_stops != 0]
        named = problem.vehicle(reason.facts["vehicle"]) if "vehicle" in reason.facts else None

        if reason.code == "no-vehicle":
            assert not able or (skilled and not free)
        elif reason.code == "no-skill":
            assert able
            assert not skilled
        elif reason.code in ALONE.values():
            dimension = reason.facts["dimension"]
            assert ALONE[dimension] == reason.code
            assert named in free
            assert -max(room(problem, one, job, dimension) for one in free) == reason.facts["excess"] > 0
        elif reason.code == "too-much":
            assert all(max(room(problem, one, job, name) for one in free) >= 0 for name in ALONE)
            assert all(min(room(problem, one, job, name) for name in ALONE) < 0 for one in free)
        else:
            assert named in free
            assert gets_farther(problem, job, named, reason)


def gets_farther(problem, job, vehicle, reason):
    """Whether the vehicle serves the job, or fails by a later rule, once what the reason names is mended."""
    excess = reason.facts["excess"]
    was = routing.schedule(problem, vehicle, [job])
    if reason.code == "off-road-network":
        return was.rule == "road"
    if reason.code == "window-closed":
        mended = [(vehicle, replace(job, windows=opened(job.windows, excess, excess)))]
    elif reason.code == "shift-too-short":
        longer = routing.Window(vehicle.shift.opens, vehicle.shift.closes + excess)
        mended = [(replace(vehicle, shift=longer), job)]
    else:
        assert reason.code == "too-far"
        limits = ("max_metres", "max_driving_seconds")
        farther = {name: getattr(vehicle, name) + excess for name in limits if getattr(vehicle, name) is not None}
        mended = [(replace(vehicle, **farther), job)]
    order = ("window", "shift", "max-metres", "max-driving")
    ((van, other),) = mended
    now = routing.schedule(problem, van, [other])
    return isinstance(now, routing.Tour) or order.index(now.rule) > order.index(was.rule)


@given(problem=problems(most_jobs=5, most_vehicles=2))
@settings(max_examples=120)
def test_the_reason_of_a_job_left_out_is_true(problem):
    plan = routing.solve(problem, Nearest(), limits=routing.Limits(seconds=5))

    orders = plan.orders()
    for left in plan.unassigned:
        job, reason = problem.job(left.job), left.reason
        assert reason.code in explain.REASON_CODES
        added, misses = tried(problem, orders, job)
        if reason.code == "no-capacity-left":
            assert added == []
            assert {tour["vehicle"] for tour in reason.facts["tours"]} == {vehicle.id for vehicle in problem.vehicles}
            for tour in reason.facts["tours"]:
                assert (tour["rule"], tour["excess"], tour.get("dimension")) in misses[tour["vehicle"]]
        elif reason.code == "too-dear":
            assert min(added) > job.price
            assert reason.facts["cost_cents"] == routing.cents(min(added))
            assert reason.facts["price_cents"] == routing.cents(job.price)
        else:
            assert not any(isinstance(tour, routing.Tour) for tour in alone(problem, job).values())


def tried(problem, orders, job):
    """What the job adds in every gap of every tour where it fits, and how each vehicle's other gaps fail."""
    added, misses = [], {vehicle.id: set() for vehicle in problem.vehicles}
    for vehicle in problem.vehicles:
        before = [problem.job(one) for one in orders.get(vehicle.id, ())]
        was = routing.schedule(problem, vehicle, before).costs.total if before else 0
        for at in range(len(before) + 1):
            tour = routing.schedule(problem, vehicle, [*before[:at], job, *before[at:]])
            if isinstance(tour, routing.Tour):
                added.append(tour.costs.total - was)
            else:
                rule = "window-after" if tour.rule == "window" and tour.job != job.id else tour.rule
                misses[vehicle.id].add((rule, tour.excess, tour.dimension))
    return added, misses


@given(problem=problems(most_jobs=3, most_vehicles=1))
@settings(max_examples=150)
def test_a_vehicle_that_could_serve_a_job_in_some_order_is_found_by_trying_all(problem):
    # The forward pass is exact: no order that it refuses could be driven by waiting or leaving later.
    for vehicle in problem.vehicles:
        for order in itertools.permutations(problem.jobs, min(2, len(problem.jobs))):
            outcome = routing.schedule(problem, vehicle, order)

            assert isinstance(outcome, routing.Tour) == drivable(problem, vehicle, order)


def drivable(problem, vehicle, order):
    """By brute force over which window each job is served in: earliest times, written down once more in the open."""
    if any(not may_serve(problem, vehicle, job) or not job.skills <= vehicle.skills for job in order):
        return False
    if vehicle.max_stops is not None and len(order) > vehicle.max_stops:
        return False
    if [problem.rank_of(job.id) for job in order] != sorted(problem.rank_of(job.id) for job in order):
        return False
    for d in range(2):
        for k in range(len(order) + 1):
            aboard = sum(job.delivery[d] for job in order[k:] if job.delivery)
            if aboard + sum(job.pickup[d] for job in order[:k] if job.pickup) > vehicle.capacity[d]:
                return False
    matrix = problem.matrices[vehicle.profile]
    places = [vehicle.start, *(job.place for job in order), *([] if vehicle.end is None else [vehicle.end])]
    legs = list(itertools.pairwise(places))
    if any(matrix.seconds[leg] >= routing.UNREACHABLE for leg in legs):
        return False
    if vehicle.max_metres is not None and sum(matrix.metres[leg] for leg in legs) > vehicle.max_metres:
        return False
    driving = sum(int(matrix.seconds[leg]) for leg in legs)
    if vehicle.max_driving_seconds is not None and driving > vehicle.max_driving_seconds:
        return False
    leave = max([vehicle.shift.opens, *(job.release_seconds for job in order if job.release_seconds is not None)])
    return any(
        in_time(matrix, vehicle, order, chosen, leave) for chosen in itertools.product(*(job.windows for job in order))
    )


def in_time(matrix, vehicle, order, chosen, now):
    place, parked = vehicle.start, False
    for job, window in zip(order, chosen, strict=True):
        now += int(matrix.seconds[place, job.place])
        if not parked or place != job.place:
            now += job.setup_seconds
        now = max(now, window.opens)
        if now > window.closes:
            return False
        now, place, parked = now + job.service_seconds, job.place, True
    home = 0 if vehicle.end is None else int(matrix.seconds[place, vehicle.end])
    return now + home <= vehicle.shift.closes


def test_a_job_for_nobody_in_two_ways_is_too_much_and_not_too_heavy():
    problem = small.a_town(jobs=1, vehicles=2, seed=1)
    job = replace(problem.jobs[0], delivery=(100, 100), pickup=())
    strong, roomy = problem.vehicles
    fleet = (replace(strong, capacity=(100, 50)), replace(roomy, capacity=(50, 100)))

    reason = explain.impossible_alone(replace(problem, jobs=(job,), vehicles=fleet), job)

    assert reason.code == "too-much"


def test_the_excess_of_a_heavy_job_is_that_of_the_strongest_vehicle():
    problem = small.a_town(jobs=1, vehicles=2, seed=1)
    job = replace(problem.jobs[0], delivery=(100, 100), pickup=())
    weak, strong = problem.vehicles
    fleet = (replace(weak, capacity=(10, 500)), replace(strong, capacity=(90, 500)))

    reason = explain.impossible_alone(replace(problem, jobs=(job,), vehicles=fleet), job)

    assert (reason.code, reason.facts["vehicle"], reason.facts["excess"]) == ("too-heavy", strong.id, 10)
