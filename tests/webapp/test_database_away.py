"""A database that does not answer is never shown as a failure of ours, nor in its own words."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy import text

from logistics import database
from tests.webapp.scenes import LOGINS, PASSWORD
from webapp import create_app


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_foreign_lock_is_a_page_that_says_when_to_try_again(database_url, system, monkeypatch):
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS[:-1], "busy_timeout=50"))
    foreign = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    app = create_app(replace(system, sessions=database.open_sessions(database_url)))
    app.config.update(WTF_CSRF_ENABLED=False)
    client = app.test_client()
    client.post("/sign-in", data={"login": LOGINS["coordinator"], "password": PASSWORD})
    foreign.execute("BEGIN IMMEDIATE")

    answer = client.post("/orders/O-5/cancel", data={"version": "1"})
    foreign.execute("ROLLBACK")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "locked" not in answer.text
    assert "send it again" in answer.text


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
