"""A plan in VROOM's words: summary, routes with their steps, and what is unassigned, with our reason beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ...errors import BadFile
from ...model import Pause, Plan, Stop, Tour, Vehicle
from .fields import Fields
from .question import HUNDREDTHS, PARTS, PARTS_HOUR, PARTS_KM, Question
from .words import Point, Task, Van

#: What VROOM calls a document it cannot read.
INPUT_ERROR = 2
SUMS = ("cost", "setup", "service", "duration", "waiting_time", "priority")

Facts = dict[str, Any]


def answered(question: Question, plan: Plan, *, loading_seconds: float = 0.0) -> Facts:
    """The whole answer as VROOM gives it.

    `unassigned` tasks carry `reason`, with a code of `reason-codes.md` and its facts; VROOM's clients pass it over.
    """
    routes = [_Route(question, tour).facts() for tour in plan.tours]
    unassigned = [
        {**_words(question.tasks[left.job], question), "reason": _reason(left.reason.code, left.reason.facts)}
        for left in plan.unassigned
    ]
    summary: Facts = {"routes": len(routes), "unassigned": len(unassigned), "violations": []}
    for name in SUMS + (("distance",) if question.has_metres else ()):
        summary[name] = sum(route[name] for route in routes)
    if size := len(question.problem.vehicles[0].capacity) if _has_loads(question) else 0:
        for name in ("delivery", "pickup", "amount"):
            summary[name] = _added([route[name] for route in routes], size)
    times = {"loading": loading_seconds, "solving": plan.seconds, "routing": 0.0}
    summary["computing_times"] = {name: round(1000 * seconds) for name, seconds in times.items()}
    return {"code": 0, "summary": summary, "unassigned": unassigned, "routes": routes}


def refused(error: BadFile) -> Facts:
    """The answer to a document that cannot be read."""
    return {"code": INPUT_ERROR, "error": str(error)}


def _reason(code: str, facts: Mapping[str, Any]) -> Facts:
    return {
        "code": code,
        "facts": {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()},
    }


def _has_loads(question: Question) -> bool:
    return any(van.capacity for van in question.vans.values())


def _added(loads: Iterable[Sequence[int]], size: int) -> list[int]:
    total = [0] * size
    for load in loads:
        total = [a + b for a, b in zip(total, load, strict=True)]
    return total


def _words(task: Task, question: Question) -> Facts:
    """A task as it is named in answers."""
    facts: Facts = {"type": task.kind, "id": task.id}
    facts.update(_place(task.point, task.index if question.ground.by_index else None))
    if task.description is not None:
        facts["description"] = task.description
    return facts


def _place(point: Point | None, index: int | None) -> Facts:
    facts: Facts = {} if point is None else {"location": list(point)}
    return facts if index is None else {**facts, "location_index": index}


class _Route:
    """One tour told step by step, with a clock of its own for what is driven between them."""

    def __init__(self, question: Question, tour: Tour) -> None:
        self.question, self.tour = question, tour
        self.van: Van = question.vans[tour.vehicle]
        self.vehicle: Vehicle = question.problem.vehicle(tour.vehicle)
        self.clock, self.driven, self.metres = tour.departure, 0, 0
        self.place = self.vehicle.start

    def facts(self) -> Facts:
        """The route."""
        steps = list(self._steps())
        tasks = [self.question.tasks[stop.job] for stop in self.tour.stops]
        setup, service, waiting = (sum(step[name] for step in steps) for name in ("setup", "service", "waiting_time"))
        found: Facts = {
            "vehicle": self.van.id,
            "cost": self._cost(sum(step["setup"] + step["service"] for step in steps if step["type"] != "break")),
            "setup": setup,
            "service": service,
            "duration": self.driven,
            "waiting_time": waiting,
            "priority": sum(task.priority for task in tasks),
            "violations": [],
            "steps": steps,
        }
        if _has_loads(self.question):
            size = len(self.van.capacity)
            found["delivery"] = _added([task.delivery for task in tasks if task.delivery], size)
            found["pickup"] = _added([task.pickup for task in tasks if task.pickup], size)
            found["amount"] = found["delivery"]
        if self.question.has_metres:
            found["distance"] = self.metres
        return found if self.van.description is None else {**found, "description": self.van.description}

    def _steps(self) -> Iterator[Facts]:
        """Start and end are told even where the vehicle has none: at its first and last task."""
        tour, van = self.tour, self.van
        first, last = (self.question.tasks[tour.stops[number].job] for number in (0, -1))
        start = (van.start, van.start_index) if van.has_start else (first.point, first.index)
        end = (van.end, van.end_index) if van.has_end else (last.point, last.index)
        yield self._step({"type": "start", **self._place(*start)}, tour.start_load)
        load = tour.start_load
        for number, stop in enumerate(tour.stops):
            yield from self._drive(number, stop.drive_seconds, self._place_of(number), load)
            load = stop.load
            yield self._served(number, stop)
        back = self.place if self.vehicle.end is None else self.vehicle.end
        yield from self._drive(len(tour.stops), tour.return_seconds, back, load)
        yield self._step({"type": "end", **self._place(*end)}, load)

    def _served(self, number: int, stop: Stop) -> Facts:
        task = self.question.tasks[stop.job]
        setup = task.setup
        begins = stop.service_start
        if stop.job not in self.question.folded:
            setup = 0 if number and self._place_of(number) == self._place_of(number - 1) else task.setup
            begins -= setup
        words = _words(task, self.question)
        step = self._step({**words, "job": task.id}, stop.load, setup, task.service, begins - self.clock)
        self.clock = stop.departure
        return step

    def _place_of(self, number: int) -> int:
        return self.question.problem.by_id[self.tour.stops[number].job].place

    def _drive(self, number: int, seconds: int, place: int, load: tuple[int, ...]) -> Iterator[Facts]:
        """To the next place, with the breaks on the way and at its door."""
        left = seconds
        for pause in [pause for pause in self.tour.pauses if pause.before == number]:
            part = min(left, max(0, pause.start - self.clock))
            left, self.driven, self.clock = left - part, self.driven + part, self.clock + part
            yield self._rest(pause, load)
        self.driven, self.clock = self.driven + left, self.clock + left
        if self.question.has_metres and self._is_somewhere(self.place, place):
            self.metres += int(self.question.ground.metres[self.van.profile][self.place, place])
        self.place = place

    def _is_somewhere(self, *places: int) -> bool:
        """Not the place next to everything, to and from which nothing is driven."""
        return max(places) < self.question.ground.size

    def _rest(self, pause: Pause, load: tuple[int, ...]) -> Facts:
        rest = next(one for one in self.van.breaks if str(one.id) == pause.name)
        words: Facts = {"type": "break", "id": rest.id}
        if rest.description is not None:
            words["description"] = rest.description
        step = self._step(words, load, 0, rest.service, pause.start - self.clock)
        self.clock = pause.end
        return step

    def _step(self, words: Facts, load: tuple[int, ...], setup: int = 0, service: int = 0, waiting: int = 0) -> Facts:
        step: Facts = {
            **words,
            "setup": setup,
            "service": service,
            "waiting_time": waiting,
            "arrival": self.clock + self.question.origin,
            "duration": self.driven,
            "violations": [],
        }
        if _has_loads(self.question):
            step["load"] = list(load)
        if self.question.has_metres:
            step["distance"] = self.metres
        return step

    def _place(self, point: Point | None, index: int | None) -> Facts:
        return _place(point, index if self.question.ground.by_index else None)

    def _cost(self, task_seconds: int) -> int:
        """As VROOM counts: using the vehicle, its travel by rates or by the document's costs, its tasks by the hour."""
        van, ground = self.van, self.question.ground
        parts = PARTS * van.fixed + PARTS_HOUR * van.per_task_hour * task_seconds
        if van.profile in ground.costs:
            parts += PARTS * sum(int(ground.costs[van.profile][leg]) for leg in self._legs())
        else:
            hundredths = round(HUNDREDTHS / van.speed)
            seconds = sum(int(ground.seconds[van.profile][leg]) for leg in self._legs()) * hundredths
            parts += -(-PARTS_HOUR * van.per_hour * seconds // HUNDREDTHS)
            parts += PARTS_KM * van.per_km * self.metres
        return -(-parts // PARTS)

    def _legs(self) -> Iterator[tuple[int, int]]:
        places = [self._place_of(number) for number in range(len(self.tour.stops))]
        trail = [self.vehicle.start, *places, *([] if self.vehicle.end is None else [self.vehicle.end])]
        return (leg for leg in pairwise(trail) if self._is_somewhere(*leg))


def orders_of(question: Question, document: Fields) -> dict[str, tuple[str, ...]]:
    """The orders of an answer of VROOM's or ours: task names by vehicle.

    Raises:
        BadFile: it names a vehicle or task that is not there, or one twice.
    """
    if (code := document.whole("code", 0)) != 0:
        document.refuse(f"an answer expected, this one failed with code {code}", "code")
    found: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for route in document.children("routes"):
        vehicle = str(route.whole("vehicle", most=2**64 - 1))
        if vehicle not in question.vans or vehicle in found:
            route.refuse("a vehicle of the problem expected, once", "vehicle")
        order = []
        for step in route.children("steps"):
            kind = step.text("type")
            if kind not in ("job", "pickup", "delivery"):
                continue
            name = f"{kind} {step.whole('id', most=2**64 - 1)}"
            if name not in question.tasks or name in seen:
                step.refuse(f"a task of the problem expected, once, not {name}", "id")
            seen.add(name)
            order.append(name)
        found[vehicle] = tuple(order)
    return {vehicle: order for vehicle, order in found.items() if order}
