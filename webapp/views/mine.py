"""The employee's own pages: what I hold, what is coming."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from logistics.counter import people
from logistics.desk import PersonPage
from logistics.errors import UnknownRecord
from logistics.states import PUBLIC_WORDS

from ..access import needs
from ..here import system, viewer

pages = Blueprint("mine", __name__, url_prefix="/my")


def _me() -> PersonPage:
    with system().sessions() as reading:
        try:
            return people.own(reading, viewer())
        except UnknownRecord:
            abort(404)


@pages.get("/kit")
@needs("kit.own")
def kit() -> ResponseReturnValue:
    """What I have at home."""
    with system().sessions() as reading:
        try:
            home = people.own_home(reading, viewer())
        except UnknownRecord:
            home = None
    return render_template("my_kit.html", person=_me(), home=home)


@pages.get("/orders")
@needs("kit.own")
def orders() -> ResponseReturnValue:
    """My orders in plain words."""
    return render_template("my_orders.html", person=_me(), public=PUBLIC_WORDS)
