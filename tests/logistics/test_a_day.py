"""From orders to a driven day through the real planner: each step leaves the books in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from logistics import dispatch, execution, orders, road_queries, tasks
from logistics.models import Order, Plan, Task
from logistics.requests import LineRequest, OrderRequest
from logistics.verify import verify
from tests.builders import a_laptop, a_piece, a_product, a_site, pieces, received, someone_at_home, stock
from tests.fakes import MORNING, Clock, FakeRoads
from tests.logistics.builders import TOMORROW, a_van
from tests.logistics.systems import a_system


@pytest.fixture
def company(sessions, tmp_path):
    """A site, two vans and eight orders for tomorrow, two of them swaps."""
    clock = Clock()
    system = replace(a_system(sessions, tmp_path / "home", now=clock), roads=FakeRoads())
    with sessions.begin() as session:
        site = a_site(session, "NCE")
        laptop, mouse = a_laptop(session, "LAP"), a_product(session, "MOU")
        pieces(session, laptop, 9, site=site)
        received(session, mouse, 40, site=site)
        a_van(session, site, "V1")
        a_van(session, site, "V2")
        for number in range(8):
            someone_at_home(session, f"E{number}", lat=43.66 + number / 500, lon=7.15 + number / 400)
            lines = [LineRequest("out", "LAP", 1), LineRequest("out", "MOU", 2)]
            if number < 2:
                old = a_piece(session, laptop, who=stock.holder(session, "employee", f"E{number}"), tag=f"OLD-{number}")
                lines.append(LineRequest("back", "LAP", 1, old.asset_tag))
            request = OrderRequest(
                kind="swap" if number < 2 else "issue", employee_number=f"E{number}", lines=tuple(lines), day=TOMORROW,
                window_start=time(8), window_end=time(16), reference=f"O-{number}",
            )  # fmt: skip
            orders.place(session, request, roads=system.roads, now=clock(), actor="ida", settings=system.settings)
    return system


def plan(system, day):
    with system.sessions.begin() as session:
        task_id = tasks.ask(
            session, "plan-day", {"day": day.isoformat(), "time_limit": 1}, actor="eva", now=system.now()
        )
    assert tasks.run(system, task_id) == "done", task_error(system, task_id)
    with system.sessions() as session:
        return session.scalar(select(Task).where(Task.id == task_id))


def task_error(system, task_id):
    with system.sessions() as session:
        row = session.scalar(select(Task).where(Task.id == task_id))
        return row.error_code, row.error


def drive(system, tour_id, told):
    """Say what happens at each stop, by the stop's place in the tour."""
    with system.sessions.begin() as session:
        tour = road_queries.courier_tour(session, tour_id)

        def say(kind, stop_id=None, facts=None):
            event = execution.StopEventIn(
                f"{tour_id}-{stop_id}-{kind}", kind, tour_id, stop_id, system.now(), facts or {}
            )
            execution.record(session, event, now=system.now(), actor="c", courier_id=tour.courier_id)

        say("started")
        for place, stop in enumerate(tour.stops):
            kind, facts = told(place, stop)
            say(kind, stop.id, facts)
        say("ended")


def in_order(system):
    with system.sessions() as session:
        assert verify(session) == ()


def test_a_day_is_planned_published_driven_and_what_failed_planned_again(company):
    in_order(company)

    done = plan(company, TOMORROW)
    assert (done.state, done.result["stops"], done.result["unserved"]) == ("done", 8, 0)
    assert done.progress["step"] in {"reading", "roads", "searching", "drawing", "writing"}
    in_order(company)

    dispatch.publish(company, TOMORROW, now=company.now(), actor="eva")
    in_order(company)

    company.now.wind(days=1)
    with company.sessions() as session:
        tours = road_queries.tours_of_day(session, TOMORROW)
    assert sum(tour.stops for tour in tours) == 8
    for tour in tours:
        drive(company, tour.id, lambda place, _stop: ("failed", {"reason": "absent"}) if place % 2 else ("done", {}))
        in_order(company)
    with company.sessions() as session:
        states = session.scalars(select(Order.state)).all()
        again = session.scalars(select(Order.day).where(Order.state == "open")).all()
    assert set(states) == {"done", "open"}
    assert set(again) == {TOMORROW + timedelta(days=1)}

    second = plan(company, TOMORROW + timedelta(days=1))
    assert second.result["stops"] == len(again)
    dispatch.publish(company, TOMORROW + timedelta(days=1), now=company.now(), actor="eva")
    in_order(company)


def test_a_plan_is_replaced_and_published_anew_without_a_trace_of_doubt(company):
    plan(company, TOMORROW)
    dispatch.publish(company, TOMORROW, now=company.now(), actor="eva")
    with company.sessions.begin() as session:
        orders.cancel(session, "O-3", now=company.now(), actor="ida")
        orders.leave_out(session, "O-4", True, now=company.now(), actor="ida")
    in_order(company)

    plan(company, TOMORROW)
    in_order(company)
    summary = dispatch.publish(company, TOMORROW, now=company.now(), actor="eva")
    in_order(company)

    assert (summary.version, summary.orders) == (2, 6)
    with company.sessions() as session:
        assert session.scalars(select(Plan.status).order_by(Plan.version)).all() == ["superseded", "published"]
        states = dict(session.execute(select(Order.reference, Order.state)).all())
    assert (states["O-3"], states["O-4"], states["O-5"]) == ("cancelled", "open", "planned")


def test_a_task_that_cannot_be_done_says_why(company):
    with company.sessions.begin() as session:
        task_id = tasks.ask(session, "plan-day", {"day": "2026-12-25", "site": "GONE"}, actor="eva", now=MORNING)

    assert tasks.run(company, task_id) == "failed"

    code, _ = task_error(company, task_id)
    assert code == "unknown-record"


def test_planning_that_was_cancelled_writes_nothing(company):
    with company.sessions.begin() as session:
        task_id = tasks.ask(
            session, "plan-day", {"day": TOMORROW.isoformat(), "time_limit": 20}, actor="eva", now=company.now()
        )
        held = tasks.claim(session, task_id, now=company.now())
        tasks.hand_back(session, task_id, held.token)
    real = tasks.Running.should_stop

    def cancel_first(running):
        with company.sessions.begin() as session:
            tasks.cancel(session, task_id, now=company.now())
        running._asked_at = 0.0
        return real(running)

    tasks.Running.should_stop = cancel_first
    try:
        assert tasks.run(company, task_id) == "cancelled"
    finally:
        tasks.Running.should_stop = real

    with company.sessions() as session:
        assert session.scalars(select(Plan.id)).all() == []


def test_an_import_runs_as_a_task_and_keeps_cells_out_of_its_row(company):
    folder = company.settings.home / "uploads"
    folder.mkdir()
    (folder / "u1.csv").write_text(
        "employee_number,given_name,family_name,email,phone,language,address_line,postal_code,city,country,lat,lon\n"
        "E90,Zoé,Canary,z@example.com,,fr,77 rue du Canari,06000,Nice,FR,43.7,7.26\n"
        "E91,Zoé,Canary,y@example.com,,fr,78 rue du Canari,06000,Nice,FR,999,7.26\n"
    )
    with company.sessions.begin() as session:
        task_id = tasks.ask(
            session, "import", {"kind": "employees", "upload": "u1.csv"}, actor="eva", now=company.now()
        )

    assert tasks.run(company, task_id) == "done", task_error(company, task_id)

    with company.sessions() as session:
        row = session.scalar(select(Task).where(Task.id == task_id))
    assert (row.result["created"], row.result["refused"]) == (1, 1)
    assert "Canar" not in f"{row.result}{row.progress}{row.error}"
