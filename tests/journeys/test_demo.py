"""`tournee demo`: from an empty home to a published day, twice, on another day, and over again."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from logistics import demo, planning, users, verify
from logistics.commands.console import Refused
from logistics.commands.tours import document
from logistics.database import open_sessions
from logistics.models import Plan, User
from logistics.settings import Settings
from logistics.wiring import wire
from tests.logistics.regions.extracts import riviera_home

#: A Tuesday morning; its day is the demo's.
TUESDAY = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
QUIET = demo.Wishes(serve=False)


def settings_of(home):
    return Settings(home=home, database_url=f"sqlite:///{home / 'tournee.db'}", time_limit_seconds=6)


def told(settings, wishes=QUIET, *, now=TUESDAY):
    """Run the demo; what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert demo.run(settings, wishes, now=lambda: now) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A home where the demo was broken off after the first file and begun again, and what it printed."""
    home = tmp_path_factory.mktemp("demo") / "home"
    home.mkdir()
    (home / "regions").mkdir()
    (home / "regions" / "riviera").symlink_to(riviera_home() / "regions" / "riviera")
    settings = settings_of(home)
    demo.Note("begun").write(home)
    system = wire(settings, now=lambda: TUESDAY)
    demo._bring(system, "sites", DAY)
    system.sessions.close()
    return home, told(settings)


@pytest.fixture
def home(first, tmp_path):
    """A copy of that home to do something to."""
    made = tmp_path / "home"
    shutil.copytree(first[0], made, symlinks=True)
    return made


def test_it_prints_one_sign_in_per_role_and_each_works(first):
    home, printed = first
    found = re.findall(r"^  (\w+) +([\w-]+) +(\w{4}-\w{4}-\w{4})$", printed, re.MULTILINE)
    assert {role for role, _, _ in found} == {
        "admin", "coordinator", "warehouse", "agent", "courier", "employee", "auditor",
    }  # fmt: skip

    sessions = open_sessions(settings_of(home).database_url)
    with sessions() as session:
        for role, login, password in found:
            assert users.sign_in(session, login, password).role == role
        hashes = list(session.scalars(select(User.password_hash)))
    sessions.close()
    assert not any(password in stored for _, _, password in found for stored in hashes)


def test_the_day_is_full_balanced_and_leaves_one_out_for_each_reason(first):
    system = wire(settings_of(first[0]))
    published = document(system, DAY, "published")

    reasons = {left["reason"]["code"] for left in published["unserved"]}
    hours = [demo._seconds(tour) / 3600 for tour in published["tours"]]
    assert 80 <= published["totals"]["stops"] <= 120
    assert {"not-enough-stock", "not-located", "too-heavy", "window-closed"} <= reasons
    assert sorted(tour["van"] for tour in published["tours"]) == ["B1", "B2", "V1", "V2", "V3", "V4", "V5"]
    assert max(hours) - min(hours) < 3
    kinds = {stop["kind"] for tour in published["tours"] for stop in tour["stops"]}
    assert kinds == {"delivery", "pickup", "swap"}
    with system.sessions() as session:
        assert verify.verify(session) == ()


@pytest.mark.slow
def test_without_any_one_van_fewer_are_served(first):
    system = wire(settings_of(first[0]))
    with system.sessions() as session:
        work = planning.read_day(session, DAY, settings=system.settings, now=TUESDAY)

    def served(missing):
        left = replace(work, vans=tuple(van for van in work.vans if van.code != missing))
        drafted = planning.day.decide(system, left, time_limit=3, seed=0, say=lambda facts: None)
        return len(work.jobs) + len(work.aside) - len(drafted.unserved)

    everybody = served(None)
    assert everybody >= 100
    fewer = {van.code: served(van.code) for van in work.vans}
    assert len(fewer) == 7
    assert all(count < everybody for count in fewer.values()), (everybody, fewer)


def test_a_second_run_keeps_everything_and_shows_no_password(first, home):
    password = re.search(r"coordination +(\S+)", first[1])[1]

    printed = told(settings_of(home))

    assert re.search(r"7 tours, \d+ stops", printed)
    assert not re.search(r"\w{4}-\w{4}-\w{4}\n", printed)
    assert "tournee user password LOGIN --random" in printed
    sessions = open_sessions(settings_of(home).database_url)
    with sessions() as session:
        assert users.sign_in(session, "coordination", password)
    sessions.close()
    assert plans(home) == {"2026-11-24": "published"}


def test_on_a_later_day_the_command_is_printed_where_nobody_can_be_asked(home):
    printed = told(settings_of(home), now=TUESDAY + timedelta(days=1))

    assert "tournee plan 2026-11-25 && tournee publish 2026-11-25" in printed
    assert plans(home) == {"2026-11-24": "published"}


def test_on_a_later_day_the_new_day_is_planned_when_somebody_says_yes(home, monkeypatch):
    monkeypatch.setattr(demo, "_agreed", lambda question: True)

    printed = told(settings_of(home), now=TUESDAY + timedelta(days=1))

    assert "Wednesday 25 November 2026" in printed
    assert plans(home) == {"2026-11-24": "published", "2026-11-25": "published"}


def test_a_weekend_gets_a_banner_and_the_next_working_day(home, capsys):
    system = wire(settings_of(home), now=lambda: TUESDAY + timedelta(days=4))

    assert demo.working_day(system) == date(2026, 11, 30)
    assert "Saturday 28 November is no working day: the demo is about Monday 30 November" in capsys.readouterr().out


def test_starting_over_deletes_what_the_demo_made_and_nothing_else(home):
    (home / "notes.txt").write_text("mine")
    (home / "regions" / "elsewhere").mkdir()
    (home / "regions" / "riviera").unlink()
    (home / "regions" / "riviera").mkdir()

    demo.start_over(settings_of(home))

    left = sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.name != ".setting-up")
    assert left == ["notes.txt", "regions", "regions/elsewhere"]


def test_a_database_elsewhere_is_never_deleted(home, tmp_path):
    elsewhere = tmp_path / "elsewhere.db"
    shutil.copyfile(home / "tournee.db", elsewhere)

    with pytest.raises(Refused) as refusal:
        demo.start_over(replace(settings_of(home), database_url=f"sqlite:///{elsewhere}"))

    assert "TOURNEE_DATABASE_URL" in refusal.value.sentence
    assert elsewhere.exists()
    assert (home / "tournee.db").exists()


@pytest.mark.parametrize("fresh", [False, True])
def test_a_home_with_a_companys_own_data_is_left_alone(home, fresh):
    (home / "demo.json").unlink()

    with pytest.raises(Refused) as refusal:
        demo.run(settings_of(home), replace(QUIET, fresh=fresh))

    assert "own data" in refusal.value.sentence
    assert plans(home) == {"2026-11-24": "published"}


def plans(home):
    sessions = open_sessions(settings_of(home).database_url)
    with sessions() as session:
        found = {plan.day.isoformat(): plan.status for plan in session.scalars(select(Plan).order_by(Plan.id))}
    sessions.close()
    return found
