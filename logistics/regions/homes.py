"""Real buildings beside named streets: where an invented company can live without inventing a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import extract, graph
from .communes import Places
from .extract import Area
from .network import Network
from .travel import CAR

#: Buildings nobody lives or works in.
UNINHABITED = frozenset(
    {
        "barn",
        "bridge",
        "bunker",
        "carport",
        "chapel",
        "church",
        "cathedral",
        "collapsed",
        "construction",
        "cowshed",
        "farm_auxiliary",
        "garage",
        "garages",
        "greenhouse",
        "hangar",
        "hut",
        "no",
        "parking",
        "roof",
        "ruins",
        "service",
        "shed",
        "stable",
        "transformer_tower",
        "wall",
        "water_tower",
    }
)
#: A smaller footprint is a shed whatever its tag says.
SMALLEST_SQUARE_METRES = 40.0
BESIDE_METRES = 60.0


@dataclass(frozen=True, slots=True)
class Building:
    """A building whose nearest road is a named street that a van can reach.

    `lat` and `lon` are the middle of the building; `distance_m` the straight way to the street. `commune` is that
    of the building, "" where none is mapped, as is `postcode`. No house number is known or implied.
    """

    lat: float
    lon: float
    street: str
    commune: str
    postcode: str
    distance_m: float


def buildings_beside_streets(pbf: Path) -> tuple[Building, ...]:
    """Inhabitable buildings within 60 m of a named street on the connected car network, in an order that never varies.

    Only buildings whose very nearest road is the named one are listed, ordered by their OpenStreetMap id.

    Raises:
        UnreadableExtract, NoRoads: the file is of no use.
    """
    read = extract.read(pbf)
    roads = graph.build(read)
    homes = sorted((area for area in read.areas if _inhabited(area)), key=lambda area: area.id)
    middles = np.array([area.middle for area in homes]).reshape(-1, 2)
    at = Network(roads, CAR).project(middles[:, 0], middles[:, 1], limit=BESIDE_METRES)
    streets = [roads.names[roads.name[piece]] if piece >= 0 else "" for piece in at.piece.tolist()]
    chosen = np.flatnonzero(np.array([bool(street) for street in streets], dtype=np.bool_) & _in_box(read, middles))
    places = Places(read).names(middles[chosen])
    return tuple(
        Building(
            lat=round(float(middles[row, 0]), 6),
            lon=round(float(middles[row, 1]), 6),
            street=streets[row],
            commune=commune,
            postcode=postcode,
            distance_m=round(float(at.metres[row]), 1),
        )
        for row, (commune, postcode) in zip(chosen.tolist(), places, strict=True)
    )


def square_metres(area: Area) -> float:
    """Footprint without the holes."""
    return sum(_surface(rings[0]) - sum(map(_surface, rings[1:])) for rings in area.polygons)


def _inhabited(area: Area) -> bool:
    kind = area.tags.get("building")
    return kind is not None and kind not in UNINHABITED and square_metres(area) >= SMALLEST_SQUARE_METRES


def _surface(ring: extract.Line) -> float:
    y = np.radians(ring[:, 0] - ring[0, 0]) * graph.EARTH
    x = np.radians(ring[:, 1] - ring[0, 1]) * graph.EARTH * np.cos(np.radians(ring[0, 0]))
    return float(abs((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2)


def _in_box(read: extract.Extract, middles: graph.Floats) -> graph.Bools:
    rows: Iterable[bool] = (read.box.holds(float(lat), float(lon)) for lat, lon in middles)
    return np.fromiter(rows, dtype=np.bool_, count=len(middles))
