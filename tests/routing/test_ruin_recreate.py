"""The compiled search keeps every rule, and what it believes a plan costs is what the plan costs."""

from __future__ import annotations

import random
import time

import pytest

import routing
from routing.engines.nearest import first_orders
from routing.engines.ruin_recreate import columns
from routing.engines.ruin_recreate.search import Budget, Search
from tests import builders_routing
from tests.routing import draws

ALWAYS = 1e18
#: Each a few dozen problems, so that a failure names a small range of seeds.
ROUNDS = 8


def a_problem(seed: int) -> routing.Problem | None:
    """A small problem with a quarter of all features; None when they do not go together."""
    chance = random.Random(seed)
    features = frozenset(one for one in draws.FEATURES if chance.random() < 0.25)
    wanted = draws.Wanted(
        seed=seed,
        jobs=chance.randint(2, 8),
        vehicles=chance.randint(1, 3),
        features=features,
        roomy=chance.random() < 0.7,
    )
    try:
        return draws.problem(wanted)
    except routing.InvalidProblem:
        return None


def searched(problem: routing.Problem, start: dict[str, list[str]], *, steps: int = 40, seed: int = 3) -> Search:
    search = Search(problem, seed=seed)
    search.run(start, budget=Budget(ALWAYS, iterations=steps), tell=lambda _orders: None)
    return search


@pytest.mark.parametrize("part", range(ROUNDS))
def test_what_it_finds_keeps_every_rule_and_costs_what_it_says(part):
    tried = served = 0
    for seed in range(part * 60, part * 60 + 60):
        problem = a_problem(seed)
        if problem is None or not problem.visits or problem.periods:
            continue
        start = first_orders(problem, deadline=time.monotonic() + 5)
        if routing.violations(problem, routing.assemble(problem, start)):
            continue  # What is locked cannot be kept at all.

        search = searched(problem, start)

        plan = routing.assemble(problem, search.best_orders())
        assert routing.violations(problem, plan) == (), seed
        assert int(search.state.now[columns.BEST_TOURS]) == sum(tour.costs.total for tour in plan.tours), seed
        assert len(plan.unassigned) <= len(problem.visits)
        tried, served = tried + 1, served + bool(plan.tours)
    assert tried > 20 and served > 10


def test_the_same_seed_and_steps_give_the_same_plan():
    problem = builders_routing.a_town(jobs=30, vehicles=4, seed=2)

    one, other, third = (searched(problem, {}, steps=400, seed=seed).best_orders() for seed in (5, 5, 6))

    assert one == other
    assert one != third


def test_more_steps_are_cheaper_than_the_first_plan():
    problem = builders_routing.a_town(jobs=40, vehicles=5, seed=4)
    first = first_orders(problem, deadline=time.monotonic() + 5)

    found = searched(problem, first, steps=3_000)

    before, after = (routing.assemble(problem, orders).costs.total for orders in (first, found.best_orders()))
    assert after < 0.97 * before


def test_the_engine_answers_in_time_with_a_plan_of_its_own():
    problem = builders_routing.a_town(jobs=60, vehicles=8, seed=6)
    began = time.monotonic()

    plan = routing.solve(problem, routing.engine("ruin-recreate"), limits=routing.Limits(seconds=4))

    assert time.monotonic() - began < 5
    assert routing.violations(problem, plan) == ()
    assert {one.job for one in plan.unassigned} == set()
