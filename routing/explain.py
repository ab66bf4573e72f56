"""Why a job is not served: true, checked reasons, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .insert import Track, best_gaps
from .model import Job, Problem, Reason, Vehicle, Window, cents
from .schedule import Broken, amounts, schedule

#: Impossible alone, impossible in this plan, dearer than its price, and the honest rest (none in a polished plan).
REASON_CODES = (
    "no-vehicle", "no-skill", "too-heavy", "too-large", "too-much", "off-road-network", "window-closed",
    "shift-too-short", "too-far", "no-capacity-left", "too-dear", "search-ran-out",
)  # fmt: skip
_LOAD_CODES = {"weight": "too-heavy", "volume": "too-large"}
_ALWAYS = (Window(-(2**28), 2**28),)
#: How far into a vehicle's day a job gets before a rule stops it, and the code that says so.
_STAGES = {
    "vehicle": "no-vehicle", "skill": "no-skill", "max-stops": "no-vehicle", "load": "too-much",
    "road": "off-road-network", "window": "window-closed", "shift": "shift-too-short", "max-metres": "too-far",
    "max-driving": "too-far",
}  # fmt: skip
_ORDER = tuple(_STAGES)


def impossible_alone(problem: Problem, job: Job) -> Reason | None:
    """Why no vehicle could serve the job even with an empty day; None when one could.

    The vehicle in whose day the job comes farthest gives the reason, with the nearest miss: `excess` in seconds,
    metres, stops or units of load, among `vehicles` looked at. `too-heavy` and `too-large` are said where each vehicle
    that may come is too small in that one dimension; where one lacks this and another that, it is `too-much`.
    """
    misses: list[tuple[Vehicle, Broken]] = []
    for vehicle in problem.vehicles:
        outcome = schedule(problem, vehicle, [job])
        if not isinstance(outcome, Broken):
            return None
        if outcome.rule == "shift" and not isinstance(
            schedule(problem, vehicle, [replace(job, windows=_ALWAYS)]), Broken
        ):
            # The day is long enough; it is the window that opens too late in it.
            outcome = replace(outcome, rule="window")
        misses.append((vehicle, outcome))
    if not misses:
        return Reason("no-vehicle", {"vehicles": 0})
    farthest = max(_ORDER.index(outcome.rule) for _, outcome in misses)
    nearest = [(vehicle, outcome) for vehicle, outcome in misses if _ORDER.index(outcome.rule) == farthest]
    if _ORDER[farthest] == "load":
        return _overweight(problem, job, [vehicle for vehicle, _ in nearest], vehicles=len(misses))
    vehicle, outcome = min(nearest, key=lambda miss: (miss[1].excess, miss[0].id))
    return Reason(_STAGES[outcome.rule], {"vehicle": vehicle.id, "excess": outcome.excess, "vehicles": len(misses)})


def _overweight(problem: Problem, job: Job, fleet: list[Vehicle], *, vehicles: int) -> Reason:
    """Which dimension is too small in every vehicle of the fleet, and by how much in the largest."""
    size = len(problem.dimensions)
    out, back = amounts(job.delivery, size), amounts(job.pickup, size)
    for d, dimension in enumerate(problem.dimensions):
        excess, nearest = min((max(out[d], back[d]) - amounts(one.capacity, size)[d], one.id) for one in fleet)
        if excess > 0:
            code = _LOAD_CODES.get(dimension, "too-much")
            return Reason(code, {"vehicle": nearest, "excess": excess, "vehicles": vehicles, "dimension": dimension})
    return Reason("too-much", {"vehicle": min(one.id for one in fleet), "excess": 0, "vehicles": vehicles})


def left_out(tracks: Mapping[str, Track], job: Job) -> Reason:
    """Why a job that could be served alone is not in these tours.

    `no-capacity-left` lists for every vehicle the rule that its nearest gap breaks and by how much (`window-after`: the
    job would make the tour late for the window of another); `too-dear` says what it would cost and what leaving it out
    costs, in cents; `search-ran-out` means it fits and pays, but nobody put it in.
    """
    found = best_gaps(tracks, job)
    if all(gap.broken is not None for gap in found):
        return Reason(
            "no-capacity-left", {"tours": [_miss(job, gap.vehicle, gap.broken) for gap in found if gap.broken]}
        )
    best = found[0]
    if job.price is not None and best.cost > job.price:
        facts = {"vehicle": best.vehicle, "cost_cents": cents(best.cost), "price_cents": cents(job.price)}
        return Reason("too-dear", facts)
    return Reason("search-ran-out", {"vehicle": best.vehicle, "cost_cents": cents(best.cost)})


def _miss(job: Job, vehicle: str, broken: Broken) -> dict[str, str | int]:
    late_elsewhere = broken.rule == "window" and broken.job != job.id
    rule = "window-after" if late_elsewhere else broken.rule
    facts: dict[str, str | int] = {"vehicle": vehicle, "rule": rule, "excess": broken.excess}
    if broken.dimension is not None:
        facts["dimension"] = broken.dimension
    return facts
