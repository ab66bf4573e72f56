"""`tournee tasks` and `tournee replay`: what a person sees and may do when background work was set aside."""

from __future__ import annotations

import json

import pytest

from logistics import cli, doctor, replays, states, tasks
from logistics.commands import background
from logistics.models import Task
from logistics.settings import Settings
from logistics.wiring import wire
from routing.engines import or_tools
from tests import builders_routing as small


@pytest.fixture
def system(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOURNEE_DATABASE_URL", database_url)
    made = wire(Settings.from_environment())
    yield made
    made.sessions.close()


def parked(system):
    with system.sessions.begin() as session:
        task_id = tasks.ask(session, "plan-day", {"day": "2026-11-24"}, actor="cora", now=system.now())
    for _ in range(tasks.ATTEMPTS):
        with system.sessions.begin() as session:
            held = tasks.claim(session, task_id, now=system.now())
            tasks.strike(session, task_id, held.token, code="worker-lost", error="the worker died", now=system.now())
    return task_id


def state(system, task_id):
    with system.sessions() as session:
        return session.get(Task, task_id).state


def test_the_list_names_what_was_set_aside_and_why(system, capsys):
    task_id = parked(system)

    assert cli.main(["tasks", "list", "--state", "parked"]) == 0

    line = capsys.readouterr().out
    assert task_id[:12] in line
    assert "2026-11-24" in line
    assert "worker-lost" in line


def test_show_tells_everything_and_the_next_step(system, capsys):
    task_id = parked(system)

    assert cli.main(["tasks", "show", task_id[:8]]) == 0

    told = capsys.readouterr()
    assert "the worker died" in told.out
    assert f"tournee tasks retry {task_id[:12]}" in told.err


def test_a_person_puts_it_back_in_the_queue(system, capsys):
    task_id = parked(system)

    assert cli.main(["tasks", "retry", task_id, "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"id": task_id, "state": "queued"}
    assert state(system, task_id) == "queued"


def test_what_is_not_parked_is_not_put_back(system, capsys):
    task_id = parked(system)
    cli.main(["tasks", "cancel", task_id])

    assert cli.main(["tasks", "retry", task_id]) == 1

    assert state(system, task_id) == "cancelled"
    assert "cancelled" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["nothing-begins-so", "", "%"])
def test_a_task_that_is_not_there_is_said_so(system, capsys, words):
    parked(system)

    assert cli.main(["tasks", "show", words]) == 1

    assert "no task begins with" in capsys.readouterr().err


def test_the_states_told_for_a_quick_help_are_the_real_ones():
    assert background.STATES == states.TASK_STATES


def test_the_doctor_points_at_what_was_set_aside(system):
    before = next(one for one in doctor.examine(system.settings) if one.subject == "tasks")
    task_id = parked(system)

    after = next(one for one in doctor.examine(system.settings) if one.subject == "tasks")

    assert (before.good, after.good, after.ok) == (True, False, True)
    assert task_id[:12] in after.line()


def test_a_kept_problem_is_solved_again(system, capsys, monkeypatch):
    town = small.a_town(jobs=3, vehicles=1, seed=1)
    file = replays.keep(system.settings.home, town, "SIGSEGV", now=system.now())

    assert cli.main(["replay"]) == 0
    assert "3 jobs, 1 vans: SIGSEGV" in capsys.readouterr().out
    assert cli.main(["replay", str(file), "--time-limit", "6"]) == 0
    assert "lived" in capsys.readouterr().out
    monkeypatch.setattr(or_tools, "WORK", "tests.routing.bad_children:abort")
    assert cli.main(["replay", str(file), "--time-limit", "3"]) == 1
    assert "SIGABRT" in capsys.readouterr().out
