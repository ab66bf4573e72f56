"""What tests ask of the solvers' own models, each in a child process, many questions at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import routing
from routing.engines.child import Child
from routing.model import RELOAD, Tour

Send = Callable[[object], None]
Orders = Mapping[str, Sequence[str]]


def asked(deed: str, question: Any, *, seconds: float = 300.0) -> list[Any]:
    """All answers of a child that does one of the deeds below; it must end as it should."""
    found: list[Any] = []
    with Child(f"tests.routing.solver_children:{deed}", question, seconds=seconds, memory_bytes=8 * 2**30) as child:
        child.answers(found.append, until=time.monotonic() + seconds, cancelled=None)
        death = child.death()
    assert death is None, f"{deed}: {death}: {death and death.words}"
    return found


def or_tools_plans(question: Sequence[tuple[routing.Problem, Orders]], send: Send) -> None:
    """The orders OR-Tools sends about each problem from this beginning, the best last; its model alone, unjudged."""
    from routing.engines import or_tools_search

    for problem, start in question:
        told: list[object] = []
        first = {vehicle: list(order) for vehicle, order in start.items()}
        or_tools_search.search(problem, first, seconds=2.0, rounds=40, send=told.append)
        send(told)


def or_tools_accepts(question: Sequence[tuple[routing.Problem, Orders]], send: Send) -> None:
    """Whether OR-Tools' model accepts these orders, times free."""
    from ortools.constraint_solver import pywrapcp

    from routing.engines import or_tools_search
    from routing.engines.or_tools_model import Model

    for problem, orders in question:
        reloads = {vehicle: list(order).count(RELOAD) for vehicle, order in orders.items()}
        model = Model(problem, pywrapcp, reloads=reloads)
        model.close(or_tools_search.parameters(5), tell=lambda: None, enough=lambda: True)
        send(model.assignment(orders) is not None)


def or_tools_proves(question: Sequence[tuple[routing.Problem, Orders]], send: Send) -> None:
    """Vehicles whose tours OR-Tools' model refuses with times and pauses as `schedule` has them."""
    from routing.engines import or_tools_search

    for problem, orders in question:
        send(
            [
                vehicle
                for vehicle, order in orders.items()
                if or_tools_search.proven(problem, vehicle, list(order), seconds=10, polish=False) is None
            ]
        )


def or_tools_doubts(question: Sequence[tuple[routing.Problem, Tour]], send: Send) -> None:
    """Whether OR-Tools' model accepts each tour just as it is timed."""
    from routing.engines import or_tools_search

    for problem, tour in question:
        send(or_tools_search.accepted(problem, tour, seconds=10))


def pyvrp_plans(question: Sequence[tuple[routing.Problem, Orders]], send: Send) -> None:
    """The orders PyVRP sends about each problem from this beginning, the best last, unjudged."""
    from routing.engines import pyvrp_search

    for problem, start in question:
        told: list[object] = []
        pyvrp_search.answer(
            {
                "problem": problem, "orders": start, "begin": bool(start), "whole": False, "seed": 1,
                "iterations": 400, "ends_at": time.monotonic() + 60,
            },
            told.append,
        )  # fmt: skip
        send(told)


def pyvrp_costs(question: Sequence[tuple[routing.Problem, Orders]], send: Send) -> None:
    """What each tour costs in PyVRP's words, by vehicle; None where PyVRP says that it breaks something."""
    from routing.engines.pyvrp_search import Words

    for problem, orders in question:
        words = Words(problem, frozenset(job.id for job in problem.visits))
        costs = {}
        for vehicle, order in orders.items():
            (route,) = words.solution({vehicle: order}).routes()
            cost = (route.fixed_vehicle_cost() + route.distance_cost() + route.duration_cost()) * words.share
            costs[vehicle] = cost if route.is_feasible() else None
        send(costs)
