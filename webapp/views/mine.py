"""The employee's own pages: what I hold, what is coming."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from logistics import desk
from logistics.desk import PersonPage
from logistics.states import PUBLIC_WORDS

from ..access import allowed
from ..here import system

pages = Blueprint("mine", __name__, url_prefix="/my")


def _me() -> PersonPage:
    if not current_user.employee_number:
        abort(404)
    with system().sessions() as reading:
        return desk.person(reading, current_user.employee_number)


@pages.get("/kit")
@allowed("employee")
def kit() -> ResponseReturnValue:
    """What I have at home."""
    return render_template("my_kit.html", person=_me())


@pages.get("/orders")
@allowed("employee")
def orders() -> ResponseReturnValue:
    """My orders in plain words."""
    return render_template("my_orders.html", person=_me(), public=PUBLIC_WORDS)
