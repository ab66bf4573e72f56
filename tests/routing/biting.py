"""Small problems on a line in which one rule decides: with it the best plan is one thing, without it another.

Places are points of a line, a second and ten metres apart by their distance. The plan with the rule and the one without
differ in who serves what in which order, so that an engine's bare orders can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import routing
from routing.model import RELOAD, Break, Kept, Period, Previous, Shipment, Stock, WorkRule

DAY = routing.Window(0, 10_000)
#: Places by name: where each stands on the line. Vans start at 0 and, where nothing else is said, end at 300.
POINTS = {"yard": 0, "a": 100, "b": 200, "end": 300, "left": -50, "far left": -200, "twin": 100}
PLACE = {name: number for number, name in enumerate(POINTS)}

Orders = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Case:
    """A rule that decides: problems with it and without it, and what the plans look like."""

    name: str
    problem: routing.Problem
    without: routing.Problem
    with_rule: Callable[[Orders], bool]
    #: The plan without the rule breaks it (and does not just cost more).
    hard: bool = True


def a_matrix(no_road: Sequence[tuple[str, str]] = ()) -> routing.Matrix:
    at = np.array(list(POINTS.values()))
    apart = np.abs(at[:, None] - at[None, :])
    seconds = apart.copy()
    for start, end in no_road:
        seconds[PLACE[start], PLACE[end]] = routing.UNREACHABLE
    return routing.Matrix(seconds, apart * 10)


def a_job(name: str, place: str = "", kind: str = "delivery", **facts: Any) -> routing.Job:
    facts = {"windows": (DAY,), "service_seconds": 10} | facts
    return routing.Job(id=name, place=PLACE[place or name], kind=kind, **facts)


def a_van(name: str = "v0", *, start: str = "yard", end: str | None = "end", **facts: Any) -> routing.Vehicle:
    facts = {"shift": DAY, "capacity": (9, 9), "metre_cost": 1, "second_cost": 10} | facts
    return routing.Vehicle(id=name, profile="van", start=PLACE[start], end=None if end is None else PLACE[end], **facts)


def a_problem(
    jobs: Sequence[routing.Job], vans: Sequence[routing.Vehicle], *, no_road: Any = (), **facts: Any
) -> routing.Problem:
    return routing.Problem({"van": a_matrix(no_road)}, tuple(jobs), tuple(vans), **facts)


def a_pair(name: str, pickup: str, delivery: str, **facts: Any) -> Shipment:
    load = (1, 0)
    return Shipment(
        name,
        a_job(f"{name}-from", pickup, "pickup", pickup=load),
        a_job(f"{name}-to", delivery, "delivery", delivery=load),
        **facts,
    )


def order(*ids: str, vehicle: str = "v0") -> Callable[[Orders], bool]:
    """That vehicle drives so."""
    return lambda orders: tuple(orders.get(vehicle, ())) == ids


def tours(count: int) -> Callable[[Orders], bool]:
    """So many vehicles are used, and both jobs served."""
    return lambda orders: len(orders) == count and sum(map(len, orders.values())) == 2


def served(job: str, *, by: str) -> Callable[[Orders], bool]:
    return lambda orders: job in orders.get(by, ())


def leaves_out(count: int, *, of: int) -> Callable[[Orders], bool]:
    return lambda orders: sum(one != RELOAD for ids in orders.values() for one in ids) == of - count


def _orders_of_two(*, early: Any = None, late: Any = None, van: Any = None, **facts: Any) -> routing.Problem:
    """One van passes `a`, then `b`, on its way: so it serves them unless a rule turns that round."""
    jobs = [a_job("a", **(early or {})), a_job("b", **(late or {}))]
    return a_problem(jobs, [a_van(**(van or {}))], **facts)


def _one_van_or_two(*, early: Any = None, late: Any = None, van: Any = None, **facts: Any) -> routing.Problem:
    """Two vans of some fixed cost that could each serve everything alone."""
    jobs = [a_job("a", **(early or {})), a_job("b", **(late or {}))]
    vans = [a_van(name, fixed_cost=500, **(van or {})) for name in ("v0", "v1")]
    return a_problem(jobs, vans, **facts)


def _cheap_and_dear(*, dear: Any = None, cheap: Any = None, job: Any = None, **facts: Any) -> routing.Problem:
    vans = [a_van("v0", **(cheap or {})), a_van("v1", fixed_cost=5_000, **(dear or {}))]
    return a_problem([a_job("a", **(job or {}))], vans, **facts)


def _turned_round(name: str, problem: routing.Problem, *, hard: bool = True) -> Case:
    return Case(name, problem, _orders_of_two(), order("b", "a"), hard)


def _parted(name: str, problem: routing.Problem, *, hard: bool = True, **plain: Any) -> Case:
    return Case(name, problem, _one_van_or_two(**plain), tours(2), hard)


def _moved(name: str, problem: routing.Problem, *, hard: bool = True) -> Case:
    return Case(name, problem, _cheap_and_dear(), served("a", by="v1"), hard)


def _of_time() -> list[Case]:
    late_or_soon = {"windows": (routing.Window(0, 50), routing.Window(500, 600))}
    soon = {"windows": (routing.Window(0, 250),)}
    lunch = Break("lunch", routing.Window(150, 210), 200)
    slow, waiting = {"service_seconds": 500}, {"due": 250, "late_second_cost": 50}
    long_day = {"shift": routing.Window(0, 615)}
    work = {"early": {"service_seconds": 150}, "late": {"windows": (routing.Window(0, 360),)}}
    overtime = {"overtime_after": 312, "overtime_second_cost": 9_000}
    return [
        _turned_round("several windows", _orders_of_two(early=late_or_soon, late=soon)),
        _turned_round("break", _orders_of_two(late=soon, van={"breaks": (lunch,)})),
        _turned_round("work rule", _orders_of_two(**work, van={"rule": WorkRule(300, 200)})),
        _turned_round("price of delay", _orders_of_two(early=slow, late={"second_price": 50}), hard=False),
        _turned_round("lateness", _orders_of_two(early=slow, late=waiting), hard=False),
        _setup(),
        _parted("shift", _one_van_or_two(van={"shift": routing.Window(0, 315)})),
        _parted("most seconds", _one_van_or_two(van={"max_seconds": 315})),
        _parted("overtime", _one_van_or_two(van=overtime), hard=False),
        _parted("balance", _one_van_or_two(balance=routing.Balance(312, 9_000)), hard=False),
        _parted("traffic", _one_van_or_two(van=long_day, periods=(Period(0, 200),))),
        _parted("release", _one_van_or_two(early={"release": 500}, late=soon)),
    ]


def _setup() -> Case:
    """Two doors of one house and one across the street: who stays at a house parks once."""
    first = a_job("first", "a", windows=(routing.Window(100, 120),))
    second, other = a_job("second", "a"), a_job("other", "twin", second_price=1)
    parked = [first, *(replace(job, setup_seconds=300) for job in (second, other))]
    return Case(
        "setup", a_problem(parked, [a_van()]), a_problem([first, second, other], [a_van()]),
        order("first", "second", "other"), hard=False,
    )  # fmt: skip


def _of_ways() -> list[Case]:
    around = [a_job("a"), a_job("left")]

    def vans(**facts: Any) -> list[routing.Vehicle]:
        return [a_van(name, end="yard", fixed_cost=500, **facts) for name in ("v0", "v1")]

    return [
        _turned_round("road", _orders_of_two(no_road=[("a", "b")])),
        Case(
            "open end", a_problem(around, [a_van(end=None)]), a_problem(around, [a_van(end="far left")]),
            order("left", "a"), hard=False,
        ),
        _parted("most stops", _one_van_or_two(van={"max_stops": 1})),
        Case("most metres", a_problem(around, vans(max_metres=2_500)), a_problem(around, vans()), tours(2)),
        Case("most driving", a_problem(around, vans(max_driving_seconds=250)), a_problem(around, vans()), tours(2)),
    ]  # fmt: skip


def _of_loads() -> list[Case]:
    give, take = {"delivery": (1, 0)}, {"kind": "pickup", "pickup": (1, 0)}
    swap = {"place": "a", "kind": "swap", "delivery": (1, 0), "pickup": (1, 0)}
    tidy = {"deliveries_first": True}
    bulky = {"delivery": (1, 1)}
    small = {"capacity": (1, 9)}
    home = {"end": "yard", **small}
    both = [a_job("a", **give), a_job("b", **give)]
    three = [*both, a_job("left", **give)]
    soon = [a_job("a", release=500), a_job("b", windows=(routing.Window(0, 300),))]

    def is_reloaded(orders: Orders) -> bool:
        return any(RELOAD in ids for ids in orders.values()) and leaves_out(0, of=2)(orders)

    return [
        _parted("second dimension", _one_van_or_two(early=bulky, late=bulky, van={"capacity": (9, 1)})),
        _turned_round("load out and back", _orders_of_two(early=take, late=give, van=small)),
        _turned_round("deliveries first", _orders_of_two(early=take, late=give, van=tidy)),
        _parted("two swaps behind one door", _one_van_or_two(early=swap, late=swap, van=tidy)),
        Case(
            "reload", a_problem(both, [a_van(**home, trips=2)]), a_problem(both, [a_van(end="yard", trips=2)]),
            is_reloaded,
        ),
        Case(
            "seconds of a reload",
            a_problem(both, [a_van(**home, trips=2, reload_seconds=600, shift=routing.Window(0, 1_000))]),
            a_problem(both, [a_van(**home, trips=2, shift=routing.Window(0, 1_000))]),
            leaves_out(1, of=2),
        ),
        Case(
            "trips", a_problem(three, [a_van(**home, trips=2)]), a_problem(three, [a_van(**home, trips=3)]),
            leaves_out(1, of=3),
        ),
        Case(
            "release of a later trip",
            a_problem(soon, [a_van(end="yard", trips=2)]),
            a_problem([replace(soon[0], release=None), soon[1]], [a_van(end="yard", trips=2)]),
            order("b", RELOAD, "a"),
        ),
    ]  # fmt: skip


def _of_choice() -> list[Case]:
    dear, far = a_problem([a_job("a"), a_job("left", price=100)], [a_van()]), a_job("left")
    pieces = {"goods": (("laptop", 1),)}
    shelves = (Stock(PLACE["yard"], "laptop", 1), Stock(PLACE["end"], "laptop", 1))
    depots = [a_van("v0"), a_van("v1", start="end", fixed_cost=5_000)]
    wanted = [a_job("a", **pieces), a_job("twin", **pieces)]
    paint, food = ({"traits": frozenset([one])} for one in ("paint", "food"))
    elsewhere = Previous((Kept("a", "v1"),), 100_000)
    then = Previous((Kept("b", "v0", 200), Kept("a", "v0", 310)), 100_000, 50)
    return [
        Case("price", dear, a_problem([a_job("a"), far], [a_van()]), leaves_out(1, of=2), hard=False),
        _moved("skill", _cheap_and_dear(job={"skills": frozenset(["lift"])}, dear={"skills": frozenset(["lift"])})),
        _moved("allowed vehicle", _cheap_and_dear(job={"vehicles": frozenset(["v1"])})),
        Case("stock", a_problem(wanted, depots, stocks=shelves), a_problem(wanted, depots), tours(2)),
        _parted("incompatible", _one_van_or_two(early=paint, late=food, incompatible=(("food", "paint"),))),
        _turned_round("prefix", _orders_of_two(van={"prefix": ("b",)})),
        _turned_round("order", _orders_of_two(van={"order": ("b", "a")})),
        _moved("change of vehicle", _cheap_and_dear(previous=elsewhere), hard=False),
        _turned_round("change of time", _orders_of_two(previous=then), hard=False),
    ]


def _of_pairs() -> list[Case]:
    backward, near, far = a_pair("p", "b", "a"), a_pair("p", "a", "b"), a_pair("q", "twin", "end")

    def is_one_by_one(orders: Orders) -> bool:
        ids = tuple(orders.get("v0", ()))
        return {ids[:2], ids[2:]} == {("p-from", "p-to"), ("q-from", "q-to")}

    dear = a_pair("p", "far left", "left", price=100)
    return [
        Case(
            "pair", a_problem([], [a_van()], shipments=(backward,)), a_problem(backward.halves, [a_van()]),
            order("p-from", "p-to"),
        ),
        Case(
            "load of pairs",
            a_problem([], [a_van(capacity=(1, 9))], shipments=(near, far)),
            a_problem([], [a_van()], shipments=(near, far)),
            is_one_by_one,
        ),
        Case(
            "price of a pair",
            a_problem([a_job("a")], [a_van()], shipments=(dear,)),
            a_problem([a_job("a")], [a_van()], shipments=(replace(dear, price=None),)),
            leaves_out(2, of=3), hard=False,
        ),
    ]  # fmt: skip


CASES: tuple[Case, ...] = (*_of_time(), *_of_ways(), *_of_loads(), *_of_choice(), *_of_pairs())
