"""Passkeys: what the browser's script asks and answers, as JSON."""

from __future__ import annotations

import json
from datetime import datetime

from flask import Blueprint, abort, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from logistics import lockout, passkeys

from .. import auth, redirects, tries
from ..access import public, signed_in
from ..here import now, system
from .account import address, factor_added

pages = Blueprint("passkeys", __name__)


@pages.post("/account/passkeys/options")
@signed_in
@auth.proved
def add_options() -> ResponseReturnValue:
    """How to make a passkey for this account."""
    with system().sessions() as reading:
        options, challenge = passkeys.adding(reading, system().settings, current_user.account, _party(), now=now())
    _remember("add", challenge)
    return options


@pages.post("/account/passkeys")
@signed_in
@auth.proved
def add() -> ResponseReturnValue:
    """Keep the passkey that was made; answers where to go next."""
    account, challenge = current_user.account, _remembered("add")
    told = request.get_json(silent=True)
    name, answer = (str(told.get("name"))[:80], json.dumps(told.get("key"))) if isinstance(told, dict) else ("", "")
    try:
        with system().sessions.begin() as writing:
            passkeys.add(writing, system().settings, account, _party(), challenge, answer, name=name, now=now())
    except passkeys.PasskeyRefused:
        return {"ok": False}, 422
    return {"ok": True, "next": url_for("account.first_codes" if factor_added(account) else "account.show")}


@pages.post("/sign-in/passkey/options")
@public
def use_options() -> ResponseReturnValue:
    """What to sign with a passkey, for whose password was right."""
    half = auth.half_signed_in()
    if half is None:
        abort(401)
    with system().sessions() as reading:
        options, challenge = passkeys.using(reading, half[0], _party(), now=now())
    _remember("use", challenge)
    return options


@pages.post("/sign-in/passkey")
@public
def use() -> ResponseReturnValue:
    """Check what the passkey signed, and open the session."""
    half = auth.half_signed_in()
    if half is None:
        abort(401)
    account, wanted = half
    try:
        challenge = _remembered("use")
        with tries.counted(account.login), system().sessions.begin() as writing:
            passkeys.check(writing, account, _party(), challenge, _answer(), now=now())
    except passkeys.PasskeyRefused:
        return {"ok": False}, 422
    except lockout.TooManyTries:
        return {"ok": False}, 429
    auth.open_session(account)
    return {"ok": True, "next": redirects.own_page(wanted) or url_for("home.first")}


def _party() -> passkeys.Party:
    found = passkeys.party(address())
    if found is None:
        abort(404)
    return found


def _answer() -> str:
    return request.get_data(cache=False, as_text=True)[: passkeys.MOST_BYTES + 1]


def _remember(purpose: str, challenge: passkeys.Challenge) -> None:
    session["challenge"] = {"for": purpose, "text": challenge.text, "at": challenge.given_at.isoformat()}


def _remembered(purpose: str) -> passkeys.Challenge:
    """The challenge that was given out for this purpose; it is forgotten with the asking."""
    kept = session.pop("challenge", None) or {}
    if kept.get("for") != purpose:
        abort(422)
    return passkeys.Challenge(str(kept["text"]), datetime.fromisoformat(str(kept["at"])))
