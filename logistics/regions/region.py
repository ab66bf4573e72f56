"""An installed region: a folder with graph, gazetteer, basemap and the facts about them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import BrokenRegion, InvalidRegionName
from .extract import Box

#: Raised whenever a folder built before could no longer be read; such a folder is then built again.
FORMAT = 1
META, GRAPH, GAZETTEER, BASEMAP = "meta.json", "graph.npz", "gazetteer.sqlite", "basemap.pmtiles"
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "https://www.openstreetmap.org/copyright"
TRAVEL_FACTOR = 1.3
SNAP_LIMIT_METRES = 400


@dataclass(frozen=True, slots=True)
class Facts:
    """What `meta.json` says of a region.

    `travel_factor` multiplies the seconds at free flow; a point farther than `snap_limit_metres` from a road where
    one may stop is off the road network. `counts` tells what was built: junctions, pieces, houses, streets...
    """

    name: str
    box: Box
    counts: dict[str, int]
    source_file: str
    source_sha256: str
    data_date: str
    built_seconds: float
    attribution: str = ATTRIBUTION
    licence: str = LICENCE
    travel_factor: float = TRAVEL_FACTOR
    snap_limit_metres: int = SNAP_LIMIT_METRES
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Region:
    """A region that is ready to use."""

    name: str
    folder: Path
    facts: Facts

    @property
    def graph_file(self) -> Path:
        """The road graph, for `graph.Graph.load`."""
        return self.folder / GRAPH

    @property
    def gazetteer_file(self) -> Path:
        """The address index, for `gazetteer.Gazetteer`."""
        return self.folder / GAZETTEER

    @property
    def basemap_file(self) -> Path:
        """The map tiles, one PMTiles file."""
        return self.folder / BASEMAP

    @property
    def box(self) -> Box:
        """What the region covers."""
        return self.facts.box


def check_name(name: str) -> str:
    """The name, if a region can have it.

    Raises:
        InvalidRegionName: other characters than lower-case letters, digits and hyphens, or too long.
    """
    if not NAME.fullmatch(name):
        raise InvalidRegionName(name)
    return name


def open_region(folder: Path) -> Region:
    """Read what a folder says of itself.

    Raises:
        BrokenRegion: a file is absent, unreadable or of another version.
    """
    try:
        stored: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        if stored.get("format") != FORMAT:
            raise BrokenRegion(folder.name, problem="it was built by another version")
        facts = Facts(**{**stored, "box": Box(**stored["box"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BrokenRegion(folder.name, problem="its facts cannot be read") from error
    absent = [name for name in (GRAPH, GAZETTEER, BASEMAP) if not (folder / name).is_file()]
    if absent:
        raise BrokenRegion(folder.name, problem=f"{absent[0]} is absent")
    return Region(facts.name, folder, facts)


def write_facts(folder: Path, facts: Facts) -> None:
    """Write `meta.json`, the last file of a region."""
    text = json.dumps(asdict(facts), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / META).write_text(text + "\n", encoding="utf-8")


def regions_folder(home: Path) -> Path:
    """Where the regions of a home lie."""
    return home / "regions"


def installed(home: Path) -> tuple[Region, ...]:
    """The regions of a home that are ready to use, by name; broken ones are left out, see `broken`."""
    found = []
    for folder in _folders(home):
        try:
            found.append(open_region(folder))
        except BrokenRegion:
            continue
    return tuple(found)


def broken(home: Path) -> tuple[BrokenRegion, ...]:
    """What is wrong with the regions of a home that cannot be used."""
    found = []
    for folder in _folders(home):
        try:
            open_region(folder)
        except BrokenRegion as error:
            found.append(error)
    return tuple(found)


def _folders(home: Path) -> list[Path]:
    try:
        inside = list(regions_folder(home).iterdir())
    except OSError:
        return []
    return sorted(folder for folder in inside if NAME.fullmatch(folder.name) and folder.is_dir())
