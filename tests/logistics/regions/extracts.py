"""Extracts for tests: small towns drawn by hand, and the shipped region built once for the whole run."""

from __future__ import annotations

import fcntl
import functools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Relation, Way

from logistics import regions
from logistics.ports import Point
from logistics.regions import extract, graph
from logistics.regions.network import Network
from tests.conftest import SHARED_BUILDS

#: Where the hand-drawn towns lie: a metre east and a metre north of here are told by `place`.
LAT, LON = 43.7, 7.4
METRE = math.degrees(1 / graph.EARTH)


def place(east: float, north: float) -> tuple[float, float]:
    """Latitude and longitude of a place given in metres from the towns' corner."""
    return LAT + north * METRE, LON + east * METRE / math.cos(math.radians(LAT))


def point(east: float, north: float) -> Point:
    """The same as a point."""
    return Point(*place(east, north))


@dataclass
class Town:
    """A town on squared paper, in metres; its nodes, ways and relations are written as an extract."""

    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    signs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    ways: list[tuple[Sequence[str], Mapping[str, str]]] = field(default_factory=list)
    relations: list[tuple[Sequence[tuple[str, int, str]], Mapping[str, str]]] = field(default_factory=list)

    def node(self, name: str, east: float, north: float, /, **tags: str) -> Town:
        """A place; `addr_street` writes the tag `addr:street`."""
        self.nodes[name] = (east, north)
        self.signs[name] = _tags(tags)
        return self

    def way(self, through: str, highway: str = "residential", **tags: str) -> Town:
        """A road through places named by single letters; an empty `highway` makes another kind of way."""
        road = {"highway": highway} if highway else {}
        self.ways.append((list(through), road | _tags(tags)))
        return self

    def border(self, *lines: int, centre: str = "", **tags: str) -> Town:
        """A commune whose border consists of ways, by their numbers from 1."""
        members = [("w", line, "outer") for line in lines]
        if centre:
            members.append(("n", list(self.nodes).index(centre) + 1, "admin_centre"))
        facts = {"type": "boundary", "boundary": "administrative", "admin_level": "8"} | _tags(tags)
        self.relations.append((members, facts))
        return self

    def write(self, file: Path, *, box: tuple[float, float, float, float] | None = None) -> Path:
        """Write the extract; `box` is west, south, east, north in metres, for its header."""
        header = osmium.io.Header()
        if box is not None:
            (south, west), (north, east) = place(box[0], box[1]), place(box[2], box[3])
            header.add_box(osmium.osm.Box(osmium.osm.Location(west, south), osmium.osm.Location(east, north)))
        number = {name: at for at, name in enumerate(self.nodes, start=1)}
        with osmium.SimpleWriter(str(file), header=header, overwrite=True) as writer:
            for name, (east, north) in self.nodes.items():
                lat, lon = place(east, north)
                writer.add_node(Node(id=number[name], location=(lon, lat), tags=self.signs[name], version=1))
            for at, (through, tags) in enumerate(self.ways, start=1):
                writer.add_way(Way(id=at, nodes=[number[name] for name in through], tags=tags, version=1))
            for at, (members, tags) in enumerate(self.relations, start=1):
                writer.add_relation(Relation(id=at, members=members, tags=tags, version=1))
        return file

    def roads(self, folder: Path) -> graph.Graph:
        """The road graph of the town."""
        return graph.build(extract.read(self.write(folder / "town.osm.pbf")))


def a_square() -> Town:
    """Four streets of 200 m round a block: A south-west, B south-east, C north-east, D north-west."""
    return Town().node("A", 0, 0).node("B", 200, 0).node("C", 200, 200).node("D", 0, 200)


def metres(roads: graph.Graph, start: Point, end: Point, mode: str = "car") -> float:
    """Road metres from one point to another, -1 where no way leads."""
    network = Network(roads, mode)
    at = network.project([start.lat, end.lat], [start.lon, end.lon], limit=400.0)
    tenths = network.table(at)[1][0, 1]
    return float(tenths) / 10 if tenths >= 0 else -1.0


def length(line: np.ndarray) -> float:
    """Metres along a line of latitudes and longitudes."""
    points = np.asarray(line, dtype=np.float64).reshape(-1, 2)
    return float(graph.lengths(points[:, 0], points[:, 1]).sum())


@functools.cache
def riviera() -> extract.Extract:
    """The shipped extract, read once."""
    return extract.read(regions.shipped())


@functools.cache
def riviera_graph() -> graph.Graph:
    """Its road graph."""
    return graph.build(riviera())


@functools.cache
def riviera_home() -> Path:
    """A home in which the shipped region is installed, built once for the whole run, whichever process asks first."""
    home = Path(os.environ[SHARED_BUILDS]) / "riviera"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not regions.folder(home, "riviera").exists():
            regions.build_region(regions.shipped(), "riviera", regions.folder(home, "riviera"))
    return home


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.replace("addr_", "addr:").replace("oneway_", "oneway:"): value for key, value in tags.items()}
