"""Nonsense is refused by name, before any engine sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import routing
from tests import builders_routing as small

GOOD = small.a_town(jobs=3, vehicles=1, seed=1)
JOB, VAN, MATRIX = GOOD.jobs[0], GOOD.vehicles[0], GOOD.matrices["car"]

MALFORMED = {
    "a window that closes before it opens": lambda: routing.Window(10, 9),
    "a window that is no number": lambda: routing.Window("9", 10),
    "a window of fractions": lambda: routing.Window(9.5, 10),
    "a window that is a truth value": lambda: routing.Window(True, 10),
    "a window in the next century": lambda: routing.Window(0, 2**40),
    "a job of no known kind": lambda: replace(JOB, kind="gift"),
    "a job without a window": lambda: replace(JOB, windows=()),
    "windows that overlap": lambda: replace(JOB, windows=(routing.Window(0, 10), routing.Window(5, 20))),
    "windows out of order": lambda: replace(JOB, windows=(routing.Window(50, 60), routing.Window(0, 10))),
    "a negative place": lambda: replace(JOB, place=-1),
    "a negative service": lambda: replace(JOB, service_seconds=-1),
    "a negative load": lambda: replace(JOB, delivery=(-1, 0)),
    "a load of fractions": lambda: replace(JOB, delivery=(0.5, 0)),
    "a price that overflows": lambda: replace(JOB, price=2**60),
    "a negative price": lambda: replace(JOB, price=-1),
    "a vehicle that starts nowhere": lambda: replace(VAN, start=-1),
    "a negative capacity": lambda: replace(VAN, capacity=(-1, 0)),
    "a cost that overflows": lambda: replace(VAN, second_cost=2**40),
    "a negative limit of stops": lambda: replace(VAN, max_stops=-1),
    "a matrix that is not square": lambda: routing.Matrix(np.zeros((2, 3), int), np.zeros((2, 3), int)),
    "a ragged matrix": lambda: routing.Matrix([[0, 1], [1]], [[0, 1], [1, 0]]),
    "a matrix of fractions": lambda: routing.Matrix(np.zeros((2, 2)), np.zeros((2, 2), int)),
    "a matrix with no number in it": lambda: routing.Matrix(np.full((2, 2), np.nan), np.zeros((2, 2), int)),
    "a negative time": lambda: routing.Matrix(np.array([[0, -1], [1, 0]]), np.zeros((2, 2), int)),
    "a time that overflows": lambda: routing.Matrix(np.array([[0, 2**62], [1, 0]]), np.zeros((2, 2), int)),
    "a way from a place to itself": lambda: routing.Matrix(np.array([[5, 1], [1, 0]]), np.zeros((2, 2), int)),
    "seconds and metres of different sizes": lambda: routing.Matrix(np.zeros((2, 2), int), np.zeros((3, 3), int)),
    "a job outside the matrix": lambda: replace(GOOD, jobs=(replace(JOB, place=99),)),
    "a vehicle outside the matrix": lambda: replace(GOOD, vehicles=(replace(VAN, end=99),)),
    "a vehicle without a matrix": lambda: replace(GOOD, vehicles=(replace(VAN, profile="boat"),)),
    "a job twice": lambda: replace(GOOD, jobs=(JOB, JOB)),
    "a vehicle twice": lambda: replace(GOOD, vehicles=(VAN, VAN)),
    "a load of another number of dimensions": lambda: replace(GOOD, jobs=(replace(JOB, delivery=(1,)),)),
    "a chosen vehicle that does not exist": lambda: replace(GOOD, jobs=(replace(JOB, vehicles=frozenset({"x"})),)),
    "a limit of no time": lambda: routing.Limits(seconds=0),
    "a limit that is no number": lambda: routing.Limits(seconds=float("nan")),
    "a point off the earth": lambda: routing.estimate([(95.0, 7.0), (43.0, 7.0)]),
    "a point that is no number": lambda: routing.estimate([(float("nan"), 7.0)]),
    "a slowness of zero": lambda: routing.estimate([(43.0, 7.0)], slowness=0),
    "an unknown engine": lambda: routing.engine("oracle"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_nonsense_is_refused(name):
    with pytest.raises(routing.RoutingError) as refusal:
        MALFORMED[name]()

    assert str(refusal.value)


@pytest.mark.parametrize("engine", ["nearest", "or-tools"])
@pytest.mark.parametrize(
    "problem", [replace(GOOD, jobs=()), replace(GOOD, vehicles=())], ids=["no jobs", "no vehicles"]
)
def test_a_problem_with_nothing_to_do_has_an_empty_plan(engine, problem):
    plan = routing.solve(problem, routing.engine(engine), limits=routing.Limits(seconds=2))

    assert plan.tours == ()
    assert {left.reason.code for left in plan.unassigned} <= {"no-vehicle"}


def test_a_matrix_cannot_be_changed_behind_a_problems_back():
    with pytest.raises(ValueError, match="read-only"):
        MATRIX.seconds[0, 1] = 5


def test_the_estimate_follows_its_formula():
    matrix = routing.estimate([(43.70, 7.26), (43.70, 7.26 + 0.12439)])

    # 0.12439 degrees of longitude at 43.7 degrees north are 10 km.
    assert abs(matrix.metres[0, 1] - 1_650 * 10**0.94) < 20
    assert abs(matrix.seconds[0, 1] - 60 * 2.7 * 10**0.80 * 1.1) < 5
    assert matrix.seconds[0, 1] == matrix.seconds[1, 0]


def test_a_child_that_dies_is_told_and_the_greedy_plan_holds(monkeypatch, caplog):
    from routing.engines import child

    monkeypatch.setattr(child.sys, "executable", "/bin/false")

    plan = routing.solve(GOOD, routing.engine("or-tools"), limits=routing.Limits(seconds=3))

    assert routing.violations(GOOD, plan) == ()
    assert "child ended with exit 1" in caplog.text


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the process table of Linux")
def test_a_child_whose_caller_is_killed_ends_by_itself(tmp_path):
    script = tmp_path / "caller.py"
    script.write_text(
        "import routing\n"
        "from tests import builders_routing as small\n"
        "town = small.a_town(jobs=80, vehicles=6, seed=1)\n"
        "routing.solve(town, routing.engine('or-tools'), limits=routing.Limits(seconds=300))\n"
    )
    caller = subprocess.Popen([sys.executable, str(script)], env=os.environ | {"PYTHONPATH": "."})
    children = _soon(lambda: _children(caller.pid))

    caller.kill()
    caller.wait()

    assert _soon(lambda: not any(_alive(pid) for pid in children))


def _soon(question, *, seconds=60.0):
    until = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < until:
        time.sleep(0.1)
    assert answer
    return answer


def _children(parent):
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _alive(pid):
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
