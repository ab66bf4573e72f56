"""Why a job is not served: true, checked reasons, never a guess."""

from __future__ import annotations

from dataclasses import replace

from .insert import Openings
from .model import Job, Problem, Reason, Window, cents
from .schedule import Broken, schedule

#: Impossible alone, impossible in this plan, dearer than its price, and the honest rest (none in a polished plan).
REASON_CODES = (
    "no-vehicle", "no-skill", "too-heavy", "too-large", "too-much", "off-road-network", "window-closed",
    "shift-too-short", "too-far", "no-capacity-left", "too-dear", "search-ran-out",
)  # fmt: skip
_LOAD_CODES = {"weight": "too-heavy", "volume": "too-large"}
_ALWAYS = (Window(-(2**28), 2**28),)
#: How far into a vehicle's day a job gets before a rule stops it.
_STAGES = ("vehicle", "max-stops", "skill", "load", "road", "window", "shift", "max-metres", "max-driving")


def impossible_alone(problem: Problem, job: Job) -> Reason | None:
    """Why no vehicle could serve the job even with an empty day; None when one could.

    The vehicle that comes farthest gives the reason, with the nearest miss in seconds, metres or units of load.
    """
    misses: list[tuple[int, int, str, Broken]] = []
    for vehicle in problem.vehicles:
        outcome = schedule(problem, vehicle, [job])
        if not isinstance(outcome, Broken):
            return None
        if outcome.rule == "shift" and not isinstance(
            schedule(problem, vehicle, [replace(job, windows=_ALWAYS)]), Broken
        ):
            # The day is long enough; it is the window that opens too late in it.
            outcome = replace(outcome, rule="window")
        misses.append((-_STAGES.index(outcome.rule), outcome.excess, vehicle.id, outcome))
    if not misses:
        return Reason("no-vehicle", {"vehicles": 0})
    _, excess, vehicle_id, nearest = min(misses, key=lambda miss: miss[:3])
    facts = {"vehicle": vehicle_id, "excess": excess, "vehicles": len(misses)}
    return Reason(_code(nearest), facts)


def _code(broken: Broken) -> str:
    if broken.rule == "load":
        return _LOAD_CODES.get(broken.dimension or "", "too-much")
    return {
        "vehicle": "no-vehicle", "max-stops": "no-vehicle", "skill": "no-skill", "road": "off-road-network",
        "window": "window-closed", "shift": "shift-too-short", "max-metres": "too-far", "max-driving": "too-far",
    }[broken.rule]  # fmt: skip


def left_out(job: Job, openings: Openings) -> Reason:
    """Why a job that could be served alone is not in the tours of these openings.

    `no-capacity-left` lists for every vehicle the rule its nearest gap breaks and by how much; `too-dear` says what it
    would cost and what leaving it out costs, in cents; `search-ran-out` means it fits and pays, but nobody put it in.
    """
    found = openings.gaps(job)
    if all(gap.broken is not None for gap in found):
        tours = [
            {"vehicle": gap.vehicle, "rule": gap.broken.rule, "excess": gap.broken.excess}
            for gap in found
            if gap.broken
        ]
        return Reason("no-capacity-left", {"tours": tours})
    if job.price is not None and found[0].cost >= job.price:
        facts = {"vehicle": found[0].vehicle, "cost_cents": cents(found[0].cost), "price_cents": cents(job.price)}
        return Reason("too-dear", facts)
    return Reason("search-ran-out", {"vehicle": found[0].vehicle, "cost_cents": cents(found[0].cost)})
