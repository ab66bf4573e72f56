"""Orders as coordinators and agents handle them: look, change, cancel, leave out, give to a van, move on a tour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logistics import states
from logistics.counter import orders
from logistics.refusals import ANY_REFUSAL

from .. import searches
from ..access import needs
from ..forms import Form
from ..here import now, system, viewer
from ..i18n import gettext as _
from ..i18n import refusal
from . import undo

pages = Blueprint("orders", __name__, url_prefix="/orders")


@pages.get("")
@needs("orders.read")
def index() -> ResponseReturnValue:
    """All orders, newest day first, by state, day and text."""
    state = request.args.get("state", "")
    text = searches.text()
    page = max(1, min(request.args.get("page", 1, type=int) or 1, 10_000))
    with system().sessions() as reading:
        found = orders.index(
            reading, viewer(), state=state, day=_day(request.args.get("day")), text=text, page=page
        )
    return render_template(
        "orders.html", found=found, wanted_state=state, text=text, page=page, states=states.ORDER_STATES,
        day=request.args.get("day", ""),
    )  # fmt: skip


@pages.post("/search")
@needs("orders.read")
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
@needs("orders.read")
def show(reference: str) -> ResponseReturnValue:
    """One order: what, when, where it stands, and its history."""
    return _order_page(reference, Form({}))


def _order_page(reference: str, form: Form, preview: object = None, status: int = 200) -> ResponseReturnValue:
    with system().sessions() as reading:
        order = orders.show(reading, viewer(), reference)
        vans = orders.vans(reading, viewer())
    # Somebody else changed it: what was typed stays, and sending it again is about what stands there now.
    version = order.version if status == 409 else form.typed.get("version") or order.version
    return render_template("order.html", order=order, vans=vans, typed=form.typed, problems=form.problems,
                           version=version, preview=preview), status  # fmt: skip


@pages.post("/<reference>/change")
@needs("orders.amend")
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
            orders.amend(writing, viewer(), reference, facts, expected_version=version, now=now())
    except ANY_REFUSAL as error:
        form.refuse(error, "day")
        return _order_page(reference, form, status=409 if getattr(error, "code", "") == "order-changed" else 422)
    flash(_("Order %(reference)s is changed.", reference=reference), "success")
    return redirect(url_for("orders.show", reference=reference))


@pages.post("/<reference>/cancel")
@needs("orders.cancel")
def cancel(reference: str) -> ResponseReturnValue:
    """Call the order off; its pieces are free again."""
    reason = request.form.get("reason", "").strip()[:200]

    def call_off() -> None:
        with system().sessions.begin() as writing:
            orders.cancel(writing, viewer(), reference, reason=reason, now=now())

    return _do(reference, call_off, _("Order %(reference)s is cancelled.", reference=reference))


@pages.post("/<reference>/leave-out")
@needs("orders.leave-out")
def leave_out(reference: str) -> ResponseReturnValue:
    """Keep the order off the road that day, or let it back."""
    flag = request.form.get("flag") == "yes"

    def leave() -> None:
        with system().sessions.begin() as writing:
            deed = orders.leave_out(writing, viewer(), reference, flag, now=now())
        undo.offer(deed)

    return _do(reference, leave, _("It counts from the next plan on."))


@pages.post("/<reference>/van")
@needs("orders.give-to-van")
def van(reference: str) -> ResponseReturnValue:
    """Only this van may serve the order, or any again."""
    wanted = request.form.get("van", "").strip()[:20] or None

    def give() -> None:
        with system().sessions.begin() as writing:
            deed = orders.give_to_van(writing, viewer(), reference, wanted, now=now())
        undo.offer(deed)

    return _do(reference, give, _("It counts from the next plan on."))


@pages.post("/<reference>/move")
@needs("orders.move")
def move(reference: str) -> ResponseReturnValue:
    """Put the stop at another place of a tour: judged first, shown, and saved when asked to."""
    form = Form(request.form)
    day, van_code = form.day("plan_day"), form.text("van", limit=20, required=True)
    position = form.number("position", least=1, most=500, default=1)
    if form.problems:
        return _order_page(reference, form, status=422)
    try:
        if request.form.get("save") != "yes":
            preview = orders.preview_move(system(), viewer(), day, reference, van_code=van_code, position=position)
            return _order_page(reference, form, preview=preview)
        orders.move(system(), viewer(), day, reference, van_code=van_code, position=position)
    except ANY_REFUSAL as error:
        form.refuse(error, "position")
        return _order_page(reference, form, status=422)
    flash(_("The stop is moved; a new draft is waiting to be published."), "success")
    return redirect(url_for("day.show", day=day.isoformat()))


@pages.post("/<reference>/working")
@needs("orders.confirm")
def working(reference: str) -> ResponseReturnValue:
    """The employee says that everything works."""

    def confirm() -> None:
        with system().sessions.begin() as writing:
            orders.confirm_working(writing, viewer(), reference, now=now())

    return _do(reference, confirm, _("Noted: it works."))


def _do(reference: str, deed: Callable[[], None], success: str) -> ResponseReturnValue:
    try:
        deed()
    except ANY_REFUSAL as error:
        flash(refusal(error), "danger")
    else:
        flash(success, "success")
    return redirect(url_for("orders.show", reference=reference))
