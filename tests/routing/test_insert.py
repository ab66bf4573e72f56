"""Where a job fits, by arrays, is where it fits by driving; and what a search makes of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import routing
from routing import insert
from routing.engines import improve, nearest, or_tools_model
from routing.solve import assemble
from tests import builders_routing as small
from tests.strategies import problems


def some_order(problem: routing.Problem, vehicle: routing.Vehicle, seed: int) -> list[routing.Job]:
    """Jobs in an order that the vehicle can drive, drawn by lot."""
    draw, order = random.Random(seed), []
    for job in draw.sample(problem.jobs, len(problem.jobs)):
        longer = [*order]
        longer.insert(draw.randint(0, len(order)), job)
        if isinstance(routing.schedule(problem, vehicle, longer), routing.Tour):
            order = longer
    return order


def every_gap(problem, vehicle, order, job):
    return [routing.schedule(problem, vehicle, [*order[:at], job, *order[at:]]) for at in range(len(order) + 1)]


@given(problem=problems(most_jobs=6, most_vehicles=2), seed=st.integers(0, 99))
@settings(max_examples=200)
def test_the_best_gap_by_arrays_is_the_best_by_driving(problem, seed):
    for vehicle in problem.vehicles:
        order = some_order(problem, vehicle, seed)
        was = routing.schedule(problem, vehicle, order).costs.total if order else 0
        for job in problem.jobs:
            if job in order:
                continue

            gap = insert.Track(problem, vehicle, order).best(job)

            driven = every_gap(problem, vehicle, order, job)
            good = [tour.costs.total - was for tour in driven if isinstance(tour, routing.Tour)]
            if good:
                assert (gap.broken, gap.cost) == (None, min(good))
                assert driven[gap.position].costs.total - was == gap.cost
            else:
                told = {(tour.rule, tour.job, tour.excess) for tour in driven}
                assert (gap.broken.rule, gap.broken.job, gap.broken.excess) in told


@given(problem=problems(most_jobs=6, most_vehicles=2), seed=st.integers(0, 99))
@settings(max_examples=120)
def test_what_a_track_costs_is_what_its_tour_costs(problem, seed):
    for vehicle in problem.vehicles:
        order = some_order(problem, vehicle, seed)

        track = insert.Track(problem, vehicle, order)

        tour = routing.schedule(problem, vehicle, order)
        assert track.keeps_time()
        assert track.cost == (tour.costs.total if order else 0)


@given(problem=problems(most_jobs=5, most_vehicles=1), seed=st.integers(0, 99))
@settings(max_examples=120)
def test_a_track_says_when_its_order_cannot_be_driven_in_time(problem, seed):
    for vehicle in problem.vehicles:
        fit = [job for job in problem.jobs if insert.Track(problem, vehicle, ()).may_serve(job)]
        order = random.Random(seed).sample(fit, len(fit))
        outcome = routing.schedule(problem, vehicle, order)
        if not order or getattr(outcome, "rule", None) in {"max-stops", "load", "lock"}:
            continue

        keeps = insert.Track(problem, vehicle, order).keeps_time()

        assert keeps == isinstance(outcome, routing.Tour)


@given(problem=problems(most_jobs=6), seed=st.integers(0, 9))
@settings(max_examples=150)
def test_ruin_and_recreate_keeps_every_promise_and_loses_nothing(problem, seed):
    start = nearest.first_orders(problem, deadline=float("inf"))
    told = []

    orders = improve.improve(problem, start, seed=seed, seconds=1, rounds=25, tell=told.append)

    before, after = assemble(problem, start), assemble(problem, orders)
    assert routing.violations(problem, after) == ()
    assert routing.rank(problem, after) <= routing.rank(problem, before)
    ranks = [routing.rank(problem, assemble(problem, one)) for one in told]
    assert ranks == sorted(ranks, reverse=True)


def test_ruin_and_recreate_gives_the_same_answer_for_the_same_seed():
    problem = small.a_town(jobs=30, vehicles=4, seed=6)
    start = nearest.first_orders(problem, deadline=float("inf"))

    answers = [improve.improve(problem, start, seed=5, seconds=60, rounds=60) for _ in range(2)]

    assert answers[0] == answers[1] != start


def test_ruin_and_recreate_makes_a_town_cheaper():
    problem = small.a_town(jobs=40, vehicles=5, seed=2)
    start = nearest.first_orders(problem, deadline=float("inf"))

    orders = improve.improve(problem, start, seed=1, seconds=60, rounds=150)

    assert assemble(problem, orders).costs.total < 0.99 * assemble(problem, start).costs.total


@given(problem=problems(most_jobs=5))
@settings(max_examples=60, deadline=None)
def test_or_tools_accepts_every_plan_of_ours_and_counts_it_alike(problem):
    from ortools.constraint_solver import pywrapcp

    aside = {job.id for job in problem.jobs if routing.explain.impossible_alone(problem, job)}
    possible = problem.only({job.id for job in problem.jobs} - aside)
    if not possible.jobs:
        return
    orders = nearest.first_orders(possible, deadline=float("inf"))

    model = or_tools_model.Model(possible, pywrapcp)
    start = model.assignment(orders)

    assert start is not None
    plan = assemble(possible, orders)
    several = any(len(job.windows) > 1 for job in possible.jobs)
    forgotten, total = routing.rank(possible, plan)
    if not several:
        # With one window for each the order decides the hours, so both clocks agree to the second.
        found = solved_as_it_is(model, start)
        assert found == total + forgotten * model.must_go


def solved_as_it_is(model, start):
    """What OR-Tools counts for a start that it may not change."""
    from ortools.constraint_solver import pywrapcp

    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.solution_limit = 1
    model.routing.CloseModelWithParameters(parameters)
    answer = model.routing.SolveFromAssignmentWithParameters(start, parameters)
    return answer.ObjectiveValue()


@given(problem=problems(most_jobs=6))
@settings(max_examples=25, deadline=None)
def test_what_or_tools_answers_our_schedule_can_drive(problem):
    aside = {job.id for job in problem.jobs if routing.explain.impossible_alone(problem, job)}
    possible = problem.only({job.id for job in problem.jobs} - aside)
    if not possible.jobs:
        return
    answers = []

    or_tools_model.constrain(possible, {}, seconds=0.2, rounds=40, send=answers.append)

    for orders in answers:
        assert routing.violations(possible, assemble(possible, orders)) == ()


def test_first_stops_stay_first_whoever_plans():
    problem = small.a_town(jobs=20, vehicles=3, seed=8)
    free = routing.solve(problem, routing.engine("nearest"))
    tour = free.tours[0]
    head = tuple(stop.job for stop in tour.stops[:3])
    locked = replace(problem, locks=(routing.Lock(tour.vehicle, head, first=True),))

    plan = routing.solve(locked, routing.engine("or-tools"), limits=routing.Limits(seconds=2.0))

    assert plan.orders()[tour.vehicle][:3] == head


@pytest.mark.parametrize("engine", ["nearest", "or-tools"])
def test_a_vehicle_waits_for_what_is_released_late(engine):
    problem = small.a_town(jobs=12, vehicles=2, seed=8)
    late = replace(
        problem.jobs[0], release_seconds=11 * 3_600, windows=(routing.Window(0, 17 * 3_600),), delivery=(1, 1)
    )
    problem = replace(problem, jobs=(late, *problem.jobs[1:]))

    plan = routing.solve(problem, routing.engine(engine), limits=routing.Limits(seconds=2.0))

    carrier = next((tour for tour in plan.tours if late.id in {stop.job for stop in tour.stops}), None)
    assert carrier is not None
    assert carrier.departure >= 11 * 3_600


@pytest.mark.parametrize("engine", ["nearest", "or-tools"])
def test_a_vehicle_without_an_end_pays_no_way_home(engine):
    problem = small.one_job(window=routing.Window(0, 7_200), drive=600)
    problem = replace(problem, vehicles=(replace(problem.vehicles[0], end=None),))

    plan = routing.solve(problem, routing.engine(engine), limits=routing.Limits(seconds=2.0))

    tour = plan.tours[0]
    assert (tour.driving_seconds, tour.metres, tour.return_seconds) == (600, 6_000, 0)
    assert tour.arrival == tour.stops[-1].departure
