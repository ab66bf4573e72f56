"""`.sol` files: `Route #1: 3 17 5` for each tour, then the cost. A `0` within a route is a reload at the depot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..model import RELOAD
from .instance import Instance, Orders
from .text import Row, Text, read_text

_ROUTE = re.compile(r"route\s*#?\s*(\d{1,6})\s*:\s*(.*)", re.IGNORECASE | re.ASCII)
_COST = re.compile(r"cost\s*:?\s*(\S+)", re.IGNORECASE)
_FACT = re.compile(r"[A-Za-z][A-Za-z ]*(:.*)?")


@dataclass(frozen=True, slots=True)
class Solution:
    """Orders by vehicle id, and the cost the file states, in the unit of `bks.csv` (None: it states none)."""

    orders: dict[str, tuple[str, ...]]
    cost: float | None


def read_solution(path: Path, instance: Instance) -> Solution:
    """The tours of a solution file, on the vehicles of the instance.

    Route 7 is vehicle 7 of the instance file. Where that one was left out of the problem as one of many alike, its twin
    drives instead.

    Raises:
        BadFile: a route names a customer that is not there or was there before, or there is no vehicle for it.
    """
    text = read_text(path)
    routes, cost = _lines(text)
    if not routes:
        text.refuse("a line like 'Route #1: 3 17 5' expected, there is none")
    jobs = {job.id for job in instance.problem.visits}
    seen: set[str] = set()
    found: dict[int, tuple[str, ...]] = {}
    for number, (row, words) in routes.items():
        order = _between_trips(RELOAD if word == "0" else word for word in words)
        for one in order:
            if one != RELOAD and one not in jobs:
                text.refuse(f"a customer of {instance.name} expected, there is no {one[:40]}", row)
            if one in seen:
                text.refuse(f"each customer once expected, {one} is there twice", row)
            seen |= {one} - {RELOAD}
        if order:
            found[number] = order
    chosen = _vehicles(text, instance, {number: routes[number][0] for number in found})
    return Solution({chosen[number]: order for number, order in found.items()}, _stated(text, instance, cost))


def _between_trips(words: Iterable[str]) -> tuple[str, ...]:
    """The order without trips on which nothing is served: some published files have such."""
    order: list[str] = []
    for word in words:
        if word != RELOAD or (order and order[-1] != RELOAD):
            order.append(word)
    return tuple(order[:-1] if order and order[-1] == RELOAD else order)


def _lines(text: Text) -> tuple[dict[int, tuple[Row, tuple[str, ...]]], Row | None]:
    routes: dict[int, tuple[Row, tuple[str, ...]]] = {}
    cost = None
    for row in text.rows:
        if match := _ROUTE.fullmatch(row.text):
            number = int(match[1])
            if number in routes:
                text.refuse(f"each route once expected, {number} is there twice", row)
            routes[number] = (row, tuple(match[2].split()))
        elif _COST.fullmatch(row.text):
            cost = row
        elif not _FACT.fullmatch(row.text):
            text.refuse("a line like 'Route #1: 3 17 5' or 'Cost: 1234' expected", row)
    return routes, cost


def _stated(text: Text, instance: Instance, row: Row | None) -> float | None:
    if row is None:
        return None
    match = _COST.fullmatch(row.text)
    stated = text.number(row, match[1] if match else "", "a cost", most=10**15)
    return instance.in_units(stated / instance.solution_units)


def _vehicles(text: Text, instance: Instance, rows: dict[int, Row]) -> dict[int, str]:
    """Which vehicle drives a route of a number."""
    free = [vehicle.id for vehicle in instance.problem.vehicles]
    chosen = {number: str(number) for number in rows if str(number) in free}
    free = [one for one in free if one not in chosen.values()]
    for number in sorted(rows.keys() - chosen.keys()):
        kinds = instance.kinds
        kind = kinds[number - 1] if 0 < number <= len(kinds) else None
        twin = next((one for one in free if kind is None or kinds[int(one) - 1] == kind), None)
        if twin is None or (kind is None and len(set(kinds)) > 1):
            many = len(instance.problem.vehicles)
            text.refuse(f"a route for one of the {many} vehicles expected, there is none for {number}", rows[number])
        chosen[number] = twin
        free.remove(twin)
    return chosen


def sol_text(instance: Instance, orders: Orders, cost: float | None = None) -> str:
    """The content of a `.sol` file; the cost is computed where none is given."""
    lines = list(_routes(instance, orders))
    total = (instance.cost(orders) if cost is None else cost) * instance.solution_units
    written = f"{round(total)}" if abs(total - round(total)) < 1e-6 else f"{total:.3f}".rstrip("0")
    return "\n".join([*lines, f"Cost: {written}", ""])


def _routes(instance: Instance, orders: Orders) -> Iterable[str]:
    """One line a tour. Where vehicles differ a route bears its vehicle's number; else routes are simply counted."""
    vehicles = [vehicle.id for vehicle in instance.problem.vehicles]
    differ = len(set(instance.kinds)) > 1
    used = [one for one in vehicles if orders.get(one)]
    for number, one in enumerate(used, 1):
        stops = " ".join("0" if job == RELOAD else job for job in orders[one])
        yield f"Route #{one if differ else number}: {stops}"
