"""Who sees what of a person, as data and as cuts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logistics import personal, rights
from logistics.states import ROLES
from logistics.viewer import HOUSE, Viewer

STARTS = datetime(2026, 11, 24, 8, tzinfo=UTC)
ENDS = datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_every_role_has_a_word_for_every_field():
    assert set(personal.ACCESS) == {*ROLES, "house"}
    assert all(tuple(row) == personal.FIELDS for row in personal.ACCESS.values())


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("coordinator", ("Ana", "Riviera")), ("agent", ("Ana", "Riviera")), ("courier", ("Ana", "R.")),
        ("admin", ("A.", "R.")), ("auditor", ("A.", "R.")), ("warehouse", ("…", "")), ("employee", ("…", "")),
    ],
)  # fmt: skip
def test_a_name_is_cut_by_role(role, shown):
    assert personal.name_for(Viewer("x", role), "Ana", "Riviera") == shown


def test_a_courier_sees_doors_from_twelve_hours_before_the_tour_until_two_hours_after():
    courier = Viewer("v1", "courier")

    def near(now):
        return personal.may_see_home(courier, starts_at=STARTS, ends_at=ENDS, now=now)

    second = timedelta(seconds=1)
    assert not near(STARTS - personal.BEFORE - second)
    assert near(STARTS - personal.BEFORE)
    assert near(ENDS + personal.AFTER)
    assert not near(ENDS + personal.AFTER + second)


@pytest.mark.parametrize("role", ["warehouse", "agent", "admin", "auditor", "employee"])
def test_nobody_else_sees_doors_at_any_time(role):
    assert not personal.may_see_home(Viewer("x", role), starts_at=STARTS, ends_at=ENDS, now=STARTS)


def test_a_sector_stands_for_everybody_within_a_kilometre():
    auditor = Viewer("otto", "auditor")

    assert personal.point_for(auditor, 43.74213, 7.42187) == (43.74, 7.42)
    assert personal.point_for(auditor, 43.74301, 7.42401) == (43.74, 7.42)
    assert personal.point_for(Viewer("wanda", "warehouse"), 43.74213, 7.42187) == (None, None)
    assert personal.point_for(HOUSE, 43.74213, 7.42187) == (43.74213, 7.42187)


def test_whoever_may_reveal_a_home_is_whoever_the_matrix_lets():
    allowed = {role for role in ROLES if personal.ACCESS[role]["address"] in ("full", "reveal")}

    assert rights.RIGHTS["people.reveal-home"].roles == allowed
