"""What logistics asks of the outside world; each `Protocol` has its adapters under `adapters` or `regions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

import routing

from .errors import LogisticsError

if TYPE_CHECKING:
    from .system import System


class Queue(Protocol):
    """A bell for background work. The task rows are the truth: a bell may be lost or ring twice without harm."""

    def ring(self, task_id: str) -> None:
        """Say that this task waits; call it after the transaction that asked for it. Never raises."""

    def start(self, system: System) -> None:
        """Do tasks in this process from now on, in threads; a second call changes nothing."""

    def stop(self) -> None:
        """Take no more work, ask what runs to stop and hand it back; returns within seconds."""


class NotSent(LogisticsError):
    """A message was not taken; trying again later may help. `why` is a word without personal data."""

    code = "not-sent"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the message was not taken ({why})")


class Notifier(Protocol):
    """Carries a message to a person."""

    #: Whether it sends at all.
    sends: bool

    def send(self, recipient: str, subject: str, text: str) -> None:
        """Hand one message on, within half a minute.

        Raises:
            NotSent: it was not taken.
        """


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the earth, WGS 84 degrees."""

    lat: float
    lon: float


#: What a travel table holds where no way leads, or where one of the two points is off the road network.
UNREACHABLE = routing.UNREACHABLE
ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True, eq=False)
class TravelTable:
    """Times and distances between points, by mode.

    `seconds[mode]` and `metres[mode]` are n x n, row = from, column = to, whole numbers (int64), zero diagonal,
    `UNREACHABLE` where there is no way or one of the two is off the road network. The metres are those of the
    quickest way.
    `sources` says of each point what its times rest on: `graph:NAME` or `estimate`.
    `off_network[mode]` are the row numbers of points that lie too far from any road of a region that covers them.
    """

    seconds: Mapping[str, NDArray[np.int64]]
    metres: Mapping[str, NDArray[np.int64]]
    sources: tuple[str, ...]
    off_network: Mapping[str, tuple[int, ...]]

    @property
    def source(self) -> str:
        """What the table as a whole rests on: `graph:NAME` when one graph gives every time, else `estimate`."""
        return self.source_of(range(len(self.sources)))

    def source_of(self, rows: Sequence[int]) -> str:
        """What the times among these rows rest on; `estimate` as soon as one of them is estimated."""
        found = {self.sources[row] for row in rows}
        return found.pop() if len(found) == 1 else ESTIMATE


class Roads(Protocol):
    """How long it takes from door to door, and along which roads. Modes: `car` (vans) and `bike` (cargo bikes)."""

    def matrix(self, points: Sequence[Point], modes: Sequence[str]) -> TravelTable:
        """Times and distances among the points; never raises for a point, however far away."""

    def geometry(self, points: Sequence[Point], mode: str) -> tuple[tuple[float, float], ...]:
        """The line of a whole tour in this order, latitude and longitude, simplified to about 5 m.

        It runs along the roads that `matrix` counts, from the foot of the first point to the foot of the last, and
        passes the foot of each; straight where a leg is estimated. Empty for fewer than two points.
        """

    def streets_within(self, box: tuple[float, float, float, float]) -> tuple[tuple[tuple[float, float], ...], ...]:
        """Lines of the roads in a box (south, west, north, east), to draw; empty where no region is known."""

    def regions(self) -> tuple[str, ...]:
        """Names of the regions with a road graph, in alphabetical order."""


class Geocoder(Protocol):
    """Finds addresses: the calls of `geopy.geocoders.base.Geocoder` that the product uses."""

    def geocode(self, query: Any, *, exactly_one: bool = True) -> Any:
        """A `geopy.Location`; None where nothing is found or several places are meant equally well.

        With `exactly_one=False` a list of all that may be meant, best first, or None. `raw` of each location tells
        `accuracy` (`house`, `street`, `locality`, `commune`, `postcode`), `score` (0 to 100), `source`, `ambiguous`
        and `candidates`.
        """

    def suggest(self, text: str, *, limit: int) -> list[Any]:
        """Locations that a text still being typed may become, best first; asked at every few letters."""

    def reverse(self, query: Any, *, exactly_one: bool = True) -> Any:
        """The nearest street or house, as for `geocode`."""
