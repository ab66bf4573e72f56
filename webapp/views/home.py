"""Where each role starts, search, and the answers machines ask for."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import searches
from ..access import public, signed_in

pages = Blueprint("home", __name__)

FIRST = {
    "admin": "day.today", "coordinator": "day.today", "auditor": "day.today", "warehouse": "warehouse.picking",
    "agent": "people.index", "courier": "courier.tour", "employee": "mine.kit",
}  # fmt: skip


@pages.get("/")
@signed_in
def first() -> ResponseReturnValue:
    """The role's own first page."""
    return redirect(url_for(FIRST[current_user.role]))


@pages.post("/search")
@signed_in
def search() -> ResponseReturnValue:
    """Orders by reference; people for those who may look them up. Names are typed here: no address holds them."""
    wanted = request.form.get("q", "").strip()
    found = searches.keep(wanted) or None
    if current_user.role in ("agent", "coordinator", "admin") and not wanted.upper().startswith("O-"):
        return redirect(url_for("people.index", find=found))
    if current_user.role in ("agent", "coordinator", "admin", "auditor"):
        return redirect(url_for("orders.index", find=found))
    return redirect(url_for("home.first"))


@pages.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}
