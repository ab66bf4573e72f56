"""On the road: what a courier tells moves stock, orders and tour together, once."""

from __future__ import annotations

import copy
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from inventory import stock
from inventory.errors import NotHeld
from inventory.models import Asset, Balance, Holder, Movement, Reservation
from logistics import execution, picking
from logistics.errors import EventContradicts, InvalidRequest, NotAllowed, UnknownRecord, WrongState
from logistics.models import Job, OrderEvent, StopEvent, User
from logistics.verify import verify
from tests.builders import a_piece, a_product, someone_at_home
from tests.fakes import MORNING
from tests.logistics.builders import a_draft, a_tour, a_van, an_order, back, lines_of, out, stops_of
from tests.logistics.test_dispatch import Scene

AT = MORNING + timedelta(days=1, hours=1)


class Day(Scene):
    """The scene of publishing plus a swap for Cleo and a return by Dan, published."""

    def __init__(self, session):
        super().__init__(session)
        self.plan.status, self.tour.state = "discarded", "withdrawn"
        self.cleo, self.dan = someone_at_home(session, "E3"), someone_at_home(session, "E4")
        self.old = a_piece(session, self.laptop, who=stock.holder(session, "employee", "E3"), tag="OLD-1")
        self.spare = a_piece(session, self.laptop, who=stock.holder(session, "employee", "E4"), tag="OLD-2")
        self.swap = an_order(session, self.cleo, self.site, out(self.laptop), back(self.laptop, 1, self.old))
        self.dock = a_product(session)
        self.back = an_order(session, self.dan, self.site, back(self.laptop, 1, self.spare), back(self.dock, 2))
        self.van = a_van(session, self.site, "V7")
        self.orders = [self.first, self.second, self.swap, self.back]
        self.tour = a_tour(session, self.van, self.orders)
        self.plan = a_draft(session, self.tour)
        self.publish()
        self.stops = stops_of(session, self.tour)
        self.told = 0

    def afresh(self):
        """The same day for another test: nothing told yet."""
        made = copy.copy(self)
        made.told, made.stops = 0, list(self.stops)
        return made

    def say(self, kind, stop=None, facts=None, *, event=None, at=AT, courier_id=None, now=AT):
        self.told += 1
        one = execution.StopEventIn(
            id=event or f"phone-{self.told}", kind=kind, tour_id=self.tour.id,
            stop_id=None if stop is None else self.stops[stop].id, occurred_at=at, facts=facts or {},
        )  # fmt: skip
        return execution.record(self.session, one, now=now, actor="courier:7", courier_id=courier_id)

    def has(self, kind, key):
        """What the holder has: tags, and (sku, quantity) of what is counted."""
        holder = stock.holder(self.session, kind, key)
        tags = self.session.scalars(select(Asset.asset_tag).where(Asset.holder_id == holder.id)).all()
        counted = self.session.execute(
            select(Balance.product_id, Balance.on_hand).where(
                Balance.holder_id == holder.id, Balance.on_hand != 0, Balance.product_id != self.laptop.id
            )
        ).all()
        return sorted(tags), sorted(tuple(row) for row in counted)

    def tag_of(self, order):
        line = lines_of(self.session, order)[0]
        return next(
            self.session.get(Asset, pick.asset_id).asset_tag for pick in self.picks() if pick.order_line_id == line.id
        )


@pytest.fixture(scope="module")
def written(shared_sessions):
    """The day, written once for all tests of this module."""
    with shared_sessions.begin() as session:
        yield Day(session)
        session.rollback()


@pytest.fixture
def session(written, undone):
    with undone(written.session) as opened:
        yield opened


@pytest.fixture
def day(written, session):
    return written.afresh()


@pytest.fixture
def road(day):
    """The day with its tour on the road."""
    day.say("started")
    return day


def test_starting_loads_everything_picked_and_sends_the_orders_on_their_way(day, session):
    told = day.say("started")

    assert len(told.result["loaded"]) == 5
    tags, counted = day.has("vehicle", "V7")
    assert len(tags) == 4
    assert counted == [(day.mouse.id, 3)]
    assert day.tour.state == "departed"
    assert [day.states(order)[:2] for order in day.orders] == [("underway", "underway")] * 4
    assert day.states(day.swap)[2] == ["out", "out"]
    assert all(day.events(order)[-1] == "departed" for order in day.orders)
    assert session.scalars(select(Reservation.state).distinct()).all() == ["fulfilled"]
    assert {pick.state for pick in day.picks()} == {"loaded"}


def test_what_the_warehouse_missed_stays_and_its_promise_ends(day, session):
    missing = next(pick for pick in day.picks() if pick.asset_id is None)
    picking.mark(session, missing.id, "missing", now=AT, actor="wim")

    told = day.say("started")

    assert told.result["missing"] == [missing.id]
    assert day.has("vehicle", "V7")[1] == []
    assert session.get(Reservation, missing.reservation_id).state == "released"
    assert day.states(day.first)[0] == "underway"


def test_an_order_that_lost_all_it_was_to_bring_does_not_leave(day, session):
    loaded = [pick.id for pick in day.picks() if pick.stop_id != day.stops[1].id]

    told = day.say("started", facts={"loaded": loaded})

    assert told.result["failed_stops"] == [day.stops[1].id]
    assert (day.stops[1].state, day.stops[1].failure) == ("failed", "missing-item")
    assert day.states(day.second) == ("open", "open", ["open"])
    assert day.events(day.second)[-3:] == ["departed", "failed", "reopened"]
    assert stock.promises(session, "order:O-2#1") == ()


def test_an_order_cancelled_after_publication_stays_on_the_shelf(day, session):
    job = session.scalars(select(Job).where(Job.order_id == day.second.id)).one()
    line = lines_of(session, day.second)[0]
    stock.release(session, "order:O-2#1", now=AT)
    day.second.state = job.state = line.state = "cancelled"
    session.flush()

    told = day.say("started")

    assert told.result["failed_stops"] == [day.stops[1].id]
    assert day.stops[1].failure == "cancelled"
    assert len(day.has("vehicle", "V7")[0]) == 2
    assert day.states(day.second)[0] == "cancelled"


def test_a_line_of_another_tour_cannot_be_loaded(day):
    with pytest.raises(InvalidRequest):
        day.say("started", facts={"loaded": [10_000]})


def test_a_delivery_moves_from_the_van_to_the_employee_and_closes_the_order(road, session):
    tag = road.tag_of(road.first)

    road.say("arrived", 0)
    told = road.say("done", 0, {"confirmed_working": True, "recipient": "neighbour"})

    assert road.has("employee", "E1") == ([tag], [(road.mouse.id, 3)])
    assert road.states(road.first) == ("done", "done", ["done", "done"])
    assert road.events(road.first)[-3:] == ["arrived", "done", "confirmed"]
    assert [one["quantity"] for one in told.result["given"]] == [1, 3]
    assert session.get(Asset, lines_of(session, road.first)[0].asset_id).asset_tag == tag
    assert road.stops[0].state == "done"
    done = session.scalars(select(OrderEvent).where(OrderEvent.kind == "done")).one()
    assert (done.facts["recipient"], done.occurred_at, done.recorded_at) == ("neighbour", AT, AT)


def test_a_swap_gives_one_and_takes_the_other(road):
    road.say("done", 2)

    assert road.has("employee", "E3")[0] == [road.tag_of(road.swap)]
    assert "OLD-1" in road.has("vehicle", "V7")[0]
    assert road.states(road.swap) == ("done", "done", ["done", "done"])


def test_counted_things_our_books_knew_nothing_of_are_found_at_the_door(road, session):
    road.say("done", 3)

    assert road.has("vehicle", "V7")[1] == [(road.mouse.id, 3), (road.dock.id, 2)]
    assert road.has("employee", "E4") == ([], [])
    assert road.has("difference", "door")[1] == [(road.dock.id, -2)]


def test_what_is_not_given_of_a_line_becomes_a_line_of_its_own_and_waits(road, session):
    lines = lines_of(session, road.first)

    told = road.say("done", 0, {"given": [lines[0].id, {"line": lines[1].id, "quantity": 1}]})

    assert told.result["reopened"] == ["O-1"]
    found = [(line.number, line.quantity, line.state) for line in lines_of(session, road.first)]
    assert found == [(1, 1, "done"), (2, 1, "done"), (3, 2, "open")]
    assert road.states(road.first)[:2] == ("open", "open")
    assert road.first.day == date(2026, 11, 26)
    assert session.scalars(select(Job.attempt).where(Job.order_id == road.first.id)).all() == [1, 2]
    assert "done" not in road.events(road.first)
    assert road.has("vehicle", "V7")[1] == [(road.mouse.id, 2)]


def test_one_of_two_exact_pieces_is_given_by_its_tag(road, session):
    line = lines_of(session, road.second)[0]
    tags = sorted(session.get(Asset, pick.asset_id).asset_tag for pick in road.picks() if pick.order_line_id == line.id)

    road.say("done", 1, {"given": [{"line": line.id, "asset_tag": tags[1]}]})

    assert road.has("employee", "E2")[0] == [tags[1]]
    assert tags[0] in road.has("vehicle", "V7")[0]
    assert [(one.quantity, one.state) for one in lines_of(session, road.second)] == [(1, "done"), (1, "open")]


def test_a_piece_not_given_back_is_fetched_another_day(road, session):
    line_out = lines_of(session, road.swap)[0]

    told = road.say("done", 2, {"given": [line_out.id], "taken": []})

    assert told.result["reopened"] == [road.swap.reference]
    assert road.states(road.swap) == ("open", "open", ["done", "open"])
    newest = session.scalars(select(Job).where(Job.order_id == road.swap.id, Job.attempt == 2)).one()
    assert newest.kind == "pickup"
    assert road.has("employee", "E3")[0] == sorted(["OLD-1", road.tag_of(road.swap)])


def test_another_piece_taken_than_expected_is_booked_as_what_it_is(road, session):
    other = a_piece(session, road.laptop, who=stock.holder(session, "employee", "E4"), tag="OLD-9")
    line = lines_of(session, road.back)[0]

    road.say("done", 3, {"taken": [{"line": line.id, "asset_tag": "OLD-9"}]})

    assert road.has("employee", "E4")[0] == ["OLD-2"]
    assert lines_of(session, road.back)[0].asset_id == other.id


def test_a_piece_the_employee_does_not_have_cannot_be_taken(road, session):
    line = lines_of(session, road.back)[0]

    with pytest.raises(NotHeld), session.begin_nested():
        road.say("done", 3, {"taken": [{"line": line.id, "asset_tag": "OLD-1"}]})

    session.expire_all()
    assert road.stops[3].state == "planned"
    assert session.scalars(select(StopEvent.kind)).all() == ["started"]


@pytest.mark.parametrize(
    "facts",
    [
        {"given": [], "taken": []},
        {"given": "all"},
        {"given": [{"quantity": 1}]},
        {"given": [{"line": True}]},
        {"recipient": "the cat"},
    ],
)
def test_facts_that_cannot_be_are_refused(road, session, facts):
    with pytest.raises(InvalidRequest), session.begin_nested():
        road.say("done", 0, facts)


def test_more_than_is_aboard_cannot_be_given(road, session):
    line = lines_of(session, road.first)[1]

    with pytest.raises(InvalidRequest), session.begin_nested():
        road.say("done", 0, {"given": [{"line": line.id, "quantity": 4}]})


def test_a_line_of_another_stop_cannot_be_given(road, session):
    line = lines_of(session, road.second)[0]

    with pytest.raises(UnknownRecord), session.begin_nested():
        road.say("done", 0, {"given": [line.id]})


def test_a_failed_stop_reopens_its_order_for_the_next_working_day(road, session):
    told = road.say("failed", 0, {"reason": "absent"})

    assert told.result == {"reason": "absent", "reopened": ["O-1"]}
    assert (road.stops[0].state, road.stops[0].failure) == ("failed", "absent")
    assert road.states(road.first) == ("open", "open", ["open", "open"])
    assert road.first.day == date(2026, 11, 26)
    assert road.events(road.first)[-2:] == ["failed", "reopened"]
    assert road.has("vehicle", "V7")[1] == [(road.mouse.id, 3)]


def test_after_a_friday_comes_monday(day, session):
    session.refresh(day.tour)
    day.tour.day = date(2026, 11, 27)
    session.flush()
    day.say("started")

    day.say("failed", 0, {"reason": "absent"})

    assert day.first.day == date(2026, 11, 30)


def test_a_failure_needs_a_known_reason(road, session):
    with pytest.raises(InvalidRequest):
        road.say("failed", 0, {"reason": "rain"})


def closed(road):
    road.say("done", 0)
    road.say("failed", 1, {"reason": "refused"})
    road.say("done", 2)
    road.say("done", 3)
    return road


def test_ending_brings_back_what_is_in_the_van_and_keeps_data_off_the_shelf(road, session):
    closed(road)
    before = len(road.has("site", "NCE")[0])

    told = road.say("ended")

    assert told.result["differences"] == []
    assert road.has("vehicle", "V7") == ([], [])
    assert road.has("quarantine", "NCE")[0] == ["OLD-1", "OLD-2"]
    assert len(road.has("site", "NCE")[0]) == before + 2
    assert session.scalars(select(Asset.data_state).where(Asset.asset_tag == "OLD-1")).one() == "wipe-due"
    assert road.tour.state == "ended"
    assert {pick.state for pick in road.picks()} == {"given", "returned"}


def test_what_was_not_counted_stays_with_the_vehicle_and_is_listed(road):
    closed(road)

    told = road.say("ended", facts={"counted": [{"asset_tag": "OLD-1"}, {"sku": road.mouse.sku, "quantity": 1}]})

    assert {"asset_tag": "OLD-2", "kind": "missing"} in told.result["differences"]
    assert {"sku": road.mouse.sku, "quantity": 1, "kind": "surplus"} in told.result["differences"]
    assert "OLD-2" in road.has("vehicle", "V7")[0]
    assert road.has("quarantine", "NCE")[0] == ["OLD-1"]


def test_what_comes_back_can_be_promised_again(road, session):
    closed(road)
    shelf = stock.holder(session, "site", "NCE")
    before = stock.free(session, shelf.id, road.laptop.id)

    road.say("ended")

    assert stock.free(session, shelf.id, road.laptop.id) == before + 2


def test_a_tour_does_not_end_before_its_last_stop(road):
    road.say("done", 0)

    with pytest.raises(WrongState):
        road.say("ended")


def test_the_same_event_told_twice_has_one_effect_and_one_answer(road, session):
    first = road.say("done", 0, event="p-1")
    movements = session.scalars(select(Movement.id)).all()

    second = road.say("done", 0, event="p-1")

    assert (second.result, second.repeated, first.repeated) == (first.result, True, False)
    assert session.scalars(select(Movement.id)).all() == movements
    assert road.events(road.first).count("done") == 1


@pytest.mark.parametrize("other", [{"facts": {"recipient": "neighbour"}}, {"at": AT + timedelta(seconds=1)}])
def test_the_same_id_with_other_contents_is_refused(road, session, other):
    road.say("done", 0, event="p-1")
    before = session.scalars(select(Movement.id)).all()

    with pytest.raises(EventContradicts):
        road.say("done", 0, event="p-1", **other)

    assert session.scalars(select(Movement.id)).all() == before


def test_a_form_sent_twice_without_a_time_of_its_own_is_one_event(road):
    first = road.say("done", 0, event="p-1", at=None)

    again = road.say("done", 0, event="p-1", at=None, now=AT + timedelta(seconds=2))

    assert (again.repeated, again.result) == (True, first.result)


def test_an_event_may_be_told_again_long_after_the_tour_ended(road):
    first = road.say("done", 0, event="p-1")
    for stop in (1, 2, 3):
        road.say("failed", stop, {"reason": "absent"})
    road.say("ended")

    assert road.say("done", 0, event="p-1").result == first.result


def test_a_late_arrival_only_adds_the_fact(road):
    road.say("done", 0)

    told = road.say("arrived", 0, at=AT - timedelta(minutes=10))

    assert told.result == {"late": True}
    assert road.stops[0].state == "done"
    assert road.events(road.first)[-1] == "arrived"


def test_stops_may_be_done_in_another_sequence(road):
    for stop in (2, 0, 3, 1):
        road.say("done", stop)

    assert [stop.state for stop in road.stops] == ["done"] * 4


@pytest.mark.parametrize(("kind", "facts"), [("done", {}), ("failed", {"reason": "absent"}), ("arrived", {})])
def test_nothing_happens_at_a_door_before_the_tour_starts(day, kind, facts):
    with pytest.raises(WrongState):
        day.say(kind, 0, facts)


@pytest.mark.parametrize(("kind", "facts"), [("done", {}), ("failed", {"reason": "absent"})])
def test_a_closed_stop_is_not_closed_again(road, kind, facts):
    road.say("done", 0)

    with pytest.raises(WrongState):
        road.say(kind, 0, facts)


def test_a_tour_starts_once(road):
    with pytest.raises(WrongState):
        road.say("started")


def test_a_courier_acts_on_their_own_tour_alone(day, session):
    session.add(other := User(login="other", role="courier", name="O"))
    session.flush()

    with pytest.raises(NotAllowed):
        day.say("started", courier_id=other.id)

    assert day.say("started", courier_id=day.tour.courier_id).kind == "started"


def test_an_event_from_the_future_is_refused(day):
    with pytest.raises(InvalidRequest):
        day.say("started", at=AT + execution.SKEW + timedelta(seconds=1))


def test_a_stop_of_another_tour_is_unknown(road):
    road.stops[0] = type("Stop", (), {"id": 10_000})()

    with pytest.raises(UnknownRecord):
        road.say("done", 0)


@pytest.mark.parametrize(
    "facts",
    [{"id": ""}, {"id": "x" * 65}, {"kind": "lost"}, {"stop_id": 3}, {"occurred_at": AT.replace(tzinfo=None)}],
)
def test_a_malformed_event_is_refused_before_it_reaches_the_tour(facts):
    usual = {"id": "a", "kind": "started", "tour_id": 1, "stop_id": None, "occurred_at": AT}

    with pytest.raises(InvalidRequest):
        execution.StopEventIn(**(usual | facts))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_however_a_tour_goes_every_piece_is_somewhere_and_every_line_in_one_state(written, undone, data):
    with undone(written.session) as session:
        day = written.afresh()
        ids = [pick.id for pick in day.picks()]
        day.say("started", facts={"loaded": data.draw(st.lists(st.sampled_from(ids), unique=True))})
        for index, stop in data.draw(st.permutations(list(enumerate(day.stops)))):
            if stop.state == "failed":
                continue
            mine = [line for line in lines_of(session, day.orders[index]) if line.state == "out"]
            aboard = {pick.order_line_id for pick in day.picks() if pick.state == "loaded"}
            handed = [one for one in mine if (one.direction == "back" or one.id in aboard) and data.draw(st.booleans())]
            if handed:
                told = {"out": [], "back": []}
                for one in handed:
                    told[one.direction].append(one.id)
                day.say("done", index, {"given": told["out"], "taken": told["back"]})
            else:
                day.say("failed", index, {"reason": "refused"})
        day.say("ended")

        assert verify(session) == ()
        assert day.has("vehicle", "V7") == ([], [])
        laptops = session.scalars(select(Asset).where(Asset.product_id == day.laptop.id)).all()
        kinds = {holder.id: holder.kind for holder in session.scalars(select(Holder))}
        assert {kinds[piece.holder_id] for piece in laptops} <= {"site", "employee", "quarantine"}
        for order in day.orders:
            states = {line.state for line in lines_of(session, order)}
            assert states == {"done"} if order.state == "done" else (order.state, "open" in states) == ("open", True)
