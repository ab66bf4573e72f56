"""Signing in and out, and the switches of the top bar."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from logistics import users

from .. import redirects
from ..access import public, signed_in
from ..auth import SignedIn, tries
from ..here import system
from ..i18n import LANGUAGES
from ..i18n import gettext as _

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@public
def form() -> ResponseReturnValue:
    """The form, or the first page for who is signed in already."""
    if current_user.is_authenticated:
        return redirect(url_for("home.first"))
    return render_template("sign_in.html", login="", wanted=redirects.own_page(request.args.get("next")))


@pages.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check the password and open a session; failures say nothing about which part was wrong."""
    login, wanted = request.form.get("login", "")[:80], redirects.own_page(request.form.get("next"))
    keys = (f"login:{login.lower()}", f"from:{request.remote_addr}")
    if tries.too_many(*keys):
        return _again(login, wanted, _("Too many tries. Wait five minutes and try again."), 429)
    try:
        # Checking also rehashes an outdated password, so it writes.
        with system().sessions.begin() as writing:
            account = users.sign_in(writing, login, request.form.get("password", "")[:200])
    except users.SignInRefused:
        tries.failed(*keys)
        return _again(login, wanted, _("The login or the password is wrong."), 422)
    chosen = session.get("language")
    session.clear()
    session.permanent = True
    session["stamp"] = account.stamp
    if chosen:
        session["language"] = chosen
    login_user(SignedIn(account))
    return redirect(wanted or url_for("home.first"))


def _again(login: str, wanted: str | None, problem: str, status: int) -> ResponseReturnValue:
    return render_template("sign_in.html", login=login, wanted=wanted, problem=problem), status


@pages.post("/sign-out")
@public
def leave() -> ResponseReturnValue:
    """End the session."""
    logout_user()
    session.clear()
    flash(_("You are signed out."), "success")
    return redirect(url_for("sign_in.form"))


@pages.post("/language/<chosen>")
@public
def language(chosen: str) -> ResponseReturnValue:
    """Speak another language from now on, on the page where the reader is."""
    if chosen in LANGUAGES:
        session["language"] = chosen
        g.pop("language", None)
    return redirect(redirects.back())


@pages.post("/site")
@signed_in
def site() -> ResponseReturnValue:
    """Show one site's work, or all."""
    session["site"] = request.form.get("site", "")[:20]
    return redirect(redirects.back())
