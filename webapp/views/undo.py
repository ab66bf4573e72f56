"""Undo: the deed that the last answer offered to take back, named by a signed handle that holds for a short while."""

from __future__ import annotations

from dataclasses import astuple
from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer

from logistics.counter import undo
from logistics.refusals import ANY_REFUSAL

from ..access import signed_in
from ..here import now, system, viewer
from ..i18n import gettext as _
from ..i18n import refusal

pages = Blueprint("undo", __name__)
#: The page offers it for ten seconds; a slow network, and whoever reads with another program, have a minute.
HOLDS = timedelta(seconds=60)


def offer(deed: undo.Deed | None) -> None:
    """Let the next page offer to take the deed back; nothing to take back is no offer."""
    if deed is not None:
        until = int((now() + HOLDS).timestamp())
        session["undo"] = _signer().dumps([until, *astuple(deed)])


@pages.post("/undo")
@signed_in
def take_back() -> ResponseReturnValue:
    """Take the deed back, as whoever may do it."""
    try:
        deed = _read(request.form.get("handle", "")[:2000])
    except undo.CannotUndo as error:
        flash(refusal(error), "danger")
        return redirect(url_for("home.first"))
    try:
        with system().sessions.begin() as writing:
            undo.take_back(writing, viewer(), deed, now=now())
    except ANY_REFUSAL as error:
        flash(refusal(error), "danger")
    else:
        flash(_("It is undone."), "success")
    if deed.kind == "account":
        return redirect(url_for("admin.users"))
    return redirect(url_for("orders.show", reference=deed.of))


def _read(handle: str) -> undo.Deed:
    try:
        until, kind, of, version, was = _signer().loads(handle)
    except BadSignature:
        raise undo.CannotUndo("handle") from None
    if now().timestamp() > until:
        raise undo.CannotUndo(kind)
    return undo.Deed(kind, of, version, was)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=f"undo {current_user.login}")
