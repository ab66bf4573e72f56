"""The greedy plan is always there, keeps every rule, and lets each of them decide."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings

import routing
from routing.engines.nearest import Nearest, first_orders, tidy
from routing.model import RELOAD, Shipment
from tests import builders_routing as small
from tests.routing import biting
from tests.strategies import FEATURES, problems

QUICK = routing.Limits(seconds=5.0)
#: Greed does not see that waiting or turning a tour round would spare the price of a change of time.
TOO_FINE = {"change of time"}


def orders_of(problem, **how):
    return first_orders(problem, deadline=time.monotonic() + 5, **how)


def unkept(problem, plan):
    """What is broken, but for a prefix that its vehicle could not even begin with alone."""
    found = []
    for violation in routing.violations(problem, plan):
        prefix = next((one.prefix for one in problem.vehicles if one.id == violation.vehicle), ())
        alone = routing.schedule(problem, problem.vehicle(violation.vehicle), prefix) if prefix else None
        if violation.rule != "lock" or not isinstance(alone, routing.Broken):
            found.append(violation)
    return found


@given(problem=problems(most_jobs=7, features=FEATURES, roomy=None))
@settings(max_examples=300)
def test_a_plan_keeps_every_rule_of_the_whole_model(problem):
    plan = Nearest()(problem, limits=QUICK)

    assert unkept(problem, plan) == []


@pytest.mark.parametrize(
    "case", [case for case in biting.CASES if case.name not in TOO_FINE], ids=lambda case: case.name
)
def test_each_rule_decides_the_plan(case):
    assert case.with_rule(orders_of(case.problem))
    assert not case.with_rule(orders_of(case.without))


@given(problem=problems(most_jobs=7, features=FEATURES, roomy=True))
@settings(max_examples=100)
def test_a_plan_to_begin_with_is_kept_where_it_holds(problem):
    whole = orders_of(problem)
    if unkept(problem, routing.assemble(problem, whole)):
        return

    again = orders_of(problem, start=whole)

    before, after = (routing.assemble(problem, orders).costs.total for orders in (whole, again))
    served = [{one for ids in orders.values() for one in ids} - {RELOAD} for orders in (whole, again)]
    assert served[0] <= served[1] or after < before


@given(problem=problems(most_jobs=7, features=FEATURES, roomy=None))
@settings(max_examples=150)
def test_any_nonsense_to_begin_with_is_mended(problem):
    ids = [job.id for job in problem.visits]
    start = {one.id: [RELOAD, *reversed(ids), "nobody's", RELOAD, *ids[:1]] for one in problem.vehicles}

    orders = orders_of(problem, start=start)

    assert unkept(problem, routing.assemble(problem, orders)) == []


def test_what_was_collected_before_is_handed_over():
    pair = biting.a_pair("p", "b", "a")
    van = biting.a_van(prefix=("p-from",))
    problem = biting.a_problem([biting.a_job("left")], [van], shipments=(pair,))

    orders = orders_of(problem)

    assert orders["v0"][0] == "p-from"
    assert set(orders["v0"]) == {"p-from", "p-to", "left"}


def test_two_pairs_collected_before_are_handed_over_in_the_order_that_fits():
    soon = biting.a_pair("soon", "a", "a")
    soon = Shipment(soon.id, soon.pickup, biting.replace(soon.delivery, windows=(routing.Window(0, 160),)))
    late = biting.a_pair("late", "a", "left")
    problem = biting.a_problem([], [biting.a_van(prefix=("late-from", "soon-from"))], shipments=(late, soon))

    assert orders_of(problem) == {"v0": ["late-from", "soon-from", "soon-to", "late-to"]}


def test_a_job_that_costs_more_than_its_price_is_taken_out_again_and_a_tour_too():
    trip = biting.a_van(fixed_cost=1_000, end="yard")
    cheap = [biting.a_job("a", price=2_600), biting.a_job("b", price=2_600)]
    problem = biting.a_problem(cheap, [trip])

    both, dear = orders_of(problem), orders_of(biting.a_problem(cheap[:1], [trip]))

    # The tour to both costs 9,200, the one to `a` alone 5,100.
    assert (both, dear) == ({}, {})


def test_two_tours_share_what_lies_at_their_depot():
    vans = [biting.a_van(name, capacity=(1, 1)) for name in ("v0", "v1")]
    wanted = [biting.a_job(name, delivery=(1, 0), goods=(("laptop", 1),)) for name in ("a", "b")]
    shelf = (biting.Stock(biting.PLACE["yard"], "laptop", 1),)

    assert sum(map(len, orders_of(biting.a_problem(wanted, vans)).values())) == 2
    assert sum(map(len, orders_of(biting.a_problem(wanted, vans, stocks=shelf)).values())) == 1


def test_spare_vans_of_the_same_kind_change_nothing():
    few, many = (small.a_town(jobs=60, vehicles=count, seed=3) for count in (20, 1_000))

    assert orders_of(few) == orders_of(many)


def test_two_hundred_jobs_and_twenty_vans_take_about_a_second():
    problem = small.a_town(jobs=200, vehicles=20, seed=1)
    began = time.process_time()

    plan = Nearest()(problem, limits=routing.Limits(seconds=60))

    # Half a second of an idle processor; a crowded one counts more for the same work.
    assert time.process_time() - began < 2
    assert plan.unassigned == ()


def test_a_deadline_leaves_out_what_there_was_no_time_for():
    problem = small.a_town(jobs=600, vehicles=60, seed=1)
    began = time.monotonic()

    plan = Nearest()(problem, limits=routing.Limits(seconds=0.5))

    assert time.monotonic() - began < 5
    assert routing.violations(problem, plan) == ()
    assert 0 < len(plan.unassigned) < 600


def test_a_cancelled_insertion_gives_what_it_has():
    problem = small.a_town(jobs=60, vehicles=6, seed=1)
    asked = itertools.count()

    plan = Nearest()(problem, limits=QUICK, cancelled=lambda: next(asked) > 20)

    assert 0 < sum(len(tour.stops) for tour in plan.tours) < 60


def test_reloads_stand_between_stops_only():
    assert tidy([RELOAD, "a", RELOAD, RELOAD, "b", RELOAD]) == ["a", RELOAD, "b"]
    assert tidy([RELOAD]) == []
