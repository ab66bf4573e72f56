"""What a plan costs, term by term: the one yardstick for all engines."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .model import Costs, Problem, Stop, Vehicle


def tour_costs(problem: Problem, vehicle: Vehicle, stops: Sequence[Stop], *, metres: int, seconds: int) -> Costs:
    """Costs of a driven tour with these stops: `seconds` from departure to return, in routing money, exact."""
    balance = problem.balance
    return Costs(
        fixed=vehicle.fixed_cost,
        distance=metres * vehicle.metre_cost,
        time=seconds * vehicle.second_cost,
        overtime=_beyond(seconds, vehicle.overtime_after) * vehicle.overtime_second_cost,
        balance=_beyond(seconds, balance.target_seconds) * balance.second_cost if balance else 0,
        delay=sum(problem.by_id[stop.job].second_price * max(0, stop.service_start) for stop in stops),
        late=sum(_late(problem, stop) for stop in stops),
        changes=sum(_changed(problem, vehicle, stop) for stop in stops) if problem.previous else 0,
    )


def left_out(problem: Problem, served: Collection[str]) -> Costs:
    """What leaving all other jobs out costs: their prices, and the change for those that the plan before had."""
    prices = sum(job.price or 0 for job in problem.jobs if job.id not in served)
    prices += sum(pair.price or 0 for pair in problem.shipments if pair.pickup.id not in served)
    changes = sum(problem.previous.change_cost for one in problem.kept if one not in served) if problem.previous else 0
    return Costs(left_out=prices, changes=changes)


def _beyond(seconds: int, bound: int | None) -> int:
    return 0 if bound is None else max(0, seconds - bound)


def _late(problem: Problem, stop: Stop) -> int:
    job = problem.by_id[stop.job]
    return _beyond(stop.service_start, job.due) * job.late_second_cost


def _changed(problem: Problem, vehicle: Vehicle, stop: Stop) -> int:
    kept, previous = problem.kept.get(stop.job), problem.previous
    if kept is None or previous is None:
        return 0
    moved = 0 if kept.service_start is None else abs(stop.service_start - kept.service_start)
    return previous.change_cost if kept.vehicle != vehicle.id or moved > previous.tolerance_seconds else 0
