"""The API: who may call, what comes in, what goes out, once and only once."""

from __future__ import annotations

import json

import pytest

from logistics import rights, tokens, users
from tests.fakes import MORNING
from tests.webapp.scenes import LOGINS, TODAY

V1 = "/api/v1"


@pytest.fixture
def token(system):
    """Makes a token: of a role, with all scopes or these, for so many days."""

    def make(role="admin", scopes=rights.SCOPES, **facts):
        with system.sessions.begin() as writing:
            return tokens.make(writing, LOGINS[role], name="t", scopes=frozenset(scopes), now=MORNING, actor="x", **facts)

    return make


@pytest.fixture
def call(app, token):
    """Calls the API as somebody, keeping their token."""
    kept = {}
    client = app.test_client(use_cookies=False)

    def ask(role, method, path, body=None, **headers):
        text = kept.setdefault(role, token(role)[0]) if role not in kept else kept[role]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(V1 + path, method=method, json=body, headers={"Authorization": f"Bearer {text}"} | sent)

    return ask


def test_walk(call, company, app):
    for path in ("/me", "/tokens", "/orders", "/orders/O-1", f"/days/{TODAY}", "/days/next", "/sites", "/products", "/vans", "/stock", "/tours",
                 f"/tours/{company.tour_id}/picks", "/users", "/users/ada", f"/days/{TODAY}/export/json", f"/days/{TODAY}/export/pdf"):
        a = call("admin", "GET", path)
        print(path, a.status_code, a.headers.get("ETag"), a.get_data()[:300])
    for path in ("/me/tour", f"/me/tour/stops/{company.stop_ids[0]}", "/me/tour/sheet.pdf"):
        a = call("courier", "GET", path)
        print(path, a.status_code, a.get_data()[:300])
    a = call("employee", "GET", "/me/kit"); print(a.status_code, a.get_data()[:300])
    a = call("agent", "POST", "/people/search", {"text": "E1"}); print(a.status_code, a.get_data()[:300])
    a = call("agent", "GET", "/people/E1"); print(a.status_code, a.get_data()[:300])
    a = call("agent", "POST", "/people/E1/home", {"purpose": "call"}); print(a.status_code, a.get_data()[:300])
    a = call("coordinator", "PUT", "/people/E1/pin", {"lat": 43.7, "lon": 7.2}); print(a.status_code, a.get_data()[:300])
    order = {"kind": "issue", "employee_number": "E6", "lines": [{"direction": "out", "sku": "MOU"}], "day": str(TODAY), "window_start": "14:00", "window_end": "16:00"}
    for _ in range(2):
        a = call("agent", "POST", "/orders", order, Idempotency_Key="k1"); print(a.status_code, a.headers, a.get_data()[:300])
    a = call("agent", "PATCH", "/orders/O-5", {"note": "x"}, If_Match='"1"'); print(a.status_code, a.headers, a.get_data()[:300])
    a = call("coordinator", "POST", f"/days/{TODAY}/plan", {}, Idempotency_Key="k2"); print(a.status_code, a.headers, a.get_data()[:300])
    a = call("coordinator", "POST", f"/days/{TODAY}/publish", If_Match='"1"'); print(a.status_code, a.headers, a.get_data()[:300])
    assert 0
