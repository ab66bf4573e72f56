"""The courier's phone: my tour today, the next stop first, one question per screen."""

from __future__ import annotations

import io
import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from logistics import execution, states
from logistics.counter import road
from logistics.errors import UnknownRecord
from logistics.refusals import ANY_REFUSAL
from logistics.road_queries import CourierStop, CourierTour

from .. import maps
from ..access import needs
from ..here import now, system, today, viewer
from ..i18n import gettext as _
from ..i18n import language, refusal
from ..redirects import nearest_page

pages = Blueprint("courier", __name__, url_prefix="/courier")


@pages.get("")
@needs("tours.own")
def tour() -> ResponseReturnValue:
    """My tour: confirm the load, then the next stop, then the way home."""
    mine = _my_tour()
    if mine is None:
        with system().sessions() as reading:
            return render_template("courier_none.html", then=road.next_tour(reading, viewer(), today()))
    if mine.state == "published":
        return render_template("courier_start.html", tour=mine, event_id=uuid.uuid4().hex)
    if mine.can_end:
        return render_template("courier_end.html", tour=mine, event_id=uuid.uuid4().hex)
    return render_template("courier_tour.html", tour=mine, stop=mine.next_stop, links=maps.navigation,
                           event_id=uuid.uuid4().hex)  # fmt: skip


@pages.get("/stops/<int:stop_id>")
@needs("tours.own")
def stop(stop_id: int) -> ResponseReturnValue:
    """One stop of mine, where its QR code leads: give, take, done or failed."""
    mine, found = _my_stop(stop_id)
    return render_template("courier_stop.html", tour=mine, stop=found, links=maps.navigation, failures=states.FAILURES,
                           event_id=uuid.uuid4().hex, late_id=uuid.uuid4().hex)  # fmt: skip


@pages.post("/start")
@needs("tours.drive")
def start() -> ResponseReturnValue:
    """Leave with what is ticked; what is not aboard is told and its stop planned again."""
    mine = _my_tour() or abort(404)
    loaded = [int(one) for one in request.form.getlist("loaded") if one.isdigit()]
    return _tell("started", mine, None, {"loaded": loaded}, then=url_for("courier.tour"))


@pages.post("/stops/<int:stop_id>/arrived")
@needs("tours.drive")
def arrived(stop_id: int) -> ResponseReturnValue:
    """I am at the door."""
    mine, _stop = _my_stop(stop_id)
    return _tell("arrived", mine, stop_id, {}, then=url_for("courier.stop", stop_id=stop_id))


@pages.post("/stops/<int:stop_id>/done")
@needs("tours.drive")
def done(stop_id: int) -> ResponseReturnValue:
    """What was ticked changed hands."""
    mine, found = _my_stop(stop_id)
    facts = {
        "given": _handed(found, "out"),
        "taken": _handed(found, "back"),
        "confirmed_working": request.form.get("working") == "yes",
    }
    return _tell("done", mine, stop_id, facts, then=url_for("courier.tour"))


@pages.post("/stops/<int:stop_id>/failed")
@needs("tours.drive")
def failed(stop_id: int) -> ResponseReturnValue:
    """Nothing changed hands, for a reason from the list."""
    mine, _stop = _my_stop(stop_id)
    return _tell("failed", mine, stop_id, {"reason": request.form.get("reason", "")}, then=url_for("courier.tour"))


@pages.post("/end")
@needs("tours.drive")
def end() -> ResponseReturnValue:
    """Back at the site: what is ticked leaves the van, the rest is listed as a difference."""
    mine = _my_tour() or abort(404)
    # From the form alone, not from what is aboard: sent twice it must say the same.
    counted: list[dict[str, Any]] = [{"asset_tag": tag} for tag in request.form.getlist("tag")]
    for name, typed in request.form.items():
        if name.startswith("count-"):
            counted.append({"sku": name.removeprefix("count-"), "quantity": int(typed) if typed.isdigit() else 0})
    return _tell("ended", mine, None, {"counted": counted}, then=url_for("courier.tour"))


@pages.get("/sheet.pdf")
@needs("tours.own")
def sheet() -> ResponseReturnValue:
    """My route sheet, to print or to keep on the phone."""
    mine = _my_tour() or abort(404)
    made = road.my_sheet(system(), viewer(), mine, language=language())
    name = f"tour-{mine.van_code}-{mine.day.isoformat()}.pdf"
    return send_file(io.BytesIO(made), mimetype="application/pdf", download_name=name)


def _my_tour() -> CourierTour | None:
    """The tour on the road, else the next to start, else the last that ended."""
    with system().sessions() as reading:
        return road.my_tour(reading, viewer(), today(), now=now())


def _my_stop(stop_id: int) -> tuple[CourierTour, CourierStop]:
    """The stop on a tour of mine of today; another's does not exist for me."""
    with system().sessions() as reading:
        try:
            return road.my_stop(reading, viewer(), today(), stop_id, now=now())
        except UnknownRecord:
            abort(404)


def _handed(found: CourierStop, direction: str) -> list[dict[str, Any]]:
    """The ticked pieces as the books want them: the line, and the exact piece or how many."""
    handed: list[dict[str, Any]] = []
    for number, item in enumerate(found.items):
        if item.direction != direction or item.state == "missing":
            continue
        typed = request.form.get(f"item-{number}", "")
        if item.asset_tag and typed:
            handed.append({"line": item.line_id, "asset_tag": item.asset_tag})
        elif not item.asset_tag and typed.isdigit() and int(typed):
            handed.append({"line": item.line_id, "quantity": int(typed)})
    return handed


def _tell(
    kind: str, mine: CourierTour, stop_id: int | None, facts: dict[str, Any], *, then: str
) -> ResponseReturnValue:
    """Record the event under the id the page was made with: sending it twice is saying it once."""
    event = execution.StopEventIn(
        id=request.form.get("event_id", "")[:64] or uuid.uuid4().hex, kind=kind, tour_id=mine.id, stop_id=stop_id,
        occurred_at=_occurred(), facts=facts,
    )  # fmt: skip
    try:
        with system().sessions.begin() as writing:
            told = road.record(writing, viewer(), event, now=now())
    except ANY_REFUSAL as error:
        flash(refusal(error), "danger")
        return redirect(nearest_page(request.path))
    differences = told.result.get("differences") or ()
    if differences:
        flash(_("Noted, with %(count)s differences for the warehouse to look at.", count=len(differences)), "warning")
    if told.result.get("reopened"):
        flash(_("What was not handed over will be planned again."), "warning")
    return redirect(then)


def _occurred() -> datetime | None:
    """The phone's own time when it sent one that can be true, else none: the moment it reaches us."""
    try:
        told = datetime.fromisoformat(request.form.get("occurred_at", ""))
    except ValueError:
        return None
    return told if told.tzinfo and told <= now() + execution.SKEW else None
