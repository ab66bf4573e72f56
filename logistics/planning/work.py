"""A day's work as values: what a plan is made from, without a database behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time
from hashlib import sha256
from typing import Any, TypeVar

from ..ports import Point

_Named = TypeVar("_Named")

#: By which matrix each kind of vehicle drives.
MODES = {"van": "car", "cargo_bike": "bike"}


@dataclass(frozen=True, slots=True)
class SiteWork:
    """An open site; clock times are of its zone."""

    id: int
    code: str
    point: Point
    zone: str
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class VanWork:
    """A vehicle that may drive that day, its shift in the clock of its site."""

    id: int
    code: str
    site_code: str
    kind: str
    weight_capacity_g: int
    volume_capacity_ml: int
    shift_start: time
    shift_end: time
    skills: frozenset[str]
    cost_per_km_cents: int
    cost_per_hour_cents: int
    fixed_cost_cents: int

    @property
    def mode(self) -> str:
        """`car` or `bike`."""
        return MODES[self.kind]


@dataclass(frozen=True, slots=True)
class Amount:
    """Weight and volume of what goes one way."""

    weight_g: int = 0
    volume_ml: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.weight_g + other.weight_g, self.volume_ml + other.volume_ml)


@dataclass(frozen=True, slots=True)
class JobWork:
    """One visit that can be planned. The window is in the clock of the serving site.

    `van_code` is set when only that vehicle may go. `service_minutes` are those of the products alone.
    """

    job_id: int
    reference: str
    kind: str
    employee_id: int
    address_id: int
    point: Point
    site_code: str
    window_start: time
    window_end: time
    priority: int
    out: Amount
    back: Amount
    service_minutes: int
    skills: frozenset[str]
    van_code: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A visit that is not served, with a code of `reasons.CODES` and its facts (JSON values)."""

    job_id: int
    reference: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayWork:
    """Everything a plan of a day is made from.

    `site_code` says that only this site is planned again. `kept` are the tours the next version takes over as they are:
    those that have left, and those of other sites; `carried` is what their sites left unserved.
    `basis` is a digest of all of it: another digest means that something changed.
    """

    day: date
    site_code: str | None
    sites: tuple[SiteWork, ...]
    vans: tuple[VanWork, ...]
    jobs: tuple[JobWork, ...]
    aside: tuple[SetAside, ...]
    kept: tuple[int, ...]
    carried: tuple[SetAside, ...]
    #: The version planned last, 0 before the first.
    version: int
    basis: str = ""

    @property
    def points(self) -> tuple[Point, ...]:
        """The places of the problem: the sites, then every home once."""
        return tuple(dict.fromkeys([*(site.point for site in self.sites), *(job.point for job in self.jobs)]))

    def site(self, code: str) -> SiteWork:
        """The site of this code; KeyError when it is not part of the day."""
        return _by(self.sites, "code", code)

    def van(self, code: str) -> VanWork:
        """The vehicle of this code; KeyError when it does not drive."""
        return _by(self.vans, "code", code)

    def job(self, reference: str) -> JobWork:
        """The visit of this order; KeyError when it is not planned."""
        return _by(self.jobs, "reference", reference)


def digest(*parts: object) -> str:
    """A fingerprint of values: equal values have the same one, in every process."""
    return sha256(json.dumps([_plain(part) for part in parts], sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(inner) for inner in value)
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _by(things: tuple[_Named, ...], name: str, wanted: str) -> _Named:
    for thing in things:
        if getattr(thing, name) == wanted:
            return thing
    raise KeyError(wanted)
