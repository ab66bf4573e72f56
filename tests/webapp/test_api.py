"""The API: who may call, what comes in, what goes out, once and only once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from inventory import people
from logistics import rights, tokens, users
from tests.conftest import CHECKOUT
from tests.fakes import MORNING, FakeGazetteer
from tests.webapp.scenes import LOGINS, STREET, TODAY
from webapp import create_app
from webapp.api import reference
from webapp.api.operations import OPERATIONS

V1 = "/api/v1"
ORDER = {
    "kind": "issue", "employee_number": "E6", "lines": [{"direction": "out", "sku": "MOU"}], "day": TODAY.isoformat(),
    "window_start": "14:00", "window_end": "16:00",
}  # fmt: skip


@pytest.fixture
def token(system):
    """Makes a token: of a role, with all scopes or these, for so many days."""

    def make(role="admin", scopes=rights.SCOPES, **facts):
        given = {"name": "t", "scopes": frozenset(scopes), "now": MORNING, "actor": "x"} | facts
        with system.sessions.begin() as writing:
            return tokens.make(writing, LOGINS[role], **given)

    return make


@pytest.fixture
def call(app, token):
    """Calls the API as somebody, keeping their token."""
    kept = {}
    client = app.test_client(use_cookies=False)

    def ask(role, method, path, body=None, **headers):
        if role not in kept:
            kept[role] = token(role)[0]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {kept[role]}"
        return client.open(V1 + path, method=method, json=body, headers=sent)

    return ask


def with_token(app, text, path="/me", **facts):
    return app.test_client().get(V1 + path, headers={"Authorization": f"Bearer {text}"}, **facts)


def refused(answer):
    """Status and code of a problem document, which it must be."""
    assert answer.mimetype == "application/problem+json", answer.get_data()
    told = answer.get_json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


def test_a_token_opens_the_api_for_its_owner_and_nothing_else_does(app, browse, token, company):
    text, _ = token("agent")

    assert with_token(app, text).get_json()["login"] == "agnes"
    assert refused(app.test_client().get(V1 + "/me")) == (401, "token-missing")
    assert refused(with_token(app, "trn_" + "x" * 43)) == (401, "token-refused")
    assert refused(browse("admin").get(V1 + "/me")) == (401, "token-missing")


def test_a_token_ends_with_its_day_by_hand_and_with_its_account(app, system, token, clock, company):
    text, _ = token("agent", days=1)
    other, gone = token("agent")

    with system.sessions.begin() as writing:
        tokens.revoke(writing, gone.id, now=MORNING)
    assert refused(with_token(app, other)) == (401, "token-refused")
    with system.sessions.begin() as writing:
        users.user(writing, "agnes").is_active = False
    assert refused(with_token(app, text)) == (401, "token-refused")
    with system.sessions.begin() as writing:
        users.user(writing, "agnes").is_active = True
    assert with_token(app, text).status_code == 200
    clock.wind(days=1)
    assert refused(with_token(app, text)) == (401, "token-refused")


def test_scope_and_present_role_are_both_needed(app, system, token, company):
    narrow, _ = token("coordinator", scopes={"orders:read"})
    wide, _ = token("coordinator")

    assert with_token(app, narrow, "/orders").status_code == 200
    lacking = with_token(app, narrow, f"/days/{TODAY}")
    assert refused(lacking) == (403, "scope-missing")
    assert lacking.json["detail"] == "The token lacks the scope plans:read."
    assert with_token(app, wide, f"/days/{TODAY}").status_code == 200
    with system.sessions.begin() as writing:
        users.user(writing, "cora").role = "warehouse"
    assert refused(with_token(app, wide, f"/days/{TODAY}")) == (403, "not-allowed")


@pytest.mark.parametrize("query", ["?access_token=trn_x", "?token=abc", "?q=trn_" + "a" * 43])
def test_a_token_in_the_address_is_refused_even_beside_one_in_the_header(app, token, query, company):
    assert refused(with_token(app, token()[0], "/me" + query)) == (400, "token-in-url")


def test_a_token_makes_only_tokens_that_may_no_more_than_itself(app, call, token, company):
    narrow, _ = token("agent", scopes={"account", "orders:read"})
    ask = {"name": "n", "scopes": ["orders:write"]}
    sent = {"Authorization": f"Bearer {narrow}", "Idempotency-Key": "1"}

    answer = app.test_client().post(V1 + "/tokens", json=ask, headers=sent)

    assert refused(answer) == (403, "not-allowed")


def test_another_sites_things_and_missing_things_answer_alike(app, system, token, company):
    with system.sessions.begin() as writing:
        users.user(writing, "cora").sites = frozenset({"MCM"})
    text, _ = token("coordinator")

    theirs, missing = with_token(app, text, "/orders/O-1"), with_token(app, text, "/orders/O-77")

    assert refused(theirs) == refused(missing) == (404, "unknown-record")
    assert theirs.get_data(as_text=True).replace("O-1", "O-77") == missing.get_data(as_text=True)
    assert "O-1" not in with_token(app, text, "/orders").get_data(as_text=True)


@pytest.mark.parametrize(("raw", "code"), [
    (b"{", "bad-json"), (b"", "bad-json"), (b"\xef\xbb\xbf{}", "bad-json"), ('{"a": 1}'.encode("utf-16"), "bad-json"),
    (b'{"text": "a", "text": "b"}', "bad-json"), (b'{"limit": NaN}', "bad-json"), (b'{"limit": 1e999}', "bad-json"),
    (b"[" * 100_000 + b"]" * 100_000, "bad-json"), (b'{"text": "\\u0000"}', "bad-json"),
    (b'{"text": "\\ud800"}', "bad-json"), (b'{"text": "\xff"}', "bad-json"),
    (b'{"limit": ' + b"9" * 5000 + b"}", "bad-json"),
    (b'{"limit": "3"}', "invalid-body"), (b'{"limit": true}', "invalid-body"), (b'{"limit": 2.5}', "invalid-body"),
    (b'{"text": null}', "invalid-body"), (b"[]", "invalid-body"), (b'{"other": 1}', "invalid-body"),
    (b'{"text": "\\u0007"}', "invalid-body"), (b'{"limit": 0}', "invalid-body"),
])  # fmt: skip
def test_a_body_that_two_readers_could_read_differently_is_refused(app, token, company, raw, code):
    sent = {"Authorization": f"Bearer {token()[0]}", "Content-Type": "application/json"}

    answer = app.test_client().post(V1 + "/people/search", data=raw, headers=sent)

    assert refused(answer) == ({"bad-json": 400, "invalid-body": 422}[code], code)


def test_the_wrong_media_type_and_too_large_a_body_are_refused(app, token, company):
    sent = {"Authorization": f"Bearer {token()[0]}"}
    ask = app.test_client().post

    assert refused(ask(V1 + "/people/search", data=b"{}", headers=sent)) == (415, "unsupported-media-type")
    gzip = sent | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert refused(ask(V1 + "/people/search", data=b"{}", headers=gzip)) == (415, "unsupported-media-type")
    large = json.dumps({"text": "x" * 1_000_000})
    kind = {"Content-Type": "application/json"}
    assert refused(ask(V1 + "/people/search", data=large, headers=sent | kind)) == (413, "too-large")


def test_every_wrong_field_is_told_with_its_place_and_nothing_is_written(call, company):
    wrong = ORDER | {"kind": "gift", "priority": 9, "more": 1, "lines": [{"direction": "out", "quantity": "2"}]}

    answer = call("agent", "POST", "/orders", wrong, Idempotency_Key="1")

    assert refused(answer) == (422, "invalid-body")
    assert {one["pointer"] for one in answer.get_json()["errors"]} == {
        "/kind", "/priority", "/more", "/lines/0/sku", "/lines/0/quantity"
    }  # fmt: skip
    assert len(call("agent", "GET", "/orders").get_json()["items"]) == 5


@pytest.mark.parametrize("path", [
    "/orders?limit=0", "/orders?limit=101", "/orders?limit=10&limit=20", "/orders?sort=password", "/orders?state=none",
    "/orders?filter[x__y]=1", "/orders?day=tomorrow", "/me?x=1", "/orders?limit=1%00",
])  # fmt: skip
def test_a_query_outside_the_document_is_refused(call, company, path):
    assert refused(call("admin", "GET", path)) == (400, "bad-query")


@pytest.mark.parametrize("path", [
    "/orders/1%20or%201=1", "/tokens/0", "/tokens/-1", f"/tokens/{2**63}", "/orders/..", "/orders/%00", "/nothing",
    "/orders/", "/days/2026-02-30", "/tours/99999999999/picks", "/users/nobody", f"/days/{TODAY}/export/exe",
])  # fmt: skip
def test_addresses_of_nothing_answer_alike(call, company, path):
    method = "DELETE" if path.startswith("/tokens") else "GET"

    assert refused(call("admin", method, path)) == (404, "unknown-record")


def test_methods_and_formats_that_are_not_there_are_refused(call, company):
    answer = call("admin", "DELETE", "/orders")

    assert refused(answer) == (405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert refused(call("admin", "OPTIONS", "/me")) == (405, "method-not-allowed")
    assert refused(call("admin", "GET", "/me", Accept="text/html")) == (406, "not-acceptable")
    assert call("admin", "HEAD", "/me").status_code == 200


def test_a_creating_post_without_a_key_is_refused_and_with_one_is_done_once(call, company):
    assert refused(call("agent", "POST", "/orders", ORDER)) == (400, "bad-key")
    assert refused(call("agent", "POST", "/orders", ORDER, Idempotency_Key="k" * 256)) == (400, "bad-key")

    first, again = (call("agent", "POST", "/orders", ORDER, Idempotency_Key="k" * 255) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    assert first.headers["Location"] == again.headers["Location"] == f"{V1}/orders/{first.get_json()['reference']}"
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    other = ORDER | {"priority": 2}
    assert refused(call("agent", "POST", "/orders", other, Idempotency_Key="k" * 255)) == (422, "key-reused")
    assert len(call("agent", "GET", "/orders").get_json()["items"]) == 6


def test_a_refused_request_may_be_mended_under_its_key(call, company):
    bad = ORDER | {"lines": [{"direction": "out", "sku": "NONE"}]}

    assert call("agent", "POST", "/orders", bad, Idempotency_Key="k").status_code in (404, 422)
    assert call("agent", "POST", "/orders", ORDER, Idempotency_Key="k").status_code == 201


def test_secrets_are_told_once_and_not_kept_with_the_answer(call, app, company):
    ask = {"name": "n", "scopes": ["orders:read"]}

    first, again = (call("agent", "POST", "/tokens", ask, Idempotency_Key="k") for _ in range(2))

    text = first.get_json()["token"]
    assert with_token(app, text, "/orders").status_code == 200
    assert again.get_json() == first.get_json() | {"token": None}


def test_what_was_seen_is_not_sent_again_and_what_changed_meanwhile_is_not_overwritten(call, company):
    seen = call("agent", "GET", "/orders/O-5")
    mark = seen.headers["ETag"]

    assert call("agent", "GET", "/orders/O-5", If_None_Match=mark).status_code == 304
    change = {"note": "ring twice"}
    assert refused(call("agent", "PATCH", "/orders/O-5", change)) == (428, "if-match-missing")
    done = call("agent", "PATCH", "/orders/O-5", change, If_Match=mark)
    assert (done.status_code, done.get_json()["note"]) == (200, "ring twice")
    assert refused(call("agent", "PATCH", "/orders/O-5", {"note": "no"}, If_Match=mark)) == (412, "order-changed")
    assert refused(call("agent", "POST", "/orders/O-5/cancel", {}, If_Match=mark)) == (412, "order-changed")
    assert refused(call("agent", "PATCH", "/orders/O-5", change, If_Match="*")) == (412, "changed-meanwhile")
    assert call("agent", "GET", "/orders/O-5", If_None_Match=mark).get_json()["note"] == "ring twice"


def test_an_account_is_changed_only_as_it_was_seen(call, company):
    seen = call("admin", "GET", "/users/wim")
    mark = seen.headers["ETag"]

    assert refused(call("admin", "PUT", "/users/wim/email", {"email": "w@b.example"})) == (428, "if-match-missing")
    done = call("admin", "PUT", "/users/wim/email", {"email": "w@b.example"}, If_Match=mark)

    assert (done.status_code, done.get_json()["version"]) == (200, seen.get_json()["version"] + 1)
    assert refused(call("admin", "PUT", "/users/wim/active", {"active": False}, If_Match=mark)) == (412, "user-changed")
    assert refused(call("admin", "DELETE", "/users/wim/factors", If_Match=mark)) == (412, "user-changed")
    closed = call("admin", "PUT", "/users/wim/active", {"active": False}, If_Match=done.headers["ETag"])
    assert (closed.status_code, closed.get_json()["is_active"]) == (200, False)


def test_a_condition_that_nobody_would_compare_is_refused(call, company):
    pin = call("coordinator", "PUT", "/people/E1/pin", {"lat": 43.7, "lon": 7.2}, If_Match='"1"')

    assert refused(pin) == (400, "bad-request")
    assert refused(call("agent", "POST", "/me/end-sessions", If_Match='"1"')) == (400, "bad-request")


def test_a_stop_is_moved_once_however_often_it_is_asked(call, company):
    move = {"day": (TODAY + timedelta(days=1)).isoformat(), "van": "V2", "position": 1}
    assert refused(call("coordinator", "POST", "/orders/O-5/move", move)) == (400, "bad-key")

    first, again = (call("coordinator", "POST", "/orders/O-5/move", move, Idempotency_Key="m") for _ in range(2))

    assert (first.status_code, again.get_json()) == (200, first.get_json())
    assert again.headers["Idempotent-Replayed"] == "true"
    day = call("coordinator", "GET", f"/days/{move['day']}").get_json()
    assert day["version"] == first.get_json()["version"]


def test_an_owner_is_signed_out_everywhere_and_the_token_stays(call, browse, company):
    somewhere = browse("agent")
    assert somewhere.get("/people").status_code == 200

    assert call("agent", "POST", "/me/end-sessions").status_code == 204

    assert somewhere.get("/people").headers["Location"].startswith("/sign-in")
    assert call("agent", "GET", "/me").status_code == 200


def test_a_place_is_found_as_on_the_map(system, token, company):
    found = FakeGazetteer(("Avenue de la Costa, Monaco", 43.74, 7.42), ("Rue Grimaldi, Monaco", 43.73, 7.41))
    app = create_app(replace(system, geocoder=cast(Any, found)))
    app.config.update(TESTING=True)

    def ask(role, text):
        sent = {"Authorization": f"Bearer {token(role)[0]}"}
        return app.test_client().post(V1 + "/places/search", json={"text": text}, headers=sent)

    assert [one["label"] for one in ask("coordinator", "costa").get_json()["items"]] == ["Avenue de la Costa, Monaco"]
    assert ask("coordinator", "co").get_json() == {"items": []}
    assert refused(ask("agent", "costa")) == (403, "not-allowed")


def test_a_day_is_published_only_as_it_was_seen(call, company):
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    mark = call("coordinator", "GET", f"/days/{tomorrow}").headers["ETag"]

    assert refused(call("coordinator", "POST", f"/days/{tomorrow}/publish", If_Match='"77"')) == (412, "plan-changed")
    done = call("coordinator", "POST", f"/days/{tomorrow}/publish", If_Match=mark)

    assert (done.status_code, done.get_json()["tours"]) == (200, 1)


def test_planning_is_a_task_that_the_queue_hears_of_once(call, bell, company):
    asked = [call("coordinator", "POST", f"/days/{TODAY}/plan", {}, Idempotency_Key="k") for _ in range(2)]

    assert [one.status_code for one in asked] == [202, 202]
    task = asked[0].get_json()["id"]
    assert bell.rung == [task]
    assert call("coordinator", "GET", f"/tasks/{task}").get_json()["state"] == "queued"
    assert call("coordinator", "POST", f"/tasks/{task}/cancel").get_json()["cancel_wanted"] in (True, False)


def test_a_list_is_read_page_by_page_and_a_cursor_belongs_to_its_list(call, company):
    found, cursor = [], ""
    while cursor is not None:
        told = call("admin", "GET", "/orders?limit=2" + (f"&cursor={cursor}" if cursor else "")).get_json()
        found += [one["reference"] for one in told["items"]]
        cursor = told["next"]

    assert sorted(found) == ["O-1", "O-2", "O-3", "O-4", "O-5"]
    mine = call("admin", "GET", "/orders?limit=2").get_json()["next"]
    assert refused(call("admin", "GET", f"/orders?limit=2&state=open&cursor={mine}")) == (422, "bad-cursor")
    assert refused(call("agent", "GET", f"/orders?limit=2&cursor={mine}")) == (422, "bad-cursor")
    assert refused(call("admin", "GET", f"/orders?limit=2&cursor={mine[:-1]}")) == (422, "bad-cursor")


def test_a_search_for_people_ends_where_they_end_and_not_at_fifty(call, system, company):
    with system.sessions.begin() as writing:
        for number in range(60):
            people.put_employee(writing, number=f"N{number}", given_name="Ana", family_name="Same", now=MORNING)
    for text in ("", "Same"):
        found, cursor = [], None
        while cursor is not None or not found:
            ask = {"text": text, "limit": 25} | ({"cursor": cursor} if cursor else {})
            told = call("agent", "POST", "/people/search", ask).get_json()
            found += [one["number"] for one in told["items"]]
            cursor = told["next"]

        assert len(found) == len(set(found)) == (60 if text else 66)


def test_an_event_told_twice_is_told_once_and_with_other_contents_refused(call, company):
    event = {"kind": "started", "tour_id": company.tour_id}

    first, again = (call("courier", "PUT", "/me/tour/events/e-1", event) for _ in range(2))

    assert (first.status_code, first.get_json()["repeated"], again.get_json()["repeated"]) == (200, False, True)
    other = {"kind": "arrived", "tour_id": company.tour_id, "stop_id": company.stop_ids[0]}
    assert refused(call("courier", "PUT", "/me/tour/events/e-1", other)) == (409, "event-contradicts")


def test_a_home_is_told_for_a_reason_alone(call, company):
    assert STREET not in call("agent", "GET", "/people/E1").get_data(as_text=True)
    assert refused(call("agent", "POST", "/people/E1/home", {"purpose": "curious"})) == (422, "invalid-body")

    assert call("agent", "POST", "/people/E1/home", {"purpose": "call"}).get_json()["line"] == STREET


def test_a_file_is_looked_at_and_then_brought_in(app, call, token, company):
    sent = {"Authorization": f"Bearer {token()[0]}", "Idempotency-Key": "f", "Content-Type": "text/csv"}
    file = b"code,name\nX1\n"

    looked = app.test_client().post(V1 + "/imports?kind=products", data=file, headers=sent)
    again = app.test_client().post(V1 + "/imports?kind=products", data=file, headers=sent)

    assert looked.status_code == 422 or looked.get_json()["written"] is False
    assert looked.status_code == again.status_code
    wrong = app.test_client().post(V1 + "/imports?kind=products", data=file, headers=sent | {"Content-Type": "text/x"})
    assert refused(wrong) == (415, "unsupported-media-type")


def test_too_many_calls_are_told_when_to_go_on(system, token, company):
    text, _ = token()
    app = create_app(replace(system, settings=replace(system.settings, api_requests_per_minute=3)))
    app.config.update(TESTING=True)

    told = [with_token(app, text) for _ in range(4)]

    assert [one.status_code for one in told] == [200, 200, 200, 429]
    assert refused(told[3]) == (429, "too-many-requests")
    assert 1 <= int(told[3].headers["Retry-After"]) <= 60
    assert with_token(app, token("agent")[0]).status_code == 200
    guesses = [with_token(app, f"trn_{number}") for number in range(4)]
    assert [one.status_code for one in guesses] == [401, 401, 401, 429]


def test_our_own_fault_has_a_reference_and_tells_nothing_else(app, call, monkeypatch, company):
    monkeypatch.setattr("logistics.counter.orders.show", lambda *facts: 1 / 0)
    app.config["TESTING"] = False

    answer = call("admin", "GET", "/orders/O-1")

    assert refused(answer) == (500, "failure")
    assert set(answer.get_json()) == {"type", "title", "status", "code", "reference"}


def test_pages_keep_their_own_error_pages(browse, company):
    answer = browse("admin").get("/orders/O-77")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_the_document_is_of_this_version_and_tells_every_operation(app):
    told = app.test_client().get(V1 + "/openapi.json").get_json()

    said = {one["operationId"] for methods in told["paths"].values() for one in methods.values()}
    assert told["openapi"] == "3.1.0"
    assert said == set(OPERATIONS)


def test_the_documents_page_shows_every_operation_without_a_script_of_its_own(browse):
    text = browse("agent").get(V1 + "/docs").get_data(as_text=True)

    assert [name for name in OPERATIONS if f'id="{name}"' not in text] == []
    assert "<script>" not in text
    assert "http://localhost/api/v1/me" in text


def test_the_reference_names_every_operation_and_code_as_they_are(app):
    page = (CHECKOUT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")

    assert reference.page(page) == page, "run: python -m webapp.api.reference"


def test_a_token_is_made_shown_once_and_revoked_on_its_page(browse, app, company):
    agnes = browse("agent")

    made = agnes.post("/account/tokens", data={"name": "desk", "days": "7", "scopes": ["orders:read"]})
    text = made.get_data(as_text=True).split('readonly value="')[1].split('"')[0]

    assert with_token(app, text, "/orders").status_code == 200
    assert text not in agnes.get("/account/tokens").get_data(as_text=True)
    assert browse("courier").post("/account/tokens/1/revoke").status_code == 404
    assert agnes.post("/account/tokens/1/revoke").status_code == 302
    assert refused(with_token(app, text, "/orders")) == (401, "token-refused")
    assert agnes.post("/account/tokens", data={"name": "", "days": "0"}).status_code == 422
