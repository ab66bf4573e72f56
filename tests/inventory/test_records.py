"""Sites, products and people: told once, changed where facts differ, found as people look for them."""

from __future__ import annotations

import itertools
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import catalogue, people, stock
from inventory.errors import Conflict, InvalidFact, UnknownRecord
from inventory.folding import fold
from tests.builders import a_laptop, a_piece, a_product, a_site, an_employee, received
from tests.fakes import MORNING

SITE = {
    "code": "NCE", "name": "Nice", "address_line": "1 quai", "postal_code": "06000", "city": "Nice", "country": "FR",
    "lat": 43.7, "lon": 7.27, "opens": time(8), "closes": time(18), "timezone": "Europe/Paris",
}  # fmt: skip
PRODUCT = {
    "sku": "LAP", "name": "Laptop", "tracking": "serial", "weight_g": 1800, "volume_ml": 4000, "service_minutes": 10,
    "data_bearing": True, "skills": frozenset({"network"}),
}  # fmt: skip
EMPLOYEE = {"number": "E1", "given_name": "Ana", "family_name": "Martin", "start_date": date(2026, 1, 5)}


@pytest.mark.parametrize(
    ("put", "facts", "change"),
    [
        (catalogue.put_site, SITE, {"lat": 43.8}),
        (catalogue.put_site, SITE, {"is_open": False}),
        (catalogue.put_product, PRODUCT, {"skills": frozenset()}),
        (people.put_employee, EMPLOYEE | {"now": MORNING}, {"end_date": date(2026, 12, 31)}),
    ],
)
def test_a_record_is_created_once_then_changed_only_where_facts_differ(session, put, facts, change):
    outcomes = [put(session, **facts)[0], put(session, **facts)[0], put(session, **(facts | change))[0]]
    again, row = put(session, **(facts | change))

    assert [*outcomes, again] == ["created", "unchanged", "updated", "unchanged"]
    assert {name: getattr(row, name) for name in change} == change


def test_a_fact_left_out_stays_as_it_is(session):
    catalogue.put_site(session, **SITE)

    outcome, site = catalogue.put_site(session, code="NCE", name="Nice Ouest")

    assert (outcome, site.name, site.city, site.lat) == ("updated", "Nice Ouest", "Nice", 43.7)


def test_the_same_name_in_another_form_of_unicode_is_no_change(session):
    an_employee(session, "E1", given_name="Zoé", family_name="Lefèvre")

    outcome, _ = people.put_employee(
        session, number=" E1 ", given_name="Zoe\u0301 ", family_name="Lefe\u0300vre", now=MORNING
    )

    assert outcome == "unchanged"


def test_a_site_that_cannot_be_is_refused(session):
    wrongs = [
        {"lat": 90.5}, {"lon": -181.0}, {"lat": float("nan")}, {"lon": None}, {"timezone": "Mars/Olympus"},
        {"timezone": "../etc"}, {"closes": time(8)}, {"closes": time(7)}, {"name": ""}, {"name": "x" * 121},
        {"code": " "}, {"city": "a\0b"}, {"country": "FRA"},
    ]  # fmt: skip

    for wrong in wrongs:
        with pytest.raises(InvalidFact) as refusal:
            catalogue.put_site(session, **(SITE | wrong))
        assert refusal.value.field in wrong, wrong

    assert catalogue.sites(session) == ()


def test_a_known_site_does_not_close_before_it_opens_either(session):
    catalogue.put_site(session, **SITE)

    with pytest.raises(InvalidFact):
        catalogue.put_site(session, code="NCE", closes=time(7))


def test_a_new_site_needs_its_hours(session):
    with pytest.raises(InvalidFact) as refusal:
        catalogue.put_site(session, code="NCE", name="Nice", timezone="Europe/Paris", lat=43.7, lon=7.27)

    assert (refusal.value.field, refusal.value.problem) == ("opens", "is missing")


def test_a_product_that_cannot_be_is_refused(session):
    for wrong in (
        {"tracking": "weight"}, {"weight_g": -1}, {"volume_ml": 2**31}, {"service_minutes": 1.5}, {"sku": ""}
    ):  # fmt: skip
        with pytest.raises(InvalidFact) as refusal:
            catalogue.put_product(session, **(PRODUCT | wrong))
        assert refusal.value.field in wrong


def test_how_pieces_are_tracked_is_frozen_with_the_first_piece(session):
    site, counted, serial = a_site(session), a_product(session, "MOU"), a_laptop(session, "LAP")
    catalogue.put_product(session, sku="MOU", tracking="serial")
    catalogue.put_product(session, sku="MOU", tracking="quantity")
    received(session, counted, 1, site=site)
    a_piece(session, serial, who=stock.holder(session, "site", site.code))

    for sku, tracking in (("MOU", "serial"), ("LAP", "quantity")):
        with pytest.raises(Conflict):
            catalogue.put_product(session, sku=sku, tracking=tracking)


def test_nobody_leaves_before_they_came(session):
    people.put_employee(session, **EMPLOYEE, now=MORNING)

    with pytest.raises(InvalidFact):
        people.put_employee(session, number="E1", end_date=date(2026, 1, 4), now=MORNING)


def test_an_employee_knows_when_their_facts_last_changed(session):
    later = MORNING + timedelta(days=1)
    _, who = people.put_employee(session, **EMPLOYEE, now=MORNING)

    people.put_employee(session, **EMPLOYEE, now=later)
    assert who.changed_at == MORNING
    people.put_employee(session, number="E1", phone="1", now=later)
    assert who.changed_at == later


def test_what_is_not_there_is_named(session):
    for find, key in itertools.product(
        (catalogue.site, catalogue.product, people.employee), ("nobody", "", "a\0b", "\ud800")
    ):
        with pytest.raises(UnknownRecord):
            find(session, key)


def test_records_are_found_and_listed_in_order(session):
    b, a = a_site(session, "B"), a_site(session, "A")
    y, x = a_product(session, "Y"), a_product(session, "X")

    assert (catalogue.sites(session), catalogue.products(session)) == ((a, b), (x, y))
    assert (catalogue.site(session, " B "), catalogue.product(session, "X")) == (b, x)


# --- looking for people -----------------------------------------------------------------------------------------------


@pytest.fixture
def crew(session):
    names = [
        ("E10", "Zoé", "Lefèvre"),
        ("E100", "Ana", "Martin"),
        ("E20", "Anaïs", "de la Tour"),
        ("X%_1", "Bo", "Łukasz"),
    ]
    return {
        number: an_employee(session, number, given_name=given, family_name=family) for number, given, family in names
    }


def test_people_are_found_by_name_or_number_without_accents_or_capitals(session, crew):
    asked = {
        "lefevre": ["E10"], "LEFÈVRE zoé": ["E10"], "zoe lef": ["E10"], "ana": ["E100", "E20"], "tour de-la": ["E20"],
        "lukasz": ["X%_1"], "e10": ["E10", "E100"], "E100": ["E100"], "x%_": ["X%_1"], "%": [], "_": [], "e_0": [],
        "": [], "  ": [], "nobody": [], "\0": [], "zoe martin": [],
    }  # fmt: skip

    found = {text: sorted(one.number for one in people.find_employees(session, text)) for text in asked}

    assert found == asked


def test_people_are_found_by_the_tag_of_what_they_hold(session, crew):
    piece = a_piece(session, a_laptop(session), who=stock.holder(session, "employee", "E20"), tag="NB-0042")
    a_piece(session, a_laptop(session), who=stock.holder(session, "site", a_site(session).code), tag="NB-0043")

    assert people.find_employees(session, "nb-004") == (crew["E20"],)
    assert piece.asset_tag == "NB-0042"


def test_a_new_name_is_found_and_the_old_one_is_not(session, crew):
    people.put_employee(session, number="E10", family_name="Öztürk", now=MORNING)

    assert people.find_employees(session, "ozturk") == (crew["E10"],)
    assert people.find_employees(session, "lefevre") == ()


def test_no_more_people_than_wanted_are_listed_by_family_name(session):
    for number, family in (("1", "Cc"), ("2", "Aa"), ("3", "Bb")):
        an_employee(session, number, given_name="Same", family_name=family)

    assert [one.family_name for one in people.find_employees(session, "same", limit=2)] == ["Aa", "Bb"]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Œuvre", "oeuvre"),
        ("STRASSE ß", "strasse ss"),
        ("d'Été—fin", "d ete fin"),
        ("Ångström", "angstrom"),
        ("  ", ""),
    ],
)
def test_words_are_folded_as_people_look_for_them(text, folded):
    assert fold(text) == folded


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
