"""Travel tables and tour lines, and what they say they rest on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logistics import regions
from logistics.adapters.roads import EstimateRoads, GraphRoads, RegionRoads, simplified
from logistics.ports import UNREACHABLE, Point, Roads
from routing import matrix
from tests.logistics.regions.extracts import a_square, length, point, riviera_home

CASINO, EZE, TURBIE = Point(43.7396, 7.4276), Point(43.7278, 7.3620), Point(43.7453, 7.4011)
PARIS, AT_SEA = Point(48.8566, 2.3522), Point(43.7150, 7.4600)


@pytest.fixture
def roads() -> RegionRoads:
    return regions.open_roads(riviera_home())


def test_every_adapter_keeps_the_port(roads: RegionRoads) -> None:
    adapters: list[Roads] = [roads, EstimateRoads(), GraphRoads(regions.installed(riviera_home())[0])]

    for adapter in adapters:
        table = adapter.matrix([CASINO, EZE, TURBIE], ["car", "bike"])
        for mode in ("car", "bike"):
            made = matrix.Matrix(table.seconds[mode], table.metres[mode])
            assert made.size == 3 and made.reaches(0, 1)
        assert len(adapter.geometry([CASINO, EZE], "car")) >= 2


def test_points_of_one_region_are_driven_on_its_graph(roads: RegionRoads) -> None:
    table = roads.matrix([CASINO, EZE, TURBIE], ["car", "bike"])

    assert table.source == "graph:riviera" and table.sources == ("graph:riviera",) * 3
    assert 8 * 60 < table.seconds["car"][0, 1] < 30 * 60
    assert 6_000 < table.metres["car"][0, 1] < 14_000
    assert (table.seconds["bike"] >= table.seconds["car"]).all()
    assert roads.regions() == ("riviera",)


def test_the_travel_factor_of_the_region_multiplies_times_and_not_metres(tmp_path: Path) -> None:
    file = a_square().way("ABCDA").write(tmp_path / "square.osm.pbf")
    ends = [point(0, 0), point(200, 200)]
    tables = []
    for name, factor in (("free", 1.0), ("slow", 2.0)):
        built = regions.build_region(file, name, regions.folder(tmp_path, name), travel_factor=factor)
        tables.append(GraphRoads(built).matrix(ends, ["car"]))

    free, slow = (int(table.seconds["car"][0, 1]) for table in tables)

    assert slow == pytest.approx(2 * free, abs=1)
    assert (tables[0].metres["car"] == tables[1].metres["car"]).all()


def test_without_a_region_everything_is_an_estimate(tmp_path: Path) -> None:
    table = regions.open_roads(tmp_path).matrix([CASINO, EZE], ["car"])

    guess = matrix.estimate([(CASINO.lat, CASINO.lon), (EZE.lat, EZE.lon)])
    assert table.source == "estimate" and table.off_network == {"car": ()}
    assert (table.seconds["car"] == guess.seconds).all() and (table.metres["car"] == guess.metres).all()


def test_one_point_far_away_does_not_spoil_the_others(roads: RegionRoads) -> None:
    alone = roads.matrix([CASINO, EZE], ["car"])

    table = roads.matrix([CASINO, PARIS, EZE], ["car"])

    assert table.sources == ("graph:riviera", "estimate", "graph:riviera")
    assert table.source == "estimate" and table.source_of((0, 2)) == "graph:riviera"
    assert table.seconds["car"][0, 2] == alone.seconds["car"][0, 1]
    assert table.seconds["car"][0, 1] > 5 * 3600 and table.off_network["car"] == ()


def test_a_point_in_the_sea_is_off_the_network_and_never_moved_ashore(roads: RegionRoads) -> None:
    table = roads.matrix([CASINO, AT_SEA, EZE], ["car", "bike"])

    assert table.off_network == {"car": (1,), "bike": (1,)}
    assert table.seconds["car"][0, 1] == table.seconds["car"][1, 2] == UNREACHABLE
    assert table.seconds["car"][1, 1] == 0
    assert table.seconds["car"][0, 2] < 3600


def test_off_network_rows_are_counted_among_all_points_when_regions_mix(roads: RegionRoads) -> None:
    table = roads.matrix([PARIS, AT_SEA, CASINO], ["car"])

    assert table.off_network["car"] == (1,)
    assert table.seconds["car"].tolist()[1] == [UNREACHABLE, 0, UNREACHABLE]
    assert table.metres["car"][:, 1].tolist() == [UNREACHABLE, 0, UNREACHABLE]
    assert table.seconds["car"][0, 2] < UNREACHABLE


@pytest.mark.parametrize("count", [0, 1])
def test_no_points_and_one_point_make_small_tables(roads: RegionRoads, count: int) -> None:
    table = roads.matrix([CASINO][:count], ["car"])

    assert table.seconds["car"].shape == (count, count) and not table.seconds["car"].any()
    assert roads.geometry([CASINO][:count], "car") == ()


def test_a_tour_is_drawn_along_the_road_from_foot_to_foot(roads: RegionRoads) -> None:
    stops = [CASINO, TURBIE, EZE, CASINO]
    table = roads.matrix(stops, ["car"])

    line = roads.geometry(stops, "car")

    driven = int(table.metres["car"][0, 1] + table.metres["car"][1, 2] + table.metres["car"][2, 3])
    assert length(np.array(line)) == pytest.approx(driven, rel=0.02)
    for stop in stops:
        near = min(length(np.array([corner, (stop.lat, stop.lon)])) for corner in line)
        assert near < 100
    assert line[0] == pytest.approx(line[-1], abs=1e-6)
    assert len(line) < 900


def test_a_leg_to_a_place_without_roads_is_drawn_straight(roads: RegionRoads) -> None:
    line = roads.geometry([CASINO, AT_SEA], "car")

    assert len(line) == 2 and line[1] == (AT_SEA.lat, AT_SEA.lon)


def test_a_tour_that_leaves_the_region_is_straight_only_outside(roads: RegionRoads) -> None:
    line = roads.geometry([CASINO, EZE, PARIS], "car")

    assert len(line) > 20 and line[-1] == (PARIS.lat, PARIS.lon)


def test_a_region_added_later_is_used_from_then_on(tmp_path: Path) -> None:
    roads = regions.open_roads(tmp_path)
    ends = [point(0, 0), point(200, 200)]
    before = roads.matrix(ends, ["car"]).source
    file = a_square().way("ABCDA").write(tmp_path / "square.osm.pbf")

    regions.build_region(file, "square", regions.folder(tmp_path, "square"))

    assert (before, roads.matrix(ends, ["car"]).source) == ("estimate", "graph:square")


def test_of_two_regions_the_one_that_covers_more_points_is_driven(tmp_path: Path) -> None:
    town = a_square().node("E", 5000, 0).way("ABCDA").way("BE")
    small = a_square().way("ABCDA").write(tmp_path / "small.osm.pbf")
    large = town.write(tmp_path / "large.osm.pbf")
    regions.build_region(small, "a-small", regions.folder(tmp_path, "a-small"))
    regions.build_region(large, "large", regions.folder(tmp_path, "large"))

    table = regions.open_roads(tmp_path).matrix([point(10, 0), point(100, 200), point(3000, 0)], ["car"])

    assert table.source == "graph:large"


def test_a_damaged_graph_is_told_by_name(tmp_path: Path) -> None:
    file = a_square().way("ABCDA").write(tmp_path / "square.osm.pbf")
    built = regions.build_region(file, "square", regions.folder(tmp_path, "square"))
    built.graph_file.write_bytes(b"no graph")

    with pytest.raises(regions.BrokenRegion) as refusal:
        GraphRoads(built)

    assert refusal.value.name == "square"


def test_streets_of_a_small_box_are_few_and_touch_it(roads: RegionRoads) -> None:
    box = (43.738, 7.425, 43.741, 7.429)

    streets = roads.streets_within(box)

    assert 10 < len(streets) < 200
    assert all(len(line) > 1 for line in streets)
    assert regions.open_roads(riviera_home() / "nowhere").streets_within(box) == ()


def test_a_simplified_line_stays_near_and_keeps_its_ends() -> None:
    at = np.linspace(0, 6, 200)
    wavy = np.stack((43.7 + 0.002 * np.sin(at), 7.4 + 0.001 * at), axis=1)

    thin = simplified(wavy, 5.0)

    assert len(thin) < 60
    assert (thin[0] == wavy[0]).all() and (thin[-1] == wavy[-1]).all()
    assert length(thin) == pytest.approx(length(wavy), rel=0.01)


def test_a_hundred_points_take_less_than_half_a_second(roads: RegionRoads) -> None:
    import time

    homes = regions.buildings_beside_streets(regions.shipped())
    points = [Point(home.lat, home.lon) for home in homes[:: len(homes) // 101]][:102]
    roads.matrix(points[:2], ["car"])

    took = []
    for _ in range(3):
        began = time.process_time()
        roads.matrix(points, ["car"])
        took.append(time.process_time() - began)

    assert min(took) < 0.5
