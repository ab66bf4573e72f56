"""What a watching machine is told, what the log holds of a request, and what neither of them does."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from logistics import observation, readiness, task_kinds, tasks
from logistics.errors import InvalidRequest
from tests.conftest import CHECKOUT
from tests.webapp.scenes import LOGINS, PASSWORD, STREET, TODAY
from tests.webapp.test_access import readable
from webapp import create_app

FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


@pytest.fixture
def told(system):
    """The log of a test, one event per line."""
    stream = io.StringIO()
    observation.set_up(replace(system.settings, log_format="json"), stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    observation.set_up(system.settings, level=40)


def requests_in(events):
    return [one for one in events if one["event"] == "request"]


def an_app(system, **settings):
    """The app with other settings."""
    made = create_app(replace(system, settings=replace(system.settings, **settings)))
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return made


def test_parts_that_tell_every_step_are_heard_when_they_warn(told):
    logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")
    logging.getLogger("huey.consumer").info("Huey consumer started")
    logging.getLogger("huey.consumer").warning("a worker did not stop")

    assert [(one["event"], one["level"]) for one in told()] == [("a worker did not stop", "warning")]


# --- alive and ready --------------------------------------------------------------------------------------------------


def test_the_process_says_that_it_lives_and_nothing_else(app, company):
    assert app.test_client().get("/healthz").json == {"ok": True}


def test_ready_means_database_queue_worker_and_regions(app, company, system):
    readiness.beat(system)

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {
        "ready": True, "checks": {"database": "ok", "queue": "ok", "worker": "ok", "regions": "ok"},
    }  # fmt: skip


def test_a_worker_that_nobody_has_seen_is_named(app, company, system):
    (system.settings.home / "worker.seen").unlink()

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"]["worker"] == "not-seen"


def test_a_task_that_waits_too_long_is_named(app, company, system, clock):
    readiness.beat(system)
    with system.sessions.begin() as session:
        tasks.ask(session, "plan-day", {"day": TODAY.isoformat()}, actor="cora", now=clock())

    at_once = app.test_client().get("/readyz")
    clock.wind(seconds=readiness.QUEUE_SECONDS + 1)
    later = app.test_client().get("/readyz")

    assert at_once.status_code == 200
    assert (later.status_code, later.json["checks"]["queue"]) == (503, "waits-too-long")


def test_a_database_that_was_made_by_another_version_is_named(app, company, system):
    readiness.beat(system)
    from sqlalchemy import text

    with system.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'old'"))

    answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "not-current")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_does_not_answer_is_named_without_its_address(system, company):
    class Gone:
        def __call__(self):
            raise OSError("cannot connect to secret.example as tournee:word")

    app = an_app(replace(system, sessions=Gone()))

    answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "unreachable")
    assert "secret" not in answer.text
    assert "tournee_database_up 0.0" in app.test_client().get("/metrics").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_region_that_cannot_be_used_is_named(app, company, system):
    readiness.beat(system)
    broken = system.settings.home / "regions" / "nowhere"
    broken.mkdir(parents=True)
    (broken / "region.json").write_text("{")

    assert app.test_client().get("/readyz").json["checks"]["regions"] == "broken"


# --- figures ----------------------------------------------------------------------------------------------------------


def samples(answer):
    """Every sample by name and labels."""
    return {
        (one.name, *sorted(one.labels.items())): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def test_figures_name_routes_by_template_and_tell_tasks_plans_and_messages(app, company, browse, system, clock):
    client = browse("coordinator")
    for reference in ("O-1", "O-2"):
        client.get(f"/orders/{reference}")
    client.get("/nowhere/Ana")
    with system.sessions.begin() as session:
        tasks.ask(session, "plan-day", {"day": TODAY.isoformat()}, actor="cora", now=clock())
    clock.wind(seconds=90)

    found = samples(app.test_client().get("/metrics"))

    order = (("method", "GET"), ("route", "/orders/<reference>"), ("status", "200"))
    assert found["tournee_http_requests_total", *order] == 2
    assert found["tournee_http_request_seconds_count", ("method", "GET"), ("route", "/orders/<reference>")] == 2
    assert found["tournee_http_requests_total", ("method", "GET"), ("route", "none"), ("status", "404")] == 1
    assert found["tournee_tasks", ("kind", "plan-day"), ("state", "queued")] == 1
    assert found["tournee_queue_oldest_seconds",] == 90
    assert found["tournee_plans_total", ("engine", "test")] == 2
    assert found["tournee_database_up",] == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_figures_hold_nothing_of_the_company(app, company, browse):
    client = browse("coordinator")
    for _, address in readable(app, company):
        client.get(address)

    text = app.test_client().get("/metrics").text

    assert "tournee_http_requests_total" in text
    assert [one for one in ("O-1", "E5", "Ana", STREET, "cora", TODAY.isoformat()) if one in text] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.9", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.9"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.9"}, 404),
        ("192.0.2.9", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("192.0.2.9", {"Authorization": "Bearer the-word-of-the-watcher"}, 200),
        ("192.0.2.9", {"Authorization": "Bearer another"}, 404),
        ("192.0.2.9", {"Authorization": "Bearer "}, 404),
    ],
)
def test_figures_are_for_this_machine_or_whoever_has_the_token(system, company, address, headers, status):
    client = an_app(system, metrics_token="the-word-of-the-watcher").test_client()

    answer = client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == status


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_empty_token_opens_nothing(app, company):
    for told in ("Bearer ", "Bearer", ""):
        answer = app.test_client().get(
            "/metrics", headers={"Authorization": told}, environ_overrides={"REMOTE_ADDR": "192.0.2.9"}
        )
        assert answer.status_code == 404


COUNTED = """
import sys
from webapp.observation import Metrics
made = Metrics(None)
made.requests.labels("GET", "/orders", "200").inc()
sys.stdout.buffer.write(made.written())
"""


def test_several_processes_tell_one_figure(tmp_path):
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", COUNTED], env=environment, cwd=CHECKOUT, capture_output=True, text=True
        )

    assert 'tournee_http_requests_total{method="GET",route="/orders",status="200"} 2.0' in done.stdout, done.stderr


# --- the log ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_request_is_one_line_with_its_number_route_and_person(told, system, company):
    client = an_app(system).test_client()
    client.post("/sign-in", data={"login": LOGINS["agent"], "password": PASSWORD})

    answer = client.get("/people/E5?note=Ana")

    line = requests_in(told())[-1]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/people/<number>", 200)
    assert isinstance(line["user"], int)
    assert line["ms"] >= 0
    assert line["request"] == answer.headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{16}", line["request"])
    assert "Ana" not in json.dumps(told())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_lines_that_other_code_writes_carry_the_requests_number(told, system, company):
    app = an_app(system)

    @app.before_request
    def say():
        observation.logger("orders").info("noted")

    answer = app.test_client().get("/healthz")

    assert {one["request"] for one in told()} == {answer.headers["X-Request-Id"]}
    observation.logger("orders").info("after")
    assert "request" not in told()[-1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_line_holds_a_home_a_name_or_what_was_searched_for(told, system, company):
    app = an_app(system)
    for login in LOGINS.values():
        client = app.test_client()
        client.post("/sign-in", data={"login": login, "password": PASSWORD})
        for _, address in readable(app, company):
            client.get(address)
        client.post("/search", data={"q": "Léa Introuvable"})
        client.post("/people/E5/home", data={"purpose": "call"})

    text = json.dumps(told(), ensure_ascii=False)
    assert len(requests_in(told())) > 100
    assert [one for one in ("Introuvable", "Léa", "06800", PASSWORD, "E5@example.com") if one in text] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "from_proxy", "taken"),
    [
        ("0123456789abcdef", True, True), ("a-b.c_d-12345678", True, True), ("0123456789abcdef", False, False),
        ("short", True, False), ("x" * 65, True, False), ("with blank in it", True, False),
        ("ünicode-1234567", True, False), ("abc\tdefghijkl", True, False), ("-leading-dash", True, False),
        ("", True, False),
    ],
)  # fmt: skip
def test_a_number_is_taken_over_from_a_proxy_of_ours_when_it_is_well_formed(system, company, asked, from_proxy, taken):
    client = an_app(system, trusted_proxies="192.0.2.0/24").test_client()

    answer = client.get(
        "/healthz",
        headers={"X-Request-Id": asked.encode("utf-8").decode("latin-1")},
        environ_overrides={"REMOTE_ADDR": "192.0.2.1" if from_proxy else "198.51.100.1"},
    )

    assert (answer.headers["X-Request-Id"] == asked) is taken
    assert len(answer.headers["X-Request-Id"]) >= 8


# --- proxies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("proxies", "believed"), [("", False), ("203.0.113.5", False), ("192.0.2.1", True), ("10.0.0.0/8, 192.0.2.1", True)]
)
def test_who_asks_is_believed_from_named_proxies_alone(system, company, proxies, believed):
    app = an_app(system, trusted_proxies=proxies)
    seen = {}

    @app.before_request
    def look():
        from flask import request

        seen.update(address=request.remote_addr, secure=request.is_secure, host=request.host)

    app.test_client().get("/healthz", headers=FORWARDED, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})

    expected = ("198.51.100.7", True, "evil.example") if believed else ("192.0.2.1", False, "localhost")
    assert (seen["address"], seen["secure"], seen["host"]) == expected


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("told", "who"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 192.0.2.2", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 192.0.2.3, 192.0.2.2", "198.51.100.7"),
        ("192.0.2.2", "192.0.2.2"),
        ("nonsense, 192.0.2.2", "nonsense"),
    ],
)
def test_behind_several_proxies_whoever_is_none_of_ours_asks(system, company, told, who):
    app = an_app(system, trusted_proxies="192.0.2.0/24")
    seen = []

    @app.before_request
    def look():
        from flask import request

        seen.append(request.remote_addr)

    app.test_client().get("/healthz", headers={"X-Forwarded-For": told}, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})

    assert seen == [who]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_proxy_that_is_no_address_stops_the_start(system, company):
    with pytest.raises(InvalidRequest):
        an_app(system, trusted_proxies="proxy.example")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_is_seen_for_a_minute(system, company, monkeypatch):
    assert readiness.beat in task_kinds.PERIODIC
    readiness.beat(system)
    seen = (system.settings.home / "worker.seen").stat().st_mtime

    monkeypatch.setattr(readiness.time, "time", lambda: seen + timedelta(seconds=59).total_seconds())
    young = readiness.checks(system)["worker"]
    monkeypatch.setattr(readiness.time, "time", lambda: seen + timedelta(seconds=61).total_seconds())

    assert (young, readiness.checks(system)["worker"]) == ("ok", "not-seen")
