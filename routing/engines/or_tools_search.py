"""The child's side of `or-tools`: better and better orders, or a proof that a finished plan keeps the model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..model import RELOAD, Problem, Tour
from ..schedule import schedule
from .child import orphaned
from .or_tools_model import Model

#: Seconds without anything better after which a search ends, as a share of its time, and the least of them.
STALL_SHARE, STALL_LEAST = 0.34, 1.5
#: Seconds between two answers.
PAUSE = 0.1
#: Seconds in which one tour may be polished, and jobs above which polishing is not worth it.
POLISH_SECONDS, POLISH_JOBS = 0.3, 60

Send = Callable[[object], None]
Orders = dict[str, list[str]]


def answer(question: dict[str, Any], send: Send) -> None:
    """Send better and better orders of the asked problem until its time is over."""
    # The clock that all processes of a machine share: nobody sets it back.
    seconds = question["ends_at"] - time.monotonic()
    search(question["problem"], question["orders"], seconds=seconds, rounds=question["iterations"], send=send)


def prove(question: dict[str, Any], send: Send) -> None:
    """Send for each tour, as it is proven, `{vehicle: order}`: polished, or as it was, or None when it is refused."""
    problem, ends_at = question["problem"], question["ends_at"]
    left = len(question["orders"])
    for vehicle, order in question["orders"].items():
        remaining = ends_at - time.monotonic()
        if remaining <= 0:
            return
        send({vehicle: proven(problem, vehicle, order, seconds=remaining / left, polish=question["polish"])})
        left -= 1


def search(problem: Problem, orders: Orders, *, seconds: float, rounds: int | None, send: Send) -> None:
    """Improve the orders by guided local search, for so many seconds or rounds of it."""
    from ortools.constraint_solver import pywrapcp

    model = Model(problem, pywrapcp, reloads=_reloads(orders))
    ends = time.monotonic() + seconds
    stall = seconds if rounds else max(STALL_LEAST, STALL_SHARE * seconds)
    watch = _Watch(model, send, stall=stall, ends=ends)
    model.close(parameters(seconds, rounds), tell=watch.found, enough=watch.is_enough)
    start = _readable(model, orders)
    chosen = parameters(ends - time.monotonic(), rounds)
    found = model.routing.SolveFromAssignmentWithParameters(start, chosen) if start is not None else None
    if found is None and time.monotonic() < ends:
        model.routing.SolveWithParameters(parameters(ends - time.monotonic(), rounds))
    watch.finish()


def parameters(seconds: float, rounds: int | None = None) -> Any:
    """How OR-Tools searches."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    chosen = pywrapcp.DefaultRoutingSearchParameters()
    chosen.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    chosen.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    chosen.guided_local_search_lambda_coefficient = 0.2
    for operator in ("use_cross_exchange", "use_extended_swap_active", "use_relocate_expensive_chain"):
        setattr(chosen.local_search_operators, operator, pywrapcp.BOOL_TRUE)
    chosen.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    if rounds is not None:
        chosen.solution_limit = rounds
    return chosen


def _readable(model: Model, orders: Orders) -> Any:
    """The orders as the model accepts them: tours that it refuses begin without their jobs."""
    start = model.assignment(orders)
    if start is None:
        begun = {vehicle.id: list(vehicle.prefix) for vehicle in model.vehicles if orders.get(vehicle.id)}
        good: Orders = {}
        for vehicle, order in orders.items():
            for tried in (order, begun[vehicle]):
                if tried and model.assignment({vehicle: tried}) is not None:
                    good[vehicle] = tried
                    break
        start = model.assignment(good)
    return start


def _reloads(orders: Mapping[str, Sequence[str]]) -> dict[str, int]:
    return {vehicle: list(order).count(RELOAD) for vehicle, order in orders.items()}


def proven(problem: Problem, vehicle: str, order: list[str], *, seconds: float, polish: bool) -> list[str] | None:
    """The order of one tour, perhaps polished, when the model accepts it as `schedule` times it; else None."""
    until = time.monotonic() + seconds
    alone = _alone(problem, vehicle, order)
    tour = schedule(alone, alone.vehicles[0], order)
    if not isinstance(tour, Tour) or not _accepted(alone, tour, seconds=seconds):
        return None
    left = min(POLISH_SECONDS, until - time.monotonic())
    if not polish or left <= 0.02 or not 2 < len(order) <= POLISH_JOBS:
        return order
    return _polished(alone, tour, order, seconds=left)


def accepted(problem: Problem, tour: Tour, *, seconds: float) -> bool:
    """Whether the model accepts a tour just as it is timed, with its pauses; in traffic its drives are believed."""
    served = {stop.job for stop in tour.stops}
    halves = {half.id for one in served if one in problem.pair_of for half in problem.pair_of[one].halves}
    if len(served) < len(tour.stops) or not halves | set(problem.vehicle(tour.vehicle).prefix) <= served:
        return False
    return _accepted(_alone(problem, tour.vehicle, tour.order()), tour, seconds=seconds)


def _accepted(alone: Problem, tour: Tour, *, seconds: float) -> bool:
    from ortools.constraint_solver import pywrapcp

    order = {tour.vehicle: tour.order()}
    model = Model(alone, pywrapcp, reloads=_reloads(order), timed=tour)
    model.close(parameters(seconds), tell=lambda: None, enough=lambda: True)
    return model.assignment(order, seconds=seconds) is not None


def _polished(alone: Problem, tour: Tour, order: list[str], *, seconds: float) -> list[str]:
    """A cheaper order of the same jobs, or the same."""
    found: list[Orders] = []
    search(alone, {tour.vehicle: order}, seconds=seconds, rounds=None, send=found.append)  # type: ignore[arg-type]
    for orders in reversed(found):
        polished = schedule(alone, alone.vehicles[0], orders.get(tour.vehicle, ()))
        if isinstance(polished, Tour) and len(polished.stops) == len(tour.stops):
            return orders[tour.vehicle] if polished.costs.total < tour.costs.total else order
    return order


def _alone(problem: Problem, vehicle: str, order: Sequence[str]) -> Problem:
    """The problem of one tour: its vehicle and its jobs, over the places it needs."""
    served = {one for one in order if one != RELOAD}
    only = frozenset([vehicle])
    jobs = [job for job in problem.jobs if job.id in served]
    pairs = [pair for pair in problem.shipments if pair.pickup.id in served]
    driver = problem.vehicle(vehicle)
    ends = [driver.start] if driver.end is None else [driver.start, driver.end]
    visits = [*jobs, *(half for pair in pairs for half in pair.halves)]
    places = sorted(
        {*ends, *(job.place for job in visits), *(s.place for s in problem.stocks if s.place == driver.start)}
    )
    row = {place: number for number, place in enumerate(places)}

    def moved(job: Any) -> Any:
        allowed = None if job.vehicles is None else job.vehicles & only
        mine = problem.locked_to.get(job.id, vehicle) == vehicle
        return replace(job, place=row[job.place], vehicles=allowed if mine else frozenset())

    previous = problem.previous
    return replace(
        problem,
        matrices={driver.profile: problem.matrices[driver.profile].slice(places)},
        jobs=tuple(map(moved, jobs)),
        shipments=tuple(replace(pair, pickup=moved(pair.pickup), delivery=moved(pair.delivery)) for pair in pairs),
        vehicles=(
            replace(
                driver,
                start=row[driver.start],
                end=None if driver.end is None else row[driver.end],
                order=tuple(one for one in driver.order if one in served),
            ),
        ),
        # What lies elsewhere is of no use to this tour, but says that the product is scarce.
        stocks=tuple(
            replace(stock, place=row[stock.place] if stock.place == driver.start else row[driver.start],
                    quantity=stock.quantity if stock.place == driver.start else 0)
            for stock in _shelves(problem, driver.start)
        ),
        previous=previous and replace(previous, kept=tuple(one for one in previous.kept if one.job in served)),
    )  # fmt: skip


def _shelves(problem: Problem, depot: int) -> list[Any]:
    """One stock of each scarce product: that of the depot where there is one."""
    found: dict[str, Any] = {}
    for stock in problem.stocks:
        if stock.place == depot or stock.product not in found:
            found[stock.product] = stock
    return list(found.values())


class _Watch:
    """Sends better plans on, and ends a search that is late, that has stopped finding any, or that nobody minds."""

    def __init__(self, model: Model, send: Send, *, stall: float, ends: float) -> None:
        self.model, self.send, self.stall, self.ends = model, send, stall, ends
        self.best: int | None = None
        self.kept: Orders | None = None
        self.better_at = self.sent_at = time.monotonic()

    def found(self) -> None:
        cost = self.model.routing.CostVar().Max()
        if self.best is not None and cost >= self.best:
            return
        now = time.monotonic()
        self.best, self.kept, self.better_at = cost, self.model.orders(), now
        if now - self.sent_at >= PAUSE:
            self.finish()

    def finish(self) -> None:
        if self.kept is not None:
            self.send(self.kept)
            self.kept, self.sent_at = None, time.monotonic()

    def is_enough(self) -> bool:
        now = time.monotonic()
        if orphaned():
            # Whoever asked is gone: nobody would read the answer.
            return True
        if self.kept is not None and now - self.sent_at >= 2 * PAUSE:
            self.finish()
        return now > self.ends or now - self.better_at > self.stall
