"""The OpenAPI document: what APIFlask reads from the declarations, with what every operation has in common."""

from __future__ import annotations

import json
from typing import Any, cast

from apiflask import APIFlask
from flask import Response

from logistics import answers, rights

from .operations import JSON, LARGEST_ID, OPERATIONS, Operation
from .problems import CODES, MEDIA_TYPE, STATUS

ABOUT = """Everything the pages of Tournée offer, for programs. Send a token as `Authorization: Bearer trn_…`;
make one under *Your account* or with `tournee token make`. What a token may do is what its scopes *and* its owner's
present role and sites allow. Refusals are `application/problem+json` with a `code` that never changes."""
#: Where a refusal of one field points, and every refusal.
FIELD_ERROR = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "additionalProperties": False,
    "properties": {
        "pointer": {"type": "string", "description": "Into the body, or a parameter's name after a slash."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Never changes; see the list of codes."},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "reference": {"type": "string", "description": "Stands in the log; tell it to an administrator."},
    },
}
MEANINGS = {
    "400": "Not understood: no JSON, a wrong query, a missing key, a token in the address.",
    "401": "No token, or one that is unknown, expired or revoked, or of a closed account.",
    "403": "The owner's role or the token's scopes do not allow it.",
    "404": "There is no such thing, or none of yours.",
    "406": "This address answers in another format than the Accept header wants.",
    "409": "It does not fit the present state, or the first request under this key is still running.",
    "412": "It changed since the version in If-Match was read.",
    "413": "The body is too large.",
    "415": "The body is of another type than this address reads.",
    "422": "The body cannot be accepted; every field that is wrong is listed.",
    "428": "If-Match is missing.",
    "429": "Too many calls; Retry-After says when to go on.",
    "500": "Our own fault, under a reference.",
    "503": "The books do not answer at the moment; Retry-After says when to ask again.",
}


def describe(app: APIFlask) -> None:
    """Prepare the document's frame."""
    app.config.update(
        OPENAPI_VERSION="3.1.0", AUTO_404_RESPONSE=False, AUTO_VALIDATION_ERROR_RESPONSE=False, AUTO_SERVERS=False,
        AUTO_200_RESPONSE=False, AUTO_OPERATION_ID=False, DESCRIPTION=ABOUT,
        SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer", "description": "A token, `trn_…`."}},
    )  # fmt: skip
    app.spec_processor(lambda found: _complete(cast(dict[str, Any], found)))


def document(app: APIFlask) -> dict[str, Any]:
    """The document, made once."""
    if "tournee-openapi" not in app.extensions:
        app.extensions["tournee-openapi"] = app.spec
    made: dict[str, Any] = app.extensions["tournee-openapi"]
    return made


def sent(app: APIFlask) -> Response:
    """The document as it is sent."""
    return Response(json.dumps(document(app), ensure_ascii=False, indent=1), mimetype=JSON)


def _complete(found: dict[str, Any]) -> dict[str, Any]:
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"], schemas["FieldError"] = PROBLEM, FIELD_ERROR
    found["security"] = [{"bearer": []}]
    for path, methods in found["paths"].items():
        for said in methods.values():
            _operation(path, said)
    return found


def right_of(made: Operation) -> rights.Right:
    """What the table says of an operation's right."""
    return rights.RIGHTS[made.right]


def _operation(path: str, said: dict[str, Any]) -> None:
    made = OPERATIONS[said["operationId"]]
    right = right_of(made)
    said["x-right"], said["x-scope"] = made.right, right.scope
    said["x-roles"] = sorted(right.roles)
    said["parameters"] = [_tightened(one) for one in said.get("parameters", [])] + _headers(made)
    if made.reads != JSON:
        said["requestBody"] = {"content": {made.reads: {"schema": {"type": "string", "format": "binary"}}}}
    if "requestBody" in said:
        said["requestBody"]["required"] = True
    told = said["responses"]
    success = told.setdefault(str(made.status), {"description": "Done."})
    if made.gives is not None or made.media:
        success["headers"] = {"ETag": {"schema": {"type": "string"}, "required": True}}
    for kind in made.media:
        shape = {"type": "object"} if kind.endswith("json") else {"type": "string", "format": "binary"}
        success.setdefault("content", {})[kind] = {"schema": shape}
    if made.method == "GET":
        told["304"] = {"description": "You have it already: it is what If-None-Match names."}
    for status in _refusals(made, path):
        told[status] = {
            "description": MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    said["responses"] = dict(sorted(told.items()))


def _tightened(parameter: dict[str, Any]) -> dict[str, Any]:
    if parameter["in"] != "path":
        return parameter
    parameter["required"] = True
    if parameter["schema"].get("type") == "integer":
        parameter["schema"] |= {"minimum": 1, "maximum": LARGEST_ID}
    else:
        parameter["schema"] |= {"minLength": 1, "maxLength": 80, "pattern": r"^[^/\x00-\x20\x7f-\x9f]+$"}
    return parameter


def _headers(made: Operation) -> list[dict[str, Any]]:
    wanted = []
    if made.creates:
        key = {"type": "string", "minLength": 1, "maxLength": answers.LONGEST_KEY, "pattern": r"^[!-~]+$"}
        wanted.append({"in": "header", "name": "Idempotency-Key", "required": True, "schema": key,
                       "description": "Your own name for this request; asked again it is not done again."})  # fmt: skip
    if made.versioned:
        mark = {"type": "string", "pattern": r'^"[0-9]{1,9}(\.[0-9a-f]{16})?"$'}
        wanted.append({"in": "header", "name": "If-Match", "required": True, "schema": mark,
                       "description": "The ETag of what you saw."})  # fmt: skip
    return wanted


def _refusals(made: Operation, path: str) -> list[str]:
    wanted = {"400", "401", "403", "406", "429", "500", "503"}
    changes = made.method != "GET"
    if "{" in path or made.takes or made.asks:
        wanted.add("404")
    if made.takes is not None or made.reads != JSON:
        wanted |= {"413", "415", "422"}
    if changes:
        wanted |= {"404", "409", "422"}
    if made.asks is not None:
        wanted.add("422")
    if made.versioned:
        wanted |= {"412", "428"}
    return sorted(wanted)


def codes() -> dict[str, int]:
    """Every code of a refusal that has a status of its own; all others are 422."""
    return dict(sorted({**{code: status for code, (status, _) in CODES.items()}, **STATUS}.items()))
