"""Who lies where, also when the edge of the extract cuts a commune."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logistics.regions import communes, extract
from logistics.regions.communes import Places
from tests.logistics.regions.extracts import Town, place, riviera


def a_cut_commune(centre: str) -> Town:
    """A border that runs west to east through a box of 1000 m, bulging to the south, and leaves it at both edges."""
    return (
        Town()
        .node("A", -50, 400)
        .node("B", 500, 300)
        .node("C", 1050, 400)
        .node("N", 500, 900)
        .node("S", 500, 100)
        .way("AB", "", boundary="administrative")
        .way("CB", "", boundary="administrative")
        .way("NS", "residential")
        .border(1, 2, centre=centre, name="Cut")
    )


def names_at(file: Path, *spots: tuple[float, float]) -> list[str]:
    lat_lon = np.array([place(east, north) for east, north in spots])
    return [name for name, _ in Places(extract.read(file)).names(lat_lon)]


@pytest.mark.parametrize(("centre", "expected"), [("N", ["Cut", ""]), ("S", ["", "Cut"])])
def test_a_cut_commune_is_closed_on_the_side_of_its_centre(tmp_path: Path, centre: str, expected: list[str]) -> None:
    file = a_cut_commune(centre).write(tmp_path / "cut.osm.pbf", box=(0, 0, 1000, 1000))

    assert names_at(file, (500, 800), (500, 200)) == expected


def test_a_cut_commune_without_a_centre_is_the_smaller_side(tmp_path: Path) -> None:
    file = a_cut_commune("").write(tmp_path / "cut.osm.pbf", box=(0, 0, 1000, 1000))

    assert names_at(file, (500, 800), (500, 200)) == ["", "Cut"]


def test_a_border_with_a_wide_gap_inside_the_extract_names_nobody(tmp_path: Path) -> None:
    town = Town().node("A", 300, 300).node("B", 500, 500).node("C", 700, 300).node("D", 0, 0).node("E", 1000, 1000)
    file = town.way("ABC", "").way("DE").border(1, name="Gap").write(tmp_path / "gap.osm.pbf", box=(0, 0, 1000, 1000))

    assert names_at(file, (500, 400)) == [""]


def test_a_hole_in_a_commune_is_not_the_commune(tmp_path: Path) -> None:
    town = Town()
    for name, east, north in (("A", 0, 0), ("B", 900, 0), ("C", 900, 900), ("D", 0, 900)):
        town.node(name, east, north)
    for name, east, north in (("a", 300, 300), ("b", 600, 300), ("c", 600, 600), ("d", 300, 600)):
        town.node(name, east, north)
    town.way("ABCDA", "").way("abcda", "").way("AC").border(1, 2, name="Ring")

    assert names_at(town.write(tmp_path / "ring.osm.pbf"), (100, 450), (450, 400)) == ["Ring", ""]


def test_where_no_commune_is_mapped_the_nearest_town_gives_the_name(tmp_path: Path) -> None:
    town = (
        Town()
        .node("A", 0, 0, place="village", name="West", postal_code="06000")
        .node("B", 1000, 0, place="town", name="East")
    )
    file = town.way("AB").write(tmp_path / "towns.osm.pbf")

    assert names_at(file, (100, 10), (900, 10)) == ["West", "East"]


def test_each_building_of_the_shipped_region_lies_in_one_commune() -> None:
    found = communes.communes(riviera())
    middles = np.array([area.middle for area in riviera().areas if "building" in area.tags])

    times = np.zeros(len(middles), dtype=np.int64)
    for commune in found:
        times += communes.within(commune.rings, middles[:, 0], middles[:, 1])

    assert len(found) == 11
    assert (times != 1).sum() < 10


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (43.7396, 7.4276, ("Monaco", "98000")),
        (43.7421, 7.4230, ("Beausoleil", "06240")),
        (43.7215, 7.4050, ("Cap-d'Ail", "06320")),
        (43.7280, 7.3617, ("Èze", "06360")),
        (43.7592, 7.4750, ("Roquebrune-Cap-Martin", "06190")),
        (43.7000, 7.4600, ("", "")),
    ],
)
def test_places_of_the_shipped_region_are_named(lat: float, lon: float, expected: tuple[str, str]) -> None:
    found = communes.communes(riviera())

    row = communes.locate(found, np.array([lat]), np.array([lon]))[0]

    assert ((found[row].name, found[row].postcode) if row >= 0 else ("", "")) == expected
