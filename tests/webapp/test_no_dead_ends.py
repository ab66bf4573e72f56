"""Pages that hold nothing say where to go on, and what was typed outlives a refusal, a rival and a lost session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from tests.webapp.scenes import LOGINS, PASSWORD, TODAY, TOMORROW


def page_of(answer):
    """The answer's page."""
    return BeautifulSoup(answer.text, "html.parser")


def test_a_courier_without_a_tour_today_is_told_of_the_next(browse, company, clock):
    clock.wind(days=-1)

    shown = page_of(browse("courier").get("/courier"))

    assert "Your next one" in shown.main.text
    assert f"{TODAY:%A} {TODAY.day}" in shown.main.text
    assert "V1" in shown.main.text


def test_a_courier_with_nothing_ahead_is_told_what_has_to_happen(browse, company, clock):
    clock.wind(hours=11.5)
    clock.wind(days=1)

    assert "When a coordinator publishes the day" in page_of(browse("courier").get("/courier")).main.text


def test_a_day_without_picking_leads_to_the_next_that_has_some(browse, company):
    client = browse("warehouse")
    before = (TODAY - timedelta(days=1)).isoformat()

    empty = page_of(client.get(f"/warehouse/picking?day={before}"))
    after = page_of(client.get("/warehouse/picking?day=2031-01-01"))

    assert empty.select_one(".empty a")["href"] == f"/warehouse/picking?day={TODAY.isoformat()}"
    assert after.select_one(".empty a")["href"] == "/warehouse/stock"


def test_a_filter_that_finds_no_stock_leads_back_to_all_of_it(browse, company):
    client = browse("warehouse")

    nothing = page_of(client.post("/warehouse/stock/search", data={"q": "zeppelin"}, follow_redirects=True))

    assert "Nothing matches" in nothing.main.text
    assert nothing.select_one(".empty a")["href"] == "/warehouse/stock"


@pytest.mark.parametrize("role", sorted(LOGINS))
def test_every_room_of_a_role_is_reached_on_a_phone(browse, company, role):
    shown = page_of(browse(role).get("/account"))

    aside = {link["href"] for link in shown.select("nav.rooms a")}
    bottom = shown.select_one("nav.bottom")
    assert {link["href"] for link in bottom.select("a")} == aside
    assert len(bottom.find_all(recursive=False)) <= 4
    assert bool(bottom.select_one("[data-search]")) == bool(shown.select_one("header [data-search]"))


def test_a_refused_user_keeps_role_van_and_sites(browse, company):
    client = browse("admin")

    refused = page_of(client.post("/admin/users", data={
        "login": "", "name": "Nina", "role": "courier", "van": "V2", "sites": ["MCM"], "email": "n@example.org",
    }))  # fmt: skip

    form = refused.select_one("#add")
    assert form.select_one("#name")["value"] == "Nina"
    assert form.select_one("#role option[selected]")["value"] == "courier"
    assert form.select_one("#van option[selected]")["value"] == "V2"
    assert [one["value"] for one in form.select("[name=sites][checked]")] == ["MCM"]


def test_a_refused_file_keeps_what_it_was_said_to_hold(browse, company):
    answer = browse("admin").post("/admin/import", data={"kind": "vans"})

    assert answer.status_code == 422
    assert page_of(answer).select_one("#kind option[selected]")["value"] == "vans"
    assert page_of(answer).select_one("#file-wrong")


def test_a_change_that_a_rival_overtook_can_be_sent_again(browse, company, system):
    client = browse("coordinator")
    typed = {
        "day": TOMORROW.isoformat(), "window_start": "10:00", "window_end": "12:00", "priority": "1",
        "note": "mine", "version": page_of(client.get("/orders/O-5")).select_one("[name=version]")["value"],
    }  # fmt: skip
    client.post("/orders/O-5/change", data=typed | {"note": "theirs"})

    refused = client.post("/orders/O-5/change", data=typed)
    again = page_of(refused).select_one("[name=version]")["value"]
    accepted = client.post("/orders/O-5/change", data=typed | {"version": again})

    assert (refused.status_code, page_of(refused).select_one("#note")["value"]) == (409, "mine")
    assert accepted.status_code == 302


def test_a_form_sent_without_a_session_leads_back_to_its_page_which_says_that_it_was_not_read(app, company):
    client = app.test_client()

    sent = client.post("/people/E5/order", data={"note": "third floor"})
    form = page_of(client.get(sent.location))
    entered = client.post("/sign-in", data={
        "login": LOGINS["agent"], "password": PASSWORD, "next": form.select_one("[name=next]")["value"],
    })  # fmt: skip
    back, later = client.get(entered.location), client.get(entered.location)

    assert "what you typed is there again" in form.main.text
    assert entered.location.startswith("/people/E5/order")
    assert "data-unsent" in page_of(back).body.attrs
    assert "data-unsent" not in page_of(later).body.attrs


def test_an_ordinary_sign_in_has_nothing_to_give_back(app, company):
    client = app.test_client()

    client.get("/people/E5/order")
    client.post("/sign-in", data={"login": LOGINS["agent"], "password": PASSWORD})

    assert "data-unsent" not in page_of(client.get("/people")).body.attrs
