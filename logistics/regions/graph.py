"""The road graph of a region: what may be driven, which way, how fast, with the shape of every piece of road."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from .errors import NoRoads
from .extract import Extract, Way
from .travel import MODES, Passage, blocked, passage, stoppable

#: Mean earth radius in metres (IUGG).
EARTH = 6_371_008.8

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Graph:
    """Pieces of road between junctions. Arrays, so that it is stored as it is and used by NumPy as it is.

    Piece p runs from junction `start[p]` to junction `end[p]` along the points `shape[p]` to `shape[p + 1]` (end not
    included) of `lat` and `lon`. `forward[mode][p]` and `backward[mode][p]` are seconds at free flow, -1 where that
    way is closed to the mode or leads to no other part of its network. `halts[p]` says whether a van may stop there.
    """

    lat: Floats
    lon: Floats
    shape: Ints
    start: Ints
    end: Ints
    metres: Floats
    halts: Bools
    name: Ints
    names: tuple[str, ...]
    forward: Mapping[str, Floats]
    backward: Mapping[str, Floats]

    @property
    def junctions(self) -> int:
        """How many junctions there are, all modes together."""
        return int(max(self.start.max(initial=-1), self.end.max(initial=-1))) + 1

    def open_to(self, mode: str) -> Bools:
        """Which pieces the mode may use in at least one direction."""
        return (self.forward[mode] >= 0) | (self.backward[mode] >= 0)

    def save(self, file: Path) -> None:
        """Write the graph as one .npz; nothing in it needs pickle to be read."""
        arrays: dict[str, NDArray[np.generic]] = {
            "lat": self.lat,
            "lon": self.lon,
            "shape": self.shape,
            "start": self.start,
            "end": self.end,
            "metres": self.metres,
            "halts": self.halts,
            "name": self.name,
            "names": np.frombuffer("\n".join(self.names).encode(), dtype=np.uint8),
        }
        for mode in MODES:
            arrays[f"forward_{mode}"] = self.forward[mode]
            arrays[f"backward_{mode}"] = self.backward[mode]
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, file: Path) -> Graph:
        """Read a graph that `save` wrote.

        Raises:
            OSError, ValueError, KeyError: absent, damaged, or of another version.
        """
        with np.load(file, allow_pickle=False) as stored:
            return cls(
                lat=stored["lat"],
                lon=stored["lon"],
                shape=stored["shape"],
                start=stored["start"],
                end=stored["end"],
                metres=stored["metres"],
                halts=stored["halts"],
                name=stored["name"],
                names=tuple(stored["names"].tobytes().decode().split("\n")),
                forward={mode: stored[f"forward_{mode}"] for mode in MODES},
                backward={mode: stored[f"backward_{mode}"] for mode in MODES},
            )


def build(extract: Extract) -> Graph:
    """The graph of an extract: per mode the largest part in which every place can be reached from every other.

    Raises:
        NoRoads: no piece of road is left for cars.
    """
    roads = [(way, {mode: passage(way.tags, mode) for mode in MODES}) for way in extract.roads]
    open_roads = [(way, found) for way, found in roads if any(p is not None for p in found.values())]
    if not open_roads:
        raise NoRoads(extract.file, ways=len(roads))
    pieces = _cut([way for way, _ in open_roads], _barriers(extract))
    graph = _assemble(pieces, open_roads)
    connected = _keep_connected(graph)
    if not connected.open_to("car").any():
        raise NoRoads(extract.file, ways=len(roads))
    return connected


def lengths(lat: Floats, lon: Floats) -> Floats:
    """Metres from each point to the next; one number fewer than points.

    Source: haversine formula, mean earth radius.
    """
    phi, theta = np.radians(lat), np.radians(lon)
    half = np.sin(np.diff(phi) / 2) ** 2 + np.cos(phi[:-1]) * np.cos(phi[1:]) * np.sin(np.diff(theta) / 2) ** 2
    result: Floats = 2 * EARTH * np.arcsin(np.sqrt(half))
    return result


@dataclass(frozen=True, slots=True)
class _Piece:
    road: int
    first: int
    last: int
    line: Floats


def _barriers(extract: Extract) -> frozenset[int]:
    return frozenset(spot.id for spot in extract.spots if "barrier" in spot.tags and blocked(spot.tags))


def _cut(ways: Sequence[Way], barriers: frozenset[int]) -> list[_Piece]:
    """Cut ways where they meet. At a barrier the two sides get different ends, so that nothing passes."""
    used, times = np.unique(np.concatenate([way.nodes for way in ways]), return_counts=True)
    meeting = set(used[times > 1].tolist()) | barriers
    pieces = []
    dead_end = 0
    for road, way in enumerate(ways):
        nodes = way.nodes.tolist()
        last = len(nodes) - 1
        cuts = [0, *(at for at in range(1, last) if nodes[at] in meeting), last]
        for begin, finish in pairwise(cuts):
            ends = []
            for at in (begin, finish):
                if nodes[at] in barriers:
                    dead_end -= 1
                    ends.append(dead_end)
                else:
                    ends.append(nodes[at])
            pieces.append(_Piece(road, ends[0], ends[1], way.line[begin : finish + 1]))
    return pieces


def _assemble(pieces: Sequence[_Piece], roads: Sequence[tuple[Way, Mapping[str, Passage | None]]]) -> Graph:
    ends = np.array([(piece.first, piece.last) for piece in pieces], dtype=np.int64)
    _, numbered = np.unique(ends, return_inverse=True)
    numbered = numbered.reshape(-1, 2)
    points = np.concatenate([piece.line for piece in pieces])
    shape = np.concatenate(([0], np.cumsum([len(piece.line) for piece in pieces]))).astype(np.int64)
    metres = _piece_lengths(points[:, 0], points[:, 1], shape)
    names = sorted({way.tags.get("name", "") for way, _ in roads} | {""})
    number = {name: at for at, name in enumerate(names)}
    forward: dict[str, Floats] = {}
    backward: dict[str, Floats] = {}
    for mode in MODES:
        passages = [roads[piece.road][1][mode] for piece in pieces]
        forward[mode] = _seconds(metres, [p.forward_kmh if p else 0.0 for p in passages])
        backward[mode] = _seconds(metres, [p.backward_kmh if p else 0.0 for p in passages])
    return Graph(
        lat=np.ascontiguousarray(points[:, 0]),
        lon=np.ascontiguousarray(points[:, 1]),
        shape=shape,
        start=numbered[:, 0].astype(np.int64),
        end=numbered[:, 1].astype(np.int64),
        metres=metres,
        halts=np.array([stoppable(roads[piece.road][0].tags) for piece in pieces], dtype=np.bool_),
        name=np.array([number[roads[piece.road][0].tags.get("name", "")] for piece in pieces], dtype=np.int64),
        names=tuple(names),
        forward=forward,
        backward=backward,
    )


def _piece_lengths(lat: Floats, lon: Floats, shape: Ints) -> Floats:
    steps = lengths(lat, lon)
    steps[shape[1:-1] - 1] = 0.0
    along = np.concatenate(([0.0], np.cumsum(steps)))
    result: Floats = along[shape[1:] - 1] - along[shape[:-1]]
    return result


def _seconds(metres: Floats, kmh: Iterable[float]) -> Floats:
    speed = np.array(list(kmh), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(speed > 0, metres * 3.6 / speed, -1.0)


def _keep_connected(graph: Graph) -> Graph:
    """Close to each mode what its largest strongly connected part does not hold, then drop what nobody may use."""
    forward, backward = dict(graph.forward), dict(graph.backward)
    for mode in MODES:
        there, back = graph.forward[mode] >= 0, graph.backward[mode] >= 0
        sources = np.concatenate((graph.start[there], graph.end[back]))
        targets = np.concatenate((graph.end[there], graph.start[back]))
        if not len(sources):
            continue
        matrix = sparse.coo_matrix(
            (np.ones(len(sources)), (sources, targets)), shape=(graph.junctions, graph.junctions)
        ).tocsr()
        _, label = csgraph.connected_components(matrix, directed=True, connection="strong")
        weight = np.bincount(label[sources], minlength=label.max() + 1)
        inside = label == weight.argmax()
        kept = inside[graph.start] & inside[graph.end]
        forward[mode] = np.where(kept, graph.forward[mode], -1.0)
        backward[mode] = np.where(kept, graph.backward[mode], -1.0)
    return _only(graph, forward, backward)


def _only(graph: Graph, forward: Mapping[str, Floats], backward: Mapping[str, Floats]) -> Graph:
    kept = np.zeros(len(graph.start), dtype=np.bool_)
    for mode in MODES:
        kept |= (forward[mode] >= 0) | (backward[mode] >= 0)
    counts = np.diff(graph.shape)
    points = np.repeat(kept, counts)
    _, numbered = np.unique(np.stack((graph.start[kept], graph.end[kept]), axis=1), return_inverse=True)
    numbered = numbered.reshape(-1, 2)
    return Graph(
        lat=graph.lat[points],
        lon=graph.lon[points],
        shape=np.concatenate(([0], np.cumsum(counts[kept]))).astype(np.int64),
        start=numbered[:, 0].astype(np.int64),
        end=numbered[:, 1].astype(np.int64),
        metres=graph.metres[kept],
        halts=graph.halts[kept],
        name=graph.name[kept],
        names=graph.names,
        forward={mode: forward[mode][kept] for mode in MODES},
        backward={mode: backward[mode][kept] for mode in MODES},
    )
