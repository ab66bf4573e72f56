"""Places and travel of a VROOM document: its own matrices by index, or estimates from coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...matrix import MOST_PLACES, UNREACHABLE, estimate
from .fields import Fields
from .words import Point, Task, Van

Grid = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Whole seconds and metres between places by profile; `costs` where the document brings its own.

    `by_index` tells whether places are rows of the document's matrices or points in the order they were met.
    """

    size: int
    by_index: bool
    points: Mapping[Point, int]
    seconds: Mapping[str, Grid]
    metres: Mapping[str, Grid]
    costs: Mapping[str, Grid]

    def place(self, point: Point | None, index: int | None) -> int:
        """The place of a task or vehicle end; the document has been looked through, so there is one."""
        if self.by_index:
            return index if index is not None else -1
        return self.points[point] if point is not None else -1


def ground(whole: Fields, vans: Sequence[Van], tasks: Sequence[Task]) -> Ground:
    """Look at everything that has a place.

    Raises:
        BadFile: a place is missing or outside its matrix, or matrices are missing, ragged or of different sizes.
    """
    matrices = whole.child("matrices")
    if whole.has("matrix") and not whole.has("matrices"):
        matrices = Fields(whole.file, "", {"car": {"durations": whole.facts["matrix"]}})
    profiles = sorted({van.profile for van in vans})
    given = [profile for profile in profiles if matrices.child(profile).has("durations")]
    if given and len(given) < len(profiles):
        missing = next(profile for profile in profiles if profile not in given)
        whole.refuse("durations expected, as for the other profiles", f"matrices.{missing}")
    return _by_index(whole, matrices, profiles, vans, tasks) if given else _by_point(whole, profiles, vans, tasks)


def _by_index(
    whole: Fields, matrices: Fields, profiles: Sequence[str], vans: Sequence[Van], tasks: Sequence[Task]
) -> Ground:
    seconds = {profile: _grid(matrices.child(profile), "durations") for profile in profiles}
    sizes = {len(grid) for grid in seconds.values()}
    size = sizes.pop()
    if sizes:
        whole.refuse("matrices of one size expected", "matrices")
    for index, what, needed in _indices(vans, tasks):
        if index is None and needed:
            whole.refuse("location_index expected, as there are matrices", what)
        if index is not None and index >= size:
            whole.refuse(f"an index below {size}, the size of the matrix, expected, not {index}", what)
    metres = {
        profile: _grid(matrices.child(profile), "distances")
        for profile in profiles
        if matrices.child(profile).has("distances")
    }
    if lacking := [
        p for p in profiles if p not in metres and any(_asks_metres(van) for van in vans if van.profile == p)
    ]:
        estimated = _metres_by_point(whole, size, vans, tasks)
        metres.update(dict.fromkeys(lacking, estimated))
    costs = {p: _grid(matrices.child(p), "costs") for p in profiles if matrices.child(p).has("costs")}
    for van in vans:
        if van.profile in costs and (van.per_hour != 3600 or van.per_km):
            whole.refuse(
                "costs of an hour or a kilometre expected, or a matrix of costs, not both", f"vehicle {van.id}"
            )
    if any(len(grid) != size for grid in (*metres.values(), *costs.values())):
        whole.refuse("matrices of one size expected", "matrices")
    return Ground(size, True, {}, seconds, metres, costs)


def _asks_metres(van: Van) -> bool:
    return van.per_km > 0 or van.max_distance is not None


def _indices(vans: Iterable[Van], tasks: Iterable[Task]) -> Iterable[tuple[int | None, str, bool]]:
    for task in tasks:
        yield task.index, task.name, True
    for van in vans:
        yield van.start_index, f"vehicle {van.id} start_index", van.start is not None
        yield van.end_index, f"vehicle {van.id} end_index", van.end is not None


def _by_point(whole: Fields, profiles: Sequence[str], vans: Sequence[Van], tasks: Sequence[Task]) -> Ground:
    """Every point is a place; roads are guessed from straight lines, alike for all profiles."""
    for task in tasks:
        if task.point is None:
            whole.refuse("a location expected, or matrices", task.name)
    for van in vans:
        if (van.start_index is not None and van.start is None) or (van.end_index is not None and van.end is None):
            whole.refuse("coordinates expected, or matrices", f"vehicle {van.id}")
    found = [task.point for task in tasks if task.point is not None]
    found += [point for van in vans for point in (van.start, van.end) if point is not None]
    points = {point: number for number, point in enumerate(dict.fromkeys(found))}
    matrix = estimate((lat, lon) for lon, lat in points)
    seconds, metres = matrix.seconds.astype(np.int64), matrix.metres.astype(np.int64)
    return Ground(len(points), False, points, dict.fromkeys(profiles, seconds), dict.fromkeys(profiles, metres), {})


def _metres_by_point(whole: Fields, size: int, vans: Sequence[Van], tasks: Sequence[Task]) -> Grid:
    """Distances are asked for and not given: guessed where everything has coordinates."""
    where: dict[int, Point] = {}
    pairs = [(task.index, task.point) for task in tasks]
    pairs += [(van.start_index, van.start) for van in vans] + [(van.end_index, van.end) for van in vans]
    for index, point in pairs:
        if index is not None and point is not None:
            where[index] = point
    if any(index is not None and index not in where for index, _ in pairs):
        whole.refuse("distances expected, as kilometres cost or are limited and a location is missing", "matrices")
    grid = np.zeros((size, size), dtype=np.int64)
    places = list(where)
    grid[np.ix_(places, places)] = estimate((lat, lon) for lon, lat in where.values()).metres
    return grid


def _grid(one: Fields, key: str) -> Grid:
    """A square of whole numbers; what is beyond any day is no road, and nobody drives to where he is."""
    rows = one.facts[key]
    try:
        found = np.array(rows)
    except (ValueError, OverflowError):
        one.refuse("rows of one length, of numbers below 2^32, expected", key)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not found.size:
        one.refuse("a square of whole numbers expected", key)
    if len(found) > MOST_PLACES:
        one.refuse(f"at most {MOST_PLACES} places expected, there are {len(found)}", key)
    if found.dtype.kind not in "iuf" or (found.dtype.kind == "f" and not (found == np.floor(found)).all()):
        one.refuse("whole numbers expected", key)
    if (found < 0).any():
        one.refuse("numbers from 0 expected", key)
    grid: Grid = np.minimum(found, UNREACHABLE).astype(np.int64)
    np.fill_diagonal(grid, 0)
    return grid
