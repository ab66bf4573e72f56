"""Stand-ins that behave: a clock to wind, roads as the crow flies, a gazetteer from a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np

from logistics.ports import Point, TravelTable
from routing import UNREACHABLE

#: A Tuesday in winter, nine in the morning in Nice: no daylight-saving change is near.
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Clock:
    """Says the time it was wound to, aware and in UTC; calling it answers, as `datetime.now(UTC)` would."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wind(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move the time forward and say it."""
        self.now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.now


class FakeRoads:
    """Roads as the crow flies: 1.3 road metres per straight metre, 10 m/s by car and 5 m/s by bike.

    Points in `nowhere` are off the network, and no way leads to them. `asked` counts the calls of `matrix`.
    """

    def __init__(self, *, nowhere: Iterable[tuple[float, float]] = (), speed: Mapping[str, float] | None = None):
        self.nowhere = {Point(lat, lon) for lat, lon in nowhere}
        self.speed = speed or {"car": 10.0, "bike": 5.0}
        self.asked = 0

    def matrix(self, points: Sequence[Point], modes: Sequence[str]) -> TravelTable:
        """Times and distances among the points."""
        self.asked += 1
        off = tuple(row for row, point in enumerate(points) if point in self.nowhere)
        metres = np.array([[round(1.3 * crow(a, b)) for b in points] for a in points], dtype=np.int64)
        metres = metres.reshape(len(points), len(points))
        for row in off:
            metres[row, :] = metres[:, row] = UNREACHABLE
            metres[row, row] = 0
        seconds = {mode: np.where(metres == UNREACHABLE, metres, np.ceil(metres / self.speed[mode])) for mode in modes}
        return TravelTable(
            seconds={mode: table.astype(np.int64) for mode, table in seconds.items()},
            metres={mode: metres.copy() for mode in modes},
            sources=("graph:fake",) * len(points),
            off_network=dict.fromkeys(modes, off),
        )

    def geometry(self, points: Sequence[Point], mode: str) -> tuple[tuple[float, float], ...]:
        """The straight line from point to point."""
        return tuple((point.lat, point.lon) for point in points) if len(points) > 1 else ()

    def streets_within(self, box: tuple[float, float, float, float]) -> tuple[tuple[tuple[float, float], ...], ...]:
        """None are known."""
        return ()

    def regions(self) -> tuple[str, ...]:
        """One, that is nowhere on the earth."""
        return ("fake",)


class FakeStreets:
    """A gazetteer that answers from a list: the query's text to what is found, as locations of geopy."""

    def __init__(self, **known: Any) -> None:
        self.known = known

    def geocode(self, query: Any, *, exactly_one: bool = True) -> Any:
        """What is known under the street's text."""
        street = query["street"] if isinstance(query, dict) else str(query)
        found = self.known.get(street.replace(" ", "_"))
        return found if exactly_one or found is None else [found]

    def suggest(self, text: str, *, limit: int) -> list[Any]:
        """What is known of names that begin so."""
        known = [found for name, found in self.known.items() if name.replace("_", " ").startswith(text)]
        return [one for one in known if one is not None][:limit]

    def reverse(self, query: Any, *, exactly_one: bool = True) -> Any:
        """Nothing."""
        return None


def crow(a: Point, b: Point) -> float:
    """Straight metres between two points, by the haversine formula."""
    lat, lon = radians(b.lat - a.lat), radians(b.lon - a.lon)
    half = sin(lat / 2) ** 2 + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(lon / 2) ** 2
    return 2 * 6_371_008.8 * asin(sqrt(half))


class FakeGazetteer:
    """Streets from a list: a text being typed may become each that holds it."""

    def __init__(self, *streets: tuple[str, float, float]) -> None:
        self.streets = streets

    def suggest(self, text: str, *, limit: int) -> list[Any]:
        """What holds the text, in the list's order."""
        found = [one for one in self.streets if text.casefold() in one[0].casefold()]
        return [
            SimpleNamespace(address=label, latitude=lat, longitude=lon, raw={"accuracy": "street"})
            for label, lat, lon in found[:limit]
        ]
