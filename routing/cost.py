"""What a plan costs, term by term: the one yardstick for all engines."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Balance, Costs, Job, Vehicle


def tour_costs(vehicle: Vehicle, *, metres: int, seconds: int, balance: Balance | None) -> Costs:
    """Costs of a driven tour: `seconds` from departure to return, in routing money, exact."""
    beyond = max(0, seconds - balance.target_seconds) if balance else 0
    return Costs(
        fixed=vehicle.fixed_cost,
        distance=metres * vehicle.metre_cost,
        time=seconds * vehicle.second_cost,
        balance=beyond * balance.second_cost if balance else 0,
    )


def left_out(jobs: Iterable[Job]) -> Costs:
    """What leaving these jobs out costs; a job that must go has no price and adds nothing."""
    return Costs(left_out=sum(job.price or 0 for job in jobs))
