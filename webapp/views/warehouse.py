"""Picking, stock and receipts, for a phone in one hand."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logistics import desk, road_queries, sites
from logistics import picking as picks
from logistics.refusals import ANY_REFUSAL

from .. import searches
from ..access import allowed
from ..forms import Form
from ..here import actor, day_of, my_sites, now, system, today
from ..i18n import gettext as _
from ..i18n import refusal

pages = Blueprint("warehouse", __name__, url_prefix="/warehouse")


@pages.get("/picking")
@allowed("warehouse", "coordinator", "admin")
def picking() -> ResponseReturnValue:
    """The published tours of a day with how far their picking is."""
    day = day_of(request.args.get("day") or today().isoformat())
    with system().sessions() as reading:
        tours = road_queries.tours_of_day(reading, day, site_codes=my_sites() or frozenset())
    return render_template("picking.html", tours=tours, shown_day=day)


@pages.get("/picking/<int:tour_id>")
@allowed("warehouse", "coordinator", "admin")
def pick_list(tour_id: int) -> ResponseReturnValue:
    """One tour's list, last stop first: what is picked first goes in deepest."""
    return _list_page(tour_id)


def _list_page(tour_id: int, problem: str = "", status: int = 200) -> ResponseReturnValue:
    with system().sessions() as reading:
        found = picks.pick_list(reading, tour_id)
    _mine(found.site_code)
    return render_template("pick_list.html", list=found, problem=problem), status


@pages.post("/picking/<int:tour_id>/<int:line_id>")
@allowed("warehouse", "coordinator", "admin")
def mark(tour_id: int, line_id: int) -> ResponseReturnValue:
    """A line is picked, missing, to be looked for again, or another piece goes instead."""
    with system().sessions() as reading:
        found = picks.pick_list(reading, tour_id)
    _mine(found.site_code)
    if line_id not in {item.id for item in found.items}:
        abort(404)
    instead = request.form.get("instead", "").strip()[:40]
    try:
        with system().sessions.begin() as writing:
            if instead:
                picks.substitute(writing, line_id, instead, now=now(), actor=actor())
            else:
                picks.mark(writing, line_id, request.form.get("state", ""), now=now(), actor=actor())
    except ANY_REFUSAL as error:
        return _list_page(tour_id, refusal(error), 422)
    return redirect(url_for("warehouse.pick_list", tour_id=tour_id, _anchor=f"line-{line_id}"))


@pages.get("/stock")
@allowed("warehouse", "coordinator", "agent", "admin", "auditor")
def stock() -> ResponseReturnValue:
    """What lies where, what is promised, what is free."""
    with system().sessions() as reading:
        lines = desk.shelves(reading, my_sites())
    wanted = searches.text()
    shown = [line for line in lines if wanted.lower() in f"{line.sku} {line.product_name} {line.site_code}".lower()]
    return render_template("stock.html", lines=shown, wanted=wanted)


@pages.post("/stock/search")
@allowed("warehouse", "coordinator", "agent", "admin", "auditor")
def search() -> ResponseReturnValue:
    """Show the lines with what was typed; the address of the answer does not hold it."""
    return redirect(url_for("warehouse.stock", find=searches.keep(request.form.get("q", "")) or None))


@pages.get("/receive")
@allowed("warehouse", "admin")
def receipt() -> ResponseReturnValue:
    """The form of a receipt, under a number of its own so that it can only be booked once."""
    return _receipt_page(Form({"receipt_id": uuid.uuid4().hex}))


@pages.post("/receive")
@allowed("warehouse", "admin")
def receive() -> ResponseReturnValue:
    """Book the receipt: pieces come from the supplier to the shelf."""
    form = Form(request.form)
    site = form.text("site", limit=20, required=True)
    sku = form.text("sku", limit=40, required=True)
    quantity = form.number("quantity", least=1, most=10_000, default=0)
    pieces = _pieces(form)
    if my_sites() is not None and site not in (my_sites() or ()):
        form.problems["site"] = _("Choose one of your sites.")
    if form.problems:
        return _receipt_page(form), 422
    try:
        with system().sessions.begin() as writing:
            count = desk.receive(
                writing, site_code=site, sku=sku, quantity=quantity, pieces=pieces,
                receipt_id=form.text("receipt_id", limit=32, required=True), now=now(), actor=actor(),
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
        known = [site for site in sites.all_sites(reading) if my_sites() is None or site.code in (my_sites() or ())]
        products = desk.products(reading)
    return render_template("receipt.html", sites=known, products=products, typed=form.typed, problems=form.problems)


def _mine(site_code: str) -> None:
    """Another site's list does not exist for somebody who is limited to theirs."""
    own = my_sites()
    if own is not None and site_code not in own:
        abort(404)
