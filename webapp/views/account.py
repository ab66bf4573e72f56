"""One's own account: password, second factors, printed codes, and ending every sign-in."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from logistics import factors, lockout, notices, passkeys, users
from logistics.adapters import sign_in_services
from logistics.counter import accounts
from logistics.errors import InvalidRequest
from logistics.refusals import ANY_REFUSAL

from .. import auth, tries
from ..access import signed_in
from ..here import now, system, viewer
from ..i18n import gettext as _
from ..i18n import refusal

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("")
@signed_in
def show() -> ResponseReturnValue:
    """My account."""
    return _page()


@pages.post("/password")
@signed_in
def password() -> ResponseReturnValue:
    """A new password for who knows the present one; every other session of the account ends."""
    account = current_user.account
    chosen = request.form.get("password", "")[:400]
    try:
        _prove(account)
        if chosen != request.form.get("again", "")[:400]:
            return _page({"again": _("The two are not alike.")}), 422
        hashed = users.hash_password(chosen, login=account.login, name=account.name)
    except lockout.TooManyTries:
        return _page({"current": _("Too many tries. Wait five minutes and try again.")}), 429
    except users.SignInRefused:
        return _page({"current": _("This is not your present password.")}), 422
    except InvalidRequest as error:
        return _page({"password": refusal(error)}), 422
    with system().sessions.begin() as writing:
        account = notices.change_password(writing, system().settings, account, hashed, now=now())
    auth.keep_session(account)
    flash(_("Your password is changed. Every other sign-in has ended."), "success")
    return redirect(url_for("account.show"))


@pages.post("/end-sessions")
@signed_in
def end_sessions() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    with system().sessions.begin() as writing:
        accounts.end_own_sessions(writing, viewer())
    logout_user()
    flash(_("You are signed out everywhere."), "success")
    return redirect(url_for("sign_in.form"))


@pages.get("/prove")
@signed_in
def prove() -> ResponseReturnValue:
    """Ask for the password again before the proofs themselves are changed."""
    return _ask_proof()


@pages.post("/prove")
@signed_in
def proof() -> ResponseReturnValue:
    """Check the password again."""
    try:
        _prove(current_user.account)
    except lockout.TooManyTries:
        return _ask_proof(_("Too many tries. Wait five minutes and try again.")), 429
    except users.SignInRefused:
        return _ask_proof(_("This is not your present password.")), 422
    auth.proved_again()
    flash(_("Thank you. You can now change how you sign in."), "success")
    return redirect(url_for("account.show"))


@pages.post("/generator")
@signed_in
@auth.proved
def begin_generator() -> ResponseReturnValue:
    """Make a secret for a code generator; it counts once a code of it was typed."""
    with system().sessions.begin() as writing:
        factors.begin_generator(
            writing, system().settings, current_user.account, name=request.form.get("name", "")[:80], now=now()
        )
    return redirect(url_for("account.generator"))


@pages.get("/generator")
@signed_in
@auth.proved
def generator() -> ResponseReturnValue:
    """The secret as a picture and as text."""
    return _generator()


@pages.post("/generator/confirm")
@signed_in
@auth.proved
def confirm_generator() -> ResponseReturnValue:
    """The first code; with the first factor come the printed codes."""
    account, code = current_user.account, request.form.get("code", "")[:80]
    try:
        with tries.counted(account.login), system().sessions.begin() as writing:
            factors.confirm_generator(writing, system().settings, account, code, now=now())
    except lockout.TooManyTries:
        return _generator(_("Too many tries. Wait five minutes and try again."), 429)
    except factors.CodeRefused:
        return _generator(_("This code does not hold. Type the one that is shown now."), 422)
    flash(_("The code generator is asked from the next sign-in on."), "success")
    return redirect(url_for("account.first_codes" if factor_added(account) else "account.show"))


@pages.post("/factors/<int:factor_id>/remove")
@signed_in
@auth.proved
def remove(factor_id: int) -> ResponseReturnValue:
    """Take a second factor away."""
    account = current_user.account
    with system().sessions.begin() as writing:
        factors.remove(writing, system().settings, account, factor_id, now=now())
        account = users.account(writing, account.id)
    auth.keep_session(account)
    flash(_("It is removed."), "success")
    return redirect(url_for("account.show"))


@pages.post("/codes")
@signed_in
@auth.proved
def codes() -> ResponseReturnValue:
    """Ten new printed codes, shown this once; earlier ones end."""
    account = current_user.account
    if not account.has_second_factor:
        return redirect(url_for("account.show"))
    with system().sessions.begin() as writing:
        made = factors.print_codes(writing, system().settings, account)
    return render_template("recovery_codes.html", codes=made)


@pages.get("/codes")
@signed_in
@auth.proved
def first_codes() -> ResponseReturnValue:
    """Offer the printed codes to whoever has just added a first factor."""
    return render_template("recovery_codes.html", codes=())


def factor_added(account: users.Account) -> bool:
    """Let this session go on though the others ended; says whether the account has no printed codes yet."""
    with system().sessions() as reading:
        auth.keep_session(users.account(reading, account.id))
        return not factors.codes_left(reading, account.id)


def _ask_proof(problem: str = "") -> str:
    settings = system().settings
    bound = sign_in_services.is_set(settings) and session.get("via") == "service"
    service = (settings.oidc_name or _("your company")) if bound else ""
    return render_template("prove.html", problem=problem, service=service)


def _prove(account: users.Account) -> None:
    """Check the typed present password, counted like a sign-in."""
    with tries.counted(account.login, forget=False), system().sessions() as reading:
        users.sign_in(reading, account.login, request.form.get("current", "")[:201])


def _page(problems: dict[str, str] | None = None) -> str:
    account, settings = current_user.account, system().settings
    with system().sessions() as reading:
        return render_template(
            "account.html", account=account, problems=problems or {}, policy=settings.second_factor,
            must_enrol=current_user.must_enrol, factors=factors.factors(reading, account.id),
            codes_left=factors.codes_left(reading, account.id), shortest=users.SHORTEST_PASSWORD,
            idle_minutes=settings.session_idle_minutes, hours=settings.session_hours,
            passkeys_here=passkeys.party(address()) is not None,
        )  # fmt: skip


def address() -> str:
    """The address that passkeys are for: the set one; without it only `localhost`, never what a request claims."""
    settings = system().settings
    return settings.base_url or (request.host_url if request.host.partition(":")[0] == "localhost" else "")


def _generator(problem: str = "", status: int = 200) -> ResponseReturnValue:
    with system().sessions() as reading:
        try:
            waiting = factors.generator_to_confirm(reading, system().settings, current_user.account)
        except ANY_REFUSAL:
            waiting = None
    if waiting is None:
        return redirect(url_for("account.show"))
    secret, address = waiting
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="white")
    return render_template("generator.html", secret=secret, picture=picture, problem=problem), status
