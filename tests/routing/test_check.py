"""The judge finds nothing wrong with a plan that is right, and of each mistake the one rule that it breaks."""

from __future__ import annotations

import ast
import inspect
import random
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import routing
from routing.model import Break, Pause, Period, Reload
from tests.conftest import CHECKOUT
from tests.routing import by_hand, full_day, planted
from tests.routing.draws import Chance

PAGE = CHECKOUT / "docs" / "reference" / "routing-model.md"


def _rules(problem, plan):
    return {violation.rule for violation in routing.violations(problem, plan)}


def _full_day():
    problem = full_day.a_problem()
    return problem, full_day.a_plan(problem)


# --- right plans ------------------------------------------------------------------------------------------------------


def test_a_day_with_everything_in_it_has_no_violation():
    problem, plan = _full_day()

    assert routing.violations(problem, plan) == ()


def test_an_idle_day_has_no_violation():
    problem = replace(full_day.a_problem(), jobs=(), shipments=(), vehicles=(), previous=None)

    assert routing.violations(problem, by_hand.of_tours(problem, ())) == ()


# --- planted mistakes -------------------------------------------------------------------------------------------------

MISTAKES = [pytest.param(rule, mistake, id=f"{rule}: {name}") for rule, name, mistake in planted.MISTAKES]


@pytest.mark.parametrize(("rule", "mistake"), MISTAKES)
def test_a_mistake_in_a_full_day_is_found_as_the_rule_it_breaks(rule, mistake):
    problem, plan = _full_day()
    chance = Chance(rule)

    made = [one for case in planted.cases(problem, plan, chance) if (one := mistake(case))]

    assert made, "the full day gives no room for this mistake"
    for one in made:
        planted.judge(rule, one)


def _driven(**orders):
    """The full day with other orders for some vehicles; the times follow from them."""
    problem = full_day.a_problem()
    return [replace(one, order=orders.get(one.vehicle, one.order)) for one in full_day.the_choices()], problem


VAN, BIKE, _ = (chosen.order for chosen in full_day.the_choices())


def _without(order, *ids):
    return tuple(one for one in order if one not in ids)


DECISIONS = {
    "a delivery before its pickup": ("pair", {"bike": ("paint", "desk-to", "desk-from", "old")}),
    "a delivery in the next trip": (
        "pair", {"van": (*_without(VAN, "chairs-to")[:6], "chairs-to", *_without(VAN, "chairs-to")[6:])}),
    "a delivery by another vehicle": ("pair", {"van": _without(VAN, "chairs-to"), "bike": (*BIKE, "chairs-to")}),
    "half a shipment": ("job-once", {"bike": _without(BIKE, "desk-to")}),
    "the other half of a shipment": ("job-once", {"bike": _without(BIKE, "desk-from")}),
    "a reload between what is begun": ("lock", {"van": ("near", "begun", *VAN[2:])}),
    "what is begun left out": ("lock", {"van": _without(VAN, "begun")}),
}  # fmt: skip


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_wrong_decision_is_found_as_the_rule_it_breaks(decision):
    rule, orders = DECISIONS[decision]
    choices, problem = _driven(**orders)

    plan = by_hand.plan(problem, choices)

    assert _rules(problem, plan) == {rule}


def test_two_tours_of_one_vehicle_are_found():
    choices, problem = _driven(van=VAN[:-2])
    plan = by_hand.plan(problem, [*choices, by_hand.Chosen("cart", ("kit",), departure=7_000)])

    found = routing.violations(problem, plan)

    assert [(one.rule, one.vehicle, one.excess) for one in found] == [("vehicle-once", "cart", 1)]


def _door(problem, plan):
    """The pause while the van waits for the window of `back`: from 3,600 to 4,500, the service begins at 5,000."""
    return next(pause for pause in plan.tours[0].pauses if pause.before == 4)


def _with_pauses(plan, *, instead=None, by=(), more=()):
    pauses = [one for one in plan.tours[0].pauses if one != instead]
    return replace(plan, tours=(replace(plan.tours[0], pauses=(*pauses, *by, *more)), *plan.tours[1:]))


def _late_at_the_door(problem, plan):
    door = _door(problem, plan)
    return _with_pauses(plan, instead=door, by=[replace(door, start=4_101, end=5_001)]), 1


def _before_no_stop(problem, plan):
    door = _door(problem, plan)
    return _with_pauses(plan, instead=door, by=[replace(door, before=-1)]), 900


def _behind_the_last_stop(problem, plan):
    door = _door(problem, plan)
    return _with_pauses(plan, instead=door, by=[replace(door, before=99)]), 900


def _two_at_once(problem, plan):
    return _with_pauses(plan, more=[Pause(4, 4_000, 4_950)]), 500


def _into_a_service(problem, plan):
    way = next(one for one in plan.tours[0].pauses if one.before == 7)
    early = plan.tours[0].stops[6].departure - 1
    return _with_pauses(plan, instead=way, by=[replace(way, start=early, end=early + way.end - way.start)]), 1


def _beyond_the_reload(problem, plan):
    lunch = next(one for one in plan.tours[0].pauses if one.name == "lunch")
    leaves = plan.tours[0].reloads[0].departure
    return _with_pauses(plan, instead=lunch, by=[replace(lunch, start=leaves - 1_799, end=leaves + 1)]), 1


def _behind_the_door_of_home(problem, plan):
    home = plan.tours[0].arrival
    return _with_pauses(plan, more=[Pause(len(plan.tours[0].stops), home + 1, home + 1_001)]), 1_001


MISPLACED = (
    _late_at_the_door, _before_no_stop, _behind_the_last_stop, _two_at_once, _into_a_service, _beyond_the_reload,
    _behind_the_door_of_home,
)  # fmt: skip


@pytest.mark.parametrize("misplace", MISPLACED)
def test_a_pause_out_of_its_place_is_found(misplace):
    problem, plan = _full_day()

    wrong, excess = misplace(problem, plan)

    found = routing.violations(problem, wrong)
    assert [(one.rule, one.excess) for one in found] == [("pause", excess)]


def test_a_vehicle_with_an_open_end_has_no_pause_after_its_last_door():
    problem, plan = _full_day()
    bike = plan.tours[1]
    bike = replace(bike, pauses=(*bike.pauses, Pause(4, bike.arrival, bike.arrival + 100, "early")))

    found = routing.violations(problem, replace(plan, tours=(plan.tours[0], bike, plan.tours[2])))

    assert {(one.rule, one.what) for one in found} == {("pause", "early"), ("break", "early")}


@pytest.mark.parametrize("at", [0, 1], ids=["at home", "where an open tour ends"])
@pytest.mark.parametrize(("always", "rules"), [(True, set()), (False, {"pause", "return"})])
def test_only_a_break_that_must_be_held_may_be_waited_for_when_the_last_drive_is_over(at, always, rules):
    problem, plan = _full_day()
    chosen, vehicle = full_day.the_choices()[at], problem.vehicles[at]
    late = plan.tours[at].arrival + 500
    breaks = (*vehicle.breaks[: 2 if at else 1], Break("late", routing.Window(late, late), 60, always=True))
    vehicles = list(problem.vehicles)
    vehicles[at] = replace(vehicle, breaks=breaks)
    problem = replace(problem, vehicles=tuple(vehicles))
    tour = by_hand.timed(problem, replace(chosen, wishes=(*chosen.wishes, by_hand.Wish(late, 60, "late"))))
    assert tour.arrival == late + 60
    plan = by_hand.of_tours(problem, [*plan.tours[:at], tour, *plan.tours[at + 1 :]])

    vehicles[at] = replace(vehicle, breaks=(*breaks[:-1], replace(breaks[-1], always=always)))
    found = _rules(replace(problem, vehicles=tuple(vehicles)), plan)

    assert found - {"costs"} == rules


# --- where two readings are possible ----------------------------------------------------------------------------------


def test_a_pause_at_the_last_yard_may_be_told_on_the_road_or_at_the_door():
    problem, plan = _full_day()
    bike = plan.tours[1]
    lunch = bike.pauses[0]
    stop = bike.stops[2]
    behind = replace(lunch, start=stop.arrival - 600, end=stop.arrival)
    plan = replace(plan, tours=(plan.tours[0], replace(bike, pauses=(behind,)), plan.tours[2]))
    at_the_door = replace(stop, arrival=stop.arrival - 600)
    told_otherwise = replace(bike, pauses=(behind,), stops=(*bike.stops[:2], at_the_door, bike.stops[3]))

    assert routing.violations(problem, plan) == ()
    assert routing.violations(problem, replace(plan, tours=(plan.tours[0], told_otherwise, plan.tours[2]))) == ()


def test_a_break_may_be_left_out_of_a_tour_that_is_back_as_it_closes():
    problem, plan = _full_day()
    van = problem.vehicles[0]
    evening = Break("evening", routing.Window(1, plan.tours[0].arrival), 60)
    morning = Break("morning", routing.Window(-999, plan.tours[0].departure - 1), 60)
    breaks = tuple(sorted((*van.breaks, evening, morning), key=lambda one: one.window.opens))

    problem = replace(problem, vehicles=(replace(van, breaks=breaks), *problem.vehicles[1:]))

    assert routing.violations(problem, plan) == ()


@pytest.mark.parametrize(("begins", "slower"), [(-501, True), (-500, True), (-499, False)])
def test_a_leg_takes_the_pace_of_the_period_in_which_the_vehicle_leaves(begins, slower):
    problem, plan = _full_day()
    problem = replace(problem, periods=(Period(begins, 111), Period(-300, 110), *problem.periods[1:]))

    found = routing.violations(problem, plan)

    first = [one for one in found if one.job == "begun" and one.rule == "travel"]
    assert {(one.what, one.excess) for one in first} == (
        {("drive_seconds", -18), ("arrival", -18)} if slower else set()
    )


def test_a_broken_pair_is_named_once_and_its_load_is_never_negative():
    choices, problem = _driven(bike=("paint", "desk-to", "desk-from", "old"))

    plan = by_hand.plan(problem, choices)

    assert plan.tours[1].stops[1].load == (0, 0)
    assert [one.rule for one in routing.violations(problem, plan)] == ["pair"]


def test_one_lie_about_a_service_taints_nothing_that_comes_after():
    problem, plan = _full_day()
    van = plan.tours[0]
    stops = [replace(stop, departure=stop.departure + 1_000) if n == 2 else stop for n, stop in enumerate(van.stops)]

    found = routing.violations(problem, replace(plan, tours=(replace(van, stops=tuple(stops)), *plan.tours[1:])))

    assert [(one.rule, one.job, one.excess) for one in found] == [("service", "chairs-from", 1_000)]


# --- odd plans --------------------------------------------------------------------------------------------------------

ODD = (
    None, 0, -1, 7, 2**70, -(2**70), 1.5, float("nan"), float("inf"), True, "", "ghost", "van", "begun", b"x", (), [],
    {}, (None,), ((),), ("begun",), object(), Ellipsis, int, routing.Costs(), Pause(0, 0, 0), Reload(1, 0, 0, 0, 0, ()),
)  # fmt: skip


def _values(value, path=()):
    """Paths of everything in a plan."""
    if hasattr(type(value), "__dataclass_fields__"):
        for field in fields(value):
            yield (*path, field.name)
            yield from _values(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield (*path, number)
            yield from _values(one, (*path, number))


def _put(value, path, odd):
    if not path:
        return odd
    first, rest = path[0], path[1:]
    if isinstance(value, tuple):
        return (*value[:first], _put(value[first], rest, odd), *value[first + 1 :])
    return replace(value, **{first: _put(getattr(value, first), rest, odd)})


def test_no_odd_value_anywhere_makes_the_judge_fall_or_passes_it():
    problem, plan = _full_day()
    paths = list(_values(plan))
    assert len(paths) > 250
    passed, chance = [], random.Random(1)

    for path in paths:
        for odd in chance.sample(ODD, 9):
            wrong = _put(plan, path, odd)
            if wrong == plan or path[-1] in ("engine", "seconds", "code", "facts") or path[-2:] == ("reason",):
                assert all(str(one) for one in routing.violations(problem, wrong))
            elif not routing.violations(problem, wrong):
                passed.append((path, odd))

    # An amount of nothing may be told by no amounts at all.
    assert [one for one in passed if one[1] != () or one[0][-1] not in ("load", "start_load")] == []


@pytest.mark.parametrize("plan", [None, 7, "plan", (), object(), routing.Costs()])
def test_what_is_no_plan_is_said_to_be_none(plan):
    assert "shape" in _rules(full_day.a_problem(), plan)


@given(data=st.data())
@settings(max_examples=60)
def test_several_odd_values_at_once_are_named(data):
    problem, plan = _full_day()
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(3):
        path = chance.choice(list(_values(plan)))
        plan = _put(plan, path, chance.choice(ODD))

    for violation in routing.violations(problem, plan):
        assert violation.rule in routing.RULES
        assert str(violation)


# --- the judge itself -------------------------------------------------------------------------------------------------


def test_every_rule_has_a_mistake_that_it_and_no_other_catches():
    decided = {rule for rule, _ in DECISIONS.values()}

    assert {rule for rule, _, _ in planted.MISTAKES} | decided | {"vehicle-once"} == set(routing.RULES)


def test_the_page_has_a_row_for_every_rule_and_the_judge_a_rule_for_every_row():
    table = PAGE.read_text().split("| rule | what must hold |")[1].split("\n\n")[0]
    named = [
        rule for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for rule in re.findall(r"`(.+?)`", row)
    ]

    assert named == list(routing.RULES)


def test_the_page_has_a_row_for_every_term_of_the_costs():
    table = PAGE.read_text().split("| term | is |")[1].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [term.name for term in fields(routing.Costs)]


def test_the_judge_shares_no_arithmetic_with_those_it_judges():
    from routing import check

    folder = Path(inspect.getfile(check)).parent
    inside = {file.stem for file in folder.glob("*.py")}
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"math"}, file
            elif isinstance(node, ast.ImportFrom) and node.level == 1:
                assert node.module is None or node.module in inside, file
            elif isinstance(node, ast.ImportFrom) and node.level == 2:
                assert node.module == "model", file
            elif isinstance(node, ast.ImportFrom):
                assert node.module.partition(".")[0] in ("__future__", "bisect", "collections", "dataclasses",
                                                         "itertools", "typing"), file  # fmt: skip
