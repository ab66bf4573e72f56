"""Everything an engine may know, in one value that cannot be made wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from ..errors import InvalidProblem
from ..matrix import Matrix
from .fleet import Vehicle
from .guards import (
    LARGEST_COST,
    LARGEST_LOAD,
    LARGEST_MONEY,
    LARGEST_RATE,
    LARGEST_TIME,
    MOST_DIMENSIONS,
    MOST_JOBS,
    MOST_VEHICLES,
    Load,
    be,
    moment,
    named,
    refuse_twice,
    tuple_of,
    whole,
)
from .work import Job, Shipment


@dataclass(frozen=True, slots=True)
class Balance:
    """A wish for even tours: each second of a tour beyond the target costs `second_cost`."""

    target_seconds: int
    second_cost: int

    def __post_init__(self) -> None:
        whole("balance target_seconds", self.target_seconds, largest=LARGEST_TIME)
        whole("balance second_cost", self.second_cost, largest=LARGEST_RATE)


@dataclass(frozen=True, slots=True)
class Stock:
    """So many pieces of a product lie at a depot (a vehicle's `start`). A product is scarce once any stock of it is
    stated; a depot without one then has none of it. A product never stated is there in plenty everywhere."""

    place: int
    product: str
    quantity: int

    def __post_init__(self) -> None:
        whole("stock place", self.place, largest=LARGEST_TIME)
        named("stock product", self.product)
        whole(f"stock of {self.product}", self.quantity, largest=LARGEST_LOAD)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the plan before had a job, and when its service was to begin (None when only the vehicle matters)."""

    job: str
    vehicle: str
    service_start: int | None = None

    def __post_init__(self) -> None:
        named("kept job", self.job)
        named(f"kept job {self.job} vehicle", self.vehicle)
        if self.service_start is not None:
            moment(f"kept job {self.job} service_start", self.service_start)


@dataclass(frozen=True, slots=True)
class Previous:
    """The plan before, and what a change costs.

    A job has changed when it is left out, served by another vehicle, or begun more than `tolerance_seconds` earlier or
    later than it was to begin; each changed job costs `change_cost` once.
    """

    kept: tuple[Kept, ...]
    change_cost: int
    tolerance_seconds: int = 0

    def __post_init__(self) -> None:
        tuple_of("previous kept", self.kept, Kept)
        refuse_twice("previous: job", [one.job for one in self.kept])
        whole("previous change_cost", self.change_cost, largest=LARGEST_MONEY)
        whole("previous tolerance_seconds", self.tolerance_seconds, largest=LARGEST_TIME)


@dataclass(frozen=True, slots=True)
class Period:
    """From `opens` until the next period, a leg that begins takes `percent` of the matrix's seconds, rounded up."""

    opens: int
    percent: int

    def __post_init__(self) -> None:
        moment("period opens", self.opens)
        whole("period percent", self.percent, largest=1_000, least=10)


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything an engine may know. `matrices` is keyed by vehicle profile, all over the same places.

    Attributes:
        jobs: those that stand alone.
        shipments: pairs of jobs.
        incompatible: pairs of traits that may not be served in one tour.
        periods: how slow traffic is through the day, in order; before the first one the matrix holds as it is.

    Raises:
        InvalidProblem: names the job, vehicle or matrix that does not fit the rest.
    """

    matrices: Mapping[str, Matrix]
    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]
    balance: Balance | None = None
    dimensions: tuple[str, ...] = ("weight", "volume")
    shipments: tuple[Shipment, ...] = ()
    stocks: tuple[Stock, ...] = ()
    incompatible: tuple[tuple[str, str], ...] = ()
    previous: Previous | None = None
    periods: tuple[Period, ...] = ()
    #: Made from the rest, for those who look things up: jobs and pairs by the id of a job, the vehicle a job is locked
    #: to, the plan before by job.
    by_id: Mapping[str, Job] = field(init=False, repr=False, compare=False)
    pair_of: Mapping[str, Shipment] = field(init=False, repr=False, compare=False)
    locked_to: Mapping[str, str] = field(init=False, repr=False, compare=False)
    kept: Mapping[str, Kept] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._is_whole()
        object.__setattr__(self, "matrices", MappingProxyType(dict(self.matrices)))
        sizes = {matrix.size for matrix in self.matrices.values()}
        if len(sizes) > 1:
            raise InvalidProblem(f"matrices of different sizes: {sorted(sizes)}")
        size = next(iter(sizes), 0)
        visits = self.visits
        refuse_twice("job", [job.id for job in visits])
        refuse_twice("shipment", [pair.id for pair in self.shipments])
        refuse_twice("vehicle", [vehicle.id for vehicle in self.vehicles])
        for job in visits:
            self._fits(f"job {job.id}", (job.place,), size, job.delivery, job.pickup)
        for vehicle in self.vehicles:
            if vehicle.profile not in self.matrices:
                raise InvalidProblem(f"vehicle {vehicle.id}: no matrix for profile {vehicle.profile}")
            ends = (vehicle.start,) if vehicle.end is None else (vehicle.start, vehicle.end)
            self._fits(f"vehicle {vehicle.id}", ends, size, vehicle.capacity)
        self._index(visits)
        self._names_known(visits)
        self._fits_around(size)
        self._refuse_overflow(visits)

    def _index(self, visits: tuple[Job, ...]) -> None:
        pairs = {half.id: pair for pair in self.shipments for half in pair.halves}
        locks = {one: vehicle.id for vehicle in self.vehicles for one in vehicle.locked}
        kept = {one.job: one for one in self.previous.kept} if self.previous else {}
        for name, found in (
            ("by_id", {job.id: job for job in visits}), ("pair_of", pairs), ("locked_to", locks), ("kept", kept),
        ):  # fmt: skip
            object.__setattr__(self, name, MappingProxyType(found))

    def __reduce__(self) -> tuple[Any, ...]:
        facts = tuple(getattr(self, one.name) for one in fields(self) if one.init)
        return Problem, (dict(self.matrices), *facts[1:])

    @property
    def visits(self) -> tuple[Job, ...]:
        """Every job, those that stand alone first, then both halves of each shipment."""
        return self.jobs + tuple(half for pair in self.shipments for half in pair.halves)

    def _is_whole(self) -> None:
        """Everything is of the kind it says, and there is not more of it than can be planned."""
        be("problem matrices", self.matrices, Mapping)
        for profile, matrix in self.matrices.items():
            named("matrix profile", profile)
            be(f"matrix {profile}", matrix, Matrix)
        for name, kind in (("jobs", Job), ("vehicles", Vehicle), ("shipments", Shipment), ("stocks", Stock),
                           ("periods", Period)):  # fmt: skip
            tuple_of(f"problem {name}", getattr(self, name), kind)
        for name, count, most in (
            ("jobs", len(self.jobs) + 2 * len(self.shipments), MOST_JOBS),
            ("vehicles", len(self.vehicles), MOST_VEHICLES),
            ("dimensions", len(self.dimensions) if isinstance(self.dimensions, tuple) else 0, MOST_DIMENSIONS),
        ):
            if count > most:
                raise InvalidProblem(f"problem: {count} {name} are more than {most}")
        if self.balance is not None:
            be("problem balance", self.balance, Balance)
        if self.previous is not None:
            be("problem previous", self.previous, Previous)
        be("problem dimensions", self.dimensions, tuple)
        for dimension in self.dimensions:
            named("dimension", dimension)
        refuse_twice("dimension", list(self.dimensions))

    def _names_known(self, visits: tuple[Job, ...]) -> None:
        """Nobody speaks of a vehicle or job that is not there, and no job is locked to two vehicles."""
        vehicles, jobs = {vehicle.id for vehicle in self.vehicles}, {job.id for job in visits}
        for job in visits:
            if job.vehicles is not None and not job.vehicles <= vehicles:
                raise InvalidProblem(f"job {job.id}: unknown vehicle {min(job.vehicles - vehicles)}")
        locks = Counter(one for vehicle in self.vehicles for one in vehicle.locked)
        for one, times in locks.items():
            if one not in jobs:
                raise InvalidProblem(f"lock: unknown job {one}")
            if times > 1:
                raise InvalidProblem(f"lock: job {one} is locked to {times} vehicles")
        for kept in self.previous.kept if self.previous else ():
            if kept.job not in jobs:
                raise InvalidProblem(f"previous: unknown job {kept.job}")

    def _fits_around(self, size: int) -> None:
        """Stocks, incompatible traits and periods."""
        for stock in self.stocks:
            self._fits(f"stock of {stock.product}", (stock.place,), size)
        refuse_twice("stock", [f"of {stock.product} at place {stock.place}" for stock in self.stocks])
        be("problem incompatible", self.incompatible, tuple)
        for pair in self.incompatible:
            if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
                raise InvalidProblem("problem incompatible: something that is no pair of traits")
            if pair[0] == pair[1]:
                raise InvalidProblem(f"problem incompatible: trait {pair[0]} with itself")
        if any(b.opens <= a.opens for a, b in zip(self.periods, self.periods[1:], strict=False)):
            raise InvalidProblem("problem periods: not in order")

    def _refuse_overflow(self, visits: tuple[Job, ...]) -> None:
        """The dearest plan anybody could draw stays within `LARGEST_COST`."""
        legs = 2 * len(visits) + len(self.vehicles)
        farthest = {name: int(matrix.metres.max(initial=0)) for name, matrix in self.matrices.items()}
        worst = sum(job.price or 0 for job in self.jobs) + sum(pair.price or 0 for pair in self.shipments)
        worst += sum((job.second_price + job.late_second_cost) * 2 * LARGEST_TIME for job in visits)
        worst += len(self.previous.kept) * self.previous.change_cost if self.previous else 0
        way = 0
        for vehicle in self.vehicles:
            way = max(way, farthest[vehicle.profile] * vehicle.metre_cost)
            second = vehicle.second_cost + vehicle.overtime_second_cost
            second += self.balance.second_cost if self.balance else 0
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

    def job(self, job_id: str) -> Job:
        """The job of that id, halves of shipments included; KeyError when there is none."""
        return self.by_id[job_id]

    def vehicle(self, vehicle_id: str) -> Vehicle:
        """The vehicle of that id; KeyError when there is none."""
        return {vehicle.id: vehicle for vehicle in self.vehicles}[vehicle_id]
