"""What is asked of routing and what it answers: frozen values that cannot be made wrong.

Places are row numbers of a matrix, times whole seconds since the plan's zero, loads whole numbers in the problem's
dimensions, and money a whole count of 1/18,000 cent: one cent per kilometre is 18 a metre, one cent an hour 5 a second.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

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
#: What all costs of a plan may add up to: room is left in 64 bits for what engines put on top.
LARGEST_TOTAL = 2**58
#: The rank of a job that no lock puts among the first stops.
UNRANKED = 2**30

Load = tuple[int, ...]
_Named = TypeVar("_Named", "Job", "Vehicle")


def _whole(name: str, value: object, *, largest: int, least: int = 0) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidProblem(f"{name}: {type(value).__name__} instead of a whole number")
    if not least <= value <= largest:
        raise InvalidProblem(f"{name}: {value} is not between {least} and {largest}")


def _named(kind: str, one: object) -> None:
    if not isinstance(one, str) or not one:
        raise InvalidProblem(f"{kind}: an id must be a text that is not empty")


def _tuple_of(name: str, values: object, kind: type) -> None:
    if not isinstance(values, tuple) or not all(isinstance(value, kind) for value in values):
        raise InvalidProblem(f"{name}: not a tuple of {kind.__name__}")


def _words(name: str, values: object) -> None:
    if not isinstance(values, frozenset) or not all(isinstance(value, str) for value in values):
        raise InvalidProblem(f"{name}: not a frozenset of words")


def _load(name: str, values: object) -> Load:
    if not isinstance(values, tuple):
        raise InvalidProblem(f"{name}: a load is a tuple of whole numbers")
    return values


def _by_id(kind: str, values: tuple[_Named, ...]) -> dict[str, _Named]:
    found: dict[str, _Named] = {}
    for value in values:
        if value.id in found:
            raise InvalidProblem(f"{kind} {value.id} is there twice")
        found[value.id] = value
    return found


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
    what leaving the job out costs; without one the job must go. Without `vehicles` any vehicle may come. The vehicle
    that carries the job does not leave its start before `release_seconds`.
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
    release_seconds: int | None = None

    def __post_init__(self) -> None:
        _named("job", self.id)
        if self.kind not in KINDS:
            raise InvalidProblem(f"job {self.id}: kind {self.kind} is none of {', '.join(KINDS)}")
        _tuple_of(f"job {self.id} windows", self.windows, Window)
        if not self.windows:
            raise InvalidProblem(f"job {self.id}: no window")
        _words(f"job {self.id} skills", self.skills)
        if self.vehicles is not None:
            _words(f"job {self.id} vehicles", self.vehicles)
        if any(later.opens <= earlier.closes for earlier, later in zip(self.windows, self.windows[1:], strict=False)):
            raise InvalidProblem(f"job {self.id}: windows overlap or are not in order")
        _whole(f"job {self.id} place", self.place, largest=LARGEST_TIME)
        _whole(f"job {self.id} service_seconds", self.service_seconds, largest=LARGEST_TIME)
        _whole(f"job {self.id} setup_seconds", self.setup_seconds, largest=LARGEST_TIME)
        for amount in (*_load(f"job {self.id}", self.delivery), *_load(f"job {self.id}", self.pickup)):
            _whole(f"job {self.id} load", amount, largest=LARGEST_LOAD)
        if self.price is not None:
            _whole(f"job {self.id} price", self.price, largest=LARGEST_MONEY)
        if self.release_seconds is not None:
            _whole(f"job {self.id} release_seconds", self.release_seconds, largest=LARGEST_TIME, least=-LARGEST_TIME)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle for one shift: leaves `start` and is back at `end` within it. Costs are routing money.

    `second_cost` is paid from departure to return. `profile` names the matrix it drives by. Without an `end` its day is
    over at the last door: no way home is driven, timed or paid.
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
    fixed_cost: int = 0
    metre_cost: int = 0
    second_cost: int = 0

    def __post_init__(self) -> None:
        _named("vehicle", self.id)
        _words(f"vehicle {self.id} skills", self.skills)
        if not isinstance(self.shift, Window):
            raise InvalidProblem(f"vehicle {self.id}: a {type(self.shift).__name__} instead of a shift")
        _whole(f"vehicle {self.id} start", self.start, largest=LARGEST_TIME)
        if self.end is not None:
            _whole(f"vehicle {self.id} end", self.end, largest=LARGEST_TIME)
        for amount in _load(f"vehicle {self.id}", self.capacity):
            _whole(f"vehicle {self.id} capacity", amount, largest=LARGEST_LOAD)
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
class Lock:
    """Jobs that no vehicle but this one may serve; `first`: they are its first stops, in this order.

    A locked job that cannot be served is left out like any other; the order of the rest still holds.
    """

    vehicle: str
    jobs: tuple[str, ...]
    first: bool = False

    def __post_init__(self) -> None:
        _tuple_of(f"lock on vehicle {self.vehicle}", self.jobs, str)


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything an engine may know. `matrices` is keyed by vehicle profile, all over the same places.

    Raises:
        InvalidProblem: names the job, vehicle, lock or matrix that does not fit the rest, or says that costs could add
            up beyond what 64 bits hold.
    """

    matrices: Mapping[str, Matrix]
    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]
    balance: Balance | None = None
    dimensions: tuple[str, ...] = ("weight", "volume")
    locks: tuple[Lock, ...] = ()
    _jobs: Mapping[str, Job] = field(init=False, repr=False, compare=False)
    _vehicles: Mapping[str, Vehicle] = field(init=False, repr=False, compare=False)
    _seats: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _ranks: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _tuple_of("jobs", self.jobs, Job)
        _tuple_of("vehicles", self.vehicles, Vehicle)
        _tuple_of("locks", self.locks, Lock)
        object.__setattr__(self, "matrices", MappingProxyType(dict(self.matrices)))
        for profile, matrix in self.matrices.items():
            if not isinstance(matrix, Matrix):
                raise InvalidProblem(f"profile {profile}: a {type(matrix).__name__} instead of a matrix")
        sizes = {matrix.size for matrix in self.matrices.values()}
        if len(sizes) > 1:
            raise InvalidProblem(f"matrices of different sizes: {sorted(sizes)}")
        object.__setattr__(self, "_jobs", _by_id("job", self.jobs))
        object.__setattr__(self, "_vehicles", _by_id("vehicle", self.vehicles))
        self._refuse_misfits(next(iter(sizes), 0))
        self._lock()
        if self.dearest > LARGEST_TOTAL:
            raise InvalidProblem(f"costs could add up to {self.dearest}, above {LARGEST_TOTAL}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, (
            dict(self.matrices), self.jobs, self.vehicles, self.balance, self.dimensions, self.locks,
        )  # fmt: skip

    def _refuse_misfits(self, size: int) -> None:
        for job in self.jobs:
            self._fits(f"job {job.id}", (job.place,), size, job.delivery, job.pickup)
            if job.vehicles is not None and not job.vehicles <= self._vehicles.keys():
                raise InvalidProblem(f"job {job.id}: unknown vehicle {min(job.vehicles - self._vehicles.keys())}")
        for vehicle in self.vehicles:
            if vehicle.profile not in self.matrices:
                raise InvalidProblem(f"vehicle {vehicle.id}: no matrix for profile {vehicle.profile}")
            ends = (vehicle.start,) if vehicle.end is None else (vehicle.start, vehicle.end)
            self._fits(f"vehicle {vehicle.id}", ends, size, vehicle.capacity)

    def _fits(self, name: str, places: tuple[int, ...], size: int, *loads: Load) -> None:
        for place in places:
            if place >= size:
                raise InvalidProblem(f"{name}: place {place} is not among the {size} of the matrix")
        for load in loads:
            if load and len(load) != len(self.dimensions):
                raise InvalidProblem(f"{name}: {len(load)} amounts for {len(self.dimensions)} dimensions")

    def _lock(self) -> None:
        seats: dict[str, str] = {}
        ranks: dict[str, int] = {}
        ordered: set[str] = set()
        for lock in self.locks:
            if lock.vehicle not in self._vehicles:
                raise InvalidProblem(f"lock: unknown vehicle {lock.vehicle}")
            if lock.first and lock.vehicle in ordered:
                raise InvalidProblem(f"vehicle {lock.vehicle}: two locks say which stops come first")
            ordered |= {lock.vehicle} if lock.first else set()
            for rank, job_id in enumerate(lock.jobs):
                if job_id not in self._jobs:
                    raise InvalidProblem(f"lock on vehicle {lock.vehicle}: unknown job {job_id}")
                if job_id in seats:
                    raise InvalidProblem(f"job {job_id} is locked twice")
                seats[job_id] = lock.vehicle
                if lock.first:
                    ranks[job_id] = rank
        object.__setattr__(self, "_seats", seats)
        object.__setattr__(self, "_ranks", ranks)

    @property
    def dearest(self) -> int:
        """What no plan can cost more than: every vehicle out all day on the longest legs, every priced job left out."""
        legs = len(self.jobs) + len(self.vehicles)
        per_second = self.balance.second_cost if self.balance else 0
        days = sum(
            vehicle.fixed_cost + (vehicle.shift.closes - vehicle.shift.opens) * (vehicle.second_cost + per_second)
            for vehicle in self.vehicles
        )
        longest = {profile: matrix.longest_metres for profile, matrix in self.matrices.items()}
        way = max((vehicle.metre_cost * longest[vehicle.profile] for vehicle in self.vehicles), default=0)
        return days + legs * way + sum(job.price or 0 for job in self.jobs)

    def job(self, job_id: str) -> Job:
        """The job of that id; KeyError when there is none."""
        return self._jobs[job_id]

    def vehicle(self, vehicle_id: str) -> Vehicle:
        """The vehicle of that id; KeyError when there is none."""
        return self._vehicles[vehicle_id]

    def locked_to(self, job_id: str) -> str | None:
        """The one vehicle a lock gives the job to; None when no lock names it."""
        return self._seats.get(job_id)

    def rank_of(self, job_id: str) -> int:
        """The job's place among the first stops of its vehicle; `UNRANKED` for a job that may come anywhere behind."""
        return self._ranks.get(job_id, UNRANKED)

    def only(self, job_ids: Container[str]) -> Problem:
        """The same problem with only these jobs; locks keep what is left of them."""
        locks = tuple(replace(lock, jobs=tuple(one for one in lock.jobs if one in job_ids)) for lock in self.locks)
        return replace(self, jobs=tuple(job for job in self.jobs if job.id in job_ids), locks=locks)


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
    "Load", "Lock", "Plan", "Problem", "Reason", "Stop", "Tour", "Unassigned", "Vehicle", "Window", "cents",
]  # fmt: skip
