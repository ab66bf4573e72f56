"""The agent's desk: find an employee, see what they hold, order in one short form, put their home on the map."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logistics import requests
from logistics.counter import catalogue, orders, people
from logistics.errors import UnknownRecord
from logistics.refusals import ANY_REFUSAL

from .. import maps, searches
from ..access import needs
from ..forms import Form
from ..here import now, system, today, viewer
from ..i18n import gettext as _

pages = Blueprint("people", __name__, url_prefix="/people")
KINDS = ("swap", "issue", "return")
#: Reasons somebody may give for looking at a home; they are logged.
PURPOSES = ("order", "call", "correction")
#: How long a home that was asked for stays on the screen.
SHOWN_SECONDS = 300


@pages.get("")
@needs("people.read")
def index() -> ResponseReturnValue:
    """A search box and who it finds; one hit by number opens at once."""
    wanted = searches.text()
    with system().sessions() as reading:
        found = people.find(reading, viewer(), wanted, today=today())
    if len(found) == 1 and wanted:
        return redirect(url_for("people.show", number=found[0].number))
    return render_template("people.html", found=found, wanted=wanted)


@pages.post("/search")
@needs("people.read")
def search() -> ResponseReturnValue:
    """Look for what was typed; the address of the answer does not hold it."""
    return redirect(url_for("people.index", find=searches.keep(request.form.get("q", "")) or None))


@pages.get("/<number>")
@needs("people.read")
def show(number: str) -> ResponseReturnValue:
    """One employee."""
    with system().sessions() as reading:
        page = people.show(reading, viewer(), number)
    return render_template("person.html", person=page, home=None)


@pages.post("/<number>/home")
@needs("people.reveal-home")
def home(number: str) -> ResponseReturnValue:
    """Show the home, for a purpose, and log it."""
    form = Form(request.form)
    purpose = form.one_of("purpose", PURPOSES)
    with system().sessions.begin() as writing:
        page = people.show(writing, viewer(), number)
        shown = None
        if not form.problems:
            shown = people.reveal_home(writing, viewer(), number, purpose=f"desk:{purpose}", now=now())
    answer = make_response(render_template("person.html", person=page, home=shown, problems=form.problems))
    if shown:
        answer.headers["Refresh"] = f"{SHOWN_SECONDS}; url={url_for('people.show', number=number)}"
    return answer


@pages.get("/<number>/order")
@needs("orders.place")
def order_form(number: str) -> ResponseReturnValue:
    """The short form, with all that is known filled in."""
    return _order_page(number, Form(_usual(request.args)))


@pages.post("/<number>/order")
@needs("orders.place")
def order(number: str) -> ResponseReturnValue:
    """Place the order, or say what is missing with everything kept."""
    form = Form(request.form)
    wanted = read_order(form, number)
    if wanted is None or form.problems:
        return _order_page(number, form), 422
    try:
        with system().sessions.begin() as writing:
            reference = orders.place(writing, viewer(), wanted, system=system(), now=now()).reference
    except ANY_REFUSAL as error:
        form.refuse(error, "sku")
        return _order_page(number, form), 422
    flash(_("Order %(reference)s is placed.", reference=reference), "success")
    return redirect(url_for("orders.show", reference=reference))


def _usual(known: Any) -> dict[str, str]:
    next_day = today() + timedelta(days=1)
    while next_day.weekday() > 4:
        next_day += timedelta(days=1)
    return {"kind": "swap", "quantity": "1", "priority": "2", "window_start": "09:00", "window_end": "12:00",
            "day": next_day.isoformat()} | {key: str(value) for key, value in known.items()}  # fmt: skip


def _order_page(number: str, form: Form) -> str:
    with system().sessions() as reading:
        page = people.show(reading, viewer(), number)
        products = catalogue.products(reading, viewer())
    return render_template("order_form.html", person=page, products=products, typed=form.typed, problems=form.problems)


def read_order(form: Form, number: str) -> requests.OrderRequest | None:
    """The order as it was typed, or None with the problems noted in the form."""
    kind = form.one_of("kind", KINDS)
    sku, tag = form.text("sku", limit=40), form.text("return_asset_tag", limit=40)
    quantity = form.number("quantity", least=1, most=10_000, default=1)
    lines = []
    if kind in ("issue", "swap"):
        if not sku:
            form.problems["sku"] = _("Choose what to bring.")
        else:
            lines.append(requests.LineRequest("out", sku, quantity))
    if kind in ("swap", "return"):
        if not tag:
            form.problems["return_asset_tag"] = _("Choose what to take back.")
        else:
            lines.append(
                requests.LineRequest("back", form.text("return_sku", limit=40) or _sku_of(tag, number), 1, tag)
            )
    day, opens, closes = form.day("day"), form.clock("window_start"), form.clock("window_end")
    priority = form.number("priority", least=1, most=3, default=1)
    note = form.text("note", limit=400)
    if form.problems:
        return None
    try:
        return requests.OrderRequest(
            kind=kind, employee_number=number, lines=tuple(lines), day=day, window_start=opens, window_end=closes,
            priority=priority, note=note, severity=form.text("fault", limit=40),
        )  # fmt: skip
    except ANY_REFUSAL as error:
        form.refuse(error, "kind")
        return None


def _sku_of(tag: str, number: str) -> str:
    with system().sessions() as reading:
        for held in people.show(reading, viewer(), number).held:
            if held.asset_tag == tag:
                return held.sku
    raise UnknownRecord("asset", tag)


@pages.get("/<number>/pin")
@needs("people.set-pin")
def pin_form(number: str) -> ResponseReturnValue:
    """A map to click on; the home's present point, when there is one, is shown and logged."""
    return _pin_page(number, None)


def _pin_page(number: str, form: Form | None) -> str:
    with system().sessions.begin() as writing:
        page = people.show(writing, viewer(), number)
        shown = people.home_to_correct(writing, viewer(), number, now=now())
    known = shown if form is None and shown is not None and shown.lat is not None else None
    typed: Any = form.typed if form else {"lat": known.lat, "lon": known.lon} if known else {}
    return render_template("pin.html", person=page, map=maps.blank_map(system()), typed=typed,
                           problems=form.problems if form else {})  # fmt: skip


@pages.post("/<number>/pin")
@needs("people.set-pin")
def pin(number: str) -> ResponseReturnValue:
    """Keep the point as the employee's home."""
    form = Form(request.form)
    lat, lon = form.degrees("lat", most=90), form.degrees("lon", most=180)
    if form.problems:
        return _pin_page(number, form), 422
    with system().sessions.begin() as writing:
        people.set_pin(writing, viewer(), number, lat=lat, lon=lon, now=now())
    flash(_("The pin is set. It counts from the next plan on."), "success")
    return redirect(url_for("people.show", number=number))
