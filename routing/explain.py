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
_STAGES = (
    "vehicle", "lock", "max-stops", "skill", "incompatible", "deliveries-first", "load", "stock", "road", "window",
    "break", "work-rule", "shift", "max-metres", "max-driving", "max-seconds",
)  # fmt: skip


def is_plain(problem: Problem) -> bool:
    """Whether `insert.Openings` knows every rule of the problem: jobs alone, one trip, no pause, no lock, no date."""
    if problem.shipments or problem.stocks or problem.incompatible or problem.previous or problem.periods:
        return False
    dated = any(
        job.second_price or job.release is not None or (job.due is not None and job.late_second_cost)
        for job in problem.jobs
    )
    return not dated and not any(
        one.breaks or one.rule or one.locked or one.trips > 1 or one.end is None or one.deliveries_first
        or one.max_seconds is not None or one.overtime_second_cost
        for one in problem.vehicles
    )  # fmt: skip


def set_aside(problem: Problem) -> dict[str, Reason]:
    """By id the jobs, and both halves of the shipments, that no vehicle could serve even with an empty day, and why.

    Jobs of a prefix are aboard already and never set aside.
    """
    held = {one for vehicle in problem.vehicles for one in vehicle.prefix}
    found: dict[str, Reason] = {}
    for ids in (*((job.id,) for job in problem.jobs), *((one.pickup.id, one.delivery.id) for one in problem.shipments)):
        if not held.isdisjoint(ids):
            continue
        reason = impossible_alone(problem, *(problem.by_id[one] for one in ids))
        if reason is not None:
            found.update(dict.fromkeys(ids, reason))
    return found


def impossible_alone(problem: Problem, *jobs: Job) -> Reason | None:
    """Why no vehicle could serve the job, or both halves of a pair, even with an empty day; None when one could.

    The vehicle that comes farthest gives the reason, with the nearest miss in seconds, metres or units of load.
    """
    misses: list[tuple[int, int, str, Broken]] = []
    for vehicle in problem.vehicles:
        outcome = schedule(problem, replace(vehicle, prefix=(), order=()) if vehicle.locked else vehicle, jobs)
        if not isinstance(outcome, Broken):
            return None
        if outcome.rule == "shift" and not isinstance(
            schedule(problem, vehicle, [replace(job, windows=_ALWAYS) for job in jobs]), Broken
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
        "lock": "no-vehicle", "incompatible": "no-vehicle", "deliveries-first": "no-vehicle", "stock": "too-much",
        "break": "shift-too-short", "work-rule": "shift-too-short", "max-seconds": "shift-too-short",
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
