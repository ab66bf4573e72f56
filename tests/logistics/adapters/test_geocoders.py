"""Addresses through geopy's own interface, without a network."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from geopy.exc import GeocoderQueryError, GeocoderUnavailable
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders.base import Geocoder

from logistics import regions
from logistics.adapters.geocoders import GazetteerGeocoder
from tests.logistics.regions.extracts import a_square, riviera_home


@pytest.fixture
def geocoder() -> GazetteerGeocoder:
    return regions.open_geocoder(riviera_home())


def test_it_is_a_geopy_geocoder_that_opens_no_connection(geocoder: GazetteerGeocoder) -> None:
    assert isinstance(geocoder, Geocoder)
    with pytest.raises(GeocoderUnavailable):
        geocoder.adapter.get_json("https://example.org", timeout=1, headers={})
    with pytest.raises(GeocoderUnavailable):
        geocoder.adapter.get_text("https://example.org", timeout=1, headers={})


def test_a_location_tells_how_good_it_is_and_where_it_comes_from(geocoder: GazetteerGeocoder) -> None:
    found = geocoder.geocode("AV DES CITRONNIERS MONACO")

    assert found.address == "Avenue des Citronniers, 98000 Monaco"
    assert (found.raw["accuracy"], found.raw["source"], found.raw["ambiguous"]) == (
        "street",
        "gazetteer:riviera",
        False,
    )
    assert found.raw["score"] == 100.0
    assert 43.73 < found.latitude < 43.76 and 7.40 < found.longitude < 7.45


def test_an_ambiguous_address_gives_no_single_place_but_all_candidates(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.geocode("avenue de la gare") is None

    several = geocoder.geocode("avenue de la gare", exactly_one=False)

    assert len(several) >= 2 and all(one.raw["ambiguous"] for one in several)
    assert [one["label"] for one in several[0].raw["candidates"]] == [one.address for one in several]


def test_an_address_in_parts_is_understood(geocoder: GazetteerGeocoder) -> None:
    found = geocoder.geocode(
        {"street": "3 avenue de la gare", "postalcode": "06190", "city": "Roquebrune Cap Martin", "country": "FR"}
    )

    assert (found.raw["street"], found.raw["commune"]) == ("Avenue de la Gare", "Roquebrune-Cap-Martin")


def test_nothing_is_found_where_nothing_is_meant(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.geocode("10 Downing Street, London") is None
    assert (
        geocoder.geocode({"street": "rue de Rivoli", "postalcode": "75001", "city": "Paris"}, exactly_one=False) is None
    )


@pytest.mark.parametrize("query", ["", "  ", {}, {"country": "FR"}])
def test_an_empty_question_is_refused(geocoder: GazetteerGeocoder, query: object) -> None:
    with pytest.raises(GeocoderQueryError):
        geocoder.geocode(query)


def test_a_place_is_named_by_its_street(geocoder: GazetteerGeocoder) -> None:
    there = geocoder.geocode("Boulevard des Moulins, Monaco")

    found = geocoder.reverse((there.latitude, there.longitude))

    assert found.raw["street"] == "Boulevard des Moulins"
    assert geocoder.reverse((48.85, 2.35)) is None


def test_it_works_behind_geopys_rate_limiter(geocoder: GazetteerGeocoder) -> None:
    slow = RateLimiter(geocoder.geocode, min_delay_seconds=0.0, swallow_exceptions=False)

    assert slow("Beausoleil").raw["accuracy"] == "commune"


def test_no_address_reaches_the_log(geocoder: GazetteerGeocoder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    geocoder.geocode("Avenue des Citronniers, Monaco")

    assert "itronniers" not in caplog.text


def test_of_several_regions_the_one_that_knows_the_street_answers(tmp_path: Path) -> None:
    geocoder = regions.open_geocoder(tmp_path)
    assert geocoder.geocode("rue ronde, bourg") is None
    for name, street in (("east", "Rue Droite"), ("west", "Rue Ronde")):
        town = a_square().node("P", 50, 50, place="village").way("ABCDA", name=street)
        town.signs["P"] = {"place": "village", "name": "Bourg"}
        file = town.write(tmp_path / f"{name}.osm.pbf")
        regions.build_region(file, name, regions.folder(tmp_path, name))

    found = geocoder.geocode("rue ronde, bourg")

    assert (found.raw["source"], found.raw["street"]) == ("gazetteer:west", "Rue Ronde")


def test_without_regions_nothing_is_found(tmp_path: Path) -> None:
    assert regions.open_geocoder(tmp_path).geocode("Monaco") is None
