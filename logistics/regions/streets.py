"""Builds a region's address index: houses, streets, localities, communes and postcodes of an extract."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import communes as borders
from .communes import Places
from .extract import Area, Extract, Spot, Way
from .graph import EARTH, Floats
from .spelling import fold, fold_number

SCHEMA = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('street', 'locality', 'commune', 'postcode')),
    name TEXT NOT NULL,
    commune TEXT NOT NULL,
    postcode TEXT NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    spread_metres INTEGER NOT NULL
);
CREATE TABLE spelling (
    entry_id INTEGER NOT NULL REFERENCES entry (id),
    folded TEXT NOT NULL,
    folded_commune TEXT NOT NULL
);
CREATE VIEW spelt AS
    SELECT e.id, e.kind, e.name, e.commune, e.postcode, e.lat, e.lon, e.spread_metres,
           s.folded, s.folded_commune, s.rowid AS spelling
    FROM spelling AS s JOIN entry AS e ON e.id = s.entry_id;
CREATE INDEX spelling_by_name ON spelling (folded, folded_commune);
CREATE TABLE house (
    entry_id INTEGER NOT NULL REFERENCES entry (id),
    number TEXT NOT NULL,
    folded TEXT NOT NULL,
    postcode TEXT NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL
);
CREATE INDEX house_by_number ON house (entry_id, folded);
CREATE INDEX house_by_lat ON house (lat);
CREATE TABLE street_point (entry_id INTEGER NOT NULL REFERENCES entry (id), lat REAL NOT NULL, lon REAL NOT NULL);
CREATE INDEX street_point_by_lat ON street_point (lat);
CREATE VIRTUAL TABLE spelling_letters USING fts5 (folded, content='', tokenize='trigram');
"""

#: Roads that nobody lives on.
NO_ADDRESS = frozenset(
    {"motorway", "motorway_link", "construction", "proposed", "raceway", "services", "rest_area", "escape", "platform"}
)
LOCALITIES = frozenset(
    {
        "borough",
        "city",
        "farm",
        "hamlet",
        "isolated_dwelling",
        "locality",
        "neighbourhood",
        "quarter",
        "suburb",
        "town",
        "village",
    }
)
#: Streets are remembered by a point about this often, to answer what street a place lies on.
POINT_METRES = 20.0


#: Name, commune, postcode, latitude, longitude, spread in metres.
_Row = tuple[str, str, str, float, float, int]


@dataclass(slots=True)
class _Street:
    names: Counter[str]
    commune: str
    postcode: str
    aliases: set[str]
    points: list[Floats]
    weights: list[Floats]
    houses: list[tuple[str, str, float, float]]


@dataclass(frozen=True, slots=True)
class _House:
    street: str
    numbers: tuple[str, ...]
    city: str
    postcode: str
    lat: float
    lon: float


class _Builder:
    def __init__(self, extract: Extract, places: Places) -> None:
        self.extract, self.places = extract, places
        self.streets: dict[tuple[str, str], _Street] = {}

    def street(self, name: str, commune: str, postcode: str) -> _Street:
        key = (fold(name), fold(commune))
        if key not in self.streets:
            self.streets[key] = _Street(Counter(), commune, postcode, set(), [], [], [])
        street = self.streets[key]
        street.names[name] += 1
        return street

    def add_roads(self) -> None:
        ways = [way for way in self.extract.roads if _has_address(way.tags)]
        for way, at, lengths, (commune, postcode) in _parts(self.places, ways):
            street = self.street(way.tags["name"], commune, postcode)
            street.aliases |= _other_names(way.tags)
            street.points.append(at)
            street.weights.append(lengths)

    def add_houses(self) -> None:
        houses = list(_houses(self.extract))
        where = self.places.names(np.array([(house.lat, house.lon) for house in houses]))
        for house, (commune, postcode) in zip(houses, where, strict=True):
            name = commune or house.city
            street = self.street(house.street, name, house.postcode or postcode)
            for number in house.numbers:
                street.houses.append((number, house.postcode or postcode, house.lat, house.lon))


def build(extract: Extract, places: Places, file: Path) -> Mapping[str, int]:
    """Write the address index of an extract to a new file.

    Returns:
        How many houses, streets, localities, communes and postcodes it holds.
    """
    builder = _Builder(extract, places)
    builder.add_roads()
    builder.add_houses()
    with closing(sqlite3.connect(file)) as base:
        base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
        with base:
            counts = _write(base, builder)
        base.execute("PRAGMA optimize")
    return counts


def _write(base: sqlite3.Connection, builder: _Builder) -> Mapping[str, int]:
    counts: Counter[str] = Counter(houses=0, streets=0, localities=0, communes=0, postcodes=0)
    for (folded, folded_commune), street in sorted(builder.streets.items()):
        if not folded:
            continue
        name = min(street.names.items(), key=lambda kept: (-kept[1], kept[0]))[0]
        entry = _insert(base, "street", (name, street.commune, street.postcode, *_middle_of(street)))
        base.executemany(
            "INSERT INTO spelling VALUES (?, ?, ?)",
            [(entry, spelt, folded_commune) for spelt in sorted({folded, *street.aliases})],
        )
        base.executemany(
            "INSERT INTO house VALUES (?, ?, ?, ?, ?, ?)",
            [(entry, number, fold_number(number), code, y, x) for number, code, y, x in sorted(set(street.houses))],
        )
        base.executemany("INSERT INTO street_point VALUES (?, ?, ?)", [(entry, y, x) for y, x in _sparse(street)])
        counts["streets"] += 1
        counts["houses"] += len(set(street.houses))
    for kind, plural, rows in (
        ("locality", "localities", _localities(builder)),
        ("commune", "communes", _commune_rows(builder)),
        ("postcode", "postcodes", _postcode_rows(builder)),
    ):
        for row in rows:
            entry = _insert(base, kind, row)
            base.execute("INSERT INTO spelling VALUES (?, ?, ?)", (entry, fold(row[0]), fold(row[1])))
            counts[plural] += 1
    base.execute("INSERT INTO spelling_letters (rowid, folded) SELECT rowid, folded FROM spelling")
    return dict(counts)


def _insert(base: sqlite3.Connection, kind: str, row: _Row) -> int:
    name, commune, postcode, lat, lon, spread = row
    written = base.execute(
        "INSERT INTO entry (kind, name, commune, postcode, lat, lon, spread_metres) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, name, commune, postcode, round(lat, 6), round(lon, 6), spread),
    )
    return written.lastrowid or 0


def _localities(builder: _Builder) -> Iterator[_Row]:
    spots = [s for s in builder.extract.spots if s.tags.get("place") in LOCALITIES and "name" in s.tags]
    places = [(spot.tags["name"], spot.lat, spot.lon) for spot in spots]
    for boundary in builder.extract.boundaries:
        if boundary.tags.get("admin_level") in ("9", "10", "11") and "name" in boundary.tags:
            closed = borders.close(boundary, builder.extract.box)
            if closed is not None:
                lat, lon = boundary.centre or borders.middle(closed[0], builder.extract.box)
                places.append((boundary.tags["name"], lat, lon))
    communes = {fold(commune.name) for commune in builder.places.communes}
    seen = set()
    where = builder.places.names(np.array([(lat, lon) for _, lat, lon in places]))
    for (name, lat, lon), (commune, postcode) in sorted(zip(places, where, strict=True)):
        key = (fold(name), commune)
        if key in seen or key[0] in communes:
            continue
        seen.add(key)
        yield name, commune, postcode, lat, lon, 0


def _commune_rows(builder: _Builder) -> Iterator[_Row]:
    for commune in builder.places.communes:
        yield commune.name, commune.name, commune.postcode, *commune.centre, 0
    mapped = {commune.name for commune in builder.places.communes}
    others: dict[str, list[_Street]] = defaultdict(list)
    for street in builder.streets.values():
        if street.commune and street.commune not in mapped:
            others[street.commune].append(street)
    for name, streets in sorted(others.items()):
        middles = np.array([_middle_of(street)[:2] for street in streets])
        lat, lon = np.median(middles, axis=0).tolist()
        codes = Counter(street.postcode for street in streets if street.postcode)
        yield name, name, codes.most_common(1)[0][0] if codes else "", lat, lon, 0


def _postcode_rows(builder: _Builder) -> Iterator[_Row]:
    by_code: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for commune in builder.places.communes:
        if commune.postcode:
            by_code[commune.postcode].append(commune.centre)
    houses: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for street in builder.streets.values():
        for _, code, lat, lon in street.houses:
            if code:
                houses[code].append((lat, lon))
    for code in sorted({*by_code, *houses}):
        lat, lon = np.mean(np.array(by_code.get(code) or houses[code]), axis=0).tolist()
        yield code, "", code, lat, lon, 0


def _parts(places: Places, ways: Sequence[Way]) -> Iterator[tuple[Way, Floats, Floats, tuple[str, str]]]:
    """Ways with the middles and lengths of their short parts in each commune they run through."""
    if not ways:
        return
    names = places.names(np.concatenate([way.line[[0, len(way.line) // 2, -1]] for way in ways]))
    for row, way in enumerate(ways):
        middles, lengths = _sampled(way.line)
        three = names[3 * row : 3 * row + 3]
        if len(set(three)) == 1:
            yield way, middles, lengths, three[0]
            continue
        where = places.names(middles)
        for place in sorted(set(where)):
            chosen = np.array([one == place for one in where])
            yield way, middles[chosen], lengths[chosen], place


def _sampled(line: Floats) -> tuple[Floats, Floats]:
    """The middles of short parts of a line, and the length of each part in metres."""
    steps = np.diff(line, axis=0)
    metres = np.hypot(steps[:, 0], steps[:, 1] * np.cos(np.radians(line[0, 0]))) * np.radians(EARTH)
    parts = np.maximum(1, np.ceil(metres / POINT_METRES)).astype(np.int64)
    owner = np.repeat(np.arange(len(steps)), parts)
    at = np.arange(len(owner)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = (at + 0.5) / parts[owner]
    return line[owner] + share[:, None] * steps[owner], metres[owner] / parts[owner]


def _middle_of(street: _Street) -> tuple[float, float, int]:
    """A point on the street near its middle, and how far its farthest part lies from there in metres."""
    if street.points:
        points, weights = np.concatenate(street.points), np.concatenate(street.weights) + 1e-6
    else:
        points = np.array([(lat, lon) for _, _, lat, lon in street.houses])
        weights = np.ones(len(points))
    mean = np.average(points, axis=0, weights=weights)
    shrink = np.array([1.0, np.cos(np.radians(mean[0]))])
    nearest = points[np.hypot(*((points - mean) * shrink).T).argmin()]
    spread = np.hypot(*((points - nearest) * shrink).T).max() * np.radians(EARTH)
    return float(nearest[0]), float(nearest[1]), round(float(spread))


def _sparse(street: _Street) -> list[tuple[float, float]]:
    """Points of the street, one for each small square that it runs through, and the one that stands for it."""
    if not street.points:
        return []
    points = np.concatenate(street.points)
    size = np.degrees(POINT_METRES / EARTH)
    _, first = np.unique(np.floor(points / size).astype(np.int64), axis=0, return_index=True)
    own = _middle_of(street)
    return [own[:2], *((round(lat, 6), round(lon, 6)) for lat, lon in points[np.sort(first)].tolist())]


def _has_address(tags: Mapping[str, str]) -> bool:
    return (
        "name" in tags and tags["highway"] not in NO_ADDRESS and tags.get("tunnel", "no") in ("no", "building_passage")
    )


def _other_names(tags: Mapping[str, str]) -> set[str]:
    """The further names a road goes by, in other languages too, folded."""
    keys = ("alt_name", "official_name", "short_name", "name:fr", "name:de", "name:en", "name:sv", "name:mt", "name:it")
    found = {fold(name) for key in keys for name in tags.get(key, "").split(";")}
    return found - {"", fold(tags["name"])}


def _houses(extract: Extract) -> Iterator[_House]:
    things: Iterable[Spot | Area] = (*extract.spots, *extract.areas)
    for thing in things:
        tags = thing.tags
        number = tags.get("addr:housenumber", "").strip()
        street = tags.get("addr:street") or tags.get("addr:place") or ""
        if not number or not street:
            continue
        lat, lon = (thing.lat, thing.lon) if isinstance(thing, Spot) else thing.middle
        numbers = tuple(part.strip() for part in re.split(r"[;,]", number) if part.strip())
        yield _House(street, numbers, tags.get("addr:city", ""), tags.get("addr:postcode", ""), lat, lon)
