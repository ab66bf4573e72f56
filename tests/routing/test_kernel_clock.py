"""The compiled search drives a whole tour as `routing.schedule` does: the same verdict, the same cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import routing
from routing.engines.ruin_recreate import columns
from routing.engines.ruin_recreate.search import Search
from routing.model import RELOAD
from tests.routing import draws, full_day, planted
from tests.routing.draws import Chance

#: Every pace of the day is one mean factor to the search.
FEATURES = tuple(set(draws.FEATURES) - {"periods"})
#: Asked before an order comes to the search, and there of single jobs, not of whole tours.
ASKED_BEFORE = {"vehicle", "skill", "lock", "stock", "trips", "reload", "road"}
#: Mistakes of `planted` that make a problem a little stricter than a tour is.
STRICTER = [
    (rule, mistake)
    for rule, _, mistake in planted.MISTAKES
    if rule in {"capacity", "setup", "window", "shift", "max-seconds", "max-stops", "max-metres", "max-driving",
                "release", "deliveries-first", "break", "work-rule", "incompatible", "reload"}
]  # fmt: skip
ROUNDS = 6


def _driven(problem: routing.Problem, vehicle: str, order: tuple[str, ...]) -> int | None:
    """What the search says the tour costs, None when it does not hold."""
    search = Search(problem, seed=1)
    search.begin({})
    holds = search.take_over({vehicle: order})
    return int(search.state.fleet[[one.id for one in problem.vehicles].index(vehicle), columns.COST]) if holds else None


def _agree(problem: routing.Problem, vehicle: str, order: tuple[str, ...]) -> str:
    """Fail unless both say the same; `served`, the rule that is broken, or `` when there is nothing to compare."""
    timed = routing.schedule(problem, problem.vehicle(vehicle), order)
    if isinstance(timed, routing.Broken) and (timed.rule in ASKED_BEFORE or problem.stocks):
        return ""
    cost = _driven(problem, vehicle, order)
    if isinstance(timed, routing.Broken):
        assert cost is None, (timed, vehicle, order)
        return timed.rule
    assert cost == timed.costs.total, (vehicle, order)
    return "served"


def _asked(seed: int) -> Iterator[tuple[routing.Problem, str, tuple[str, ...]]]:
    """Orders of one problem, in it and in stricter ones; only where the search drives whole tours."""
    chance = Chance(f"{seed} kernel")
    chosen = frozenset(one for one in FEATURES if chance.random() < 0.35)
    problem = draws.problem(
        draws.Wanted(seed, chance.randint(2, 6), chance.randint(1, 2), chosen, chance.random() < 0.8)
    )
    for any_tour in draws.any_tours(problem, seed):
        yield problem, any_tour.vehicle, any_tour.order
    plan = draws.good_plan(problem, seed)
    for at, tour in enumerate(plan.tours if plan else ()):
        yield problem, tour.vehicle, tour.order()
        case = planted.Case(problem, plan, chance, at, chance.randrange(len(tour.stops)))
        for _, mistake in chance.sample(STRICTER, 4):
            made = mistake(case)
            if made is not None and made.plan == plan:
                yield made.problem, tour.vehicle, tour.order()


def _is_driven_whole(problem: routing.Problem) -> bool:
    return bool(Search(problem, seed=1).facts.num[columns.EXACT])


@pytest.mark.parametrize("part", range(ROUNDS))
def test_an_order_is_driven_as_it_is_timed(part):
    told = [
        _agree(*asked)
        for seed in range(part * 40, part * 40 + 40)
        for asked in _asked(seed)
        if _is_driven_whole(asked[0])
    ]

    assert told.count("served") > 30
    assert len(set(told)) > 5


@pytest.mark.parametrize(
    ("rule", "mistake"), [pytest.param(*one, id=f"{one[0]}: {one[1].__name__.strip('_')}") for one in STRICTER]
)
def test_a_stricter_day_is_driven_as_it_is_timed(rule, mistake):
    problem = replace(full_day.a_problem(), periods=())
    problem = replace(problem, vehicles=tuple(replace(one, rule=None) for one in problem.vehicles))
    tours = [routing.schedule(problem, problem.vehicle(one.vehicle), one.order) for one in full_day.the_choices()]
    plan = draws.by_hand.of_tours(problem, tours)
    told = []

    for case in planted.cases(problem, plan, Chance(rule)):
        made = mistake(case)
        if made is not None and made.plan == plan and _is_driven_whole(made.problem) and len(told) < 4:
            told.append(_agree(made.problem, case.tour.vehicle, case.tour.order()))


def test_a_delivery_in_the_next_trip_is_no_tour():
    problem = full_day.a_problem()
    problem = replace(
        problem, periods=(), vehicles=(replace(problem.vehicle("spare"), trips=2),), jobs=(), previous=None
    )

    for order in (("desk-to", "desk-from"), ("desk-from", RELOAD, "desk-to"), ("desk-from", "desk-to")):
        _agree(problem, "spare", order)
