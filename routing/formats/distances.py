"""How a set of instances counts: whole numbers out of coordinates, as its best known solutions were counted.

Every convention multiplies the file's distances and times by a scale and makes them whole:

- `TRUNCATED` (DIMACS): tenths, cut off; what the distance-only tables of VRPTW use.
- `ROUNDED` (TSPLIB's EUC_2D): whole units, halves up.
- `THOUSANDTHS`: rounded to the nearest thousandth, as in the solution files of the sets in double precision that
  measure distance alone. Their published solutions are feasible under exactly these numbers.
- `EXACT`: for the vehicles-first sets in double precision. Ten-thousandths, rounded *up*, so that every plan that keeps
  the whole numbers keeps the windows in real numbers as well: the sum of rounded-up legs is never below the true sum.
  What is lost are plans that have less than a ten-thousandth per leg to spare, below the tolerance with which such
  tables are checked. Opening times are rounded up and closing times down for the same reason. The cost such an
  instance reports is summed in double precision from the coordinates, so rounding does not touch it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InvalidProblem
from ..model import LARGEST_TIME, UNREACHABLE

Grid = npt.NDArray[np.int32]
Points = Sequence[tuple[float, float]]

#: Below this share of one step a distance counts as exactly on it: noise of a square root, not length.
NOISE = 1e-6
#: Rows computed at a time, so that ten thousand places need no second matrix in memory.
ROWS_AT_A_TIME = 256


@dataclass(frozen=True, slots=True)
class Convention:
    """`scale` steps make one unit of the file; `way` says which whole number a length becomes."""

    name: str
    scale: int
    way: str

    def grid(self, points: Points) -> Grid:
        """Straight lines between all points, in steps."""
        at = np.asarray(points, dtype=np.float64)
        widest = float(np.hypot(*(at.max(axis=0) - at.min(axis=0)))) if len(at) else 0.0
        if widest * self.scale > UNREACHABLE / 4:
            raise InvalidProblem(f"places lie up to {widest:g} apart, at {self.scale} steps a unit that is too far")
        found = np.zeros((len(at), len(at)), dtype=np.int32)
        for first in range(0, len(at), ROWS_AT_A_TIME):
            part = at[first : first + ROWS_AT_A_TIME]
            across = part[:, None, 0] - at[None, :, 0]
            up = part[:, None, 1] - at[None, :, 1]
            found[first : first + ROWS_AT_A_TIME] = self._whole(np.sqrt(across * across + up * up) * self.scale)
        return found

    def _whole(self, lengths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self.way == "down":
            return np.floor(lengths + NOISE)
        if self.way == "up":
            return np.ceil(lengths - NOISE)
        return np.floor(lengths + 0.5)

    def from_below(self, value: float) -> int:
        """The first step not before a moment: for what opens, and for what lasts."""
        return math.ceil(value * self.scale - NOISE)

    def from_above(self, value: float) -> int:
        """The last step not after a moment: for what closes, and for limits."""
        return math.floor(value * self.scale + NOISE)

    def fitting(self, longest: float) -> Convention:
        """The same with a smaller scale, where so long a time would be too many steps for the model."""
        scale = self.scale
        while scale > 10 and longest * scale > LARGEST_TIME / 4:
            scale //= 10
        return Convention(self.name, scale, self.way)


TRUNCATED = Convention("truncated", 10, "down")
ROUNDED = Convention("rounded", 1, "nearest")
THOUSANDTHS = Convention("thousandths", 1000, "nearest")
EXACT = Convention("exact", 10_000, "up")


def straight(points: Points, start: int, end: int) -> float:
    """The straight line between two places in double precision."""
    return math.sqrt((points[start][0] - points[end][0]) ** 2 + (points[start][1] - points[end][1]) ** 2)
