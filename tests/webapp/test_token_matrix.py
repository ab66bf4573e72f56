"""Every operation of the API, for every kind of token, on one's own, another site's and missing objects."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from inventory import people
from inventory.models import Site
from logistics import rights, tokens, users
from logistics.models import PickLine
from logistics.rights import RIGHTS, SCOPES
from logistics.states import ROLES
from tests.fakes import MORNING
from tests.webapp.scenes import LOGINS, TODAY, TOMORROW
from tests.webapp.test_matrix import LIMITED, dump
from webapp import access
from webapp.api.operations import OPERATIONS

#: What names an object of a site in an operation's address; each stands for one of NCE and for one that is missing.
OURS = {"reference", "number", "tour_id", "stop_id", "line_id"}
MISSING = {"reference": "O-404", "number": "E404", "tour_id": 999_999, "stop_id": 999_999, "line_id": 999_999}
#: Names in an address that are nobody's site: days and forms, accounts, and what belongs to one person or to one task.
NOT_OF_A_SITE = {"day", "form", "login", "task_id", "upload_id", "token_id", "event_id"}
_MOVE = {"day": TOMORROW.isoformat(), "van": "V2", "position": 1}
_ORDER = {
    "kind": "issue", "employee_number": "E1", "lines": [{"direction": "out", "sku": "MOU"}],
    "day": TOMORROW.isoformat(), "window_start": "09:00", "window_end": "12:00",
}  # fmt: skip
#: A body that the operation takes when everything is one's own, for every operation that takes one.
BODIES = {
    "plan_day": {"site": "NCE"}, "make_token": {"name": "t", "scopes": ["account"]}, "search_orders": {"text": "E1"},
    "place_order": _ORDER, "change_order": {"note": "n"}, "cancel_order": {"reason": "no need"},
    "leave_out_order": {"left_out": True}, "give_order_to_van": {"van": "V2"}, "preview_move": _MOVE,
    "move_order": _MOVE, "search_people": {"text": "E1"}, "reveal_home": {"purpose": "call"},
    "set_pin": {"lat": 43.7, "lon": 7.25}, "receive": {"site": "NCE", "sku": "MOU", "quantity": 3, "receipt_id": "r1"},
    "mark_pick": {"state": "picked"}, "substitute_pick": {"asset_tag": "OLD-E2"},
    "tell_event": {"kind": "started", "tour_id": 1}, "add_user": {"login": "new", "name": "N", "role": "agent"},
    "make_link": {}, "set_email": {"email": "a@b.example"}, "set_active": {"active": True}, "commit": {},
    "find_places": {"text": "rue"},
}  # fmt: skip


@pytest.fixture
def parted(company, system):
    """The company with its people looked after by NCE; E6 alone by MCM. Names that belong to NCE."""
    with system.sessions.begin() as session:
        sites = {site.code: site.id for site in session.scalars(select(Site))}
        for number in range(1, 7):
            people.employee(session, f"E{number}").site_id = sites["MCM" if number == 6 else "NCE"]
        line = session.scalar(select(PickLine.id).order_by(PickLine.id))
    return {
        "reference": "O-1", "number": "E1", "tour_id": company.tour_id, "stop_id": company.stop_ids[0], "line_id": line,
    }  # fmt: skip


def made(system, role, scopes=SCOPES, **facts):
    """A token of the role's user."""
    with system.sessions.begin() as session:
        given = {"name": "t", "scopes": frozenset(scopes), "now": MORNING, "actor": "x"} | facts
        return tokens.make(session, LOGINS[role], **given)


def operations(app, facts):
    """Each operation with an address; arguments that `facts` does not have are names of nothing."""
    usual = {"day": TODAY.isoformat(), "form": "json", "token_id": 999_999, "event_id": "0" * 32}
    with app.test_request_context():
        return [
            (OPERATIONS[rule.endpoint], app.url_for(
                rule.endpoint, **{name: {**usual, **facts}.get(name, "none") for name in rule.arguments}
            ), frozenset(rule.arguments))
            for rule in app.url_map.iter_rules() if rule.endpoint in OPERATIONS
        ]  # fmt: skip


def named(operation):
    """The operation's name without its room."""
    return operation.name.partition(".")[2] or operation.name


def ask(app, text, method, path, body=None, **headers):
    sent = {"Authorization": f"Bearer {text}", "Idempotency-Key": "k1", **headers}
    return app.test_client(use_cookies=False).open(path, method=method, json=body, headers=sent)


def test_every_operation_stands_in_this_matrix(app):
    known = operations(app, MISSING)

    assert {named(one) for one, _, _ in known if one.takes is not None} - set(BODIES) == set(), "give it a body"
    assert set().union(*(names for _, _, names in known)) - OURS - NOT_OF_A_SITE == set(), "say whose it is"
    bearer = {rule.endpoint for rule in app.url_map.iter_rules() if access.who(app, rule.endpoint) == access.BEARER}
    assert bearer == set(OPERATIONS)


def test_the_scope_of_the_right_opens_an_operation_to_its_roles_and_all_other_scopes_do_not(app, system, company):
    held = {
        (role, scope): (made(system, role, {scope})[0], made(system, role, set(SCOPES) - {scope})[0])
        for role in ROLES
        for scope in SCOPES
    }
    # The one deed that needs no more than the right: whoever may sign themselves out everywhere has done so.
    left_out = {"but": ("api_token",), "without": ("session_epoch",)}
    before = dump(system.sessions, **left_out)

    wrong = {}
    for operation, path, _ in operations(app, MISSING):
        right = RIGHTS[operation.right]
        for role in ROLES:
            # Without body, key and version: who is let in is refused for that, and nothing is done.
            with_it, without = (
                app.test_client(use_cookies=False)
                .open(path, method=operation.method, headers={"Authorization": f"Bearer {text}"})
                .status_code
                for text in held[role, right.scope]
            )
            if (with_it != 403) != (role in right.roles) or without != 403 or 401 in (with_it, without):
                wrong[operation.name, role] = with_it, without

    assert wrong == {}
    assert dump(system.sessions, **left_out) == before


def test_no_operation_opens_without_a_token_that_counts_today(app, system, clock, company, browse):
    # The expired one is a day long, and a day goes by.
    expired = made(system, "coordinator", days=1)[0]
    revoked, row = made(system, "coordinator")
    closed = made(system, "admin")[0]
    with system.sessions.begin() as session:
        tokens.revoke(session, row.id, now=MORNING)
        users.user(session, LOGINS["admin"]).is_active = False
    clock.wind(days=1)
    sent = {kind: {"Authorization": f"Bearer {text}"} for kind, text in {
        "expired": expired, "revoked": revoked, "closed": closed, "unknown": "trn_" + "x" * 43, "empty": "",
    }.items()} | {"none": {}, "other": {"Authorization": "Basic YTpi"}}  # fmt: skip
    cookies = browse("warehouse")
    before = dump(system.sessions)

    opened = {
        (operation.name, kind): answer.status_code
        for operation, path, _ in operations(app, MISSING)
        for kind, headers in [*sent.items(), ("cookie", {})]
        if (
            answer := (cookies if kind == "cookie" else app.test_client(use_cookies=False)).open(
                path, method=operation.method, headers=headers
            )
        ).status_code
        != 401
    }

    assert opened == {}
    assert dump(system.sessions) == before


def test_a_token_opens_no_page(app, system, company):
    text = made(system, "admin")[0]
    facts = {"reference": "O-1", "number": "E1", "login": "wim", "name": "a" * 32 + ".csv", "day": TODAY}

    opened = {}
    with app.test_request_context():
        asked = [
            (rule.endpoint, method, app.url_for(rule.endpoint, **{name: facts.get(name, 1) for name in rule.arguments}))
            for rule in app.url_map.iter_rules()
            if access.who(app, rule.endpoint) not in (access.PUBLIC, access.BEARER)
            for method in rule.methods - {"HEAD", "OPTIONS"}
        ]
    for endpoint, method, path in asked:
        answer = ask(app, text, method, path)
        if answer.status_code != 401 and "/sign-in" not in answer.headers.get("Location", ""):
            opened[endpoint, method] = answer.status_code

    assert len(asked) > 50
    assert opened == {}


@pytest.mark.parametrize("role", LIMITED)
def test_another_sites_object_answers_a_program_as_one_that_does_not_exist(role, app, system, parted):
    with system.sessions.begin() as session:
        users.user(session, LOGINS[role]).sites = frozenset({"MCM"})
    text = made(system, role)[0]
    before = dump(system.sessions, but=("address_view", "api_token"))
    there, gone = operations(app, parted), operations(app, parted | MISSING)

    asked, told_apart = 0, {}
    for (operation, path, names), (_, nowhere, _) in zip(there, gone, strict=True):
        if role not in rights.RIGHTS[operation.right].roles or not names & OURS:
            continue
        asked += 1
        body = BODIES.get(named(operation)) if operation.takes is not None else None
        mark = {"If-Match": '"1"'} if operation.versioned else {}
        other, missing = (ask(app, text, operation.method, one, body, **mark) for one in (path, nowhere))
        said = [_plain(answer, parted) for answer in (other, missing)]
        if said[0] != said[1] or other.status_code != 404:
            told_apart[operation.name] = said

    assert asked
    assert told_apart == {}
    assert dump(system.sessions, but=("address_view", "api_token")) == before


def _plain(answer, names):
    """Status and text without the objects' own names and the reference of the request."""
    text = answer.get_data(as_text=True)
    for value in sorted({*map(str, names.values()), *map(str, MISSING.values())}, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(value)}\b", "#", text)
    return answer.status_code, re.sub(r"\b[0-9a-f]{8,32}\b", "", text)
