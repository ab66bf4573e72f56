"""Who is signed in: a session that ends when the account closes, changes its proofs, or has lasted long enough.

The session is a signed cookie. It holds the account's stamp, which no longer fits once the password, the role or a
second factor changed or somebody ended all sessions; when it began; and when its holder last proved who they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user

from logistics import factors, users
from logistics.errors import LogisticsError

from . import unsent
from .here import now, system

View = TypeVar("View", bound=Callable[..., Any])
#: Seconds within which the second factor must follow the password.
HALF_SECONDS = 600
#: Seconds for which a proof of who one is lets one change the proofs themselves.
PROVED_SECONDS = 900


class SignedIn(UserMixin):
    """The account behind a request."""

    def __init__(self, account: users.Account, *, must_enrol: bool = False) -> None:
        self.account, self.must_enrol = account, must_enrol
        self.role, self.login, self.name = account.role, account.login, account.name
        self.sites, self.van_code, self.employee_number = account.sites, account.van_code, account.employee_number
        self.language = account.language

    @property
    def is_active(self) -> bool:
        return self.account.is_active

    def get_id(self) -> str:
        return str(self.account.id)


def recognise(app: Flask) -> None:
    """Know signed-in people again on every request."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load)
    settings = app.extensions["tournee"].settings
    app.config["PERMANENT_SESSION_LIFETIME"] = settings.session_idle_minutes * 60
    app.before_request(_enrol_first)


def _load(user_id: str) -> SignedIn | None:
    account = _account(user_id, str(session.get("stamp", "")))
    began = session.get("since")
    limit = system().settings.session_hours * 3600
    if account is None or not isinstance(began, int) or now().timestamp() - began >= limit:
        return None
    enrols = factors.must_enrol(system().settings, account) and session.get("via") != "service"
    return SignedIn(account, must_enrol=enrols)


def _account(user_id: str, stamp: str) -> users.Account | None:
    try:
        with system().sessions() as reading:
            account = users.account(reading, int(user_id))
    except (LogisticsError, ValueError):
        return None
    return account if account.is_active and secrets.compare_digest(stamp, account.stamp) else None


def _enrol_first() -> ResponseReturnValue | None:
    """Who must have a second factor and has none may only add one."""
    if request.endpoint in ALWAYS or (request.endpoint or "").startswith("account."):
        return None
    if not current_user.is_authenticated or not current_user.must_enrol:
        return None
    return redirect(url_for("account.show"))


#: What may be used before the second factor is there, beside the account's own pages.
ALWAYS = frozenset({None, "static", "sign_in.leave", "sign_in.language", "home.alive"})


def marks(account: users.Account, *, at: int, via: str = "password") -> dict[str, Any]:
    """What a session keeps of a sign-in."""
    return {"stamp": account.stamp, "since": at, "proved_at": at, "via": via}


def open_session(account: users.Account, *, via: str = "password") -> None:
    """Begin a session of the account; nothing of the one before stays but the language."""
    chosen, carried = session.get("language"), unsent.carried()
    session.clear()
    session.permanent = True
    session.update(marks(account, at=int(now().timestamp()), via=via) | carried)
    if chosen:
        session["language"] = chosen
    login_user(SignedIn(account))


def keep_session(account: users.Account) -> None:
    """Let this one session go on after a change that ended all of the account's sessions."""
    session["stamp"], session["proved_at"] = account.stamp, int(now().timestamp())


# --- between the password and the second factor -----------------------------------------------------------------------


def wait_for_factor(account: users.Account, wanted: str | None) -> None:
    """Remember that the password was right; it opens nothing yet."""
    chosen, carried = session.get("language"), unsent.carried()
    session.clear()
    session.permanent = True
    session.update(carried)
    session["half"] = {
        "user": account.id, "stamp": account.stamp, "at": int(now().timestamp()), "next": wanted or "",
    }  # fmt: skip
    if chosen:
        session["language"] = chosen


def half_signed_in() -> tuple[users.Account, str] | None:
    """The account whose password was right a moment ago, and the page it wanted."""
    half = session.get("half") or {}
    if now().timestamp() - int(half.get("at") or 0) > HALF_SECONDS:
        return None
    account = _account(str(half.get("user")), str(half.get("stamp") or ""))
    return (account, str(half.get("next") or "")) if account is not None else None


# --- proving again ----------------------------------------------------------------------------------------------------


def proved(view: View) -> View:
    """Declare that a view changes the proofs themselves: who last proved theirs long ago is asked again first."""

    @wraps(view)
    def asked(*arguments: Any, **facts: Any) -> ResponseReturnValue:
        proved_at = int(session.get("proved_at") or 0)
        if not current_user.must_enrol and now().timestamp() - proved_at > PROVED_SECONDS:
            return redirect(url_for("account.prove"))
        return view(*arguments, **facts)  # type: ignore[no-any-return]

    return asked  # type: ignore[return-value]


def proved_again() -> None:
    """Note that the reader has just proved who they are."""
    session["proved_at"] = int(now().timestamp())
