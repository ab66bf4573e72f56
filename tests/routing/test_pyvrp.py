"""PyVRP is asked what it can say exactly, and refuses the rest by name."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest

import routing
from routing.engines import pyvrp as adapter
from routing.engines.nearest import first_orders
from routing.model import RELOAD, Break, Kept, Period, Previous, Stock, WorkRule
from tests import builders_routing as small
from tests.routing import biting
from tests.routing.solver_children import asked
from tests.routing.test_or_tools import drawn

#: What PyVRP has no words for; all other cases it must be able to say.
WORDLESS = {
    "break": "breaks (vehicle v0)",
    "work rule": "work rule (vehicle v0)",
    "price of delay": "price of delay (job b)",
    "setup": "price of delay (job other)",
    "lateness": "lateness (job b)",
    "traffic": "traffic periods",
    "most driving": "most driving seconds (vehicle v0)",
    "stock": "stocks (laptop)",
    "incompatible": "incompatible traits (food, paint)",
    "prefix": "locks (vehicle v0)",
    "order": "locks (vehicle v0)",
    "change of vehicle": "price of changes",
    "change of time": "price of changes",
}
#: Where it keeps the rule but does not come upon the plan that serves everybody, so that it is shown.
SHOWN = {"release of a later trip"}
SPOKEN = [case for case in biting.CASES if case.name not in WORDLESS]
#: What problems drawn by chance must not have.
TOO_MUCH = frozenset(
    {"breaks", "work rule", "periods", "delay", "due", "stocks", "incompatible", "previous", "prefix", "order"}
)


def expressible(seeds: range) -> list[routing.Problem]:
    """Problems drawn by chance that PyVRP can say."""
    found = []
    for problem in drawn(seeds, without=TOO_MUCH):
        fleet = tuple(replace(one, max_driving_seconds=None) for one in problem.vehicles)
        spoken = replace(problem, vehicles=fleet, balance=None)
        if adapter.refusal(spoken) is None:
            found.append(spoken)
    return found


def orders_of(problem):
    return first_orders(problem, deadline=time.monotonic() + 5)


def test_what_it_cannot_say_it_refuses_by_name():
    found = {case.name: adapter.refusal(case.problem) for case in biting.CASES}

    assert {name: reason for name, reason in found.items() if reason is not None} == WORDLESS


def a_plain_problem(**facts):
    return biting.a_problem([biting.a_job("a")], [biting.a_van()], **facts)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (
            biting.a_problem([biting.a_job("a")], [biting.a_van(max_stops=3, trips=2)]),
            "most stops with reloads or pairs (vehicle v0)",
        ),
        (
            biting.a_problem([], [biting.a_van(deliveries_first=True)], shipments=(biting.a_pair("p", "a", "b"),)),
            "deliveries first with pairs or jobs that carry nothing (vehicle v0)",
        ),
        (
            biting.a_problem(
                [biting.a_job("a")], [biting.a_van(overtime_after=5, overtime_second_cost=1)],
                balance=routing.Balance(9, 1),
            ),
            "balance with overtime (vehicle v0)",
        ),
        (
            biting.a_problem(
                [],
                [biting.a_van()],
                shipments=(
                    biting.Shipment(
                        "p",
                        replace(
                            biting.a_pair("p", "a", "b").pickup, windows=(routing.Window(0, 1), routing.Window(5, 6))
                        ),
                        biting.a_pair("p", "a", "b").delivery,
                    ),
                ),
            ),
            "several windows of a pair (job p-from)",
        ),
        (
            biting.a_problem([biting.a_job(f"j{n}", "a") for n in range(5_001)], [biting.a_van()]),
            "5001 visits, more than 5000",
        ),
    ],
)  # fmt: skip
def test_what_goes_together_in_no_words_is_refused(problem, reason):
    assert adapter.refusal(problem) == reason


@pytest.mark.parametrize(
    "problem",
    [
        a_plain_problem(periods=(Period(0, 100),)),
        a_plain_problem(previous=Previous((Kept("a", "v0"),), 0)),
        a_plain_problem(stocks=(Stock(0, "laptop", 0),)),
        a_plain_problem(incompatible=(("food", "paint"),)),
        a_plain_problem(balance=routing.Balance(9, 0)),
        biting.a_problem([biting.a_job("a", due=5)], [biting.a_van(overtime_after=9)]),
    ],
)
def test_a_rule_that_binds_nobody_is_no_hindrance(problem):
    assert adapter.refusal(problem) is None


def test_the_engine_says_what_it_cannot_express():
    problem = biting.a_problem([biting.a_job("a")], [biting.a_van(rule=WorkRule(9, 1))])

    with pytest.raises(routing.EngineFailed, match=r"pyvrp cannot express: work rule \(vehicle v0\)"):
        routing.engine("pyvrp")(problem, limits=routing.Limits(seconds=5))

    lunch = Break("lunch", routing.Window(0, 5), 5)
    with pytest.raises(routing.EngineFailed, match="breaks"):
        routing.engine("pyvrp")(
            biting.a_problem([biting.a_job("a")], [biting.a_van(breaks=(lunch,))]), limits=routing.Limits(seconds=5)
        )


@pytest.fixture(scope="module")
def bare_answers():
    """What PyVRP alone answers to each case it can say: with its rule, and without."""
    question = [
        (problem, orders_of(problem) if case.name in SHOWN and problem is case.problem else {})
        for case in SPOKEN
        for problem in (case.problem, case.without)
    ]
    found = asked("pyvrp_plans", question)
    best = [told[-1] if told else {} for told in found]
    return {case.name: (best[2 * at], best[2 * at + 1]) for at, case in enumerate(SPOKEN)}


@pytest.mark.parametrize("case", SPOKEN, ids=lambda case: case.name)
def test_each_rule_it_can_say_decides_what_it_answers(bare_answers, case):
    ruled, free = bare_answers[case.name]

    assert routing.violations(case.problem, routing.assemble(case.problem, ruled)) == ()
    assert case.with_rule(ruled)
    assert not case.with_rule(free)


def test_a_tour_costs_in_its_words_what_it_costs_in_ours():
    problems = expressible(range(600, 760))
    plans = [orders_of(problem) for problem in problems]

    costs = asked("pyvrp_costs", list(zip(problems, plans, strict=True)))

    compared = 0
    for problem, orders, said in zip(problems, plans, costs, strict=True):
        tours = routing.assemble(problem, orders).tours
        assert said == {tour.vehicle: tour.costs.total for tour in tours}
        compared += len(tours)
    assert compared > 100


def test_what_it_answers_keeps_every_rule():
    problems = expressible(range(800, 840))

    answers = asked("pyvrp_plans", [(problem, {}) for problem in problems])

    for problem, told in zip(problems, answers, strict=True):
        for orders in told:
            assert routing.violations(problem, routing.assemble(problem, orders)) == ()
    assert sum(len(ids) for told in answers for orders in told for ids in orders.values()) > 60


def test_setup_is_spared_at_the_same_door_only():
    doors = [
        biting.a_job(name, place, setup_seconds=300) for name, place in (("one", "a"), ("two", "a"), ("three", "twin"))
    ]
    problem = biting.a_problem(doors, [biting.a_van()])
    orders = {"v0": ("one", "two", "three")}, {"v0": ("one", "three", "two")}

    said = asked("pyvrp_costs", [(problem, one) for one in orders])

    assert said[1]["v0"] - said[0]["v0"] == 300 * problem.vehicles[0].second_cost
    assert [one["v0"] for one in said] == [routing.assemble(problem, one).costs.total for one in orders]


def test_reloads_and_releases_take_the_time_they_take():
    home = biting.a_van(end="yard", trips=3, reload_seconds=70, capacity=(1, 9))
    jobs = [biting.a_job("a", delivery=(1, 0)), biting.a_job("b", delivery=(1, 0), release=900)]
    problem = biting.a_problem(jobs, [home])
    orders = {"v0": ("a", RELOAD, "b")}

    (said,) = asked("pyvrp_costs", [(problem, orders)])

    assert said["v0"] == routing.assemble(problem, orders).costs.total


def test_a_better_plan_than_the_greedy_one_in_its_own_name_and_progress_on_the_way():
    problem = small.a_town(jobs=40, vehicles=6, seed=4)
    told = []

    plan = routing.solve(
        problem, routing.engine("pyvrp"), limits=routing.Limits(seconds=60, iterations=150), on_progress=told.append
    )

    assert plan.engine == "pyvrp"
    assert routing.violations(problem, plan) == ()
    assert plan.unassigned == ()
    assert plan.costs.total < 0.97 * routing.assemble(problem, orders_of(problem)).costs.total
    costs = [one.cost for one in told]
    assert costs == sorted(costs, reverse=True) and costs[-1] < costs[0]


def test_the_same_iterations_and_seed_give_the_same_plan():
    problem = small.a_town(jobs=30, vehicles=4, seed=2)
    limits = routing.Limits(seconds=60, iterations=40)

    one, other, third = (routing.engine("pyvrp")(problem, limits=limits, seed=seed) for seed in (5, 5, 6))

    assert one.orders() == other.orders()
    assert one.orders() != third.orders()


def test_it_begins_with_the_plan_it_is_given():
    problem = small.a_town(jobs=30, vehicles=4, seed=2)
    good = routing.engine("pyvrp")(problem, limits=routing.Limits(seconds=60, iterations=200))

    again = routing.engine("pyvrp")(
        problem, limits=routing.Limits(seconds=60, iterations=1), start=good.orders(), seed=9
    )

    assert again.costs.total <= good.costs.total


def test_a_job_that_must_go_and_does_not_fit_beside_the_others_spoils_nothing():
    van = biting.a_van(capacity=(2, 9))
    jobs = [biting.a_job(name, delivery=(1, 0)) for name in ("a", "b", "left")]
    problem = biting.a_problem(jobs, [van])

    plan = routing.engine("pyvrp")(problem, limits=routing.Limits(seconds=20, iterations=300))

    assert len(plan.unassigned) == 1
    assert routing.violations(problem, plan) == ()


def test_when_no_plan_keeps_every_condition_those_that_can_be_dropped_are():
    van = biting.a_van(capacity=(2, 9))
    jobs = [biting.a_job(name, delivery=(1, 0)) for name in ("a", "b", "left")]

    # Nobody had time to see that one of them cannot be served, so all are conditions at first.
    (told,) = asked("pyvrp_plans", [(biting.a_problem(jobs, [van]), {})])

    assert sum(map(len, told[-1].values())) == 2


def test_the_deadline_is_kept():
    problem = small.a_town(jobs=120, vehicles=8, seed=5)
    began = time.monotonic()

    plan = routing.engine("pyvrp")(problem, limits=routing.Limits(seconds=4))

    # It promises two hundredths; a crowded machine gets more before this is called broken.
    assert time.monotonic() - began < 5.5
    assert routing.violations(problem, plan) == ()


@pytest.mark.parametrize("deed", ["abort", "ignore_the_limit", "hog_memory", "serve_everything_with_one"])
def test_a_child_that_goes_wrong_leaves_the_greedy_plan(monkeypatch, caplog, deed):
    problem = small.a_town(jobs=12, vehicles=2, seed=3)
    monkeypatch.setattr(adapter, "WORK", f"tests.routing.bad_children:{deed}")

    with caplog.at_level(logging.WARNING):
        plan = routing.engine("pyvrp")(problem, limits=routing.Limits(seconds=4, memory_bytes=768 * 2**20))

    assert plan.orders() == {vehicle: tuple(ids) for vehicle, ids in orders_of(problem).items()}


def test_a_cancelled_search_gives_what_it_has():
    problem = small.a_town(jobs=40, vehicles=5, seed=2)
    began = time.monotonic()

    plan = routing.engine("pyvrp")(
        problem, limits=routing.Limits(seconds=60), cancelled=lambda: time.monotonic() - began > 3
    )

    assert time.monotonic() - began < 20
    assert routing.violations(problem, plan) == ()
