"""Signing in through the company's own service, and back."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from logistics import service_accounts
from logistics.adapters import sign_in_services

from .. import auth, redirects
from ..access import public
from ..here import now, system
from ..i18n import gettext as _

pages = Blueprint("service", __name__, url_prefix="/sign-in/service")
#: Seconds the reader may be away at the service.
AWAY_SECONDS = 900


@pages.get("")
@public
def leave() -> ResponseReturnValue:
    """Send the reader to the service; what comes back must carry what the session remembers."""
    settings = system().settings
    if not sign_in_services.is_set(settings):
        abort(404)
    try:
        url, wish = sign_in_services.ask(settings, back=_back(), anew=current_user.is_authenticated)
    except sign_in_services.ServiceRefused:
        return _refused()
    session["away"] = {
        "state": wish.state, "nonce": wish.nonce, "verifier": wish.verifier, "at": int(now().timestamp()),
        "next": redirects.own_page(request.args.get("next")) or "",
    }  # fmt: skip
    return redirect(url)


@pages.get("/return")
@public
def come_back() -> ResponseReturnValue:
    """Open the session of whoever the service vouches for."""
    settings, away = system().settings, session.pop("away", None) or {}
    if not sign_in_services.is_set(settings):
        abort(404)
    if now().timestamp() - int(away.get("at") or 0) > AWAY_SECONDS:
        return _refused()
    wish = sign_in_services.Wish(str(away["state"]), str(away["nonce"]), str(away["verifier"]))
    try:
        person = sign_in_services.answer(settings, wish, request.args.to_dict(), back=_back())
        with system().sessions.begin() as writing:
            account = service_accounts.account_for(
                writing, settings, issuer=person.issuer, subject=person.subject, email=person.email, name=person.name
            )
    except sign_in_services.ServiceRefused:
        return _refused()
    except service_accounts.NoAccount:
        flash(_("Your company knows you, but there is no account for you here. Ask an administrator."), "danger")
        return redirect(url_for("sign_in.form"))
    if current_user.is_authenticated and current_user.account.id == account.id:
        auth.proved_again()
    else:
        auth.open_session(account, via="service")
    return redirect(redirects.own_page(str(away.get("next") or "")) or url_for("home.first"))


def _back() -> str:
    """Our address for the answer: the set one, never what a request claims."""
    return system().settings.base_url.rstrip("/") + url_for("service.come_back")


def _refused() -> ResponseReturnValue:
    flash(_("Signing in through your company did not work. Try again, or use your password."), "danger")
    return redirect(url_for("sign_in.form"))
