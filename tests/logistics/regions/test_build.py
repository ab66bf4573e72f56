"""A region is built all of it or nothing, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from logistics import regions
from logistics.regions import build
from tests.conftest import CHECKOUT, SHARED
from tests.logistics.regions.extracts import a_square, riviera_home


def a_file(folder: Path) -> Path:
    return a_square().way("ABCDA", name="Rue Ronde").write(folder / "square.osm.pbf")


def names(home: Path) -> list[str]:
    """Everything under the folder of regions, hidden things included."""
    return sorted(path.name for path in regions.regions_folder(home).iterdir())


def test_a_region_is_built_and_found_again(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    built = regions.build_region(
        a_file(tmp_path), "square", regions.folder(tmp_path, "square"), progress=lambda *step: told.append(step)
    )

    assert regions.installed(tmp_path) == (built,)
    assert names(tmp_path) == ["square"]
    assert [step for step, _, _ in told] == ["read", "graph", "gazetteer", "basemap", "finish", "done"]
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 4, 5]
    assert all(total == 5 for _, _, total in told)


def test_a_region_says_where_it_comes_from() -> None:
    (riviera,) = regions.installed(riviera_home())

    facts = riviera.facts
    assert facts.data_date == "2016-03-05"
    assert facts.source_sha256 == build.checksum(regions.shipped())
    assert (facts.travel_factor, facts.snap_limit_metres) == (1.3, 400)
    assert facts.attribution == "© OpenStreetMap contributors"
    assert facts.counts["streets"] > 500 and facts.counts["communes"] == 11


@pytest.mark.parametrize("step", ["graph", "gazetteer", "basemap", "finish"])
def test_a_build_that_breaks_off_leaves_nothing(tmp_path: Path, step: str) -> None:
    def stop_at(name: str, _done: int, _total: int) -> None:
        if name == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        regions.build_region(a_file(tmp_path), "square", regions.folder(tmp_path, "square"), progress=stop_at)

    assert regions.installed(tmp_path) == () and names(tmp_path) == []


def test_a_broken_rebuild_leaves_the_former_region_in_use(tmp_path: Path) -> None:
    first = regions.build_region(a_file(tmp_path), "square", regions.folder(tmp_path, "square"))
    garbage = tmp_path / "garbage.osm.pbf"
    garbage.write_bytes(os.urandom(5000))

    with pytest.raises(regions.UnreadableExtract):
        regions.build_region(garbage, "square", regions.folder(tmp_path, "square"))

    assert regions.installed(tmp_path) == (first,) and names(tmp_path) == ["square"]


def test_a_killed_build_leaves_no_region_and_the_next_one_clears_up(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from logistics import regions\n"
        "def say(step, done, total): print(step, flush=True)\n"
        "home = Path(sys.argv[1])\n"
        "regions.build_region(regions.shipped(), 'square', regions.folder(home, 'square'), progress=say)\n"
    )
    builder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert builder.stdout is not None
    for line in builder.stdout:
        if line.strip() == "gazetteer":
            builder.send_signal(signal.SIGKILL)
            break
    builder.wait(30)
    builder.stdout.close()

    assert regions.installed(tmp_path) == ()
    assert [name for name in names(tmp_path) if name.startswith(".square.making-")]

    regions.build_region(a_file(tmp_path), "square", regions.folder(tmp_path, "square"))
    assert names(tmp_path) == ["square"]


def test_a_region_moved_aside_by_a_killed_build_comes_back(tmp_path: Path) -> None:
    folder = regions.folder(tmp_path, "square")
    regions.build_region(a_file(tmp_path), "square", folder)
    folder.rename(folder.parent / ".square.former")

    with pytest.raises(regions.UnreadableExtract):
        regions.build_region(tmp_path / "absent.osm.pbf", "square", folder)

    assert [region.name for region in regions.installed(tmp_path)] == ["square"]


def _text(file: Path) -> None:
    file.write_text("employee_number;given_name\n1;A\n")


def _truncated(file: Path) -> None:
    file.write_bytes(regions.shipped().read_bytes()[:700_000])


def _flipped(file: Path) -> None:
    content = bytearray(regions.shipped().read_bytes())
    content[200_000:200_400] = bytes(400)
    file.write_bytes(content)


def _folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize("damage", [_text, _truncated, _flipped, _folder, Path.touch])
def test_a_file_that_is_no_extract_is_refused_in_one_sentence(tmp_path: Path, damage: object) -> None:
    file = tmp_path / "damaged.osm.pbf"
    damage(file)  # type: ignore[operator]

    with pytest.raises(regions.RegionError) as refusal:
        regions.build_region(file, "damaged", regions.folder(tmp_path, "damaged"))

    assert refusal.value.code == "unreadable-extract"
    assert "damaged.osm.pbf" in str(refusal.value) and "\n" not in str(refusal.value)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["", "Riviera", "../up", "a b", "-a", "1a", "a" * 41, "é"])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(regions.InvalidRegionName):
        regions.folder(tmp_path, name)


def test_a_region_with_a_missing_file_is_told_and_not_used(tmp_path: Path) -> None:
    built = regions.build_region(a_file(tmp_path), "square", regions.folder(tmp_path, "square"))
    built.gazetteer_file.unlink()

    assert regions.installed(tmp_path) == ()
    assert [(error.name, error.code) for error in regions.broken(tmp_path)] == [("square", "broken-region")]


def test_a_region_of_another_version_is_told_and_not_used(tmp_path: Path) -> None:
    built = regions.build_region(a_file(tmp_path), "square", regions.folder(tmp_path, "square"))
    facts = json.loads((built.folder / "meta.json").read_text())
    (built.folder / "meta.json").write_text(json.dumps(facts | {"format": 0}))

    assert regions.installed(tmp_path) == () and len(regions.broken(tmp_path)) == 1


def test_a_home_without_regions_has_none(tmp_path: Path) -> None:
    assert regions.installed(tmp_path) == () and regions.broken(tmp_path) == ()


def test_buildings_beside_streets_are_real_reachable_and_always_the_same() -> None:
    homes = regions.buildings_beside_streets(regions.shipped())

    assert len(homes) > 4000
    assert homes == regions.buildings_beside_streets(regions.shipped())
    assert all(home.street and home.commune and home.postcode and 0 <= home.distance_m <= 60 for home in homes)
    assert len({home.commune for home in homes}) >= 7
    roads = regions.open_roads(riviera_home())
    from logistics.ports import Point

    sample = [Point(home.lat, home.lon) for home in homes[:: len(homes) // 60]]
    table = roads.matrix(sample, ["car"])
    assert table.off_network["car"] == () and table.source == "graph:riviera"
    assert np.median(table.seconds["car"]) > 120


@pytest.mark.parametrize("name", ["monaco", "Helsinki"])
def test_other_extracts_are_built_too(tmp_path: Path, name: str) -> None:
    file = SHARED / "osm" / f"{name}.osm.pbf"
    if not file.is_file():
        pytest.skip(f"{file.name} is not on this machine")

    built = regions.build_region(file, name.lower(), regions.folder(tmp_path, name.lower()))

    assert built.facts.counts["streets"] > 50
