"""What an order becomes when it is timed, against the timing by hand and the judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import routing
from routing.model import RELOAD, Break, Period, Shipment, WorkRule
from tests.routing import by_hand, by_hand_judge, draws, full_day, planted
from tests.strategies import FEATURES, good_plans, problems

#: Where the earliest walk, moved back by its slack, is the best there is: docs/reference/routing-model.md says why the
#: others are not among them.
EXACT = tuple(set(FEATURES) - {"breaks", "work rule", "periods", "due", "previous"})


@given(problem=problems(features=FEATURES, roomy=None), seed=st.integers(0, 2**32))
@settings(max_examples=300)
def test_a_tour_that_is_timed_breaks_no_rule(problem, seed):
    for chosen in draws.any_tours(problem, seed):
        tour = routing.schedule(problem, problem.vehicle(chosen.vehicle), chosen.order)
        if isinstance(tour, routing.Tour):
            assert _of_its_own(problem, tour) == set()
            assert tour.order() == chosen.order


@given(data=st.data())
@settings(max_examples=200)
def test_what_can_be_driven_by_hand_is_timed_and_not_dearer(data):
    problem = _with_one_window_each(data.draw(problems(features=EXACT, roomy=True)))
    plan = data.draw(good_plans(problem))
    assume(plan is not None and plan.tours)

    for tour in plan.tours:
        timed = routing.schedule(problem, problem.vehicle(tour.vehicle), tour.order())

        assert isinstance(timed, routing.Tour), timed
        assert timed.costs.total <= tour.costs.total


@given(
    problem=problems(features=("delay", "overtime", "open ends", "max seconds"), roomy=True), seed=st.integers(0, 2**32)
)
@settings(max_examples=100)
def test_no_other_departure_is_cheaper(problem, seed):
    problem = _with_one_window_each(problem)
    plan = draws.good_plan(problem, seed)
    assume(plan is not None and plan.tours)

    for vehicle, order in plan.orders().items():
        timed = routing.schedule(problem, problem.vehicle(vehicle), order)
        opens = problem.vehicle(vehicle).shift.opens
        moments = {*range(opens, timed.stops[0].service_start + 1, 97), timed.departure - 1, timed.departure + 1}
        others = [by_hand.timed(problem, by_hand.Chosen(vehicle, order, moment)) for moment in moments]
        others = [other for other in others if not by_hand_judge.broken_by_tour(problem, other)]

        assert [other for other in others if other.costs.total < timed.costs.total] == []


#: What no other timing of the same order mends, and what `schedule` calls it.
HOPELESS = {
    "allowed-vehicle": "vehicle", "skill": "skill", "incompatible": "incompatible", "stock": "stock", "road": "road",
    "capacity": "load", "max-stops": "max-stops", "max-metres": "max-metres", "trips": "trips", "lock": "lock",
    "deliveries-first": "deliveries-first",
}  # fmt: skip


def _of_its_own(problem, tour):
    """The rules that a tour breaks by itself."""
    found = routing.violations(problem, by_hand.of_tours(problem, [tour]))
    return {one.rule for one in found if one.vehicle == tour.vehicle or one.rule == "stock"}


def _timed_more_strictly(case, made):
    """Time the order of the tour in the stricter problem: what comes of it keeps every rule, or the rule is named."""
    timed = routing.schedule(made.problem, made.problem.vehicle(case.tour.vehicle), case.tour.order())
    hopeless = {HOPELESS[rule] for rule in _of_its_own(made.problem, case.tour) if rule in HOPELESS}
    if isinstance(timed, routing.Tour):
        assert hopeless == set(), timed
        assert _of_its_own(made.problem, timed) == set()
    elif hopeless:
        assert timed.rule in hopeless


STRICTER = [pytest.param(rule, mistake, id=f"{rule}: {name}") for rule, name, mistake in planted.MISTAKES]


def _with_longer_stretches(problem):
    """A rest and the lunch need not share an hour, which is more than timing an order looks for."""
    return replace(
        problem, vehicles=tuple(replace(one, rule=one.rule and WorkRule(7_000, 900)) for one in problem.vehicles)
    )


@pytest.mark.parametrize(("rule", "mistake"), STRICTER)
def test_a_stricter_day_is_timed_otherwise_or_its_rule_is_named(rule, mistake):
    problem = _with_longer_stretches(full_day.a_problem())
    tours = [routing.schedule(problem, problem.vehicle(one.vehicle), one.order) for one in full_day.the_choices()]
    plan = by_hand.of_tours(problem, tours)

    for case in planted.cases(problem, plan, draws.Chance(rule)):
        made = mistake(case)
        if made is not None and made.plan == plan and rule != "shape":
            _timed_more_strictly(case, made)


@given(problem=problems(features=FEATURES, roomy=True), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_any_stricter_problem_is_timed_otherwise_or_its_rule_is_named(problem, seed):
    good = draws.good_plan(problem, seed)
    orders = good.orders() if good else {}
    tours = [routing.schedule(problem, problem.vehicle(one), order) for one, order in orders.items()]
    tours = [tour for tour in tours if isinstance(tour, routing.Tour)]
    plan = by_hand.of_tours(problem, tours)

    for rule, _, mistake in planted.MISTAKES:
        for case in planted.cases(problem, plan, draws.Chance(seed)):
            made = mistake(case) if rule != "shape" else None
            if made is not None and made.plan == plan:
                _timed_more_strictly(case, made)
                break


def _with_one_window_each(problem):
    def once(job):
        return replace(job, windows=job.windows[:1])

    pairs = tuple(Shipment(one.id, once(one.pickup), once(one.delivery), one.price) for one in problem.shipments)
    return replace(problem, jobs=tuple(map(once, problem.jobs)), shipments=pairs)


def test_an_order_may_be_told_by_jobs_or_by_their_ids():
    problem = full_day.a_problem()
    cart = problem.vehicle("cart")

    by_id, by_job = (routing.schedule(problem, cart, order) for order in (["letter"], [problem.job("letter")]))

    assert isinstance(by_id, routing.Tour)
    assert by_id == by_job


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (("desk-to", "desk-from"), "pair"),
        (("desk-from",), "pair"),
        (("desk-to",), "pair"),
        (("desk-from", RELOAD, "desk-to"), "pair"),
        ((RELOAD, "old"), "reload"),
        (("old", RELOAD), "reload"),
        (("old", RELOAD, RELOAD, "twin"), "reload"),
        (("old", RELOAD, "twin", RELOAD, "late", RELOAD, "swap"), "trips"),
        (("old", "twin"), "deliveries-first"),
        (("old", "swap"), "deliveries-first"),
        (("swap", "twin"), "deliveries-first"),
    ],
)
def test_an_order_that_is_none_is_told_by_its_rule(order, rule):
    problem = full_day.a_problem()
    spare = replace(problem.vehicle("spare"), trips=3, deliveries_first=True)

    assert routing.schedule(replace(problem, vehicles=(*problem.vehicles[:3], spare)), spare, order).rule == rule


# --- one door, ten minutes away ---------------------------------------------------------------------------------------


def _a_door(*, release=None, second=False, **facts):
    """A van, one door or two at the same place, no wish to come early or late."""
    seconds = np.array([[0, 600], [600, 0]])
    jobs = tuple(
        routing.Job(id=name, place=1, kind="delivery", windows=(routing.Window(-9_000, 90_000),), service_seconds=60,
                    release=release)
        for name in ("door", "next")[: 1 + second]
    )  # fmt: skip
    van = routing.Vehicle(id="van", profile="car", start=0, end=0, shift=routing.Window(-3_600, 90_000), **facts)
    return routing.Problem({"car": routing.Matrix(seconds, seconds)}, jobs, (van,), dimensions=())


def _timed(problem, *order):
    return routing.schedule(problem, problem.vehicles[0], order or [job.id for job in problem.jobs])


def test_no_trip_leaves_before_a_release_at_the_very_zero():
    assert _timed(_a_door(release=0)).departure >= 0


@pytest.mark.parametrize(("price", "leaves"), [(6, 0), (4, 5_340)])
def test_a_van_leaves_later_while_a_second_saved_is_worth_what_both_who_wait_lose(price, leaves):
    problem = _a_door(second=True, second_cost=10)
    first, second = (replace(job, windows=(routing.Window(600, 90_000),), second_price=price) for job in problem.jobs)
    last = replace(first, id="last", windows=(routing.Window(6_060, 90_000),), second_price=0)
    problem = replace(problem, jobs=(first, second, last))

    tour = _timed(problem)

    assert tour.departure == leaves


def test_a_leg_takes_the_pace_of_the_very_second_it_begins():
    problem = replace(_a_door(), periods=(Period(-3_600, 200), Period(-2_340, 300)))

    tour = _timed(problem)

    assert (tour.stops[0].departure, tour.stops[0].drive_seconds, tour.return_seconds) == (-2_340, 1_200, 1_800)


def test_no_reload_stands_between_the_jobs_of_a_prefix():
    problem = _a_door(second=True, trips=2, prefix=("door", "next"))

    told = _timed(problem, "door", RELOAD, "next")

    assert (told.rule, told.job) == ("lock", "next")


def test_a_break_that_must_be_held_is_waited_for_behind_one_that_need_not():
    maybe = Break("maybe", routing.Window(-3_000, 5_000), 60)
    must = Break("must", routing.Window(4_000, 5_000), 300, always=True)

    tour = _timed(_a_door(breaks=(maybe, must)))

    assert [(pause.name, pause.start, pause.before) for pause in tour.pauses] == [("must", 4_000, 1)]
    assert tour.arrival == 4_300


def test_a_stretch_before_a_late_break_is_parted_by_a_rest():
    must = Break("must", routing.Window(6_000, 6_000), 900, always=True)

    tour = _timed(_a_door(breaks=(must,), rule=WorkRule(work_seconds=5_000, break_seconds=600)))

    assert [pause.name for pause in tour.pauses] == ["", "must"]


def test_a_rest_that_pushes_the_return_behind_a_break_makes_it_due():
    maybe = Break("maybe", routing.Window(-3_600, -2_400), 60)

    problem = _a_door(breaks=(maybe,), rule=WorkRule(work_seconds=1_200, break_seconds=600))

    tour = _timed(problem)

    assert routing.violations(problem, by_hand.of_tours(problem, [tour])) == ()
