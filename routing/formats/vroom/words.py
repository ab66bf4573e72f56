"""The objects of a VROOM document as values: tasks, shipments and vehicles, with the words they came with."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields, Span

Point = tuple[float, float]
#: Priorities run from 0 to this; speed factors up to that.
MOST_PRIORITY, MOST_SPEED = 100, 5.0
KINDS_OF_STEP = ("start", "job", "pickup", "delivery", "break", "end")


@dataclass(frozen=True, slots=True)
class Task:
    """A job, or one half of a shipment. `name` is its id in the problem: VROOM's own are unique only by kind."""

    kind: str
    id: int
    point: Point | None
    index: int | None
    setup: int
    service: int
    delivery: tuple[int, ...]
    pickup: tuple[int, ...]
    skills: tuple[int, ...]
    priority: int
    windows: tuple[Span, ...] | None
    description: str | None

    @property
    def name(self) -> str:
        """`job 3`, `pickup 3`, `delivery 3`."""
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Rest:
    """A break: when it may begin, how long it is."""

    id: int
    windows: tuple[Span, ...] | None
    service: int
    description: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A task of a vehicle's own steps, with the moments its service is held to."""

    task: str
    at: int | None
    after: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Van:
    """A vehicle. Costs are VROOM's: for using it, an hour of travel, an hour of tasks, a kilometre."""

    id: int
    profile: str
    description: str | None
    kind: str
    start: Point | None
    start_index: int | None
    end: Point | None
    end_index: int | None
    capacity: tuple[int, ...]
    fixed: int
    per_hour: int
    per_task_hour: int
    per_km: int
    skills: tuple[int, ...]
    window: Span | None
    breaks: tuple[Rest, ...]
    speed: float
    max_tasks: int | None
    max_travel_time: int | None
    max_distance: int | None
    steps: tuple[Step, ...]

    @property
    def has_start(self) -> bool:
        """Whether it starts anywhere in particular."""
        return self.start is not None or self.start_index is not None

    @property
    def has_end(self) -> bool:
        """Whether it has to come back anywhere."""
        return self.end is not None or self.end_index is not None


def vans(whole: Fields) -> tuple[Van, ...]:
    """The vehicles of a document."""
    found = tuple(_van(one) for one in whole.children("vehicles"))
    if not found:
        whole.refuse("a vehicle expected", "vehicles")
    _once(whole, "vehicles", [van.id for van in found])
    return found


def _van(one: Fields) -> Van:
    costs = one.child("costs")
    speed = one.number("speed_factor", 1.0)
    if not 0 < speed <= MOST_SPEED:
        one.refuse(f"a number above 0 and up to {MOST_SPEED:g} expected", "speed_factor")
    breaks = tuple(_rest(rest) for rest in one.children("breaks"))
    _once(one, "breaks", [rest.id for rest in breaks])
    van = Van(
        id=one.whole("id", most=2**64 - 1),
        profile=one.text("profile", "car"),
        description=_maybe_text(one, "description"),
        kind=one.text("type"),
        start=one.point("start"),
        start_index=_maybe(one, "start_index"),
        end=one.point("end"),
        end_index=_maybe(one, "end_index"),
        capacity=one.wholes("capacity"),
        fixed=costs.whole("fixed", 0),
        per_hour=costs.whole("per_hour", 3600),
        per_task_hour=costs.whole("per_task_hour", 0),
        per_km=costs.whole("per_km", 0),
        skills=one.wholes("skills"),
        window=one.span("time_window"),
        breaks=breaks,
        speed=speed,
        max_tasks=_maybe(one, "max_tasks"),
        max_travel_time=_maybe(one, "max_travel_time"),
        max_distance=_maybe(one, "max_distance"),
        steps=tuple(step for step in map(_step, one.children("steps")) if step is not None),
    )
    if not (van.has_start or van.has_end):
        one.refuse("a start or an end expected")
    for rest in one.children("breaks"):
        for number, room in enumerate(rest.wholes("max_load")):
            if number >= len(van.capacity) or room < van.capacity[number]:
                rest.refuse("a limit on the load during a break cannot be kept; leave it out", "max_load")
    return van


def _rest(one: Fields) -> Rest:
    return Rest(
        id=one.whole("id", most=2**64 - 1),
        windows=one.spans("time_windows"),
        service=one.whole("service", 0),
        description=_maybe_text(one, "description"),
    )


def _step(one: Fields) -> Step | None:
    """A step that serves a task; None for the others."""
    kind = one.text("type")
    if kind not in KINDS_OF_STEP:
        one.refuse(f"one of {', '.join(KINDS_OF_STEP)} expected", "type")
    if kind not in ("job", "pickup", "delivery"):
        return None
    return Step(
        task=f"{kind} {one.whole('id', most=2**64 - 1)}",
        at=_maybe(one, "service_at"),
        after=_maybe(one, "service_after"),
        before=_maybe(one, "service_before"),
    )


def jobs(whole: Fields, kinds: frozenset[str]) -> tuple[Task, ...]:
    """The jobs of a document, for vehicles of these types."""
    found = []
    for one in whole.children("jobs"):
        delivery = one.wholes("delivery") if one.has("delivery") else one.wholes("amount")
        found.append(_task(one, "job", one, kinds, delivery=delivery, pickup=one.wholes("pickup")))
    _once(whole, "jobs", [job.id for job in found])
    return tuple(found)


def shipments(whole: Fields, kinds: frozenset[str]) -> tuple[tuple[Task, Task], ...]:
    """The shipments of a document, each as pickup and delivery."""
    found = []
    for one in whole.children("shipments"):
        amount = one.wholes("amount")
        for half in ("pickup", "delivery"):
            if not one.has(half):
                one.refuse("an object expected", half)
        pickup = _task(one.child("pickup"), "pickup", one, kinds, delivery=(), pickup=amount)
        delivery = _task(one.child("delivery"), "delivery", one, kinds, delivery=amount, pickup=())
        found.append((pickup, delivery))
    for kind, number in (("pickup", 0), ("delivery", 1)):
        _once(whole, f"shipments: {kind}", [pair[number].id for pair in found])
    return tuple(found)


def _task(
    one: Fields,
    kind: str,
    shared: Fields,
    kinds: frozenset[str],
    *,
    delivery: tuple[int, ...],
    pickup: tuple[int, ...],
) -> Task:
    return Task(
        kind=kind,
        id=one.whole("id", most=2**64 - 1),
        point=one.point("location"),
        index=_maybe(one, "location_index"),
        setup=_for_all(one, "setup", kinds),
        service=_for_all(one, "service", kinds),
        delivery=delivery,
        pickup=pickup,
        skills=shared.wholes("skills"),
        priority=shared.whole("priority", 0, most=MOST_PRIORITY),
        windows=one.spans("time_windows"),
        description=_maybe_text(one, "description"),
    )


def _for_all(one: Fields, key: str, kinds: frozenset[str]) -> int:
    """Setup or service seconds; they may be told by vehicle type as long as that makes no difference."""
    usual = one.whole(key, 0)
    by_kind = one.child(f"{key}_per_type")
    told = {by_kind.whole(kind, usual) for kind in kinds}
    if len(told) > 1:
        one.refuse("times that differ between the types of the vehicles cannot be kept", f"{key}_per_type")
    return told.pop() if told else usual


def _maybe(one: Fields, key: str) -> int | None:
    return one.whole(key) if one.has(key) else None


def _maybe_text(one: Fields, key: str) -> str | None:
    return one.text(key) if one.has(key) else None


def _once(whole: Fields, key: str, ids: list[int]) -> None:
    seen: set[int] = set()
    for one in ids:
        if one in seen:
            whole.refuse(f"each id once expected, {one} is there twice", key)
        seen.add(one)
