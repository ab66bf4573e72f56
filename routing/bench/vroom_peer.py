"""VROOM as a peer: what of a problem it can say, said in its own terms; its answer as a plan of ours.

Each vehicle and job gets the number of its place in the problem. Distances are durations where both are the same;
where vehicles differ in their cost of distance, VROOM's distances and costs a kilometre say so. A fixed cost beyond
its range is cut to the largest it can add up, which still outweighs the distances it is given.
"""

from __future__ import annotations

import importlib.util
import time
from datetime import timedelta
from typing import Any

import numpy as np

from ..errors import CannotState, EngineFailed
from ..model import Job, Plan, Problem, Vehicle
from ..solve import Cancelled, Limits, Listener, Orders, assemble

#: VROOM keeps costs in 32 bits.
LARGEST_FIXED = 2**31 - 1
EXPLORATION = 5
#: A distance in VROOM is metres, its rate by the kilometre.
METRES_PER_KM = 1000


def is_installed() -> bool:
    """Whether the package `vroom` can be imported."""
    return importlib.util.find_spec("vroom") is not None


class Vroom:
    """VROOM at its highest level of exploration."""

    name = "vroom"

    def __call__(
        self,
        problem: Problem,
        *,
        limits: Limits,
        seed: int = 0,
        on_progress: Listener | None = None,
        cancelled: Cancelled | None = None,
    ) -> Plan:
        """Its best plan; it knows no seed, and looks at its limit only now and then.

        Raises:
            CannotState: the problem asks something VROOM has no words for.
            EngineFailed: its answer is no plan.
        """
        started = time.monotonic()
        if asked := unsaid(problem):
            raise CannotState(self.name, asked)
        question = _stated(problem)
        left = max(0.1, limits.seconds - (time.monotonic() - started))
        try:
            answer = question.solve(EXPLORATION, nb_threads=limits.threads, timeout=timedelta(seconds=left))
        except Exception as error:  # Its bindings raise whatever its code throws.
            raise EngineFailed(f"vroom: {type(error).__name__}: {str(error)[:200]}") from error
        return assemble(problem, _orders(problem, answer), engine=self.name, seconds=time.monotonic() - started)


def unsaid(problem: Problem) -> str:
    """What the problem asks that VROOM has no words for, in a few words; empty when it can say everything."""
    vehicles, jobs = problem.vehicles, problem.visits
    asked = {
        "several trips": any(vehicle.trips > 1 for vehicle in vehicles),
        "a limit on the time of a tour": any(vehicle.max_seconds is not None for vehicle in vehicles),
        "deliveries before pickups": any(vehicle.deliveries_first for vehicle in vehicles),
        "a working rule": any(vehicle.rule for vehicle in vehicles),
        "costs of waiting": any(vehicle.second_cost or vehicle.overtime_second_cost for vehicle in vehicles),
        "prices of leaving out": any(job.price is not None for job in problem.jobs)
        or any(pair.price is not None for pair in problem.shipments),
        "prices of lateness": any(job.second_price or job.late_second_cost for job in jobs),
        "releases": any(job.release is not None for job in jobs),
        "stocks": bool(problem.stocks),
        "incompatible goods": bool(problem.incompatible),
        "balance": problem.balance is not None,
        "a plan before": problem.previous is not None,
        "traffic": bool(problem.periods),
        "breaks, setup and locks as we mean them": any(vehicle.breaks or vehicle.locked for vehicle in vehicles)
        or any(job.setup_seconds for job in jobs),
    }
    return ", ".join(what for what, wanted in asked.items() if wanted)


def _stated(problem: Problem) -> Any:
    import vroom

    question = vroom.Input()
    plain = all(vehicle.metre_cost == 1 for vehicle in problem.vehicles) and all(
        bool((matrix.seconds == matrix.metres).all()) for matrix in problem.matrices.values()
    )
    for profile, matrix in problem.matrices.items():
        question.set_durations_matrix(profile, np.asarray(matrix.seconds, dtype=np.uint32))
        if not plain:
            question.set_distances_matrix(profile, np.asarray(matrix.metres, dtype=np.uint32))
    allowed = {one: number for number, one in enumerate(sorted({_who(job) for job in problem.visits}))}
    question.add_vehicle([_vehicle(problem, number, plain, allowed) for number in range(len(problem.vehicles))])
    numbers = {job.id: number for number, job in enumerate(problem.visits, 1)}
    size = len(problem.dimensions)
    for job in problem.jobs:
        question.add_job(
            vroom.Job(
                numbers[job.id],
                job.place,
                default_service=job.service_seconds,
                delivery=list(job.delivery or (0,) * size),
                pickup=list(job.pickup or (0,) * size),
                skills={allowed[_who(job)]},
                time_windows=_windows(job),
            )
        )
    for pair in problem.shipments:
        question.add_shipment(
            *(
                vroom.ShipmentStep(
                    numbers[half.id], half.place, default_service=half.service_seconds, time_windows=_windows(half)
                )
                for half in pair.halves
            ),
            amount=vroom.Amount(list(pair.pickup.pickup or (0,) * size)),
            skills={allowed[_who(pair.pickup)], allowed[_who(pair.delivery)]},
        )
    return question


#: What tells which vehicles may come: skills a vehicle needs, and ids of those allowed ("" stands for any).
Who = tuple[tuple[str, ...], tuple[str, ...]]


def _who(job: Job) -> Who:
    return tuple(sorted(job.skills)), ("",) if job.vehicles is None else tuple(sorted(job.vehicles))


def _may(vehicle: Vehicle, who: Who) -> bool:
    return set(who[0]) <= vehicle.skills and (who[1] == ("",) or vehicle.id in who[1])


def _vehicle(problem: Problem, number: int, plain: bool, allowed: dict[Who, int]) -> Any:
    import vroom

    vehicle = problem.vehicles[number]
    fixed = vehicle.fixed_cost if plain else vehicle.fixed_cost // METRES_PER_KM
    rates = {} if plain else {"per_hour": 0, "per_km": vehicle.metre_cost}
    limits = {
        "max_tasks": vehicle.max_stops,
        "max_travel_time": vehicle.max_driving_seconds,
        "max_distance": vehicle.max_metres,
    }
    return vroom.Vehicle(
        number + 1,
        start=vehicle.start,
        end=vehicle.end,
        profile=vehicle.profile,
        capacity=list(vehicle.capacity or (0,) * len(problem.dimensions)),
        skills={skill for who, skill in allowed.items() if _may(vehicle, who)},
        time_window=vroom.TimeWindow(vehicle.shift.opens, vehicle.shift.closes),
        costs=vroom.VehicleCosts(fixed=min(fixed, LARGEST_FIXED), **rates),
        **{name: limit for name, limit in limits.items() if limit is not None},
    )


def _windows(job: Job) -> list[Any]:
    import vroom

    return [vroom.TimeWindow(max(0, window.opens), window.closes) for window in job.windows]


def _orders(problem: Problem, answer: Any) -> Orders:
    visits = problem.visits
    orders: Orders = {vehicle.id: [] for vehicle in problem.vehicles}
    frame = answer.routes
    if not len(frame) or "id" not in frame:
        return orders
    for vehicle, kind, number in zip(frame["vehicle_id"], frame["type"], frame["id"], strict=True):
        if kind in ("job", "pickup", "delivery"):
            orders[problem.vehicles[int(vehicle) - 1].id].append(visits[int(number) - 1].id)
    return orders
