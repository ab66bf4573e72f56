"""Seconds and metres between places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .errors import InvalidProblem

Grid = npt.NDArray[np.int64]

#: Stands in a matrix where no road leads. Far above any shift, far below any overflow.
UNREACHABLE = 2**30
#: A matrix of more places would not fit into the memory of an ordinary machine.
MOST_PLACES = 10_000
#: A factor above this is a mistake: nobody needs two hours for a kilometre.
LARGEST_SLOWNESS = 100
EARTH_RADIUS_METRES = 6_371_008.8
#: Straight-line estimate: minutes = 2.7 km^0.80 and road km = 1.65 km^0.94, ten per cent added to the time of a tour.
MINUTES_FACTOR, MINUTES_POWER, METRES_FACTOR, METRES_POWER, TOUR_MARGIN = 2.7, 0.80, 1.65, 0.94, 1.10


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Travel between n places: row = from, column = to, whole seconds and metres, zero diagonal, read-only.

    A pair without a road says `UNREACHABLE` seconds.

    Raises:
        InvalidProblem: not square, not of one shape, not whole numbers, a negative entry, a diagonal that is not zero.
    """

    seconds: Grid
    metres: Grid

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", _grid("seconds", self.seconds))
        object.__setattr__(self, "metres", _grid("metres", self.metres))
        if self.seconds.shape != self.metres.shape:
            raise InvalidProblem(f"matrix: {self.seconds.shape} seconds but {self.metres.shape} metres")

    @property
    def size(self) -> int:
        """How many places."""
        return int(self.seconds.shape[0])

    def slice(self, places: Sequence[int]) -> Matrix:
        """The same travel between some of the places, in the given order."""
        chosen = np.ix_(list(places), list(places))
        return Matrix(self.seconds[chosen], self.metres[chosen])

    def reaches(self, start: int, end: int) -> bool:
        """Whether a road leads from one place to the other."""
        return bool(self.seconds[start, end] < UNREACHABLE)


def _grid(name: str, values: object) -> Grid:
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise InvalidProblem(f"matrix of {name}: rows of different lengths, or numbers beyond 64 bits") from error
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise InvalidProblem(f"matrix of {name}: shape {array.shape} is not square")
    if array.shape[0] > MOST_PLACES:
        raise InvalidProblem(f"matrix of {name}: {array.shape[0]} places are more than {MOST_PLACES}")
    if array.dtype.kind not in "iu":
        raise InvalidProblem(f"matrix of {name}: {array.dtype} instead of whole numbers")
    if array.size and int(array.min()) < 0:
        row, column = np.argwhere(array < 0)[0]
        count = int((array < 0).sum())
        raise InvalidProblem(f"matrix of {name}: {count} negative entries, the first from {row} to {column}")
    if array.size and int(array.max()) > UNREACHABLE:
        raise InvalidProblem(f"matrix of {name}: an entry of {int(array.max())} is above {UNREACHABLE}")
    if np.diagonal(array).any():
        place = int(np.flatnonzero(np.diagonal(array))[0])
        raise InvalidProblem(f"matrix of {name}: the way from place {place} to itself is not zero")
    grid = np.ascontiguousarray(array, dtype=np.int64).copy()
    grid.flags.writeable = False
    return grid


def estimate(points: Iterable[tuple[float, float]], *, slowness: float = 1.0) -> Matrix:
    """Guess the roads between points from the straight line between them.

    Args:
        points: latitude and longitude, WGS 84 degrees.
        slowness: factor on the time of a car, above 0; a cargo bike in hilly streets is about 1.6.

    Returns:
        minutes = 2.7 x km^0.80 and road km = 1.65 x km^0.94 over the straight line, times plus ten per cent, rounded to
        whole seconds and metres, symmetric, zero diagonal. Expect errors of 10 to 20 per cent (median), 40 to 55 (p95).

    Raises:
        InvalidProblem: a coordinate that is not finite or out of range, or a slowness that is not above 0.

    Source: haversine formula, mean earth radius 6,371,008.8 m (IUGG); factors fitted on road networks of three areas.
    """
    try:
        degrees = np.array(list(points), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidProblem("estimate: the points are not pairs of numbers") from error
    if degrees.size == 0:
        degrees = degrees.reshape(0, 2)
    if degrees.ndim != 2 or degrees.shape[1] != 2:
        raise InvalidProblem("estimate: the points are not pairs of numbers")
    if len(degrees) > MOST_PLACES:
        raise InvalidProblem(f"estimate: {len(degrees)} places are more than {MOST_PLACES}")
    if not np.isfinite(degrees).all() or (np.abs(degrees) > (90.0, 180.0)).any():
        raise InvalidProblem("estimate: a point is not on earth")
    if not 0 < slowness <= LARGEST_SLOWNESS:
        raise InvalidProblem(f"estimate: a slowness of {slowness} is not between 0 and {LARGEST_SLOWNESS}")
    lat, lon = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    half = (
        np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
        + np.cos(lat)[:, None] * np.cos(lat)[None, :] * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    )
    straight_km = 2 * EARTH_RADIUS_METRES / 1000 * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    seconds = np.rint(60 * MINUTES_FACTOR * straight_km**MINUTES_POWER * TOUR_MARGIN * slowness).astype(np.int64)
    metres = np.rint(1000 * METRES_FACTOR * straight_km**METRES_POWER).astype(np.int64)
    return Matrix(seconds, metres)
