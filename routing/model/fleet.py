"""Who drives: vehicles, their breaks and working rules."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InvalidProblem
from .guards import (
    LARGEST_LOAD,
    LARGEST_MONEY,
    LARGEST_RATE,
    LARGEST_TIME,
    MOST_TRIPS,
    Load,
    be,
    loaded,
    named,
    refuse_twice,
    texts,
    tuple_of,
    whole,
)
from .work import Window


@dataclass(frozen=True, slots=True)
class Break:
    """A pause that begins inside the window and lasts so long, anywhere but during a service.

    It may lie before the first stop, on the way, before a service (while waiting) or before the return; it never
    shortens a drive. A tour that is over when the window closes may leave it out, unless it is always held.
    """

    id: str
    window: Window
    seconds: int
    always: bool = False

    def __post_init__(self) -> None:
        named("break", self.id)
        be(f"break {self.id} window", self.window, Window)
        whole(f"break {self.id} seconds", self.seconds, largest=LARGEST_TIME, least=1)
        be(f"break {self.id} always", self.always, bool)


@dataclass(frozen=True, slots=True)
class WorkRule:
    """No stretch of work is longer than `work_seconds` without a pause of at least `break_seconds`.

    A stretch runs from the departure, or from the end of such a pause, to the beginning of the next one or to the
    return; waiting counts as work. Breaks of the vehicle that are long enough count as pauses.
    """

    work_seconds: int
    break_seconds: int

    def __post_init__(self) -> None:
        whole("work rule work_seconds", self.work_seconds, largest=LARGEST_TIME, least=1)
        whole("work rule break_seconds", self.break_seconds, largest=LARGEST_TIME, least=1)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle for one shift: leaves `start` and is back at `end` within it. Costs are routing money.

    Attributes:
        profile: names the matrix it drives by.
        start: place it leaves from; its depot, where it loads and reloads.
        end: place it returns to; None when the tour ends at its last door.
        shift: earliest departure and latest return.
        max_seconds: longest time from departure to return.
        max_stops: jobs of the whole tour; max_metres and max_driving_seconds count every leg, reloads included.
        second_cost: paid from departure to return; past `overtime_after` seconds `overtime_second_cost` comes on top.
        trips: how often it may leave the depot; from the second on it loads again for `reload_seconds`.
        deliveries_first: nothing is collected while something is still to be delivered in the same trip.
        prefix: ids of the jobs it begins with, in that order and nothing between: what is driven or loaded already.
        order: ids of jobs it must serve in that order; others may come between.
        breaks: pauses at fixed hours, ordered by their opening.
        rule: the longest stretch without a pause.
    """

    id: str
    profile: str
    start: int
    end: int | None
    shift: Window
    capacity: Load = ()
    skills: frozenset[str] = frozenset()
    max_stops: int | None = None
    max_metres: int | None = None
    max_driving_seconds: int | None = None
    max_seconds: int | None = None
    fixed_cost: int = 0
    metre_cost: int = 0
    second_cost: int = 0
    overtime_after: int | None = None
    overtime_second_cost: int = 0
    trips: int = 1
    reload_seconds: int = 0
    deliveries_first: bool = False
    prefix: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    rule: WorkRule | None = None

    def __post_init__(self) -> None:
        named("vehicle", self.id)
        name = f"vehicle {self.id}"
        named(f"{name} profile", self.profile)
        be(f"{name} shift", self.shift, Window)
        texts(f"{name} skills", self.skills)
        whole(f"{name} start", self.start, largest=LARGEST_TIME)
        if self.end is not None:
            whole(f"{name} end", self.end, largest=LARGEST_TIME)
        loaded(f"{name} capacity", self.capacity)
        for limit in ("max_stops", "max_metres", "max_driving_seconds", "max_seconds", "overtime_after"):
            if getattr(self, limit) is not None:
                whole(f"{name} {limit}", getattr(self, limit), largest=LARGEST_LOAD)
        whole(f"{name} fixed_cost", self.fixed_cost, largest=LARGEST_MONEY)
        for rate in ("metre_cost", "second_cost", "overtime_second_cost"):
            whole(f"{name} {rate}", getattr(self, rate), largest=LARGEST_RATE)
        whole(f"{name} trips", self.trips, largest=MOST_TRIPS, least=1)
        whole(f"{name} reload_seconds", self.reload_seconds, largest=LARGEST_TIME)
        be(f"{name} deliveries_first", self.deliveries_first, bool)
        self._pauses()
        self._locks()

    def _pauses(self) -> None:
        name = f"vehicle {self.id}"
        tuple_of(f"{name} breaks", self.breaks, Break)
        refuse_twice(f"{name}: break", [pause.id for pause in self.breaks])
        if any(b.window.opens < a.window.opens for a, b in zip(self.breaks, self.breaks[1:], strict=False)):
            raise InvalidProblem(f"{name}: breaks are not in order")
        if self.rule is not None:
            be(f"{name} rule", self.rule, WorkRule)

    def _locks(self) -> None:
        for lock in ("prefix", "order"):
            tuple_of(f"vehicle {self.id} {lock}", getattr(self, lock), str)
            refuse_twice(f"vehicle {self.id} {lock}: job", list(getattr(self, lock)))
        if set(self.prefix) & set(self.order):
            raise InvalidProblem(f"vehicle {self.id}: job {min(set(self.prefix) & set(self.order))} is locked twice")

    @property
    def locked(self) -> tuple[str, ...]:
        """Ids of the jobs that only this vehicle may serve."""
        return self.prefix + self.order
