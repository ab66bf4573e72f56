"""Choosing a password by link, and asking for such a link."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from logistics import forgotten, invitations, lockout, mails, users
from logistics.errors import InvalidRequest

from .. import tries
from ..access import public
from ..here import now, system
from ..i18n import gettext as _
from ..i18n import refusal

pages = Blueprint("links", __name__)


@pages.get("/welcome/<token>", defaults={"purpose": "invite"})
@pages.get("/reset/<token>", defaults={"purpose": "reset"})
@public
def choose(purpose: str, token: str) -> ResponseReturnValue:
    """Choose a password, for who holds a link that holds. Looking spends and counts nothing: mail programs look too."""
    try:
        with system().sessions() as reading:
            account = invitations.holder(reading, purpose, token, now=now())
    except invitations.LinkRefused:
        return _gone()
    return _form(account, purpose)


@pages.post("/welcome/<token>", defaults={"purpose": "invite"})
@pages.post("/reset/<token>", defaults={"purpose": "reset"})
@public
def chosen(purpose: str, token: str) -> ResponseReturnValue:
    """Set the password and spend the link; signing in comes next, with the second factor if there is one."""
    password, again = request.form.get("password", "")[:400], request.form.get("again", "")[:400]
    try:
        account = _holder(purpose, token)
        if password != again:
            return _form(account, purpose, {"again": _("The two are not alike.")}), 422
        # Hashing is dear; it must not hold up who waits to write.
        hashed = users.hash_password(password, login=account.login, name=account.name)
        with system().sessions.begin() as writing:
            invitations.redeem(writing, purpose, token, hashed, now=now())
    except invitations.LinkRefused:
        return _gone()
    except InvalidRequest as error:
        return _form(account, purpose, {"password": refusal(error)}), 422
    flash(_("Your password is set. Sign in with it now."), "success")
    session["login"] = account.login
    return redirect(url_for("sign_in.form"))


@pages.get("/forgot")
@public
def forgot() -> ResponseReturnValue:
    """Ask for a link by mail, or say whom to ask where no mail is set up."""
    return render_template("forgot.html", by_mail=mails.ready(system().settings))


@pages.post("/forgot")
@public
def ask() -> ResponseReturnValue:
    """Note what was typed; a worker looks later whose it is, so that the answer is the same and takes as long."""
    typed = request.form.get("login", "").strip()[:200]
    if not typed or not mails.ready(system().settings):
        return redirect(url_for("links.forgot"))
    try:
        lockout.begin_try(system(), forgot_address=request.remote_addr or "")
    except lockout.TooManyTries:
        problem = _("Too many tries. Wait a quarter of an hour and try again.")
        return render_template("forgot.html", by_mail=True, problem=problem), 429
    try:
        lockout.begin_try(system(), forgot=tries.normal(typed))
    except lockout.TooManyTries:
        pass  # Three mails are on their way already; whoever asks need not know whether there is such an account.
    else:
        with system().sessions.begin() as writing:
            forgotten.ask(writing, typed, now=now())
    return render_template("forgot.html", by_mail=True, asked=True, hours=invitations.FORGOT_HOURS)


def _holder(purpose: str, token: str) -> users.Account:
    """Whose link it is; a link that does not hold counts as a failed try of its address.

    Raises:
        LinkRefused: it does not hold, or too many did not.
    """
    try:
        with tries.counted(), system().sessions() as reading:
            return invitations.holder(reading, purpose, token, now=now())
    except lockout.TooManyTries:
        raise invitations.LinkRefused from None


def _form(account: users.Account, purpose: str, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "choose_password.html", account=account, purpose=purpose, problems=problems or {},
        shortest=users.SHORTEST_PASSWORD,
    )  # fmt: skip


def _gone() -> ResponseReturnValue:
    return render_template("link_gone.html"), 404
