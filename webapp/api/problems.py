"""Refusals of the API: `application/problem+json`, with a code that never changes and every field that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from logistics import answers, tokens
from logistics.errors import InvalidRequest

from ..i18n import gettext as _
from ..i18n import marked, refusal

MEDIA_TYPE = "application/problem+json"

#: What the API itself refuses: code, status, and what it means. Refusals of the rooms keep the codes they have.
CODES: Mapping[str, tuple[int, str]] = {
    "bad-json": (400, marked("The body is not JSON as RFC 8259 wants it")),
    "bad-query": (400, marked("A query parameter cannot be accepted")),
    "bad-key": (400, marked("The Idempotency-Key header is missing or cannot be accepted")),
    "token-in-url": (400, marked("A token never belongs into an address; this one is no longer secret")),
    "bad-request": (400, marked("That request cannot be read")),
    "token-missing": (401, marked("A bearer token is needed")),
    "token-refused": (401, marked("The token is unknown, expired, revoked, or its account is closed")),
    "not-allowed": (403, marked("The token's owner may not do this")),
    "scope-missing": (403, marked("The token does not have the scope for this")),
    "unknown-record": (404, marked("There is nothing here")),
    "method-not-allowed": (405, marked("That is not possible here")),
    "not-acceptable": (406, marked("This address answers in another format")),
    "changed-meanwhile": (412, marked("Somebody was faster: it changed since it was read")),
    "too-large": (413, marked("The body is too large")),
    "unsupported-media-type": (415, marked("The body is not of the type this address reads")),
    "invalid-body": (422, marked("The body cannot be accepted")),
    "bad-cursor": (422, marked("The cursor does not belong to this list")),
    "key-reused": (422, marked("This Idempotency-Key was used for another request")),
    "still-running": (409, marked("The first request under this Idempotency-Key is still running")),
    "if-match-missing": (428, marked("If-Match is needed: say which version you saw")),
    "too-many-requests": (429, marked("Too many requests")),
    "failure": (500, marked("Something went wrong on our side")),
}
#: Statuses of refusals that come from the rooms; every other one is 422.
STATUS = {
    "unknown-record": 404, "not-allowed": 403, "scope-missing": 403, "plan-is-stale": 409, "wrong-state": 409,
    "already-exists": 409,
    "event-contradicts": 409, "no-plan": 409, "planning-runs": 409, "order-changed": 412, "user-changed": 412,
    "plan-changed": 412, "other-sites": 403, "last-administrator": 409, "database-busy": 503,
    "database-unavailable": 503, "token-refused": 401, "still-running": 409, "key-reused": 422,
}  # fmt: skip
_BY_STATUS = {400: "bad-request", 404: "unknown-record", 405: "method-not-allowed", 413: "too-large",
              415: "unsupported-media-type", 429: "too-many-requests"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: a JSON pointer into the body, or the name of a parameter or header."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """As it is sent."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


class Problem(Exception):
    """A request the API refuses, by code."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code, self.status = code, CODES[code][0]
        self.detail, self.errors, self.headers = detail, tuple(errors), dict(headers or {})
        super().__init__(code)

    def answer(self) -> Response:
        """The refusal as it is sent."""
        return answer(
            self.status, self.code, CODES[self.code][1], self.detail, errors=self.errors, headers=self.headers
        )


def answer(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    reference: str = "",
) -> Response:
    """A problem document."""
    told: dict[str, Any] = {"type": "about:blank", "title": _(title), "status": status, "code": code}
    if detail:
        told["detail"] = detail
    if errors:
        told["errors"] = [one.as_dict() for one in errors]
    if reference:
        told["reference"] = reference
    made = Response(json.dumps(told, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    made.headers.update(dict(headers or {}))
    if status == 401:
        made.headers["WWW-Authenticate"] = 'Bearer realm="tournee"'
    return made


def is_api() -> bool:
    """Whether the request is the API's, whatever becomes of it."""
    return request.path.startswith("/api/")


def of_http(error: HTTPException) -> Response:
    """What the web server's own parts refuse: unknown address, wrong method, too large a body."""
    status = error.code or 500
    code = _BY_STATUS.get(status, "failure" if status >= 500 else "bad-request")
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return answer(status, code, CODES[code][1], headers=kept)


def of_refusal(error: Exception) -> Response:
    """What a room refuses, in its own code; the fields it names are told as pointers."""
    code = str(getattr(error, "code", "refused"))
    status = STATUS.get(code, 422)
    errors: tuple[FieldError, ...] = ()
    if isinstance(error, InvalidRequest):
        errors = (FieldError(f"/{error.field}", code, refusal(error)),)
    title = CODES[code][1] if code in CODES else TITLES.get(status, TITLES[422])
    if isinstance(error, tokens.TokenRefused):
        return answer(status, code, title, _of_token(error.problem))
    if status == 503 or isinstance(error, answers.StillRunning):
        return answer(status, code, title, refusal(error), headers={"Retry-After": "1"})
    return answer(status, code, title, refusal(error), errors=errors)


TITLES = {
    403: marked("The token's owner may not do this"),
    404: marked("There is nothing here"),
    409: marked("That does not fit the present state"),
    412: marked("Somebody was faster: it changed since it was read"),
    422: marked("That cannot be accepted"),
    503: marked("The books do not answer at the moment"),
}


def _of_token(problem: str) -> str:
    # Told in full: whoever asks holds all of the token.
    told = {
        "expired": _("The token has expired. Make another one."),
        "revoked": _("The token was revoked. Make another one."),
        "closed": _("The account of the token is closed."),
    }
    return told.get(problem, _("The token is not known here."))


def of_failure(reference: str) -> Response:
    """Our own fault, under a reference that stands in the log."""
    return answer(500, "failure", CODES["failure"][1], reference=reference)


def fields_of(errors: Sequence[ErrorDetails]) -> tuple[FieldError, ...]:
    """Everything a model refused, each with its place; what was sent is not repeated."""
    return tuple(
        FieldError("/" + "/".join(_escaped(part) for part in one["loc"]), str(one["type"]), str(one["msg"]))
        for one in errors
    )


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")[:80]
