"""How an operation of the API is declared, and what happens to every call before and after it.

In this order: a token in the address, the token, how often it calls, what is accepted, its owner's right and the
token's scope, the address, the headers, the query, the body; then the deed, and its answer stored in the same commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from hashlib import sha256
from textwrap import dedent
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request
from pydantic import BaseModel

from logistics import answers, rights
from logistics.answers import Claim
from logistics.viewer import Viewer

from ..access import bearer as bearer_alone
from ..here import now, system
from . import bearer
from .bodies import Answer, Body, Query, is_clean
from .problems import FieldError, Problem

Deed = Callable[..., Any]
JSON = "application/json"
#: The largest number that stands for a row.
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was declared; the document, the page and the tests read it."""

    name: str
    method: str
    rule: str
    right: str
    takes: type[Body] | None
    asks: type[Query] | None
    gives: type[BaseModel] | None
    status: int
    #: A creating POST: it needs an Idempotency-Key.
    creates: bool
    #: A change of something that has versions: it needs If-Match.
    versioned: bool
    #: Fields of the answer that are told once and never stored.
    secret: tuple[str, ...]
    #: Media types of an answer that is no JSON, or of a body that is none.
    media: tuple[str, ...]
    reads: str
    alone: bool
    looks: bool
    rings: bool
    about: str


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation is given: who asks, an open session, the moment, and the version they saw."""

    viewer: Viewer
    now: datetime
    _session: list[Any] = field(default_factory=list)
    version: int = 0

    @property
    def session(self) -> Any:
        """The session of this call, for the counter alone; it ends with the answer."""
        return self._session[0]


@dataclass(frozen=True, slots=True)
class Made:
    """An answer with another status or with headers of its own."""

    value: object
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0


OPERATIONS: dict[str, Operation] = {}


def operation(
    room: APIBlueprint,
    method: str,
    rule: str,
    *,
    right: str,
    gives: type[BaseModel] | None = None,
    takes: type[Body] | None = None,
    asks: type[Query] | None = None,
    status: int = 200,
    creates: bool = False,
    versioned: bool = False,
    secret: tuple[str, ...] = (),
    media: tuple[str, ...] = (),
    reads: str = JSON,
    alone: bool = False,
    looks: bool = False,
    rings: bool = False,
) -> Callable[[Deed], Deed]:
    """Declare an operation.

    Args:
        right: what the viewer must be allowed to, a key of `logistics.rights`.
        alone: the deed opens its own transactions, because it solves or reads files.
        looks: a POST that only reads, because what it looks for must not stand in an address.
        rings: the deed put a task in the queue; its answer is the task.
    """

    def declare(deed: Deed) -> Deed:
        name = f"{room.name}.{deed.__name__}"
        made = Operation(
            name, method, rule, right, takes, asks, gives, status, creates, versioned, secret, media, reads, alone,
            looks or method == "GET", rings, (deed.__doc__ or "").strip().partition("\n")[0],
        )  # fmt: skip
        OPERATIONS[name] = made
        view: Deed = _runner(made, deed)
        if gives is not None:
            view = room.output(gives, status_code=status)(view)
        if takes is not None:
            view = room.input(takes, location="json", arg_name="body")(view)
        if asks is not None:
            view = room.input(asks, location="query", arg_name="query")(view)
        summary, _, about = (deed.__doc__ or "").strip().partition("\n")
        view = room.doc(summary=summary, description=dedent(about).strip() or None, operation_id=name)(view)
        view = bearer_alone(right)(_guard(made, view))
        room.route(rule, methods=[method], provide_automatic_options=False)(view)
        return deed

    return declare


def _guard(made: Operation, view: Deed) -> Deed:
    @wraps(view)
    def guarded(**path: Any) -> Response:
        viewer = bearer.caller()
        _accepts(made)
        rights.must(viewer, made.right)
        for value in path.values():
            _exists(value)
        g.call = Call(viewer, now(), version=_seen_version() if made.versioned else 0)
        if not made.versioned and not made.looks and "If-Match" in request.headers:
            raise Problem("bad-request", "this address compares no versions; leave If-Match out")
        if made.creates:
            _key()
        if made.asks is None and request.args:
            raise Problem("bad-query", "this address takes no query")
        if made.takes is None and made.reads == JSON and (request.content_length or request.is_json):
            raise Problem("bad-request", "this address takes no body")
        answered: Response = view(**path)
        return answered

    return guarded


def _accepts(made: Operation) -> None:
    given = made.media or (JSON,)
    if request.accept_mimetypes and not request.accept_mimetypes.best_match(given):
        raise Problem("not-acceptable", ", ".join(given))


def _exists(value: object) -> None:
    if isinstance(value, str) and (len(value) > 80 or not is_clean(value)):
        raise Problem("unknown-record")
    if isinstance(value, int) and not 1 <= value <= LARGEST_ID:
        raise Problem("unknown-record")


def _seen_version() -> int:
    """The version that If-Match names: the number before the dot of an ETag of ours."""
    if "If-Match" not in request.headers:
        raise Problem("if-match-missing")
    told = request.headers["If-Match"].strip().strip('"').partition(".")[0]
    if not told.isascii() or not told.isdigit() or len(told) > 9:
        raise Problem("changed-meanwhile", "no such version")
    return int(told)


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= answers.LONGEST_KEY or not key.isascii() or not key.isprintable():
        wrong = FieldError("Idempotency-Key", "bad-key", f"1 to {answers.LONGEST_KEY} printable characters")
        raise Problem("bad-key", errors=(wrong,))
    return key


def _runner(made: Operation, deed: Deed) -> Deed:
    @wraps(deed)
    def run(**facts: Any) -> Response:
        call: Call = g.call
        if made.looks or (made.alone and not made.creates):
            return _read(made, deed, call, facts)
        claim = _claim(made, call) if made.creates else None
        if isinstance(claim, Response):
            return claim
        try:
            answered = _write(made, deed, call, facts, claim)
        except BaseException:
            if claim is not None:
                with system().sessions.begin() as releasing:
                    answers.release(releasing, claim)
            raise
        if made.rings:
            system().queue.ring(answered.get_json()["id"])
        return answered

    return run


def _read(made: Operation, deed: Deed, call: Call, facts: Mapping[str, Any]) -> Response:
    if made.alone:
        return _answer(made, deed(call, **facts))
    with system().sessions() as reading:
        call._session.append(reading)
        return _answer(made, deed(call, **facts))


def _write(made: Operation, deed: Deed, call: Call, facts: Mapping[str, Any], claim: Claim | None) -> Response:
    if made.alone:
        answered = _answer(made, deed(call, **facts))
        if claim is not None:
            with system().sessions.begin() as keeping:
                answers.keep(keeping, claim, _stored(made, answered))
        return answered
    with system().sessions.begin() as writing:
        call._session.append(writing)
        answered = _answer(made, deed(call, **facts))
        if claim is not None:
            answers.keep(writing, claim, _stored(made, answered))
    return answered


def _claim(made: Operation, call: Call) -> Claim | Response:
    digest = answers.fingerprint(request.method, request.full_path, _bytes(made))
    if call.viewer.user_id is None:
        raise Problem("not-allowed")
    with system().sessions.begin() as claiming:
        found = answers.claim(claiming, user_id=call.viewer.user_id, key=_key(), digest=digest, now=call.now)
    if isinstance(found, Claim):
        return found
    replayed = Response(found.body, found.status, mimetype=JSON)
    replayed.headers.update(found.headers)
    replayed.headers["Idempotent-Replayed"] = "true"
    return replayed


def _bytes(made: Operation) -> bytes:
    """The body; a file is read here for the first time."""
    if made.reads == JSON:
        return request.get_data(cache=True)
    if request.mimetype != made.reads:
        raise Problem("unsupported-media-type", f"{made.reads} is needed")
    return request.get_data(cache=True)


def _stored(made: Operation, answered: Response) -> answers.Answer:
    body = answered.get_data(as_text=True)
    if made.secret and made.gives is not None:
        told = json.loads(body)
        body = json.dumps(told | {name: [] if isinstance(told[name], list) else None for name in made.secret})
    kept = {name: answered.headers[name] for name in ("ETag", "Location") if name in answered.headers}
    return answers.Answer(answered.status_code, body, kept)


def _answer(made: Operation, result: object) -> Response:
    if isinstance(result, Response):
        return _unless_known(made, result, None)
    told = result if isinstance(result, Made) else Made(result)
    if made.gives is None:
        return Response(status=told.status or made.status, headers=dict(told.headers))
    value = told.value if isinstance(told.value, Answer) else made.gives.model_validate(told.value)
    answered = Response(value.model_dump_json(), told.status or made.status, mimetype=JSON)
    answered.headers.update(dict(told.headers))
    return _unless_known(made, answered, getattr(value, "version", None))


def _unless_known(made: Operation, answered: Response, version: object) -> Response:
    """Mark the answer, and send only its mark to who has it already."""
    if answered.is_streamed:
        return answered
    mark = sha256(answered.get_data()).hexdigest()[:16]
    answered.set_etag(f"{version}.{mark}" if isinstance(version, int) else mark)
    if made.method == "GET":
        answered.make_conditional(request)
    return answered
