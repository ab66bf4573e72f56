"""What is asked of routing and what it answers: frozen values that cannot be made wrong.

Places are row numbers of a matrix, times whole seconds since the plan's zero, loads whole numbers in the problem's
dimensions, and money a whole count of 1/18,000 cent: one cent per kilometre is 18 a metre, one cent an hour 5 a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .errors import InvalidProblem
from .matrix import UNREACHABLE, Matrix

MONEY_PER_CENT = 18_000
MONEY_PER_CENT_KM = 18
MONEY_PER_CENT_HOUR = 5
KINDS = ("delivery", "pickup", "swap")
#: No time, load or price may exceed these, so that no sum over a plan leaves 64 bits.
LARGEST_TIME = 2**28
LARGEST_LOAD = 2**40
LARGEST_MONEY = 2**46
#: What all jobs and tours of a problem may cost together, so that every engine's 64-bit sums are exact.
LARGEST_COST = 2**61
#: More than this is refused with the figure instead of being tried for hours.
MOST_JOBS = 10_000
MOST_VEHICLES = 1_000
MOST_DIMENSIONS = 16
LONGEST_ID = 200

Load = tuple[int, ...]


def _whole(name: str, value: object, *, largest: int, least: int = 0) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidProblem(f"{name}: {type(value).__name__} instead of a whole number")
    if not least <= value <= largest:
        raise InvalidProblem(f"{name}: {value} is not between {least} and {largest}")


def _named(kind: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidProblem(f"{kind} id: {type(value).__name__} instead of a text")
    if not 0 < len(value) <= LONGEST_ID:
        raise InvalidProblem(f"{kind} id: {len(value)} signs instead of 1 to {LONGEST_ID}")


def _is(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    if not isinstance(value, kind):
        wanted = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise InvalidProblem(f"{name}: {type(value).__name__} instead of {wanted}")


def _texts(name: str, value: object) -> None:
    _is(name, value, frozenset)
    if not all(isinstance(one, str) for one in value):  # type: ignore[attr-defined]
        raise InvalidProblem(f"{name}: holds something that is no text")


def _load(name: str, load: object) -> None:
    _is(name, load, tuple)
    for amount in load:  # type: ignore[attr-defined]
        _whole(name, amount, largest=LARGEST_LOAD)


def cents(money: int) -> int:
    """Whole cents of an amount of routing money, rounded half up: once, for display."""
    return (2 * money + MONEY_PER_CENT) // (2 * MONEY_PER_CENT)


@dataclass(frozen=True, slots=True)
class Window:
    """When a service may begin: [opens, closes], both ends included, seconds since the plan's zero."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        _whole("window opens", self.opens, largest=LARGEST_TIME, least=-LARGEST_TIME)
        _whole("window closes", self.closes, largest=LARGEST_TIME, least=-LARGEST_TIME)
        if self.opens > self.closes:
            raise InvalidProblem(f"window opens at {self.opens}, after it closes at {self.closes}")


@dataclass(frozen=True, slots=True)
class Job:
    """One thing the road must do at one place.

    `delivery` comes from the depot, `pickup` goes back to it, a swap has both. The service begins inside one of the
    windows; `setup_seconds` (park, climb) pass before it unless the vehicle already stands at the place. `price` is
    what leaving the job out costs; without one the job must go. Without `vehicles` any vehicle may come.
    """

    id: str
    place: int
    kind: str
    windows: tuple[Window, ...]
    service_seconds: int = 0
    setup_seconds: int = 0
    delivery: Load = ()
    pickup: Load = ()
    skills: frozenset[str] = frozenset()
    vehicles: frozenset[str] | None = None
    price: int | None = None

    def __post_init__(self) -> None:
        _named("job", self.id)
        if self.kind not in KINDS:
            raise InvalidProblem(f"job {self.id}: kind {self.kind} is none of {', '.join(KINDS)}")
        _is(f"job {self.id} windows", self.windows, tuple)
        if not self.windows:
            raise InvalidProblem(f"job {self.id}: no window")
        for window in self.windows:
            _is(f"job {self.id} window", window, Window)
        if any(later.opens <= earlier.closes for earlier, later in zip(self.windows, self.windows[1:], strict=False)):
            raise InvalidProblem(f"job {self.id}: windows overlap or are not in order")
        _whole(f"job {self.id} place", self.place, largest=LARGEST_TIME)
        _whole(f"job {self.id} service_seconds", self.service_seconds, largest=LARGEST_TIME)
        _whole(f"job {self.id} setup_seconds", self.setup_seconds, largest=LARGEST_TIME)
        _load(f"job {self.id} delivery", self.delivery)
        _load(f"job {self.id} pickup", self.pickup)
        _texts(f"job {self.id} skills", self.skills)
        if self.vehicles is not None:
            _texts(f"job {self.id} vehicles", self.vehicles)
        if self.price is not None:
            _whole(f"job {self.id} price", self.price, largest=LARGEST_MONEY)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle for one shift: leaves `start` and is back at `end` within it. Costs are routing money.

    `second_cost` is paid from departure to return. `profile` names the matrix it drives by.
    """

    id: str
    profile: str
    start: int
    end: int
    shift: Window
    capacity: Load = ()
    skills: frozenset[str] = frozenset()
    max_stops: int | None = None
    max_metres: int | None = None
    max_driving_seconds: int | None = None
    fixed_cost: int = 0
    metre_cost: int = 0
    second_cost: int = 0

    def __post_init__(self) -> None:
        _named("vehicle", self.id)
        _named(f"vehicle {self.id} profile", self.profile)
        _is(f"vehicle {self.id} shift", self.shift, Window)
        _texts(f"vehicle {self.id} skills", self.skills)
        for name in ("start", "end"):
            _whole(f"vehicle {self.id} {name}", getattr(self, name), largest=LARGEST_TIME)
        _load(f"vehicle {self.id} capacity", self.capacity)
        for name in ("max_stops", "max_metres", "max_driving_seconds"):
            if getattr(self, name) is not None:
                _whole(f"vehicle {self.id} {name}", getattr(self, name), largest=LARGEST_LOAD)
        _whole(f"vehicle {self.id} fixed_cost", self.fixed_cost, largest=LARGEST_MONEY)
        _whole(f"vehicle {self.id} metre_cost", self.metre_cost, largest=2**24)
        _whole(f"vehicle {self.id} second_cost", self.second_cost, largest=2**24)


@dataclass(frozen=True, slots=True)
class Balance:
    """A wish for even tours: each second of a tour beyond the target costs `second_cost`."""

    target_seconds: int
    second_cost: int

    def __post_init__(self) -> None:
        _whole("balance target_seconds", self.target_seconds, largest=LARGEST_TIME)
        _whole("balance second_cost", self.second_cost, largest=2**24)


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything an engine may know. `matrices` is keyed by vehicle profile, all over the same places.

    Raises:
        InvalidProblem: names the job, vehicle or matrix that does not fit the rest.
    """

    matrices: Mapping[str, Matrix]
    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]
    balance: Balance | None = None
    dimensions: tuple[str, ...] = ("weight", "volume")

    def __post_init__(self) -> None:
        self._is_whole()
        object.__setattr__(self, "matrices", MappingProxyType(dict(self.matrices)))
        sizes = {matrix.size for matrix in self.matrices.values()}
        if len(sizes) > 1:
            raise InvalidProblem(f"matrices of different sizes: {sorted(sizes)}")
        size = next(iter(sizes), 0)
        self._refuse_twice("job", [job.id for job in self.jobs])
        self._refuse_twice("vehicle", [vehicle.id for vehicle in self.vehicles])
        for job in self.jobs:
            self._fits(f"job {job.id}", (job.place,), size, job.delivery, job.pickup)
        for vehicle in self.vehicles:
            if vehicle.profile not in self.matrices:
                raise InvalidProblem(f"vehicle {vehicle.id}: no matrix for profile {vehicle.profile}")
            self._fits(f"vehicle {vehicle.id}", (vehicle.start, vehicle.end), size, vehicle.capacity)
        known = {vehicle.id for vehicle in self.vehicles}
        for job in self.jobs:
            if job.vehicles is not None and not job.vehicles <= known:
                raise InvalidProblem(f"job {job.id}: unknown vehicle {min(job.vehicles - known)}")
        self._refuse_overflow()

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, (dict(self.matrices), self.jobs, self.vehicles, self.balance, self.dimensions)

    def _is_whole(self) -> None:
        """Everything is of the kind it says, and there is not more of it than can be planned."""
        _is("problem matrices", self.matrices, Mapping)
        for profile, matrix in self.matrices.items():
            _named("matrix profile", profile)
            _is(f"matrix {profile}", matrix, Matrix)
        for name, kind, most in (("jobs", Job, MOST_JOBS), ("vehicles", Vehicle, MOST_VEHICLES)):
            parts = getattr(self, name)
            _is(f"problem {name}", parts, tuple)
            if len(parts) > most:
                raise InvalidProblem(f"problem: {len(parts)} {name} are more than {most}")
            for number, part in enumerate(parts):
                _is(f"problem {name}[{number}]", part, kind)
        if self.balance is not None:
            _is("problem balance", self.balance, Balance)
        _is("problem dimensions", self.dimensions, tuple)
        if len(self.dimensions) > MOST_DIMENSIONS:
            raise InvalidProblem(f"problem: {len(self.dimensions)} dimensions are more than {MOST_DIMENSIONS}")
        for dimension in self.dimensions:
            _named("dimension", dimension)
        self._refuse_twice("dimension", list(self.dimensions))

    def _refuse_overflow(self) -> None:
        """The dearest plan anybody could draw stays within `LARGEST_COST`."""
        legs = len(self.jobs) + len(self.vehicles)
        farthest = {name: int(matrix.metres.max(initial=0)) for name, matrix in self.matrices.items()}
        worst = sum(job.price or 0 for job in self.jobs)
        way = 0
        for vehicle in self.vehicles:
            way = max(way, farthest[vehicle.profile] * vehicle.metre_cost)
            second = vehicle.second_cost + (self.balance.second_cost if self.balance else 0)
            worst += vehicle.fixed_cost + (vehicle.shift.closes - vehicle.shift.opens) * second
        worst += legs * way
        if worst > LARGEST_COST:
            raise InvalidProblem(f"problem: a plan may cost {worst}, beyond {LARGEST_COST} that is summed exactly")

    def _fits(self, name: str, places: tuple[int, ...], size: int, *loads: Load) -> None:
        for place in places:
            if place >= size:
                raise InvalidProblem(f"{name}: place {place} is not among the {size} of the matrix")
        for load in loads:
            if load and len(load) != len(self.dimensions):
                raise InvalidProblem(f"{name}: {len(load)} amounts for {len(self.dimensions)} dimensions")

    @staticmethod
    def _refuse_twice(kind: str, ids: list[str]) -> None:
        seen: set[str] = set()
        for one in ids:
            if one in seen:
                raise InvalidProblem(f"{kind} {one} is there twice")
            seen.add(one)

    def job(self, job_id: str) -> Job:
        """The job of that id; KeyError when there is none."""
        return {job.id: job for job in self.jobs}[job_id]

    def vehicle(self, vehicle_id: str) -> Vehicle:
        """The vehicle of that id; KeyError when there is none."""
        return {vehicle.id: vehicle for vehicle in self.vehicles}[vehicle_id]


@dataclass(frozen=True, slots=True)
class Costs:
    """What a plan or tour costs, term by term, in routing money."""

    fixed: int = 0
    distance: int = 0
    time: int = 0
    balance: int = 0
    left_out: int = 0

    @property
    def total(self) -> int:
        """The sum of all terms: what engines minimise."""
        return self.fixed + self.distance + self.time + self.balance + self.left_out

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.fixed + other.fixed,
            self.distance + other.distance,
            self.time + other.time,
            self.balance + other.balance,
            self.left_out + other.left_out,
        )


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
class Tour:
    """One vehicle's work; `return_*` is the last leg, `start_load` aboard at departure, a stop's `load` after it."""

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


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job is not served: a code of `explain.REASON_CODES` and its facts (numbers, ids of vehicles)."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A job the plan leaves out."""

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
        """Job ids in driving order, by vehicle."""
        return {tour.vehicle: tuple(stop.job for stop in tour.stops) for tour in self.tours}


__all__ = [
    "KINDS", "MONEY_PER_CENT", "MONEY_PER_CENT_HOUR", "MONEY_PER_CENT_KM", "UNREACHABLE", "Balance", "Costs", "Job",
    "Load", "Plan", "Problem", "Reason", "Stop", "Tour", "Unassigned", "Vehicle", "Window", "cents",
]  # fmt: skip
