"""Homes: replaced and never edited, pins that last, views that are logged without a value."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from inventory import addresses
from inventory.errors import InvalidFact, UnknownRecord
from inventory.models import AddressView
from tests.builders import an_address, an_employee
from tests.fakes import MORNING

LATER = MORNING + timedelta(days=3)
HOME = {
    "line": "12 rue des Oliviers", "postal_code": "06800", "city": "Cagnes-sur-Mer", "country": "FR", "lat": 43.66,
    "lon": 7.15, "accuracy": "street", "source": "gazetteer", "unlocated_reason": "",
}  # fmt: skip


def tell(session, who, now=LATER, **facts):
    return addresses.replace_address(session, who.id, **(HOME | facts), now=now)


def test_the_same_home_told_again_makes_no_new_row(session):
    who = an_employee(session)

    outcomes = [tell(session, who)[0] for _ in range(2)]

    assert outcomes == ["created", "unchanged"]
    assert len(addresses.history(session, who.id)) == 1


def test_a_new_home_replaces_the_old_one_and_both_are_kept(session):
    who = an_employee(session)
    _, old = tell(session, who, now=MORNING)

    outcome, new = tell(session, who, line="3 avenue Foch")

    assert outcome == "updated"
    assert addresses.current(session, who.id) is new
    assert addresses.history(session, who.id) == (old, new)
    assert (old.line, old.valid_from, old.valid_to) == ("12 rue des Oliviers", MORNING, LATER)
    assert (new.valid_from, new.valid_to) == (LATER, None)


@pytest.mark.parametrize("change", [{"lat": 43.67}, {"accuracy": "house"}, {"source": "given"}])
def test_a_better_point_is_a_new_row_too(session, change):
    who = an_employee(session)
    tell(session, who)

    assert tell(session, who, **change)[0] == "updated"


def test_nobody_has_a_home_before_it_is_told(session):
    assert addresses.current(session, an_employee(session).id) is None


def test_a_pin_outlives_the_same_text_however_it_is_written(session):
    who = an_employee(session)
    tell(session, who)

    outcome, pinned = addresses.set_pin(session, who.id, lat=43.9, lon=7.3, now=LATER, actor="boss")
    again, kept = tell(session, who)
    respelt, rewritten = tell(session, who, line="12, Rue des OLIVIERS")

    assert (outcome, pinned.accuracy, pinned.line) == ("updated", "pin", HOME["line"])
    assert (again, kept) == ("unchanged", pinned)
    assert (respelt, rewritten.line) == ("updated", "12, Rue des OLIVIERS")
    assert (rewritten.accuracy, rewritten.lat, rewritten.lon, rewritten.source) == ("pin", 43.9, 7.3, "pin:boss")


def test_a_pin_falls_with_the_text_it_was_set_for(session):
    who = an_employee(session)
    tell(session, who)
    addresses.set_pin(session, who.id, lat=43.9, lon=7.3, now=LATER, actor="boss")

    _, moved = tell(session, who, city="Vence")

    assert (moved.accuracy, moved.lat) == ("street", 43.66)


def test_a_pin_mends_a_home_that_was_not_found(session):
    who = an_employee(session)
    tell(session, who, lat=None, lon=None, accuracy="unlocated", unlocated_reason="not-found")

    outcome, pinned = addresses.set_pin(session, who.id, lat=43.9, lon=7.3, now=LATER, actor="boss")
    same, _ = addresses.set_pin(session, who.id, lat=43.9, lon=7.3, now=LATER, actor="boss")

    assert (outcome, same, pinned.unlocated_reason) == ("updated", "unchanged", "")


def test_a_pin_can_be_the_first_that_is_known_of_a_home(session):
    outcome, pinned = addresses.set_pin(session, an_employee(session).id, lat=43.9, lon=7.3, now=LATER, actor="boss")

    assert (outcome, pinned.line) == ("created", "")


def test_the_note_on_the_way_in_stays_with_its_text(session):
    who = an_employee(session)
    tell(session, who, access_note="3rd floor")

    _, better = tell(session, who, accuracy="house")
    _, elsewhere = tell(session, who, line="3 avenue Foch")

    assert (better.access_note, elsewhere.access_note) == ("3rd floor", "")


def test_a_home_that_cannot_be_is_refused_without_telling_where(session):
    who = an_employee(session)
    wrongs = [
        {"lat": None}, {"lat": 91.0}, {"lon": 180.1}, {"lat": float("nan")}, {"lat": float("inf")},
        {"accuracy": "exact"}, {"accuracy": "unlocated"}, {"lat": None, "lon": None}, {"line": "x" * 201},
        {"country": "FRA"}, {"city": "\0"},
    ]  # fmt: skip

    for wrong in wrongs:
        with pytest.raises(InvalidFact) as refusal:
            tell(session, who, **wrong)
        assert not any(value in str(refusal.value) for value in ("Oliviers", "43.66", "7.15", "91.0")), wrong

    assert addresses.current(session, who.id) is None


def test_a_pin_off_the_globe_is_refused(session):
    with pytest.raises(InvalidFact):
        addresses.set_pin(session, an_employee(session).id, lat=100, lon=7.3, now=LATER, actor="boss")


def test_a_stranger_has_no_home(session):
    with pytest.raises(UnknownRecord):
        addresses.replace_address(session, 999_999, **HOME, now=LATER)
    with pytest.raises(UnknownRecord):
        addresses.set_pin(session, 999_999, lat=1, lon=1, now=LATER, actor="boss")


def test_a_view_is_logged_with_who_when_and_why_and_never_the_value(session):
    home = an_address(session, an_employee(session))

    addresses.log_view(session, home.id, actor="agent-1", purpose="order form", now=LATER)

    (seen,) = session.scalars(select(AddressView))
    assert (seen.address_id, seen.actor, seen.purpose, seen.seen_at) == (home.id, "agent-1", "order form", LATER)
    assert set(AddressView.__table__.columns.keys()) == {"id", "address_id", "seen_at", "actor", "purpose"}
