"""Travel times and tour lines: from the road graph of a region, or estimated from the straight distance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from routing import UNREACHABLE, matrix

from ..ports import ESTIMATE, Point, TravelTable
from ..regions.errors import BrokenRegion
from ..regions.graph import EARTH, Floats, Graph
from ..regions.network import Network, Projections
from ..regions.region import Region
from ..regions.travel import BIKE, CAR, MODES

#: Lines are drawn at most this far from the road.
DRAWN_METRES = 5.0
#: How much slower than a car each mode is where only an estimate is possible; a cargo bike in hilly streets.
SLOWNESS = {CAR: 1.0, BIKE: 1.6}

Ints = NDArray[np.int64]
Line = tuple[tuple[float, float], ...]


class GraphRoads:
    """The roads of one region. Points are projected onto them, never moved to the next junction."""

    def __init__(self, region: Region) -> None:
        self.region = region
        try:
            self._graph = Graph.load(region.graph_file)
            self._networks = {mode: Network(self._graph, mode) for mode in MODES}
        except (OSError, ValueError, KeyError) as error:
            raise BrokenRegion(region.name, problem="its road graph cannot be read") from error

    @property
    def source(self) -> str:
        """What times from here rest on."""
        return f"graph:{self.region.name}"

    def covers(self, point: Point) -> bool:
        """Whether the region says anything about this place, even that no road is near."""
        return self.region.box.holds(point.lat, point.lon)

    def matrix(self, points: Sequence[Point], modes: Sequence[str]) -> TravelTable:
        """Times and distances along the roads, times the region's travel factor; see `ports.Roads`."""
        seconds, metres, off = {}, {}, {}
        for mode in modes:
            at = self.project(points, mode)
            hundredths, tenths = self._networks[mode].table(at)
            quick = np.rint(hundredths / 100 * self.region.facts.travel_factor).astype(np.int64)
            seconds[mode] = np.where(hundredths < 0, UNREACHABLE, quick)
            metres[mode] = np.where(tenths < 0, UNREACHABLE, np.rint(tenths / 10).astype(np.int64))
            _zero_diagonal(seconds[mode], metres[mode])
            off[mode] = at.off_network
        return TravelTable(seconds, metres, (self.source,) * len(points), off)

    def geometry(self, points: Sequence[Point], mode: str) -> Line:
        """The tour's line along the roads; legs from or to a point off the network are straight."""
        legs = self.legs(points, mode)
        return _as_line(_joined(legs)) if legs else ()

    def legs(self, points: Sequence[Point], mode: str) -> list[Floats]:
        """The line from each point to the next, simplified, foot to foot."""
        at = self.project(points, mode)
        lines = []
        for row, line in enumerate(self._networks[mode].ways(at)):
            if len(line):
                lines.append(simplified(line))
            else:
                lines.append(np.array([_foot(at, points, row), _foot(at, points, row + 1)]))
        return lines

    def project(self, points: Sequence[Point], mode: str) -> Projections:
        """Where the points meet the roads of a mode."""
        return self._networks[mode].project(
            [point.lat for point in points],
            [point.lon for point in points],
            limit=float(self.region.facts.snap_limit_metres),
        )

    def streets_within(self, box: tuple[float, float, float, float]) -> tuple[Line, ...]:
        """Lines of the roads for cars that touch the box."""
        graph = self._graph
        south, west, north, east = box
        inside = (graph.lat >= south) & (graph.lat <= north) & (graph.lon >= west) & (graph.lon <= east)
        touched = np.logical_or.reduceat(inside, graph.shape[:-1])
        pieces = np.flatnonzero(touched & graph.open_to(CAR))
        return tuple(
            _as_line(simplified(np.stack((graph.lat[part], graph.lon[part]), axis=1)))
            for part in (slice(graph.shape[piece], graph.shape[piece + 1]) for piece in pieces)
        )

    def regions(self) -> tuple[str, ...]:
        """The one region."""
        return (self.region.name,)


class EstimateRoads:
    """No roads at all: times and distances guessed from the straight line, and said to be so."""

    def matrix(self, points: Sequence[Point], modes: Sequence[str]) -> TravelTable:
        """Estimated times and distances; every pair has some."""
        places = [(point.lat, point.lon) for point in points]
        guesses = {mode: matrix.estimate(places, slowness=SLOWNESS[mode]) for mode in modes}
        return TravelTable(
            {mode: guess.seconds for mode, guess in guesses.items()},
            {mode: guess.metres for mode, guess in guesses.items()},
            (ESTIMATE,) * len(points),
            dict.fromkeys(modes, ()),
        )

    def geometry(self, points: Sequence[Point], mode: str) -> Line:
        """Straight from point to point."""
        return _as_line(np.array([(point.lat, point.lon) for point in points])) if len(points) > 1 else ()

    def streets_within(self, box: tuple[float, float, float, float]) -> tuple[Line, ...]:
        """None are known."""
        return ()

    def regions(self) -> tuple[str, ...]:
        """None are known."""
        return ()


class RegionRoads:
    """The installed regions together; estimates between points that no single region covers both of.

    Regions added or built again while this object lives are seen at the next call.
    """

    def __init__(self, installed: Callable[[], tuple[Region, ...]]) -> None:
        self._installed = installed
        self._opened: dict[tuple[str, str, float], GraphRoads] = {}
        self._lock = threading.Lock()
        self._estimate = EstimateRoads()

    def matrix(self, points: Sequence[Point], modes: Sequence[str]) -> TravelTable:
        """Times and distances; each point says in `sources` what its times rest on.

        A point belongs to the region that covers most of the points. Pairs within one region come from its graph,
        all others are estimated.
        """
        parts = self._parts(points)
        if len(parts) == 1 and len(parts[0][1]) == len(points):
            return parts[0][0].matrix(points, modes)
        table = self._estimate.matrix(points, modes)
        sources = list(table.sources)
        seconds = {mode: table.seconds[mode].copy() for mode in modes}
        metres = {mode: table.metres[mode].copy() for mode in modes}
        off: dict[str, list[int]] = {mode: [] for mode in modes}
        for roads, rows in parts:
            inner = roads.matrix([points[row] for row in rows], modes)
            for row in rows:
                sources[row] = roads.source
            for mode in modes:
                seconds[mode][np.ix_(rows, rows)] = inner.seconds[mode]
                metres[mode][np.ix_(rows, rows)] = inner.metres[mode]
                off[mode] += [rows[row] for row in inner.off_network[mode]]
        for mode in modes:
            for whole in (seconds[mode], metres[mode]):
                whole[off[mode], :] = UNREACHABLE
                whole[:, off[mode]] = UNREACHABLE
            _zero_diagonal(seconds[mode], metres[mode])
        return TravelTable(seconds, metres, tuple(sources), {mode: tuple(sorted(off[mode])) for mode in modes})

    def geometry(self, points: Sequence[Point], mode: str) -> Line:
        """The tour's line: along the roads within a region, straight elsewhere."""
        if len(points) < 2:
            return ()
        parts = self._parts(points)
        if len(parts) == 1 and len(parts[0][1]) == len(points):
            return parts[0][0].geometry(points, mode)
        owner = {row: roads for roads, rows in parts for row in rows}
        legs = []
        for row in range(len(points) - 1):
            roads, pair = owner.get(row), points[row : row + 2]
            if roads is not None and owner.get(row + 1) is roads:
                legs += roads.legs(pair, mode)
            else:
                legs.append(np.array([(point.lat, point.lon) for point in pair]))
        return _as_line(_joined(legs))

    def streets_within(self, box: tuple[float, float, float, float]) -> tuple[Line, ...]:
        """Roads of the first region that covers the middle of the box."""
        middle = Point((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        for roads in self._graphs():
            if roads.covers(middle):
                return roads.streets_within(box)
        return ()

    def regions(self) -> tuple[str, ...]:
        """Names of the installed regions."""
        return tuple(region.name for region in self._installed())

    def _parts(self, points: Sequence[Point]) -> list[tuple[GraphRoads, list[int]]]:
        """Each point given to one region, the one that covers most of those still free first."""
        free = set(range(len(points)))
        parts = []
        candidates = list(self._graphs())
        while free and candidates:
            covered = [[row for row in sorted(free) if roads.covers(points[row])] for roads in candidates]
            best = max(range(len(candidates)), key=lambda at: (len(covered[at]), -at))
            if not covered[best]:
                break
            parts.append((candidates.pop(best), covered[best]))
            free.difference_update(covered[best])
        return parts

    def _graphs(self) -> list[GraphRoads]:
        with self._lock:
            opened = {}
            for region in self._installed():
                key = (region.name, region.facts.source_sha256, region.graph_file.stat().st_mtime)
                opened[key] = self._opened.get(key) or GraphRoads(region)
            self._opened = opened
            return list(opened.values())


def simplified(line: Floats, metres: float = DRAWN_METRES) -> Floats:
    """The line with fewer points, nowhere farther than `metres` from the old one; both ends stay.

    Source: Ramer, Douglas and Peucker.
    """
    if len(line) < 3:
        return line
    flat = np.radians(line) * EARTH
    flat[:, 1] *= np.cos(np.radians(line[0, 0]))
    kept = np.zeros(len(line), dtype=np.bool_)
    kept[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        begin, finish = waiting.pop()
        if finish - begin < 2:
            continue
        away = _from_segment(flat[begin + 1 : finish], flat[begin], flat[finish])
        farthest = int(away.argmax())
        if away[farthest] > metres:
            middle = begin + 1 + farthest
            kept[middle] = True
            waiting += [(begin, middle), (middle, finish)]
    return line[kept]


def _from_segment(points: Floats, a: Floats, b: Floats) -> Floats:
    run = b - a
    squared = float((run**2).sum())
    share = np.clip(((points - a) @ run) / squared, 0, 1) if squared > 0 else np.zeros(len(points))
    result: Floats = np.hypot(*(points - (a + share[:, None] * run)).T)
    return result


def _joined(legs: Sequence[Floats]) -> Floats:
    line = np.concatenate(list(legs))
    moved = np.abs(np.diff(line, axis=0)).max(axis=1) > 1e-7
    result: Floats = line[np.concatenate(([True], moved))]
    return result


def _foot(at: Projections, points: Sequence[Point], row: int) -> tuple[float, float]:
    if at.piece[row] < 0:
        return points[row].lat, points[row].lon
    return float(at.lat[row]), float(at.lon[row])


def _zero_diagonal(*tables: Ints) -> None:
    for table in tables:
        np.fill_diagonal(table, 0)


def _as_line(line: Floats) -> Line:
    return tuple((round(lat, 6), round(lon, 6)) for lat, lon in line.tolist())
