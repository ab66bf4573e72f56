"""The judge sees every mistake: each rule catches the one that is planted for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

import routing
from routing.engines.nearest import Nearest
from tests import builders_routing as small


def _solved():
    problem = small.a_town(jobs=8, vehicles=2, seed=7)
    plan = routing.solve(problem, Nearest(), limits=routing.Limits(seconds=2))
    assert len(plan.tours[0].stops) >= 3
    return problem, plan


def _tour(plan, **changes):
    return replace(plan, tours=(replace(plan.tours[0], **changes), *plan.tours[1:]))


def _stop(plan, number=1, **changes):
    stops = list(plan.tours[0].stops)
    stops[number] = replace(stops[number], **changes)
    return _tour(plan, stops=tuple(stops))


def _vehicle(problem, plan, **changes):
    used = plan.tours[0].vehicle
    return replace(problem, vehicles=tuple(replace(v, **changes) if v.id == used else v for v in problem.vehicles))


def _job(problem, plan, **changes):
    served = plan.tours[0].stops[1].job
    return replace(problem, jobs=tuple(replace(j, **changes) if j.id == served else j for j in problem.jobs))


PLAN_MISTAKES = {
    "job-once": lambda plan: _tour(plan, stops=plan.tours[0].stops[1:]),
    "unknown-job": lambda plan: replace(
        plan, unassigned=(*plan.unassigned, routing.Unassigned("ghost", routing.Reason("too-dear")))
    ),
    "unknown-vehicle": lambda plan: _tour(plan, vehicle="ghost"),
    "vehicle-once": lambda plan: replace(plan, tours=(*plan.tours, plan.tours[0])),
    "empty-tour": lambda plan: _tour(plan, stops=()),
    "travel": lambda plan: _stop(plan, drive_seconds=plan.tours[0].stops[1].drive_seconds + 1),
    "window": lambda plan: _stop(plan, service_start=plan.tours[0].stops[1].service_start + 90_000),
    "setup": lambda plan: _stop(plan, service_start=plan.tours[0].stops[1].arrival),
    "service": lambda plan: _stop(plan, departure=plan.tours[0].stops[1].departure - 1),
    "return": lambda plan: _tour(plan, return_seconds=plan.tours[0].return_seconds - 1),
    "load": lambda plan: _stop(plan, load=(0, 0)),
    "totals": lambda plan: _tour(plan, metres=plan.tours[0].metres - 1),
    "costs": lambda plan: _tour(plan, costs=replace(plan.tours[0].costs, fixed=0)),
    "shift": lambda plan: _tour(plan, departure=0),
}
PROBLEM_MISTAKES = {
    "allowed-vehicle": lambda problem, plan: _job(problem, plan, vehicles=frozenset({_other(problem, plan)})),
    "skill": lambda problem, plan: _job(problem, plan, skills=frozenset({"lift"})),
    "capacity": lambda problem, plan: _vehicle(problem, plan, capacity=(1, 1)),
    "max-stops": lambda problem, plan: _vehicle(problem, plan, max_stops=1),
    "max-metres": lambda problem, plan: _vehicle(problem, plan, max_metres=1),
    "max-driving": lambda problem, plan: _vehicle(problem, plan, max_driving_seconds=1),
    "road": lambda problem, plan: _without_roads(problem),
}


def _other(problem, plan):
    return next(vehicle.id for vehicle in problem.vehicles if vehicle.id != plan.tours[0].vehicle)


def _without_roads(problem):
    seconds = problem.matrices["car"].seconds.copy()
    seconds[seconds > 0] = routing.UNREACHABLE
    return replace(problem, matrices={"car": routing.Matrix(seconds, problem.matrices["car"].metres)})


@pytest.mark.parametrize("rule", PLAN_MISTAKES)
def test_a_mistake_in_the_plan_is_named(rule):
    problem, plan = _solved()

    wrong = PLAN_MISTAKES[rule](plan)

    assert rule in {violation.rule for violation in routing.violations(problem, wrong)}


@pytest.mark.parametrize("rule", PROBLEM_MISTAKES)
def test_a_promise_that_the_plan_does_not_keep_is_named(rule):
    problem, plan = _solved()

    stricter = PROBLEM_MISTAKES[rule](problem, plan)

    assert rule in {violation.rule for violation in routing.violations(stricter, plan)}


def test_every_rule_has_a_mistake_that_it_catches():
    assert set(routing.RULES) == PLAN_MISTAKES.keys() | PROBLEM_MISTAKES.keys()


def test_the_judge_shares_no_arithmetic_with_those_it_judges():
    import inspect

    from routing import check

    imported = [line for line in inspect.getsource(check).splitlines() if line.startswith(("from", "import"))]
    assert all(name not in line for line in imported for name in ("schedule", "cost", "insert", "engines", "solve"))
