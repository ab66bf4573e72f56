"""Addresses found as people write them, and none found that is not meant."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics.regions import extract, streets
from logistics.regions.communes import Places
from logistics.regions.gazetteer import Gazetteer, likeness
from logistics.regions.graph import lengths
from logistics.regions.spelling import fold, number_and_street, take_apart
from tests.conftest import SHARED
from tests.logistics.regions.extracts import Town, place, riviera


def an_index(read: extract.Extract, file: Path) -> Gazetteer:
    streets.build(read, Places(read), file)
    return Gazetteer(file, region="test")


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gazetteer]:
    found = an_index(riviera(), tmp_path_factory.mktemp("gazetteer") / "riviera.sqlite")
    yield found
    found.close()


@pytest.mark.parametrize(
    "text",
    [
        "Avenue des Citronniers, 98000 Monaco",
        "AV DES CITRONNIERS MONACO",
        "av. des citronniers\n98000 MONACO CEDEX 3",
        "avenue des citroniers, Monaco",
        "avenu des citronnier 98000 monaco",
        "17 Avenue des Citronniers, Monte-Carlo, Monaco",
        "Avenue des Citronniers, MC-98000 Monaco, Principauté de Monaco",
        "Avenue des Citronniers Monaco France",
    ],
)
def test_one_street_is_found_in_all_its_spellings(gazetteer: Gazetteer, text: str) -> None:
    best = gazetteer.search(text).best

    assert best is not None
    assert (best.accuracy, best.name, best.commune, best.number) == ("street", "Avenue des Citronniers", "Monaco", "")


def test_a_street_of_several_communes_is_not_chosen_silently(gazetteer: Gazetteer) -> None:
    answer = gazetteer.search("avenue de la gare")

    assert answer.best is None and answer.is_ambiguous
    assert {one.commune for one in answer.candidates} >= {"Cap-d'Ail", "Roquebrune-Cap-Martin"}
    assert {one.name for one in answer.candidates[:2]} == {"Avenue de la Gare"}


@pytest.mark.parametrize(
    ("text", "commune"),
    [
        ("Avenue de la Gare, 06190 Roquebrune-Cap-Martin", "Roquebrune-Cap-Martin"),
        ("avenue de la gare, roquebrune", "Roquebrune-Cap-Martin"),
        ("Avenue de la Gare 06320 CAP D AIL", "Cap-d'Ail"),
        ("av de la gare cap d'ail", "Cap-d'Ail"),
    ],
)
def test_the_commune_tells_which_of_two_streets_is_meant(gazetteer: Gazetteer, text: str, commune: str) -> None:
    best = gazetteer.search(text).best

    assert best is not None and (best.accuracy, best.commune) == ("street", commune)


def test_a_quarter_stands_for_its_commune(gazetteer: Gazetteer) -> None:
    best = gazetteer.search_parts(street="avenue de la Costa", city="Monte-Carlo").best

    assert best is not None and (best.name, best.commune) == ("Avenue de la Costa", "Monaco")


def test_a_street_of_the_neighbouring_commune_is_offered_but_not_taken(gazetteer: Gazetteer) -> None:
    answer = gazetteer.search_parts(street="Avenue de la Costa", postcode="06240", city="Beausoleil")

    assert answer.best is not None and (answer.best.accuracy, answer.best.commune) == ("commune", "Beausoleil")
    assert ("Avenue de la Costa", "Monaco") in {(one.name, one.commune) for one in answer.candidates}


def test_another_kind_of_street_is_offered_but_not_taken(gazetteer: Gazetteer) -> None:
    answer = gazetteer.search("rue des citronniers, Monaco")

    assert answer.best is not None and answer.best.accuracy == "commune"
    assert "Avenue des Citronniers" in {one.name for one in answer.candidates}


@pytest.mark.parametrize(
    "text", ["Avenue de la Gare, 75001 Paris", "12 rue de Rivoli, Lyon 69002", "75001", "zzzz qqqq"]
)
def test_what_lies_elsewhere_is_not_found(gazetteer: Gazetteer, text: str) -> None:
    assert gazetteer.search(text).best is None


@pytest.mark.parametrize(
    ("text", "accuracy", "label"),
    [
        ("Beausoleil", "commune", "06240 Beausoleil"),
        ("98000 Monaco", "commune", "98000 Monaco"),
        ("eze village", "commune", "06360 Èze"),
        ("06320", "postcode", "06320"),
        ("12 rue inexistante, 06320 La Turbie", "commune", "06320 La Turbie"),
    ],
)
def test_less_than_a_street_says_so(gazetteer: Gazetteer, text: str, accuracy: str, label: str) -> None:
    best = gazetteer.search(text).best

    assert best is not None and (best.accuracy, best.label) == (accuracy, label)


def test_a_number_in_the_name_of_a_street_is_no_house_number(gazetteer: Gazetteer) -> None:
    best = gazetteer.search("Avenue du 3 Septembre, 06320 Cap-d'Ail").best

    assert best is not None and (best.name, best.number) == ("Avenue du 3 Septembre", "")


def test_an_unknown_house_number_is_never_shown_as_known(gazetteer: Gazetteer) -> None:
    best = gazetteer.search("9999 Avenue Princesse Grace, Monaco").best

    assert best is not None and (best.accuracy, best.number) == ("street", "")


def test_tunnels_and_motorways_have_no_addresses(gazetteer: Gazetteer) -> None:
    motorway = gazetteer.search("La Provençale, 06320 La Turbie").best

    assert motorway is None or motorway.accuracy != "street"
    tunnels = {way.tags["name"] for way in riviera().roads if way.tags.get("tunnel") == "yes" and "name" in way.tags}
    above = {way.tags["name"] for way in riviera().roads if way.tags.get("tunnel") != "yes" and "name" in way.tags}
    only_below = sorted(tunnels - above)
    assert only_below
    assert not [
        name for name in only_below if (found := gazetteer.search(f"{name}, Monaco").best) and found.name == name
    ]


def test_every_street_of_the_index_finds_itself(gazetteer: Gazetteer) -> None:
    base = gazetteer._base
    rows = base.execute("SELECT name, commune, lat, lon FROM entry WHERE kind = 'street' AND commune <> ''").fetchall()

    lost = []
    for name, commune, lat, lon in rows:
        answer = gazetteer.search(f"{name.upper()}, {commune}")
        places = [(one.lat, one.lon) for one in answer.candidates[:3]]
        if (lat, lon) not in places:
            lost.append((name, commune))

    assert len(rows) > 500
    assert lost == []


def test_a_place_on_a_street_is_named_after_it(gazetteer: Gazetteer) -> None:
    there = gazetteer.search("Avenue des Citronniers, Monaco").best
    assert there is not None

    found = gazetteer.nearest(there.lat, there.lon)

    assert found is not None and (found.name, found.commune) == ("Avenue des Citronniers", "Monaco")
    assert gazetteer.nearest(43.70, 7.46) is None


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Gazetteer]:
    town = (
        Town()
        .node("A", 0, 0, place="village", name="Ville")
        .node("B", 400, 0)
        .node("H", 100, 10, addr_housenumber="4", addr_street="Rue Droite")
        .node("I", 200, 10, addr_housenumber="12 bis", addr_street="Rue Droite")
        .node("J", 300, 10, addr_housenumber="20-24", addr_street="Rue Droite", addr_postcode="06001")
        .way("AB", name="Rue Droite")
    )
    found = an_index(extract.read(town.write(tmp_path / "village.osm.pbf")), tmp_path / "village.sqlite")
    yield found
    found.close()


@pytest.mark.parametrize(
    ("text", "number", "east"),
    [
        ("4 rue droite, Ville", "4", 100),
        ("Rue Droite 4, Ville", "4", 100),
        ("12bis r. droite Ville", "12 bis", 200),
        ("12 BIS, RUE DROITE, VILLE", "12 bis", 200),
        ("24 rue droite, 06001 Ville", "20-24", 300),
    ],
)
def test_a_house_of_the_extract_is_found_itself(village: Gazetteer, text: str, number: str, east: float) -> None:
    best = village.search(text).best

    assert best is not None and (best.accuracy, best.number) == ("house", number)
    assert (best.lat, best.lon) == pytest.approx(place(east, 10), abs=1e-6)


def test_a_missing_house_is_looked_for_beside_its_nearest_neighbour(village: Gazetteer) -> None:
    best = village.search("13 rue droite, Ville").best

    assert best is not None and (best.accuracy, best.number) == ("street", "")
    assert (best.lat, best.lon) == pytest.approx(place(200, 10), abs=1e-6)


def test_short_forms_and_accents_are_one_spelling() -> None:
    assert fold("Bd. du Gal-Leclerc") == fold("BOULEVARD DU GÉNÉRAL LECLERC")
    assert fold("Bahnhofstr.") == fold("Bahnhofstraße")
    assert fold("Av. de l’Œuvre") == fold("avenue de l'oeuvre")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 bis rue X", ("12bis", "rue x")),
        ("12-14, av X", ("12-14", "avenue x")),
        ("Städtle 7a", ("7a", "stadtle")),
        ("rue X", ("", "rue x")),
        ("12", ("", "12")),
    ],
)
def test_house_numbers_stand_before_or_behind(text: str, expected: tuple[str, str]) -> None:
    assert number_and_street(fold(text)) == expected


def test_an_address_is_taken_apart_at_its_postcode() -> None:
    wanted = take_apart("Bâtiment C, 12 rue Grimaldi, F-98000 Monaco Cedex 2, France")

    assert (wanted.street, wanted.postcode, wanted.city) == ("batiment c 12 rue grimaldi", "98000", "monaco")


@given(text=st.text(max_size=60))
def test_no_text_upsets_the_search(gazetteer: Gazetteer, text: str) -> None:
    answer = gazetteer.search(text)

    assert answer.best is None or answer.candidates[0] == answer.best


@given(name=st.sampled_from(["avenue des citronniers", "rue grimaldi", "stadtle"]), at=st.integers(0, 5))
def test_a_typo_makes_a_name_less_like_itself_but_liker_than_another(name: str, at: int) -> None:
    wrong = name[:at] + "z" + name[at + 1 :]

    assert likeness(name, name) >= likeness(wrong, name) > likeness("chemin du vieux moulin", name)


@pytest.mark.skipif(
    not (SHARED / "osm" / "liechtenstein.osm.pbf").is_file(),
    reason="the extract of Liechtenstein is not on this machine",
)
def test_houses_of_a_whole_country_are_found_to_the_house(tmp_path: Path) -> None:
    found = an_index(extract.read(SHARED / "osm" / "liechtenstein.osm.pbf"), tmp_path / "country.sqlite")
    with sqlite3.connect(tmp_path / "country.sqlite") as base:
        houses = base.execute(
            "SELECT h.number, e.name, h.postcode, e.commune, h.lat, h.lon"
            " FROM house AS h JOIN entry AS e ON e.id = h.entry_id ORDER BY h.rowid"
        ).fetchall()
    base.close()
    near = 0
    sample = random.Random(7).sample(houses, 300)

    for number, street, postcode, commune, lat, lon in sample:
        best = found.search(f"{street} {number}, {postcode} {commune}".upper()).best
        if best is not None and lengths(*zip((lat, lon), (best.lat, best.lon), strict=True))[0] < 60:
            near += 1
    found.close()

    assert len(houses) > 12_000
    assert near >= 294
