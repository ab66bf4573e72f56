"""A few blows of the kill campaign on both databases, and the judge shown to bite."""

from __future__ import annotations

import shutil
from datetime import date

import pytest
from sqlalchemy import select, text

from logistics import tasks
from logistics.database import open_sessions
from logistics.models import Tour
from tests.campaigns.acts import Import, PlanDay, Publish, Share, drive
from tests.campaigns.caller import Caller
from tests.campaigns.company import a_company, a_day_of_work
from tests.campaigns.kills import PROMISED_SECONDS, Row, campaign, empty_books
from tests.fakes import MORNING

DAY = date(2026, 12, 2)
BLOWS = {
    "sqlite": (("web", "import"), ("worker", "plan"), ("solver", "publish")),
    "postgresql": (("postgresql", "events"), ("web", "plan")),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whoever_is_killed_nothing_acknowledged_is_lost_and_nothing_is_half_done(kind, tmp_path, starter):
    blows = BLOWS[kind]

    with empty_books(kind, tmp_path, to_be_killed=kind == "postgresql") as books:
        found = campaign(blows, books, tmp_path, starter, seed=5, hurry=20, rehearsed=False)

    assert [one for row in found.values() for one in row.wrong] == []
    assert {blow: row.kills for blow, row in found.items()} == dict.fromkeys(blows, 1)
    # Each act was acknowledged at last, with all that was asked for beside it.
    assert all(row.in_the_end for row in found.values())


@pytest.fixture(scope="module")
def filled(_sqlite_template, tmp_path_factory):
    """Books with a published tour of today and two days of orders, one of them drafted; nobody has been killed."""
    file = tmp_path_factory.mktemp("judged") / "books.db"
    shutil.copyfile(_sqlite_template, file)
    sessions = open_sessions(f"sqlite:///{file}")
    with sessions.begin() as session:
        a_company(session, 1, stops=1)
        a_day_of_work(session, DAY, stops=1, drafted=True, published=False)
    yield sessions
    sessions.close()


@pytest.fixture
def spoilt(filled):
    """A transaction to break the books in; it is undone."""
    with filled.begin() as session:
        yield session
        session.rollback()


def verdicts(session, deed, *, in_the_end=False):
    return [share.wrong(in_the_end=in_the_end) for share in deed.shares(session)]


def test_an_import_is_lost_when_it_was_acknowledged_and_half_done_when_some_of_it_is_there(spoilt):
    asked, told = Import("D"), Import("GONE", word="done")

    assert (verdicts(spoilt, asked), verdicts(spoilt, told)) == (["half done"], ["lost"])


def test_a_publication_is_lost_as_long_as_there_is_a_draft_and_half_done_when_only_the_tour_left_it(spoilt):
    asked, told = Publish(DAY), Publish(DAY, word="done")
    assert (verdicts(spoilt, asked), verdicts(spoilt, told)) == ([""], ["lost"])

    spoilt.execute(text("UPDATE tour SET state = 'published' WHERE state = 'draft'"))

    assert verdicts(spoilt, asked) == ["half done"]


def test_a_plan_may_come_later_but_not_never_and_its_task_neither_twice_nor_not_at_all(spoilt):
    day = date(2026, 12, 3)
    told = PlanDay(day, orders=1, task_id="t")
    assert verdicts(spoilt, told) == ["lost", ""]
    assert verdicts(spoilt, told, in_the_end=True) == ["lost", "lost"]

    for _ in range(2):
        tasks.ask(spoilt, "plan-day", {"day": day.isoformat()}, actor="boss", now=MORNING)

    assert verdicts(spoilt, told) == ["doubled", ""]


def test_an_event_is_half_done_when_its_stop_says_so_and_nobody_told(spoilt):
    tour = spoilt.scalars(select(Tour).where(Tour.state == "published").order_by(Tour.id)).first()
    deed = drive(spoilt, tour.id, Caller("", ""))
    deed.heard = {deed.events[0].id}

    spoilt.execute(text("UPDATE stop SET state = 'arrived' WHERE tour_id = :tour"), {"tour": tour.id})

    assert verdicts(spoilt, deed) == ["lost", "half done", "", ""]


def test_what_is_whole_is_never_wrong_and_what_was_not_acknowledged_may_be_absent():
    for word in ("", "promised", "done"):
        assert Share("x", word, 3, 3).wrong(in_the_end=True) == ""
    assert Share("x", "", 0, 3).wrong(in_the_end=True) == ""


def test_a_task_that_waits_longer_than_promised_is_told():
    assert Row(requeued=[PROMISED_SECONDS - 1]).wrong == []
    assert Row(requeued=[PROMISED_SECONDS + 1]).wrong == ["in the queue again after 61 s"]
