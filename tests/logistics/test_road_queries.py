"""What couriers and the warehouse see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from inventory.models import AddressView
from logistics import road_queries
from logistics.errors import UnknownRecord
from logistics.models import Tour, User
from tests.logistics.builders import TOMORROW, a_draft, a_tour, lines_of
from tests.logistics.test_execution import Day, closed


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


def test_the_board_lists_the_days_tours_with_their_picks(day, session):
    day.say("started")
    day.say("done", 0)

    (line,) = road_queries.tours_of_day(session, TOMORROW)

    assert (line.van_code, line.site_code, line.state, line.stops, line.stops_closed) == ("V7", "NCE", "departed", 4, 1)
    assert line.picks == {"loaded": 3, "given": 2}
    assert line.start.utcoffset() == timedelta(hours=1)
    assert road_queries.tours_of_day(session, TOMORROW, site_codes=frozenset({"ELSEWHERE"})) == ()


def test_a_courier_sees_their_own_tours_alone(day, session):
    session.add(other := User(login="other", role="courier", name="O"))
    session.flush()

    assert [line.id for line in road_queries.tours_of_courier(session, day.tour.courier_id, TOMORROW)] == [day.tour.id]
    assert road_queries.tours_of_courier(session, other.id, TOMORROW) == ()


def test_a_draft_is_no_couriers_business(day, session):
    draft = a_tour(session, day.van, [])
    a_draft(session, draft)

    with pytest.raises(UnknownRecord):
        road_queries.courier_tour(session, draft.id)
    assert len(road_queries.tours_of_day(session, TOMORROW)) == 1
    assert session.get(Tour, draft.id).state == "draft"


def test_each_stop_says_what_to_give_and_what_to_take(day, session):
    swap = road_queries.courier_tour(session, day.tour.id).stops[2]

    assert [(item.asset_tag, item.state) for item in swap.to_give] == [(day.tag_of(day.swap), "to-pick")]
    assert [(item.asset_tag, item.pick_line_id) for item in swap.to_take] == [("OLD-1", None)]
    assert swap.orders == (day.swap.reference,)
    assert swap.window_start.hour == 8


def test_the_next_stop_comes_first(day, session):
    day.say("started")
    day.say("done", 0)
    day.say("failed", 1, {"reason": "absent"})

    tour = road_queries.courier_tour(session, day.tour.id)

    assert tour.next_stop.sequence == 3
    assert not tour.can_end
    assert [stop.is_closed for stop in tour.stops] == [True, True, False, False]


def test_what_is_in_the_van_follows_the_books(day, session):
    day.say("started")
    closed(day)

    tour = road_queries.courier_tour(session, day.tour.id)

    assert tour.can_end
    assert [item.asset_tag for item in tour.aboard if item.asset_tag] == day.has("vehicle", "V7")[0]
    assert [(item.sku, item.quantity) for item in tour.aboard if not item.asset_tag] == [(day.dock.sku, 2)]


def test_differences_are_told_after_the_end(day, session):
    day.say("started")
    closed(day)
    day.say("ended", facts={"counted": []})

    tour = road_queries.courier_tour(session, day.tour.id)

    assert {"asset_tag": "OLD-1", "kind": "missing"} in tour.differences
    assert {"sku": day.dock.sku, "quantity": 2, "kind": "missing"} in tour.differences


def test_a_stop_shows_what_changed_hands_there_and_not_what_waits(day, session):
    line = lines_of(session, day.swap)[0]
    day.say("started")
    day.say("done", 2, {"given": [line.id], "taken": []})

    stop = road_queries.courier_tour(session, day.tour.id).stops[2]

    assert [(item.direction, item.state) for item in stop.items] == [("out", "given")]


def test_a_courier_looking_at_their_day_leaves_no_note(day, session):
    road_queries.courier_tour(session, day.tour.id)

    assert session.scalar(select(func.count()).select_from(AddressView)) == 0


def test_a_scanned_stop_leads_to_its_tour(day, session):
    assert road_queries.tour_of_stop(session, day.stops[1].id) == day.tour.id
    with pytest.raises(UnknownRecord):
        road_queries.tour_of_stop(session, 10_000)
