"""Every route says who may use it, and keeps its word."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from inventory.db import Base
from logistics import users
from logistics.states import ROLES
from tests.webapp.scenes import TODAY, TOMORROW
from webapp import access

#: Pages that are read, with what stands in their addresses.
FACTS = {
    "day": TODAY.isoformat(), "reference": "O-1", "number": "E1", "form": "json", "name": "nothing.csv",
    "task_id": "none", "chosen": "fr", "filename": "app.css", "login": "ada",
    "purpose": "invite", "token": "none", "factor_id": 1, "token_id": 1,
}  # fmt: skip
#: What pages honestly answer in this company: no such link, task, upload or region, and no worker that is ready.
EMPTY = {
    "links.choose": (404,), "tasks.show": (404,), "admin.errors": (404,), "maps.tiles": (404,), "home.ready": (503,),
    "home.metrics": (404,), "day.left_popup": (404,), "service.come_back": (404,), "service.leave": (404,),
}  # fmt: skip


def readable(app, company):
    """Endpoint and address of every page that can be opened."""
    return addresses(app, company, "GET")


def addresses(app, company, method):
    """Endpoint and address of every route with the method, made before anybody asks for one."""
    facts = {**FACTS, "tour_id": company.tour_id, "stop_id": company.stop_ids[0], "line_id": 1}
    with app.test_request_context():
        return [
            (rule.endpoint, app.url_for(rule.endpoint, **{name: facts[name] for name in rule.arguments}))
            for rule in app.url_map.iter_rules()
            if method in rule.methods and rule.endpoint != "static" and access.who(app, rule.endpoint) != access.BEARER
        ]


def test_a_route_that_does_not_say_who_may_use_it_stops_the_app_from_starting():
    app = Flask("bare")
    app.add_url_rule("/open", "open", access.public(lambda: "open"))
    app.add_url_rule("/silent", "silent", lambda: "silent")

    with pytest.raises(access.Undeclared, match="silent"):
        access.enforce(app)


def test_an_action_that_does_not_exist_cannot_be_asked_for():
    with pytest.raises(access.Undeclared, match="be the boss"):
        access.needs("be the boss")


def test_every_page_opens_for_its_roles_and_for_nobody_else(app, browse, company):
    wrong = {}
    for role in ROLES:
        client = browse(role)
        for endpoint, address in readable(app, company):
            rule = access.who(app, endpoint)
            status = client.get(address).status_code
            let_in = status in (200, 302, *EMPTY.get(endpoint, ()))
            if let_in != (role in rule or rule in (access.EVERYBODY, access.PUBLIC)):
                wrong[role, endpoint] = status

    assert wrong == {}


def test_whoever_is_not_signed_in_is_asked_to_and_brought_back(app, company):
    client = app.test_client()

    astray = {}
    for endpoint, address in readable(app, company):
        answer = client.get(address)
        asked = answer.headers.get("Location", "").startswith("/sign-in?next=")
        if access.who(app, endpoint) != access.PUBLIC and not asked:
            astray[endpoint] = answer.status_code

    assert astray == {}


def test_no_deed_is_done_for_whoever_is_not_signed_in(app, company, system):
    client = app.test_client()
    guarded = [one for one in addresses(app, company, "POST") if access.who(app, one[0]) != access.PUBLIC]
    before = _everything(system.sessions)

    done = {}
    for endpoint, address in guarded:
        answer = client.post(address)
        # To the sign-in form, which leads back to the page of the form; never to the deed.
        if answer.status_code != 302 or urlsplit(answer.headers["Location"]).path != "/sign-in":
            done[endpoint] = answer.status_code

    assert len(guarded) > 30
    assert done == {}
    assert _everything(system.sessions) == before


def _everything(sessions):
    with sessions() as session:
        return [[tuple(row) for row in session.execute(select(table))] for table in Base.metadata.sorted_tables]


def test_no_deed_is_done_for_a_role_that_may_not(app, browse, company):
    clients = {role: browse(role) for role in ROLES}

    done = {}
    for endpoint, address in addresses(app, company, "POST"):
        rule = access.who(app, endpoint)
        for role, client in clients.items():
            others = rule in (access.EVERYBODY, access.PUBLIC) or role in rule
            if not others and client.post(address).status_code != 403:
                done[role, endpoint] = "let in"

    assert done == {}


def test_a_part_of_a_page_answers_401_instead_of_the_sign_in_page(app, company):
    answer = app.test_client().get(f"/day/{TOMORROW}", headers={"HX-Request": "true"})

    assert answer.status_code == 401


def test_another_couriers_stop_does_not_exist_for_me(browse, company, system):
    with system.sessions.begin() as session:
        users.user(session, "v1").role = "warehouse"
        users.user(session, "wim").role = "courier"

    answer = browse("warehouse").get(f"/courier/stops/{company.stop_ids[0]}")

    # Who is a courier now, but of no tour: the tour stays with whom it was given to when it was published.
    assert browse("warehouse").get("/courier").status_code == 200
    assert answer.status_code == 404


def test_a_closed_account_is_out_at_once(browse, company, system):
    client = browse("coordinator")
    with system.sessions.begin() as session:
        users.user(session, "cora").is_active = False

    assert client.get(f"/day/{TODAY}").headers["Location"].startswith("/sign-in")


def test_a_new_password_ends_the_sessions_made_with_the_old_one(browse, company, system):
    client = browse("coordinator")
    with system.sessions.begin() as session:
        users.set_password(session, "cora", "another-password-1")

    assert client.get(f"/day/{TODAY}").headers["Location"].startswith("/sign-in")
