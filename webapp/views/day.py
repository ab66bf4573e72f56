"""The coordinator's home: a day on the map beside its tours, and what to do with it."""

from __future__ import annotations

import io
from datetime import date, timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, session, url_for
from flask.typing import ResponseReturnValue

from logistics import exports
from logistics.counter import catalogue, days, tasks
from logistics.errors import NoPlan
from logistics.queries import DayView
from logistics.refusals import ANY_REFUSAL

from .. import lanes, maps
from ..access import needs
from ..here import day_of, now, system, today, viewer, zone
from ..i18n import gettext as _
from ..i18n import language, refusal

pages = Blueprint("day", __name__, url_prefix="/day")
#: Up to so many stops the tours' tables come with the page; beyond, each is asked for when it is opened.
TABLES_UP_TO = 300
KINDS = {
    "json": "application/json", "geojson": "application/geo+json", "csv": "text/csv", "gpx": "application/gpx+xml",
    "pdf": "application/pdf",
}  # fmt: skip


@pages.get("/today", endpoint="today")
@needs("days.read")
def first() -> ResponseReturnValue:
    """Today, or the next day that has a plan when today has none."""
    with system().sessions() as reading:
        day = days.next_planned_day(reading, viewer(), today()) or today()
    return redirect(url_for("day.show", day=day.isoformat()))


@pages.get("/<day>")
@needs("days.read")
def show(day: str) -> ResponseReturnValue:
    """Map, lanes, totals, and the list of what is not served."""
    when = day_of(day)
    view = _view(when)
    with system().sessions() as reading:
        running = days.planning_of(reading, viewer(), when)
    board = lanes.board(view, now=now())
    return render_template(
        "day.html", view=view, shown_day=when, board=board, told=lanes.told(board) if board else {}, running=running,
        map=maps.day_map(system(), view), before=when - timedelta(days=1), after=when + timedelta(days=1),
        tables_at_once=view.totals.stops <= TABLES_UP_TO,
        formats=[form for form in exports.FORMATS if form != "pdf"], language_code=language(),
    )  # fmt: skip


@pages.get("/<day>/map.js")
@needs("days.read")
def script(day: str) -> ResponseReturnValue:
    """The map's script, of this origin like every script."""
    day_of(day)
    return Response(maps.day_script(system()), mimetype="text/javascript")


@pages.get("/<day>/tours/<int:tour_id>")
@needs("days.read")
def tour_stops(day: str, tour_id: int) -> ResponseReturnValue:
    """One tour's stops as a table, for days that are too full to show them all at once."""
    for tour in _view(day_of(day)).tours:
        if tour.id == tour_id:
            return render_template("stop_table.html", tour=tour)
    abort(404)


@pages.get("/<day>/print", endpoint="printed")
@needs("days.read")
def on_paper(day: str) -> ResponseReturnValue:
    """The day for a printer: a drawing of the tours and their stops, in black and white."""
    when = day_of(day)
    view = _view(when)
    if not view.tours:
        abort(404)
    return render_template("day_print.html", view=view, shown_day=when, drawing=maps.on_paper(system(), view),
                           printed_at=now().astimezone(zone()))  # fmt: skip


@pages.get("/<day>/stops/<int:stop_id>")
@needs("days.read")
def stop_popup(day: str, stop_id: int) -> ResponseReturnValue:
    """What the map tells of one stop when it is pressed."""
    view = _view(day_of(day))
    for tour in view.tours:
        for stop in tour.stops:
            if stop.id == stop_id:
                with system().sessions() as reading:
                    told = days.why(reading, viewer(), view, tour, stop)
                return render_template("stop_popup.html", tour=tour, stop=stop, why=told)
    abort(404)


@pages.get("/<day>/left/<reference>")
@needs("days.read")
def left_popup(day: str, reference: str) -> ResponseReturnValue:
    """What the map tells of an order that is not served."""
    for left in _view(day_of(day)).unserved:
        if left.order == reference:
            return render_template("left_popup.html", left=left)
    abort(404)


def _view(day: date) -> DayView:
    me, chosen = viewer(), session.get("site") or None
    with system().sessions() as reading:
        if chosen not in {site.code for site in catalogue.my_sites(reading, me)}:
            chosen = None
        return days.show(reading, me, day, site=chosen, visit_minutes=system().settings.visit_minutes)


@pages.post("/<day>/plan")
@needs("days.plan")
def plan(day: str) -> ResponseReturnValue:
    """Ask for the day to be planned in the background; the page shows how far it is and may be left."""
    when = day_of(day)
    site = request.form.get("site", "")[:20] or None
    try:
        with system().sessions.begin() as writing:
            task_id = days.plan(writing, viewer(), when, site=site, now=now())
    except days.PlanningRuns as error:
        flash(refusal(error), "warning")
        answer = redirect(url_for("day.show", day=when.isoformat()))
        # A part of the page asked: the whole page is shown anew, with the sentence.
        return Response(headers={"HX-Redirect": answer.location}) if request.headers.get("HX-Request") else answer
    system().queue.ring(task_id)
    if request.headers.get("HX-Request"):
        with system().sessions() as reading:
            return render_template("task_part.html", task=tasks.show(reading, viewer(), task_id))
    return redirect(url_for("day.show", day=when.isoformat()))


@pages.post("/<day>/publish")
@needs("days.publish")
def publish(day: str) -> ResponseReturnValue:
    """Freeze the draft: windows are promised, exact pieces allocated, couriers see their tours."""
    when = day_of(day)
    try:
        with system().sessions.begin() as writing:
            done = days.publish(writing, viewer(), when, now=now())
    except ANY_REFUSAL as error:
        flash(refusal(error), "danger")
        return redirect(url_for("day.show", day=when.isoformat()))
    flash(_("Published: %(tours)s tours with %(stops)s stops.", tours=done.tours, stops=done.stops), "success")
    if done.without_courier:
        flash(
            _(
                "No courier yet for: %(vans)s. Give the van to a user with the role courier.",
                vans=", ".join(done.without_courier),
            ),
            "warning",
        )
    return redirect(url_for("day.show", day=when.isoformat()))


@pages.get("/<day>/export/<form>")
@needs("days.export")
def export(day: str, form: str) -> ResponseReturnValue:
    """The day as a file, the route sheets as PDF among them."""
    when = day_of(day)
    if form not in exports.FORMATS:
        abort(404)
    try:
        made = days.export(
            system(), viewer(), when, form, van=request.args.get("van") or None, language=language()
        )
    except NoPlan:
        abort(404)
    name = f"tournee-{when.isoformat()}.{form}"
    return send_file(io.BytesIO(made), mimetype=KINDS[form], as_attachment=form != "pdf", download_name=name)
