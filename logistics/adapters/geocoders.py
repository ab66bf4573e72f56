"""Finding addresses without a network: the gazetteers of the installed regions, as a geopy geocoder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderQueryError, GeocoderUnavailable
from geopy.geocoders.base import DEFAULT_SENTINEL
from geopy.geocoders.base import Geocoder as GeopyGeocoder
from geopy.location import Location
from geopy.point import Point

from ..regions.gazetteer import Answer, Candidate, Gazetteer
from ..regions.region import Region


class RefusingAdapter(BaseSyncAdapter):
    """Stands where geopy would open a connection: an address never leaves the house this way."""

    def __init__(self, *, proxies: object, ssl_context: object) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> NoReturn:
        """Refuse."""
        raise GeocoderUnavailable("this geocoder works without a network")

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> NoReturn:
        """Refuse."""
        raise GeocoderUnavailable("this geocoder works without a network")


class GazetteerGeocoder(GeopyGeocoder):
    """Looks addresses up in the gazetteers of all installed regions; sends nothing anywhere.

    Each location's `raw` holds `accuracy` (`house`, `street`, `locality`, `commune`, `postcode`), `score` (0 to 100),
    `source` (`gazetteer:NAME`), `spread_metres`, `number`, `street`, `commune`, `postcode`, `ambiguous`, and
    `candidates`: the places that may be meant, best first, as mappings of the same keys with `label`, `lat`, `lon`.
    Regions added while this object lives are searched from the next call on.
    """

    def __init__(self, installed: Callable[[], tuple[Region, ...]]) -> None:
        super().__init__(adapter_factory=RefusingAdapter)
        self._installed = installed
        self._opened: dict[tuple[str, str, float], Gazetteer] = {}
        self._lock = threading.Lock()

    def geocode(
        self, query: str | Mapping[str, str], *, exactly_one: bool = True, timeout: object = DEFAULT_SENTINEL
    ) -> Any:
        """Find an address.

        Args:
            query: one line of text, or a mapping with any of `street` (number included), `postalcode`, `city`,
                `country`; other keys are ignored.
            exactly_one: the one place that is meant, or a list of all that may be.
            timeout: not used; there is nothing to wait for.

        Returns:
            With `exactly_one` a location, or None when nothing is found *or several places are meant equally well*:
            none is chosen silently. Without it the list of candidates, best first, `raw["ambiguous"]` telling
            whether a person must choose; None when nothing is found.

        Raises:
            GeocoderQueryError: the query is empty.
        """
        source, answer = self.answer(query)
        if not answer.candidates:
            return None
        if exactly_one:
            return _location(answer.best, answer, source) if answer.best is not None else None
        return [_location(candidate, answer, source) for candidate in answer.candidates]

    def reverse(self, query: Any, *, exactly_one: bool = True, timeout: object = DEFAULT_SENTINEL) -> Any:
        """The house within 30 m of a point, else the nearest street within 250 m, else None.

        `spread_metres` in `raw` is the way from the point to what was found.
        """
        point = query if isinstance(query, Point) else Point(query)
        found = []
        for region, gazetteer in self._gazetteers():
            if region.box.holds(point.latitude, point.longitude):
                candidate = gazetteer.nearest(point.latitude, point.longitude)
                if candidate is not None:
                    found.append((candidate.spread_metres, region.name, candidate))
        if not found:
            return None
        found.sort(key=lambda one: one[:2])
        _, name, candidate = found[0]
        location = _location(candidate, Answer(candidate, (candidate,)), f"gazetteer:{name}")
        return location if exactly_one else [location]

    def suggest(self, text: str, *, limit: int) -> list[Any]:
        """What a text still being typed may become, as locations; an empty text becomes nothing."""
        if not text.strip():
            return []
        found = [
            _location(one, Answer(one, (one,)), f"gazetteer:{region.name}")
            for region, gazetteer in self._gazetteers()
            for one in gazetteer.suggest(text, limit=limit)
        ]
        return sorted(found, key=lambda one: -one.raw["score"])[:limit]

    def answer(self, query: str | Mapping[str, str]) -> tuple[str, Answer]:
        """The best region's answer and its source.

        Answers that single out a place go before ambiguous ones, finer accuracy before coarser, then the score.
        """
        parts = _parts(query)
        answers = []
        for region, gazetteer in self._gazetteers():
            answer = gazetteer.search(parts) if isinstance(parts, str) else gazetteer.search_parts(**parts)
            if answer.candidates:
                answers.append((_rank(answer), f"gazetteer:{region.name}", answer))
        if not answers:
            return "gazetteer", Answer(None, ())
        answers.sort(key=lambda one: one[:2])
        return answers[0][1], answers[0][2]

    def _gazetteers(self) -> list[tuple[Region, Gazetteer]]:
        with self._lock:
            opened, found = {}, []
            for region in self._installed():
                key = (region.name, region.facts.source_sha256, region.gazetteer_file.stat().st_mtime)
                opened[key] = self._opened.get(key) or Gazetteer(region.gazetteer_file, region=region.name)
                found.append((region, opened[key]))
            self._opened = opened
            return found


def _parts(query: str | Mapping[str, str]) -> str | dict[str, str]:
    if isinstance(query, str):
        if not query.strip():
            raise GeocoderQueryError("the address is empty")
        return query
    parts = {
        "street": str(query.get("street") or ""),
        "postcode": str(query.get("postalcode") or query.get("postal_code") or ""),
        "city": str(query.get("city") or ""),
    }
    if not any(part.strip() for part in parts.values()):
        raise GeocoderQueryError("the address is empty")
    return parts


def _rank(answer: Answer) -> tuple[int, int, float]:
    order = ("house", "street", "locality", "commune", "postcode")
    if answer.best is None:
        return len(order), 0, -answer.candidates[0].score
    at = order.index(answer.best.accuracy)
    return (at if answer.best.score > 50 else at + len(order), 0, -answer.best.score)


def _location(candidate: Candidate, answer: Answer, source: str) -> Any:
    raw = _as_mapping(candidate) | {
        "source": source,
        "ambiguous": answer.is_ambiguous,
        "candidates": [_as_mapping(one) for one in answer.candidates],
    }
    return Location(candidate.label, Point(candidate.lat, candidate.lon), raw)


def _as_mapping(candidate: Candidate) -> dict[str, Any]:
    return {
        "label": candidate.label,
        "lat": candidate.lat,
        "lon": candidate.lon,
        "accuracy": candidate.accuracy,
        "score": round(candidate.score, 1),
        "number": candidate.number,
        "street": candidate.name,
        "commune": candidate.commune,
        "postcode": candidate.postcode,
        "spread_metres": candidate.spread_metres,
    }
