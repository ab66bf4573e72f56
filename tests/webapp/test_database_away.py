"""A database that does not answer is never shown as a failure of ours, nor in its own words."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy import text

from logistics import database, rights, tokens
from tests.fakes import MORNING
from tests.webapp.scenes import LOGINS, PASSWORD
from webapp import create_app


@pytest.fixture
def hasty(database_url, system, monkeypatch):
    """The app over a SQLite that waits for nobody, and a connection of another program to it."""
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS[:-1], "busy_timeout=50"))
    foreign = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    app = create_app(replace(system, sessions=database.open_sessions(database_url)))
    app.config.update(WTF_CSRF_ENABLED=False)
    yield app, foreign
    foreign.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_foreign_lock_is_a_page_that_says_when_to_try_again(hasty):
    app, foreign = hasty
    client = app.test_client()
    client.post("/sign-in", data={"login": LOGINS["coordinator"], "password": PASSWORD})
    foreign.execute("BEGIN IMMEDIATE")

    answer = client.post("/orders/O-5/cancel", data={"version": "1"})
    foreign.execute("ROLLBACK")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "locked" not in answer.text
    assert "send it again" in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_foreign_lock_is_a_problem_of_the_api_and_the_same_key_may_be_used_again(hasty, system):
    app, foreign = hasty
    with system.sessions.begin() as session:
        text_of, _ = tokens.make(
            session, LOGINS["coordinator"], name="t", scopes=frozenset(rights.SCOPES), now=MORNING, actor="x"
        )
    sent = {"Authorization": f"Bearer {text_of}", "Idempotency-Key": "once-only-please"}
    client = app.test_client(use_cookies=False)
    client.get("/api/v1/me", headers=sent)
    foreign.execute("BEGIN IMMEDIATE")

    answer = client.post("/api/v1/days/2026-11-27/plan", json={}, headers=sent)
    foreign.execute("ROLLBACK")
    again = client.post("/api/v1/days/2026-11-27/plan", json={}, headers=sent)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "database-busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert "locked" not in answer.text
    assert again.status_code == 202


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_is_gone_is_a_page_that_says_so(database_url, app, browse, postgresql_server, system):
    client = browse("coordinator")
    assert client.get("/orders").status_code == 200
    name = system.sessions.engine.url.database
    with postgresql_server.shut(name):
        gone = client.get("/orders")
        in_french = client.get("/orders", headers={"Accept-Language": "fr"})
    back = client.get("/orders")

    assert (gone.status_code, in_french.status_code, back.status_code) == (503, 503, 200)
    assert "Look whether your last step is there" in gone.text
    assert "injoignables" in in_french.text
    assert "FATAL" not in gone.text
    with system.sessions() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1
