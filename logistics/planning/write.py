"""A version of a day is written: all of it in the caller's transaction, or nothing when the day changed meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .. import states
from ..errors import PlanIsStale
from ..models import Order, OrderEvent, Plan, PlanTour, Stop, StopJob, Tour, Unserved
from ..order_events import tell
from ..settings import Settings
from .read import read_day
from .tours import Drafted, StopFacts, TourFacts
from .work import DayWork

_TOUR_COLUMNS = tuple(
    field.name for field in fields(TourFacts) if field.name not in {"van_code", "mode", "depot", "stops", "geometry"}
)
_STOP_COLUMNS = tuple(
    field.name for field in fields(StopFacts) if field.name not in {"point", "job_ids", "references"}
)


def write_plan(
    session: Session, work: DayWork, drafted: Drafted, *, settings: Settings, now: datetime, actor: str
) -> Plan:
    """Store a draft as the day's next version: its new tours and those the work keeps, and what is left unserved.

    The former draft is discarded, and its tours that nobody keeps are withdrawn. What is published stays so.

    Raises:
        PlanIsStale: the day is not what `work` says any more; nothing was written.
    """
    if read_day(session, work.day, site=work.site_code, settings=settings, now=now).basis != work.basis:
        raise PlanIsStale(work.day)
    return store(session, work, drafted, kept=work.kept, now=now, actor=actor)


def store(
    session: Session, work: DayWork, drafted: Drafted, *, kept: Collection[int], now: datetime, actor: str
) -> Plan:
    """As `write_plan`, with the tours to keep named, and the freshness of the work being the caller's affair."""
    plan = Plan(
        day=work.day, version=work.version + 1, status="draft", engine=drafted.engine,
        solve_seconds=drafted.solve_seconds, seed=drafted.seed, basis=work.basis, made_at=now, made_by=actor,
    )  # fmt: skip
    _discard_draft(session, work, kept)
    try:
        with session.begin_nested():
            session.add(plan)
    except IntegrityError as error:
        # Somebody else wrote this version between our look and our writing.
        raise PlanIsStale(work.day) from error
    session.add_all(PlanTour(plan_id=plan.id, tour_id=tour_id) for tour_id in sorted(kept))
    for tour in drafted.tours:
        _add_tour(session, plan, tour)
    session.add_all(
        Unserved(plan_id=plan.id, job_id=left.job_id, code=left.code, facts=dict(left.facts))
        for left in drafted.unserved
    )
    session.flush()
    _tell_orders(session, plan, drafted.tours, now=now, actor=actor)
    return plan


def _discard_draft(session: Session, work: DayWork, kept: Collection[int]) -> None:
    wanted = select(Plan).where(Plan.day == work.day, Plan.status == "draft").with_for_update()
    former = session.scalar(wanted.execution_options(populate_existing=True))
    if former is None:
        return
    own = (
        select(Tour)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .where(PlanTour.plan_id == former.id, Tour.state == "draft", Tour.id.not_in(kept))
    )
    for tour in session.scalars(own):
        tour.state = states.advance("tour", tour.id, tour.state, "withdrawn")
    former.status = "discarded"
    session.flush()


def _add_tour(session: Session, plan: Plan, tour: TourFacts) -> None:
    values = {name: getattr(tour, name) for name in _TOUR_COLUMNS}
    row = Tour(day=plan.day, state="draft", geometry=[[lat, lon] for lat, lon in tour.geometry], **values)
    session.add(row)
    session.flush()
    session.add(PlanTour(plan_id=plan.id, tour_id=row.id))
    for sequence, stop in enumerate(tour.stops, start=1):
        values = {name: getattr(stop, name) for name in _STOP_COLUMNS}
        session.add(halt := Stop(tour_id=row.id, sequence=sequence, **values))
        session.flush()
        session.add_all(StopJob(stop_id=halt.id, job_id=job_id) for job_id in stop.job_ids)
    session.flush()


def _tell_orders(session: Session, plan: Plan, tours: Iterable[TourFacts], *, now: datetime, actor: str) -> None:
    """Each order learns its van and hour, unless its last plan said the same."""
    news = {
        reference: {"van": tour.van_code, "expected": stop.service_starts_at.isoformat()}
        for tour in tours
        for stop in tour.stops
        for reference in stop.references
    }
    orders = list(session.scalars(select(Order).where(Order.reference.in_(news)).order_by(Order.id)))
    known = _last_told(session, [order.id for order in orders])
    for order in orders:
        facts = news[order.reference]
        if {name: known.get(order.id, {}).get(name) for name in facts} != facts:
            told = facts | {"plan": plan.id, "version": plan.version, "day": plan.day.isoformat()}
            tell(session, order, "planned", now=now, actor=actor, facts=told)


def _last_told(session: Session, order_ids: list[int]) -> dict[int, dict[str, Any]]:
    """The facts of each order's last event of a plan; a later visit that failed makes the next plan news again."""
    rows = session.execute(
        select(OrderEvent.order_id, OrderEvent.kind, OrderEvent.facts)
        .where(OrderEvent.order_id.in_(order_ids), OrderEvent.kind.in_(("planned", "reopened")))
        .order_by(OrderEvent.id)
    )
    return {order_id: dict(facts) if kind == "planned" else {} for order_id, kind, facts in rows}
