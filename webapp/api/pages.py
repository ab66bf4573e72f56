"""Lists page by page: a cursor says where the next page begins, for this list and these filters only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

from .bodies import Paged
from .operations import Call
from .problems import FieldError, Problem

Item = TypeVar("Item")
FURTHEST = 1_000_000


def start(query: Paged) -> int:
    """How many items were told before this page.

    Raises:
        Problem: not a cursor of ours, or of another list, filter or account.
    """
    if query.cursor is None:
        return 0
    try:
        told = _signer(query).loads(query.cursor)
    except BadSignature:
        wrong = FieldError("/cursor", "bad-cursor", "a cursor of this list, with the same filters and limit")
        raise Problem("bad-cursor", errors=(wrong,)) from None
    return cast(int, told)


def cursor(query: Paged, position: int, *, more: bool) -> str | None:
    """Where the next page begins; None after the last."""
    return _signed(query, position) if more and position < FURTHEST else None


def page(items: Sequence[Item], query: Paged) -> tuple[list[Item], str | None]:
    """One page of what is read as a whole, and the next page's cursor."""
    begin = start(query)
    shown = list(items[begin : begin + query.limit])
    return shown, cursor(query, begin + query.limit, more=len(items) > begin + query.limit)


def _signed(query: Paged, position: int) -> str:
    return str(_signer(query).dumps(position))


def _signer(query: Paged) -> URLSafeSerializer:
    call: Call = g.call
    filters = query.told({"cursor"})
    return URLSafeSerializer(str(current_app.secret_key), salt=f"cursor {call.viewer.login} {request.path} {filters}")
