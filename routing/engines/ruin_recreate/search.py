"""Ruin and recreate from the first plan to the last second: temperatures, the phase that saves vehicles, reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...model import RELOAD, Problem
from . import columns as c
from .facts import facts_of
from .loop import AFRESH, ANNEAL, SAVE_VEHICLES, TAKE_OVER, search
from .state import empty_state

#: Temperatures in mean distances to the five nearest: where the search begins and where it ends.
HOT, COLD = 4.0, 0.03
#: Exchanges of tails after each step.
EXCHANGES = 10
MEAN_REMOVED, LONGEST_STRING = 10.0, 10.0
#: Share of the time for closing tours, where a vehicle costs more than so many mean distances.
FLEET_SHARE, DEAR_VEHICLE = 0.22, 50.0
#: Seconds between two looks at the clock, and between two reports.
LOOK_SECONDS, REPORT_SECONDS = 0.02, 0.1
#: Steps between two looks when steps are counted.
COUNTED_STEPS = 200

Orders = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop: a moment of `now()`, or a number of steps."""

    ends_at: float
    iterations: int | None = None
    now: Callable[[], float] = time.monotonic


def improve(
    problem: Problem,
    start: Mapping[str, Sequence[str]],
    *,
    budget: Budget,
    seed: int,
    tell: Callable[[Orders], object],
    keep_tours: Callable[[Search], object] | None = None,
) -> Orders:
    """The best orders found within the budget; each better plan is told, at most ten times a second."""
    return Search(problem, seed=seed).run(start, budget=budget, tell=tell, keep_tours=keep_tours)


class Search:
    """One search over one problem: its arrays, its present and its best plan."""

    def __init__(self, problem: Problem, *, seed: int) -> None:
        self.problem = problem
        self.facts = facts_of(problem)
        self.state = empty_state(self.facts, seed)
        self.ids = [job.id for job in problem.visits]
        self.row = {one: number for number, one in enumerate(self.ids)}
        self.unit = self._unit()
        self.steps = 0

    def run(
        self,
        start: Mapping[str, Sequence[str]],
        *,
        budget: Budget,
        tell: Callable[[Orders], object],
        keep_tours: Callable[[Search], object] | None = None,
    ) -> Orders:
        """Begin with these orders (or afresh), search until the budget is spent."""
        if not self.ids or not self.problem.vehicles:
            return {}
        self.begin(start)
        tell(self.best_orders())
        self._anneal(budget, tell, keep_tours)
        return self.best_orders()

    def begin(self, start: Mapping[str, Sequence[str]]) -> None:
        """Take the orders over where they are feasible and serve what they leave out; else begin afresh."""
        self._search(AFRESH)
        if not start or not any(start.values()):
            return
        fresh = self.best_cost
        kept = self.state.node[:, c.BEST].copy(), self.state.fleet[:, c.BEST_AT].copy(), self.state.now.copy()
        locked = any(vehicle.locked for vehicle in self.problem.vehicles)
        if self.take_over(start) and (locked or self.cost <= fresh):
            self._note_best()
        else:
            self.state.node[:, c.SAVED] = kept[0]
            self.state.fleet[:, c.SAVED_AT] = kept[1]
            self._search(TAKE_OVER)

    def take_over(self, orders: Mapping[str, Sequence[str]]) -> bool:
        """Make these orders the present plan; False when one of their tours does not hold."""
        if any(list(orders.get(one.id, ())).count(RELOAD) >= one.trips for one in self.problem.vehicles):
            return False  # There is no node for so many reloads.
        at = 0
        for number, vehicle in enumerate(self.problem.vehicles):
            self.state.fleet[number, c.SAVED_AT] = at
            reload = int(self.facts.fleet[number, c.RELOAD_FIRST_NODE])
            for one in orders.get(vehicle.id, ()):
                if one == RELOAD:
                    self.state.node[at, c.SAVED] = reload
                    reload += 1
                else:
                    self.state.node[at, c.SAVED] = self.row[one]
                at += 1
        self.state.fleet[len(self.problem.vehicles), c.SAVED_AT] = at
        return bool(self._search(TAKE_OVER))

    def _note_best(self) -> None:
        self.state.now[c.BEST_TOURS], self.state.now[c.BEST_LEFT] = self.state.now[c.TOURS], self.state.now[c.LEFT]
        self.state.node[:, c.BEST] = self.state.node[:, c.SAVED]
        self.state.fleet[:, c.BEST_AT] = self.state.fleet[:, c.SAVED_AT]

    def _anneal(self, budget: Budget, tell: Callable[[Orders], object], keep_tours: Any) -> None:
        began, told, reported = budget.now(), self.best_cost, budget.now()
        span = max(1e-9, budget.ends_at - began)
        steps = COUNTED_STEPS if budget.iterations is not None else 50
        first_step, saving = self.steps, self._saves_vehicles()
        while True:
            before = budget.now()
            if budget.iterations is None:
                share = (before - began) / span
            else:
                share = (self.steps - first_step) / budget.iterations
                steps = min(COUNTED_STEPS, budget.iterations - (self.steps - first_step))
            if share >= 1 or before >= budget.ends_at:
                break
            if saving and share >= FLEET_SHARE:
                saving = False
                self._back_to_best()
            heat = self.unit * HOT * (COLD / HOT) ** share
            self._search(SAVE_VEHICLES if saving else ANNEAL, steps, heat if not saving else self.unit * COLD * 10)
            self.steps += steps
            after = budget.now()
            if budget.iterations is None:
                pace = steps / max(1e-6, after - before)
                steps = max(1, int(pace * min(LOOK_SECONDS, max(0.001, budget.ends_at - after))))
            if keep_tours is not None:
                keep_tours(self)
            if self.best_cost < told and after - reported >= REPORT_SECONDS:
                told, reported = self.best_cost, after
                tell(self.best_orders())

    def _back_to_best(self) -> None:
        self.state.node[:, c.SAVED] = self.state.node[:, c.BEST]
        self.state.fleet[:, c.SAVED_AT] = self.state.fleet[:, c.BEST_AT]
        self._search(TAKE_OVER)

    def _saves_vehicles(self) -> bool:
        fixed = self.facts.fleet[: len(self.problem.vehicles), c.COST_FIXED]
        return bool(len(fixed)) and float(fixed.min()) > DEAR_VEHICLE * self.unit

    def _search(self, task: int, steps: int = 0, temperature: float = 1.0) -> int:
        found = search(
            self.facts, self.state, task, steps, temperature, MEAN_REMOVED, LONGEST_STRING,
            EXCHANGES if len(self.ids) > 1 else 0,
        )  # fmt: skip
        return int(found)

    def _unit(self) -> float:
        """The mean cost of the way from a job to its five nearest: what temperatures are counted in."""
        if len(self.ids) < 2 or not self.problem.vehicles:
            return 1.0
        near = self.facts.near[:, : min(5, int(self.facts.num[c.NEAR_COUNT]))]
        place = self.facts.node[: len(self.ids), c.PLACE]
        legs = self.facts.road[0][place[:, None], place[near]].astype(np.float64)
        legs = np.minimum(legs, np.quantile(legs.reshape(-1, 2), 0.99, axis=0))
        metre = float(self.facts.fleet[: len(self.problem.vehicles), c.COST_METRE].mean())
        second = float(self.facts.fleet[: len(self.problem.vehicles), c.COST_SECOND].mean())
        return max(1.0, float(legs[..., 1].mean() * metre + legs[..., 0].mean() * second))

    @property
    def best_cost(self) -> int:
        """Cost of the best plan, with a price for what it leaves out."""
        return int(self.state.now[c.BEST_TOURS] + self.state.now[c.BEST_LEFT])

    @property
    def cost(self) -> int:
        """Cost of the present plan, with a price for what it leaves out."""
        return int(self.state.now[c.TOURS] + self.state.now[c.LEFT])

    def best_orders(self) -> Orders:
        """Job ids of the best plan in driving order by vehicle, `RELOAD` between trips."""
        at = self.state.fleet[: len(self.problem.vehicles) + 1, c.BEST_AT].tolist()
        nodes = self.state.node[: at[-1], c.BEST].tolist()
        return {
            vehicle.id: self._named(nodes[at[number] : at[number + 1]])
            for number, vehicle in enumerate(self.problem.vehicles)
            if at[number + 1] > at[number]
        }

    def _named(self, nodes: Sequence[int]) -> list[str]:
        return [self.ids[one] if one < len(self.ids) else RELOAD for one in nodes]
