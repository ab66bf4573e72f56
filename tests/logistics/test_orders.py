"""Orders: placed with their pieces or short, changed, called off; every deed leaves a dated fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from inventory import stock
from inventory.models import Holder, Reservation, Site
from logistics import orders
from logistics.errors import AlreadyExists, InvalidRequest, UnknownRecord, WrongState
from logistics.models import Job, Order, OrderEvent, OrderLine
from logistics.orders import AssetNotHeld, EmployeeLeft, LineRequest, OrderChanged, OrderRequest
from logistics.settings import Settings
from tests.builders import (
    ANTIBES,
    a_laptop,
    a_piece,
    a_product,
    a_shelf,
    a_site,
    an_employee,
    pieces,
    received,
    someone_at_home,
)
from tests.fakes import MORNING, FakeRoads
from tests.logistics.builders import TOMORROW, a_van

SETTINGS = Settings(home=Path("/nowhere"), database_url="sqlite://")
LATER = MORNING + timedelta(hours=1)


class House:
    """Two sites, Nice and Antibes; an employee in Cagnes, who is nearer to Antibes; mice at both."""

    def __init__(self, session):
        self.session = session
        self.nice = a_site(session, "NCE")
        self.antibes = a_site(session, "ATB", lat=ANTIBES[0], lon=ANTIBES[1])
        self.mouse = a_product(session, "MOUSE")
        self.ana = someone_at_home(session, "E1")
        self.shelf_nice = a_shelf(session, on_hand=10, product=self.mouse, site=self.nice)
        self.shelf_antibes = a_shelf(session, on_hand=3, product=self.mouse, site=self.antibes)

    def request(self, *lines: LineRequest, **facts) -> OrderRequest:
        usual = {
            "kind": "issue", "employee_number": "E1", "day": TOMORROW, "window_start": time(9), "window_end": time(12),
            "lines": lines or (LineRequest("out", "MOUSE", 2),),
        }  # fmt: skip
        return OrderRequest(**(usual | facts))

    def place(self, *lines: LineRequest, now=MORNING, roads=None, **facts) -> Order:
        return orders.place(
            self.session, self.request(*lines, **facts), roads=roads or FakeRoads(), now=now, actor="agent",
            settings=SETTINGS,
        )  # fmt: skip

    def free(self) -> tuple[int, int]:
        return tuple(stock.free(self.session, **shelf) for shelf in (self.shelf_nice, self.shelf_antibes))

    def events(self, order: Order) -> list[str]:
        wanted = select(OrderEvent.kind).where(OrderEvent.order_id == order.id).order_by(OrderEvent.id)
        return list(self.session.scalars(wanted))

    def last(self, order: Order) -> OrderEvent:
        wanted = select(OrderEvent).where(OrderEvent.order_id == order.id).order_by(OrderEvent.id.desc()).limit(1)
        return self.session.scalars(wanted).one()

    def site_of(self, order: Order) -> str | None:
        return self.session.scalar(select(Site.code).where(Site.id == order.site_id))

    def jobs(self, order: Order) -> list[tuple[str, str]]:
        wanted = select(Job.kind, Job.state).where(Job.order_id == order.id).order_by(Job.id)
        return [tuple(row) for row in self.session.execute(wanted)]

    def holder(self, number: str) -> Holder:
        return stock.holder(self.session, "employee", number)


@pytest.fixture
def house(session) -> House:
    return House(session)


# --- placing ----------------------------------------------------------------------------------------------------------


def test_an_order_is_promised_at_the_nearest_site_that_has_everything(house):
    made = house.place()

    assert house.site_of(made) == "ATB"
    assert house.free() == (10, 1)
    assert house.events(made) == ["signalled", "acknowledged", "reserved"]
    assert house.jobs(made) == [("delivery", "open")]
    assert made.reference == f"O-{made.id:06d}"


def test_a_nearer_site_that_lacks_a_piece_is_passed_over(house):
    made = house.place(LineRequest("out", "MOUSE", 2), LineRequest("out", "MOUSE", 2))

    assert house.site_of(made) == "NCE"
    assert house.free() == (6, 3)


def test_a_closed_site_serves_nobody(house):
    house.antibes.is_open = False
    house.session.flush()

    made = house.place()

    assert house.site_of(made) == "NCE"


def test_an_order_that_no_site_can_fill_is_placed_short_and_promises_nothing(house):
    made = house.place(LineRequest("out", "MOUSE", 11))

    assert house.site_of(made) == "ATB"
    assert house.free() == (10, 3)
    assert house.events(made) == ["signalled", "acknowledged", "short"]
    assert house.last(made).facts == {"sku": "MOUSE", "wanted": 11, "free": 3, "site": "ATB"}


def test_a_shortage_counts_the_lines_of_a_product_together(house):
    made = house.place(LineRequest("out", "MOUSE", 6), LineRequest("out", "MOUSE", 6))

    assert house.free() == (10, 3)
    assert house.last(made).facts == {"sku": "MOUSE", "wanted": 12, "free": 3, "site": "ATB"}


def test_without_an_open_site_an_order_is_taken_all_the_same(house):
    house.nice.is_open = house.antibes.is_open = False
    house.session.flush()

    made = house.place()

    assert (made.site_id, made.state) == (None, "open")
    assert house.last(made).facts == {"sku": "MOUSE", "wanted": 2, "free": 0, "site": ""}


def test_a_home_off_the_road_network_still_gets_the_site_nearest_in_a_straight_line(house):
    made = house.place(roads=FakeRoads(nowhere=[(43.6637, 7.1489)]))

    assert house.site_of(made) == "ATB"


def test_an_employee_without_an_address_is_served_by_the_first_site_that_has_everything(house):
    an_employee(house.session, "E2")

    made = house.place(LineRequest("out", "MOUSE", 5), employee_number="E2")

    assert house.site_of(made) == "NCE"


def test_the_clock_starts_when_the_need_was_told(house):
    told = MORNING - timedelta(hours=5)

    made = house.place(signalled_at=told, severity="stopped", priority=3)

    first = house.session.scalars(select(OrderEvent).where(OrderEvent.order_id == made.id)).first()
    assert (first.kind, first.occurred_at, first.recorded_at) == ("signalled", told, MORNING)
    assert first.facts == {"severity": "stopped", "priority": 3}


def test_references_are_drawn_past_those_that_are_taken(house):
    taken = house.place(reference="O-000002")
    second = house.place(LineRequest("out", "MOUSE", 1))

    assert (taken.id, second.reference) == (1, "O-000003")


def test_a_reference_is_given_once(house):
    house.place(reference="R-1")

    with pytest.raises(AlreadyExists) as refusal:
        house.place(reference="R-1")

    assert (refusal.value.kind, refusal.value.key) == ("order", "R-1")


def test_a_swap_brings_and_fetches(house):
    laptop = a_laptop(house.session, "LAP")
    received(house.session, a_product(house.session, "DOCK"), 1, site=house.nice)
    pieces(house.session, laptop, 1, site=house.nice)
    old = a_piece(house.session, laptop, who=house.holder("E1"))

    made = house.place(LineRequest("out", "LAP"), LineRequest("back", "LAP", asset_tag=old.asset_tag), kind="swap")

    assert house.jobs(made) == [("swap", "open")]
    lines = house.session.execute(
        select(OrderLine.number, OrderLine.direction, OrderLine.asset_id).where(OrderLine.order_id == made.id)
    )
    assert [tuple(line) for line in lines] == [(1, "out", None), (2, "back", old.id)]


def test_a_return_promises_nothing_and_waits_for_the_nearest_site(house):
    laptop = a_laptop(house.session, "LAP")
    old = a_piece(house.session, laptop, who=house.holder("E1"))

    made = house.place(LineRequest("back", "LAP", asset_tag=old.asset_tag), kind="return")

    assert house.jobs(made) == [("pickup", "open")]
    assert (house.site_of(made), house.events(made)) == ("ATB", ["signalled", "acknowledged"])


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"employee_number": "E404"}, "employee_number"),
        ({"lines": (LineRequest("out", "NONE"),)}, "sku"),
        ({"day": date(2026, 11, 23)}, "day"),
        ({"signalled_at": MORNING + timedelta(minutes=1)}, "signalled_at"),
        ({"kind": "return", "lines": (LineRequest("back", "LAP"),)}, "asset_tag"),
        ({"kind": "return", "lines": (LineRequest("back", "LAP", asset_tag="T-none"),)}, "asset_tag"),
        ({"kind": "return", "lines": (LineRequest("back", "MOUSE", asset_tag="OLD"),)}, "asset_tag"),
        ({"kind": "return", "lines": (LineRequest("back", "LAP2", asset_tag="OLD"),)}, "asset_tag"),
    ],
)
def test_a_request_that_cannot_be_names_the_field_and_writes_nothing(house, facts, field):
    laptop = a_laptop(house.session, "LAP")
    a_laptop(house.session, "LAP2")
    a_piece(house.session, laptop, who=house.holder("E1"), tag="OLD")

    with pytest.raises(InvalidRequest) as refusal:
        house.place(**facts)

    assert refusal.value.field == field
    assert house.free() == (10, 3)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"window_end": time(9)}, "window_end"),
        ({"priority": 4}, "priority"),
        ({"kind": "gift"}, "kind"),
        ({"kind": "swap"}, "lines"),
        ({"kind": "return"}, "lines"),
        ({"lines": ()}, "lines"),
        ({"reference": "R#1"}, "reference"),
        ({"reference": ""}, "reference"),
        ({"note": "x" * 401}, "note"),
        ({"signalled_at": MORNING.replace(tzinfo=None)}, "signalled_at"),
        ({"lines": (LineRequest("back", "A", asset_tag="T"),) * 2, "kind": "return"}, "asset_tag"),
    ],
)
def test_a_request_cannot_be_made_wrong(facts, field):
    usual = {
        "kind": "issue", "employee_number": "E1", "lines": (LineRequest("out", "MOUSE"),), "day": TOMORROW,
        "window_start": time(9), "window_end": time(12),
    }  # fmt: skip

    with pytest.raises(InvalidRequest) as refusal:
        OrderRequest(**(usual | facts))

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"direction": "up"}, "direction"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 10_001}, "quantity"),
        ({"asset_tag": "T1"}, "asset_tag"),
        ({"direction": "back", "asset_tag": "T1", "quantity": 2}, "quantity"),
    ],
)
def test_a_line_cannot_be_made_wrong(line, field):
    with pytest.raises(InvalidRequest) as refusal:
        LineRequest(**({"direction": "out", "sku": "A"} | line))

    assert refusal.value.field == field


def test_only_what_the_employee_has_is_fetched(house):
    other = someone_at_home(house.session, "E2")
    a_piece(house.session, a_laptop(house.session, "LAP"), who=house.holder(other.number), tag="T1")

    with pytest.raises(AssetNotHeld) as refusal:
        house.place(LineRequest("back", "LAP", asset_tag="T1"), kind="return")

    assert refusal.value.code == "asset-not-held"
    assert refusal.value.facts == {"asset": "T1", "employee": "E1"}


def test_a_piece_is_fetched_by_one_order_alone(house):
    a_piece(house.session, a_laptop(house.session, "LAP"), who=house.holder("E1"), tag="T1")
    first = house.place(LineRequest("back", "LAP", asset_tag="T1"), kind="return")

    with pytest.raises(InvalidRequest) as refusal:
        house.place(LineRequest("back", "LAP", asset_tag="T1"), kind="return")

    assert refusal.value.facts["order"] == first.reference
    orders.cancel(house.session, first.reference, now=LATER, actor="agent")
    house.place(LineRequest("back", "LAP", asset_tag="T1"), kind="return")


def test_counted_pieces_are_fetched_up_to_what_is_there(house):
    stock.open_stock(house.session, site_code="NCE", sku="MOUSE", quantity=10, now=MORNING, actor="test")
    shelf, home = stock.holder(house.session, "site", "NCE"), house.holder("E1")
    stock.move(
        house.session, product_id=house.mouse.id, quantity=3, source=shelf, target=home, cause="test", key="k",
        occurred_at=MORNING, now=MORNING, actor="test",
    )  # fmt: skip
    house.place(LineRequest("back", "MOUSE", 2), kind="return")

    with pytest.raises(AssetNotHeld) as refusal:
        house.place(LineRequest("back", "MOUSE", 2), kind="return")

    assert refusal.value.facts == {"sku": "MOUSE", "held": 1, "wanted": 2}


def test_who_has_left_gets_nothing_but_may_give_back(house):
    house.ana.end_date = MORNING.date()
    house.session.flush()
    a_piece(house.session, a_laptop(house.session, "LAP"), who=house.holder("E1"), tag="T1")

    with pytest.raises(EmployeeLeft) as refusal:
        house.place()
    given_back = house.place(LineRequest("back", "LAP", asset_tag="T1"), kind="return")

    assert refusal.value.code == "employee-left"
    assert given_back.state == "open"


def test_today_is_told_by_the_clock_of_the_site(house):
    near_midnight = MORNING.replace(hour=23, minute=30)

    with pytest.raises(InvalidRequest):
        house.place(day=near_midnight.date(), now=near_midnight)


# --- changing ---------------------------------------------------------------------------------------------------------


def amend(house: House, order: Order, version: int | None = None, **changes) -> Order:
    return orders.amend(
        house.session, order.reference, changes, expected_version=order.version if version is None else version,
        now=LATER, actor="cora",
    )  # fmt: skip


def test_a_change_is_dated_and_keeps_the_note_out_of_the_events(house):
    made = house.place()

    amend(house, made, day=TOMORROW + timedelta(days=1), window_end=time(13), note="code 1234")

    assert (made.day, made.window_end, made.note) == (TOMORROW + timedelta(days=1), time(13), "code 1234")
    assert house.last(made).kind == "amended"
    assert house.last(made).facts == {
        "changed": ["day", "note", "window_end"], "day": "2026-11-26", "window_end": "13:00",
    }  # fmt: skip


def test_a_change_to_an_order_that_was_changed_meanwhile_is_refused(house):
    made = house.place()
    seen = made.version
    amend(house, made, priority=2)

    with pytest.raises(OrderChanged) as refusal:
        amend(house, made, seen, priority=3)

    assert (refusal.value.expected, refusal.value.found) == (seen, made.version)
    assert made.priority == 2


def test_a_change_of_nothing_leaves_no_fact(house):
    made = house.place()

    amend(house, made, priority=1, note="")

    assert house.events(made)[-1] == "reserved"


@pytest.mark.parametrize(
    "changes",
    [{"kind": "swap"}, {"window_end": time(8)}, {"priority": 0}, {"day": date(2026, 11, 23)}, {"note": "x" * 401}],
)
def test_a_change_that_cannot_be_is_refused(house, changes):
    made = house.place()

    with pytest.raises(InvalidRequest):
        amend(house, made, **changes)

    assert house.events(made)[-1] == "reserved"


def test_other_lines_free_the_former_pieces_and_promise_the_new(house):
    made = house.place()

    amend(house, made, lines=(LineRequest("out", "MOUSE", 3),))

    assert house.free() == (10, 0)
    states = house.session.execute(
        select(OrderLine.number, OrderLine.quantity, OrderLine.state).where(OrderLine.order_id == made.id)
    )
    assert sorted(tuple(line) for line in states) == [(1, 2, "cancelled"), (2, 3, "open")]
    assert house.events(made)[-2:] == ["amended", "reserved"]


def test_other_lines_beyond_the_stock_leave_the_order_short(house):
    made = house.place()

    amend(house, made, lines=(LineRequest("out", "MOUSE", 4),))

    assert house.free() == (10, 3)
    assert house.events(made)[-2:] == ["amended", "short"]


@pytest.mark.parametrize("state", ["underway", "done", "cancelled"])
def test_an_order_on_its_way_or_over_is_not_changed(house, state):
    made = house.place()
    made.state = state
    house.session.flush()

    with pytest.raises(WrongState):
        amend(house, made, priority=2)


def test_the_lines_of_an_order_on_a_published_tour_stay(house):
    made = house.place()
    made.state = "planned"
    house.session.flush()

    with pytest.raises(WrongState):
        amend(house, made, lines=(LineRequest("out", "MOUSE", 1),))

    assert amend(house, made, window_end=time(14)).window_end == time(14)


# --- calling off ------------------------------------------------------------------------------------------------------


def test_a_cancelled_order_gives_its_pieces_back(house):
    made = house.place()

    orders.cancel(house.session, made.reference, now=LATER, actor="agent", reason="solved by phone")

    assert (made.state, house.free(), house.jobs(made)) == ("cancelled", (10, 3), [("delivery", "cancelled")])
    assert set(house.session.scalars(select(OrderLine.state))) == {"cancelled"}
    assert house.last(made).facts == {"reason": "solved by phone"}


def test_cancelling_twice_is_cancelling_once(house):
    made = house.place()

    first = orders.cancel(house.session, made.reference, now=LATER, actor="agent")
    again = orders.cancel(house.session, made.reference, now=LATER, actor="agent")

    assert first is again
    assert house.events(made).count("cancelled") == 1


def test_an_order_of_a_published_tour_can_still_be_cancelled(house):
    made = house.place()
    made.state = "planned"
    for row in (*house.session.scalars(select(Job)), *house.session.scalars(select(OrderLine))):
        row.state = "planned"
    house.session.flush()

    orders.cancel(house.session, made.reference, now=LATER, actor="agent")

    assert (made.state, house.free(), house.jobs(made)) == ("cancelled", (10, 3), [("delivery", "cancelled")])


def test_an_order_underway_cannot_be_cancelled(house):
    made = house.place()
    made.state = "underway"
    house.session.flush()

    with pytest.raises(WrongState):
        orders.cancel(house.session, made.reference, now=LATER, actor="agent")

    assert house.free() == (10, 1)


def test_an_unknown_order_is_told(session):
    with pytest.raises(UnknownRecord):
        orders.cancel(session, "O-404", now=LATER, actor="agent")


# --- trying again -----------------------------------------------------------------------------------------------------


def retry(house: House, day: date = TOMORROW, roads: FakeRoads | None = None) -> tuple[str, ...]:
    return orders.retry_reservations(house.session, day, roads=roads or FakeRoads(), now=LATER)


def test_a_short_order_gets_its_pieces_once_they_are_there(house):
    made = house.place(LineRequest("out", "MOUSE", 11))
    before = retry(house)
    received(house.session, house.mouse, 1, site=house.nice)

    mended = retry(house)

    assert (before, mended) == ((), (made.reference,))
    assert (house.site_of(made), house.free()) == ("NCE", (0, 3))
    assert house.events(made) == ["signalled", "acknowledged", "short", "reserved"]


def test_an_order_that_has_its_pieces_is_left_alone(house):
    made = house.place()

    assert retry(house) == ()
    assert house.events(made)[-1] == "reserved"
    assert house.session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_the_urgent_order_gets_the_last_pieces(house):
    calm = house.place(LineRequest("out", "MOUSE", 11))
    urgent = house.place(LineRequest("out", "MOUSE", 11), priority=3, now=LATER)
    received(house.session, house.mouse, 1, site=house.nice)

    assert retry(house) == (urgent.reference,)
    assert house.events(calm)[-1] == "short"


def test_an_order_of_a_later_day_waits(house):
    house.place(LineRequest("out", "MOUSE", 11), day=TOMORROW + timedelta(days=1))
    received(house.session, house.mouse, 1, site=house.nice)

    assert retry(house) == ()


def test_when_its_site_closes_an_order_moves_to_another_that_has_everything(house):
    made = house.place()
    house.antibes.is_open = False
    house.session.flush()

    assert retry(house) == (made.reference,)
    assert (house.site_of(made), house.free()) == ("NCE", (8, 3))


def test_when_its_site_closes_and_no_other_has_everything_the_promise_stays(house):
    made = house.place(LineRequest("out", "MOUSE", 3))
    house.place(LineRequest("out", "MOUSE", 8))
    house.antibes.is_open = False
    house.session.flush()

    assert retry(house) == ()
    assert (house.site_of(made), house.free()) == ("ATB", (2, 0))


# --- a coordinator's corrections --------------------------------------------------------------------------------------


def test_leaving_out_is_said_once(house):
    made = house.place()

    for _ in range(2):
        orders.leave_out(house.session, made.reference, True, now=LATER, actor="cora")

    assert made.left_out
    assert house.events(made).count("amended") == 1


def test_an_order_given_to_a_van_of_another_site_takes_its_pieces_there(house):
    a_van(house.session, house.nice, "V1")
    made = house.place()

    orders.give_to_van(house.session, made.reference, "V1", now=LATER, actor="cora")

    assert (house.site_of(made), house.free()) == ("NCE", (8, 3))
    assert house.events(made)[-2:] == ["reserved", "amended"]


def test_a_van_whose_site_lacks_the_pieces_is_refused_and_nothing_moves(house):
    a_van(house.session, house.antibes, "V2")
    made = house.place(LineRequest("out", "MOUSE", 5))

    with pytest.raises(InvalidRequest) as refusal:
        orders.give_to_van(house.session, made.reference, "V2", now=LATER, actor="cora")

    assert refusal.value.facts == {"van": "V2", "site": "ATB"}
    assert (house.site_of(made), house.free(), made.wanted_van_id) == ("NCE", (5, 3), None)


def test_a_wanted_van_can_be_taken_back(house):
    van = a_van(house.session, house.antibes, "V2")
    made = house.place()
    orders.give_to_van(house.session, made.reference, "V2", now=LATER, actor="cora")
    given = made.wanted_van_id

    orders.give_to_van(house.session, made.reference, None, now=LATER, actor="cora")

    assert (given, made.wanted_van_id) == (van.id, None)


def test_a_van_out_of_service_gets_nothing(house):
    a_van(house.session, house.antibes, "V2", is_active=False)
    made = house.place()

    with pytest.raises(InvalidRequest):
        orders.give_to_van(house.session, made.reference, "V2", now=LATER, actor="cora")


def test_that_somebody_works_again_is_noted_once_and_only_after_delivery(house):
    made = house.place()
    with pytest.raises(WrongState):
        orders.confirm_working(house.session, made.reference, now=LATER, actor="agent")
    made.state = "done"
    house.session.flush()

    for _ in range(2):
        orders.confirm_working(house.session, made.reference, now=LATER, actor="agent", occurred_at=MORNING)

    assert house.events(made).count("confirmed") == 1
    assert (house.last(made).occurred_at, house.last(made).recorded_at) == (MORNING, LATER)


def test_a_request_can_be_varied_but_not_made_wrong():
    usual = OrderRequest(
        kind="issue", employee_number="E1", lines=(LineRequest("out", "A"),), day=TOMORROW, window_start=time(9),
        window_end=time(12),
    )  # fmt: skip

    with pytest.raises(InvalidRequest):
        replace(usual, priority=9)
