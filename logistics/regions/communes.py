"""Communes of a region: who is where, also for those that the edge of the extract cuts off."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .extract import Area, Boundary, Box, Extract, Line, Spot

#: Postcodes of countries with a single one that their map does not carry.
ONE_POSTCODE = {"MC": "98000", "VA": "00120", "SM": "47890"}
#: The level at which communes are mapped, then what stands in where an extract has none.
LEVELS = ("8", "7", "9")
#: What names a place where no commune is mapped.
SETTLEMENTS = frozenset({"city", "town", "village", "hamlet"})
#: A border with an open end inside the box is closed by a straight line of at most this share of its own length.
BRIDGED = 0.35
#: How far outside the box the open ends of a clipped border are joined, as a share of the box.
MARGIN = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Commune:
    """A commune: its rings (outer and inner alike, even-odd), closed outside the box where the extract cuts it."""

    id: int
    name: str
    postcode: str
    rings: tuple[Line, ...]
    centre: tuple[float, float]
    clipped: bool


def communes(extract: Extract) -> tuple[Commune, ...]:
    """All communes of an extract that can be closed, by name; empty where borders are not mapped."""
    level = next((level for level in LEVELS if any(_is_level(b, level) for b in extract.boundaries)), None)
    chosen = [b for b in extract.boundaries if level is not None and _is_level(b, level) and b.tags.get("name")]
    countries = _single_postcodes(extract)
    found = []
    for boundary in chosen:
        closed = close(boundary, extract.box)
        if closed is None:
            continue
        rings, clipped = closed
        centre = boundary.centre or middle(rings, extract.box)
        postcode = boundary.tags.get("addr:postcode") or boundary.tags.get("postal_code") or ""
        found.append(Commune(boundary.id, boundary.tags["name"], postcode, rings, centre, clipped))
    found.sort(key=lambda commune: (commune.name, commune.id))
    return tuple(_with_postcodes(found, extract, countries))


def locate(found: Sequence[Commune], lat: Floats, lon: Floats) -> NDArray[np.int64]:
    """For each point the row of the commune that holds it, the first of several; -1 where none does."""
    result = np.full(len(lat), -1, dtype=np.int64)
    for row in range(len(found) - 1, -1, -1):
        inside = within(found[row].rings, lat, lon)
        result[inside] = row
    return result


class Places:
    """Names the commune of any point of an extract; where none is mapped, the nearest town or village."""

    def __init__(self, extract: Extract) -> None:
        self.communes = communes(extract)
        singles = {country: code for code, country, _ in _single_postcodes(extract)}
        spots = [spot for spot in extract.spots if spot.tags.get("place") in SETTLEMENTS and "name" in spot.tags]
        self._nearby = [
            (spot.tags["name"], spot.tags.get("postal_code", singles.get(spot.tags["name"], ""))) for spot in spots
        ]
        self._shrink = np.array([1.0, np.cos(np.radians((extract.box.south + extract.box.north) / 2))])
        self._tree = cKDTree(np.array([(spot.lat, spot.lon) for spot in spots]) * self._shrink) if spots else None

    def names(self, points: Floats) -> list[tuple[str, str]]:
        """Name and postcode for each of n x 2 latitudes and longitudes; blank where nothing is known."""
        points = points.reshape(-1, 2)
        rows = locate(self.communes, points[:, 0], points[:, 1])
        nearest = np.zeros(len(points), dtype=np.int64)
        if self._tree is not None and len(points):
            nearest = np.asarray(self._tree.query(points * self._shrink)[1], dtype=np.int64)
        known = [(commune.name, commune.postcode) for commune in self.communes]
        nearby = self._nearby or [("", "")]
        return [
            known[row] if row >= 0 else nearby[spot] for row, spot in zip(rows.tolist(), nearest.tolist(), strict=True)
        ]


def within(rings: Iterable[Line], lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    """Which points lie inside the rings, counted even-odd: a hole in a ring is outside."""
    odd = np.zeros(len(lat), dtype=np.bool_)
    for ring in rings:
        rows = np.flatnonzero((lat >= ring[:, 0].min()) & (lat <= ring[:, 0].max()) & (lon <= ring[:, 1].max()))
        for part in np.array_split(rows, max(1, len(rows) * len(ring) // 4_000_000)):
            odd[part] ^= _crossings(ring, lat[part], lon[part]) % 2 == 1
    return odd


def close(boundary: Boundary, box: Box) -> tuple[tuple[Line, ...], bool] | None:
    """Join the border lines to rings; those with open ends are led round outside the box.

    Of the two sides that such a line parts, the one with the boundary's centre is kept, else the smaller one.

    Returns:
        The rings and whether any had to be completed; None when the lines have wide gaps inside the box.
    """
    rings, open_lines = stitch(line.line for line in boundary.lines)
    if not open_lines:
        return (tuple(rings), False) if rings else None
    outer = beyond(box, open_lines)
    reaching = []
    for line in open_lines:
        if all(near_edge(point, box) for point in (line[0], line[-1])):
            reaching.append(np.concatenate(([pushed(line[0], outer)], line, [pushed(line[-1], outer)])))
        elif _gap(line) <= BRIDGED:
            rings.append(np.concatenate((line, line[:1])))
        else:
            return None
    if not reaching:
        return tuple(rings), True
    sides = [led_round(reaching, outer, direction) for direction in (1, -1)]
    kept = _chosen_side(sides, boundary.centre)
    return (*rings, *kept), True


def stitch(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """Join lines at their common ends: closed rings, and what stays open."""
    left = [line for line in lines if len(line) > 1]
    rings = [line for line in left if (line[0] == line[-1]).all()]
    loose = [line for line in left if not (line[0] == line[-1]).all()]
    ends: dict[tuple[float, float], list[int]] = defaultdict(list)
    for row, line in enumerate(loose):
        ends[_key(line[0])].append(row)
        ends[_key(line[-1])].append(row)
    unused = set(range(len(loose)))
    open_lines: list[Line] = []
    for row in range(len(loose)):
        if row not in unused:
            continue
        unused.discard(row)
        chain = [loose[row]]
        while (more := _next(chain[-1][-1], ends, unused, loose)) is not None:
            chain.append(more)
        while (more := _next(chain[0][0], ends, unused, loose)) is not None:
            chain.insert(0, more[::-1])
        joined = np.concatenate([chain[0], *(part[1:] for part in chain[1:])])
        (rings if (joined[0] == joined[-1]).all() else open_lines).append(joined)
    return rings, open_lines


def _next(
    end: Line, ends: dict[tuple[float, float], list[int]], unused: set[int], loose: Sequence[Line]
) -> Line | None:
    for row in ends[_key(end)]:
        if row in unused:
            unused.discard(row)
            return loose[row] if (loose[row][0] == end).all() else loose[row][::-1]
    return None


def _crossings(ring: Line, lat: Floats, lon: Floats) -> NDArray[np.int64]:
    """How many edges a ray going east from each point crosses."""
    y0, y1, x0, x1 = ring[:-1, 0], ring[1:, 0], ring[:-1, 1], ring[1:, 1]
    spans = (y0 > lat[:, None]) != (y1 > lat[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = x0 + (lat[:, None] - y0) * (x1 - x0) / (y1 - y0)
    result: NDArray[np.int64] = (spans & (lon[:, None] < meets)).sum(axis=1)
    return result


def _key(point: Line) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def near_edge(point: Line, box: Box) -> bool:
    """Outside the box or in its outermost tenth: where an extract's edge may have cut a line."""
    inner = box.widened(-0.1)
    return not inner.holds(float(point[0]), float(point[1]))


def _gap(line: Line) -> float:
    """The straight way between the ends as a share of the line's length."""
    steps = np.hypot(*np.diff(line, axis=0).T).sum()
    return float(np.hypot(*(line[-1] - line[0])) / steps)


def pushed(point: Line, outer: Box) -> Line:
    """The nearest place on the edge of the outer box."""
    lat, lon = float(point[0]), float(point[1])
    gaps = {"s": lat - outer.south, "n": outer.north - lat, "w": lon - outer.west, "e": outer.east - lon}
    side = min(gaps, key=lambda name: gaps[name])
    lat, lon = min(max(lat, outer.south), outer.north), min(max(lon, outer.west), outer.east)
    places = {"s": (outer.south, lon), "n": (outer.north, lon), "w": (lat, outer.west), "e": (lat, outer.east)}
    return np.array(places[side])


def around(point: Line, outer: Box) -> float:
    """Where on the edge of the box a point of the edge lies: 0 to 4 counter-clockwise from the south-west corner."""
    lat, lon = float(point[0]), float(point[1])
    up, right = (lat - outer.south) / (outer.north - outer.south), (lon - outer.west) / (outer.east - outer.west)
    gaps = {right: abs(up), 1 + up: abs(1 - right), 3 - right: abs(1 - up), 4 - up: abs(right)}
    return min(gaps, key=lambda place: gaps[place]) % 4


def corners(begin: float, finish: float, outer: Box, direction: int) -> list[tuple[float, float]]:
    """The corners passed on the way round the box from one place of its edge to another, `direction` 1 or -1."""
    points = (
        (outer.south, outer.west),
        (outer.south, outer.east),
        (outer.north, outer.east),
        (outer.north, outer.west),
    )
    ahead = [(((corner - begin) * direction) % 4, corner) for corner in range(4)]
    length = ((finish - begin) * direction) % 4
    return [points[corner] for distance, corner in sorted(ahead) if 0 < distance < length]


def beyond(box: Box, lines: Iterable[Line]) -> Box:
    """A box well outside the given one and all lines."""
    outer = box.widened(MARGIN)
    points = np.concatenate([*lines, [(outer.south, outer.west), (outer.north, outer.east)]])
    (south, west), (north, east) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box(south, west, north, east).widened(0.01)


def led_round(lines: Sequence[Line], outer: Box, direction: int) -> list[Line]:
    """Close open lines, both ends on the edge of the box, by walking round it to the nearest free end."""
    ends = [(around(line[at], outer), row, at) for row, line in enumerate(lines) for at in (0, -1)]
    left = set(range(len(lines)))
    rings = []
    while left:
        first = min(left)
        left.discard(first)
        ring = [lines[first]]
        while True:
            here = around(ring[-1][-1], outer)
            free = [e for e in ends if e[1] in left or (e[1] == first and e[2] == 0)]
            _, row, at = min(((place - here) * direction % 4, row, at) for place, row, at in free)
            target = lines[row][at]
            ring.append(np.array(corners(here, around(target, outer), outer, direction)).reshape(-1, 2))
            if row == first:
                ring.append(target.reshape(1, 2))
                break
            left.discard(row)
            ring.append(lines[row] if at == 0 else lines[row][::-1])
        rings.append(np.concatenate(ring))
    return rings


def _chosen_side(sides: Sequence[list[Line]], centre: tuple[float, float] | None) -> list[Line]:
    if centre is not None:
        lat, lon = np.array([centre[0]]), np.array([centre[1]])
        holding = [side for side in sides if within(side, lat, lon)[0]]
        if len(holding) == 1:
            return holding[0]
    return min(sides, key=lambda side: sum(abs(surface(ring)) for ring in side))


def surface(ring: Line) -> float:
    """Signed area in square degrees, positive when the ring runs counter-clockwise on the map."""
    y, x = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def middle(rings: Sequence[Line], box: Box) -> tuple[float, float]:
    """A place inside the rings and the box, as near their middle as a coarse grid shows."""
    lat, lon = (
        part.ravel()
        for part in np.meshgrid(np.linspace(box.south, box.north, 42)[1:-1], np.linspace(box.west, box.east, 42)[1:-1])
    )
    inside = within(rings, lat, lon)
    if not inside.any():
        points = np.concatenate(list(rings))
        return float(points[:, 0].mean()), float(points[:, 1].mean())
    middle = lat[inside].mean(), lon[inside].mean()
    nearest = np.argmin((lat[inside] - middle[0]) ** 2 + (lon[inside] - middle[1]) ** 2)
    return float(lat[inside][nearest]), float(lon[inside][nearest])


def _is_level(boundary: Boundary, level: str) -> bool:
    return boundary.tags.get("admin_level") == level


def _single_postcodes(extract: Extract) -> list[tuple[str, str, tuple[Line, ...]]]:
    """Countries with a single postcode: it, their name, and their rings as far as the extract closes them."""
    found = []
    for boundary in extract.boundaries:
        code = boundary.tags.get("ISO3166-1:alpha2") or boundary.tags.get("ISO3166-1") or ""
        if code in ONE_POSTCODE and _is_level(boundary, "2"):
            closed = close(boundary, extract.box)
            found.append((ONE_POSTCODE[code], boundary.tags.get("name", ""), closed[0] if closed else ()))
    return found


def _with_postcodes(
    found: Sequence[Commune], extract: Extract, countries: Sequence[tuple[str, str, tuple[Line, ...]]]
) -> Iterable[Commune]:
    """Postcodes from the border, from the country where it has only one, from the houses."""
    houses = _postcoded(extract)
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    if houses and any(not commune.postcode for commune in found):
        lat, lon = np.array([h[0] for h in houses]), np.array([h[1] for h in houses])
        for row, house in zip(locate(found, lat, lon).tolist(), houses, strict=True):
            votes[row][house[2]] += 1
    for row, commune in enumerate(found):
        lat, lon = np.array([commune.centre[0]]), np.array([commune.centre[1]])
        states = [c for c in countries if c[1] == commune.name or within(c[2], lat, lon)[0]]
        single = states[0][0] if states else ""
        most = min(votes[row].items(), key=lambda vote: (-vote[1], vote[0]))[0] if votes[row] else ""
        postcode = commune.postcode or single or most
        yield Commune(commune.id, commune.name, postcode, commune.rings, commune.centre, commune.clipped)


def _postcoded(extract: Extract) -> list[tuple[float, float, str]]:
    found: list[tuple[float, float, str]] = []
    things: Iterable[Spot | Area] = (*extract.spots, *extract.areas)
    for thing in things:
        postcode = thing.tags.get("addr:postcode", "")
        if postcode and "addr:housenumber" in thing.tags:
            lat, lon = (thing.lat, thing.lon) if isinstance(thing, Spot) else thing.middle
            found.append((lat, lon, postcode))
    return found
