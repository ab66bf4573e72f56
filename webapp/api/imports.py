"""Files brought in: looked at first, then written."""

from __future__ import annotations

import io
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, request

from logistics.counter import imports as counter
from logistics.imports import ImportReport

from ..here import system, today
from ..i18n import language
from .bodies import Answer, Body, Query
from .operations import Call, Made, operation
from .problems import Problem

room = APIBlueprint("api_imports", __name__, url_prefix="/api/v1/imports", tag="imports")


class ImportQuery(Query):
    """What the file holds."""

    kind: Literal["sites", "products", "stock", "assets", "employees", "vans", "orders", "users"]


class CommitIn(Body):
    """Whether one refused row keeps the whole file out."""

    all_or_nothing: bool = False


class RowOut(Answer):
    """Something to say about one row."""

    line: int
    column: str
    code: str
    text: str


class ImportOut(Answer):
    """What an import would do or did; `id` is wanted to go on with it."""

    id: str
    kind: str
    rows: int
    created: int
    updated: int
    unchanged: int
    conflicting: int
    refused: int
    written: bool
    ignored_columns: list[str]
    problems: list[RowOut]
    conflicts: list[RowOut]
    notices: list[RowOut]
    not_listed: int


@operation(room, "POST", "", right="imports.use", asks=ImportQuery, gives=ImportOut, status=201, creates=True,
           alone=True, reads="text/csv", secret=("problems", "conflicts", "notices"))  # fmt: skip
def upload(call: Call, query: ImportQuery) -> Made:
    """Keep a CSV file to look at, and say what bringing it in would do; nothing else is written."""
    name = counter.take(system(), call.viewer, query.kind, io.BytesIO(request.get_data(cache=True)))
    report = counter.preview(system(), call.viewer, name, today=today())
    return Made(_told(name, report), {"Location": f"/api/v1/imports/{_id(name)}"})


@operation(room, "GET", "/<upload_id>", right="imports.use", gives=ImportOut, alone=True)
def preview(call: Call, upload_id: str) -> ImportOut:
    """What bringing the file in would do; nothing is written."""
    name = _name(upload_id)
    return _told(name, counter.preview(system(), call.viewer, name, today=today()))


@operation(room, "POST", "/<upload_id>/commit", right="imports.use", takes=CommitIn, gives=ImportOut, alone=True)
def commit(call: Call, body: CommitIn, upload_id: str) -> ImportOut:
    """Write the good rows, or none when all or nothing is wanted; twice the same changes nothing."""
    name = _name(upload_id)
    return _told(
        name, counter.bring_in(system(), call.viewer, name, whole=body.all_or_nothing, today=today())
    )


@operation(room, "GET", "/<upload_id>/errors.csv", right="imports.use", media=("text/csv",), alone=True)
def errors(call: Call, upload_id: str) -> Response:
    """The refused rows, to be corrected and sent again."""
    file = counter.error_file(system(), call.viewer, _name(upload_id))
    return Response(file.read_bytes(), mimetype="text/csv")


def _name(upload_id: str) -> str:
    if not upload_id.isascii() or not upload_id.isalnum() or len(upload_id) > 32:
        raise Problem("unknown-record")
    return f"{upload_id}.csv"


def _id(name: str) -> str:
    return name.partition(".")[0]


def _told(name: str, report: ImportReport) -> ImportOut:
    told: dict[str, Any] = report.as_dict(language())
    return ImportOut.model_validate(told | {"id": _id(name)})


