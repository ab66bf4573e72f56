"""The document, and a page that shows it: made here, no script, no foreign host."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from ..access import public, signed_in
from . import spec

pages = Blueprint("api_docs", __name__, url_prefix="/api/v1")


@pages.get("/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI document; it tells nothing of the company."""
    made = spec.sent(cast(APIFlask, current_app._get_current_object()))  # type: ignore[attr-defined]
    made.add_etag()
    return made


@pages.get("/docs")
@signed_in
def show() -> ResponseReturnValue:
    """Every operation with what it takes, gives and needs."""
    told = spec.document(cast(APIFlask, current_app._get_current_object()))  # type: ignore[attr-defined]
    rooms: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, methods in told["paths"].items():
        for method, said in methods.items():
            rooms[said["tags"][0]].append(_line(told, path, method, said))
    return render_template("api_docs.html", rooms=dict(sorted(rooms.items())), codes=spec.codes(), about=told["info"])


def _line(told: dict[str, Any], path: str, method: str, said: dict[str, Any]) -> dict[str, Any]:
    body = said.get("requestBody", {}).get("content", {})
    answers: dict[str, Any] = said["responses"]
    answer = next(one for status, one in answers.items() if status[0] == "2").get("content", {})
    return {
        "path": path, "method": method.upper(), "summary": said["summary"], "about": said.get("description", ""),
        "id": said["operationId"], "right": said["x-right"], "scope": said["x-scope"], "roles": said["x-roles"],
        "parameters": said["parameters"], "body": _fields(told, body), "answer": _fields(told, answer),
        "media": list(body) + list(answer), "refusals": [one for one in said["responses"] if one[0] in "45"],
    }  # fmt: skip


def _fields(told: dict[str, Any], content: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a JSON object, one level, the kinds in words."""
    shown: dict[str, Any] = next(iter(content.values()), {})
    schema = resolve(told, shown.get("schema", {}))
    needed = schema.get("required", ())
    return [
        {"name": name, "kind": kind_of(told, one), "needed": name in needed, "about": one.get("description", "")}
        for name, one in schema.get("properties", {}).items()
    ]


def resolve(told: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` stands for."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = told["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def kind_of(told: dict[str, Any], schema: dict[str, Any]) -> str:
    """A schema in a few words: `string`, `array of OrderLineIn`, `integer 1 to 3`."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1].rsplit(".", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(kind_of(told, one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"array of {kind_of(told, schema.get('items', {}))}"
    low, high = schema.get("minimum", ""), schema.get("maximum", "")
    if low != "" or high != "":
        return f"{kind} {low} to {high}".strip()
    most = schema.get("maxLength")
    return f"{kind}, at most {most}" if most else str(schema.get("format") or kind)
