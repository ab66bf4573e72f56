"""Money: adds up what a tour and a plan cost, term by term, and what they may cost at most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import fields

from ..model import Costs, Problem
from .clock import Clock
from .reading import Book, Reading
from .violation import Violation

Terms = Mapping[str, int]


def judge_limits(reading: Reading, clock: Clock) -> Iterator[Violation]:
    """Stated sums and limits of metres and driving."""
    vehicle, tour = reading.vehicle, reading.tour
    for what, stated, true in (
        ("metres", tour.metres, clock.metres),
        ("driving_seconds", tour.driving_seconds, clock.driving),
    ):
        if stated != true:
            yield Violation("totals", vehicle.id, None, stated - true, what)
    for rule, limit, true in (
        ("max-metres", vehicle.max_metres, clock.metres),
        ("max-driving", vehicle.max_driving_seconds, clock.driving),
    ):
        if limit is not None and true > limit:
            yield Violation(rule, vehicle.id, None, true - limit)


def of_tour(problem: Problem, reading: Reading, clock: Clock) -> Terms:
    """What a tour really costs."""
    vehicle, tour = reading.vehicle, reading.tour
    away = clock.arrival - tour.departure
    terms = {
        "fixed": vehicle.fixed_cost,
        "distance": clock.metres * vehicle.metre_cost,
        "time": away * vehicle.second_cost,
        "overtime": 0,
        "balance": 0,
        "delay": 0,
        "late": 0,
        "changes": 0,
    }
    if vehicle.overtime_after is not None:
        terms["overtime"] = max(0, away - vehicle.overtime_after) * vehicle.overtime_second_cost
    if problem.balance is not None:
        terms["balance"] = max(0, away - problem.balance.target_seconds) * problem.balance.second_cost
    for job, stop in zip(reading.jobs, tour.stops, strict=True):
        terms["delay"] += max(0, stop.service_start) * job.second_price
        if job.due is not None:
            terms["late"] += max(0, stop.service_start - job.due) * job.late_second_cost
    if problem.previous is not None:
        begins = {stop.job: stop.service_start for stop in tour.stops}
        terms["changes"] = problem.previous.change_cost * sum(
            kept.vehicle != vehicle.id
            or (
                kept.service_start is not None
                and abs(begins[kept.job] - kept.service_start) > problem.previous.tolerance_seconds
            )
            for kept in problem.previous.kept
            if kept.job in begins
        )
    return terms


def of_plan(known: Book, served: Set[str], tours: list[Terms]) -> Terms:
    """What a plan really costs: its tours, and what no tour serves."""
    problem = known.problem
    terms = {term.name: sum(tour.get(term.name, 0) for tour in tours) for term in fields(Costs)}
    terms["left_out"] += sum(job.price or 0 for job in problem.jobs if job.id not in served)
    terms["left_out"] += sum(
        pair.price or 0 for pair in problem.shipments if pair.pickup.id not in served or pair.delivery.id not in served
    )
    if problem.previous is not None:
        gone = sum(kept.job not in served for kept in problem.previous.kept)
        terms["changes"] += gone * problem.previous.change_cost
    return terms


def judge(stated: Costs, true: Terms, vehicle: str | None) -> Iterator[Violation]:
    """Every term that is not what it states; a term nobody owes is nothing."""
    for term in fields(Costs):
        excess = getattr(stated, term.name) - true.get(term.name, 0)
        if excess:
            yield Violation("costs", vehicle, None, excess, term.name)
