"""The full model on the OR-Tools routing library, in a process of its own: a search, and a proof of finished plans.

OR-Tools can kill its process, ignores its time limit while it looks for a first plan, and holds Python's lock for the
whole search; nothing of it is loaded here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import Problem
from ..schedule import Broken, schedule
from ..solve import Cancelled, Limits, Orders
from .apart import Apart, OnDeath, Report, ask
from .or_tools_model import MOST_NODES, nodes

#: What the child runs.
WORK = "routing.engines.or_tools_search:answer"
PROOF = "routing.engines.or_tools_search:prove"
#: What the child of a proof may take.
MEMORY_BYTES = 4 * 2**30
#: Seconds kept for ending a proof.
RESERVE = 0.1


class OrTools(Apart):
    """The reference constraint engine: guided local search over the whole model."""

    name = "or-tools"
    # It adds to a plan slowly: what a first one leaves out for want of time it hardly ever puts in.
    first_share = 0.75

    def work(self) -> str:
        return WORK

    def refusal(self, problem: Problem) -> str | None:
        """A model of so many nodes would not be built in time."""
        count = nodes(problem)
        return f"{count} nodes are more than {MOST_NODES}" if count > MOST_NODES else None


@dataclass(frozen=True, slots=True)
class Proof:
    """What OR-Tools' constraint model says of a finished plan, tour by tour.

    Attributes:
        orders: all tours, those that could be made cheaper in their polished order.
        refused: vehicles whose tours the model does not accept.
        unseen: vehicles whose tours there was no time to look at, or over which the child died.
    """

    orders: Orders
    refused: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Every tour was looked at and accepted."""
        return not self.refused and not self.unseen


def prove(
    problem: Problem,
    orders: Mapping[str, Sequence[str]],
    *,
    seconds: float,
    polish: bool = True,
    memory_bytes: int = MEMORY_BYTES,
    cancelled: Cancelled | None = None,
) -> Proof:
    """Pass each tour through OR-Tools' constraint model, with pauses and drives just where `schedule` has them.

    Rules between tours (stock of a depot, each job once) are not its matter. A polished order is taken when `schedule`
    finds it cheaper.
    """
    until = time.monotonic() + seconds
    found: dict[str, list[str] | None] = {}

    def hear(answer: object) -> None:
        for vehicle, order in answer.items() if isinstance(answer, dict) else ():
            if vehicle in orders and (order is None or _same(order, orders[vehicle])):
                found[vehicle] = order

    question = {
        "problem": problem, "orders": {vehicle: list(order) for vehicle, order in orders.items()},
        "ends_at": until - RESERVE, "polish": polish,
    }  # fmt: skip
    limits = Limits(seconds=max(0.001, seconds), memory_bytes=memory_bytes)
    if orders:
        ask(PROOF, question, hear, seconds=seconds, until=until, limits=limits, cancelled=cancelled)
    return Proof(
        {vehicle: _cheaper(problem, vehicle, order, found.get(vehicle)) for vehicle, order in orders.items()},
        tuple(vehicle for vehicle in orders if vehicle in found and found[vehicle] is None),
        tuple(vehicle for vehicle in orders if vehicle not in found),
    )


def _same(order: object, wanted: Sequence[str]) -> bool:
    """Whether the order holds the same jobs and as many reloads."""
    return isinstance(order, list) and all(isinstance(one, str) for one in order) and sorted(order) == sorted(wanted)


def _cheaper(problem: Problem, vehicle: str, order: Sequence[str], polished: Sequence[str] | None) -> list[str]:
    if polished is None or list(polished) == list(order):
        return list(order)
    before, after = (schedule(problem, problem.vehicle(vehicle), one) for one in (order, polished))
    if isinstance(before, Broken) or isinstance(after, Broken) or after.costs.total >= before.costs.total:
        return list(order)
    return list(polished)


__all__ = ["OnDeath", "OrTools", "Proof", "Report", "prove"]
