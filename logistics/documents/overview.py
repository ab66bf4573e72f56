"""A tour as a small drawing for paper: readable in black and white, north up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

Line = Sequence[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]

#: Marks of the kinds of stop: a circle gives, a square takes, a diamond does both.
RADIUS = 8.5


def overview(
    geometry: Line,
    stops: Iterable[tuple[int, str, float, float]],
    depot: tuple[float, float] | None,
    *,
    streets: Iterable[Line] = (),
    width: int = 760,
    height: int = 330,
) -> str:
    """An SVG drawing of one tour.

    Args:
        geometry: latitude and longitude along the road.
        stops: number, kind (`delivery`, `pickup`, `swap`), latitude, longitude.
        depot: latitude and longitude of the site, if known.
        streets: lines of the surroundings, drawn thin and grey.
        width, height: of the drawing, in points.
    """
    marks = tuple(stops)
    points = [*geometry, *((lat, lon) for _, _, lat, lon in marks), *((depot,) if depot else ())]
    place = _projection(points, width, height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="DejaVu Sans">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    parts += [_polyline(line, place, "#c9c9c9", 0.8) for line in streets if len(line) > 1]
    if len(geometry) > 1:
        parts.append(_polyline(geometry, place, "#1d1d1d", 2.2))
    if depot:
        x, y = place(*depot)
        parts.append(
            f'<path d="M{x - 9:.1f},{y:.1f} L{x:.1f},{y - 9:.1f} L{x + 9:.1f},{y:.1f} V{y + 9:.1f} H{x - 9:.1f} Z" '
            'fill="#1d1d1d"/>'
        )
    parts += [_mark(number, kind, *place(lat, lon)) for number, kind, lat, lon in reversed(marks)]
    parts.append("</svg>")
    return "".join(parts)


#: Line patterns that tell tours apart in black and white.
PATTERNS = ("", "9 4", "2 4", "12 3 2 3", "5 2", "1 2", "14 6", "8 2 1 2 1 2")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One tour on the drawing of a day; stops are number, kind, latitude, longitude."""

    van: str
    geometry: Line
    stops: tuple[tuple[int, str, float, float], ...]


def day_overview(
    tours: Sequence[Drawn],
    depots: Sequence[tuple[float, float]],
    *,
    streets: Iterable[Line] = (),
    width: int = 1000,
    height: int = 620,
) -> str:
    """An SVG drawing of a day's tours for paper, each in a line pattern of its own with its van's code on it."""
    marks = [stop for tour in tours for stop in tour.stops]
    points = [*(point for tour in tours for point in tour.geometry), *((lat, lon) for _, _, lat, lon in marks), *depots]
    place = _projection(points, width, height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    parts += [_polyline(line, place, "#cccccc", 0.7) for line in streets if len(line) > 1]
    for row, tour in enumerate(tours):
        if len(tour.geometry) > 1:
            line = _polyline(tour.geometry, place, "#1d1d1d", 1.8)
            pattern = PATTERNS[row % len(PATTERNS)]
            parts.append(line.replace("/>", f' stroke-dasharray="{pattern}"/>') if pattern else line)
    for depot in depots:
        x, y = place(*depot)
        parts.append(f'<path d="M{x - 9:.1f},{y:.1f} l9,-9 l9,9 v9 h-18 Z" fill="#1d1d1d"/>')
    parts += [_mark(number, kind, *place(lat, lon)) for number, kind, lat, lon in reversed(marks)]
    for tour in tours:
        if tour.stops:
            _number, _kind, lat, lon = tour.stops[len(tour.stops) // 2]
            x, y = place(lat, lon)
            parts.append(
                f'<text x="{x + 12:.1f}" y="{y - 9:.1f}" font-size="15" font-weight="bold" stroke="white" '
                f'stroke-width="4" paint-order="stroke">{escape(tour.van)}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)


def frame(points: Iterable[tuple[float, float]], *, margin: float = 0.08) -> tuple[float, float, float, float]:
    """South, west, north, east around the points, a little wider than they are."""
    known = tuple(points)
    south, north = min(p[0] for p in known), max(p[0] for p in known)
    west, east = min(p[1] for p in known), max(p[1] for p in known)
    high, wide = max(north - south, 0.004) * margin, max(east - west, 0.004) * margin
    return south - high, west - wide, north + high, east + wide


def _projection(points: Sequence[tuple[float, float]], width: int, height: int) -> Place:
    south, west, north, east = frame(points or [(0.0, 0.0)])
    stretch = math.cos(math.radians((south + north) / 2))
    scale = min(width / ((east - west) * stretch), height / (north - south))
    left = (width - (east - west) * stretch * scale) / 2
    top = (height - (north - south) * scale) / 2

    def place(lat: float, lon: float) -> tuple[float, float]:
        return left + (lon - west) * stretch * scale, top + (north - lat) * scale

    return place


def _polyline(line: Line, place: Place, colour: str, thickness: float) -> str:
    dots = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(lat, lon) for lat, lon in line))
    return (
        f'<polyline points="{dots}" fill="none" stroke="{colour}" stroke-width="{thickness}" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _mark(number: int, kind: str, x: float, y: float) -> str:
    r = RADIUS
    shapes = {
        "delivery": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"',
        "pickup": f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}"',
        "swap": f'<path d="M{x:.1f},{y - r * 1.35:.1f} L{x + r * 1.35:.1f},{y:.1f} '
        f'L{x:.1f},{y + r * 1.35:.1f} L{x - r * 1.35:.1f},{y:.1f} Z"',
    }
    return (
        f'{shapes[kind]} fill="white" stroke="black" stroke-width="1.4"/>'
        f'<text x="{x:.1f}" y="{y + 3.2:.1f}" font-size="9" font-weight="bold" text-anchor="middle">'
        f"{escape(str(number))}</text>"
    )
