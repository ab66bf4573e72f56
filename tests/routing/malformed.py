"""Problems nobody should ask, made at random from a seed: nonsense that must be refused by name, and extremes that have
a plan all the same.

Each kind takes a random source and does what a careless caller would do; `REFUSED` kinds must raise while the problem
is stated, `SOLVED` kinds give a problem and limits that must lead to a plan the checker accepts. The kinds that
tests/routing/test_problems.py names one by one are not repeated here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import routing
from routing.matrix import MOST_PLACES
from routing.model import LARGEST_LOAD, LARGEST_MONEY, LARGEST_TIME, MOST_JOBS, MOST_VEHICLES
from tests import builders_routing as small

Asked = tuple[routing.Problem, routing.Limits]
Draw = random.Random
NO_TEXT: tuple[Any, ...] = (None, 7, 1.5, b"j0", ["j0"], True, object())
NO_NUMBER: tuple[Any, ...] = (None, "5", 1.5, True, [5], float("nan"), float("inf"), 5 + 0j, np.float32(5))


def town(draw: Draw, **sizes: int) -> routing.Problem:
    """A small ordinary problem to spoil."""
    facts = {"jobs": draw.randint(1, 8), "vehicles": draw.randint(1, 3)} | sizes
    return small.a_town(seed=draw.randrange(2**31), **facts)


def _spoilt(draw: Draw, what: str, **facts: Any) -> routing.Problem:
    problem = town(draw)
    parts = list(getattr(problem, what))
    at = draw.randrange(len(parts))
    parts[at] = replace(parts[at], **facts)
    return replace(problem, **{what: tuple(parts)})


def _number_of(what: str, *fields: str) -> Callable[[Draw], Any]:
    return lambda draw: _spoilt(draw, what, **{draw.choice(fields): draw.choice(NO_NUMBER[1:])})


def _matrix(draw: Draw, spoil: Callable[[Any], Any]) -> Any:
    size = draw.randint(2, 6)
    grid = np.array([[0 if i == j else draw.randint(1, 999) for j in range(size)] for i in range(size)])
    spoilt = spoil(grid.copy())
    return routing.Matrix(*((spoilt, grid) if draw.random() < 0.5 else (grid, spoilt)))


def _with(position: tuple[int, int], value: Any, dtype: Any = None) -> Callable[[Any], Any]:
    def spoil(grid: Any) -> Any:
        changed = grid.astype(dtype) if dtype is not None else grid
        changed[position] = value
        return changed

    return spoil


def _rows(change: Callable[[list[list[Any]]], Any]) -> Callable[[Any], Any]:
    return lambda grid: change(grid.tolist())


def _dropped_cell(rows: list[list[Any]]) -> Any:
    rows[-1].pop()
    return rows


REFUSED: dict[str, Callable[[Draw], Any]] = {
    "matrix: infinite entry": lambda draw: _matrix(draw, _with((0, 1), np.inf, float)),
    "matrix: NaN entry": lambda draw: _matrix(draw, _with((1, 0), np.nan, float)),
    "matrix: whole numbers as fractions": lambda draw: _matrix(draw, lambda grid: grid.astype(np.float32)),
    "matrix: truth values": lambda draw: _matrix(draw, lambda grid: grid > 0),
    "matrix: texts": lambda draw: _matrix(draw, lambda grid: grid.astype(str)),
    "matrix: durations": lambda draw: _matrix(draw, lambda grid: grid.astype("timedelta64[s]")),
    "matrix: dates": lambda draw: _matrix(draw, lambda grid: grid.astype("datetime64[s]")),
    "matrix: complex numbers": lambda draw: _matrix(draw, lambda grid: grid.astype(complex)),
    "matrix: objects": lambda draw: _matrix(draw, lambda grid: grid.astype(object)),
    "matrix: beyond 64 bits": lambda draw: _matrix(draw, _rows(lambda rows: [[0, 2**70], *rows[1:]])),
    "matrix: unsigned and huge": lambda draw: _matrix(draw, _with((0, 1), 2**63 + 5, np.uint64)),
    "matrix: just above unreachable": lambda draw: _matrix(draw, _with((0, 1), routing.UNREACHABLE + 1)),
    "matrix: one cell short": lambda draw: _matrix(draw, _rows(_dropped_cell)),
    "matrix: one row short": lambda draw: _matrix(draw, lambda grid: grid[:-1]),
    "matrix: flat": lambda draw: _matrix(draw, lambda grid: grid.ravel()),
    "matrix: a cube": lambda draw: _matrix(draw, lambda grid: np.stack([grid, grid])),
    "matrix: nothing at all": lambda draw: _matrix(draw, lambda _grid: draw.choice((None, 5, "0 1; 1 0", {}))),
    "matrix: negative way back": lambda draw: _matrix(draw, _with((1, 0), -draw.randint(1, 10**6))),
    "matrix: largest negative": lambda draw: _matrix(draw, _with((0, 1), -(2**63))),
    "matrix: not at home at home": lambda draw: _matrix(draw, _with((1, 1), draw.randint(1, 99))),
    "matrix: larger than memory": lambda draw: _matrix(
        draw, lambda _grid: np.broadcast_to(np.int64(0), (MOST_PLACES + draw.randint(1, 10**9),) * 2)
    ),
    "matrices: none but a list": lambda draw: replace(town(draw), matrices=[1, 2]),
    "matrices: a grid instead of a matrix": lambda draw: replace(town(draw), matrices={"car": np.zeros((9, 9), int)}),
    "matrices: of no profile": lambda draw: replace(town(draw), matrices={}),
    "matrices: of different sizes": lambda draw: replace(
        (base := town(draw)), matrices={**base.matrices, "bike": routing.estimate([(43.7, 7.2)])}
    ),
    "matrix: smaller than the places": lambda draw: replace(
        (base := town(draw)), matrices={"car": base.matrices["car"].slice([0])}
    ),
    "job: id is no text": lambda draw: _spoilt(draw, "jobs", id=draw.choice(NO_TEXT)),
    "job: empty id": lambda draw: _spoilt(draw, "jobs", id=""),
    "job: endless id": lambda draw: _spoilt(draw, "jobs", id="x" * draw.randint(201, 10**5)),
    "job: kind is no text": lambda draw: _spoilt(draw, "jobs", kind=draw.choice(NO_TEXT)),
    "job: windows in a list": lambda draw: _spoilt(draw, "jobs", windows=[routing.Window(0, 9)]),
    "job: windows of pairs": lambda draw: _spoilt(draw, "jobs", windows=((0, 9),)),
    "job: windows are nothing": lambda draw: _spoilt(draw, "jobs", windows=None),
    "job: the same window twice": lambda draw: _spoilt(draw, "jobs", windows=(routing.Window(5, 9),) * 2),
    "job: a place that is no number": _number_of("jobs", "place"),
    "job: a place far away": lambda draw: _spoilt(draw, "jobs", place=draw.randint(100, LARGEST_TIME)),
    "job: a time that is no number": _number_of("jobs", "service_seconds", "setup_seconds"),
    "job: a service of centuries": lambda draw: _spoilt(draw, "jobs", service_seconds=LARGEST_TIME + 1),
    "job: a negative setup": lambda draw: _spoilt(draw, "jobs", setup_seconds=-draw.randint(1, 999)),
    "job: a load that is no number": lambda draw: _spoilt(draw, "jobs", pickup=(draw.choice(NO_NUMBER), 1)),
    "job: a load that is no load": lambda draw: _spoilt(draw, "jobs", delivery=draw.choice((None, 5, [1, 2], "12"))),
    "job: a load beyond measure": lambda draw: _spoilt(draw, "jobs", delivery=(LARGEST_LOAD + 1, 0)),
    "job: a load of three amounts": lambda draw: _spoilt(draw, "jobs", pickup=(1, 2, 3)),
    "job: skills in a text": lambda draw: _spoilt(draw, "jobs", skills="lift"),
    "job: skills that are numbers": lambda draw: _spoilt(draw, "jobs", skills=frozenset({1})),
    "job: vehicles in a set": lambda draw: _spoilt(draw, "jobs", vehicles={"v0"}),
    "job: a price that is no number": lambda draw: _spoilt(draw, "jobs", price=draw.choice(NO_NUMBER[1:])),
    "vehicle: id is no text": lambda draw: _spoilt(draw, "vehicles", id=draw.choice(NO_TEXT)),
    "vehicle: profile is no text": lambda draw: _spoilt(draw, "vehicles", profile=draw.choice(NO_TEXT)),
    "vehicle: no shift": lambda draw: _spoilt(draw, "vehicles", shift=draw.choice((None, (0, 9), 28_800))),
    "vehicle: shift ends before it begins": lambda draw: _spoilt(
        draw, "vehicles", shift=routing.Window((at := draw.randint(1, 10**5)), at - 1)
    ),
    "vehicle: starts off the matrix": lambda draw: _spoilt(draw, "vehicles", start=draw.randint(50, 10**6)),
    "vehicle: an end that is no number": _number_of("vehicles", "start", "end"),
    "vehicle: a limit that is no number": _number_of("vehicles", "max_stops", "max_metres", "max_driving_seconds"),
    "vehicle: a negative limit": lambda draw: _spoilt(draw, "vehicles", max_driving_seconds=-draw.randint(1, 9)),
    "vehicle: a cost that is no number": _number_of("vehicles", "fixed_cost", "metre_cost", "second_cost"),
    "vehicle: a negative cost": lambda draw: _spoilt(draw, "vehicles", metre_cost=-draw.randint(1, 9)),
    "vehicle: a capacity that is no load": lambda draw: _spoilt(draw, "vehicles", capacity=draw.choice((None, 5, [9]))),
    "vehicle: a capacity of one amount": lambda draw: _spoilt(draw, "vehicles", capacity=(9,)),
    "vehicle: skills are nothing": lambda draw: _spoilt(draw, "vehicles", skills=None),
    "problem: jobs in a list": lambda draw: replace((base := town(draw)), jobs=list(base.jobs)),
    "problem: a hole among the jobs": lambda draw: replace((base := town(draw)), jobs=(*base.jobs, None)),
    "problem: a vehicle among the jobs": lambda draw: replace((base := town(draw)), jobs=base.vehicles),
    "problem: vehicles by name": lambda draw: replace(town(draw), vehicles=("v0", "v1")),
    "problem: more jobs than a day has": lambda draw: replace(
        (base := town(draw, jobs=1)), jobs=base.jobs * (MOST_JOBS + draw.randint(1, 99))
    ),
    "problem: more vans than a town has": lambda draw: replace(
        (base := town(draw)), vehicles=base.vehicles * (MOST_VEHICLES + 1)
    ),
    "problem: a dimension twice": lambda draw: replace(town(draw), dimensions=("weight", "weight")),
    "problem: a dimension without a name": lambda draw: replace(town(draw), dimensions=("weight", "")),
    "problem: a hundred dimensions": lambda draw: replace(town(draw), dimensions=tuple(map(str, range(100)))),
    "problem: balance is a number": lambda draw: replace(town(draw), balance=draw.randint(1, 9)),
    "problem: balance beyond measure": lambda draw: replace(town(draw), balance=routing.Balance(10, 2**30)),
    "problem: prices that overflow together": lambda draw: replace(
        (base := town(draw)), vehicles=tuple(replace(_endless(base.vehicles[0]), id=f"v{n}") for n in range(500))
    ),
    "problem: ways that overflow together": lambda draw: replace(
        (base := town(draw, jobs=200)),
        matrices={"car": routing.Matrix(base.matrices["car"].seconds, _far(base.matrices["car"].metres))},
        vehicles=tuple(replace(van, metre_cost=2**24) for van in base.vehicles),
    ),
    "limits: endless": lambda draw: routing.Limits(seconds=draw.choice((float("inf"), 10**9, 86_401))),
    "limits: negative": lambda draw: routing.Limits(seconds=-draw.random() - 0.001),
    "limits: no number": lambda draw: routing.Limits(seconds=draw.choice((None, "3", True, [3]))),
    "limits: no memory": lambda draw: routing.Limits(memory_bytes=-draw.randint(0, 9)),
    "limits: memory is no number": lambda draw: routing.Limits(memory_bytes=draw.choice((None, "1G", 1.5, True))),
    "points: of three coordinates": lambda draw: routing.estimate([(43.7, 7.2, 5.0), (43.8, 7.3, 5.0)]),
    "points: of words": lambda draw: routing.estimate([("north", "east")]),
    "points: infinite": lambda draw: routing.estimate([(43.7, float("inf")), (43.7, 7.2)]),
    "points: endless slowness": lambda draw: routing.estimate([(43.7, 7.2)], slowness=draw.choice((float("inf"), 1e9))),
}


def _endless(van: routing.Vehicle) -> routing.Vehicle:
    return replace(van, shift=routing.Window(-LARGEST_TIME, LARGEST_TIME), second_cost=2**24)


def _far(metres: Any) -> Any:
    grid = np.full_like(metres, routing.UNREACHABLE)
    np.fill_diagonal(grid, 0)
    return grid


def _asked(problem: routing.Problem, **limits: Any) -> Asked:
    return problem, routing.Limits(**limits) if limits else QUICK


def _jobs(draw: Draw, **facts: Any) -> Asked:
    base = town(draw)
    return _asked(replace(base, jobs=tuple(replace(job, **facts) for job in base.jobs)))


def _vans(draw: Draw, **facts: Any) -> Asked:
    base = town(draw)
    return _asked(replace(base, vehicles=tuple(replace(van, **facts) for van in base.vehicles)))


def _roads(draw: Draw, change: Callable[[Any], Any], **sizes: int) -> Asked:
    base = town(draw, **sizes)
    old = base.matrices["car"]
    return _asked(replace(base, matrices={"car": routing.Matrix(change(old.seconds.copy()), old.metres)}))


def _hole(*cells: tuple[Any, Any]) -> Callable[[Any], Any]:
    def change(seconds: Any) -> Any:
        for cell in cells:
            seconds[cell] = routing.UNREACHABLE
        np.fill_diagonal(seconds, 0)
        return seconds

    return change


def _one_point(draw: Draw, jobs: int) -> Asked:
    base = town(draw, jobs=jobs, vehicles=2)
    still = np.zeros_like(base.matrices["car"].seconds)
    return _asked(replace(base, matrices={"car": routing.Matrix(still, still)}))


def _same_door(draw: Draw) -> Asked:
    base = town(draw)
    return _asked(replace(base, jobs=tuple(replace(job, place=1) for job in base.jobs)))


def _many_windows(draw: Draw) -> Asked:
    windows = tuple(routing.Window(at, at + 60) for at in range(28_800, 61_200, draw.choice((120, 600))))
    return _jobs(draw, windows=windows)


def _dimensions(draw: Draw, names: tuple[str, ...]) -> Asked:
    base = town(draw)
    jobs = tuple(replace(job, delivery=(1,) * len(names), pickup=()) for job in base.jobs)
    vans = tuple(replace(van, capacity=(draw.randint(0, 3),) * len(names)) for van in base.vehicles)
    return _asked(replace(base, jobs=jobs, vehicles=vans, dimensions=names))


def _dear(draw: Draw) -> Asked:
    base = town(draw)
    jobs = tuple(replace(job, price=LARGEST_MONEY) for job in base.jobs)
    return _asked(replace(base, jobs=jobs, vehicles=tuple(replace(v, fixed_cost=LARGEST_MONEY) for v in base.vehicles)))


def _two_profiles(draw: Draw) -> Asked:
    base = town(draw, vehicles=2)
    car = base.matrices["car"]
    bike = routing.Matrix(np.minimum(car.seconds * 2, 10**6), car.metres)
    van, other = base.vehicles
    return _asked(replace(base, matrices={"car": car, "bike": bike}, vehicles=(van, replace(other, profile="bike"))))


def _named(draw: Draw) -> Asked:
    base = town(draw)
    odd = ("../../etc/passwd", "O'Brien; DROP TABLE", "\N{GRINNING FACE}", "\0", "a\nb", "{0}%s", "x" * 200, " ", "é")
    return _asked(replace(base, jobs=tuple(replace(j, id=odd[n % len(odd)]) for n, j in enumerate(base.jobs))))


def _nowhere_to_go(draw: Draw) -> Asked:
    """Nothing costs anything: a plan of cost 0 is then no lie."""
    base = town(draw)
    free = tuple(replace(van, fixed_cost=0, metre_cost=0, second_cost=0) for van in base.vehicles)
    return _asked(replace(base, jobs=tuple(replace(job, price=0) for job in base.jobs), vehicles=free))


QUICK = routing.Limits(seconds=1.3)

SOLVED: dict[str, Callable[[Draw], Asked]] = {
    "one job": lambda draw: _asked(town(draw, jobs=1, vehicles=1)),
    "more vans than jobs": lambda draw: _asked(town(draw, jobs=1, vehicles=40)),
    "no capacity": lambda draw: _vans(draw, capacity=(0, 0)),
    "no capacity named": lambda draw: _vans(draw, capacity=()),
    "a job heavier than all vans": lambda draw: _jobs(draw, delivery=(LARGEST_LOAD, 0)),
    "a skill nobody has": lambda draw: _jobs(draw, skills=frozenset({"fly"})),
    "no vehicle allowed": lambda draw: _jobs(draw, vehicles=frozenset()),
    "windows after the shift": lambda draw: _jobs(draw, windows=(routing.Window(90_000, 99_000),)),
    "windows before the shift": lambda draw: _jobs(draw, windows=(routing.Window(0, draw.randint(0, 28_799)),)),
    "windows before time began": lambda draw: _jobs(draw, windows=(routing.Window(-LARGEST_TIME, -5),)),
    "windows at the end of time": lambda draw: _jobs(draw, windows=(routing.Window(LARGEST_TIME, LARGEST_TIME),)),
    "windows of one second": lambda draw: _jobs(draw, windows=(routing.Window((at := draw.randint(0, 70_000)), at),)),
    "hundreds of windows": _many_windows,
    "a service longer than any shift": lambda draw: _jobs(draw, service_seconds=draw.randint(40_000, LARGEST_TIME)),
    "a setup longer than any shift": lambda draw: _jobs(draw, setup_seconds=LARGEST_TIME),
    "a shift of no time": lambda draw: _vans(draw, shift=routing.Window(30_000, 30_000)),
    "a shift of years": lambda draw: _vans(draw, shift=routing.Window(-LARGEST_TIME, LARGEST_TIME), second_cost=1),
    "no stop allowed": lambda draw: _vans(draw, max_stops=0),
    "no metre allowed": lambda draw: _vans(draw, max_metres=0),
    "no driving allowed": lambda draw: _vans(draw, max_driving_seconds=0),
    "endless allowances": lambda draw: _vans(
        draw, max_stops=LARGEST_LOAD, max_metres=LARGEST_LOAD, max_driving_seconds=LARGEST_LOAD
    ),
    "all must go and none can": lambda draw: _jobs(draw, price=None, vehicles=frozenset()),
    "all must go": lambda draw: _jobs(draw, price=None),
    "jobs that are worth nothing": lambda draw: _jobs(draw, price=0),
    "prices and vans as dear as can be": _dear,
    "nothing costs anything": _nowhere_to_go,
    "no road anywhere": lambda draw: _roads(draw, _hole((slice(None), slice(None)))),
    "no road to the site": lambda draw: _roads(draw, _hole((slice(1, None), 0))),
    "no road from the site": lambda draw: _roads(draw, _hole((0, slice(1, None)))),
    "a one-way island": lambda draw: _roads(draw, _hole((1, slice(None))), jobs=5),
    "roads that are never quick": lambda draw: _roads(draw, lambda seconds: np.minimum(seconds * 10**6, 2**29)),
    "time stands still": lambda draw: _roads(draw, lambda seconds: seconds * 0),
    "everybody at one point": lambda draw: _one_point(draw, 30),
    "everybody behind one door": _same_door,
    "one dimension": lambda draw: _dimensions(draw, ("pieces",)),
    "no dimension": lambda draw: _dimensions(draw, ()),
    "sixteen dimensions": lambda draw: _dimensions(draw, tuple(f"d{n}" for n in range(16))),
    "two ways to drive": _two_profiles,
    "a wish for no tour at all": lambda draw: _asked(replace(town(draw), balance=routing.Balance(0, 2**20))),
    "odd names": _named,
    "ends elsewhere": lambda draw: _vans(draw, end=1),
    "a limit of a moment": lambda draw: _asked(town(draw), seconds=10.0 ** -draw.randint(1, 6)),
    "a cap of hardly any memory": lambda draw: _asked(town(draw), seconds=1.3, memory_bytes=draw.choice((1, 2**20))),
}

#: Too big for every run; the campaign has them, the suite has one.
LARGE: dict[str, Callable[[Draw], Asked]] = {
    "a thousand at one point": lambda draw: _one_point(draw, 1_000),
    "a thousand for one van": lambda draw: _asked(town(draw, jobs=1_000, vehicles=1)),
    "a thousand that no road reaches": lambda draw: _roads(
        draw, _hole((slice(None), slice(None))), jobs=1_000, vehicles=3
    ),
}

KINDS = (*REFUSED, *SOLVED, *LARGE)


def judged(kind: str, seed: int, *, engine: str = "or-tools") -> str:
    """How one problem went: `refused: WHERE` or `solved: FACTS`; anything else is a fault and says so.

    A refusal must be an InvalidProblem that says what and where; a plan must satisfy the checker, name every job once,
    and may only be free of cost when nothing in the problem costs anything.
    """
    draw = Draw(f"{kind}/{seed}")
    if kind in REFUSED:
        return _refusal(REFUSED[kind], draw)
    problem, limits = (SOLVED | LARGE)[kind](draw)
    plan = routing.solve(problem, routing.engine(engine), limits=limits, seed=seed)
    if broken := routing.violations(problem, plan):
        return f"FAULT: the checker refuses the plan: {broken[0]}"
    if plan.costs.total == 0 and plan.tours and any(van.metre_cost or van.second_cost for van in problem.vehicles):
        return "FAULT: a plan that costs nothing" if any(tour.metres for tour in plan.tours) else _told(plan)
    return _told(plan)


def _told(plan: routing.Plan) -> str:
    return f"solved: {len(plan.tours)} tours, {len(plan.unassigned)} left, {plan.engine}"


def _refusal(state: Callable[[Draw], Any], draw: Draw) -> str:
    try:
        state(draw)
    except routing.InvalidProblem as error:
        where, _, what = str(error).partition(":")
        return f"refused: {where}" if where and (what or " " in where) else f"FAULT: says too little: {error}"
    except Exception as error:
        return f"FAULT: {type(error).__name__} instead of a refusal"
    return "FAULT: was not refused"
