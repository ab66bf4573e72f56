"""Picking, stock and receipts, for a phone in one hand."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logistics.counter import catalogue, warehouse
from logistics.refusals import ANY_REFUSAL

from .. import searches
from ..access import needs
from ..forms import Form
from ..here import day_of, now, system, today, viewer
from ..i18n import gettext as _
from ..i18n import refusal

pages = Blueprint("warehouse", __name__, url_prefix="/warehouse")


@pages.get("/picking")
@needs("picks.read")
def picking() -> ResponseReturnValue:
    """The published tours of a day with how far their picking is."""
    day = day_of(request.args.get("day") or today().isoformat())
    with system().sessions() as reading:
        tours = warehouse.tours(reading, viewer(), day)
        then = None if tours else warehouse.next_day(reading, viewer(), day)
    return render_template("picking.html", tours=tours, shown_day=day, then=then)


@pages.get("/picking/<int:tour_id>")
@needs("picks.read")
def pick_list(tour_id: int) -> ResponseReturnValue:
    """One tour's list, last stop first: what is picked first goes in deepest."""
    return _list_page(tour_id)


def _list_page(tour_id: int, problem: str = "", status: int = 200) -> ResponseReturnValue:
    with system().sessions() as reading:
        found = warehouse.pick_list(reading, viewer(), tour_id)
    return render_template("pick_list.html", list=found, problem=problem), status


@pages.post("/picking/<int:tour_id>/<int:line_id>")
@needs("picks.mark")
def mark(tour_id: int, line_id: int) -> ResponseReturnValue:
    """A line is picked, missing, to be looked for again, or another piece goes instead."""
    instead = request.form.get("instead", "").strip()[:40]
    try:
        with system().sessions.begin() as writing:
            if instead:
                warehouse.substitute(writing, viewer(), tour_id, line_id, instead, now=now())
            else:
                warehouse.mark(writing, viewer(), tour_id, line_id, request.form.get("state", ""), now=now())
    except ANY_REFUSAL as error:
        return _list_page(tour_id, refusal(error), 422)
    return redirect(url_for("warehouse.pick_list", tour_id=tour_id, _anchor=f"line-{line_id}"))


@pages.get("/stock")
@needs("stock.read")
def stock() -> ResponseReturnValue:
    """What lies where, what is promised, what is free."""
    with system().sessions() as reading:
        lines = warehouse.stock(reading, viewer())
    wanted = searches.text()
    shown = [line for line in lines if wanted.lower() in f"{line.sku} {line.product_name} {line.site_code}".lower()]
    return render_template("stock.html", lines=shown, wanted=wanted)


@pages.post("/stock/search")
@needs("stock.read")
def search() -> ResponseReturnValue:
    """Show the lines with what was typed; the address of the answer does not hold it."""
    return redirect(url_for("warehouse.stock", find=searches.keep(request.form.get("q", "")) or None))


@pages.get("/receive")
@needs("stock.receive")
def receipt() -> ResponseReturnValue:
    """The form of a receipt, under a number of its own so that it can only be booked once."""
    return _receipt_page(Form({"receipt_id": uuid.uuid4().hex}))


@pages.post("/receive")
@needs("stock.receive")
def receive() -> ResponseReturnValue:
    """Book the receipt: pieces come from the supplier to the shelf."""
    form = Form(request.form)
    site = form.text("site", limit=20, required=True)
    sku = form.text("sku", limit=40, required=True)
    quantity = form.number("quantity", least=1, most=10_000, default=0)
    pieces = _pieces(form)
    with system().sessions() as reading:
        if site and site not in {one.code for one in catalogue.my_sites(reading, viewer())}:
            form.problems["site"] = _("Choose one of your sites.")
    if form.problems:
        return _receipt_page(form), 422
    try:
        with system().sessions.begin() as writing:
            count = warehouse.receive(
                writing, viewer(), site_code=site, sku=sku, quantity=quantity, pieces=pieces,
                receipt_id=form.text("receipt_id", limit=32, required=True), now=now(),
            )  # fmt: skip
    except ANY_REFUSAL as error:
        form.refuse(error, "pieces" if pieces else "quantity")
        return _receipt_page(form), 422
    flash(_("%(count)s pieces of %(sku)s are on the shelf of %(site)s.", count=count, sku=sku, site=site), "success")
    return redirect(url_for("warehouse.receipt"))


def _pieces(form: Form) -> tuple[tuple[str, str], ...]:
    """One piece a line: its tag and its serial number, separated by a comma, a semicolon or a tab."""
    found = []
    for number, line in enumerate(form.text("pieces", limit=20_000).splitlines(), start=1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.replace(";", ",").replace("\t", ",").split(",")]
        if len(parts) != 2 or not all(parts):
            form.problems["pieces"] = _(
                "Line %(number)s: a tag and a serial number, separated by a comma.", number=number
            )
            break
        found.append((parts[0], parts[1]))
    return tuple(found)


def _receipt_page(form: Form) -> str:
    with system().sessions() as reading:
        known = catalogue.my_sites(reading, viewer())
        products = catalogue.products(reading, viewer())
    return render_template("receipt.html", sites=known, products=products, typed=form.typed, problems=form.problems)
