"""Refusals in people's words: what, where, what next."""

from __future__ import annotations

import logging
import uuid

from flask import Flask, Response, flash, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from logistics.refusals import ANY_REFUSAL, DatabaseBusy, DatabaseUnavailable, unavailable

from . import unsent
from .api import problems
from .i18n import gettext as _
from .i18n import marked, refusal
from .redirects import nearest_page

log = logging.getLogger(__name__)

TITLES = {
    400: marked("That request cannot be read"),
    401: marked("Your session has ended"),
    403: marked("This page is not for your role"),
    404: marked("There is nothing here"),
    405: marked("That is not possible here"),
    409: marked("Somebody was faster"),
    413: marked("That file is too large"),
    422: marked("That cannot be accepted"),
    429: marked("Too many tries"),
    500: marked("Something went wrong on our side"),
    503: marked("The books do not answer at the moment"),
}
NEXT = {
    401: marked("Sign in again; nothing you saved is lost."),
    403: marked("Ask a coordinator or an administrator if you need it."),
    404: marked("Check the address, or start from the first page."),
    413: marked("Split it or ask an administrator to raise the limit."),
    429: marked("Wait five minutes and try again."),
    503: marked("Wait a moment and try again. If it lasts, tell an administrator to look at the database."),
    500: marked("Try again. If it happens twice, tell an administrator this reference:"),
}
STATUS = {"unknown-record": 404, "plan-is-stale": 409, "wrong-state": 409, "already-exists": 409, "not-allowed": 403,
          "other-sites": 403, "last-administrator": 409}


def explain(app: Flask) -> None:
    """Answer refusals and failures with pages, and those of the API with problem documents."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(problems.Problem, problems.Problem.answer)
    app.register_error_handler(CSRFError, _token)
    app.register_error_handler(Exception, _unknown)


def _token(error: CSRFError) -> ResponseReturnValue:
    unsent.mark()
    flash(_("The page had been open for too long. Please send it again."), "warning")
    return redirect(nearest_page(request.path))


def _http(error: HTTPException) -> ResponseReturnValue:
    if problems.is_api():
        return problems.of_http(error)
    return page(error.code or 500)


def _unknown(error: Exception) -> ResponseReturnValue:
    if (found := unavailable(error)) is not None:
        return _later(found)
    if isinstance(error, ANY_REFUSAL):
        if problems.is_api():
            return problems.of_refusal(error)
        return page(STATUS.get(error.code, 422), refusal(error))
    reference = uuid.uuid4().hex[:8]
    # The traceback names code, never the values of the request.
    log.exception("unexpected failure %s at %s", reference, request.endpoint)
    return problems.of_failure(reference) if problems.is_api() else page(500, reference=reference)


def _later(found: DatabaseBusy | DatabaseUnavailable) -> Response:
    """The database does not answer: a page that needs none, or a problem, and when to ask again."""
    log.warning("%s at %s", found.code, request.endpoint)
    # The frame of a page asks the database who is signed in.
    g._login_user = AnonymousUserMixin()
    made = problems.of_refusal(found) if problems.is_api() else page(503, refusal(found))
    made.headers["Retry-After"] = str(found.retry_after_seconds)
    return made


def page(status: int, sentence: str = "", reference: str = "") -> Response:
    """An error as a page, or as a fragment for a part that is swapped in."""
    title = _(TITLES.get(status, TITLES[500]))
    hint = _(NEXT[status]) if status in NEXT else ""
    template = "error_part.html" if request.headers.get("HX-Request") else "error.html"
    html = render_template(template, title=title, hint=hint, sentence=sentence, reference=reference, status=status)
    return make_response(html, status)
