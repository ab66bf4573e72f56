"""The demo in a real browser, one role after the other: what a company would see on its first morning."""

from __future__ import annotations

import re
from datetime import date

import pytest

from logistics import users
from logistics.database import open_sessions
from tests.browser.conftest import tournee

pytestmark = pytest.mark.browser

LOGINS = ("coordination", "courier-v1", "support", "entrepot-bea", "employee", "admin")
PASSWORD = "a long enough phrase 1"


@pytest.fixture(scope="module")
def demo(served_demo):
    """The served demo with known passwords, and the day it was planned for."""
    sessions = open_sessions(f"sqlite:///{served_demo.home / 'tournee.db'}")
    with sessions.begin() as session:
        for login in LOGINS:
            users.set_password(session, login, PASSWORD)
    sessions.close()
    return served_demo


def enter(page, demo, login):
    page.goto(f"{demo.url}/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click(".sign-in .btn-primary")
    page.wait_for_load_state("networkidle")


def goes_sideways(page):
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def planned_day(page):
    return date.fromisoformat(re.search(r"/day/(\d{4}-\d\d-\d\d)", page.url).group(1))


def test_a_coordinator_sees_the_day_plans_again_and_publishes(demo, desktop, troubles):
    tiles = []
    desktop.on("response", lambda answer: tiles.append(answer.status) if ".pmtiles" in answer.url else None)

    enter(desktop, demo, "coordination")

    day = planned_day(desktop)
    stops = desktop.locator(".track .stop")
    marks = desktop.locator(".leaflet-marker-icon.stop-mark")
    assert stops.count() >= 80
    grouped = sum(int(one) for one in desktop.locator(".stop-group b").all_inner_texts())
    assert marks.count() + grouped >= stops.count()
    assert desktop.locator("path.tour-line").count() >= 5
    assert desktop.locator(".leaflet-tile-pane canvas").count() > 0
    assert set(tiles) == {206}
    assert "OpenStreetMap contributors" in desktop.locator(".leaflet-control-attribution").inner_text()

    stops.nth(10).hover()
    # The mark itself, or the group in which it is drawn.
    assert desktop.locator(".leaflet-marker-icon.lit").count() == 1

    stops.nth(10).click()
    popup = desktop.locator(".leaflet-popup-content")
    popup.locator(".popup-acts").wait_for()
    assert popup.locator("a").first.inner_text().startswith("O-")

    desktop.locator("form[hx-post] button", has_text="Plan again").click()
    desktop.locator("#task").wait_for()
    desktop.locator(".mark", has_text="Draft").wait_for(timeout=60_000)
    desktop.locator("button", has_text="Publish").click()
    desktop.locator(".mark", has_text="Published").wait_for()
    assert planned_day(desktop) == day
    assert troubles == []


def test_a_coordinator_corrects_an_order_and_is_told_what_a_move_would_break(demo, desktop, troubles):
    enter(desktop, demo, "coordination")
    desktop.goto(f"{demo.url}/orders?state=planned")
    desktop.locator("td a").first.click()
    desktop.wait_for_load_state()

    desktop.locator("summary", has_text="On the road").click()
    desktop.locator("button", has_text="What would it change?").click()
    desktop.wait_for_load_state()
    told = desktop.locator(".notice").first.inner_text()
    assert "keeps every promise" in told or "Nothing was saved" in told

    desktop.locator("summary", has_text="Change day, window or urgency").click()
    desktop.fill("#window_start", "17:00")
    desktop.fill("#window_end", "09:00")
    desktop.locator("button", has_text="Save the change").click()
    desktop.wait_for_load_state()
    assert desktop.locator(".wrong").count() >= 1
    assert desktop.locator("#window_start").input_value() == "17:00"
    assert [one for one in troubles if "422" not in one] == []


def test_a_warehouse_picks_and_receives(demo, phone, troubles):
    enter(phone, demo, "entrepot-bea")
    phone.locator("td a").first.click()
    phone.wait_for_load_state()
    assert not goes_sideways(phone)

    phone.locator("button", has_text="Picked").first.click()
    phone.wait_for_load_state()
    assert phone.locator("button", has_text="Undo").count() >= 1

    phone.goto(f"{demo.url}/warehouse/receive")
    phone.select_option("#site", "BEA")
    phone.select_option("#sku", "KEY-SET")
    phone.fill("#quantity", "5")
    phone.locator("button", has_text="Put on the shelf").click()
    phone.wait_for_load_state()
    assert "5 pieces" in phone.locator(".notice.success").inner_text()
    assert troubles == []


def test_a_courier_drives_and_the_stock_moves_along(demo, phone, troubles):
    enter(phone, demo, "courier-v1")
    assert not goes_sideways(phone)
    phone.locator("button", has_text="Start the tour").click()
    phone.wait_for_load_state()
    first = phone.locator(".who").inner_text()
    phone.locator("button", has_text="I have arrived").click()
    phone.wait_for_load_state()
    assert not goes_sideways(phone)
    assert phone.locator("a", has_text="Waze").get_attribute("href").startswith("https://waze.com/")
    phone.locator("button", has_text="Done").click()
    phone.wait_for_load_state()
    second = phone.locator(".who").inner_text()
    assert second != first

    phone.locator("button", has_text="I have arrived").click()
    phone.wait_for_load_state()
    phone.locator("summary", has_text="It did not work out").click()
    phone.locator("input[name=reason][value=absent]").check()
    phone.locator("button", has_text="Visit failed").click()
    phone.wait_for_load_state()
    assert phone.locator(".who").inner_text() not in (first, second)
    assert phone.request.get(f"{demo.url}/courier/sheet.pdf").body().startswith(b"%PDF")

    told = tournee("verify", "--json", home=demo.home)
    assert told.returncode == 0, told.stdout
    assert troubles == []


def test_an_agent_finds_somebody_by_tag_and_orders_an_exchange(demo, desktop, troubles):
    enter(desktop, demo, "support")
    desktop.fill("header [data-search]", "AZ-10001")
    desktop.press("header [data-search]", "Enter")
    desktop.locator("a.btn", has_text="Replace").click()
    desktop.wait_for_load_state()
    desktop.select_option("#return_asset_tag", "AZ-10001")
    desktop.select_option("#sku", "LAP-14")
    desktop.locator("button", has_text="Place the order").click()
    desktop.wait_for_load_state()

    assert re.search(r"/orders/O-", desktop.url), desktop.locator("main").inner_text()
    assert "AZ-10001" in desktop.locator("main").inner_text()
    assert troubles == []


def test_an_employee_sees_their_kit_and_nothing_of_others(demo, phone, troubles):
    enter(phone, demo, "employee")
    # The demo's employee reads French, whatever the browser prefers.
    assert "votre équipement" in phone.locator("h1").inner_text()
    assert not goes_sideways(phone)

    assert phone.request.get(f"{demo.url}/orders").status == 403
    assert phone.request.get(f"{demo.url}/people/E1002").status == 403
    assert troubles == []


def test_an_admin_looks_at_an_import_before_it_is_written(demo, desktop, troubles, tmp_path):
    file = tmp_path / "products.csv"
    file.write_text(
        "sku,name,tracking,weight_g,volume_ml,service_minutes,data_bearing,skills\n"
        "NEW-1,A new thing,quantity,100,200,2,no,\nNEW-2,A wrong thing,sometimes,100,200,2,no,\n"
    )
    enter(desktop, demo, "admin")
    desktop.goto(f"{demo.url}/admin/import")
    desktop.select_option("#kind", "products")
    desktop.set_input_files("#file", str(file))
    desktop.locator("button", has_text="Look at it first").click()
    desktop.wait_for_load_state()
    assert "nothing is written yet" in desktop.locator("main").inner_text()
    assert "tracking" in desktop.locator("main").inner_text()

    desktop.locator("button", has_text="Import 1 row").click()
    desktop.wait_for_load_state()
    assert "done" in desktop.locator(".panel header").first.inner_text()
    assert troubles == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_pages_have_no_barrier_in_either_theme_and_language(demo, phone, accessibility, language, theme):
    enter(phone, demo, "coordination")
    phone.context.add_cookies([{"name": "theme", "value": theme, "url": demo.url}])
    if language == "fr":
        phone.locator("button[lang=fr]").click()
        phone.wait_for_load_state()

    for path in ("/orders", "/people", "/warehouse/stock"):
        phone.goto(demo.url + path)
        assert phone.locator("html").get_attribute("lang") == language
        assert phone.locator("html").get_attribute("data-bs-theme") == theme
        assert not goes_sideways(phone)
        assert accessibility(phone) == []
