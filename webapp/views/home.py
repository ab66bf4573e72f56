"""Where each role starts, search, and the answers machines ask for."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from prometheus_client import CONTENT_TYPE_LATEST

from logistics import readiness

from .. import observation, searches
from ..access import public, signed_in
from ..here import system

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


@pages.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Whether work can be done: what must hold, each by name; 503 while something does not."""
    found = readiness.checks(system())
    holds = set(found.values()) == {"ok"}
    return {"ready": holds, "checks": found}, 200 if holds else 503


@pages.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Figures for a watching machine; for everybody else there is nothing here."""
    if not observation.may_read_metrics(system().settings):
        abort(404)
    return Response(current_app.extensions["metrics"].written(), content_type=CONTENT_TYPE_LATEST)
