"""Where an address is, and which of our sites is near it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory.models import Site

from .ports import UNREACHABLE, Geocoder, Point, Roads

#: How well a place may be known, best first; anything else a gazetteer says counts as the last.
ACCURACIES = ("house", "street", "locality", "commune", "postcode")


@dataclass(frozen=True, slots=True)
class Located:
    """What was found for an address: a point with its accuracy, or `unlocated` and why.

    `reason` is empty, or one of: `no-address` (nothing to look for), `not-found`, `ambiguous` (then `candidates` are
    the texts to choose from).
    """

    lat: float | None
    lon: float | None
    accuracy: str
    source: str
    reason: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NearSite:
    """An open site and how long the drive from it takes, in seconds; None where no way is known."""

    site: Site
    seconds: int | None


def locate(geocoder: Geocoder, *, line: str, postal_code: str = "", city: str = "", country: str = "") -> Located:
    """Look an address up. Only the accuracy the gazetteer states is believed, and an ambiguous name is not guessed."""
    if not (line.strip() or postal_code.strip() or city.strip()):
        return _unlocated("no-address")
    query = {"street": line, "postalcode": postal_code, "city": city, "country": country}
    answers = geocoder.geocode({name: text for name, text in query.items() if text.strip()}, exactly_one=False)
    if not answers:
        return _unlocated("not-found")
    found = answers[0]
    raw: dict[str, Any] = dict(found.raw or {})
    if raw.get("ambiguous"):
        return _unlocated("ambiguous", tuple(_label(one) for one in raw.get("candidates") or ()))
    accuracy = str(raw.get("accuracy") or "")
    return Located(
        lat=float(found.latitude),
        lon=float(found.longitude),
        accuracy=accuracy if accuracy in ACCURACIES else ACCURACIES[-1],
        source=str(raw.get("source") or "gazetteer")[:60],
    )


def nearest_sites(session: Session, roads: Roads, home: Point | None) -> tuple[NearSite, ...]:
    """The open sites whose place is known, nearest first by the time of the drive to `home`.

    Sites without a way come last, by the straight distance; where the home is unknown, the sites come by code.
    """
    wanted = select(Site).where(Site.is_open, Site.lat.is_not(None)).order_by(Site.code)
    sites = list(session.scalars(wanted))
    if home is None or len(sites) < 2:
        return tuple(NearSite(site, None) for site in sites)
    points = [_point(site) for site in sites]
    seconds = _drives(roads, home, points)
    near = [NearSite(site, drive) for site, drive in zip(sites, seconds, strict=True)]
    return tuple(sorted(near, key=lambda one: _distance(one, home)))


def _drives(roads: Roads, home: Point, points: Sequence[Point]) -> list[int | None]:
    table = roads.matrix([home, *points], ["car"]).seconds["car"]
    drives = [int(table[row][0]) for row in range(1, len(points) + 1)]
    return [drive if drive < UNREACHABLE else None for drive in drives]


def _distance(one: NearSite, home: Point) -> tuple[int, float, str]:
    place = _point(one.site)
    wide = (place.lon - home.lon) * cos(radians(home.lat))
    straight = (place.lat - home.lat) ** 2 + wide**2
    return (1, straight, one.site.code) if one.seconds is None else (0, float(one.seconds), one.site.code)


def _point(site: Site) -> Point:
    if site.lat is None or site.lon is None:
        raise ValueError(f"site {site.code} has no place")
    return Point(site.lat, site.lon)


def _label(candidate: Any) -> str:
    return str(candidate.get("label") or "") if isinstance(candidate, Mapping) else str(candidate)


def _unlocated(reason: str, candidates: tuple[str, ...] = ()) -> Located:
    return Located(None, None, "unlocated", "", reason, candidates)
