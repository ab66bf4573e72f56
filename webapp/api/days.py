"""Days and background work: look, plan, publish, export."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response

from logistics.counter import days as counter
from logistics.counter import tasks
from logistics.day_views import DayView
from logistics.errors import UnknownRecord
from logistics.task_views import TaskView

from ..here import system, today
from ..i18n import language
from .bodies import Answer, Body, Code, Query, day_in_address
from .operations import Call, Made, operation
from .problems import Problem
from .warehouse import NextDayOut

room = APIBlueprint("api_days", __name__, url_prefix="/api/v1/days", tag="days")
work = APIBlueprint("api_tasks", __name__, url_prefix="/api/v1/tasks", tag="tasks")
KINDS = {
    "json": "application/json", "geojson": "application/geo+json", "csv": "text/csv", "gpx": "application/gpx+xml",
    "pdf": "application/pdf",
}  # fmt: skip


class DayQuery(Query):
    """Which part of the day."""

    site: Code | None = None


class PlanIn(Body):
    """What to plan."""

    site: Code | None = None


class ExportQuery(Query):
    """Which part of the day, in whose language."""

    van: Code | None = None
    language: Literal["en", "fr"] | None = None


class PlanInfoOut(Answer):
    """Which version of a day this is."""

    id: int
    version: int
    status: str
    engine: str
    solve_seconds: float
    made_at: datetime
    made_by: str


class ItemOut(Answer):
    """Pieces that change hands at a stop."""

    direction: str
    sku: str
    name: str
    quantity: int
    asset_tag: str | None


class DayStopOut(Answer):
    """One stop of a tour; times are aware, in the site's zone."""

    id: int
    sequence: int
    kind: str
    state: str
    failure: str
    orders: list[str]
    priorities: list[int]
    employee_number: str
    arrival: datetime
    service_start: datetime
    departure: datetime
    window_start: datetime
    window_end: datetime
    drive_s: int
    distance_m: int
    wait_s: int
    slack_s: int
    items: list[ItemOut]


class DayTourOut(Answer):
    """One tour of the day."""

    id: int
    van: str
    van_name: str
    van_kind: str
    courier: str
    site: str
    state: str
    start: datetime
    end: datetime
    distance_m: int
    driving_s: int
    working_s: int
    cost_cents: int
    co2_g: int
    travel_source: str
    stops: list[DayStopOut]


class UnservedOut(Answer):
    """An order the version leaves out, with the true first reason."""

    order: str
    code: str
    facts: dict[str, Any]
    priority: int
    employee_number: str
    site: str


class TotalsOut(Answer):
    """Sums over the tours."""

    tours: int
    stops: int
    unserved: int
    distance_m: int
    driving_s: int
    working_s: int
    cost_cents: int
    co2_g: int


class TaskOut(Answer):
    """Background work: how far it is and what became of it."""

    id: str
    kind: str
    state: str
    arguments: dict[str, Any]
    progress: dict[str, Any]
    result: dict[str, Any]
    error_code: str
    cancel_wanted: bool
    asked_at: datetime


class DayOut(Answer):
    """A day's live version: its draft when there is one, else what is published. `version` is what publishing wants."""

    day: date
    version: int
    plan: PlanInfoOut | None
    published: PlanInfoOut | None
    tours: list[DayTourOut]
    unserved: list[UnservedOut]
    totals: TotalsOut
    waiting: int
    planning: TaskOut | None


class WhyReasonOut(Answer):
    """One reason: `wanted`, `only-van`, `only-skill` (with the skill), `neighbour` (with the metres)."""

    code: str
    skill: str
    metres: int


class WhyOut(Answer):
    """A stop and why it is where it is."""

    tour: int
    van: str
    stop: DayStopOut
    reasons: list[WhyReasonOut]


class PublishedOut(Answer):
    """What is published."""

    day: date
    plan_id: int
    version: int
    tours: int
    stops: int
    orders: int
    pick_lines: int
    without_courier: list[str]


@operation(room, "GET", "/next", right="days.read", gives=NextDayOut)
def next_day(call: Call) -> NextDayOut:
    """Today, or the next day that has a plan."""
    return NextDayOut(day=counter.next_planned_day(call.session, call.viewer, today()))


@operation(room, "GET", "/<day>", right="days.read", asks=DayQuery, gives=DayOut)
def get_day(call: Call, query: DayQuery, day: str) -> DayOut:
    """The day's tours with their stops, its totals, and what is not served. Homes are not told here."""
    seen = _seen(call, day, query.site)
    return DayOut(
        day=seen.day, version=seen.plan.version if seen.plan else 0,
        plan=PlanInfoOut.model_validate(seen.plan) if seen.plan else None,
        published=PlanInfoOut.model_validate(seen.published) if seen.published else None,
        tours=[DayTourOut.model_validate(one) for one in seen.tours],
        unserved=[UnservedOut.model_validate(one) for one in seen.unserved],
        totals=TotalsOut.model_validate(seen.totals), waiting=seen.waiting,
        planning=_task(planning) if (planning := counter.planning_of(call.session, call.viewer, seen.day)) else None,
    )  # fmt: skip


@operation(room, "POST", "/<day>/plan", right="days.plan", takes=PlanIn, gives=TaskOut, status=202, creates=True,
           rings=True)  # fmt: skip
def plan_day(call: Call, body: PlanIn, day: str) -> Made:
    """Ask for the day to be planned in the background; read the task until it has ended."""
    task_id = counter.plan(call.session, call.viewer, day_in_address(day), site=body.site, now=call.now)
    told = _task(tasks.show(call.session, call.viewer, task_id))
    return Made(told, {"Location": f"/api/v1/tasks/{task_id}"})


@operation(room, "POST", "/<day>/publish", right="days.publish", gives=PublishedOut, versioned=True)
def publish_day(call: Call, day: str) -> object:
    """Freeze the draft that was seen: windows are promised, pieces named, couriers see their tours."""
    return counter.publish(
        call.session, call.viewer, day_in_address(day), now=call.now, expected_version=call.version
    )


@operation(room, "GET", "/<day>/export/<form>", right="days.export", asks=ExportQuery, media=tuple(KINDS.values()),
           alone=True)  # fmt: skip
def export_day(call: Call, query: ExportQuery, day: str, form: str) -> Response:
    """The day as a file: `json`, `geojson`, `csv`, `gpx`, or `pdf` route sheets."""
    if form not in KINDS:
        raise Problem("unknown-record")
    made = counter.export(
        system(), call.viewer, day_in_address(day), form, van=query.van, language=query.language or language()
    )
    answered = Response(made, mimetype=KINDS[form])
    answered.headers["Content-Disposition"] = f'attachment; filename="tournee-{day}.{form}"'
    return answered


@operation(room, "GET", "/<day>/stops/<int:stop_id>", right="days.read", gives=WhyOut)
def why_there(call: Call, day: str, stop_id: int) -> WhyOut:
    """Why a stop is on its tour: what is known of the choice of the van, the strongest reason first."""
    view = _seen(call, day, None)
    for tour in view.tours:
        for stop in tour.stops:
            if stop.id == stop_id:
                told = counter.why(call.session, call.viewer, view, tour, stop)
                return WhyOut(
                    tour=tour.id, van=tour.van, stop=DayStopOut.model_validate(stop),
                    reasons=[WhyReasonOut.model_validate(one) for one in told],
                )  # fmt: skip
    raise UnknownRecord("stop", stop_id)


@operation(work, "GET", "/<task_id>", right="tasks.read", gives=TaskOut)
def get_task(call: Call, task_id: str) -> TaskOut:
    """How far the work is and what became of it."""
    return _task(tasks.show(call.session, call.viewer, task_id))


@operation(work, "POST", "/<task_id>/cancel", right="tasks.cancel", gives=TaskOut)
def cancel_task(call: Call, task_id: str) -> TaskOut:
    """Ask the work to stop; what it had not written is not written."""
    tasks.cancel(call.session, call.viewer, task_id, now=call.now)
    return _task(tasks.show(call.session, call.viewer, task_id))


@operation(work, "POST", "/<task_id>/retry", right="tasks.retry", gives=TaskOut, rings=True)
def retry_task(call: Call, task_id: str) -> TaskOut:
    """Put work that was set aside after three tries back in the queue."""
    tasks.retry(call.session, call.viewer, task_id, now=call.now)
    return _task(tasks.show(call.session, call.viewer, task_id))


def _seen(call: Call, day: str, site: str | None) -> DayView:
    minutes = system().settings.visit_minutes
    return counter.show(call.session, call.viewer, day_in_address(day), site=site, visit_minutes=minutes)


def _task(seen: TaskView) -> TaskOut:
    return TaskOut.model_validate(seen)


