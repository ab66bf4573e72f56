"""Finding homes, and the site that is near one."""

from __future__ import annotations

import pytest
from geopy.location import Location

from logistics.locating import locate, nearest_sites
from logistics.ports import Point
from tests.builders import ANTIBES, CAGNES, NICE, a_site
from tests.fakes import FakeRoads


class Streets:
    """A gazetteer that knows one house, two ways of one name, and a place of an accuracy nobody heard of."""

    def __init__(self) -> None:
        self.asked = []

    def geocode(self, query, *, exactly_one=True):
        self.asked.append(query)
        known = {
            "12 rue des Oliviers": [("12 rue des Oliviers, 06800 Cagnes", 43.66, 7.15, "house")],
            "Chemin Vert": [("Chemin Vert, Nice", 43.7, 7.2, "street"), ("Chemin Vert, Menton", 43.7, 7.5, "street")],
            "Ailleurs": [("Ailleurs", 43.5, 7.1, "somewhere")],
        }.get(query["street"], [])
        told = {"source": "fake", "ambiguous": len(known) > 1, "candidates": [{"label": one[0]} for one in known]}
        found = [Location(name, (lat, lon), told | {"accuracy": accuracy}) for name, lat, lon, accuracy in known]
        return (found or None) if not exactly_one else (found[0] if len(found) == 1 else None)


STREETS = Streets()


def test_a_home_that_is_found_says_how_well():
    found = locate(STREETS, line="12 rue des Oliviers", postal_code="06800", city="Cagnes", country="FR")

    assert (found.lat, found.lon, found.accuracy, found.source, found.reason) == (43.66, 7.15, "house", "fake", "")
    assert STREETS.asked[-1] == {
        "street": "12 rue des Oliviers", "postalcode": "06800", "city": "Cagnes", "country": "FR",
    }  # fmt: skip


def test_several_places_are_a_question_and_no_answer():
    found = locate(STREETS, line="Chemin Vert")

    assert (found.lat, found.accuracy, found.reason) == (None, "unlocated", "ambiguous")
    assert found.candidates == ("Chemin Vert, Nice", "Chemin Vert, Menton")


@pytest.mark.parametrize(("line", "reason"), [("Nowhere", "not-found"), ("  ", "no-address")])
def test_what_is_not_found_says_why(line, reason):
    found = locate(STREETS, line=line)

    assert (found.lat, found.accuracy, found.reason) == (None, "unlocated", reason)


def test_an_accuracy_we_do_not_know_counts_as_the_roughest():
    assert locate(STREETS, line="Ailleurs").accuracy == "postcode"


def test_sites_come_by_the_time_of_the_drive(session):
    a_site(session, "NCE", lat=NICE[0], lon=NICE[1])
    a_site(session, "ATB", lat=ANTIBES[0], lon=ANTIBES[1])
    a_site(session, "CLS", lat=CAGNES[0], lon=CAGNES[1], is_open=False)

    near = nearest_sites(session, FakeRoads(), Point(*CAGNES))

    assert [one.site.code for one in near] == ["ATB", "NCE"]
    assert near[0].seconds < near[1].seconds


def test_a_site_without_a_way_comes_after_one_with(session):
    a_site(session, "NCE", lat=NICE[0], lon=NICE[1])
    a_site(session, "ATB", lat=ANTIBES[0], lon=ANTIBES[1])

    near = nearest_sites(session, FakeRoads(nowhere=[ANTIBES]), Point(*CAGNES))

    assert [(one.site.code, one.seconds is None) for one in near] == [("NCE", False), ("ATB", True)]
