"""Signing in and out, and the switches of the top bar."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from logistics import users

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
    return render_template("sign_in.html", login="", wanted=_own_path(request.args.get("next")))


@pages.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check the password and open a session; failures say nothing about which part was wrong."""
    login, wanted = request.form.get("login", "")[:80], _own_path(request.form.get("next"))
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


def _own_path(target: str | None) -> str | None:
    """A path of this app, or nothing: never another host, never a scheme."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target.rstrip("?")


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
    return redirect(_back())


@pages.post("/site")
@signed_in
def site() -> ResponseReturnValue:
    """Show one site's work, or all."""
    session["site"] = request.form.get("site", "")[:20]
    return redirect(_back())


def _back() -> str:
    referrer = urlsplit(request.referrer or "")
    own = _own_path(referrer.path + (f"?{referrer.query}" if referrer.query else ""))
    return own if own and referrer.netloc == request.host else url_for("home.first")
