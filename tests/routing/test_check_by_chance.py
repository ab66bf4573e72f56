"""The judge against the timing by hand: plans drawn by chance, good, bad and with one mistake; and large ones."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import routing
from tests.routing import by_hand, by_hand_judge, planted
from tests.routing.draws import Chance
from tests.strategies import FEATURES, any_plans, good_plans, problems


@given(data=st.data())
@settings(max_examples=150)
def test_what_the_timing_by_hand_says_is_fine_has_no_violation(data):
    problem = data.draw(problems(features=FEATURES, roomy=True))
    plan = data.draw(good_plans(problem))

    assert plan is None or routing.violations(problem, plan) == ()


@given(data=st.data())
@settings(max_examples=250)
def test_decisions_break_the_rules_that_they_break_by_hand(data):
    problem = data.draw(problems(features=FEATURES, roomy=None))
    plan = data.draw(any_plans(problem))

    assert {one.rule for one in routing.violations(problem, plan)} == by_hand_judge.broken(problem, plan)


@given(data=st.data())
@settings(max_examples=60)
def test_a_mistake_in_any_right_plan_is_found_as_the_rule_it_breaks(data):
    problem = data.draw(problems(features=FEATURES, roomy=True))
    plan = data.draw(good_plans(problem))
    if plan is None:
        return

    for rule, _, mistake in planted.MISTAKES:
        for case in planted.cases(problem, plan, Chance(1)):
            if made := mistake(case):
                planted.judge(rule, made)
                break


@pytest.mark.parametrize(("stops", "seconds"), [(1_000, 0.05), (10_000, 1.0)])
def test_a_large_plan_is_judged_quickly(stops, seconds):
    problem, plan = _large(stops)
    assert routing.violations(problem, plan) == ()

    took = min(_timed(lambda: routing.violations(problem, plan)) for _ in range(3))

    # The promise is for an idle machine; a crowded one gets as much again.
    assert took < 2 * seconds


def _timed(deed):
    began = time.process_time()
    deed()
    return time.process_time() - began


def _large(stops):
    """So many doors along one long street, fifty for each van."""
    row = np.arange(101)
    metres = np.abs(row[:, None] - row[None, :]) * 100
    jobs = tuple(
        routing.Job(id=f"j{n}", place=n % 100 + 1, kind="delivery", windows=(routing.Window(0, 2**20),),
                    service_seconds=60, setup_seconds=60, delivery=(1, 1), price=1)
        for n in range(stops)
    )  # fmt: skip
    vehicles = tuple(
        routing.Vehicle(id=f"v{n}", profile="car", start=0, end=0, shift=routing.Window(0, 2**20), capacity=(99, 99),
                        metre_cost=1, second_cost=1)
        for n in range(stops // 50)
    )  # fmt: skip
    problem = routing.Problem({"car": routing.Matrix(metres // 10, metres)}, jobs, vehicles)
    chosen = [
        by_hand.Chosen(vehicle.id, tuple(job.id for job in jobs[n * 50 : n * 50 + 50]), 0)
        for n, vehicle in enumerate(vehicles)
    ]
    return problem, by_hand.plan(problem, chosen)
