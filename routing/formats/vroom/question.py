"""What a VROOM document asks, as a problem of ours.

- Fewest tasks unassigned by priority, then least cost: prices of leaving out above any cost, by priority.
- Costs of an hour of travel and of a kilometre: the metres of the matrix are the cost of a leg, in the smallest unit in
  which all vehicles' costs are whole.
- `max_distance`: such a vehicle's metres are metres; its hours cost from departure to return, waiting included.
- A task starts inside its window, then come setup and service: setup is part of the service; where tasks share a place
  it comes before the service, is saved at the second one, and windows are narrowed by it.
- `speed_factor`: seconds times 1 / factor, to two digits, rounded up.
- A break with several windows: the longest of them.
- `steps`: a lock. These tasks, in this order, by this vehicle; others may come between.
- No start: a place next to everything.

Every rule is kept at least as strictly as VROOM keeps it, so a plan of ours is one VROOM would accept.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import BadFile, InvalidProblem
from ...matrix import UNREACHABLE, Matrix
from ...model import LARGEST_COST, LARGEST_MONEY, LARGEST_TIME, Break, Job, Problem, Shipment, Vehicle, Window
from .fields import LARGEST, Fields, Span, document
from .ground import Grid, Ground, ground
from .words import Step, Task, Van, jobs, shipments, vans

#: A cost of 1 is so many parts; a second at a cost of 1 an hour is 5 of them, a metre at 1 a kilometre is 18.
PARTS, PARTS_HOUR, PARTS_KM = 18_000, 5, 18
#: VROOM's travel times are kept in hundredths of a second.
HUNDREDTHS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A document, its problem, and what is needed to answer in its words.

    Attributes:
        tasks: by the job's id in the problem.
        vans: by the vehicle's id in the problem.
        origin: the document's moment that is the problem's zero.
        folded: tasks whose setup is part of the service.
        has_metres: whether distances are known, and told in the answer.
        money_per_cost: routing money in one cost of the document.
    """

    file: str
    problem: Problem
    tasks: dict[str, Task]
    pairs: tuple[tuple[str, str], ...]
    vans: dict[str, Van]
    ground: Ground
    origin: int
    folded: frozenset[str]
    has_metres: bool
    money_per_cost: int


def stated(whole: Fields, *, steps_lock: bool = True) -> Question:
    """The question of a document.

    Args:
        steps_lock: whether a vehicle's steps bind it, or are left aside as the mere beginning VROOM takes them for.

    Raises:
        BadFile: names what is wrong by its path.
    """
    fleet = vans(whole)
    kinds = frozenset(van.kind for van in fleet)
    alone, pairs = jobs(whole, kinds), shipments(whole, kinds)
    tasks = (*alone, *(half for pair in pairs for half in pair))
    if not tasks:
        whole.refuse("a job or a shipment expected")
    size = _dimensions(whole, fleet, tasks)
    places = ground(whole, fleet, tasks)
    held = _held(whole, fleet, {task.name for task in tasks}) if steps_lock else {}
    clock = _clock(fleet, tasks, places)
    parts = math.gcd(PARTS, *(PARTS_HOUR * van.per_hour for van in fleet), *(PARTS_KM * van.per_km for van in fleet))
    maker = _Maker(whole, places, clock, size, parts, held, _folded(fleet, tasks, places))
    problem = maker.problem(fleet, alone, pairs, steps_lock=steps_lock)
    return Question(
        file=whole.file,
        problem=problem,
        tasks={task.name: task for task in tasks},
        pairs=tuple((pickup.name, delivery.name) for pickup, delivery in pairs),
        vans={str(van.id): van for van in fleet},
        ground=places,
        origin=clock.origin,
        folded=maker.folded,
        has_metres=bool(places.metres) and all(van.profile in places.metres for van in fleet),
        money_per_cost=PARTS // parts,
    )


def _dimensions(whole: Fields, fleet: Sequence[Van], tasks: Sequence[Task]) -> int:
    """How many quantities there are: as many as each vehicle's capacity has."""
    sizes = {len(van.capacity) for van in fleet}
    if len(sizes) > 1:
        whole.refuse(f"capacities of one length expected, there are {sorted(sizes)}", "vehicles")
    size = sizes.pop()
    for task in tasks:
        for amount in (task.delivery, task.pickup):
            if amount and len(amount) != size:
                whole.refuse(f"{size} quantities expected, as vehicles have, there are {len(amount)}", task.name)
    return size


def _held(whole: Fields, fleet: Sequence[Van], known: set[str]) -> dict[str, Step]:
    """The step that holds a task."""
    found: dict[str, Step] = {}
    for van in fleet:
        for step in van.steps:
            if step.task not in known:
                whole.refuse(f"a known task expected, there is no {step.task}", f"steps of vehicle {van.id}")
            if step.task in found:
                whole.refuse(f"{step.task} expected once", f"steps of vehicle {van.id}")
            found[step.task] = step
    return found


def _folded(fleet: Sequence[Van], tasks: Sequence[Task], places: Ground) -> frozenset[str]:
    """Setup is saved where tasks share a place; elsewhere it is always paid, and part of the service.

    With breaks it is always folded, lest a break fall between setup and service; so it is where a window is too short
    to be narrowed by it.
    """
    shared = Counter(places.place(task.point, task.index) for task in tasks)
    breaks = any(van.breaks for van in fleet)
    return frozenset(
        task.name
        for task in tasks
        if breaks
        or shared[places.place(task.point, task.index)] == 1
        or any(closes - opens < task.setup for opens, closes in task.windows or ())
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """The document's moment that is our zero, and the last moment anything may last to."""

    origin: int
    horizon: int

    def window(self, span: Span) -> Window | None:
        """A time window on our clock; None when it is over before our day or begins after it."""
        opens, closes = max(0, span[0] - self.origin), min(self.horizon, span[1] - self.origin)
        return Window(opens, closes) if opens <= closes else None


def _clock(fleet: Sequence[Van], tasks: Sequence[Task], places: Ground) -> _Clock:
    """Documents count from the day's beginning or from 1970; the problem's numbers stay small either way."""
    farthest = max(int(grid[grid < UNREACHABLE].max(initial=0)) for grid in places.seconds.values())
    slowest = max(1 / van.speed for van in fleet)
    work = sum(task.setup + task.service for task in tasks)
    work += sum(rest.service for van in fleet for rest in van.breaks)
    day = math.ceil((len(tasks) + 1) * (farthest + 1) * max(1.0, slowest)) + work
    spans = [span for task in tasks for span in task.windows or ()] + [van.window for van in fleet if van.window]
    spans += [span for van in fleet for rest in van.breaks for span in rest.windows or ()]
    first = min((opens for opens, _ in spans), default=0)
    told = [moment for span in spans for moment in span if moment < LARGEST]
    origin = max(0, first - day) if max(told, default=0) > LARGEST_TIME // 2 else 0
    return _Clock(origin, min(LARGEST_TIME, max((moment - origin for moment in told), default=0) + day))


class _Maker:
    """Makes the problem's values one by one."""

    def __init__(
        self,
        whole: Fields,
        places: Ground,
        clock: _Clock,
        size: int,
        parts: int,
        held: dict[str, Step],
        folded: frozenset[str],
    ) -> None:
        self.whole, self.places, self.clock = whole, places, clock
        self.size, self.parts = size, parts
        self.held, self.folded = held, folded

    def problem(
        self, fleet: Sequence[Van], alone: Sequence[Task], pairs: Sequence[tuple[Task, Task]], *, steps_lock: bool
    ) -> Problem:
        """The problem of these vehicles, jobs and shipments."""
        matrices = {_profile(van): self._matrix(van) for van in fleet}
        vehicles = tuple(self._vehicle(van, steps_lock=steps_lock) for van in fleet)
        unit = _unit(matrices, vehicles, alone, pairs)
        jobs = tuple(self._job(task, _price(task.priority, 1, unit)) for task in alone)
        shipped = tuple(
            Shipment(
                f"shipment {pickup.id} {delivery.id}",
                self._job(pickup, None),
                self._job(delivery, None),
                price=_price(pickup.priority, 2, unit),
            )
            for pickup, delivery in pairs
        )
        dimensions = tuple(str(number) for number in range(1, self.size + 1)) or ("load",)
        return Problem(matrices, jobs, vehicles, dimensions=dimensions, shipments=shipped)

    def _job(self, task: Task, price: int | None) -> Job:
        fold = task.name in self.folded
        spans = self._spans(task)
        windows = [self.clock.window((opens + (0 if fold else task.setup), closes)) for opens, closes in spans]
        inside = tuple(window for window in windows if window is not None)
        if not inside:
            self.whole.refuse("a time window within a day's reach of the others expected", task.name)
        load = (0,) * max(1, self.size)
        return Job(
            id=task.name,
            place=self.places.place(task.point, task.index),
            kind="pickup"
            if task.kind == "pickup" or (task.pickup and not any(task.delivery))
            else "delivery"
            if not any(task.pickup)
            else "swap",
            windows=inside,
            service_seconds=task.service + (task.setup if fold else 0),
            setup_seconds=0 if fold else task.setup,
            delivery=task.delivery or load,
            pickup=task.pickup or load,
            skills=frozenset(str(skill) for skill in task.skills),
            price=price,
        )

    def _spans(self, task: Task) -> tuple[Span, ...]:
        """The windows of a task, narrowed by what a step holds it to."""
        always = (0, self.clock.origin + self.clock.horizon)
        spans = task.windows or (always,)
        step = self.held.get(task.name)
        if step is None:
            return spans
        after = max(step.at or 0, step.after or 0)
        before = min(one for one in (step.at, step.before, always[1]) if one is not None)
        held = tuple((max(opens, after), min(closes, before)) for opens, closes in spans)
        kept = tuple(span for span in held if span[0] <= span[1])
        return kept or self.whole.refuse("a moment inside a time window expected in its step", task.name)

    def _matrix(self, van: Van) -> Matrix:
        """Seconds at the vehicle's speed; as metres the cost of a leg, or metres where they are limited."""
        seconds = self.places.seconds[van.profile]
        driven = np.minimum(-(-seconds * round(HUNDREDTHS / van.speed) // HUNDREDTHS), UNREACHABLE)
        driven[seconds >= UNREACHABLE] = UNREACHABLE
        way = self._way(van, driven)
        return Matrix(_with_nowhere(driven), _with_nowhere(way))

    def _way(self, van: Van, driven: Grid) -> Grid:
        metres = self.places.metres.get(van.profile, np.zeros_like(driven))
        if van.profile in self.places.costs:
            return self.places.costs[van.profile]
        if van.max_distance is not None:
            return metres
        hours, kilometres = _rates(van, self.parts)
        whole = math.gcd(hours, kilometres) or 1
        roads = driven < UNREACHABLE
        way = np.where(roads, driven * (hours // whole) + metres * (kilometres // whole), 0)
        return np.asarray(np.minimum(way, UNREACHABLE), dtype=np.int64)

    def _vehicle(self, van: Van, *, steps_lock: bool) -> Vehicle:
        nowhere = self.places.size
        shift = self.clock.window(van.window or (0, LARGEST))
        if shift is None:
            self.whole.refuse("a time window within a day's reach of the others expected", f"vehicle {van.id}")
        hours, kilometres = _rates(van, self.parts)
        metre, second = math.gcd(hours, kilometres), 0
        if van.profile in self.places.costs:
            metre = PARTS // self.parts
        elif van.max_distance is not None:
            metre, second = kilometres, hours
        return Vehicle(
            id=str(van.id),
            profile=_profile(van),
            start=self.places.place(van.start, van.start_index) if van.has_start else nowhere,
            end=self.places.place(van.end, van.end_index) if van.has_end else None,
            shift=shift,
            capacity=van.capacity or (0,),
            skills=frozenset(str(skill) for skill in van.skills),
            max_stops=van.max_tasks,
            max_metres=van.max_distance,
            max_driving_seconds=van.max_travel_time,
            fixed_cost=van.fixed * (PARTS // self.parts),
            metre_cost=metre,
            second_cost=second,
            order=tuple(step.task for step in van.steps) if steps_lock else (),
            breaks=self._breaks(van, shift),
        )

    def _breaks(self, van: Van, shift: Window) -> tuple[Break, ...]:
        found = []
        for rest in van.breaks:
            windows = [self.clock.window(span) for span in rest.windows or ((0, LARGEST),)]
            inside = [
                Window(max(window.opens, shift.opens), min(window.closes, shift.closes))
                for window in windows
                if window is not None and max(window.opens, shift.opens) <= min(window.closes, shift.closes)
            ]
            if not inside:
                self.whole.refuse(f"break {rest.id} inside its time window expected", f"vehicle {van.id}")
            longest = max(inside, key=lambda window: window.closes - window.opens)
            found.append(Break(str(rest.id), longest, max(1, rest.service), always=True))
        return tuple(sorted(found, key=lambda one: one.window.opens))


def _kind(task: Task) -> str:
    if task.kind != "job":
        return task.kind
    if any(task.pickup):
        return "swap" if any(task.delivery) else "pickup"
    return "delivery"


def _rates(van: Van, parts: int) -> tuple[int, int]:
    """What a second and a metre cost, in the problem's money."""
    return PARTS_HOUR * van.per_hour // parts, PARTS_KM * van.per_km // parts


def _profile(van: Van) -> str:
    """The matrix of a vehicle: its own profile at its speed and its rates."""
    limit = " metres" if van.max_distance is not None else ""
    return f"{van.profile[:100]} {round(HUNDREDTHS / van.speed)} {van.per_hour} {van.per_km}{limit}"


def _with_nowhere(grid: Grid) -> npt.NDArray[np.int32]:
    """One more place, next to everything: where vehicles without a start begin."""
    size = len(grid)
    found = np.zeros((size + 1, size + 1), dtype=np.int32)
    found[:size, :size] = grid
    return found


def _unit(
    matrices: dict[str, Matrix],
    vehicles: Sequence[Vehicle],
    alone: Sequence[Task],
    pairs: Sequence[tuple[Task, Task]],
) -> tuple[int, int] | None:
    """What leaving out one task costs, and one task for each step of priority; None where no priority is told.

    One task outweighs all a plan can cost, one step of priority all tasks: as far as the model's numbers reach.
    """
    tasks = [*alone, *(half for pair in pairs for half in pair)]
    if not any(task.priority for task in tasks):
        return None
    leg = max(int(matrices[one.profile].metres.max(initial=0)) * one.metre_cost for one in vehicles)
    worst = (len(tasks) + len(vehicles)) * leg + sum(one.fixed_cost for one in vehicles)
    worst += sum(one.second_cost * (one.shift.closes - one.shift.opens) for one in vehicles)
    steps = sum(task.priority for task in tasks)
    most = min(LARGEST_MONEY // 2, LARGEST_COST // 4 // max(1, steps), LARGEST_COST // 4 // len(tasks))
    task = min(worst + 1, max(1, most // (101 * (len(tasks) + 1))))
    return task, task * (len(tasks) + 1)


def _price(priority: int, tasks: int, unit: tuple[int, int] | None) -> int | None:
    return None if unit is None else tasks * (unit[0] + priority * unit[1])


def question(file: str, content: bytes, *, steps_lock: bool = True) -> Question:
    """The question of a file's content.

    Raises:
        BadFile: it is no VROOM document, or asks what cannot be stated.
    """
    try:
        return stated(document(file, content), steps_lock=steps_lock)
    except InvalidProblem as error:
        raise BadFile(file, str(error)) from error
