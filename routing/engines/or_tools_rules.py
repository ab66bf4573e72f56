"""Rules of the OR-Tools model beside time and way: loads, trips, pairs, pauses, locks, stocks, traits, changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

from ..model import Break, Tour, Vehicle
from ..schedule import amounts

if TYPE_CHECKING:
    from .or_tools_model import Model

#: Pauses for the work rule that a model offers each vehicle at most.
MOST_RULE_PAUSES = 24


def add(model: Model) -> None:
    """All of them."""
    _count_stops(model)
    _reload(model)
    for axis in range(len(model.problem.dimensions)):
        _load(model, axis)
    _pair(model)
    _release(model)
    _deliver_first(model)
    _lock(model)
    _keep_stock(model)
    _part_traits(model)
    _mind_changes(model)
    _pause(model)


def _count_stops(model: Model) -> None:
    """Stops before each node: a limit where a vehicle has one, and the order where jobs are locked to one."""
    limited = any(vehicle.max_stops is not None for vehicle in model.vehicles)
    if limited or any(vehicle.order for vehicle in model.vehicles):
        most = [len(model.jobs) if one.max_stops is None else one.max_stops for one in model.vehicles]
        model.routing.AddDimensionWithVehicleCapacity(model.vector([1] * len(model.jobs)), 0, most, True, "stops")
        model.position = model.routing.GetDimensionOrDie("stops")


def _reload(model: Model) -> None:
    """Reloads are used one after the other, never first; last or twice in a row only where that is as good as none."""
    turns = model.every_reload()
    if not turns:
        return
    most = max(len(nodes) for nodes in model.reloads)
    one = model.vector([0] * len(model.jobs), 1)
    model.routing.AddDimensionWithVehicleCapacity(one, 0, [most] * len(model.vehicles), True, "trip")
    model.trip = model.routing.GetDimensionOrDie("trip")
    indices = [index for _, _, index in turns]
    ends = [model.routing.End(v) for v in range(len(model.vehicles))]
    for v, turn, index in turns:
        model.allow(index, [v])
        model.trip.CumulVar(index).SetValue(turn)
        if not model.idle[v]:
            model.routing.NextVar(index).RemoveValues([*(other for other in indices if other != index), *ends])
    for v in range(len(model.vehicles)):
        model.routing.NextVar(model.routing.Start(v)).RemoveValues(indices)


def _load(model: Model, axis: int) -> None:
    """What is aboard: falls with each delivery, rises with each collection, begins anew at a reload.

    A second figure, what is still to deliver, stands beside it where there are both: they are equal when a trip leaves,
    so that a vehicle leaves with what it delivers and with nothing it has yet to collect.
    """
    size, pairs = len(model.problem.dimensions), model.problem.pair_of
    outs = [amounts(job.delivery, size)[axis] for job in model.jobs]
    backs = [amounts(job.pickup, size)[axis] for job in model.jobs]
    room = [amounts(vehicle.capacity, size)[axis] for vehicle in model.vehicles]
    if sum(outs) + sum(backs) <= min(room):
        return
    given = [0 if job.id in pairs else out for job, out in zip(model.jobs, outs, strict=True)]
    taken = any(back for job, back in zip(model.jobs, backs, strict=True) if job.id not in pairs)
    name = model.problem.dimensions[axis]
    aboard = _cargo(
        model, f"{name} aboard", [back - out for out, back in zip(outs, backs, strict=True)], room, any(given)
    )
    if not any(given) or not taken:
        return
    left = _cargo(model, f"{name} to deliver", [-out for out in given], room, True)
    # Nothing is left to deliver where a trip ends: then each load is one number, and not a span in which the library
    # would look no further.
    for v in range(len(model.vehicles)):
        start = model.routing.Start(v)
        left.CumulVar(model.routing.End(v)).SetValue(0)
        model.solver.Add(aboard.CumulVar(start) == left.CumulVar(start))
    for _, _, index in model.every_reload():
        left.CumulVar(index).SetValue(0)
        leaving = [figure.CumulVar(index) + figure.SlackVar(index) for figure in (aboard, left)]
        model.solver.Add(leaving[0] == leaving[1])


def _cargo(model: Model, name: str, changes: Sequence[int], room: Sequence[int], free: bool) -> Any:
    """A load dimension; at a reload any load that fits may be taken."""
    turns = model.every_reload()
    most = max(room)
    vector = model.vector(changes, -most)
    model.routing.AddDimensionWithVehicleCapacity(vector, 2 * most if turns else 0, list(room), not free, name)
    figure = model.routing.GetDimensionOrDie(name)
    if turns:
        for index in [*model.index.values(), *(model.routing.Start(v) for v in range(len(model.vehicles)))]:
            figure.SlackVar(index).SetValue(0)
    return figure


def _pair(model: Model) -> None:
    """Both halves of a shipment in one trip, or neither."""
    for pair in model.problem.shipments:
        pickup, delivery = (model.index[half.id] for half in pair.halves)
        model.routing.AddPickupAndDelivery(pickup, delivery)
        model.solver.Add(model.routing.VehicleVar(pickup) == model.routing.VehicleVar(delivery))
        first, second = model.clock.CumulVar(pickup), model.clock.CumulVar(delivery)
        if first.Min() > second.Max():
            # Nobody can serve it, and a rule of its times would refuse even a plan that leaves it out.
            for half in (pickup, delivery):
                model.allow(half, [])
            continue
        model.solver.Add(first <= second)
        if model.trip is not None:
            model.solver.Add(model.trip.CumulVar(pickup) == model.trip.CumulVar(delivery))


def _release(model: Model) -> None:
    """The trip that brings a job leaves when it is released or later."""
    turns = {(v, turn + 1): index for v, turn, index in model.every_reload()}
    for job in model.jobs:
        if job.release is None or job.release <= model.base:
            continue
        released, vehicle_var = job.release - model.base, model.routing.VehicleVar(model.index[job.id])
        for v, vehicle in enumerate(model.vehicles):
            if not vehicle_var.Contains(v):
                continue
            here = model.solver.IsEqualCstVar(vehicle_var, v)
            leave = model.clock.CumulVar(model.routing.Start(v))
            if not model.reloads[v]:
                if released > leave.Max():
                    vehicle_var.RemoveValue(v)
                elif released > leave.Min():
                    model.solver.Add(leave >= here * released)
                continue
            trip = model.trip.CumulVar(model.index[job.id])
            for turn in range(len(model.reloads[v]) + 1):
                brings = here * model.solver.IsEqualCstVar(trip, turn)
                if turn:
                    leave = model.clock.CumulVar(turns[v, turn]) + vehicle.reload_seconds
                model.solver.Add(leave >= brings * released)


def _deliver_first(model: Model) -> None:
    """Collections of the trip so far are none where something is delivered, in vehicles that ask for it."""
    if not any(vehicle.deliveries_first for vehicle in model.vehicles):
        return
    alone = [job.id not in model.problem.pair_of for job in model.jobs]
    takes = [int(any(job.pickup)) if one else 0 for job, one in zip(model.jobs, alone, strict=True)]
    most, turns = sum(takes), model.every_reload()
    counting, idle = model.vector(takes, -most), model.vector([0] * len(model.jobs))
    model.routing.AddDimensionWithVehicleTransits(
        [counting if vehicle.deliveries_first else idle for vehicle in model.vehicles],
        most if turns else 0, most, True, "collected",
    )  # fmt: skip
    collected = model.routing.GetDimensionOrDie("collected")
    for job, one in zip(model.jobs, alone, strict=True):
        if one and any(job.delivery):
            collected.CumulVar(model.index[job.id]).SetValue(0)
        if turns:
            collected.SlackVar(model.index[job.id]).SetValue(0)
    for v in range(len(model.vehicles)) if turns else ():
        collected.SlackVar(model.routing.Start(v)).SetValue(0)


def _lock(model: Model) -> None:
    """Tours begin with their prefix; jobs of an order stand in that order where they are served."""
    for v, vehicle in enumerate(model.vehicles):
        trail = [model.routing.Start(v), *(model.index[one] for one in vehicle.prefix)]
        for before, behind in pairwise(trail):
            # A vehicle that cannot begin as it must stays at home, and its jobs stay out.
            model.routing.NextVar(before).SetValues([behind, model.routing.End(v) if before == trail[0] else before])
        for one, other in pairwise(vehicle.order):
            before, behind = model.index[one], model.index[other]
            # The place of a job that is left out is free, so it hands on what is asked of its neighbours.
            model.solver.Add(
                model.position.CumulVar(before) + model.routing.ActiveVar(before) <= model.position.CumulVar(behind)
            )


def _keep_stock(model: Model) -> None:
    """The vehicles of a depot take no more of a scarce product than lies there."""
    shelves = {(stock.place, stock.product): stock.quantity for stock in model.problem.stocks}
    depots = sorted({vehicle.start for vehicle in model.vehicles})
    for product in sorted({stock.product for stock in model.problem.stocks}):
        takers = [(job, quantity) for job in model.jobs for name, quantity in job.goods if name == product]
        for depot in depots:
            there = [v for v, vehicle in enumerate(model.vehicles) if vehicle.start == depot]
            stock, taken, pieces = shelves.get((depot, product), 0), [], []
            for job, quantity in takers:
                vehicle_var = model.routing.VehicleVar(model.index[job.id])
                if quantity > stock:
                    vehicle_var.RemoveValues(there)
                else:
                    taken.append(model.solver.IsMemberVar(vehicle_var, there))
                    pieces.append(quantity)
            if sum(pieces) > stock:
                model.solver.Add(model.solver.ScalProd(taken, pieces) <= stock)


def _part_traits(model: Model) -> None:
    """No two traits of an incompatible pair in one tour: each set of traits is a type of visit."""
    matter = {one for pair in model.problem.incompatible for one in pair}
    kinds: dict[frozenset[str], int] = {}
    for job in model.jobs:
        traits = job.traits & matter
        if not traits:
            continue
        if _clash(model, traits, traits):
            model.allow(model.index[job.id], [])
            model.routing.VehicleVar(model.index[job.id]).SetValues([-1])
            continue
        kind = kinds.setdefault(traits, len(kinds))
        model.routing.SetVisitType(model.index[job.id], kind, model.pywrapcp.RoutingModel.TYPE_ADDED_TO_VEHICLE)
    for (some, kind), (others, other) in combinations(kinds.items(), 2):
        if _clash(model, some, others):
            model.routing.AddHardTypeIncompatibility(kind, other)


def _clash(model: Model, some: frozenset[str], others: frozenset[str]) -> bool:
    return any(
        (one in some and two in others) or (two in some and one in others) for one, two in model.problem.incompatible
    )


def _mind_changes(model: Model) -> None:
    """A price for each job that another vehicle serves or that begins at another time.

    The routing library prices bounds of dimensions only: so a dimension shows 1 where a job has changed, and lets any
    value follow any other.
    """
    previous, numbers = model.problem.previous, {vehicle.id: v for v, vehicle in enumerate(model.vehicles)}
    if previous is None or not previous.change_cost or not any(one.vehicle in numbers for one in previous.kept):
        return
    step = model.vector([-1] * len(model.jobs), -1)
    model.routing.AddDimension(step, 2, 1, False, "changed")
    figure = model.routing.GetDimensionOrDie("changed")
    for one in previous.kept:
        if one.vehicle not in numbers:
            # It has changed whoever serves it.
            continue
        index = model.index[one.job]
        changed = figure.CumulVar(index)
        elsewhere = model.solver.IsDifferentCstVar(model.routing.VehicleVar(index), numbers[one.vehicle])
        model.solver.Add(changed >= elsewhere)
        if one.service_start is not None:
            begin = one.service_start - model.base
            near = model.solver.IsBetweenVar(
                model.clock.CumulVar(index), begin - previous.tolerance_seconds, begin + previous.tolerance_seconds
            )
            model.solver.Add(changed + near >= 1)
        figure.SetCumulVarSoftUpperBound(index, 0, previous.change_cost)


def _pause(model: Model) -> None:
    """Breaks at fixed hours and those of the work rule, in vehicles that are used."""
    stays = [0] * model.routing.Size()
    for node in range(len(model.jobs) + len(model.reload_of)):
        stays[model.manager.NodeToIndex(node)] = int(model.stay[node])
    for v, vehicle in enumerate(model.vehicles):
        if not vehicle.breaks and vehicle.rule is None:
            continue
        if model.timed is not None:
            held = _held(model, model.timed)
        else:
            held = [_break(model, v, pause) for pause in vehicle.breaks] + _rule_pauses(model, v, vehicle)
        held = [interval for interval in held if interval is not None]
        model.clock.SetBreakIntervalsOfVehicle(held, v, stays)
        for one, other in combinations(held, 2):
            model.solver.Add(model.solver.TemporalDisjunction(one, other))
        if vehicle.rule is not None:
            model.clock.SetBreakDistanceDurationOfVehicle(vehicle.rule.work_seconds, vehicle.rule.break_seconds, v)


def _ends(model: Model, v: int) -> tuple[Any, Any]:
    return model.clock.CumulVar(model.routing.Start(v)), model.clock.CumulVar(model.routing.End(v))


def _break(model: Model, v: int, pause: Break) -> Any:
    """A break of a used vehicle. The library lets it lie after a tour, as the rule does, and before it, which the rule
    does only when the vehicle leaves after its window."""
    solver, vehicle = model.solver, model.vehicles[v]
    opens = max(0, pause.window.opens, vehicle.shift.opens) - model.base
    closes = min(pause.window.closes - model.base, model.horizon)
    start, end = _ends(model, v)
    used = model.routing.ActiveVehicleVar(v)
    if opens > closes:
        # Nobody is out while it could be held.
        if pause.always:
            solver.Add(used == 0)
        return None
    held = solver.FixedDurationIntervalVar(opens, closes, pause.seconds, True, f"{v} {pause.id}")
    solver.Add(held.PerformedExpr() == used)
    if vehicle.rule is not None:
        # Where stretches of work are counted too, a rule beside them makes the library find hardly any times at all:
        # so nobody leaves while the break could be held, but before, or after its window.
        if pause.always:
            start.SetMax(opens)
        elif opens < closes:
            start.RemoveInterval(opens + 1, closes)
    else:
        late = 0 if pause.always else solver.IsGreaterCstVar(start, closes)
        solver.Add(solver.IsLessOrEqualVar(start, held.SafeStartExpr(model.horizon)) + late >= used)
    if pause.always:
        solver.Add(held.SafeEndExpr(0) <= end)
    return held


def _rule_pauses(model: Model, v: int, vehicle: Vehicle) -> list[Any]:
    rule = vehicle.rule
    if rule is None:
        return []
    longest = vehicle.shift.closes - vehicle.shift.opens
    if vehicle.max_seconds is not None:
        longest = min(longest, vehicle.max_seconds)
    count = min(2 * longest // rule.work_seconds, 2 * len(model.jobs) + 2, MOST_RULE_PAUSES)
    opens, closes = vehicle.shift.opens - model.base, vehicle.shift.closes - model.base
    return [
        model.solver.FixedDurationIntervalVar(opens, closes, rule.break_seconds, True, f"{v} rule {number}")
        for number in range(count)
    ]


def _held(model: Model, tour: Tour) -> list[Any]:
    """The pauses of a tour that was timed, where it has them; those left out must be such as may be."""
    breaks, solver, (start, end) = {one.id: one for one in model.vehicles[0].breaks}, model.solver, _ends(model, 0)
    for one in breaks.values():
        if one.id not in {pause.name for pause in tour.pauses}:
            closes = one.window.closes - model.base
            early, late = solver.IsLessOrEqualCstVar(end, closes), solver.IsGreaterCstVar(start, closes)
            solver.Add(early + late >= (2 if one.always else 1))
    found = []
    for number, pause in enumerate(tour.pauses):
        held, at, seconds = breaks.get(pause.name), pause.start - model.base, pause.end - pause.start
        if held is not None:
            inside = held.window.opens <= pause.start <= held.window.closes and seconds == held.seconds
            solver.Add(model.routing.ActiveVehicleVar(0) <= int(inside))
        solver.Add(start <= at)
        solver.Add(end >= at + seconds)
        found.append(solver.FixedDurationIntervalVar(at, at, seconds, False, f"pause {number}"))
    return found
