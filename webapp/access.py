"""Who may use which page, said at every route; a route that says nothing stops the app from starting.

The rules themselves stand in `logistics.rights`; a route names the action it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from logistics import rights

from . import unsent
from .i18n import gettext as _
from .redirects import nearest_page

View = TypeVar("View", bound=Callable[..., Any])
EVERYBODY = frozenset({"*"})
PUBLIC = frozenset({"public"})
#: Opened by a bearer token alone; the API checks right and scope itself, see `api.operations`.
BEARER = frozenset({"bearer"})


class Undeclared(RuntimeError):
    """Routes that do not say who may use them."""


def needs(action: str) -> Callable[[View], View]:
    """Declare the action of `rights.RIGHTS` that a view is for; its roles may use it.

    Raises:
        Undeclared: there is no such action.
    """
    if action not in rights.RIGHTS:
        raise Undeclared(f"unknown action {action}")

    def declare(view: View) -> View:
        view.allowed = rights.RIGHTS[action].roles  # type: ignore[attr-defined]
        view.action = action  # type: ignore[attr-defined]
        return view

    return declare


def signed_in(view: View) -> View:
    """Declare that everybody who is signed in may use a view."""
    view.allowed = EVERYBODY  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Declare that a view needs no sign-in."""
    view.allowed = PUBLIC  # type: ignore[attr-defined]
    return view


def bearer(action: str) -> Callable[[View], View]:
    """Declare that a view is the API's: opened by a token whose owner may do the action, never by a cookie.

    Raises:
        Undeclared: there is no such action.
    """
    declared = needs(action)

    def declare(view: View) -> View:
        declared(view).allowed = BEARER  # type: ignore[attr-defined]
        return view

    return declare


def who(app: Flask, endpoint: str) -> frozenset[str] | None:
    """What a route declares: roles, `EVERYBODY`, `PUBLIC`, or None."""
    return getattr(app.view_functions[endpoint], "allowed", None)


def enforce(app: Flask) -> None:
    """Check every route's declaration now, and every request against it from now on.

    Raises:
        Undeclared: names the routes that declare nothing.
    """
    app.view_functions["static"] = public(app.view_functions["static"])
    silent = sorted({rule.endpoint for rule in app.url_map.iter_rules() if who(app, rule.endpoint) is None})
    if silent:
        raise Undeclared(f"routes that do not say who may use them: {', '.join(silent)}")
    app.before_request(_check)


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    rule = who(current_app, request.endpoint)
    if rule in (PUBLIC, BEARER):
        return None
    if not current_user.is_authenticated:
        if request.headers.get("HX-Request"):
            abort(401)
        if request.method == "GET":
            return redirect(url_for("sign_in.form", next=request.full_path))
        unsent.mark()
        told = _("Your session has ended, so this was not saved. Sign in, and what you typed is there again.")
        flash(told, "warning")
        return redirect(url_for("sign_in.form", next=nearest_page(request.path)))
    if rule != EVERYBODY and current_user.role not in (rule or ()):
        abort(403)
    return None
