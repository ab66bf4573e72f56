"""Whether given coordinates can be meant."""

from __future__ import annotations

from typing import Any

from .refusals import RowRefused
from .report import RowProblem

#: South, west, north, east of countries nearby, overseas parts left out: enough to see that two numbers were swapped.
BOXES: dict[str, tuple[float, float, float, float]] = {
    "AT": (46.3, 9.5, 49.1, 17.2),
    "BE": (49.4, 2.5, 51.6, 6.5),
    "CH": (45.8, 5.9, 47.9, 10.5),
    "DE": (47.2, 5.8, 55.1, 15.1),
    "ES": (35.9, -9.4, 43.9, 4.4),
    "FI": (59.7, 19.0, 70.1, 31.6),
    "FR": (41.3, -5.2, 51.2, 9.7),
    "GB": (49.8, -8.7, 60.9, 1.8),
    "IT": (35.4, 6.6, 47.1, 18.6),
    "LI": (47.0, 9.4, 47.3, 9.7),
    "LU": (49.4, 5.7, 50.2, 6.6),
    "MC": (43.7, 7.3, 43.8, 7.5),
    "MT": (35.7, 14.1, 36.1, 14.6),
    "NL": (50.7, 3.3, 53.6, 7.3),
    "PT": (36.9, -9.6, 42.2, -6.1),
}


def check_point(line: int, values: dict[str, Any]) -> None:
    """Refuse half a point, 0/0, and a point that lies in the row's country only the other way round.

    Raises:
        RowRefused: with the sentence for the row; the coordinates themselves are not repeated.
    """
    lat, lon, country = values.get("lat"), values.get("lon"), values.get("country") or ""
    if (lat is None) != (lon is None):
        raise RowRefused(RowProblem(line, "lat" if lat is None else "lon", "half-a-point"))
    if lat is None or lon is None:
        return
    if lat == 0 and lon == 0:
        raise RowRefused(RowProblem(line, "lat", "zero-point"))
    box = BOXES.get(country)
    if box and not _inside(box, lat, lon) and _inside(box, lon, lat):
        raise RowRefused(RowProblem(line, "lat", "swapped-point", {"country": country}))


def _inside(box: tuple[float, float, float, float], lat: float, lon: float) -> bool:
    south, west, north, east = box
    return south <= lat <= north and west <= lon <= east
