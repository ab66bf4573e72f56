"""The witness sees what it is there to see."""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask import Flask, redirect

from logistics import observation, tasks
from logistics.database import open_sessions
from tests.builders import someone_at_home
from tests.campaigns.canaries import scan


@pytest.fixture
def told(witness):
    """What the witness saw; taken from it, because here it is wanted."""
    yield witness.seen
    witness.seen.clear()


def test_a_street_in_a_line_of_ours_is_seen(told):
    observation.logger("orders").warning("placed", where="12 rue des Oliviers")

    assert len(told) == 1


def test_a_phone_in_a_line_of_the_standard_log_is_seen(told):
    logging.getLogger("logistics.door").warning("call %s", "+33 6 39 98 12 34")

    assert len(told) == 1


def test_what_the_nets_of_the_log_mask_is_not_seen(told):
    observation.logger("orders").warning("placed", street="12 rue des Oliviers")
    try:
        raise ValueError("12 rue des Oliviers")
    except ValueError:
        observation.logger("orders").exception("broke")

    assert told == []


def test_a_name_in_an_address_or_a_redirect_is_seen(told):
    app = Flask("bare")
    app.add_url_rule("/find", "find", lambda: "")
    app.add_url_rule("/go", "go", lambda: redirect("/find?q=Zinzolin"))

    app.test_client().get("/find?q=Canaribert")
    app.test_client().get("/find?q=rue%20du%20Secret")
    app.test_client().get("/go")

    assert [one.split(" stands in ")[1].split(":")[0] for one in told] == ["an address", "an address", "a redirect"]


@pytest.mark.parametrize("part", ["urllib3.connectionpool", "sqlalchemy.pool", "gunicorn.error"])
def test_a_name_in_a_line_of_any_part_is_seen(told, part):
    logging.getLogger(part).warning("sent to %s", "E7@example.com")

    assert len(told) == 1


def test_a_name_in_a_figure_is_seen(told, witness):
    app = Flask("watched")
    app.extensions["metrics"] = SimpleNamespace(written=lambda: b'tournee_people{name="Zinzolin"} 1.0\n')

    app.test_client().get("/")
    witness.figures()

    assert [one.split(" stands in ")[1].split(":")[0] for one in told] == ["the figures"]


@pytest.mark.parametrize(
    ("file", "line", "found"),
    [
        ("logs/tournee.log", "delivered to 12 rue des Oliviers", True),
        ("serve.log", "calling +33 6 39 98 00 00 now", True),
        ("queue.db", "Ana Martin E1", True),
        ("logs/tournee.log", "planned 7 tours for E1", False),
    ],
)
def test_the_scan_of_a_home_sees_its_people_in_what_is_left_behind(tmp_path, _sqlite_template, file, line, found):
    shutil.copyfile(_sqlite_template, tmp_path / "tournee.db")
    opened = open_sessions(f"sqlite:///{tmp_path / 'tournee.db'}")
    with opened.begin() as session:
        someone_at_home(session, "E1")
    opened.close()
    (tmp_path / "logs").mkdir()
    (tmp_path / file).write_text(line)

    assert bool(scan(tmp_path)) is found


def test_the_scan_of_a_home_reads_the_addresses_that_were_asked_for(tmp_path, _sqlite_template):
    shutil.copyfile(_sqlite_template, tmp_path / "tournee.db")
    opened = open_sessions(f"sqlite:///{tmp_path / 'tournee.db'}")
    with opened.begin() as session:
        someone_at_home(session, "E1")
    opened.close()

    assert scan(tmp_path, asked=["http://127.0.0.1/people?find=Martin+E1"]) == ["an address: Ma… (9 letters)"]
    assert scan(tmp_path, asked=["http://127.0.0.1/people?find=7f3a", "http://127.0.0.1/"]) == []


def test_a_scan_that_has_nothing_to_look_for_or_at_says_so(tmp_path, _sqlite_template):
    shutil.copyfile(_sqlite_template, tmp_path / "tournee.db")

    with pytest.raises(AssertionError, match="knows nobody"):
        scan(tmp_path)


def test_a_mail_address_in_a_task_row_is_seen(told, witness, sessions):
    with sessions.begin() as session:
        tasks.ask(session, "plan-day", {"day": "E7@example.com"}, actor="cora", now=datetime.now(UTC))

    witness.rows(sessions)

    assert len(told) == 1
    with sessions.begin() as session:
        session.query(tasks.Task).delete()
