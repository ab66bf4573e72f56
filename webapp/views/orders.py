"""Orders as coordinators and agents handle them: look, change, cancel, leave out, give to a van, move on a tour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logistics import desk, edits, orders, queries, states
from logistics.refusals import ANY_REFUSAL

from .. import searches
from ..access import allowed
from ..forms import Form
from ..here import actor, my_sites, now, system
from ..i18n import gettext as _
from ..i18n import refusal

pages = Blueprint("orders", __name__, url_prefix="/orders")
READERS = ("coordinator", "agent", "admin", "auditor")
PAGE = 50


@pages.get("")
@allowed(*READERS)
def index() -> ResponseReturnValue:
    """All orders, newest day first, by state, day and text."""
    state = request.args.get("state", "")
    text = searches.text()
    page = max(1, min(request.args.get("page", 1, type=int) or 1, 10_000))
    with system().sessions() as reading:
        found = queries.order_list(
            reading, state=state if state in states.ORDER_STATES else None, day=_day(request.args.get("day")),
            text=text, page=page, per_page=PAGE, site_codes=my_sites(),
        )  # fmt: skip
    return render_template(
        "orders.html", found=found, wanted_state=state, text=text, page=page, states=states.ORDER_STATES,
        day=request.args.get("day", ""),
    )  # fmt: skip


@pages.post("/search")
@allowed(*READERS)
def search() -> ResponseReturnValue:
    """Look for what was typed; the address of the answer holds the state and the day, never the text."""
    chosen: dict[str, Any] = {name: request.form.get(name, "")[:20] or None for name in ("state", "day")}
    return redirect(url_for("orders.index", find=searches.keep(request.form.get("q", "")) or None, **chosen))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


@pages.get("/<reference>")
@allowed(*READERS)
def show(reference: str) -> ResponseReturnValue:
    """One order: what, when, where it stands, and its history."""
    return _order_page(reference, Form({}))


def _order_page(reference: str, form: Form, preview: object = None, status: int = 200) -> ResponseReturnValue:
    with system().sessions() as reading:
        order = queries.order_view(reading, reference)
        vans = desk.vans(reading)
    return render_template("order.html", order=order, vans=vans, typed=form.typed, problems=form.problems,
                           preview=preview), status  # fmt: skip


@pages.post("/<reference>/change")
@allowed("coordinator", "agent", "admin")
def change(reference: str) -> ResponseReturnValue:
    """Another day, window, urgency or note; refused when somebody else changed the order meanwhile."""
    form = Form(request.form)
    facts = {
        "day": form.day("day"), "window_start": form.clock("window_start"), "window_end": form.clock("window_end"),
        "priority": form.number("priority", least=1, most=3, default=1), "note": form.text("note", limit=400),
    }  # fmt: skip
    version = form.number("version", least=1)
    if form.problems:
        return _order_page(reference, form, status=422)
    try:
        with system().sessions.begin() as writing:
            orders.amend(writing, reference, facts, expected_version=version, now=now(), actor=actor())
    except ANY_REFUSAL as error:
        form.refuse(error, "day")
        return _order_page(reference, form, status=409 if getattr(error, "code", "") == "order-changed" else 422)
    flash(_("Order %(reference)s is changed.", reference=reference), "success")
    return redirect(url_for("orders.show", reference=reference))


@pages.post("/<reference>/cancel")
@allowed("coordinator", "agent", "admin")
def cancel(reference: str) -> ResponseReturnValue:
    """Call the order off; its pieces are free again."""
    reason = request.form.get("reason", "").strip()[:200]

    def call_off() -> None:
        with system().sessions.begin() as writing:
            orders.cancel(writing, reference, now=now(), actor=actor(), reason=reason)

    return _do(reference, call_off, _("Order %(reference)s is cancelled.", reference=reference))


@pages.post("/<reference>/leave-out")
@allowed("coordinator", "admin")
def leave_out(reference: str) -> ResponseReturnValue:
    """Keep the order off the road that day, or let it back."""
    flag = request.form.get("flag") == "yes"

    def leave() -> None:
        with system().sessions.begin() as writing:
            orders.leave_out(writing, reference, flag, now=now(), actor=actor())

    return _do(reference, leave, _("It counts from the next plan on."))


@pages.post("/<reference>/van")
@allowed("coordinator", "admin")
def van(reference: str) -> ResponseReturnValue:
    """Only this van may serve the order, or any again."""
    wanted = request.form.get("van", "").strip()[:20] or None

    def give() -> None:
        with system().sessions.begin() as writing:
            orders.give_to_van(writing, reference, wanted, now=now(), actor=actor())

    return _do(reference, give, _("It counts from the next plan on."))


@pages.post("/<reference>/move")
@allowed("coordinator", "admin")
def move(reference: str) -> ResponseReturnValue:
    """Put the stop at another place of a tour: judged first, shown, and saved when asked to."""
    form = Form(request.form)
    day, van_code = form.day("plan_day"), form.text("van", limit=20, required=True)
    position = form.number("position", least=1, most=500, default=1)
    if form.problems:
        return _order_page(reference, form, status=422)
    try:
        if request.form.get("save") != "yes":
            preview = edits.preview_move(system(), day, reference, van_code=van_code, position=position)
            return _order_page(reference, form, preview=preview)
        edits.move_job(system(), day, reference, van_code=van_code, position=position, actor=actor())
    except ANY_REFUSAL as error:
        form.refuse(error, "position")
        return _order_page(reference, form, status=422)
    flash(_("The stop is moved; a new draft is waiting to be published."), "success")
    return redirect(url_for("day.show", day=day.isoformat()))


@pages.post("/<reference>/working")
@allowed("coordinator", "agent", "admin")
def working(reference: str) -> ResponseReturnValue:
    """The employee says that everything works."""

    def confirm() -> None:
        with system().sessions.begin() as writing:
            orders.confirm_working(writing, reference, now=now(), actor=actor())

    return _do(reference, confirm, _("Noted: it works."))


def _do(reference: str, deed: Callable[[], None], success: str) -> ResponseReturnValue:
    try:
        deed()
    except ANY_REFUSAL as error:
        flash(refusal(error), "danger")
    else:
        flash(success, "success")
    return redirect(url_for("orders.show", reference=reference))
