"""Publishing: exact pieces, pick lists and promises, or nothing at all."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import func, select

from inventory import stock
from inventory.models import Asset, Reservation
from logistics import dispatch
from logistics.errors import NoPlan, UnknownRecord, WrongState
from logistics.models import Job, Order, OrderEvent, OrderLine, PickLine, Plan, Tour, User
from tests.builders import a_laptop, a_product, a_site, an_address, pieces, received, someone_at_home
from tests.fakes import MORNING
from tests.logistics.builders import (
    TOMORROW,
    a_draft,
    a_tour,
    a_van,
    an_order,
    back,
    lines_of,
    live_job,
    out,
    stops_of,
)


class Scene:
    """A site with laptops and mice, a van with its courier, two issues on a draft of tomorrow."""

    def __init__(self, session):
        self.session = session
        self.site = a_site(session, "NCE")
        self.laptop, self.mouse = a_laptop(session), a_product(session)
        self.tags = [piece.asset_tag for piece in pieces(session, self.laptop, 5, site=self.site)]
        received(session, self.mouse, 20, site=self.site)
        self.van = a_van(session, self.site, "V1")
        self.ana, self.ben = someone_at_home(session, "E1"), someone_at_home(session, "E2")
        self.first = an_order(session, self.ana, self.site, out(self.laptop), out(self.mouse, 3), reference="O-1")
        self.second = an_order(session, self.ben, self.site, out(self.laptop, 2), reference="O-2")
        self.tour = a_tour(session, self.van, [self.first, self.second])
        self.plan = a_draft(session, self.tour)

    def publish(self):
        return dispatch.publish_day(self.session, TOMORROW, now=MORNING, actor="eva")

    def states(self, order):
        """States of the order, its newest job and its lines."""
        job = self.session.scalars(select(Job).where(Job.order_id == order.id).order_by(Job.attempt.desc())).first()
        return order.state, job.state, [line.state for line in lines_of(self.session, order)]

    def events(self, order):
        wanted = select(OrderEvent.kind).where(OrderEvent.order_id == order.id).order_by(OrderEvent.id)
        return list(self.session.scalars(wanted))

    def picks(self, tour=None):
        wanted = select(PickLine).where(PickLine.tour_id == (tour or self.tour).id).order_by(PickLine.id)
        return list(self.session.scalars(wanted))


@pytest.fixture(scope="module")
def written(shared_sessions):
    """The scene, written once for all tests of this module."""
    with shared_sessions.begin() as session:
        yield Scene(session)
        session.rollback()


@pytest.fixture
def session(written, undone):
    with undone(written.session) as opened:
        yield opened


@pytest.fixture
def scene(written, session):
    return written


def test_publishing_names_exact_pieces_and_makes_the_pick_list(scene, session):
    summary = scene.publish()

    assert (summary.version, summary.tours, summary.stops, summary.orders, summary.pick_lines) == (1, 1, 2, 2, 4)
    tags = [session.get_one(Asset, pick.asset_id).asset_tag for pick in scene.picks() if pick.asset_id]
    assert tags == sorted(scene.tags)[:3]
    assert [pick.quantity for pick in scene.picks() if not pick.asset_id] == [3]
    promises = session.scalars(select(Reservation).where(Reservation.asset_id.is_not(None))).all()
    assert {promise.state for promise in promises} == {"open"}
    assert {pick.reservation_id for pick in scene.picks() if pick.asset_id} == {promise.id for promise in promises}


def test_publishing_freezes_the_tour_for_the_vans_courier(scene, session):
    scene.publish()

    courier = session.scalars(select(User).where(User.login == "v1")).one()
    assert (scene.tour.state, scene.tour.courier_id) == ("published", courier.id)
    assert scene.plan.status == "published"
    assert scene.plan.published_at == MORNING


def test_publishing_plans_the_orders_and_promises_their_windows(scene, session):
    scene.publish()

    assert scene.states(scene.first) == ("planned", "planned", ["planned", "planned"])
    assert scene.events(scene.first)[-2:] == ["promised", "published"]
    promise = session.scalars(select(OrderEvent).where(OrderEvent.kind == "promised")).first()
    first_stop = stops_of(session, scene.tour)[0]
    assert promise.facts["window"] == {
        "from": first_stop.window_opens_at.isoformat(), "to": first_stop.window_closes_at.isoformat()
    }  # fmt: skip


def test_publishing_twice_is_publishing_once(scene, session):
    first = scene.publish()
    events = session.scalar(select(func.count()).select_from(OrderEvent))

    second = scene.publish()

    assert second == first
    assert session.scalar(select(func.count()).select_from(OrderEvent)) == events
    assert len(scene.picks()) == 4


def test_a_day_without_a_plan_cannot_be_published(scene):
    with pytest.raises(NoPlan):
        dispatch.publish_day(scene.session, TOMORROW + timedelta(days=1), now=MORNING, actor="eva")


def test_a_van_without_a_courier_is_told(scene, session):
    session.scalars(select(User).where(User.login == "v1")).one().is_active = False

    summary = scene.publish()

    assert summary.without_courier == ("V1",)
    assert scene.tour.courier_id is None


def withdrawn_reservation(scene):
    stock.release(scene.session, "order:O-2#1", now=MORNING)


def a_new_address(scene):
    an_address(scene.session, scene.ben, line="3 rue du Port", now=MORNING + timedelta(hours=1))


def cancelled(scene):
    scene.second.state = "cancelled"
    live_job(scene.session, scene.second).state = "cancelled"
    for line in lines_of(scene.session, scene.second):
        line.state = "cancelled"


def other_window(scene):
    scene.second.window_start, scene.second.window_end = time(15), time(16)


def moved(scene):
    scene.second.day = TOMORROW + timedelta(days=2)


def left_out(scene):
    scene.second.left_out = True


def other_van(scene):
    scene.second.wanted_van_id = a_van(scene.session, scene.site, "V9").id


def a_piece_to_be_wiped(scene):
    scene.session.execute(Asset.__table__.update().values(data_state="wipe-due"))
    scene.session.expire_all()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (withdrawn_reservation, "not-reserved"), (a_new_address, "address-changed"), (cancelled, "job-gone"),
        (other_window, "window-changed"), (moved, "order-moved"), (left_out, "left-out"), (other_van, "other-van"),
    ],
)  # fmt: skip
def test_what_changed_since_the_draft_stops_the_publication_and_is_named(scene, session, change, problem):
    change(scene)
    session.flush()

    with pytest.raises(dispatch.DraftIsStale) as refusal, session.begin_nested():
        scene.publish()

    assert (refusal.value.reference, refusal.value.problem, refusal.value.code) == ("O-2", problem, "plan-is-stale")
    session.expire_all()
    assert scene.plan.status == "draft"
    assert scene.picks() == []
    assert scene.states(scene.first) == ("open", "open", ["open", "open"])


def test_pieces_that_may_not_be_issued_stop_the_publication(scene, session):
    a_piece_to_be_wiped(scene)

    with pytest.raises(dispatch.DraftIsStale) as refusal, session.begin_nested():
        scene.publish()

    assert (refusal.value.reference, refusal.value.problem) == ("O-1", "no-piece-to-issue")


def test_the_next_version_withdraws_what_it_does_without(scene, session):
    scene.publish()
    other = a_tour(session, a_van(session, scene.site, "V2"), [scene.second])
    draft = a_draft(session, other, unserved=[scene.first])

    scene.publish()

    assert (scene.plan.status, draft.status) == ("superseded", "published")
    assert (scene.tour.state, other.state) == ("withdrawn", "published")
    assert {pick.state for pick in scene.picks()} == {"released"}
    assert scene.states(scene.first) == ("open", "open", ["open", "open"])
    assert scene.events(scene.first)[-1] == "reopened"
    assert scene.states(scene.second)[0] == "planned"
    assert len(scene.picks(other)) == 2
    promise = stock.promises(session, "order:O-1#1")
    assert [one.asset_id for one in promise] == [None]


def test_a_tour_kept_by_the_next_version_keeps_its_pick_lines_and_pieces(scene, session):
    scene.publish()
    before = [(pick.id, pick.asset_id, pick.state) for pick in scene.picks()]
    third = an_order(session, someone_at_home(session), scene.site, out(scene.laptop))
    added = a_tour(session, a_van(session, scene.site, "V2"), [third])
    a_draft(session, scene.tour, added)

    summary = scene.publish()

    assert (summary.version, summary.tours, summary.pick_lines) == (2, 2, 5)
    assert [(pick.id, pick.asset_id, pick.state) for pick in scene.picks()] == before
    assert scene.events(scene.first).count("published") == 1


def test_a_tour_that_left_meanwhile_is_never_withdrawn(scene, session):
    scene.publish()
    other = a_tour(session, a_van(session, scene.site, "V2"), [scene.second])
    a_draft(session, other)
    scene.tour.state = "departed"
    session.flush()

    with pytest.raises(dispatch.DraftIsStale) as refusal:
        scene.publish()

    assert (refusal.value.reference, refusal.value.problem) == (f"tour {scene.tour.id}", "tour-departed")


def test_what_comes_back_is_on_no_pick_list(scene, session):
    piece = pieces(session, scene.laptop, 1, site=scene.site)[0]
    stock.move(
        session, product_id=scene.laptop.id, asset_id=piece.id, source=stock.holder(session, "site", "NCE"),
        target=stock.holder(session, "employee", "E1"), cause="test", key="t1", occurred_at=MORNING, now=MORNING,
        actor="test",
    )  # fmt: skip
    order = an_order(session, scene.ana, scene.site, back(scene.laptop, 1, piece))
    a_draft(session, a_tour(session, scene.van, [order], day=TOMORROW + timedelta(days=1)),
            day=TOMORROW + timedelta(days=1))  # fmt: skip
    order.day = TOMORROW + timedelta(days=1)

    summary = dispatch.publish_day(session, TOMORROW + timedelta(days=1), now=MORNING, actor="eva")

    assert (summary.orders, summary.pick_lines) == (1, 0)
    assert scene.states(order) == ("planned", "planned", ["planned"])


def test_a_tour_is_given_to_another_courier(scene, session):
    scene.publish()
    session.add(stand_in := User(login="zoe", role="courier", name="Z"))
    session.flush()

    dispatch.assign(session, scene.tour.id, "zoe", now=MORNING)

    assert scene.tour.courier_id == stand_in.id
    with pytest.raises(UnknownRecord):
        dispatch.assign(session, scene.tour.id, "nobody", now=MORNING)


def test_a_draft_has_no_courier_to_be_given(scene, session):
    with pytest.raises(WrongState):
        dispatch.assign(session, scene.tour.id, "v1", now=MORNING)


def test_everything_published_is_counted_once(scene, session):
    scene.publish()

    assert session.scalar(select(func.count()).select_from(Plan)) == 1
    assert session.scalar(select(func.count()).select_from(Tour)) == 1
    assert session.scalar(select(func.count()).select_from(Order)) == 2
    assert session.scalar(select(func.count()).select_from(OrderLine)) == 3
