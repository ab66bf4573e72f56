"""What routing answers: tours with times and costs, and what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .guards import Load
from .work import RELOAD


@dataclass(frozen=True, slots=True)
class Costs:
    """What a plan or tour costs, term by term, in routing money.

    `delay` is the sum of `Job.second_price` until services begin, `late` that of services after their `due`, `changes`
    what differs from the plan before.
    """

    fixed: int = 0
    distance: int = 0
    time: int = 0
    overtime: int = 0
    balance: int = 0
    delay: int = 0
    late: int = 0
    changes: int = 0
    left_out: int = 0

    @property
    def total(self) -> int:
        """The sum of all terms: what engines minimise."""
        return sum(getattr(self, term.name) for term in fields(self))

    def __add__(self, other: Costs) -> Costs:
        return Costs(*(getattr(self, term.name) + getattr(other, term.name) for term in fields(self)))


@dataclass(frozen=True, slots=True)
class Stop:
    """One job served: the vehicle arrives, sets up, waits if it must, serves from `service_start` and leaves."""

    job: str
    arrival: int
    service_start: int
    departure: int
    drive_seconds: int
    drive_metres: int
    load: Load


@dataclass(frozen=True, slots=True)
class Reload:
    """Back at the depot between two trips, before the stop of that number (from 0); `load` is aboard at departure."""

    before: int
    arrival: int
    departure: int
    drive_seconds: int
    drive_metres: int
    load: Load


@dataclass(frozen=True, slots=True)
class Pause:
    """A break held before the stop of that number (from 0; the number of stops: before the return).

    `name` is the id of one of the vehicle's breaks, or "" for one that only the work rule asks for.
    """

    before: int
    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tour:
    """One vehicle's work; `return_*` is the last leg, `start_load` aboard at departure, a stop's `load` after it.

    A vehicle with an open end is back when it leaves its last stop; its return takes no second and no metre.
    """

    vehicle: str
    departure: int
    arrival: int
    stops: tuple[Stop, ...]
    start_load: Load
    return_seconds: int
    return_metres: int
    metres: int
    driving_seconds: int
    costs: Costs
    reloads: tuple[Reload, ...] = ()
    pauses: tuple[Pause, ...] = ()

    def order(self) -> tuple[str, ...]:
        """Job ids in driving order, `RELOAD` where the vehicle loads again."""
        turns = {reload.before for reload in self.reloads}
        found: list[str] = []
        for number, stop in enumerate(self.stops):
            found.extend((RELOAD, stop.job) if number in turns else (stop.job,))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job is not served: a code of `explain.REASON_CODES` and its facts (numbers, ids of vehicles)."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A job the plan leaves out; both halves of a shipment that is left out are named."""

    job: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer: used vehicles' tours, the jobs left out, and what it all costs."""

    tours: tuple[Tour, ...]
    unassigned: tuple[Unassigned, ...]
    costs: Costs
    engine: str = ""
    seconds: float = 0.0

    def orders(self) -> dict[str, tuple[str, ...]]:
        """Job ids in driving order by vehicle, `RELOAD` between two trips."""
        return {tour.vehicle: tour.order() for tour in self.tours}
