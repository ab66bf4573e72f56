"""A benchmark instance: a problem, and how its set counts what a plan costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..model import RELOAD, Job, Problem, Shipment, Vehicle
from .distances import Grid, straight

Orders = Mapping[str, Sequence[str]]

#: Distance alone (with prizes and fixed costs where the set has them), or vehicles first and then distance.
OBJECTIVES = ("distance", "vehicles")


@dataclass(frozen=True, slots=True)
class Instance:
    """What a file says, and what a plan for it costs in the unit of its set's `bks.csv`.

    Attributes:
        dialect: one of `formats.DIALECTS`.
        objective: one of `OBJECTIVES`; with `vehicles` each used vehicle's `fixed_cost` outweighs all distance.
        money_per_unit: routing money that makes one unit of `bks.csv`.
        points: x and y (longitude and latitude where `on_earth`) of each place.
        exact: the cost is summed in double precision over straight lines, not from the whole numbers of the matrix.
        solution_units: units of a `.sol` file in one of `bks.csv`.
        kinds: for each vehicle number of the file, from 1, the kind it is of; vehicles of a kind are alike.
        backhauls: a tour of pickups alone is against the rules of the set.
    """

    name: str
    dialect: str
    problem: Problem
    objective: str
    money_per_unit: int
    points: tuple[tuple[float, float], ...]
    exact: bool = False
    on_earth: bool = False
    solution_units: int = 1
    kinds: tuple[int, ...] = ()
    backhauls: bool = False

    def cost(self, orders: Orders) -> float:
        """What these tours cost, by arithmetic of its own; what they leave out costs its price, if it has one."""
        problem = self.problem
        jobs = {job.id: job for job in problem.visits}
        vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        money, length = 0, 0.0
        for one, order in orders.items():
            if not order:
                continue
            vehicle = vehicles[one]
            metres = problem.matrices[vehicle.profile].metres
            money += 0 if self.objective == "vehicles" else vehicle.fixed_cost
            for start, end in pairwise(_trail(vehicle, order, jobs)):
                money += int(metres[start, end]) * vehicle.metre_cost
                length += straight(self.points, start, end) if self.exact else 0.0
        if self.exact:
            return length
        served = {job for order in orders.values() for job in order}
        money += sum(job.price or 0 for job in problem.jobs if job.id not in served)
        money += sum(pair.price or 0 for pair in problem.shipments if pair.pickup.id not in served)
        return money / self.money_per_unit

    def shown(self, money: int, tours: int) -> float:
        """Routing money of a plan with so many tours, as a cost of the table; for an exact instance, nearly."""
        first = self.problem.vehicles[0].fixed_cost if self.objective == "vehicles" else 0
        return (money - tours * first) / self.money_per_unit

    def agrees(self, stated: float, true: float) -> bool:
        """Whether a stated cost is the true one: to two decimals where costs have any, as tables are printed."""
        whole = self.money_per_unit == 1
        return abs(stated - true) <= (1e-6 if whole else 0.011)

    def in_units(self, stated: float) -> float:
        """A cost that a table states, in plain units.

        Some tables of vehicles of several kinds mix plain units with the steps in which plans are counted. What is
        above any plan at all (each customer alone in the dearest vehicle) can only be meant in steps.
        """
        if self.exact or self.money_per_unit == 1:
            return stated
        return stated / self.money_per_unit if stated * self.money_per_unit > self._dearest() else stated

    def _dearest(self) -> int:
        visits, vehicles = self.problem.visits, self.problem.vehicles
        farthest = max(int(matrix.metres.max(initial=0)) for matrix in self.problem.matrices.values())
        way = 2 * farthest * max(vehicle.metre_cost for vehicle in vehicles)
        prices = sum(job.price or 0 for job in self.problem.jobs)
        prices += sum(pair.price or 0 for pair in self.problem.shipments)
        return len(visits) * (way + max(vehicle.fixed_cost for vehicle in vehicles)) + prices

    def used(self, orders: Orders) -> int:
        """How many vehicles drive."""
        return sum(1 for order in orders.values() if order)

    def missing(self, orders: Orders) -> list[str]:
        """Ids of the jobs that must be served and are not."""
        served = {job for order in orders.values() for job in order}
        must = [job for job in self.problem.jobs if job.price is None]
        must += [half for pair in self.problem.shipments if pair.price is None for half in pair.halves]
        return [job.id for job in must if job.id not in served]

    def broken(self, orders: Orders) -> str | None:
        """A rule of the set that the model cannot state and these tours break; None when they break none."""
        kinds = {job.id: job.kind for job in self.problem.jobs}
        for vehicle, order in orders.items():
            if self.backhauls and order and all(kinds[job] == "pickup" for job in order):
                return f"route {vehicle} serves backhauls only"
        return None


def _trail(vehicle: Vehicle, order: Sequence[str], jobs: Mapping[str, Job]) -> list[int]:
    places = [vehicle.start if job == RELOAD else jobs[job].place for job in order]
    return [vehicle.start, *places, *(() if vehicle.end is None else (vehicle.end,))]


def vehicles_first(grid: Grid, visits: int, vehicles: int) -> int:
    """A price of a vehicle above any distance that so many visits and vehicles can have together."""
    return (visits + vehicles) * int(grid.max(initial=0)) + 1


def enough(requests: Sequence[Job | Shipment], vehicle: Vehicle, grid: Grid, most: int) -> int:
    """How many vehicles can matter when fewer are always better: twice those of a plain plan, and at most `most`.

    The plain plan appends each request, by closing time, to the first vehicle that can still serve it and be back; it
    shows that so many are enough, and twice as many leave a search the room to begin with.
    """
    opens, closes = vehicle.shift.opens, vehicle.shift.closes
    room = vehicle.capacity[0]
    at, free, load = (np.zeros(len(requests) + 1, dtype=np.int64) for _ in range(3))
    used = 0
    for request in sorted(requests, key=lambda one: _visits(one)[0].windows[-1].closes):
        visits = _visits(request)
        at[used], free[used], load[used] = vehicle.start, opens, 0
        place, clock = at[: used + 1].copy(), free[: used + 1].copy()
        fits = np.ones(used + 1, dtype=bool)
        for job in visits:
            clock = np.maximum(clock + grid[place, job.place], job.windows[0].opens)
            fits &= clock <= job.windows[-1].closes
            clock += job.service_seconds
            place[:] = job.place
        fits &= clock + grid[place, vehicle.start] <= closes
        amount = 0 if isinstance(request, Shipment) else max(*request.delivery, *request.pickup, 0)
        fits &= load[: used + 1] + amount <= room
        chosen = int(np.argmax(fits)) if fits.any() else used
        at[chosen], free[chosen] = place[chosen], clock[chosen]
        load[chosen] += amount
        used = max(used, chosen + 1)
    return max(1, min(most, len(requests), 2 * used))


def _visits(request: Job | Shipment) -> tuple[Job, ...]:
    return request.halves if isinstance(request, Shipment) else (request,)
