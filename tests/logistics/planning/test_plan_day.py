"""Planning a day from rows to rows: what is written, what is kept, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from inventory import addresses
from inventory.errors import UnknownRecord
from logistics import dispatch, orders, planning
from logistics.errors import NothingToPlan, PlanIsStale
from logistics.execution import StopEventIn, record
from logistics.models import Order, OrderEvent, Plan, Tour
from logistics.planning import PlanCancelled
from logistics.ports import Point
from tests.builders import CAGNES, NICE, a_piece, a_product, received, someone_at_home, stock
from tests.fakes import FakeRoads
from tests.logistics.builders import TOMORROW, a_van, back, out
from tests.logistics.planning.scenes import EARLY, LATE, NEAR_ANTIBES, NEAR_NICE, Company

PARIS = ZoneInfo("Europe/Paris")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(TOMORROW, time(hour, minute), PARIS)


def events(company: Company, reference: str, kind: str) -> list[dict]:
    with company.sessions() as session:
        wanted = select(OrderEvent.facts).join(Order).where(Order.reference == reference, OrderEvent.kind == kind)
        return list(session.scalars(wanted.order_by(OrderEvent.id)))


def publish(company: Company) -> None:
    dispatch.publish(company.system, TOMORROW, now=company.clock(), actor="cora")


def depart(company: Company, tour: Tour) -> None:
    told = StopEventIn(
        id=f"start-{tour.id}", kind="started", tour_id=tour.id, stop_id=None, occurred_at=company.clock()
    )
    with company.sessions.begin() as session:
        record(session, told, now=company.clock(), actor="courier")


# --- the main path ----------------------------------------------------------------------------------------------------


def test_a_day_becomes_tours_that_serve_every_order_from_its_own_site(company: Company, real_engine):
    company.order("O-1")
    company.order("O-2", where=(43.7050, 7.2800))
    company.order("O-3", where=NEAR_ANTIBES, site=company.antibes)

    # Time enough for the child process to load its library on a busy machine; it ends long before.
    summary = company.plan(time_limit=12)

    assert company.by_van(summary.plan_id) == {"V1": ["O-1", "O-2"], "V2": ["O-3"]}
    assert (summary.tours, summary.stops, summary.unserved, summary.version) == (2, 3, 0, 1)
    assert (summary.engine, company.plans()) == ("or-tools", [(1, "draft")])


def test_a_stop_says_when_what_and_how_full(company: Company):
    company.order("O-1", out(company.laptop), out(company.mouse, 2), window=LATE)

    tour = company.tours(company.plan().plan_id)["V1"]
    (stop,) = company.stops(tour.id)

    way = FakeRoads().matrix([Point(*NICE), Point(*NEAR_NICE)], ["car"])
    assert (stop.drive_s, stop.distance_m) == (way.seconds["car"][0, 1], way.metres["car"][0, 1])
    assert (stop.window_opens_at, stop.window_closes_at) == (at(14), at(16))
    assert at(14) <= stop.service_starts_at <= at(16)
    assert stop.service_starts_at - stop.arrives_at >= timedelta(minutes=10)
    assert stop.departs_at - stop.service_starts_at == timedelta(minutes=10 + 2 * 2)
    assert (tour.start_weight_g, tour.start_volume_ml) == (1800 + 2 * 200, 4000 + 2 * 800)
    assert (stop.load_weight_g, stop.load_volume_ml) == (0, 0)
    assert (tour.shift_opens_at, tour.shift_closes_at) == (at(8), at(17))
    assert tour.travel_source == "graph:fake"
    assert tour.geometry == [[43.7009, 7.2684], [43.71, 7.26], [43.7009, 7.2684]]


def test_a_tours_cost_is_what_its_van_asks_for(company: Company):
    company.order("O-1")

    tour = company.tours(company.plan().plan_id)["V1"]

    hours = (tour.ends_at - tour.starts_at).total_seconds() / 3600
    assert tour.cost_fixed_cents == 3000
    assert tour.cost_distance_cents == round(tour.distance_m / 1000 * 30)
    assert tour.cost_time_cents == round(hours * 2500)
    assert tour.driving_s == company.stops(tour.id)[0].drive_s + tour.return_drive_s


def test_a_cargo_bike_rides_at_its_own_speed(company: Company):
    company.van("V1", kind="cargo_bike")
    company.order("O-1")

    tour = company.tours(company.plan().plan_id)["V1"]

    assert tour.driving_s == pytest.approx(tour.distance_m / 5, abs=2)


def test_two_orders_of_one_employee_are_one_stop_and_one_visit(company: Company):
    with company.sessions.begin() as session:
        ana = someone_at_home(session, "ANA", lat=NEAR_NICE[0], lon=NEAR_NICE[1])
        old = a_piece(session, company.laptop, who=stock.holder(session, "employee", "ANA"))
    company.order("O-1", employee=ana)
    company.order("O-2", back(company.laptop, 1, old), employee=ana)

    summary = company.plan()
    (stop,) = company.stops(company.tours(summary.plan_id)["V1"].id)

    assert company.by_van(summary.plan_id) == {"V1": ["O-1", "O-2"]}
    assert (summary.stops, stop.kind) == (1, "swap")
    assert stop.departs_at - stop.service_starts_at == timedelta(minutes=2 + 10)
    assert (stop.load_weight_g, stop.service_s) == (1800, 12 * 60)


def test_orders_of_one_employee_in_windows_apart_are_two_stops(company: Company):
    with company.sessions.begin() as session:
        ana = someone_at_home(session, "ANA", lat=NEAR_NICE[0], lon=NEAR_NICE[1])
    company.order("O-1", employee=ana, window=EARLY)
    company.order("O-2", employee=ana, window=LATE)

    assert company.plan().stops == 2


def test_neighbours_at_one_point_are_two_stops_parked_once(company: Company):
    company.order("O-1")
    company.order("O-2")

    summary = company.plan()
    first, second = company.stops(company.tours(summary.plan_id)["V1"].id)

    assert (second.drive_s, second.arrives_at) == (0, first.departs_at)
    assert second.service_starts_at == second.arrives_at


def test_short_orders_are_tried_again_first(company: Company):
    company.order("O-1", out(company.mouse, 50))
    with company.sessions.begin() as session:
        someone_at_home(session, "BEN", lat=NEAR_NICE[0], lon=NEAR_NICE[1])
        line = orders.LineRequest("out", "MOUSE", 51)
        request = orders.OrderRequest("issue", "BEN", (line,), TOMORROW, time(8), time(17), reference="O-2")
        orders.place(
            session, request, roads=company.system.roads, now=company.clock(), actor="a",
            settings=company.system.settings,
        )  # fmt: skip
    before = company.plan()
    with company.sessions.begin() as session:
        received(session, company.product("MOUSE"), 51, site=company.nice)

    after = company.plan()

    assert company.unserved(before.plan_id)["O-2"][0] == "not-enough-stock"
    assert (before.reserved, after.reserved) == ((), ("O-2",))
    assert company.by_van(after.plan_id)["V1"] == ["O-1", "O-2"]


def test_what_is_being_done_is_told_step_by_step(company: Company, real_engine):
    company.order("O-1")
    told = []

    company.plan(on_progress=told.append)

    steps = list(dict.fromkeys(one["step"] for one in told))
    assert steps == ["reading", "roads", "searching", "drawing", "writing"]
    best = next(one for one in told if one["step"] == "searching")
    assert best["best_cost_cents"] > 0 and best["served"] == 1


def test_the_summary_is_json(company: Company):
    company.order("O-1")

    told = company.plan().as_json()

    assert told["day"] == TOMORROW.isoformat()
    assert (told["tours"], told["stops"], told["reserved"]) == (1, 1, [])


# --- versions ---------------------------------------------------------------------------------------------------------


def test_a_new_draft_takes_the_place_of_the_former(company: Company):
    company.order("O-1")
    first = company.plan()
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)

    second = company.plan()

    assert company.plans() == [(1, "discarded"), (2, "draft")]
    assert {tour.state for tour in company.tours(first.plan_id).values()} == {"withdrawn"}
    assert {tour.state for tour in company.tours(second.plan_id).values()} == {"draft"}


def test_what_is_published_holds_while_a_new_draft_is_made(company: Company):
    company.order("O-1")
    first = company.plan()
    publish(company)
    company.order("O-2")

    second = company.plan()

    assert company.plans() == [(1, "published"), (2, "draft")]
    assert {tour.state for tour in company.tours(first.plan_id).values()} == {"published"}
    assert company.by_van(second.plan_id) == {"V1": ["O-1", "O-2"]}
    publish(company)
    assert company.plans() == [(1, "superseded"), (2, "published")]


def test_an_order_cancelled_after_publication_is_gone_from_the_next_plan(company: Company):
    company.order("O-1")
    company.order("O-2")
    company.plan()
    publish(company)
    with company.sessions.begin() as session:
        orders.cancel(session, "O-2", now=company.clock(), actor="agent")

    again = company.plan()
    publish(company)

    assert company.by_van(again.plan_id) == {"V1": ["O-1"]}


def test_planning_one_site_keeps_the_rows_of_the_others(company: Company):
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)
    company.order("O-3", where=None, site=company.antibes)
    first = company.plan()
    company.order("O-4")
    company.order("O-5", where=NEAR_ANTIBES, site=company.antibes)

    second = company.plan(site="NCE")

    before, after = company.tours(first.plan_id), company.tours(second.plan_id)
    assert after["V2"].id == before["V2"].id
    assert after["V1"].id != before["V1"].id
    assert company.by_van(second.plan_id) == {"V1": ["O-1", "O-4"], "V2": ["O-2"]}
    assert company.unserved(second.plan_id)["O-3"][0] == "not-located"
    assert after["V2"].state == "draft"


def test_planning_one_site_keeps_what_is_published_of_the_others(company: Company):
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)
    first = company.plan()
    publish(company)

    second = company.plan(site="NCE")
    publish(company)

    before, after = company.tours(first.plan_id), company.tours(second.plan_id)
    assert after["V2"].id == before["V2"].id
    assert (before["V1"].state, after["V1"].state, after["V2"].state) == ("withdrawn", "published", "published")


def test_an_order_on_a_kept_tour_is_not_planned_a_second_time(company: Company):
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)
    company.plan()
    with company.sessions.begin() as session:
        orders.give_to_van(session, "O-2", "V1", now=company.clock(), actor="cora")

    summary = company.plan(site="NCE")

    assert company.by_van(summary.plan_id) == {"V1": ["O-1"], "V2": ["O-2"]}


def test_a_tour_that_has_left_stays_and_its_van_is_not_offered_again(company: Company):
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)
    first = company.plan()
    publish(company)
    left = company.tours(first.plan_id)["V1"]
    depart(company, left)
    company.order("O-3")

    second = company.plan()

    assert company.tours(second.plan_id)["V1"].id == left.id
    assert company.by_van(second.plan_id) == {"V1": ["O-1"], "V2": ["O-2"]}
    assert company.unserved(second.plan_id) == {"O-3": ("no-vehicle", {"vehicle": "V2", "excess": 0, "vehicles": 1})}
    publish(company)
    assert company.tours(second.plan_id)["V1"].state == "departed"


def test_when_every_order_is_cancelled_the_next_version_is_empty(company: Company):
    company.order("O-1")
    company.plan()
    publish(company)
    with company.sessions.begin() as session:
        orders.cancel(session, "O-1", now=company.clock(), actor="agent")

    again = company.plan()

    assert (again.version, again.tours, again.unserved) == (2, 0, 0)


# --- events -----------------------------------------------------------------------------------------------------------


def test_an_order_learns_its_van_and_hour_once_while_they_stay(company: Company):
    company.order("O-1")
    company.plan()
    company.plan()
    company.van("V1", shift_start=time(10))
    company.change("O-1", window_start=time(11))

    last = company.plan()

    told = events(company, "O-1", "planned")
    assert len(told) == 2
    assert (told[-1]["van"], told[-1]["version"], told[-1]["plan"]) == ("V1", 3, last.plan_id)
    assert datetime.fromisoformat(told[-1]["expected"]) >= at(11)


# --- refusals ---------------------------------------------------------------------------------------------------------


def _a_new_order(company: Company) -> None:
    company.order("O-9")


def _another_window(company: Company) -> None:
    company.change("O-1", window_end=time(12))


def _a_move(company: Company) -> None:
    with company.sessions.begin() as session:
        employee_id = session.scalars(select(Order.employee_id).where(Order.reference == "O-1")).one()
        addresses.set_pin(session, employee_id, lat=CAGNES[0], lon=CAGNES[1], now=company.clock(), actor="cora")


def _a_smaller_van(company: Company) -> None:
    company.van("V1", weight_capacity_g=100)


def _another_van(company: Company) -> None:
    with company.sessions.begin() as session:
        a_van(session, company.nice, "V9")


def _a_plan_by_somebody_else(company: Company) -> None:
    planning.plan_day(company.system, TOMORROW, time_limit=1, actor="somebody else")


@pytest.mark.parametrize(
    "change", [_a_new_order, _another_window, _a_move, _a_smaller_van, _another_van, _a_plan_by_somebody_else]
)
def test_a_day_that_changes_during_the_search_is_not_written(company: Company, change):
    company.order("O-1")
    done = []

    def interfere(facts) -> None:
        if facts["step"] == "drawing" and not done:
            done.append(True)
            change(company)

    with pytest.raises(PlanIsStale):
        company.plan(on_progress=interfere)

    with company.sessions() as session:
        assert [plan.made_by for plan in session.scalars(select(Plan))] in ([], ["somebody else"])
        assert all(tour.state == "draft" for tour in session.scalars(select(Tour)))


@pytest.mark.parametrize("leave", [False, True])
def test_a_publication_or_a_departure_during_the_search_is_seen(company: Company, leave):
    company.order("O-1")
    first = company.plan()
    if leave:
        publish(company)
    done = []

    def interfere(facts) -> None:
        if facts["step"] == "drawing" and not done:
            done.append(True)
            depart(company, company.tours(first.plan_id)["V1"]) if leave else publish(company)

    with pytest.raises(PlanIsStale):
        company.plan(on_progress=interfere)

    assert company.plans() == [(1, "published")]


def test_a_planning_that_is_stopped_writes_nothing(company: Company, real_engine):
    company.order("O-1")

    with pytest.raises(PlanCancelled) as refusal:
        company.plan(cancelled=lambda: True)

    assert refusal.value.code == "plan-cancelled"
    assert company.plans() == []


def test_a_day_without_orders_is_not_planned(company: Company):
    with pytest.raises(NothingToPlan) as refusal:
        company.plan()

    assert (refusal.value.jobs, refusal.value.vans) == (0, 2)


def test_a_day_without_vans_is_not_planned(company: Company):
    company.order("O-1")
    company.van("V1", is_active=False)
    company.van("V2", is_active=False)

    with pytest.raises(NothingToPlan) as refusal:
        company.plan()

    assert (refusal.value.jobs, refusal.value.vans) == (1, 0)


def test_an_unknown_site_is_told(company: Company):
    company.order("O-1")

    with pytest.raises(UnknownRecord):
        company.plan(site="XXX")


# --- what the search cannot serve -------------------------------------------------------------------------------------


def test_an_impossible_order_of_each_kind_spoils_nothing_and_says_why(company: Company, real_engine):
    with company.sessions.begin() as session:
        heavy = a_product(session, "SAFE", weight_g=700_000)
        large = a_product(session, "SOFA", volume_ml=5_000_000)
        craft = a_product(session, "DESK", skills=frozenset({"assembly"}))
        for product in (heavy, large, craft):
            received(session, product, 1, site=company.nice)
    company.system = replace(company.system, roads=FakeRoads(nowhere=[(43.9, 7.4)]))
    company.order("O-1")
    company.order("O-heavy", out(heavy))
    company.order("O-large", out(large))
    company.order("O-skill", out(craft))
    company.order("O-night", window=(time(20), time(22)))
    company.order("O-island", where=(43.9, 7.4))
    company.order("O-far", where=(45.9, 7.2), window=(time(8), time(17)))
    company.order("O-given", wanted_van_id=company.van_id("V2"))
    company.van("V2", is_active=False)

    summary = company.plan()

    left = company.unserved(summary.plan_id)
    assert company.by_van(summary.plan_id) == {"V1": ["O-1"]}
    assert {reference: code for reference, (code, _) in left.items()} == {
        "O-heavy": "too-heavy", "O-large": "too-large", "O-skill": "no-skill", "O-night": "window-closed",
        "O-island": "off-road-network", "O-far": "shift-too-short", "O-given": "no-vehicle",
    }  # fmt: skip
    assert left["O-heavy"][1]["excess"] == 100_000
    assert left["O-skill"][1]["skills"] == ["assembly"]


def test_when_the_tours_are_full_the_cheapest_orders_stay_out(company: Company, real_engine):
    company.van("V1", shift_start=time(8), shift_end=time(9))
    for number in range(6):
        company.order(f"O-{number}", where=(43.70 + number / 500, 7.26), priority=3 if number == 5 else 1)

    summary = company.plan()

    left = company.unserved(summary.plan_id)
    assert "O-5" in company.by_van(summary.plan_id)["V1"]
    assert left and {code for code, _ in left.values()} == {"no-capacity-left"}
    assert all(facts["tours"][0]["vehicle"] == "V1" for _, facts in left.values())
