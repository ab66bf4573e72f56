"""Signing in and out, and the switches of the top bar."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from logistics import factors, lockout, users
from logistics.adapters import sign_in_services

from .. import auth, redirects, tries
from ..access import public, signed_in
from ..here import now, system
from ..i18n import LANGUAGES
from ..i18n import gettext as _

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@public
def form() -> ResponseReturnValue:
    """The form, or the first page for who is signed in already."""
    if current_user.is_authenticated:
        return redirect(url_for("home.first"))
    login, wanted = session.pop("login", ""), redirects.own_page(request.args.get("next"))
    return _form(login, wanted)


@pages.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check the password; failures say nothing about which part was wrong."""
    login, wanted = request.form.get("login", "")[:80], redirects.own_page(request.form.get("next"))
    try:
        # The login's failures are forgotten once the second factor was right too: until then both are guessed at.
        with tries.counted(login, forget=False), system().sessions() as reading:
            account = users.sign_in(reading, login, request.form.get("password", "")[:201])
    except lockout.TooManyTries:
        return _again(login, wanted, _("Too many tries. Wait five minutes and try again."), 429)
    except users.SignInRefused:
        return _again(login, wanted, _("The login or the password is wrong."), 422)
    if factors.is_asked(system().settings, account):
        auth.wait_for_factor(account, wanted)
        return redirect(url_for("sign_in.second"))
    tries.forget(account.login)
    auth.open_session(account)
    return redirect(wanted or url_for("home.first"))


@pages.get("/sign-in/second")
@public
def second() -> ResponseReturnValue:
    """Ask for the second factor."""
    return _second()


@pages.post("/sign-in/second")
@public
def second_factor() -> ResponseReturnValue:
    """Check a code; it opens the session that the password alone did not."""
    half = auth.half_signed_in()
    if half is None:
        flash(_("That took too long. Sign in again."), "warning")
        return redirect(url_for("sign_in.form"))
    account, wanted = half
    try:
        with tries.counted(account.login), system().sessions.begin() as writing:
            factors.check_code(writing, system().settings, account, request.form.get("code", "")[:80], now=now())
    except lockout.TooManyTries:
        return _second(_("Too many tries. Wait five minutes and try again."), 429)
    except factors.CodeRefused:
        return _second(_("This code does not hold. Wait for the next one, or use a printed code."), 422)
    auth.open_session(account)
    return redirect(redirects.own_page(wanted) or url_for("home.first"))


def _second(problem: str = "", status: int = 200) -> ResponseReturnValue:
    half = auth.half_signed_in()
    if half is None:
        return redirect(url_for("sign_in.form"))
    with system().sessions() as reading:
        kinds = {factor.kind for factor in factors.factors(reading, half[0].id)}
    return render_template("second_factor.html", kinds=kinds, problem=problem), status


def _again(login: str, wanted: str | None, problem: str, status: int) -> ResponseReturnValue:
    return _form(login, wanted, problem), status


def _form(login: str, wanted: str | None, problem: str = "") -> str:
    settings = system().settings
    service = (settings.oidc_name or _("your company")) if sign_in_services.is_set(settings) else ""
    return render_template("sign_in.html", login=login, wanted=wanted, problem=problem, service=service)


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
