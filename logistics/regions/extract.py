"""What is read from an OpenStreetMap extract (.osm.pbf), once, for graph, gazetteer and basemap alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from .errors import UnreadableExtract

#: n x 2, latitude and longitude, WGS 84 degrees.
Line = NDArray[np.float64]

WAY_KEYS = frozenset({"highway", "railway", "waterway", "aerialway"})
AREA_KEYS = frozenset({"building", "natural", "landuse", "leisure", "waterway", "amenity", "man_made", "water"})
NODE_KEYS = ("addr:housenumber", "place", "barrier")
ADMIN_LEVELS = frozenset(str(level) for level in range(2, 12))
#: Boxes in file headers are believed unless they are this many times wider than the roads themselves.
BOX_TRUST = 3.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of WGS 84 degrees; south < north, west < east."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east

    def widened(self, share: float) -> Box:
        """The box with `share` of its height and width added on each side."""
        high, wide = (self.north - self.south) * share, (self.east - self.west) * share
        return Box(self.south - high, self.west - wide, self.north + high, self.east + wide)


@dataclass(frozen=True, slots=True)
class Way:
    """A line with its tags; `nodes` and `line` have the same length, at least 2."""

    id: int
    tags: Mapping[str, str]
    nodes: NDArray[np.int64]
    line: Line


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon or several: each is an outer ring followed by its holes, rings closed."""

    id: int
    tags: Mapping[str, str]
    polygons: tuple[tuple[Line, ...], ...]

    @property
    def middle(self) -> tuple[float, float]:
        """Centroid of the first outer ring, latitude and longitude."""
        return centroid(self.polygons[0][0])


@dataclass(frozen=True, slots=True)
class Spot:
    """A node with tags."""

    id: int
    tags: Mapping[str, str]
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Boundary:
    """An administrative relation: its member lines as far as the extract has them, and its centre where mapped."""

    id: int
    tags: Mapping[str, str]
    lines: tuple[Way, ...]
    centre: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Extract:
    """Everything of an extract that the product uses."""

    file: Path
    box: Box
    data_date: str
    ways: tuple[Way, ...]
    areas: tuple[Area, ...]
    spots: tuple[Spot, ...]
    boundaries: tuple[Boundary, ...]

    @property
    def roads(self) -> Iterator[Way]:
        """Ways with a highway tag, in the order of the file."""
        return (way for way in self.ways if "highway" in way.tags)


@dataclass(frozen=True, slots=True)
class _Relation:
    id: int
    tags: Mapping[str, str]
    members: tuple[int, ...]
    centre: int | None


def read(file: Path) -> Extract:
    """Read an extract: a pass over everything, a small one over administrative borders.

    Raises:
        UnreadableExtract: absent, damaged, of another kind, or without any way.
    """
    if not file.is_file():
        raise UnreadableExtract(file, problem="there is no such file")
    try:
        collected = _Collected()
        collected.read(file)
        boundaries = tuple(_boundaries(file))
        box = _header_box(file)
        stamp = _header_date(file)
    except (RuntimeError, ValueError) as error:
        raise UnreadableExtract(file, problem=_first_line(error)) from error
    if not collected.ways:
        raise UnreadableExtract(file, problem="it holds no way")
    return Extract(
        file=file,
        box=_believable(box, collected.ways),
        data_date=stamp or collected.newest,
        ways=tuple(collected.ways),
        areas=tuple(collected.areas),
        spots=tuple(collected.spots),
        boundaries=boundaries,
    )


def centroid(ring: Line) -> tuple[float, float]:
    """Centre of gravity of a closed ring, latitude and longitude; the mean of its points when it has no area."""
    y, x = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    doubled = cross.sum()
    if abs(doubled) < 1e-16:
        lat, lon = ring.mean(axis=0)
        return float(lat), float(lon)
    lat = ((y[:-1] + y[1:]) * cross).sum() / (3 * doubled) + ring[0, 0]
    lon = ((x[:-1] + x[1:]) * cross).sum() / (3 * doubled) + ring[0, 1]
    return float(lat), float(lon)


class _Collected:
    """What the passes over ways, areas and nodes gather."""

    def __init__(self) -> None:
        self.ways: list[Way] = []
        self.areas: list[Area] = []
        self.spots: list[Spot] = []
        self.newest = ""
        self._wkb = osmium.geom.WKBFactory()

    def read(self, file: Path) -> None:
        newest = datetime(2000, 1, 1, tzinfo=UTC)
        for item in _processor(file):
            if item.is_area():
                self._area(item)
            elif item.is_way():
                newest = max(newest, item.timestamp)
                way = _way(item)
                if way is not None and (not WAY_KEYS.isdisjoint(way.tags) or _is_coast(way.tags)):
                    self.ways.append(way)
            elif item.is_node() and item.location.valid():
                self.spots.append(Spot(item.id, dict(item.tags), item.location.lat, item.location.lon))
        if newest.year > 2000:
            self.newest = newest.date().isoformat()

    def _area(self, area: Any) -> None:
        tags = dict(area.tags)
        if AREA_KEYS.isdisjoint(tags) and not _is_square(tags):
            return
        try:
            shape = bytes.fromhex(self._wkb.create_multipolygon(area))
        except RuntimeError:
            return  # A multipolygon whose rings do not close, as at the edge of an extract: it has no shape to draw.
        self.areas.append(Area(area.id, tags, _polygons(shape)))


def _way(way: Any) -> Way | None:
    """A way as far as its nodes are in the extract; None when fewer than two are."""
    nodes: list[int] = []
    line: list[tuple[float, float]] = []
    for node in way.nodes:
        place = node.location
        if place.valid() and (not nodes or node.ref != nodes[-1]):
            nodes.append(node.ref)
            line.append((place.lat, place.lon))
    if len(nodes) < 2:
        return None
    return Way(way.id, dict(way.tags), np.array(nodes, dtype=np.int64), np.array(line, dtype=np.float64))


def _polygons(shape: bytes) -> tuple[tuple[Line, ...], ...]:
    """Read the well-known binary form of a multipolygon, little endian, longitude before latitude."""
    polygons = []
    at = 9
    for _ in range(int.from_bytes(shape[5:9], "little")):
        rings = []
        count = int.from_bytes(shape[at + 5 : at + 9], "little")
        at += 9
        for _ in range(count):
            length = int.from_bytes(shape[at : at + 4], "little")
            at += 4
            rings.append(np.frombuffer(shape, dtype="<f8", count=2 * length, offset=at).reshape(-1, 2)[:, ::-1])
            at += 16 * length
        polygons.append(tuple(rings))
    return tuple(polygons)


def _processor(file: Path) -> Iterable[Any]:
    nodes = osmium.filter.KeyFilter(*NODE_KEYS)
    nodes.enable_for(osmium.osm.NODE)
    ways = osmium.filter.KeyFilter(*WAY_KEYS, "natural")
    ways.enable_for(osmium.osm.WAY)
    areas = osmium.filter.KeyFilter(*AREA_KEYS, "highway")
    areas.enable_for(osmium.osm.AREA)
    kinds = osmium.filter.EntityFilter(osmium.osm.NODE | osmium.osm.WAY | osmium.osm.AREA)
    processor = osmium.FileProcessor(str(file)).with_areas()
    for chosen in (kinds, nodes, ways, areas):
        processor = processor.with_filter(chosen)
    return processor


def _boundaries(file: Path) -> Iterator[Boundary]:
    relations = _relations(file)
    if not relations:
        return
    members = osmium.filter.IdFilter({member for relation in relations for member in relation.members})
    members.enable_for(osmium.osm.WAY)
    centres = osmium.filter.IdFilter({relation.centre for relation in relations if relation.centre is not None})
    centres.enable_for(osmium.osm.NODE)
    ways: dict[int, Way] = {}
    spots: dict[int, tuple[float, float]] = {}
    processor = osmium.FileProcessor(str(file), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for item in processor.with_filter(members).with_filter(centres):
        found: Any = item
        if found.is_node() and found.location.valid():
            spots[found.id] = (found.location.lat, found.location.lon)
        elif found.is_way() and (way := _way(found)) is not None:
            ways[way.id] = way
    for relation in relations:
        lines = tuple(ways[member] for member in relation.members if member in ways)
        if lines:
            yield Boundary(relation.id, relation.tags, lines, spots.get(relation.centre or 0))


def _relations(file: Path) -> tuple[_Relation, ...]:
    found = []
    for item in osmium.FileProcessor(str(file), osmium.osm.RELATION):
        relation: Any = item
        tags: Mapping[str, str] = dict(relation.tags)
        if tags.get("boundary") != "administrative" or tags.get("admin_level") not in ADMIN_LEVELS:
            continue
        if tags.get("type") not in ("boundary", "multipolygon"):
            continue
        members = list(relation.members)
        centre = [member.ref for member in members if member.type == "n" and member.role == "admin_centre"]
        ways = tuple(member.ref for member in members if member.type == "w" and member.role in ("outer", "inner", ""))
        found.append(_Relation(relation.id, tags, ways, centre[0] if centre else None))
    return tuple(found)


def _header_box(file: Path) -> Box | None:
    with osmium.io.Reader(str(file), osmium.osm.NOTHING) as reader:
        box = reader.header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return Box(low.lat, low.lon, high.lat, high.lon)


def _header_date(file: Path) -> str:
    with osmium.io.Reader(str(file), osmium.osm.NOTHING) as reader:
        stamp = reader.header().get("osmosis_replication_timestamp")
    return (stamp or "")[:10]


def _believable(box: Box | None, ways: Iterable[Way]) -> Box:
    """The header's box, or the extent of the roads where the header has none or an absurd one."""
    points = np.concatenate([way.line for way in ways if "highway" in way.tags] or [way.line for way in ways])
    (south, west), (north, east) = points.min(axis=0), points.max(axis=0)
    extent = Box(float(south), float(west), float(north), float(east)).widened(0.01)
    if box is None or box.south >= box.north or box.west >= box.east:
        return extent
    too_high = (box.north - box.south) > BOX_TRUST * (extent.north - extent.south)
    too_wide = (box.east - box.west) > BOX_TRUST * (extent.east - extent.west)
    return extent if too_high or too_wide else box


def _is_coast(tags: Mapping[str, str]) -> bool:
    return tags.get("natural") == "coastline"


def _is_square(tags: Mapping[str, str]) -> bool:
    return tags.get("highway") == "pedestrian" and tags.get("area") == "yes"


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
