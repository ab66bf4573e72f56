"""Shortest ways over a road graph for one mode, from points projected onto its roads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from .graph import EARTH, Floats, Graph, Ints, lengths

#: Roads are sampled this densely to find the candidates nearest to a point; the distance itself is exact.
SAMPLE_METRES = 40.0
#: Sources per call, so that memory stays small on large graphs.
BLOCK = 64
#: A weight is centiseconds x SHIFT + decimetres: whole numbers that a double adds exactly up to 186 hours, so that
#: one run of Dijkstra finds the quickest way and brings its metres along, the shortest of equally quick ones first.
SHIFT = 2**27


@dataclass(frozen=True, slots=True, eq=False)
class Projections:
    """Where points meet the network: one entry per point; `piece` is -1 for a point that is off the network.

    `share` is the part of the piece between its start and the foot of the point, 0 to 1; `metres` the straight
    distance from the point to that foot, whose coordinates are `lat` and `lon`.
    """

    piece: Ints
    share: Floats
    metres: Floats
    lat: Floats
    lon: Floats

    @property
    def off_network(self) -> tuple[int, ...]:
        """Row numbers of the points that are not on the network."""
        return tuple(np.flatnonzero(self.piece < 0).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Arcs:
    """Directed connections: from which node to which, on which piece, from which share of it to which, how costly."""

    source: Ints
    target: Ints
    piece: Ints
    begins: Floats
    ends: Floats
    weight: Floats

    def best(self, nodes: int) -> _Arcs:
        """The cheapest connection of each pair of nodes, ordered by pair."""
        key = self.source * nodes + self.target
        order = np.lexsort((self.weight, key))
        first = np.concatenate(([True], key[order][1:] != key[order][:-1])) if len(order) else np.zeros(0, bool)
        return self.at(order[first])

    def at(self, rows: Ints) -> _Arcs:
        """The connections of these rows."""
        return _Arcs(*(getattr(self, name)[rows] for name in _Arcs.__slots__))

    def joined(self, other: _Arcs) -> _Arcs:
        """These connections and the others."""
        return _Arcs(*(np.concatenate((getattr(self, name), getattr(other, name))) for name in _Arcs.__slots__))


class Network:
    """The roads of a graph that one mode may use. Immutable after construction, safe to share among threads."""

    def __init__(self, graph: Graph, mode: str) -> None:
        self.graph, self.mode = graph, mode
        self._forward, self._backward = graph.forward[mode], graph.backward[mode]
        self._arcs = self._open_arcs()
        self._halting = np.flatnonzero(graph.open_to(mode) & graph.halts)
        self._origin = float(np.cos(np.radians(graph.lat.mean()))) if len(graph.lat) else 1.0
        self._segments = self._cut_segments()

    def project(self, lat: Sequence[float] | Floats, lon: Sequence[float] | Floats, *, limit: float) -> Projections:
        """The nearest foot of each point on a road where one may stop, within `limit` metres."""
        here = self._flat(np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64))
        count = len(here)
        piece, share = np.full(count, -1, dtype=np.int64), np.zeros(count)
        metres, foot = np.full(count, np.inf), np.full((count, 2), np.nan)
        tree, owner, begin, finish, pieces, before, step = self._segments
        if count and tree is not None:
            near, _ = tree.query(here, distance_upper_bound=limit + SAMPLE_METRES)
            rows = np.flatnonzero(np.isfinite(near))
            balls = tree.query_ball_point(here[rows], np.asarray(near)[rows] + SAMPLE_METRES)
            for row, ball in zip(rows.tolist(), balls, strict=True):
                candidates = np.unique(owner[ball])
                a, b = begin[candidates], finish[candidates]
                along = _along(here[row], a, b)
                feet = a + along[:, None] * (b - a)
                distances = np.hypot(*(here[row] - feet).T)
                best = int(np.argmin(distances))
                if distances[best] <= limit:
                    segment = candidates[best]
                    piece[row], metres[row], foot[row] = pieces[segment], distances[best], feet[best]
                    whole = self.graph.metres[pieces[segment]]
                    share[row] = (before[segment] + along[best] * step[segment]) / whole if whole > 0 else 0.0
        places = self._round(foot)
        return Projections(piece, np.clip(share, 0.0, 1.0), metres, places[:, 0], places[:, 1])

    def table(self, at: Projections) -> tuple[Ints, Ints]:
        """Centiseconds at free flow and decimetres of the quickest way, n x n, row = from; -1 where there is none."""
        count = len(at.piece)
        arcs, nodes = self._with(at)
        matrix = _sparse(arcs, nodes)
        first = self.graph.junctions
        weights = np.empty((count, count))
        for start in range(0, count, BLOCK):
            rows = np.arange(start, min(start + BLOCK, count))
            weights[rows] = csgraph.dijkstra(matrix, indices=rows + first)[:, first:]
        reached = np.isfinite(weights)
        whole = np.where(reached, weights, 0).astype(np.int64)
        seconds, metres = np.where(reached, whole // SHIFT, -1), np.where(reached, whole % SHIFT, -1)
        off = at.piece < 0
        seconds[off], metres[off], seconds[:, off], metres[:, off] = -1, -1, -1, -1
        return seconds, metres

    def ways(self, at: Projections) -> Iterator[Floats]:
        """The line of the quickest way from each point to the next, m x 2 latitude and longitude, foot to foot.

        A leg from or to a point off the network is an empty line.
        """
        arcs, nodes = self._with(at)
        matrix = _sparse(arcs, nodes)
        keys = arcs.source * nodes + arcs.target
        first = self.graph.junctions
        for here, there in pairwise(range(len(at.piece))):
            if at.piece[here] < 0 or at.piece[there] < 0:
                yield np.empty((0, 2))
                continue
            _, before = csgraph.dijkstra(matrix, indices=[first + here], return_predecessors=True)
            chain = _walk(before[0], first + here, first + there)
            lines = [np.array([[at.lat[here], at.lon[here]]])]
            for a, b in pairwise(chain):
                row = int(np.searchsorted(keys, a * nodes + b))
                lines.append(self._line(int(arcs.piece[row]), float(arcs.begins[row]), float(arcs.ends[row])))
            lines.append(np.array([[at.lat[there], at.lon[there]]]))
            yield _without_repeats(np.concatenate(lines))

    def _open_arcs(self) -> _Arcs:
        graph = self.graph
        there, back = np.flatnonzero(self._forward >= 0), np.flatnonzero(self._backward >= 0)
        return _Arcs(
            source=np.concatenate((graph.start[there], graph.end[back])),
            target=np.concatenate((graph.end[there], graph.start[back])),
            piece=np.concatenate((there, back)),
            begins=np.concatenate((np.zeros(len(there)), np.ones(len(back)))),
            ends=np.concatenate((np.ones(len(there)), np.zeros(len(back)))),
            weight=np.concatenate(
                (
                    _weight(self._forward[there], graph.metres[there]),
                    _weight(self._backward[back], graph.metres[back]),
                )
            ),
        ).best(max(graph.junctions, 1))

    def _with(self, at: Projections) -> tuple[_Arcs, int]:
        """The network with the points as further nodes: each piece they lie on is cut there, in both directions."""
        graph, first = self.graph, self.graph.junctions
        nodes = first + len(at.piece)
        rows = np.flatnonzero(at.piece >= 0)
        order = rows[np.lexsort((rows, at.share[rows], at.piece[rows]))]
        links: list[tuple[int, int, int, float, float]] = []
        for piece, members in _groups(at.piece, order):
            chain = [int(graph.start[piece]), *(first + int(row) for row in members), int(graph.end[piece])]
            shares = [0.0, *at.share[members].tolist(), 1.0]
            for (a, here), (b, there) in pairwise(zip(chain, shares, strict=True)):
                if self._forward[piece] >= 0:
                    links.append((a, b, piece, here, there))
                if self._backward[piece] >= 0:
                    links.append((b, a, piece, there, here))
        ends = np.array([link[:3] for link in links], dtype=np.int64).reshape(-1, 3)
        cuts = np.array([link[3:] for link in links], dtype=np.float64).reshape(-1, 2)
        on, from_share, to_share = ends[:, 2], cuts[:, 0], cuts[:, 1]
        part = np.abs(to_share - from_share)
        whole = np.where(to_share >= from_share, self._forward[on], self._backward[on])
        whole = np.where(part > 0, whole, 0.0)
        added = _Arcs(
            ends[:, 0],
            ends[:, 1],
            on,
            from_share,
            to_share,
            _weight(whole * part, graph.metres[on] * part),
        )
        return self._arcs.joined(added).best(nodes), nodes

    def _line(self, piece: int, begins: float, ends: float) -> Floats:
        """The part of a piece between two shares of its length, in the direction of travel."""
        points = slice(self.graph.shape[piece], self.graph.shape[piece + 1])
        lat, lon = self.graph.lat[points], self.graph.lon[points]
        along = np.concatenate(([0.0], np.cumsum(lengths(lat, lon))))
        low, high = min(begins, ends) * along[-1], max(begins, ends) * along[-1]
        inside = (along > low) & (along < high)
        stations = np.concatenate(([low], along[inside], [high]))
        line = np.stack((np.interp(stations, along, lat), np.interp(stations, along, lon)), axis=1)
        return line if begins <= ends else line[::-1]

    def _cut_segments(self) -> tuple[cKDTree | None, Ints, Floats, Floats, Ints, Floats, Floats]:
        """Straight segments of the roads where one may stop, and a tree over samples of them."""
        graph = self.graph
        counts = np.diff(graph.shape)[self._halting] - 1
        if not counts.sum():
            nothing = np.empty((0, 2))
            return None, np.empty(0, np.int64), nothing, nothing, np.empty(0, np.int64), np.empty(0), np.empty(0)
        pieces = np.repeat(self._halting, counts)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        begins = graph.shape[pieces] + offset
        step = lengths(graph.lat, graph.lon)[begins]
        before = np.cumsum(step) - step
        before -= np.repeat(before[np.cumsum(counts) - counts], counts)
        flat = self._flat(graph.lat, graph.lon)
        a, b = flat[begins], flat[begins + 1]
        samples = np.maximum(1, np.ceil(np.hypot(*(b - a).T) / SAMPLE_METRES)).astype(np.int64)
        owner = np.repeat(np.arange(len(a)), samples)
        at = np.arange(len(owner)) - np.repeat(np.cumsum(samples) - samples, samples)
        share = (at + 0.5) / samples[owner]
        return cKDTree(a[owner] + share[:, None] * (b - a)[owner]), owner, a, b, pieces, before, step

    def _flat(self, lat: Floats, lon: Floats) -> Floats:
        """Metres east and north, near enough true for the short distances compared here."""
        return np.stack((np.radians(lon) * self._origin, np.radians(lat)), axis=1) * EARTH

    def _round(self, flat: Floats) -> Floats:
        return np.stack((np.degrees(flat[:, 1] / EARTH), np.degrees(flat[:, 0] / EARTH / self._origin)), axis=1)


def _weight(seconds: Floats, metres: Floats) -> Floats:
    """At least 1: a stored zero could be read as no connection at all."""
    return np.maximum(np.round(seconds * 100) * SHIFT + np.round(metres * 10), 1.0)


def _sparse(arcs: _Arcs, nodes: int) -> sparse.csr_array:
    starts = np.searchsorted(arcs.source, np.arange(nodes + 1))
    return sparse.csr_array((arcs.weight, arcs.target.astype(np.int32), starts.astype(np.int32)), shape=(nodes, nodes))


def _groups(piece: Ints, order: Ints) -> Iterator[tuple[int, Ints]]:
    if len(order):
        edges = np.flatnonzero(np.diff(piece[order])) + 1
        for members in np.split(order, edges):
            yield int(piece[members[0]]), members


def _walk(before: NDArray[np.int32], start: int, goal: int) -> list[int]:
    chain = [goal]
    while chain[-1] != start:
        chain.append(int(before[chain[-1]]))
        if chain[-1] < 0:
            return [start]
    return chain[::-1]


def _along(point: Floats, a: Floats, b: Floats) -> Floats:
    run = b - a
    squared = (run**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(squared > 0, ((point - a) * run).sum(axis=1) / squared, 0.0)
    return np.clip(share, 0.0, 1.0)


def _without_repeats(line: Floats) -> Floats:
    moved = np.abs(np.diff(line, axis=0)).max(axis=1) > 1e-9
    return line[np.concatenate(([True], moved))]
