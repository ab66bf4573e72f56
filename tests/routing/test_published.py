"""Published best known solutions before the judge: timed twice, and with a mistake planted into each kind."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import routing
from routing import formats
from routing.model import RELOAD
from tests.conftest import SHARED
from tests.routing import by_hand, planted
from tests.routing.draws import Chance

BENCHMARKS = SHARED / "benchmarks"
PUBLISHED = sorted(BENCHMARKS.glob("*/*.sol"))
SETS = sorted({path.parent.name for path in PUBLISHED})
#: The naive timing goes over every tour again and again.
LARGEST_BY_HAND = 450


@cache
def _read(path: Path) -> tuple[routing.Problem, routing.Plan]:
    instance = formats.read(next(one for one in path.parent.glob(f"{path.stem}.*") if one.suffix != ".sol"))
    return instance.problem, routing.assemble(instance.problem, formats.read_solution(path, instance).orders)


def _size(path: Path) -> int:
    return next(one for one in path.parent.glob(f"{path.stem}.*") if one.suffix != ".sol").stat().st_size


def test_published_solutions_are_there_or_it_is_said_that_they_are_not():
    if not BENCHMARKS.is_dir():
        pytest.skip(f"no published best known solutions: {BENCHMARKS} is not there")

    assert len(SETS) >= 7


def _waits_for_release(problem: routing.Problem, tour: routing.Tour) -> dict[str, int]:
    """Seconds that each reload is longer than it must be."""
    least = problem.vehicle(tour.vehicle).reload_seconds
    return {f"{RELOAD}{one.before}": one.departure - one.arrival - least for one in tour.reloads}


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_published_solution_timed_by_hand_is_valid_and_costs_the_same(path):
    problem, plan = _read(path)
    if len(problem.jobs) > LARGEST_BY_HAND:
        assert routing.violations(problem, plan) == ()
        return
    chosen = [
        by_hand.Chosen(tour.vehicle, tour.order(), tour.departure, idle=_waits_for_release(problem, tour))
        for tour in plan.tours
    ]

    again = by_hand.plan(problem, chosen)

    assert routing.violations(problem, again) == ()
    assert again.costs == plan.costs
    assert len(again.unassigned) == len(plan.unassigned)


@pytest.mark.parametrize("name", SETS)
def test_a_mistake_in_a_published_solution_is_found_as_the_rule_it_breaks(name):
    problem, plan = _read(min((path for path in PUBLISHED if path.parent.name == name), key=_size))
    found = set()

    for rule, _, mistake in planted.MISTAKES:
        cases = planted.cases(problem, plan, Chance(rule))
        made = next((one for case in (next(cases), next(cases)) if (one := mistake(case))), None)
        if made is not None:
            planted.judge(rule, made)
            found.add(rule)

    assert len(found) >= 20
