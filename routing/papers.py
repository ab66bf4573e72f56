"""What `solve` and `check` work on, whatever it is written in: a benchmark instance or a VROOM document."""

from __future__ import annotations

import json
import time
from pathlib import Path

from . import formats
from .check import violations
from .errors import BadFile, InvalidProblem
from .formats import Instance, Orders, vroom
from .model import Plan
from .schedule import Broken, schedule
from .solve import Progress, assemble


def paper(path: Path, *, dialect: str = "auto", objective: str | None = None) -> Paper:
    """The paper in a file.

    Raises:
        BadFile: it cannot be read.
        InvalidProblem: an objective for a VROOM document, which has its own.
    """
    if (formats.detect(path) if dialect == "auto" else dialect) != formats.VROOM:
        return Benchmark(formats.read(path, objective, dialect=dialect))
    if objective is not None:
        raise InvalidProblem("objective: a VROOM document has its own, fewest tasks left out and then least cost")
    began = time.monotonic()
    question = vroom.question(path.name, formats.read_bytes(path))
    return Document(path.stem, question, loading_seconds=time.monotonic() - began)


class Benchmark:
    """A benchmark instance; plans are `.sol` files. The first of `endings` goes to standard output."""

    endings = (".sol", ".geojson")

    def __init__(self, instance: Instance) -> None:
        self.instance, self.name, self.problem = instance, instance.name, instance.problem

    def cost_so_far(self, progress: Progress) -> float:
        """In the unit of the set's table."""
        return self.instance.shown(progress.cost, progress.tours)

    def cost(self, orders: Orders) -> float:
        """In the unit of the set's table."""
        return self.instance.cost(orders)

    def text(self, plan: Plan, ending: str) -> str:
        """Routes, or lines and points of a map."""
        instance = self.instance
        if ending == ".geojson":
            return formats.geojson_text(instance, plan)
        return formats.sol_text(instance, plan.orders())

    def read_orders(self, path: Path) -> tuple[Orders, float | None]:
        """Of a `.sol` file."""
        solution = formats.read_solution(path, self.instance)
        return solution.orders, solution.cost

    def wrong(self, orders: Orders, stated: float | None) -> list[str]:
        """Rules of the set that the model cannot state, and a wrong cost."""
        found = [broken] if (broken := self.instance.broken(orders)) else []
        if stated is not None and not self.instance.agrees(stated, self.instance.cost(orders)):
            found.append(f"the file states a cost of {figure(stated)}")
        return found

    def missing(self, orders: Orders) -> list[str]:
        """All without a prize."""
        return self.instance.missing(orders)


class Document:
    """A VROOM document; plans are its answers."""

    endings = (".json",)

    def __init__(self, name: str, question: vroom.Question, *, loading_seconds: float) -> None:
        self.name, self.question, self.problem = name, question, question.problem
        self.loading_seconds = loading_seconds

    def cost_so_far(self, progress: Progress) -> float:
        """In VROOM's cost; while tasks are left out, their price is in it."""
        return progress.cost / self.question.money_per_cost

    def cost(self, orders: Orders) -> float:
        """In VROOM's cost."""
        return float(vroom.answered(self.question, assemble(self.problem, orders))["summary"]["cost"])

    def text(self, plan: Plan, ending: str) -> str:
        """The answer."""
        answer = vroom.answered(self.question, plan, loading_seconds=self.loading_seconds)
        return json.dumps(answer, ensure_ascii=False) + "\n"

    def read_orders(self, path: Path) -> tuple[Orders, float | None]:
        """Of an answer, VROOM's or ours."""
        document = vroom.document(path.name, formats.read_bytes(path))
        orders = vroom.orders_of(self.question, document)
        summary = document.child("summary")
        return orders, summary.number("cost", 0) if summary.has("cost") else None

    def wrong(self, orders: Orders, stated: float | None) -> list[str]:
        """A wrong cost; each route may be rounded by one."""
        true = self.cost(orders)
        return (
            []
            if stated is None or abs(stated - true) <= len(orders)
            else [f"the answer states a cost of {figure(stated)}"]
        )

    def missing(self, orders: Orders) -> list[str]:
        """Any task may be left out."""
        return []


Paper = Benchmark | Document


def judged(asked: Paper, orders: Orders, stated: float | None) -> list[str]:
    """Everything that is wrong with these tours, a sentence each; empty when they are valid."""
    problem = asked.problem
    found = []
    for vehicle in problem.vehicles:
        if orders.get(vehicle.id) and isinstance(tour := schedule(problem, vehicle, orders[vehicle.id]), Broken):
            where = f" at {tour.job}" if tour.job else ""
            found.append(f"route {vehicle.id} breaks {tour.rule}{where} by {tour.excess}")
    if not found:
        found = [str(violation) for violation in violations(problem, assemble(problem, orders))]
    if missing := asked.missing(orders):
        found.append(f"{len(missing)} jobs left out: {', '.join(missing[:10])}{' ...' if len(missing) > 10 else ''}")
    return found if isinstance(asked, Document) and found else found + asked.wrong(orders, stated)


def figure(cost: float) -> str:
    """A cost with as many decimals as it needs, three at most."""
    return f"{cost:.3f}".rstrip("0").rstrip(".")


def failure(error: BadFile) -> str:
    """What a client of VROOM is told about a document that cannot be read."""
    return json.dumps(vroom.refused(error), ensure_ascii=False) + "\n"
