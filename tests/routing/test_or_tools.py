"""OR-Tools' model has every rule of the page, answers in time, and is a second judge of finished plans."""

from __future__ import annotations

import logging
import random
import time

import pytest

import routing
from routing.engines import or_tools
from routing.engines.nearest import first_orders
from routing.model import RELOAD
from tests import builders_routing as small
from tests.routing import biting, by_hand, draws
from tests.routing.solver_children import asked

#: Places pauses by chance where traffic or a stretch of work turns out to be too long: `schedule` has the last word.
BY_GUESS = frozenset({"periods", "breaks", "work rule"})


def drawn(seeds: range, *, without: frozenset[str] = frozenset()) -> list[routing.Problem]:
    """Problems with some of all features, but for those."""
    found = []
    for seed in seeds:
        chance = random.Random(seed)
        features = frozenset(one for one in draws.FEATURES if chance.random() < 0.3) - without
        wanted = draws.Wanted(seed, chance.randint(2, 7), chance.randint(1, 3), features, chance.random() < 0.7)
        try:
            problem = draws.problem(wanted)
        except routing.InvalidProblem:
            continue
        if problem.visits:
            found.append(problem)
    return found


def orders_of(problem):
    return first_orders(problem, deadline=time.monotonic() + 5)


def of_a_tour(problem, tour):
    """What is wrong with one tour, its own pieces of stock and halves of pairs included."""
    found = routing.violations(problem, by_hand.of_tours(problem, [tour]))
    return [one for one in found if one.vehicle in (None, tour.vehicle)]


@pytest.fixture(scope="module")
def bare_answers():
    """What the model alone answers to each case, beginning with next to nothing: with its rule, and without."""
    problems = [problem for case in biting.CASES for problem in (case.problem, case.without)]
    # It finds a second trip where there is a first one.
    found = asked("or_tools_plans", [(one, {"v0": ["a"]} if one.vehicles[0].trips > 1 else {}) for one in problems])
    best = [told[-1] if told else {} for told in found]
    return {case.name: (best[2 * at], best[2 * at + 1]) for at, case in enumerate(biting.CASES)}


@pytest.mark.parametrize("case", biting.CASES, ids=lambda case: case.name)
def test_each_rule_decides_what_the_model_alone_answers(bare_answers, case):
    ruled, free = bare_answers[case.name]

    assert routing.violations(case.problem, routing.assemble(case.problem, ruled)) == ()
    assert case.with_rule(ruled)
    assert not case.with_rule(free)


def test_the_model_refuses_the_plan_that_would_be_best_without_the_rule(bare_answers):
    hard = [case for case in biting.CASES if case.hard]
    free = [(case.problem, bare_answers[case.name][1]) for case in hard]
    ruled = [(case.problem, bare_answers[case.name][0]) for case in hard]

    refused, accepted = asked("or_tools_accepts", free), asked("or_tools_accepts", ruled)

    assert [case.name for case, one in zip(hard, refused, strict=True) if one] == []
    assert [case.name for case, one in zip(hard, accepted, strict=True) if not one] == []


def test_the_model_and_the_judge_agree_on_tours_made_by_chance():
    question = []
    for number, problem in enumerate(drawn(range(90))):
        tours = [by_hand.timed(problem, chosen) for chosen in draws.any_tours(problem, number)]
        good = draws.good_plan(problem, number)
        question += [(problem, tour) for tour in (*tours, *(good.tours if good else ()))]
    # A pause in the middle of loading: the model knows pauses before and after it only.
    question = [one for one in question if not (one[1].reloads and one[1].pauses)]

    answers = asked("or_tools_doubts", question)

    judged = [of_a_tour(*one) == [] for one in question]
    assert answers == judged
    assert judged.count(True) > 20
    assert judged.count(False) > 60


def test_the_model_accepts_every_tour_as_schedule_times_it():
    question = [(problem, orders_of(problem)) for problem in drawn(range(200, 330))]

    assert asked("or_tools_proves", question) == [[]] * len(question)
    assert sum(len(orders) for _, orders in question) > 100


def test_what_the_model_answers_keeps_every_rule():
    problems = drawn(range(400, 440), without=BY_GUESS)

    answers = asked("or_tools_plans", [(problem, orders_of(problem)) for problem in problems])

    told = 0
    for problem, orders in zip(problems, answers, strict=True):
        begun = {one.job for one in routing.violations(problem, routing.assemble(problem, orders_of(problem)))}
        for one in orders:
            plan = routing.assemble(problem, one)
            assert {broken.job for broken in routing.violations(problem, plan)} <= begun
            told += 1
    assert told > 25


@pytest.mark.parametrize("seed", range(3))
def test_plans_of_the_engine_keep_every_rule(seed):
    for problem in drawn(range(500 + 2 * seed, 502 + 2 * seed)):
        plan = routing.engine("or-tools")(problem, limits=routing.Limits(seconds=4, iterations=20))

        begun = {one.job for one in routing.violations(problem, routing.assemble(problem, orders_of(problem)))}
        assert {one.job for one in routing.violations(problem, plan)} <= begun


def test_the_same_rounds_give_the_same_plan_however_slow_the_machine():
    problem = small.a_town(jobs=20, vehicles=3, seed=3)
    limits = routing.Limits(seconds=60, iterations=30)

    one, other = (routing.engine("or-tools")(problem, limits=limits) for _ in range(2))

    assert one.engine == "or-tools"
    assert one.orders() == other.orders()
    assert one.costs.total < routing.assemble(problem, orders_of(problem)).costs.total


def test_it_begins_with_the_plan_it_is_given():
    problem = small.a_town(jobs=25, vehicles=3, seed=5)
    good = routing.engine("or-tools")(problem, limits=routing.Limits(seconds=30, iterations=150))
    told = []

    routing.engine("or-tools")(
        problem, limits=routing.Limits(seconds=20, iterations=2), start=good.orders(), on_progress=told.append
    )

    assert told[0].cost == good.costs.total
    assert good.costs.total < routing.assemble(problem, orders_of(problem)).costs.total


def test_a_plan_that_leaves_out_fewer_of_those_that_must_go_is_better_whatever_it_costs():
    far = biting.a_job("far left")
    van = biting.a_van(fixed_cost=10**9)
    problem = biting.a_problem([biting.a_job("a", price=1), far], [van])

    (told,) = asked("or_tools_plans", [(problem, {})])

    assert "far left" in told[-1]["v0"]


def test_a_model_that_could_not_be_built_in_time_is_not_begun(monkeypatch):
    problem = small.a_town(jobs=12, vehicles=2, seed=3)
    monkeypatch.setattr(or_tools, "MOST_NODES", 12)
    monkeypatch.setattr(or_tools, "WORK", "tests.routing.bad_children:abort")

    plan = routing.engine("or-tools")(problem, limits=routing.Limits(seconds=5))

    assert plan.engine == "nearest"
    assert routing.violations(problem, plan) == ()


def test_what_traffic_makes_late_is_mended():
    problem = biting.a_problem(
        [biting.a_job("a"), biting.a_job("b", windows=(routing.Window(0, 330),))],
        [biting.a_van(fixed_cost=500)],
        # A quarter of an hour of standing still, in a day that is quick otherwise.
        periods=(biting.Period(0, 100), biting.Period(105, 900), biting.Period(150, 100)),
    )
    report = or_tools.Report(problem, time.monotonic(), None, until=time.monotonic() + 5)

    report.hear({"v0": ["a", "b"]})

    assert report.best is not None and report.best[1] == {"v0": ["b", "a"]}
    assert report.refused == 0


def a_tour_to_polish():
    """Four stops of one van, in an order that nobody would choose; the other way round it is dearer still."""
    names = ("a", "b", "left", "twin")
    problem = biting.a_problem([biting.a_job(name) for name in names], [biting.a_van(), biting.a_van("v1")])
    return problem, {"v0": ["a", "left", "twin", "b"]}


def test_a_proof_polishes_each_tour_and_keeps_its_jobs():
    problem, orders = a_tour_to_polish()

    proof = or_tools.prove(problem, orders, seconds=20)

    assert proof.holds
    assert sorted(proof.orders["v0"]) == sorted(orders["v0"])
    assert proof.orders["v0"][0] == "left" and proof.orders["v0"][-1] == "b"


def test_a_proof_names_the_tours_it_refuses_and_leaves_them():
    problem = biting.a_problem(
        [biting.a_job("a", windows=(routing.Window(0, 150),)), biting.a_job("b"), biting.a_job("twin")],
        [biting.a_van(), biting.a_van("v1")],
    )
    orders = {"v0": ["b", "a"], "v1": ["twin"]}

    proof = or_tools.prove(problem, orders, seconds=20, polish=False)

    assert (proof.refused, proof.unseen, proof.orders) == (("v0",), (), orders)


def test_a_proof_of_trips_and_pauses():
    lunch = biting.Break("lunch", routing.Window(150, 400), 60, always=True)
    van = biting.a_van(end="yard", trips=2, capacity=(1, 9), breaks=(lunch,), rule=biting.WorkRule(300, 30))
    problem = biting.a_problem([biting.a_job(name, delivery=(1, 0)) for name in ("a", "b")], [van])

    proof = or_tools.prove(problem, {"v0": ["a", RELOAD, "b"]}, seconds=20)

    assert proof.holds


def test_a_proof_without_time_says_what_it_has_not_seen():
    problem, orders = a_tour_to_polish()

    proof = or_tools.prove(problem, orders, seconds=0.05)

    assert (proof.orders, proof.refused, proof.unseen) == (orders, (), ("v0",))
    assert not proof.holds


@pytest.mark.parametrize("deed", ["abort", "talk_nonsense", "raise_something", "turn_tours_round"])
def test_a_child_that_dies_or_lies_over_a_proof_proves_nothing(monkeypatch, deed):
    problem, orders = a_tour_to_polish()
    monkeypatch.setattr(or_tools, "PROOF", f"tests.routing.bad_children:{deed}")

    proof = or_tools.prove(problem, orders, seconds=20)

    assert proof.orders == orders
    assert proof.unseen == (() if deed == "turn_tours_round" else ("v0",))


def test_nothing_of_or_tools_is_loaded_into_the_asking_process(caplog):
    import subprocess
    import sys

    code = "import sys, routing.engines; sys.exit(any(name.startswith(('ortools', 'pyvrp')) for name in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_child_that_sends_what_breaks_rules_is_noted(monkeypatch, caplog):
    problem = small.a_town(jobs=12, vehicles=2, seed=3)
    monkeypatch.setattr(or_tools, "WORK", "tests.routing.bad_children:serve_everything_with_one")

    with caplog.at_level(logging.WARNING):
        plan = routing.engine("or-tools")(problem, limits=routing.Limits(seconds=15))

    assert routing.violations(problem, plan) == ()
    assert "answers that keep no promise" in caplog.text
