"""The coordinator's day: lanes that tell the time, a map that matches them, and what can be done."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from logistics import dispatch, queries
from tests.fakes import MORNING
from tests.webapp.scenes import TODAY, TOMORROW
from webapp import lanes, maps


@pytest.fixture
def view(system):
    """Today as it was published."""
    with system.sessions() as session:
        return queries.day_view(session, TODAY)


def page_of(client, day=TODAY):
    """The parsed day page."""
    return BeautifulSoup(client.get(f"/day/{day}").text, "html.parser")


def drawn(client, day=TODAY):
    """The facts that the browser draws the map from."""
    told: dict[str, Any] = json.loads(page_of(client, day).select_one("#map_day")["data-facts"])
    return told


def test_lanes_run_over_whole_hours_that_hold_every_tour(view, company):
    board = lanes.board(view, now=MORNING)

    assert [label for label, _left in board.hours] == [f"{hour:02}" for hour in range(8, 18)]
    assert board.hours[0][1] == 0
    assert board.hours[-1][1] == 100


def test_a_block_stands_where_the_clock_says(view, company):
    (lane,) = lanes.board(view, now=MORNING).lanes

    # The shift is from 8 to 17 in Nice: nine hours. The first leg takes ten minutes.
    assert lane.blocks[0].service.left == pytest.approx(10 / 540 * 100, abs=0.01)
    assert lane.way.left == 0
    assert lane.blocks[0].slack_seconds == (9 * 60 - 10) * 60
    rights = [block.service.left + block.service.width for block in lane.blocks]
    assert rights == sorted(rights)
    assert rights[-1] < lane.way.left + lane.way.width


def test_the_now_line_shows_during_the_day_only(view, company):
    # Nine in the morning in Nice, one of nine hours gone.
    assert lanes.board(view, now=MORNING).now == pytest.approx(100 / 9, abs=0.01)
    assert lanes.board(view, now=MORNING + timedelta(hours=12)).now is None


def test_a_window_is_drawn_only_where_it_says_more_than_the_shift(view, company):
    (tour,) = view.tours
    first, *others = tour.stops
    narrow = replace(first, window_end=first.window_start + timedelta(hours=2))
    changed = replace(view, tours=(replace(tour, stops=(narrow, *others)),))

    windows = [block.window for block in lanes.board(changed, now=MORNING).lanes[0].blocks]

    assert windows == [lanes.Span(0, pytest.approx(2 / 9 * 100, abs=0.01)), None, None]


@pytest.mark.parametrize(("slack", "pressure"), [(-1, "late"), (0, "tight"), (599, "tight"), (600, "")])
def test_lateness_and_little_slack_are_marked(view, company, slack, pressure):
    (tour,) = view.tours
    changed = replace(view, tours=(replace(tour, stops=(replace(tour.stops[0], slack_s=slack),)),))

    (lane,) = lanes.board(changed, now=MORNING).lanes

    assert lane.blocks[0].pressure == pressure
    assert lane.least_slack_seconds == slack


def test_every_stop_of_a_lane_has_its_mark_on_the_map(browse, company):
    client = browse("coordinator")

    in_lanes = {int(button["data-stop"]) for button in page_of(client).select("button[data-stop]")}
    on_map = {stop[0] for stop in drawn(client)["stops"]}

    assert in_lanes == on_map == set(company.stop_ids)


@pytest.mark.parametrize(("speaks", "words"), [("en", ("window", "to spare")), ("fr", ("créneau", "de marge"))])
def test_every_block_of_a_lane_says_who_and_when_in_the_readers_language(browse, company, view, speaks, words):
    client = browse("coordinator")
    with client.session_transaction() as chosen:
        chosen["language"] = speaks

    titles = {int(one["data-stop"]): one["title"] for one in page_of(client).select("button[data-stop]")}

    stops = [stop for tour in view.tours for stop in tour.stops]
    assert set(titles) == {stop.id for stop in stops}
    for stop in stops:
        assert titles[stop.id].startswith(f"{stop.sequence}. {stop.given_name} {stop.employee_number} · ")
        assert f"{stop.arrival:%H:%M} · " in titles[stop.id]
        assert all(word in titles[stop.id] for word in words)


def test_a_very_full_days_tables_come_when_they_are_opened(browse, company, view, monkeypatch):
    monkeypatch.setattr("webapp.views.day.TABLES_UP_TO", 0)
    client = browse("coordinator")

    page = page_of(client)
    asked = [part["hx-get"] for part in page.select(".tour-detail [hx-get]")]
    found = [BeautifulSoup(client.get(url).text, "html.parser") for url in asked]

    assert len(asked) == len(view.tours) and not page.select(".stop-table")
    rows = [[int(row.td.text) for row in one.select("tbody tr")] for one in found]
    assert rows == [[stop.sequence for stop in tour.stops] for tour in view.tours]


def test_the_three_kinds_of_stops_are_told_apart_by_shape(browse, company):
    facts = drawn(browse("coordinator"))
    kinds = [button["class"][1] for button in page_of(browse("coordinator")).select("button[data-stop]")]

    assert kinds == ["delivery", "swap", "pickup"]
    assert [facts["kinds"][stop[3]] for stop in facts["stops"]] == kinds
    assert {facts["states"][stop[4]] for stop in facts["stops"]} == {"planned"}
    assert [left[0] for left in facts["left"]] == ["O-4"]
    assert "NCE" in {site[0] for site in facts["sites"]}


def test_the_style_sheet_gives_every_van_the_colour_the_map_draws(company):
    from webapp.templating import STATIC

    sheet = (STATIC / "day.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"(?m)(?:^|} )\.(van-\d+) \{ --tour: (#\w{6})", sheet))
    dark = dict(re.findall(r'\[data-bs-theme="dark"\] \.(van-\d+) \{ --tour: (#\w{6})', sheet))

    assert light == {maps.shade(number): maps.colour(number) for number in range(12)}
    assert set(dark) == set(light)
    assert all(contrast(colour, "#ffffff") >= 3 for colour in light.values())
    assert all(contrast(colour, "#1a2221") >= 4.5 for colour in dark.values())
    assert maps.dash(0) != maps.dash(12)


def contrast(one, other):
    """The ratio that WCAG 2 asks about."""

    def light(colour):
        shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_what_is_not_served_is_counted_and_explained(browse, company):
    page = page_of(browse("coordinator"))

    assert "Unserved · 1" in page.select_one("#unserved header").text
    assert "O-4" in page.select_one("#unserved li").text
    assert "fits into no tour" in page.select_one("#unserved li").text


def test_a_day_without_a_plan_says_who_waits_and_offers_to_plan(browse, company, system):
    with system.sessions.begin() as session:
        from sqlalchemy import update

        from logistics.models import Order

        session.execute(update(Order).where(Order.reference == "O-4").values(day=TODAY + timedelta(days=6)))

    page = page_of(browse("coordinator"), TODAY + timedelta(days=6))

    assert "1 order waits for this day." in page.text
    assert [button.text.strip() for button in page.select("button.btn-primary")] == ["Plan Monday", "Plan Monday"]


def test_a_banner_says_that_the_day_is_not_today(browse, company):
    client = browse("coordinator")

    assert "You are looking at a coming day." in page_of(client, TOMORROW).text
    assert "You are looking at a past day." in page_of(client, TODAY - timedelta(days=1)).text
    assert "You are looking at" not in page_of(client, TODAY).text


def test_planning_is_asked_for_once_and_goes_on_when_the_page_is_left(browse, company, bell):
    client = browse("coordinator")

    first = client.post(f"/day/{TOMORROW}/plan", headers={"HX-Request": "true"}).text
    second = client.post(f"/day/{TOMORROW}/plan", headers={"HX-Request": "true"}).text
    page = page_of(client, TOMORROW)

    (task,) = set(bell.rung)
    assert f"/tasks/{task}" in first
    assert f"/tasks/{task}" in second
    assert page.select_one("#task")["hx-get"] == f"/tasks/{task}"
    assert page.select_one(".acts button.btn")["disabled"] is not None


def test_planning_can_be_stopped(browse, company, bell):
    client = browse("coordinator")
    client.post(f"/day/{TOMORROW}/plan", headers={"HX-Request": "true"})

    answer = client.post(f"/tasks/{bell.rung[0]}/cancel", headers={"HX-Request": "true"})

    assert "Cancelled" in answer.text
    assert "hx-get" not in answer.text


def set_aside(client, bell, system):
    """Asks for the day and lets three workers die over it."""
    from logistics import tasks

    client.post(f"/day/{TOMORROW}/plan", headers={"HX-Request": "true"})
    for _ in range(tasks.ATTEMPTS):
        with system.sessions.begin() as session:
            held = tasks.claim(session, bell.rung[0], now=system.now())
            tasks.strike(session, held.id, held.token, code="worker-lost", error="the worker died", now=system.now())
    return bell.rung[0]


def test_planning_that_was_set_aside_says_why_and_can_be_tried_again(browse, company, bell, system):
    client = browse("coordinator")
    task = set_aside(client, bell, system)
    page = page_of(client, TOMORROW)
    assert "Set aside" in page.select_one("#task").text
    assert "The program stopped in the middle of the work." in page.select_one("#task").text
    assert "tried 3 times" in page.select_one("#task").text
    assert page.select_one(".acts button.btn").get("disabled") is None

    answer = client.post(page.select_one("#task form")["hx-post"], headers={"HX-Request": "true"})

    assert "Waiting" in answer.text
    assert bell.rung == [task, task]


def test_planning_that_was_set_aside_can_be_given_up(browse, company, bell, system):
    client = browse("coordinator")
    task = set_aside(client, bell, system)

    client.post(f"/tasks/{task}/cancel", headers={"HX-Request": "true"})

    assert page_of(client, TOMORROW).select_one("#task") is None


def test_asking_for_the_day_again_is_a_new_task_and_hides_the_one_set_aside(browse, company, bell, system):
    client = browse("coordinator")
    task = set_aside(client, bell, system)

    # The next question comes later than the first.
    system.now.wind(minutes=1)
    client.post(f"/day/{TOMORROW}/plan", headers={"HX-Request": "true"})

    assert bell.rung[-1] != task
    assert bell.rung[-1] in page_of(client, TOMORROW).select_one("#task")["hx-get"]


def test_a_site_is_planned_alone_when_it_is_shown_alone(browse, company, bell, system):
    from logistics import task_views

    client = browse("coordinator")
    client.post("/site", data={"site": "NCE"})
    site = page_of(client, TOMORROW).select_one('.acts input[name="site"]')["value"]

    client.post(f"/day/{TOMORROW}/plan", data={"site": site}, headers={"HX-Request": "true"})

    with system.sessions() as session:
        assert task_views.task(session, bell.rung[0]).arguments["site"] == "NCE"


def test_publishing_the_draft_freezes_it(browse, company):
    client = browse("coordinator")

    page = BeautifulSoup(client.post(f"/day/{TOMORROW}/publish", follow_redirects=True).text, "html.parser")

    assert "Published: 1 tours with 1 stops." in page.text
    assert "No courier yet for: V2." in page.text
    assert "Published · version 1" in page.text


def test_publishing_what_changed_meanwhile_says_so_and_changes_nothing(browse, company, system):
    from tests.webapp.scenes import home_of

    with system.sessions.begin() as session:
        from inventory import people

        home_of(session, people.employee(session, "E5"), line="1 rue Neuve", access_note="")
    client = browse("coordinator")

    page = client.post(f"/day/{TOMORROW}/publish", follow_redirects=True).text

    assert "plan again" in page
    assert "Draft · version 1" in BeautifulSoup(page, "html.parser").text


def test_publishing_nothing_is_refused_in_words(browse, company):
    answer = browse("coordinator").post(f"/day/{TODAY + timedelta(days=9)}/publish", follow_redirects=True)

    assert "This day has no plan yet." in answer.text


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "2026-02-30", "99999-01-01"])
def test_a_day_that_does_not_exist_is_a_page_that_does_not_exist(browse, company, day):
    assert browse("coordinator").get(f"/day/{day}").status_code == 404


def test_an_auditor_reads_the_day_and_is_offered_no_deed(browse, company):
    page = page_of(browse("auditor"))

    assert page.select("main form[method=post], main [hx-post]") == []


def test_a_coordinator_of_one_site_sees_no_other(browse, company, system):
    from logistics import users

    with system.sessions.begin() as session:
        users.user(session, "cora").sites = frozenset({"MCM"})
        dispatch.publish_day(session, TOMORROW, now=MORNING, actor="ada")

    page = page_of(browse("coordinator"))

    assert page.select("button[data-stop]") == []
    assert "O-4" not in page.text
