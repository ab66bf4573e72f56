"""What engines share that search in a process of their own: a first plan, the child, its answers judged by `schedule`.

A child can die, hang, lie or ignore its limit, and may hold Python's lock for its whole search. So it sends every
better plan through a pipe as orders of job ids; the deadline is kept from outside, times and costs are made here, and
the best of what came is the answer.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import EngineFailed, InvalidProblem
from ..model import RELOAD, Plan, Problem
from ..solve import Cancelled, Limits, Listener, Orders, Progress, assemble
from .child import Child, Death
from .nearest import first_orders

log = logging.getLogger(__name__)

#: Seconds kept for reading the answer, scheduling and judging it.
RESERVE = 0.25
#: Seconds in which an order that is late by the clock may be mended.
MENDING = 0.5
#: A child that has less time than this is not worth starting.
SHORTEST = 0.7

#: Told of each problem over which a child died; it must not raise.
OnDeath = Callable[[Problem, Death], None]


class Apart:
    """An engine whose search runs in a child process.

    Args:
        on_death: told of each problem over which a child died, and how; the plan goes on without it.
    """

    name = "apart"
    #: Share of the time that the first plan may take.
    first_share = 0.4

    def __init__(self, *, on_death: OnDeath | None = None) -> None:
        self.on_death = on_death

    def work(self) -> str:
        """What the child runs, as `module:function`."""
        raise NotImplementedError

    def refusal(self, problem: Problem) -> str | None:
        """Why no child is asked about this problem; None when one is."""
        return None

    def question(self, problem: Problem, first: Orders, start: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
        """What the child is asked beside its limits, and whether there was time for all of the first plan (`whole`)."""
        return {"problem": problem, "orders": first}

    def __call__(
        self,
        problem: Problem,
        *,
        limits: Limits,
        seed: int = 0,
        on_progress: Listener | None = None,
        cancelled: Cancelled | None = None,
        start: Mapping[str, Sequence[str]] | None = None,
    ) -> Plan:
        """Search until the limit, or until nothing better came for a while.

        A child that dies leaves the best plan it had sent, or the greedy one, which is then called by its own name.

        Args:
            start: orders to begin with; what does not hold in them is mended first.

        Raises:
            EngineFailed: there is no plan at all.
        """
        started = time.monotonic()
        report = Report(problem, started, on_progress, until=started + limits.seconds - RESERVE / 2)
        soon = started + self.first_share * limits.seconds
        report.tell(first_orders(problem, deadline=soon, cancelled=cancelled, start=start))
        seen, death, whole = False, None, time.monotonic() < soon
        left = started + limits.seconds - time.monotonic() - RESERVE
        if left >= SHORTEST and report.best and problem.vehicles and not self.refusal(problem):
            ends_at = time.monotonic() + left
            asked = {"seed": seed, "ends_at": ends_at, "iterations": limits.iterations, "whole": whole}
            question = asked | self.question(problem, report.best[1], start)
            death = ask(
                self.work(), question, report.hear, seconds=left, until=report.until, limits=limits, cancelled=cancelled
            )
            seen = True
            if report.refused:
                log.warning("%s child sent %d answers that keep no promise", self.name, report.refused)
        if death is not None and not (cancelled and cancelled()):
            log.warning("%s child ended with %s", self.name, death)
            if self.on_death:
                self.on_death(problem, death)
        if report.best is None:
            raise EngineFailed(f"{self.name}: no plan before the deadline{f' ({death})' if death else ''}")
        # A plan that the child never saw to the end, and to which it added nothing, is not called its own.
        name = self.name if report.better or (seen and death is None) else "nearest"
        return assemble(problem, report.best[1], engine=name, seconds=time.monotonic() - started)


def ask(
    work: str,
    question: dict[str, Any],
    hear: Callable[[object], None],
    *,
    seconds: float,
    until: float,
    limits: Limits,
    cancelled: Cancelled | None,
) -> Death | None:
    """Let a child answer until that moment of the monotonic clock; how it died, if it did."""
    try:
        child = Child(work, question, seconds=seconds, memory_bytes=limits.memory_bytes)
    except OSError as error:
        return Death("not started", error.strerror or type(error).__name__)
    with child:
        child.answers(hear, until=until, cancelled=cancelled)
        return child.death()


class Report:
    """Turns raw orders into progress, and keeps the best plan that our own schedule accepts.

    After `until` nothing is mended.
    """

    def __init__(self, problem: Problem, started: float, listener: Listener | None, *, until: float) -> None:
        self.problem, self.started, self.listener, self.until = problem, started, listener, until
        self.best: tuple[tuple[int, int], Orders] | None = None
        #: How many answers improved on the first, and how many were refused.
        self.better = self.refused = 0
        #: Traffic, and pauses in unlucky places, can make late what a child found in time.
        self.late = bool(problem.periods) or any(one.breaks or one.rule for one in problem.vehicles)
        self._vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        self._stock = {(stock.place, stock.product): stock.quantity for stock in problem.stocks}
        self._scarce = {stock.product for stock in problem.stocks}

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
            if not self.late:
                self.refused += 1
                return False
            orders = first_orders(self.problem, deadline=min(self.until, time.monotonic() + MENDING), start=orders)
            plan = assemble(self.problem, orders)
        worth = (self._waiting(plan), plan.costs.total)
        if self.best is not None and worth >= self.best[0]:
            return False
        self.best = (worth, orders)
        if self.listener:
            served = sum(len(tour.stops) for tour in plan.tours)
            self.listener(Progress(plan.costs.total, len(plan.tours), served, time.monotonic() - self.started))
        return True

    def _waiting(self, plan: Plan) -> int:
        """How many that must go are left out: a plan with fewer of them is always better."""
        pair_of, by_id = self.problem.pair_of, self.problem.by_id
        left = [one.job for one in plan.unassigned]
        return sum((pair_of[one].price if one in pair_of else by_id[one].price) is None for one in left)

    def _orders(self, answer: object) -> Orders | None:
        if not isinstance(answer, dict) or not answer.keys() <= self._vehicles.keys():
            return None
        if not all(isinstance(jobs, list) and all(isinstance(one, str) for one in jobs) for jobs in answer.values()):
            return None
        named = Counter(one for jobs in answer.values() for one in jobs if one != RELOAD)
        known = named.keys() <= self.problem.by_id.keys() and all(times == 1 for times in named.values())
        return answer if known and not self._out_of_stock(answer) else None

    def _out_of_stock(self, orders: Orders) -> bool:
        taken: Counter[tuple[int, str]] = Counter()
        for name, ids in orders.items() if self._scarce else ():
            for one in ids:
                for product, quantity in self.problem.by_id[one].goods if one != RELOAD else ():
                    taken[self._vehicles[name].start, product] += quantity
        return any(
            quantity > self._stock.get(shelf, 0) for shelf, quantity in taken.items() if shelf[1] in self._scarce
        )
