"""The pick list: found, missing, and another piece instead."""

from __future__ import annotations

import pytest

from inventory.errors import NotHeld
from inventory.models import Asset, Reservation
from logistics import orders, picking
from logistics.errors import InvalidRequest, UnknownRecord, WrongState
from tests.builders import a_laptop, pieces
from tests.fakes import MORNING
from tests.logistics.test_dispatch import Scene


@pytest.fixture(scope="module")
def written(shared_sessions):
    """The scene, published, written once for all tests of this module."""
    with shared_sessions.begin() as session:
        made = Scene(session)
        made.publish()
        yield made
        session.rollback()


@pytest.fixture
def session(written, undone):
    with undone(written.session) as opened:
        yield opened


@pytest.fixture
def scene(written, session):
    return written


def marked(scene, line, state):
    return picking.mark(scene.session, line, state, now=MORNING, actor="wim")


def test_the_last_stops_things_are_loaded_first(scene, session):
    found = picking.pick_list(session, scene.tour.id)

    assert [item.sequence for item in found.items] == [2, 2, 1, 1]
    assert (found.van_code, found.site_code, found.state) == ("V1", "NCE", "published")
    assert [item.order_reference for item in found.items][:2] == ["O-2", "O-2"]
    assert not found.is_complete


def test_a_list_is_complete_when_every_line_was_looked_for(scene, session):
    for item in picking.pick_list(session, scene.tour.id).items:
        marked(scene, item.id, "picked")

    assert picking.pick_list(session, scene.tour.id).is_complete


def test_a_missing_piece_comes_with_the_free_ones_of_its_kind(scene):
    line = next(pick for pick in scene.picks() if pick.asset_id)

    told = marked(scene, line.id, "missing")

    assert told.state == "missing"
    assert list(told.substitutes) == sorted(scene.tags)[3:]


def test_a_line_of_an_order_that_was_called_off_is_not_picked_any_more(scene, session):
    line = next(pick for pick in scene.picks() if pick.asset_id)
    reference = next(
        item.order_reference for item in picking.pick_list(session, scene.tour.id).items if item.id == line.id
    )
    orders.cancel(session, reference, now=MORNING, actor="cora")

    for act in (
        lambda: marked(scene, line.id, "picked"),
        lambda: picking.substitute(session, line.id, sorted(scene.tags)[-1], now=MORNING, actor="wim"),
    ):
        with pytest.raises(WrongState) as refused:
            act()
        assert (refused.value.key, refused.value.state) == (reference, "cancelled")
    assert line.id not in {item.id for item in picking.pick_list(session, scene.tour.id).items}


def test_a_missing_quantity_has_no_substitute(scene):
    line = next(pick for pick in scene.picks() if not pick.asset_id)

    assert marked(scene, line.id, "missing").substitutes == ()


def test_another_piece_goes_instead_and_is_promised(scene, session):
    line = next(pick for pick in scene.picks() if pick.asset_id)
    former = line.asset_id
    tag = marked(scene, line.id, "missing").substitutes[0]

    told = picking.substitute(session, line.id, tag, now=MORNING, actor="wim")

    assert (told.asset_tag, told.state) == (tag, "picked")
    promised = session.get(Reservation, line.reservation_id)
    assert session.get(Asset, promised.asset_id).asset_tag == tag
    assert session.get(Asset, former).asset_tag in marked(scene, line.id, "missing").substitutes


def test_a_piece_promised_to_somebody_else_is_no_substitute(scene, session):
    first, second = [pick for pick in scene.picks() if pick.asset_id][:2]
    taken = session.get(Asset, second.asset_id).asset_tag

    with pytest.raises(NotHeld):
        picking.substitute(session, first.id, taken, now=MORNING, actor="wim")


def test_a_piece_of_another_product_is_no_substitute(scene, session):
    line = next(pick for pick in scene.picks() if pick.asset_id)
    other = pieces(session, a_laptop(session), 1, site=scene.site)[0]

    with pytest.raises(InvalidRequest):
        picking.substitute(session, line.id, other.asset_tag, now=MORNING, actor="wim")


def test_marking_twice_keeps_the_first_hand(scene, session):
    line = scene.picks()[0]
    marked(scene, line.id, "picked")

    picking.mark(session, line.id, "picked", now=MORNING, actor="somebody else")

    assert line.changed_by == "wim"


def test_a_mark_that_follows_from_the_road_is_not_the_warehouses(scene):
    with pytest.raises(InvalidRequest):
        marked(scene, scene.picks()[0].id, "given")


def test_an_unknown_line_is_refused(scene):
    with pytest.raises(UnknownRecord):
        marked(scene, 10_000, "picked")


def test_nothing_is_picked_for_a_tour_that_left(scene, session):
    scene.tour.state = "departed"
    session.flush()

    with pytest.raises(WrongState):
        marked(scene, scene.picks()[0].id, "picked")
