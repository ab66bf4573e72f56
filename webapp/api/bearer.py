"""Who calls: the bearer token, its owner as they are now, and how often they may."""

from __future__ import annotations

import re
import time
from datetime import datetime
from math import ceil

from flask import Flask, current_app, g, request
from flask_limiter import Limiter
from limits import RateLimitItemPerMinute

from logistics import tokens
from logistics.tokens import PREFIX, Bearer, TokenRefused
from logistics.viewer import Viewer, of_account

from ..here import now, system
from .problems import Problem

#: Names that other programs give to a token in an address.
NAMES = {"access_token", "token", "api_key", "apikey", "bearer", "authorization"}
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{20,}}")
LIMIT = "API_REQUESTS_PER_MINUTE"


def limit(app: Flask) -> None:
    """Count calls, per process and per token; wrong tokens per address they come from."""
    made = Limiter(_nobody, app=app, storage_uri="memory://", strategy="fixed-window")
    app.extensions["tournee-limiter"] = made


def _nobody() -> str:
    return ""


def caller() -> Viewer:
    """The token's owner, within the token's scopes.

    Raises:
        Problem: a token in the address, none in the header, or too many calls.
        TokenRefused: unknown, expired, revoked, or its account is closed.
    """
    _not_in_address()
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        _count("nobody", str(request.remote_addr))
        raise Problem("token-missing")
    known = _recognised(text.strip(), now())
    _count("token", str(known.token_id))
    account = known.account
    viewer = of_account(account, scopes=known.scopes)
    g.language = request.accept_languages.best_match(("en", "fr")) or account.language or "en"
    return viewer


def _not_in_address() -> None:
    named = {name.lower() for name in request.args} & NAMES
    if named or _TOKEN.search(request.full_path):
        raise Problem("token-in-url", "revoke that token and send the next one in the Authorization header")


def _recognised(text: str, at: datetime) -> Bearer:
    try:
        with system().sessions() as reading:
            known = tokens.recognise(reading, text, now=at)
            due = tokens.use_is_due(reading, known.token_id, now=at)
    except TokenRefused:
        _count("wrong", str(request.remote_addr))
        raise
    if due:
        with system().sessions.begin() as writing:
            tokens.note_use(writing, known.token_id, now=at)
    return known


def _count(kind: str, key: str) -> None:
    most = int(current_app.config[LIMIT])
    if not most:
        return
    window = RateLimitItemPerMinute(most)
    counting = current_app.extensions["tournee-limiter"].limiter
    if not counting.hit(window, "api", kind, key):
        reset = counting.get_window_stats(window, "api", kind, key).reset_time
        wait = max(1, ceil(reset - time.time()))
        raise Problem("too-many-requests", headers={"Retry-After": str(wait)})
