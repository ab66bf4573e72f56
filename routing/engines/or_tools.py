"""The full model on the OR-Tools routing library, in a process of its own.

OR-Tools can kill its process, ignores its time limit while it looks for a first plan, and holds Python's lock for the
whole search. So the model runs in a child that sends every better plan through a pipe; the deadline is kept from
outside, and whatever came last through the pipe is the answer. The child starts from our own greedy plan, so there
always is one.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from ..errors import EngineFailed, InvalidProblem
from ..model import Plan, Problem
from ..solve import Cancelled, Limits, Listener, Orders, Progress, assemble
from .child import Child, Death
from .nearest import first_orders

log = logging.getLogger(__name__)

#: What the child runs.
WORK = "routing.engines.or_tools_model:answer"
#: Seconds the child gets after its own time limit before it is killed.
GRACE = 0.6
#: Seconds kept for reading the answer, scheduling and judging it.
RESERVE = 0.25
#: A child that has less time than this is not worth starting.
SHORTEST = 0.7

#: Told of each problem over which a child died; it must not raise.
OnDeath = Callable[[Problem, Death], None]


class OrTools:
    """The reference constraint engine: guided local search over the whole model."""

    name = "or-tools"

    def __init__(self, *, on_death: OnDeath | None = None) -> None:
        self.on_death = on_death

    def __call__(
        self,
        problem: Problem,
        *,
        limits: Limits,
        seed: int = 0,
        on_progress: Listener | None = None,
        cancelled: Cancelled | None = None,
    ) -> Plan:
        """Search until the limit, or until nothing better came for a third of it.

        A child that dies leaves the best plan it had sent, or the greedy one, which is then called by its own name.

        Raises:
            EngineFailed: there is no plan at all.
        """
        started = time.monotonic()
        deadline = started + limits.seconds
        orders = first_orders(problem, deadline=started + 0.4 * limits.seconds, cancelled=cancelled)
        report = _Report(problem, started, on_progress)
        report.tell(orders)
        seen, death = _search(problem, orders, report, limits=limits, seed=seed, deadline=deadline, cancelled=cancelled)
        if death is not None and not (cancelled and cancelled()):
            log.warning("or-tools child ended with %s", death)
            if self.on_death:
                self.on_death(problem, death)
        if report.best is None:
            raise EngineFailed(f"or-tools: no plan before the deadline{f' ({death})' if death else ''}")
        # A plan that the child never saw to the end, and to which it added nothing, is not called its own.
        name = self.name if report.better or (seen and death is None) else "nearest"
        return assemble(problem, report.best[1], engine=name, seconds=time.monotonic() - started)


class _Report:
    """Turns raw orders into progress, and keeps the best plan that our own schedule accepts."""

    def __init__(self, problem: Problem, started: float, listener: Listener | None) -> None:
        self.problem, self.started, self.listener = problem, started, listener
        self.best: tuple[int, Orders] | None = None
        #: How many answers improved on the first, and how many were refused.
        self.better = self.refused = 0
        self._vehicles = {vehicle.id for vehicle in problem.vehicles}
        self._jobs = {job.id for job in problem.jobs}

    def hear(self, answer: object) -> None:
        """An answer of the child, whatever it is; what is no order of our jobs is counted and left."""
        orders = self._orders(answer)
        if orders is None:
            self.refused += 1
        elif self.tell(orders):
            self.better += 1

    def tell(self, orders: Orders) -> bool:
        """Keep the orders if they are feasible and better than what we have."""
        try:
            plan = assemble(self.problem, orders)
        except InvalidProblem:
            self.refused += 1
            return False
        if self.best is not None and plan.costs.total >= self.best[0]:
            return False
        self.best = (plan.costs.total, orders)
        if self.listener:
            served = sum(len(tour.stops) for tour in plan.tours)
            self.listener(Progress(plan.costs.total, len(plan.tours), served, time.monotonic() - self.started))
        return True

    def _orders(self, answer: object) -> Orders | None:
        if not isinstance(answer, dict) or not answer.keys() <= self._vehicles:
            return None
        if not all(isinstance(jobs, list) and all(isinstance(one, str) for one in jobs) for jobs in answer.values()):
            return None
        named = Counter(one for jobs in answer.values() for one in jobs)
        return answer if named.keys() <= self._jobs and all(times == 1 for times in named.values()) else None


def _search(
    problem: Problem,
    orders: Orders,
    report: _Report,
    *,
    limits: Limits,
    seed: int,
    deadline: float,
    cancelled: Cancelled | None,
) -> tuple[bool, Death | None]:
    """Let a child improve the orders; whether there was time for one, and how it died if it did."""
    left = deadline - time.monotonic() - RESERVE
    if left < SHORTEST:
        return False, None
    question = {"problem": problem, "orders": orders, "seed": seed, "ends_at": time.time() + left}
    until = min(deadline - RESERVE / 2, time.monotonic() + left + GRACE)
    try:
        child = Child(WORK, question, seconds=left, memory_bytes=limits.memory_bytes)
    except OSError as error:
        return False, Death("not started", error.strerror or type(error).__name__)
    with child:
        child.answers(report.hear, until=until, cancelled=cancelled)
        death = child.death()
    if report.refused:
        log.warning("or-tools child sent %d answers that keep no promise", report.refused)
    return True, death
