"""What may be driven, which way, and where a point meets the road."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.regions import NoRoads, extract, graph
from logistics.regions.network import Network
from tests.logistics.regions.extracts import (
    Town,
    a_square,
    length,
    metres,
    place,
    point,
    riviera_graph,
)


def test_a_one_way_street_is_driven_along_and_never_back(tmp_path: Path) -> None:
    roads = a_square().way("AB", oneway="yes").way("BCDA").roads(tmp_path)

    along, back = metres(roads, point(50, 0), point(150, 0)), metres(roads, point(150, 0), point(50, 0))

    assert along == pytest.approx(100, abs=1)
    assert back == pytest.approx(700, abs=2)


def test_a_one_way_street_mapped_against_its_direction_is_driven_the_other_way(tmp_path: Path) -> None:
    roads = a_square().way("AB", oneway="-1").way("BCDA").roads(tmp_path)

    assert metres(roads, point(150, 0), point(50, 0)) == pytest.approx(100, abs=1)
    assert metres(roads, point(50, 0), point(150, 0)) == pytest.approx(700, abs=2)


def test_a_roundabout_is_one_way_without_saying_so(tmp_path: Path) -> None:
    roads = a_square().node("E", -300, 0).way("ABCDA", junction="roundabout").way("EA").roads(tmp_path)

    assert metres(roads, point(200, 50), point(200, 150)) == pytest.approx(100, abs=1)
    assert metres(roads, point(200, 150), point(200, 50)) == pytest.approx(700, abs=2)


def test_bikes_ride_against_a_one_way_street_where_the_sign_lets_them(tmp_path: Path) -> None:
    roads = a_square().way("AB", oneway="yes", oneway_bicycle="no").way("BCDA").roads(tmp_path)

    assert metres(roads, point(150, 0), point(50, 0), "bike") == pytest.approx(100, abs=1)
    assert metres(roads, point(150, 0), point(50, 0), "car") == pytest.approx(700, abs=2)


def test_a_cycleway_is_a_short_cut_for_bikes_alone(tmp_path: Path) -> None:
    roads = a_square().way("ABCDA").way("AC", "cycleway").roads(tmp_path)

    assert metres(roads, point(0, 1), point(200, 199), "bike") == pytest.approx(284, abs=4)
    assert metres(roads, point(0, 1), point(200, 199), "car") == pytest.approx(400, abs=4)


def test_a_footpath_is_ridden_only_where_a_sign_lets_bikes_in(tmp_path: Path) -> None:
    without = a_square().node("E", 0, -100).way("ABCDA").way("AE", "footway").roads(tmp_path)
    signed = a_square().node("E", 0, -100).way("ABCDA").way("AE", "footway", bicycle="yes").roads(tmp_path)

    assert metres(without, point(10, 0), point(0, -50), "bike") == pytest.approx(10, abs=1)
    assert metres(signed, point(10, 0), point(0, -50), "bike") == pytest.approx(60, abs=1)


@pytest.mark.parametrize("closed", [{"access": "private"}, {"motor_vehicle": "no"}, {"vehicle": "forestry"}])
def test_a_road_closed_to_vans_is_not_driven(tmp_path: Path, closed: dict[str, str]) -> None:
    roads = a_square().way("AB", **closed).way("BCDA").roads(tmp_path)

    assert metres(roads, point(0, 1), point(200, 1)) == pytest.approx(598, abs=3)


def test_a_sign_for_cars_overrules_the_sign_for_all(tmp_path: Path) -> None:
    roads = a_square().way("AB", access="no", motor_vehicle="destination").way("BCDA").roads(tmp_path)

    assert metres(roads, point(1, 0), point(199, 0)) == pytest.approx(198, abs=2)


def test_a_bollard_parts_a_street_in_two(tmp_path: Path) -> None:
    roads = a_square().node("M", 100, 0, barrier="bollard").way("AMB").way("BCDA").roads(tmp_path)

    assert metres(roads, point(50, 0), point(150, 0)) == pytest.approx(700, abs=2)


def test_an_open_gate_lets_pass(tmp_path: Path) -> None:
    roads = a_square().node("M", 100, 0, barrier="gate").way("AMB").way("BCDA").roads(tmp_path)

    assert metres(roads, point(50, 0), point(150, 0)) == pytest.approx(100, abs=1)


def test_roads_that_lead_nowhere_are_dropped_and_nobody_is_moved_onto_the_mainland(tmp_path: Path) -> None:
    town = a_square().node("I", 3000, 0).node("J", 3100, 0).way("ABCDA").way("IJ")

    roads = town.roads(tmp_path)

    at = Network(roads, "car").project([place(3050, 5)[0]], [place(3050, 5)[1]], limit=400.0)
    assert roads.metres.sum() == pytest.approx(800, abs=2)
    assert at.off_network == (0,)


def test_a_dead_end_that_can_only_be_entered_is_dropped(tmp_path: Path) -> None:
    roads = a_square().node("E", 400, 0).way("ABCDA").way("BE", oneway="yes").roads(tmp_path)

    assert metres(roads, point(10, 0), point(390, 0)) == pytest.approx(190, abs=2)


def test_a_point_meets_the_road_beside_it_and_not_the_next_junction(tmp_path: Path) -> None:
    roads = a_square().way("ABCDA").roads(tmp_path)

    at = Network(roads, "car").project([place(70, 30)[0]], [place(70, 30)[1]], limit=400.0)

    assert (at.lat[0], at.lon[0]) == pytest.approx(place(70, 0), abs=1e-6)
    assert at.metres[0] == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize(("limit", "off"), [(29.0, (0,)), (31.0, ())])
def test_a_point_beyond_the_limit_is_off_the_network(tmp_path: Path, limit: float, off: tuple[int, ...]) -> None:
    roads = a_square().way("ABCDA").roads(tmp_path)

    assert Network(roads, "car").project([place(70, 30)[0]], [place(70, 30)[1]], limit=limit).off_network == off


@pytest.mark.parametrize("tags", [{"highway": "motorway", "oneway": "no"}, {"highway": "primary", "tunnel": "yes"}])
def test_nobody_is_served_from_a_motorway_or_in_a_tunnel(tmp_path: Path, tags: dict[str, str]) -> None:
    town = a_square().node("E", 0, -60).node("F", 200, -60).way("ABCDA").way("AEFB", **tags)
    roads = town.roads(tmp_path)

    at = Network(roads, "car").project([place(100, -55)[0]], [place(100, -55)[1]], limit=400.0)

    assert (at.lat[0], at.lon[0]) == pytest.approx(place(100, 0), abs=1e-6)


def test_two_points_on_one_street_are_as_far_apart_as_the_street_is_long_between_them(tmp_path: Path) -> None:
    roads = a_square().way("ABCDA").roads(tmp_path)

    assert metres(roads, point(20, 5), point(90, -5)) == pytest.approx(70, abs=0.5)
    assert metres(roads, point(90, -5), point(20, 5)) == pytest.approx(70, abs=0.5)


def test_two_points_at_one_place_are_no_way_apart(tmp_path: Path) -> None:
    roads = a_square().way("AB", oneway="yes").way("BCDA").roads(tmp_path)

    assert metres(roads, point(100, 0), point(100, 0)) == pytest.approx(0, abs=0.2)


def test_a_speed_limit_on_a_sign_counts_for_four_fifths(tmp_path: Path) -> None:
    signed = a_square().way("ABCDA", maxspeed="50").roads(tmp_path)
    in_miles = a_square().way("ABCDA", maxspeed="30 mph").roads(tmp_path)

    assert signed.metres.sum() / signed.forward["car"].sum() * 3.6 == pytest.approx(40)
    assert in_miles.metres.sum() / in_miles.forward["car"].sum() * 3.6 == pytest.approx(0.8 * 30 * 1.609344)


def test_a_graph_is_read_as_it_was_written(tmp_path: Path) -> None:
    roads = a_square().way("AB", oneway="yes", name="Rue Droite").way("BCDA").roads(tmp_path)

    roads.save(tmp_path / "graph.npz")
    again = graph.Graph.load(tmp_path / "graph.npz")

    assert again.names == roads.names and "Rue Droite" in again.names
    assert np.array_equal(again.shape, roads.shape)
    assert metres(again, point(150, 0), point(50, 0)) == metres(roads, point(150, 0), point(50, 0))


def test_an_extract_without_roads_makes_no_graph(tmp_path: Path) -> None:
    file = a_square().way("ABCD", "footway").write(tmp_path / "walks.osm.pbf")

    with pytest.raises(NoRoads) as refusal:
        graph.build(extract.read(file))

    assert (refusal.value.code, refusal.value.ways) == ("no-roads", 1)


def test_the_shipped_region_has_the_roads_it_is_known_for() -> None:
    roads = riviera_graph()

    assert 280_000 < roads.metres[roads.open_to("car")].sum() < 330_000
    assert {"Avenue des Citronniers", "Boulevard des Moulins", "Avenue de la Gare"} <= set(roads.names)


def _draw_places(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    roads, rng = riviera_graph(), np.random.default_rng(seed)
    at = rng.integers(0, len(roads.lat), count)
    return roads.lat[at] + rng.normal(0, 3e-4, count), roads.lon[at] + rng.normal(0, 3e-4, count)


@pytest.mark.parametrize("mode", ["car", "bike"])
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_no_detour_over_a_third_place_is_quicker(mode: str, seed: int) -> None:
    network = Network(riviera_graph(), mode)
    at = network.project(*_draw_places(seed, 12), limit=400.0)

    seconds, _ = network.table(at)

    on = np.flatnonzero(at.piece >= 0)
    inner = seconds[np.ix_(on, on)]
    best_detour = (inner[:, :, None] + inner[None, :, :]).min(axis=1)
    assert (inner >= 0).all()
    assert (inner <= best_detour + 5).all()


@pytest.mark.parametrize("mode", ["car", "bike"])
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6))
def test_the_line_of_a_way_runs_foot_to_foot_and_is_as_long_as_the_table_says(mode: str, seed: int) -> None:
    network = Network(riviera_graph(), mode)
    at = network.project(*_draw_places(seed, 6), limit=400.0)
    _, tenths = network.table(at)

    lines = list(network.ways(at))

    for row, line in enumerate(lines):
        if at.piece[row] < 0 or at.piece[row + 1] < 0:
            assert len(line) == 0
            continue
        assert line[0] == pytest.approx([at.lat[row], at.lon[row]], abs=1e-6)
        assert line[-1] == pytest.approx([at.lat[row + 1], at.lon[row + 1]], abs=1e-6)
        assert length(line) == pytest.approx(tenths[row, row + 1] / 10, rel=0.02, abs=3)


def test_the_nearest_road_is_really_the_nearest() -> None:
    roads = riviera_graph()
    network = Network(roads, "car")
    lat, lon = _draw_places(3, 25)

    at = network.project(lat, lon, limit=400.0)

    open_and_halting = np.flatnonzero(roads.open_to("car") & roads.halts)
    begins = np.concatenate([np.arange(roads.shape[p], roads.shape[p + 1] - 1) for p in open_and_halting])
    shrink = np.cos(np.radians(roads.lat.mean()))
    flat = np.radians(np.stack((roads.lon * shrink, roads.lat), axis=1)) * graph.EARTH
    for row in range(len(lat)):
        here = np.radians(np.array([lon[row] * shrink, lat[row]])) * graph.EARTH
        a, run = flat[begins], flat[begins + 1] - flat[begins]
        with np.errstate(invalid="ignore"):
            share = np.nan_to_num(np.clip(((here - a) * run).sum(axis=1) / (run**2).sum(axis=1), 0, 1))
        nearest = np.hypot(*(a + share[:, None] * run - here).T).min()
        expected = nearest if nearest <= 400.0 else np.inf
        assert at.metres[row] == pytest.approx(expected, abs=0.01)


def test_a_town_of_one_loop_can_be_driven(tmp_path: Path) -> None:
    roads = Town().node("A", 0, 0).node("B", 100, 0).node("C", 50, 80).way("ABCA", oneway="yes").roads(tmp_path)

    assert metres(roads, point(20, 0), point(80, 0)) == pytest.approx(60, abs=1)
    assert metres(roads, point(80, 0), point(20, 0)) > 200
