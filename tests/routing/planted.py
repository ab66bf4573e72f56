"""Mistakes to plant into a plan that is right, each of which breaks one rule and no other.

Either the plan tells a lie, or the problem becomes a little stricter than what the plan keeps. A mistake says by how
much the rule is broken, and makes nothing (None) of a plan that gives no room for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

import routing
from routing.model import Break, Pause, Reload, Shipment, Stock, WorkRule
from tests.routing import by_hand
from tests.routing.draws import Chance


@dataclass(frozen=True)
class Planted:
    """A problem and a plan with one mistake; `excess` is the most that a violation says, None when that may vary."""

    problem: routing.Problem
    plan: routing.Plan
    excess: int | None


@dataclass(frozen=True)
class Case:
    """A right plan, one of its tours, and one of the stops there."""

    problem: routing.Problem
    plan: routing.Plan
    chance: Chance
    at: int
    number: int

    @property
    def tour(self) -> routing.Tour:
        return self.plan.tours[self.at]

    @property
    def vehicle(self) -> routing.Vehicle:
        return self.problem.vehicle(self.tour.vehicle)

    @property
    def stop(self) -> routing.Stop:
        return self.tour.stops[self.number]

    @property
    def job(self) -> routing.Job:
        return self.problem.job(self.stop.job)

    @property
    def some(self) -> int:
        """A few, above or below zero."""
        return self.chance.choice((-40, -1, 1, 40))

    def leaves(self) -> int:
        """When the trip of the stop leaves the depot."""
        before = [reload for reload in self.tour.reloads if reload.before <= self.number]
        return max(before, key=lambda one: one.before).departure if before else self.tour.departure

    def lie(self, excess: int | None, **changes: Any) -> Planted:
        """The plan with other facts in the tour."""
        tours = list(self.plan.tours)
        tours[self.at] = replace(self.tour, **changes)
        return Planted(self.problem, replace(self.plan, tours=tuple(tours)), excess)

    def lie_at_stop(self, excess: int | None, **changes: Any) -> Planted:
        """The plan with other facts in the stop."""
        stops = list(self.tour.stops)
        stops[self.number] = replace(self.stop, **changes)
        return self.lie(excess, stops=tuple(stops))

    def lie_at_reload(self, excess: int | None, which: int, **changes: Any) -> Planted:
        """The plan with other facts in one of the tour's reloads."""
        reloads = list(self.tour.reloads)
        reloads[which] = replace(reloads[which], **changes)
        return self.lie(excess, reloads=tuple(reloads))

    def stricter(self, excess: int | None, **changes: Any) -> Planted:
        """The problem with other facts in it."""
        return Planted(replace(self.problem, **changes), self.plan, excess)

    def stricter_vehicle(self, excess: int | None, **changes: Any) -> Planted:
        """The problem with another vehicle for the tour."""
        return self.other_vehicle(self.vehicle.id, excess, **changes)

    def other_vehicle(self, name: str, excess: int | None, **changes: Any) -> Planted:
        """The problem with other facts for some vehicle."""
        vehicles = tuple(replace(one, **changes) if one.id == name else one for one in self.problem.vehicles)
        return self.stricter(excess, vehicles=vehicles)

    def with_jobs(self, changes: dict[str, dict[str, Any]]) -> routing.Problem:
        """The problem with other facts for some jobs."""

        def changed(job: routing.Job) -> routing.Job:
            return replace(job, **changes.get(job.id, {}))

        pairs = tuple(Shipment(p.id, changed(p.pickup), changed(p.delivery), p.price) for p in self.problem.shipments)
        return replace(self.problem, jobs=tuple(map(changed, self.problem.jobs)), shipments=pairs)

    def stricter_job(self, excess: int | None, **changes: Any) -> Planted:
        """The problem with another job at the stop."""
        return Planted(self.with_jobs({self.job.id: changes}), self.plan, excess)

    def is_half(self) -> bool:
        """Whether the stop serves half a shipment."""
        return self.job.id in by_hand.halves(self.problem)

    def is_locked(self, job: str) -> bool:
        """Whether some vehicle has the job for itself."""
        return any(job in (*vehicle.prefix, *vehicle.order) for vehicle in self.problem.vehicles)

    def idle_vehicle(self) -> routing.Vehicle | None:
        """A vehicle without a tour."""
        used = {tour.vehicle for tour in self.plan.tours}
        return next((vehicle for vehicle in self.problem.vehicles if vehicle.id not in used), None)


Mistake = Callable[[Case], Planted | None]
#: All of them: the rule that is broken, what the mistake is, and how it is made.
MISTAKES: list[tuple[str, str, Mistake]] = []


def _breaks(rule: str) -> Callable[[Mistake], Mistake]:
    def note(mistake: Mistake) -> Mistake:
        MISTAKES.append((rule, mistake.__name__.strip("_").replace("_", " "), mistake))
        return mistake

    return note


def cases(problem: routing.Problem, plan: routing.Plan, chance: Chance) -> Iterator[Case]:
    """The plan with every stop looked at in turn, in an order of chance."""
    spots = [(at, number) for at, tour in enumerate(plan.tours) for number in range(len(tour.stops))]
    for at, number in chance.sample(spots, len(spots)):
        yield Case(problem, plan, chance, at, number)


def judge(rule: str, made: Planted) -> None:
    """Fail unless the mistake is found as this rule, by as much as it says, and nothing else is found."""
    found = routing.violations(made.problem, made.plan)
    assert {violation.rule for violation in found} == {rule}, found
    worst = max((violation.excess for violation in found), key=abs)
    assert made.excess in (None, worst), found


# --- shape, names -----------------------------------------------------------------------------------------------------

ODD_FIGURES = (None, 1.5, math.nan, True, "7", [], (1,), np.int64(7), 2**63, -(2**70), object(), Ellipsis)
ODD_TEXTS = (None, 7, b"van", ["van"], object())


@_breaks("shape")
def _an_odd_figure_in_a_tour(case):
    names = ("departure", "arrival", "return_seconds", "return_metres", "metres", "driving_seconds")
    return case.lie(1, **{case.chance.choice(names): case.chance.choice(ODD_FIGURES)})


@_breaks("shape")
def _an_odd_figure_at_a_stop(case):
    names = ("arrival", "service_start", "departure", "drive_seconds", "drive_metres")
    return case.lie_at_stop(1, **{case.chance.choice(names): case.chance.choice(ODD_FIGURES)})


@_breaks("shape")
def _an_odd_load(case):
    return case.lie_at_stop(1, load=case.chance.choice((None, [1, 2], (1, 2.5), ("1",), 7, (None,), {1: 2})))


@_breaks("shape")
def _an_odd_pause(case):
    odd = case.chance.choice((None, "lunch", Pause(0, 1, None), Pause("0", 1, 2), Pause(0, 1, 2, None), (0, 1, 2)))
    return case.lie(1, pauses=(*case.tour.pauses, odd))


@_breaks("shape")
def _an_odd_reload(case):
    odd = case.chance.choice((None, 7, Reload(1, 2, 3, 4, 5, None), Reload(1.0, 2, 3, 4, 5, ())))
    return case.lie(1, reloads=(*case.tour.reloads, odd))


@_breaks("shape")
def _a_term_that_is_no_money(case):
    term = case.chance.choice(fields(routing.Costs)).name
    return case.lie(1, costs=replace(case.tour.costs, **{term: case.chance.choice(ODD_FIGURES)}))


@_breaks("shape")
def _a_plan_with_an_odd_value(case):
    name, odd = case.chance.choice((("costs", None), ("costs", 7), ("engine", None), ("seconds", "1"),
                                    ("seconds", math.nan), ("seconds", -1.0), ("seconds", True)))  # fmt: skip
    return Planted(case.problem, replace(case.plan, **{name: odd}), 1)


@_breaks("shape")
def _a_reason_that_is_none(case):
    if not case.plan.unassigned:
        return None
    first, *others = case.plan.unassigned
    odd = replace(first, reason=case.chance.choice((None, "too-dear", routing.Reason(7), routing.Reason("x", None))))
    return Planted(case.problem, replace(case.plan, unassigned=(odd, *others)), 1)


@_breaks("shape")
def _a_list_instead_of_a_tuple(case):
    name = case.chance.choice(("reloads", "pauses"))
    return case.lie(1, **{name: list(getattr(case.tour, name))})


def _left(case: Case, *more: str, drop: str = "") -> routing.Plan:
    entries = [one for one in case.plan.unassigned if one.job != drop]
    entries += [routing.Unassigned(one, routing.Reason("too-dear")) for one in more]
    return replace(case.plan, unassigned=tuple(entries))


@_breaks("job-once")
def _a_job_that_is_served_and_left_out(case):
    return Planted(case.problem, _left(case, case.job.id), 1)


@_breaks("job-once")
def _a_job_that_is_nowhere(case):
    if not case.plan.unassigned:
        return None
    return Planted(case.problem, _left(case, drop=case.plan.unassigned[0].job), -1)


@_breaks("unknown-job")
def _a_job_nobody_asked_for(case):
    return Planted(case.problem, _left(case, "ghost"), 1)


@_breaks("unknown-vehicle")
def _a_vehicle_nobody_has(case):
    return None if case.vehicle.prefix else case.lie(1, vehicle="ghost")


@_breaks("empty-tour")
def _a_tour_without_a_stop(case):
    idle = case.idle_vehicle()
    if idle is None or idle.prefix:
        return None
    empty = routing.Tour(idle.id, 0, 0, (), (), 0, 0, 0, 0, routing.Costs())
    return Planted(case.problem, replace(case.plan, tours=(*case.plan.tours, empty)), 1)


# --- who may come -----------------------------------------------------------------------------------------------------


@_breaks("allowed-vehicle")
def _a_job_that_does_not_allow_the_vehicle(case):
    others = frozenset(vehicle.id for vehicle in case.problem.vehicles) - {case.vehicle.id}
    return case.stricter_job(1, vehicles=others)


@_breaks("skill")
def _a_skill_the_vehicle_lacks(case):
    return case.stricter_job(1, skills=case.job.skills | {"flying"})


@_breaks("incompatible")
def _two_jobs_that_must_not_meet(case):
    other = case.chance.choice(case.tour.stops).job
    traits = {case.job.id: {"traits": frozenset({"acid"})}}
    traits[other] = {"traits": frozenset({"base"}) | (traits.get(other, {}).get("traits", frozenset()))}
    return Planted(replace(case.with_jobs(traits), incompatible=(("base", "acid"),)), case.plan, 1)


@_breaks("stock")
def _a_piece_too_few_at_the_depot(case):
    if case.is_half():
        return None
    stricter = case.with_jobs({case.job.id: {"goods": (*case.job.goods, ("gem", 3))}})
    lie = (*case.problem.stocks, Stock(case.vehicle.start, "gem", 2))
    return Planted(replace(stricter, stocks=lie), case.plan, 1)


@_breaks("stock")
def _pieces_that_lie_at_another_depot(case):
    if case.is_half():
        return None
    stricter = case.with_jobs({case.job.id: {"goods": (*case.job.goods, ("gem", 3))}})
    elsewhere = 1 if case.vehicle.start == 0 else 0
    return Planted(replace(stricter, stocks=(*case.problem.stocks, Stock(elsewhere, "gem", 99))), case.plan, 3)


@_breaks("stock")
def _stock_that_two_tours_share(case):
    if case.is_half():
        return None
    for other in case.plan.tours:
        last = other.stops[-1].job
        depot = case.problem.vehicle(other.vehicle).start
        if (
            other.vehicle != case.vehicle.id
            and depot == case.vehicle.start
            and last not in by_hand.halves(case.problem)
        ):
            goods = {one: {"goods": (*case.problem.job(one).goods, ("gem", 3))} for one in (case.job.id, last)}
            lie = (*case.problem.stocks, Stock(depot, "gem", 5))
            return Planted(replace(case.with_jobs(goods), stocks=lie), case.plan, 1)
    return None


# --- road and clock ---------------------------------------------------------------------------------------------------


def _legs(case: Case) -> list[tuple[str, int, int]]:
    """Every leg of the plan: profile, from, to."""
    found = []
    for tour in case.plan.tours:
        vehicle = case.problem.vehicle(tour.vehicle)
        order = [case.problem.by_id.get(one) for one in tour.order()]
        trail = [vehicle.start, *(vehicle.start if job is None else job.place for job in order)]
        trail += [] if vehicle.end is None else [vehicle.end]
        found += [(vehicle.profile, trail[n], trail[n + 1]) for n in range(len(trail) - 1)]
    return found


@_breaks("road")
def _a_road_that_is_gone(case):
    legs = _legs(case)
    once = [leg for leg in legs if legs.count(leg) == 1 and leg[1] != leg[2]]
    if not once:
        return None
    profile, origin, target = case.chance.choice(once)
    seconds = case.problem.matrices[profile].seconds.copy()
    seconds[origin, target] = routing.UNREACHABLE
    gone = routing.Matrix(seconds, case.problem.matrices[profile].metres)
    return case.stricter(1, matrices=dict(case.problem.matrices) | {profile: gone})


@_breaks("travel")
def _an_arrival_that_is_too_early(case):
    return case.lie_at_stop(-1, arrival=case.stop.arrival - 1)


@_breaks("travel")
def _a_drive_of_other_seconds(case):
    some = case.some
    return case.lie_at_stop(some, drive_seconds=case.stop.drive_seconds + some)


@_breaks("travel")
def _a_drive_of_other_metres(case):
    some = case.some
    return case.lie_at_stop(some, drive_metres=case.stop.drive_metres + some)


@_breaks("travel")
def _a_way_to_the_depot_that_is_another(case):
    if not case.tour.reloads:
        return None
    which, name = case.chance.randrange(len(case.tour.reloads)), case.chance.choice(("drive_seconds", "drive_metres"))
    return case.lie_at_reload(1, which, **{name: getattr(case.tour.reloads[which], name) + 1})


@_breaks("travel")
def _a_depot_reached_too_early(case):
    if not case.tour.reloads:
        return None
    which = case.chance.randrange(len(case.tour.reloads))
    return case.lie_at_reload(-1, which, arrival=case.tour.reloads[which].arrival - 1)


def _stands_there(case: Case) -> bool:
    """Whether no setup is due, because the vehicle is at the place already."""
    if case.number == 0 or any(reload.before == case.number for reload in case.tour.reloads):
        return False
    return case.problem.job(case.tour.stops[case.number - 1].job).place == case.job.place


@_breaks("setup")
def _a_setup_a_second_too_short(case):
    if _stands_there(case):
        return None
    at_the_door = [p for p in case.tour.pauses if p.before == case.number and p.start >= case.stop.arrival]
    slack = case.stop.service_start - case.stop.arrival - sum(p.end - p.start for p in at_the_door)
    return case.stricter_job(1, setup_seconds=slack + 1)


@_breaks("window")
def _a_window_that_opens_a_second_later(case):
    return case.stricter_job(1, windows=(routing.Window(case.stop.service_start + 1, 2**27),))


@_breaks("window")
def _a_window_that_closes_a_second_earlier(case):
    return case.stricter_job(1, windows=(routing.Window(-(2**27), case.stop.service_start - 1),))


@_breaks("window")
def _a_service_between_two_windows(case):
    begins = case.stop.service_start
    windows = (routing.Window(begins - 90, begins - 30), routing.Window(begins + 20, begins + 80))
    return case.stricter_job(20, windows=windows)


@_breaks("service")
def _a_departure_that_does_not_follow_the_service(case):
    some = case.some
    return case.lie_at_stop(some, departure=case.stop.departure + some)


@_breaks("shift")
def _a_shift_that_opens_a_second_later(case):
    shift = case.vehicle.shift
    if case.tour.departure + 1 > shift.closes:
        return None
    return case.stricter_vehicle(1, shift=replace(shift, opens=case.tour.departure + 1))


@_breaks("shift")
def _a_shift_that_closes_a_second_earlier(case):
    shift = case.vehicle.shift
    if case.tour.arrival - 1 < shift.opens:
        return None
    return case.stricter_vehicle(1, shift=replace(shift, closes=case.tour.arrival - 1))


@_breaks("return")
def _a_return_that_is_too_early(case):
    return case.lie(-1, arrival=case.tour.arrival - 1)


@_breaks("return")
def _a_last_leg_of_other_figures(case):
    name, some = case.chance.choice(("return_seconds", "return_metres")), case.some
    return case.lie(some, **{name: getattr(case.tour, name) + some})


@_breaks("max-seconds")
def _a_tour_a_second_too_long(case):
    away = case.tour.arrival - case.tour.departure
    return case.stricter_vehicle(1, max_seconds=away - 1) if away else None


# --- loads and limits -------------------------------------------------------------------------------------------------


def _other_load(case: Case, load: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    """The load with another amount in one dimension."""
    if not load:
        return None
    axis, some = case.chance.randrange(len(load)), case.some
    return (*load[:axis], load[axis] + some, *load[axis + 1 :]), some


@_breaks("load")
def _another_load_at_a_stop(case):
    other = _other_load(case, case.stop.load)
    return other and case.lie_at_stop(other[1], load=other[0])


@_breaks("load")
def _another_load_at_the_beginning(case):
    other = _other_load(case, case.tour.start_load)
    return other and case.lie(other[1], start_load=other[0])


@_breaks("load")
def _another_load_after_a_reload(case):
    if not case.tour.reloads:
        return None
    which = case.chance.randrange(len(case.tour.reloads))
    other = _other_load(case, case.tour.reloads[which].load)
    return other and case.lie_at_reload(other[1], which, load=other[0])


@_breaks("load")
def _a_load_of_one_dimension_more(case):
    return case.lie_at_stop(1, load=(*(case.stop.load or (0,) * len(case.problem.dimensions)), 0))


@_breaks("capacity")
def _room_for_one_less(case):
    loads = [case.tour.start_load, *(one.load for one in (*case.tour.stops, *case.tour.reloads))]
    peaks = [max(amounts) for amounts in zip(*loads, strict=True)]
    heavy = [axis for axis, peak in enumerate(peaks) if peak]
    if not heavy:
        return None
    axis = case.chance.choice(heavy)
    room = [peaks[n] - 1 if n == axis else amount for n, amount in enumerate(case.vehicle.capacity)]
    return case.stricter_vehicle(1, capacity=tuple(room))


@_breaks("capacity")
def _no_room_at_all(case):
    return case.stricter_vehicle(None, capacity=()) if any(case.tour.start_load) else None


@_breaks("max-stops")
def _a_stop_too_many(case):
    return case.stricter_vehicle(1, max_stops=len(case.tour.stops) - 1)


@_breaks("max-metres")
def _a_metre_too_many(case):
    return case.stricter_vehicle(1, max_metres=case.tour.metres - 1) if case.tour.metres else None


@_breaks("max-driving")
def _a_second_of_driving_too_many(case):
    driving = case.tour.driving_seconds
    return case.stricter_vehicle(1, max_driving_seconds=driving - 1) if driving else None


@_breaks("totals")
def _other_sums(case):
    name, some = case.chance.choice(("metres", "driving_seconds")), case.some
    return case.lie(some, **{name: getattr(case.tour, name) + some})


# --- trips, order -----------------------------------------------------------------------------------------------------


@_breaks("reload")
def _a_reload_a_second_too_short(case):
    """Only where nobody paused at the depot, whose pauses do not count."""
    if len(case.tour.reloads) == 0:
        return None
    stays = [reload.departure - reload.arrival for reload in case.tour.reloads]
    return case.stricter_vehicle(1, reload_seconds=min(stays) + 1)


@_breaks("reload")
def _a_reload_where_none_may_stand(case):
    before = case.chance.choice((0, len(case.tour.stops), -1, len(case.tour.stops) + 1))
    lie = case.lie(1, reloads=(*case.tour.reloads, Reload(before, 0, 0, 0, 0, case.tour.start_load)))
    roomier = case.stricter_vehicle(None, trips=max(case.vehicle.trips, len(case.tour.reloads) + 2))
    return Planted(roomier.problem, lie.plan, 1)


@_breaks("reload")
def _two_reloads_in_a_row(case):
    if not case.tour.reloads:
        return None
    lie = case.lie(1, reloads=(*case.tour.reloads, case.tour.reloads[-1]))
    roomier = case.stricter_vehicle(None, trips=max(case.vehicle.trips, len(case.tour.reloads) + 2))
    return Planted(roomier.problem, lie.plan, 1)


@_breaks("trips")
def _a_trip_too_many(case):
    return case.stricter_vehicle(1, trips=len(case.tour.reloads)) if case.tour.reloads else None


@_breaks("release")
def _a_trip_that_leaves_a_second_before_the_release(case):
    return None if case.is_half() else case.stricter_job(1, release=case.leaves() + 1)


@_breaks("deliveries-first")
def _a_collection_before_a_delivery(case):
    plain = [
        [case.problem.job(one) for one in trip if one not in by_hand.halves(case.problem)]
        for trip in by_hand.trips(case.tour.order())
    ]
    for jobs in plain:
        taken = [n for n, job in enumerate(jobs) if any(job.pickup)]
        given = [n for n, job in enumerate(jobs) if any(job.delivery)]
        if taken and given and min(taken) < max(given):
            return case.stricter_vehicle(1, deliveries_first=True)
    return None


@_breaks("lock")
def _another_job_that_should_come_first(case):
    if case.vehicle.prefix or case.number == 0 or case.is_locked(case.job.id):
        return None
    return case.stricter_vehicle(1, prefix=(case.job.id,))


@_breaks("lock")
def _a_prefix_of_a_job_that_is_left_out(case):
    idle = case.idle_vehicle()
    if idle is None or idle.prefix or not case.plan.unassigned or case.is_locked(case.plan.unassigned[0].job):
        return None
    return case.other_vehicle(idle.id, 1, prefix=(case.plan.unassigned[0].job,))


@_breaks("lock")
def _a_reload_within_the_prefix(case):
    served = tuple(stop.job for stop in case.tour.stops)
    begun = served[: case.number + 1]
    inside = [reload for reload in case.tour.reloads if reload.before <= case.number]
    others = [vehicle for vehicle in case.problem.vehicles if vehicle.id != case.vehicle.id]
    if len(inside) != 1 or any(set(begun) & {*other.prefix, *other.order} for other in others):
        return None
    return case.stricter_vehicle(1, prefix=begun, order=())


@_breaks("lock")
def _two_jobs_in_the_wrong_order(case):
    before = [stop.job for stop in case.tour.stops[: case.number]]
    if not before or any(map(case.is_locked, (before[-1], case.job.id))) or case.vehicle.order:
        return None
    return case.stricter_vehicle(1, order=(case.job.id, before[-1]))


@_breaks("lock")
def _a_job_that_is_another_vehicles(case):
    others = [vehicle for vehicle in case.problem.vehicles if vehicle.id != case.vehicle.id]
    if not others or case.is_locked(case.job.id):
        return None
    other = case.chance.choice(others)
    return case.other_vehicle(other.id, 1, order=(*other.order, case.job.id))


# --- pauses -----------------------------------------------------------------------------------------------------------


def _one_break_more(case: Case, window: routing.Window, *, always: bool) -> Planted:
    siesta = Break("siesta", window, 77, always)
    breaks = sorted((*case.vehicle.breaks, siesta), key=lambda one: one.window.opens)
    return case.stricter_vehicle(77, breaks=tuple(breaks))


@_breaks("break")
def _a_break_that_is_always_held_but_not_here(case):
    moment = case.chance.choice((case.tour.departure - 9, case.tour.arrival + 9))
    return _one_break_more(case, routing.Window(moment, moment), always=True)


@_breaks("break")
def _a_break_left_out_of_a_tour_that_goes_on_a_second_longer(case):
    closes = case.tour.arrival - 1
    if closes < case.tour.departure:
        return None
    return _one_break_more(case, routing.Window(closes, closes), always=False)


@_breaks("break")
def _a_break_left_out_of_a_tour_that_leaves_as_it_closes(case):
    leaves = case.tour.departure
    return None if leaves == case.tour.arrival else _one_break_more(case, routing.Window(leaves, leaves), always=False)


def _held(case: Case) -> Pause | None:
    return next((pause for pause in case.tour.pauses if pause.name), None)


def _other_break(case: Case, excess: int, name: str, **changes: Any) -> Planted | None:
    breaks = [replace(one, **changes) if one.id == name else one for one in case.vehicle.breaks]
    return case.stricter_vehicle(excess, breaks=tuple(sorted(breaks, key=lambda one: one.window.opens)))


@_breaks("break")
def _a_break_begun_a_second_too_early(case):
    held = _held(case)
    return held and _other_break(case, 1, held.name, window=routing.Window(held.start + 1, held.start + 9))


@_breaks("break")
def _a_break_begun_a_second_too_late(case):
    held = _held(case)
    return held and _other_break(case, 1, held.name, window=routing.Window(held.start - 9, held.start - 1))


@_breaks("break")
def _a_break_of_other_seconds(case):
    held = _held(case)
    return held and _other_break(case, -5, held.name, seconds=held.end - held.start + 5)


@_breaks("break")
def _a_break_nobody_has(case):
    held = _held(case)
    # At home a pause may need this very break.
    if held is None or any(pause.before == len(case.tour.stops) for pause in case.tour.pauses):
        return None
    breaks = tuple(one for one in case.vehicle.breaks if one.id != held.name)
    return case.stricter_vehicle(held.end - held.start, breaks=breaks)


@_breaks("work-rule")
def _a_stretch_a_second_too_long(case):
    if case.vehicle.rule is None:
        return None
    stretches, began = [], case.tour.departure
    for pause in sorted(case.tour.pauses, key=lambda one: one.start):
        if pause.end - pause.start >= case.vehicle.rule.break_seconds:
            stretches.append(pause.start - began)
            began = pause.end
    longest = max(*stretches, case.tour.arrival - began, 0)
    return case.stricter_vehicle(1, rule=replace(case.vehicle.rule, work_seconds=longest - 1)) if longest > 1 else None


@_breaks("work-rule")
def _a_first_rule_for_a_day_without_rests(case):
    away = case.tour.arrival - case.tour.departure
    if away < 2 or any(not pause.name for pause in case.tour.pauses):
        return None
    return case.stricter_vehicle(1, rule=WorkRule(away - 1, 2**20))


@_breaks("pause")
def _a_pause_that_no_rule_asks_for(case):
    nameless = [pause.end - pause.start for pause in case.tour.pauses if not pause.name]
    return case.stricter_vehicle(max(nameless), rule=None) if nameless else None


@_breaks("pause")
def _a_pause_of_no_time(case):
    return case.lie(None, pauses=(*case.tour.pauses, Pause(case.number, case.stop.arrival, case.stop.arrival)))


@_breaks("pause")
def _a_pause_of_less_than_no_time(case):
    return case.lie(None, pauses=(*case.tour.pauses, Pause(case.number, case.stop.arrival, case.stop.arrival - 9)))


# --- money ------------------------------------------------------------------------------------------------------------


@_breaks("costs")
def _another_term_of_a_tour(case):
    term, some = case.chance.choice(fields(routing.Costs)).name, case.some
    return case.lie(some, costs=replace(case.tour.costs, **{term: getattr(case.tour.costs, term) + some}))


@_breaks("costs")
def _another_term_of_the_plan(case):
    term, some = case.chance.choice(fields(routing.Costs)).name, case.some
    costs = replace(case.plan.costs, **{term: getattr(case.plan.costs, term) + some})
    return Planted(case.problem, replace(case.plan, costs=costs), some)


@_breaks("costs")
def _a_term_hidden_in_another(case):
    """The total is true, its parts are not."""
    costs = case.tour.costs
    if not costs.time:
        return None
    return case.lie(None, costs=replace(costs, time=0, delay=costs.delay + costs.time))
