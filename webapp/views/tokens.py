"""My tokens: make one, shown once; see them; revoke them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logistics.counter import tokens as counter
from logistics.refusals import ANY_REFUSAL

from ..access import needs
from ..forms import Form
from ..here import now, system, viewer
from ..i18n import gettext as _

pages = Blueprint("tokens", __name__, url_prefix="/account/tokens")


@pages.get("")
@needs("account.own")
def index() -> ResponseReturnValue:
    """My tokens, newest first."""
    return _page(Form({}))


@pages.post("")
@needs("account.own")
def make() -> ResponseReturnValue:
    """Make a token and show it, this once."""
    form = Form(request.form)
    name = form.text("name", limit=80, required=True)
    days = form.number("days", least=1, most=counter.MOST_DAYS, default=counter.USUAL_DAYS)
    chosen = frozenset(request.form.getlist("scopes"))
    if not chosen:
        form.problems["scopes"] = _("Choose at least one.")
    if form.problems:
        return _page(form), 422
    try:
        with system().sessions.begin() as writing:
            text, _row = counter.make(writing, viewer(), name=name, scopes=chosen, days=days, now=now())
    except ANY_REFUSAL as error:
        form.refuse(error, "scopes")
        return _page(form), 422
    return _page(Form({}), made=text)


@pages.post("/<int:token_id>/revoke")
@needs("account.own")
def revoke(token_id: int) -> ResponseReturnValue:
    """End one of my tokens at once."""
    with system().sessions.begin() as writing:
        ended = counter.revoke(writing, viewer(), token_id, now=now())
    flash(_("The token %(name)s is revoked; whoever uses it is refused from now on.", name=ended.name), "success")
    return redirect(url_for("tokens.index"))


def _page(form: Form, made: str = "") -> str:
    with system().sessions() as reading:
        rows = [(one, one.state(now())) for one in counter.mine(reading, viewer())]
    return render_template(
        "tokens.html", rows=rows, made=made, scopes=counter.useful_scopes(viewer()), typed=form.typed,
        problems=form.problems, chosen=request.form.getlist("scopes") if form.problems else (),
    )  # fmt: skip
