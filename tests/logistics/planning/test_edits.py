"""A hand on the plan: what is moved is judged, what is not touched stays, and what breaks a rule is refused."""

from __future__ import annotations

from datetime import time

import pytest

from logistics import dispatch, edits, orders
from logistics.edits import MoveRefused
from logistics.errors import InvalidRequest, NoPlan, PlanIsStale, UnknownRecord
from tests.fakes import FakeRoads
from tests.logistics.builders import TOMORROW, a_van, out
from tests.logistics.planning.scenes import EARLY, LATE, NEAR_ANTIBES, Company
from tests.logistics.planning.test_plan_day import depart, publish


@pytest.fixture
def planned(company: Company) -> Company:
    """Three orders of Nice on the tour of V1, in any sequence; V3 stands beside it with nothing to do."""
    for number in (1, 2, 3):
        company.order(f"O-{number}", where=(43.70 + number / 300, 7.26))
    company.order("O-4", where=NEAR_ANTIBES, site=company.antibes)
    with company.sessions.begin() as session:
        a_van(session, company.nice, "V3", fixed_cost_cents=1_000_000)
    company.plan()
    return company


def move(company: Company, reference: str, van_code: str = "V1", position: int = 1):
    return edits.move_job(
        company.system, TOMORROW, reference, van_code=van_code, position=position, actor="cora"
    )


def test_a_stop_moves_within_its_tour(planned: Company):
    before = planned.served(1)["V1"]

    after = move(planned, before[0], position=3)

    assert planned.served(after.plan_id)["V1"] == [before[1], before[2], before[0]]
    assert (after.version, after.engine, planned.plans()) == (2, "by-hand", [(1, "discarded"), (2, "draft")])


def test_a_stop_moves_to_another_van(planned: Company):
    after = move(planned, "O-2", van_code="V3")

    assert planned.by_van(after.plan_id) == {"V1": ["O-1", "O-3"], "V2": ["O-4"], "V3": ["O-2"]}


def test_tours_that_are_not_touched_are_the_same_rows(planned: Company):
    before = planned.tours(1)

    after = planned.tours(move(planned, "O-2", van_code="V3").plan_id)

    assert after["V2"].id == before["V2"].id
    assert after["V1"].id != before["V1"].id
    assert planned.tours(1)["V1"].state == "withdrawn"
    assert after["V2"].state == "draft"


def test_the_new_tour_keeps_time_as_the_search_would(planned: Company):
    after = planned.tours(move(planned, "O-2", van_code="V3").plan_id)["V3"]
    (stop,) = planned.stops(after.id)

    assert (stop.arrives_at - after.starts_at).total_seconds() == stop.drive_s
    assert (after.ends_at - stop.departs_at).total_seconds() == after.return_drive_s
    assert after.geometry[0] == after.geometry[-1]


def test_the_last_stop_of_a_tour_taken_away_ends_the_tour(planned: Company):
    for reference in ("O-1", "O-2", "O-3"):
        last = move(planned, reference, van_code="V3")

    assert planned.by_van(last.plan_id) == {"V2": ["O-4"], "V3": ["O-1", "O-2", "O-3"]}


def test_an_unserved_order_is_put_on_a_tour(planned: Company):
    orders_out = edits.remove_job(planned.system, TOMORROW, "O-2", actor="cora")

    after = move(planned, "O-2")

    assert planned.unserved(orders_out.plan_id) == {"O-2": ("left-out", {})}
    assert planned.unserved(after.plan_id) == {}
    assert planned.served(after.plan_id)["V1"][0] == "O-2"


def test_an_order_of_no_plan_yet_is_put_on_a_tour(planned: Company):
    planned.order("O-9")

    after = move(planned, "O-9", position=4)

    assert planned.served(after.plan_id)["V1"][3] == "O-9"


def test_an_order_taken_off_is_listed_as_left_out(planned: Company):
    after = edits.remove_job(planned.system, TOMORROW, "O-2", actor="cora")

    assert planned.by_van(after.plan_id) == {"V1": ["O-1", "O-3"], "V2": ["O-4"]}
    assert (after.unserved, after.stops) == (1, 3)


def test_a_published_plan_gets_a_draft_beside_it(planned: Company):
    publish(planned)

    after = move(planned, "O-2", van_code="V3")

    assert planned.plans() == [(1, "published"), (2, "draft")]
    assert planned.tours(1)["V1"].state == "published"
    assert planned.tours(after.plan_id)["V2"].state == "published"
    dispatch.publish(planned.system, TOMORROW, now=planned.clock(), actor="cora")
    assert planned.plans() == [(1, "superseded"), (2, "published")]


def test_an_order_that_was_cancelled_meanwhile_falls_out_of_the_touched_tour(planned: Company):
    with planned.sessions.begin() as session:
        orders.cancel(session, "O-1", now=planned.clock(), actor="agent")

    after = move(planned, "O-2", position=2)

    assert planned.served(after.plan_id)["V1"] == ["O-3", "O-2"]


def test_an_order_that_lost_its_pieces_meanwhile_says_why_it_is_out(planned: Company):
    with planned.sessions.begin() as session:
        orders.leave_out(session, "O-1", True, now=planned.clock(), actor="cora")

    after = move(planned, "O-2", position=2)

    assert planned.unserved(after.plan_id) == {"O-1": ("left-out", {})}


# --- previews ---------------------------------------------------------------------------------------------------------


def test_a_preview_says_what_the_move_then_does_and_writes_nothing(planned: Company):
    before = planned.tours(1)

    told = edits.preview_move(planned.system, TOMORROW, "O-2", van_code="V3", position=1)
    assert planned.plans() == [(1, "draft")]
    after = planned.tours(move(planned, "O-2", van_code="V3").plan_id)

    def total(tours, name: str) -> int:
        return sum(getattr(tour, name) for tour in tours.values())

    def seconds(tours) -> int:
        return int(sum((tour.ends_at - tour.starts_at).total_seconds() for tour in tours.values()))

    costs = ("cost_fixed_cents", "cost_distance_cents", "cost_time_cents")
    assert told.distance_m == total(after, "distance_m") - total(before, "distance_m") > 0
    assert told.working_s == seconds(after) - seconds(before)
    assert told.cost_cents == sum(total(after, name) - total(before, name) for name in costs) > 900_000
    assert len(told.lines("en")) == 3 and told.lines("en") != told.lines("fr")
    assert told.lines("en")[2].startswith("+€10,")


def test_a_move_to_where_it_is_changes_nothing(planned: Company):
    first = planned.served(1)["V1"][0]

    told = edits.preview_move(planned.system, TOMORROW, first, van_code="V1", position=1)

    assert (told.working_s, told.distance_m, told.cost_cents) == (0, 0, 0)
    assert told.lines("en") == ("No time, road or cost more or less",)


# --- refusals ---------------------------------------------------------------------------------------------------------


def refused(company: Company, reference: str, van_code: str = "V1", position: int = 1) -> MoveRefused:
    with pytest.raises(MoveRefused) as refusal:
        move(company, reference, van_code, position)
    with pytest.raises(MoveRefused):
        edits.preview_move(company.system, TOMORROW, reference, van_code=van_code, position=position)
    return refusal.value


def test_a_missed_window_is_named_with_its_minutes(company: Company):
    company.order("O-late", window=LATE)
    company.order("O-early", where=(43.72, 7.25), window=EARLY)
    before = company.plan()

    refusal = refused(company, "O-late", position=1)

    assert (refusal.rule, refusal.vehicle, refusal.reference) == ("window", "V1", "O-early")
    assert refusal.excess > 4 * 3600
    assert "O-early" in refusal.sentence("en") and "h" in refusal.sentence("fr")
    assert company.plans() == [(1, "draft")]
    assert company.served(before.plan_id)["V1"] == ["O-early", "O-late"]


def test_an_overloaded_van_is_named_with_its_kilos(planned: Company):
    planned.van("V3", weight_capacity_g=150)

    refusal = refused(planned, "O-2", van_code="V3")

    assert (refusal.rule, refusal.excess, refusal.dimension) == ("load", 50, "weight")
    assert "V3 is overloaded by" in refusal.sentence("en")


def test_a_shift_that_is_too_short_is_named(planned: Company):
    planned.van("V3", shift_start=time(8), shift_end=time(8, 15))

    refusal = refused(planned, "O-2", van_code="V3")

    assert (refusal.rule, refusal.reference) == ("shift", None)
    assert refusal.sentence("en").startswith("V3 is back")


def test_a_van_of_another_site_is_refused(planned: Company):
    assert refused(planned, "O-2", van_code="V2").rule == "vehicle"


@pytest.mark.parametrize("position", [0, 4, -1])
def test_a_position_outside_the_tour_is_refused(planned: Company, position):
    with pytest.raises(InvalidRequest) as refusal:
        move(planned, "O-2", position=position)

    assert (refusal.value.field, refusal.value.facts) == ("position", {"least": 1, "most": 3})


def test_what_cannot_be_planned_cannot_be_moved(planned: Company):
    planned.order("O-9", where=None)

    with pytest.raises(InvalidRequest) as refusal:
        move(planned, "O-9")

    assert refusal.value.facts["reason"] == "not-located"


def test_nothing_moves_on_or_onto_a_tour_that_has_left(planned: Company):
    publish(planned)
    depart(planned, planned.tours(1)["V1"])

    with pytest.raises(InvalidRequest) as moved:
        move(planned, "O-2", van_code="V3")
    planned.order("O-9")
    with pytest.raises(InvalidRequest) as onto:
        move(planned, "O-9", van_code="V1")

    assert (moved.value.field, onto.value.field) == ("reference", "van")


def test_unknown_orders_vans_and_days_are_told(planned: Company):
    with pytest.raises(UnknownRecord):
        move(planned, "O-404")
    with pytest.raises(UnknownRecord):
        move(planned, "O-1", van_code="V404")
    with pytest.raises(UnknownRecord):
        edits.remove_job(planned.system, TOMORROW, "O-404", actor="cora")


def test_a_day_without_a_plan_cannot_be_edited(company: Company):
    company.order("O-1")

    with pytest.raises(NoPlan):
        move(company, "O-1")


def test_an_order_on_no_tour_cannot_be_taken_off(planned: Company):
    planned.order("O-9", out(planned.mouse, 2))

    with pytest.raises(InvalidRequest) as refusal:
        edits.remove_job(planned.system, TOMORROW, "O-9", actor="cora")

    assert refusal.value.facts == {"order": "O-9"}


def test_a_day_that_changes_meanwhile_is_not_written(planned: Company):
    class Interfering(FakeRoads):
        def geometry(self, points, mode):
            if not self.asked_twice:
                self.asked_twice = True
                planned.order("O-9")
            return super().geometry(points, mode)

    planned.system.roads.__class__ = Interfering
    planned.system.roads.asked_twice = False

    with pytest.raises(PlanIsStale):
        move(planned, "O-2", van_code="V3")

    assert planned.plans() == [(1, "draft")]
