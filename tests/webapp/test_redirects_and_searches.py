"""Where a form leads to is a page of ours, reading changes nothing, and no address holds what people typed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from inventory.db import Base
from tests.webapp.scenes import LOGINS, PASSWORD, TODAY
from tests.webapp.test_access import readable
from webapp import create_app, redirects

#: What is tried here is in addresses and cookies; the database behind them makes no difference.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: Ways out of the house, and addresses that are no page: none may come back as a place to go to.
ASTRAY = (
    "https://evil.example", "http://evil.example/day", "//evil.example", "//evil.example/%2e%2e",
    "///evil.example", "////evil.example", "/\\evil.example", "/\\/evil.example", "\\\\evil.example",
    "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example",
    "/%09/evil.example", "/%0d%0aSet-Cookie:a=b", "/%5cevil.example", "/%5c%5cevil.example", "/%2fevil.example",
    "/%2f%2fevil.example", "/%252f%252fevil.example", "/.//evil.example", "/orders//evil.example",
    "/orders/..//evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x",
    "evil.example", "@evil.example", "/@evil.example/x", "http:evil.example", "https:/evil.example",
    "http:///evil.example", " //evil.example", "\x00//evil.example", "/\x00", "//[::1]", "//2130706433",
    "/orders\u2028//evil.example", "／／evil.example", "/／evil.example", "//evil。example", "?next=//evil.example",
    "#x", "", "/nowhere", "/static/app.css", "/sign-out", "/language/fr", "/search", "/map/blank.js",
    "/orders?" + "a" * 600, "/orders/O-1/cancel",
)  # fmt: skip
#: Pages of ours, and how they are written anew.
OURS = {
    "/": "/",
    "/orders": "/orders",
    "/orders?state=open&page=2": "/orders?state=open&page=2",
    "/orders/O-1": "/orders/O-1",
    f"/day/{TODAY}": f"/day/{TODAY}",
    "/orders?": "/orders",
    "/orders#x": "/orders",
    "/orders?next=//evil.example": "/orders?next=//evil.example",
    "/orders?_external=1&_scheme=javascript&_anchor=x&_method=POST": "/orders",
    "/orders?Evil=1&a-b=2": "/orders",
}


def test_the_list_of_ways_out_is_long_enough(app):
    assert len(set(ASTRAY)) >= 40


@pytest.mark.parametrize("target", ASTRAY, ids=ascii)
def test_no_way_out_is_a_place_to_go_to(app, target):
    with app.test_request_context():
        assert redirects.own_page(target) is None
        assert redirects.nearest_page(target) in {"/", "/orders", "/orders/O-1"}


@pytest.mark.parametrize("target", OURS)
def test_a_page_of_ours_is_written_anew_from_its_name(app, target):
    with app.test_request_context():
        assert redirects.own_page(target) == OURS[target]


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "/sign-out"])
def test_signing_in_leads_to_a_page_of_ours_only(app, company, target):
    answer = app.test_client().post("/sign-in", data={"login": LOGINS["agent"], "password": PASSWORD, "next": target})

    assert answer.headers["Location"] == "/"


def test_signing_in_leads_on_to_the_page_that_was_asked_for(app, company):
    client = app.test_client()
    asked = client.get("/orders?state=open").headers["Location"]
    field = BeautifulSoup(client.get(asked).text, "html.parser").select_one("[name=next]")

    answer = client.post("/sign-in", data={"login": LOGINS["agent"], "password": PASSWORD, "next": field["value"]})

    assert answer.headers["Location"] == "/orders?state=open"


def test_a_form_that_was_open_too_long_leads_to_the_nearest_page_whatever_the_referer_says(app, company, browse):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = browse("coordinator").post("/orders/O-5/cancel", headers={"Referer": "http://localhost/admin/users"})

    assert answer.headers["Location"] == "/orders/O-5"


def test_no_code_of_ours_follows_the_referer(database_url):
    from tests.conftest import CHECKOUT

    guilty = [
        file.name
        for file in (CHECKOUT / "webapp").rglob("*.py")
        if re.search(r"request\.referrer|headers.{0,8}[\"']Referer", file.read_text(encoding="utf-8"))
    ]

    assert guilty == []


def test_reading_a_page_changes_no_row(app, browse, company, system):
    clients = {role: browse(role) for role in LOGINS}
    before = rows(system)

    changed = set()
    for role, client in clients.items():
        for _endpoint, address in readable(app, company):
            client.get(address)
        after = rows(system)
        changed |= {(role, name) for name in after if after[name] != before[name]}

    assert changed == set()


def rows(system):
    """Every row of every table, but for the log of who looked at a home: that is written by looking."""
    tables = {name: table for name, table in Base.metadata.tables.items() if name != "address_view"}
    with system.sessions() as session:
        return {name: sorted(map(repr, session.execute(select(table)))) for name, table in tables.items()}


# --- searching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/search", "/people/search"])
def test_a_name_is_searched_for_without_being_in_an_address(browse, company, path):
    client = browse("agent")

    answer = client.post(path, data={"q": "Léa Dupont"})
    page = client.get(answer.headers["Location"])

    assert re.fullmatch(r"/people\?find=[\w-]{8}", answer.headers["Location"])
    assert BeautifulSoup(page.text, "html.parser").select_one("main [name=q]")["value"] == "Léa Dupont"
    assert BeautifulSoup(page.text, "html.parser").select_one("header [name=q]")["value"] == "Léa Dupont"


def test_the_only_one_who_matches_opens_at_once(browse, company):
    client = browse("agent")

    answer = client.get(client.post("/search", data={"q": "E5"}).headers["Location"])

    assert answer.headers["Location"] == "/people/E5"


def test_an_order_is_found_by_its_reference_and_the_filter_stays(browse, company):
    client = browse("coordinator")

    plain = client.post("/search", data={"q": "o-4"}).headers["Location"]
    filtered = client.post("/orders/search", data={"q": "O-", "state": "planned", "day": ""}).headers["Location"]

    assert references(client, plain) == {"O-4"}
    assert filtered.startswith("/orders?")
    assert references(client, filtered) == {"O-1", "O-2", "O-3"}


def test_the_back_button_finds_the_searches_before(browse, company):
    client = browse("coordinator")
    first = client.post("/orders/search", data={"q": "O-1"}).headers["Location"]
    client.post("/orders/search", data={"q": "O-2"})

    assert references(client, first) == {"O-1"}


def test_a_search_of_another_session_is_no_search(browse, company):
    found = browse("coordinator").post("/orders/search", data={"q": "O-1"}).headers["Location"]

    assert references(browse("coordinator"), found) == {"O-1", "O-2", "O-3", "O-4", "O-5"}


def test_no_form_sends_a_text_in_its_address(app, browse, company):
    clients = {role: browse(role) for role in LOGINS}
    typed = {
        (endpoint, field["name"])
        for client in clients.values()
        for endpoint, address in readable(app, company)
        if (answer := client.get(address)).mimetype == "text/html"
        for form in BeautifulSoup(answer.text, "html.parser").find_all("form")
        if (form.get("method") or "get").lower() == "get" and not form.get("hx-post")
        for field in form.select("input:not([type]), input[type=text], input[type=search], textarea")
    }

    assert typed == set()


def references(client, address):
    """The references that a list shows."""
    page = BeautifulSoup(client.get(address).text, "html.parser")
    return {link.text for link in page.select("table.list td:first-child a")}


# --- cookies ----------------------------------------------------------------------------------------------------------


def test_over_https_the_cookie_is_bound_to_the_host_and_the_browser_told_to_stay(system, company):
    made = create_app(replace(system, settings=replace(system.settings, base_url="https://tournee.example")))
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)

    answer = made.test_client().post(
        "/sign-in", data={"login": LOGINS["agent"], "password": PASSWORD}, base_url="https://tournee.example"
    )

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-tournee=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_without_https_the_cookie_works_all_the_same_and_scripts_cannot_read_it(app, company):
    answer = app.test_client().post("/sign-in", data={"login": LOGINS["agent"], "password": PASSWORD})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("tournee=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
