"""Problems that killed a solver: kept as they were, few of them, without anything personal."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

import routing
from logistics import replays
from logistics.errors import InvalidRequest
from routing.engines import or_tools
from tests import builders_routing as small
from tests.logistics.planning.scenes import Company

TOWN = replace(small.a_town(jobs=4, vehicles=2, seed=5), balance=routing.Balance(3_600, 5))


@pytest.fixture
def company(sessions, tmp_path, clock) -> Company:
    return Company(sessions, tmp_path / "home", clock)


def test_a_kept_problem_is_read_as_it_was(tmp_path, clock):
    file = replays.keep(tmp_path, TOWN, "SIGSEGV", now=clock())

    kept = replays.read(file)

    assert kept.ending == "SIGSEGV"
    assert (kept.problem.jobs, kept.problem.vehicles, kept.problem.balance) == (TOWN.jobs, TOWN.vehicles, TOWN.balance)
    assert (kept.problem.matrices["car"].seconds == TOWN.matrices["car"].seconds).all()


def test_the_same_problem_is_kept_once_and_counts_as_new(tmp_path, clock):
    replays.keep(tmp_path, TOWN, "SIGSEGV", now=clock())
    clock.wind(hours=1)

    last = replays.keep(tmp_path, TOWN, "SIGABRT", now=clock())

    assert replays.kept(tmp_path) == (last,)


def test_only_the_newest_problems_are_kept(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(replays, "MOST_FILES", 3)
    files = []
    for number in range(5):
        town = replace(TOWN, dimensions=("weight", f"d{number}"))
        files.append(replays.keep(tmp_path, town, "SIGKILL", now=clock() + timedelta(minutes=number)))

    assert replays.kept(tmp_path) == tuple(reversed(files[2:]))


def test_together_they_stay_below_their_bytes_but_the_last_is_there(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(replays, "MOST_BYTES", 10)
    replays.keep(tmp_path, TOWN, "SIGKILL", now=clock())

    last = replays.keep(tmp_path, replace(TOWN, balance=None), "SIGKILL", now=clock() + timedelta(minutes=1))

    assert replays.kept(tmp_path) == (last,)


def test_a_disk_that_takes_nothing_stops_no_plan(tmp_path, clock):
    (tmp_path / "replays").write_text("a file where the folder should be")

    assert replays.keep(tmp_path, TOWN, "SIGKILL", now=clock()) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", gzip.compress(b"[]"), gzip.compress(b'{"format": "other/1"}')],
    ids=["nothing", "a zip", "a list", "another format"],
)
def test_a_file_of_somebody_else_is_refused(tmp_path, content):
    file = tmp_path / "x.json.gz"
    file.write_bytes(content)

    with pytest.raises(InvalidRequest):
        replays.read(file)


def test_a_day_that_kills_the_solver_has_a_plan_and_its_problem_is_kept_without_a_home(
    company: Company, monkeypatch
):
    company.order("O-1", where=(43.71234, 7.26543))
    monkeypatch.setattr(or_tools, "WORK", "tests.routing.bad_children:segfault")

    summary = company.plan(time_limit=5)

    assert (summary.engine, summary.stops) == ("nearest", 1)
    (file,) = replays.kept(company.system.settings.home)
    whole = json.loads(gzip.decompress(file.read_bytes()))
    assert whole["ending"] == "SIGSEGV"
    assert [job["id"] for job in whole["problem"]["jobs"]] == ["O-1"]
    assert "43.71" not in json.dumps(whole)
