"""The day and its orders as pages show them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest

from inventory import stock
from logistics import queries, scope
from logistics.errors import UnknownRecord
from logistics.models import OrderEvent
from logistics.viewer import Viewer
from tests.builders import a_piece, someone_at_home
from tests.logistics.builders import TOMORROW, back, out
from tests.logistics.planning.scenes import LATE, NEAR_ANTIBES, NEAR_NICE, Company
from tests.logistics.planning.test_plan_day import at, publish


def view(company: Company, **facts) -> queries.DayView:
    with company.sessions() as session:
        return queries.day_view(session, TOMORROW, **facts)


def order(company: Company, reference: str) -> queries.OrderView:
    with company.sessions() as session:
        return queries.order_view(session, reference)


def texts(value) -> str:
    """Everything a view says, in one string."""
    if is_dataclass(value):
        return " ".join(texts(getattr(value, one.name)) for one in fields(value))
    if isinstance(value, tuple | list):
        return " ".join(texts(one) for one in value)
    return str(value)


# --- a day ------------------------------------------------------------------------------------------------------------


def test_a_day_without_a_plan_says_how_many_wait(company: Company):
    company.order("O-1")
    company.order("O-2", day=TOMORROW + timedelta(days=1))

    told = view(company)

    assert (told.plan, told.published, told.tours, told.delta, told.waiting) == (None, None, (), None, 1)
    assert [(site.code, site.lat) for site in told.sites] == [("ATB", 43.5808), ("NCE", 43.7009)]


def test_a_stop_tells_who_when_and_what(company: Company):
    with company.sessions.begin() as session:
        ana = someone_at_home(session, "ANA", lat=NEAR_NICE[0], lon=NEAR_NICE[1], accuracy="street")
        old = a_piece(session, company.laptop, who=stock.holder(session, "employee", "ANA"), tag="OLD")
    company.order("O-1", out(company.mouse, 2), back(company.laptop, 1, old), employee=ana, window=LATE, priority=2)
    company.plan()

    (tour,) = view(company).tours
    (stop,) = tour.stops

    assert (tour.van, tour.van_kind, tour.colour, tour.site, tour.state) == ("V1", "van", 0, "NCE", "draft")
    assert (tour.shift_start, tour.shift_end) == (at(8), at(17))
    assert tour.start.utcoffset() == timedelta(hours=1)
    assert (stop.kind, stop.orders, stop.priorities, stop.employee_number) == ("swap", ("O-1",), (2,), "ANA")
    assert ((stop.lat, stop.lon), stop.accuracy, stop.state) == (NEAR_NICE, "street", "planned")
    assert (stop.window_start, stop.window_end) == (at(14), at(16))
    assert stop.slack_s == (at(16) - stop.service_start).total_seconds()
    assert stop.wait_s == (stop.service_start - stop.arrival).total_seconds() - 600
    assert [(one.direction, one.sku, one.quantity, one.asset_tag) for one in stop.items] == [
        ("out", "MOUSE", 2, None), ("back", "LAP", 1, "OLD"),
    ]  # fmt: skip


def test_once_published_exact_pieces_and_couriers_are_named(company: Company):
    company.order("O-1", out(company.laptop, 2))
    company.plan()
    publish(company)

    (tour,) = view(company).tours

    assert (tour.state, tour.courier) == ("published", "C")
    tags = [item.asset_tag for item in tour.stops[0].items]
    assert len(tags) == 2 and None not in tags and tags == sorted(tags)


def test_totals_are_the_sums_of_the_tours(company: Company):
    company.van("V2", kind="cargo_bike")
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)
    company.order("O-3", where=None)
    company.plan()

    told = view(company)

    one, two = told.tours
    assert (told.totals.tours, told.totals.stops, told.totals.unserved) == (2, 2, 1)
    assert told.totals.distance_m == one.distance_m + two.distance_m
    assert told.totals.cost_cents == one.cost_cents + two.cost_cents
    assert told.totals.working_s == sum((tour.end - tour.start).total_seconds() for tour in told.tours)
    assert (one.co2_g, two.co2_g) == (round(one.distance_m * 0.51), round(two.distance_m * 0.0148))
    assert told.totals.co2_g == one.co2_g + two.co2_g


def test_a_new_version_says_what_it_changes(company: Company):
    company.order("O-1")
    company.plan()
    before = view(company)
    company.order("O-2", where=(43.73, 7.30))
    company.order("O-3", where=None)
    company.plan()

    after = view(company)

    assert before.delta is None
    assert after.delta == after.totals.since(before.totals)
    assert (after.delta.stops, after.delta.unserved) == (1, 1)
    assert after.delta.distance_m > 0 and after.delta.cost_cents > 0


def test_the_draft_is_shown_and_what_is_published_named(company: Company):
    company.order("O-1")
    company.plan()
    publish(company)
    company.plan()

    told = view(company)

    assert (told.plan.version, told.plan.status, told.published.version) == (2, "draft", 1)
    assert view(company, status="published").plan.version == 1


def test_what_is_unserved_says_where_and_why(company: Company):
    company.order("O-1")
    company.order("O-2", address={"accuracy": "commune"}, priority=3)
    company.order("O-3", where=None)
    company.plan()

    rough, nowhere = view(company).unserved

    assert (rough.order, rough.code, rough.priority, (rough.lat, rough.lon)) == ("O-2", "not-precise", 3, NEAR_NICE)
    assert (nowhere.order, nowhere.lat, nowhere.site) == ("O-3", None, "NCE")
    assert "municipality" in rough.sentence("en") and "commune" in rough.sentence("fr")


def test_an_order_placed_after_the_plan_waits(company: Company):
    company.order("O-1")
    company.order("O-2", where=None)
    company.plan()
    company.order("O-3")

    assert view(company).waiting == 1


def test_a_site_sees_its_own(company: Company):
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)
    company.order("O-3", where=None)
    company.plan()
    company.order("O-4")

    told = view(company, site_codes={"ATB"})

    assert [tour.van for tour in told.tours] == ["V2"]
    assert (told.unserved, told.waiting, [site.code for site in told.sites]) == ((), 0, ["ATB"])


def test_no_home_is_told_in_a_day_or_an_order(company: Company):
    company.order("O-1", address={"line": "7 chemin du Secret", "city": "Villesecrète"})
    company.order("O-2", where=None, address={"line": "8 chemin du Secret"})
    company.plan()

    assert "Secret" not in texts(view(company)) and "Villesecr" not in texts(view(company))
    assert "Secret" not in texts(order(company, "O-1"))


def test_travel_times_say_what_they_rest_on(company: Company):
    company.order("O-1")
    company.plan()

    assert view(company).travel_words("en") == "roads: fake, OpenStreetMap"
    assert view(company).travel_words("fr").startswith("routes")


def test_a_longer_day_asks_no_more_questions(company: Company):
    company.order("O-1")
    company.order("O-x", where=None)
    company.plan()
    company.plan()
    few = company.statements(lambda: view(company))
    for number in range(2, 8):
        company.order(f"O-{number}", where=NEAR_ANTIBES if number % 2 else NEAR_NICE,
                      site=company.antibes if number % 2 else company.nice)  # fmt: skip
    company.plan()

    assert company.statements(lambda: view(company)) == few


def test_the_next_planned_day_is_today_or_later(company: Company):
    company.order("O-1")
    company.plan()

    def following(day: date) -> date | None:
        with company.sessions() as session:
            return queries.next_planned_day(session, day)

    assert following(TOMORROW - timedelta(days=1)) == following(TOMORROW) == TOMORROW
    assert following(TOMORROW + timedelta(days=1)) is None


# --- orders -----------------------------------------------------------------------------------------------------------


def listed(company: Company, **facts) -> list[str]:
    with company.sessions() as session:
        return [one.reference for one in queries.order_list(session, **facts).rows]


def test_orders_are_listed_by_day_urgency_and_reference(company: Company):
    company.order("O-1")
    company.order("O-2", priority=3)
    company.order("O-3", day=TOMORROW + timedelta(days=1), where=NEAR_ANTIBES, site=company.antibes)

    assert listed(company) == ["O-3", "O-2", "O-1"]
    assert listed(company, day=TOMORROW) == ["O-2", "O-1"]
    assert listed(company, state="done") == []
    assert listed(company, seen=scope.orders(Viewer("ada", "agent", sites=frozenset({"ATB"})))) == ["O-3"]
    assert listed(company, text="o-2") == listed(company, text="e-O-2") == ["O-2"]
    assert listed(company, text="MARTÍN o-3") == ["O-3"]
    assert listed(company, text="%") == []


def test_orders_come_in_pages(company: Company):
    for number in range(5):
        company.order(f"O-{number}")

    with company.sessions() as session:
        pages = [queries.order_list(session, page=page, per_page=2) for page in (1, 2, 3)]

    assert [[one.reference for one in page.rows] for page in pages] == [["O-0", "O-1"], ["O-2", "O-3"], ["O-4"]]
    assert [page.has_more for page in pages] == [True, True, False]


def test_an_order_short_of_pieces_is_marked(company: Company):
    company.order("O-1")
    company.order("O-2")
    with company.sessions.begin() as session:
        stock.release(session, "order:O-2#1", now=company.clock())

    with company.sessions() as session:
        rows = queries.order_list(session).rows

    assert [(one.reference, one.is_short) for one in rows] == [("O-1", False), ("O-2", True)]
    assert [line.is_short for line in order(company, "O-2").lines] == [True]


def test_an_order_tells_its_lines_its_stop_and_its_life(company: Company):
    company.order("O-1", out(company.laptop), window=LATE, note="ring twice")
    company.plan()
    publish(company)

    told = order(company, "O-1")

    assert (told.state, told.site_code, told.zone, told.note, told.wanted_van) == (
        "planned", "NCE", "Europe/Paris", "ring twice", "",
    )  # fmt: skip
    assert [(line.sku, line.name, line.state, line.is_short) for line in told.lines] == [
        ("LAP", "Laptop 14", "planned", False)
    ]
    assert (told.tour.van, told.tour.sequence, told.tour.day, told.tour.tour_state) == ("V1", 1, TOMORROW, "published")
    assert told.tour.arrival.utcoffset() == timedelta(hours=1)
    assert [event.kind for event in told.events] == [
        "signalled", "acknowledged", "reserved", "planned", "promised", "published",
    ]  # fmt: skip
    promised = next(event for event in told.events if event.kind == "promised")
    assert promised.sentence("en") == "14:00–16:00"
    assert next(event for event in told.events if event.kind == "planned").sentence("en").startswith("With V1 at 14:")
    assert (told.unserved, told.is_confirmed) == (None, False)


def test_an_unserved_order_says_why(company: Company):
    company.order("O-1", where=None)
    company.order("O-2")
    company.plan()

    told = order(company, "O-1")

    assert (told.tour, told.unserved.code) == (None, "not-located")
    assert told.unserved.sentence("fr") != told.unserved.sentence("en")


@pytest.mark.parametrize(
    ("kind", "facts", "sentence"),
    [
        ("reserved", {"site": "NCE"}, "At NCE."),
        ("reserved", {}, ""),
        ("short", {"sku": "LAP", "wanted": 2, "free": 1, "site": "NCE"}, "NCE has 1 × LAP free; 2 are needed."),
        ("failed", {"reason": "absent"}, "nobody at home"),
        ("failed", {"reason": "eclipse"}, ""),
        ("amended", {"changed": ["day", "note"], "day": "2026-11-26"}, "day, note for the courier"),
        ("cancelled", {"reason": "solved by phone"}, "solved by phone"),
        ("reopened", {"day": "2026-11-26"}, "For 26 Nov 2026."),
        ("planned", {}, ""),
        ("promised", {}, ""),
        ("done", {"stop": 1}, ""),
    ],
)
def test_an_event_says_what_matters(kind, facts, sentence):
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert queries.EventView(kind, noon, noon, "cora", facts).sentence("en") == sentence


def test_events_stand_in_the_order_they_happened(company: Company):
    made = company.order("O-1")
    with company.sessions.begin() as session:
        early = company.clock() - timedelta(days=1)
        session.add(
            OrderEvent(
                order_id=made.id, kind="confirmed", occurred_at=early, recorded_at=company.clock(), actor="a", facts={}
            )
        )

    told = order(company, "O-1")

    assert told.events[0].kind == "confirmed"
    assert told.is_confirmed
    assert told.window_start == time(8)


def test_an_unknown_order_is_told(company: Company):
    with pytest.raises(UnknownRecord):
        order(company, "O-404")
