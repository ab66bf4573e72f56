"""A few seconds of the writers' trial on both databases, and the judge shown to bite."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from logistics import migrations
from logistics.database import open_sessions
from tests.campaigns import judging
from tests.campaigns.company import a_company
from tests.campaigns.judging import Said
from tests.campaigns.writers import trial


def test_what_is_accepted_from_many_processes_is_kept_and_nothing_else(database_url, tmp_path, starter):
    found = trial(database_url, tmp_path, starter, processes=3, deeds=15, seconds=60, seed=7, servers=1)

    assert found.wrong == []
    # Deeds are counted and not seconds: how many a machine can do in so long says nothing about the books.
    assert sum(one.answer == "ok" for one in found.said) > 15
    # A slow machine may leave an answer unread; then the deed may or may not be there, and the judge allows for both.
    assert {one.answer for one in found.said} <= {"ok", "refused", "unknown"}


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """A company nobody has written to."""
    url = f"sqlite:///{tmp_path_factory.mktemp('judged') / 'books.db'}"
    migrations.upgrade(url)
    sessions = open_sessions(url)
    with sessions.begin() as session:
        part = a_company(session, 1)[0]
    sessions.close()
    return url, part


def amended(base, answer="ok"):
    return Said("amend", f"note-{base}", answer, {"order": "SHARED-1", "base": base})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([Said("place", "k", "ok", {})], "0 orders are there"),
        ([Said("event", "e", "ok", {})], "acknowledged and lost"),
        ([amended(1), amended(1)], "two amendments of one version"),
        ([amended(1)], "its life tells of others"),
        ([Said("place", "k", "broken", {"status": 500})], "answered 500"),
        ([Said("pick", "k", "refused", {"locked": True})], "locked True"),
    ],
)
def test_the_judge_sees_what_was_accepted_and_lost(books, said, told):
    assert any(told in one for one in judging.judge(said, books[0]))


def test_the_judge_sees_a_lost_mark_and_a_lost_cancellation(books):
    url, part = books
    said = [
        Said("pick", str(part.pick_line_ids[0]), "ok", {"state": "picked"}),
        Said("cancel", "SHARED-2", "ok", {}),
    ]

    wrong = judging.judge(said, url)

    assert any("picked was accepted last" in one for one in wrong)
    assert any("its cancellation was accepted and lost" in one for one in wrong)


def test_the_judge_sees_what_was_refused_and_done(books):
    url, _ = books
    sessions = open_sessions(url)
    with sessions.begin() as session:
        session.execute(text("UPDATE equipment_order SET note = 'refused-note' WHERE reference = 'SHARED-3'"))
    sessions.close()

    assert any(
        "1 orders are there" in one for one in judging.judge([Said("place", "refused-note", "refused", {})], url)
    )
    assert judging.judge([Said("place", "refused-note", "unknown", {})], url) == []
