"""Which rules the decisions of a plan break, told as naively as the plan was timed.

Only for plans of `by_hand.plan`: what such a plan cannot have wrong (sums, legs, loads) is not looked at. One function
for each rule; each reads the whole tour again.
"""

from __future__ import annotations

from collections.abc import Callable

import routing
from routing.model import RELOAD
from tests.routing import by_hand


def broken(problem: routing.Problem, plan: routing.Plan) -> set[str]:
    """The rules that the plan's decisions break."""
    found = {rule for rule, is_broken in OF_A_TOUR.items() for tour in plan.tours if is_broken(problem, tour)}
    return found | {rule for rule, is_broken in OF_A_PLAN.items() if is_broken(problem, plan)}


def broken_by_tour(problem: routing.Problem, tour: routing.Tour) -> set[str]:
    """The rules that one tour breaks."""
    return {rule for rule, is_broken in OF_A_TOUR.items() if is_broken(problem, tour)}


def _jobs(problem: routing.Problem, tour: routing.Tour) -> list[routing.Job]:
    return [problem.job(stop.job) for stop in tour.stops]


def _allowed_vehicle(problem: routing.Problem, tour: routing.Tour) -> bool:
    return any(job.vehicles is not None and tour.vehicle not in job.vehicles for job in _jobs(problem, tour))


def _skill(problem: routing.Problem, tour: routing.Tour) -> bool:
    has = problem.vehicle(tour.vehicle).skills
    return any(skill not in has for job in _jobs(problem, tour) for skill in job.skills)


def _road(problem: routing.Problem, tour: routing.Tour) -> bool:
    vehicle = problem.vehicle(tour.vehicle)
    trail = [vehicle.start]
    for one in tour.order():
        trail.append(vehicle.start if one == RELOAD else problem.job(one).place)
    if vehicle.end is not None:
        trail.append(vehicle.end)
    matrix = problem.matrices[vehicle.profile]
    return not all(matrix.reaches(trail[n], trail[n + 1]) for n in range(len(trail) - 1))


def _window(problem: routing.Problem, tour: routing.Tour) -> bool:
    for stop in tour.stops:
        windows = problem.job(stop.job).windows
        if not [window for window in windows if window.opens <= stop.service_start <= window.closes]:
            return True
    return False


def _shift(problem: routing.Problem, tour: routing.Tour) -> bool:
    shift = problem.vehicle(tour.vehicle).shift
    return not shift.opens <= tour.departure <= tour.arrival <= shift.closes


def _over(limit: str, amount: Callable[[routing.Tour], int]) -> Callable[[routing.Problem, routing.Tour], bool]:
    def is_broken(problem: routing.Problem, tour: routing.Tour) -> bool:
        most = getattr(problem.vehicle(tour.vehicle), limit)
        return most is not None and amount(tour) > most

    return is_broken


def _capacity(problem: routing.Problem, tour: routing.Tour) -> bool:
    room = problem.vehicle(tour.vehicle).capacity or (0,) * len(problem.dimensions)
    loads = [tour.start_load, *(stop.load for stop in tour.stops), *(reload.load for reload in tour.reloads)]
    return any(amount > most for load in loads for amount, most in zip(load, room, strict=True))


def _leaves(tour: routing.Tour) -> list[int]:
    return [tour.departure, *(reload.departure for reload in tour.reloads)]


def _release(problem: routing.Problem, tour: routing.Tour) -> bool:
    for leaves, trip in zip(_leaves(tour), by_hand.trips(tour.order()), strict=True):
        for one in trip:
            release = problem.job(one).release
            if release is not None and release > leaves:
                return True
    return False


def _trips(problem: routing.Problem, tour: routing.Tour) -> bool:
    return len(by_hand.trips(tour.order())) > problem.vehicle(tour.vehicle).trips


def _deliveries_first(problem: routing.Problem, tour: routing.Tour) -> bool:
    if not problem.vehicle(tour.vehicle).deliveries_first:
        return False
    for trip in by_hand.trips(tour.order()):
        plain = [problem.job(one) for one in trip if one not in by_hand.halves(problem)]
        for position, job in enumerate(plain):
            if sum(job.pickup) and sum(sum(later.delivery) for later in plain[position + 1 :]):
                return True
    return False


def _break(problem: routing.Problem, tour: routing.Tour) -> bool:
    for wanted in problem.vehicle(tour.vehicle).breaks:
        held = [pause for pause in tour.pauses if pause.name == wanted.id]
        over_before = tour.arrival <= wanted.window.closes
        begins_after = tour.departure > wanted.window.closes
        if not held and not wanted.always and (over_before or begins_after):
            continue
        if len(held) != 1 or not wanted.window.opens <= held[0].start <= wanted.window.closes:
            return True
        if held[0].end - held[0].start != wanted.seconds:
            return True
    return False


def _work_rule(problem: routing.Problem, tour: routing.Tour) -> bool:
    rule = problem.vehicle(tour.vehicle).rule
    if rule is None:
        return False
    edges = [tour.departure]
    for pause in sorted(tour.pauses, key=lambda one: one.start):
        if pause.end - pause.start >= rule.break_seconds:
            edges += [pause.start, pause.end]
    edges.append(tour.arrival)
    stretches = [edges[n + 1] - edges[n] for n in range(0, len(edges), 2)]
    return max(stretches) > rule.work_seconds


def _pause(problem: routing.Problem, tour: routing.Tour) -> bool:
    """A day lived through has no pause out of its place; what may be wrong is a pause nobody may hold."""
    rule = problem.vehicle(tour.vehicle).rule
    return any(not one.name and (rule is None or one.end - one.start < rule.break_seconds) for one in tour.pauses)


def _incompatible(problem: routing.Problem, tour: routing.Tour) -> bool:
    traits = {trait for job in _jobs(problem, tour) for trait in job.traits}
    return any({one, other} <= traits for one, other in problem.incompatible)


def _lock(problem: routing.Problem, plan: routing.Plan) -> bool:
    orders = plan.orders()
    for vehicle in problem.vehicles:
        order = orders.get(vehicle.id, ())
        if tuple(order[: len(vehicle.prefix)]) != vehicle.prefix:
            return True
        stand = [vehicle.order.index(one) for one in order if one in vehicle.order]
        if stand != sorted(stand):
            return True
        for other, jobs in orders.items():
            if other != vehicle.id and set(jobs) & {*vehicle.prefix, *vehicle.order}:
                return True
    return False


def _both_or_none(problem: routing.Problem, plan: routing.Plan) -> bool:
    served = {one for order in plan.orders().values() for one in order}
    return any((pair.pickup.id in served) != (pair.delivery.id in served) for pair in problem.shipments)


def _pair(problem: routing.Problem, plan: routing.Plan) -> bool:
    served = {one for order in plan.orders().values() for one in order}
    all_trips = [trip for order in plan.orders().values() for trip in by_hand.trips(order)]
    for pair in problem.shipments:
        if {pair.pickup.id, pair.delivery.id} <= served:
            together = [trip for trip in all_trips if pair.pickup.id in trip and pair.delivery.id in trip]
            if not together or together[0].index(pair.pickup.id) > together[0].index(pair.delivery.id):
                return True
    return False


def _stock(problem: routing.Problem, plan: routing.Plan) -> bool:
    for product in {stock.product for stock in problem.stocks}:
        for depot in {vehicle.start for vehicle in problem.vehicles}:
            lies = sum(stock.quantity for stock in problem.stocks if (stock.place, stock.product) == (depot, product))
            taken = sum(
                pieces
                for tour in plan.tours
                if problem.vehicle(tour.vehicle).start == depot
                for job in _jobs(problem, tour)
                for what, pieces in job.goods
                if what == product
            )
            if taken > lies:
                return True
    return False


OF_A_TOUR: dict[str, Callable[[routing.Problem, routing.Tour], bool]] = {
    "allowed-vehicle": _allowed_vehicle,
    "skill": _skill,
    "road": _road,
    "window": _window,
    "shift": _shift,
    "max-seconds": _over("max_seconds", lambda tour: tour.arrival - tour.departure),
    "capacity": _capacity,
    "max-stops": _over("max_stops", lambda tour: len(tour.stops)),
    "max-metres": _over("max_metres", lambda tour: tour.metres),
    "max-driving": _over("max_driving_seconds", lambda tour: tour.driving_seconds),
    "trips": _trips,
    "release": _release,
    "deliveries-first": _deliveries_first,
    "break": _break,
    "work-rule": _work_rule,
    "pause": _pause,
    "incompatible": _incompatible,
}
OF_A_PLAN: dict[str, Callable[[routing.Problem, routing.Plan], bool]] = {
    "lock": _lock,
    "job-once": _both_or_none,
    "pair": _pair,
    "stock": _stock,
}
