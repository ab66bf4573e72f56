"""A solver may die, hang, lie or eat all memory: the plan that was there is the answer, and it comes in time."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

import routing
from routing.engines import child, or_tools
from tests import builders_routing as small

TOWN = small.a_town(jobs=12, vehicles=2, seed=3)
#: A matrix that does not fit into a pipe: who never reads it would hold up a caller that writes before he looks.
BIG_TOWN = small.a_town(jobs=150, vehicles=3, seed=3)
GREEDY = routing.solve(TOWN, routing.engine("nearest"), limits=routing.Limits(seconds=5)).orders()


@pytest.fixture
def a_child(monkeypatch):
    """Lets every child do one of the wrong things of bad_children."""

    def choose(deed):
        monkeypatch.setattr(or_tools, "WORK", f"tests.routing.bad_children:{deed}")

    return choose


def solved(problem=TOWN, *, seconds=2.0, memory_bytes=4 * 2**30, deaths=None):
    told = [] if deaths is None else deaths
    engine = routing.engine("or-tools", on_death=lambda about, death: told.append((about, death)))
    return routing.solve(problem, engine, limits=routing.Limits(seconds=seconds, memory_bytes=memory_bytes))


@pytest.mark.parametrize(
    ("deed", "how"),
    [
        ("kill_itself", "SIGKILL"), ("abort", "SIGABRT"), ("segfault", "SIGSEGV"),
        ("exit_badly", "exit 1: the model does not close"), ("raise_something", "exit 1: ValueError: CP Solver fail"),
        ("die_after_an_answer", "SIGSEGV"),
    ],
)  # fmt: skip
def test_a_child_that_dies_is_told_by_name_and_the_plan_that_was_there_holds(a_child, deed, how):
    a_child(deed)
    deaths = []

    plan = solved(deaths=deaths)

    assert routing.violations(TOWN, plan) == ()
    assert plan.orders() == GREEDY
    assert plan.engine == "nearest"
    assert [(about is not None and about.jobs, str(death)) for about, death in deaths] == [(TOWN.jobs, how)]


def test_a_child_gets_no_more_memory_than_the_limit_says(a_child):
    a_child("hog_memory")
    deaths = []

    plan = solved(memory_bytes=768 * 2**20, seconds=30, deaths=deaths)

    assert routing.violations(TOWN, plan) == ()
    assert str(deaths[0][1]) == "exit 1: MemoryError"
    assert plan.seconds < 29, "it was the memory that ended the child, not the time"


def test_the_real_model_under_too_small_a_cap_leaves_the_greedy_plan():
    deaths = []

    plan = solved(memory_bytes=64 * 2**20, seconds=10, deaths=deaths)

    assert plan.orders() == GREEDY
    assert len(deaths) == 1


@pytest.mark.parametrize(
    "deed", ["ignore_the_limit", "close_the_pipe_and_go_on", "flood", "send_noise", "start_a_grandchild"]
)
def test_the_deadline_is_kept_from_outside(a_child, deed, monkeypatch, tmp_path):
    a_child(deed)
    monkeypatch.setenv("GRANDCHILD", str(tmp_path / "grandchild"))
    began = time.monotonic()

    plan = solved(BIG_TOWN, seconds=2.0)

    # The child would stay for ten minutes. `python -m tests.campaigns.deadline` measures the tenths of a second.
    assert time.monotonic() - began < 12
    assert routing.violations(BIG_TOWN, plan) == ()


def test_a_child_that_never_reads_its_question_holds_nobody_up(monkeypatch, tmp_path):
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 600\n")
    deaf.chmod(0o700)
    monkeypatch.setattr(child.sys, "executable", str(deaf))
    began = time.monotonic()

    plan = solved(BIG_TOWN, seconds=2.0)

    assert time.monotonic() - began < 12
    assert routing.violations(BIG_TOWN, plan) == ()


def test_what_a_child_started_ends_with_it(a_child, monkeypatch, tmp_path):
    a_child("start_a_grandchild")
    monkeypatch.setenv("GRANDCHILD", str(tmp_path / "grandchild"))

    solved(seconds=2.5)

    pid = int((tmp_path / "grandchild").read_text())
    until = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(pid)


def test_answers_that_are_no_orders_of_our_jobs_are_left(a_child, caplog):
    a_child("talk_nonsense")

    plan = solved()

    assert plan.orders() == GREEDY
    assert "8 answers that keep no promise" in caplog.text


def test_a_child_is_modest_and_knows_no_setting(a_child, monkeypatch, tmp_path):
    a_child("say_how_modest")
    monkeypatch.setenv("NOTE", str(tmp_path / "note"))
    monkeypatch.setenv("TOURNEE_DATABASE_URL", "postgresql://someone:secret@db/tournee")
    before = os.nice(0)

    solved(seconds=3.0, memory_bytes=2 * 2**30)

    note = json.loads((tmp_path / "note").read_text())
    assert note["niceness"] == min(19, before + child.NICENESS)
    assert note["memory"] == 2 * 2**30
    assert note["processor"] <= 3 + child.CPU_GRACE
    assert note["settings"] == []


def test_a_child_that_cannot_be_started_leaves_the_greedy_plan(monkeypatch):
    monkeypatch.setattr(child.sys, "executable", "/nowhere/python")
    deaths = []

    plan = solved(deaths=deaths)

    assert plan.orders() == GREEDY
    assert str(deaths[0][1]) == "not started: No such file or directory"


def test_a_child_killed_because_somebody_cancelled_is_no_death(a_child):
    a_child("ignore_the_limit")
    deaths, asked = [], []

    def cancelled():
        asked.append(1)
        return len(asked) > 40

    engine = routing.engine("or-tools", on_death=lambda *facts: deaths.append(facts))
    routing.solve(TOWN, engine, limits=routing.Limits(seconds=60), cancelled=cancelled)

    assert deaths == []


def test_a_plan_with_more_to_leave_out_than_there_is_time_to_explain_comes_in_time():
    crowded = small.a_town(jobs=700, vehicles=8, seed=1)
    began = time.monotonic()

    plan = routing.solve(crowded, routing.engine("nearest"), limits=routing.Limits(seconds=0.5))

    # Trying everything would take some ten seconds on an idle machine.
    assert time.monotonic() - began < 5
    assert routing.violations(crowded, plan) == ()
    assert "search-ran-out" in {left.reason.code for left in plan.unassigned}


def _alive(pid):
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
