"""One row as one line of JSON, the same line from either database, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from .shape import Table


class BadCell(ValueError):
    """A cell is not of its column's kind; names the column, never the value."""


def line_of(table: Table, row: Sequence[Any]) -> bytes:
    """The row as a database gave it, as a line.

    Raises:
        BadCell: a cell is not of its column's kind.
    """
    cells = []
    for column, value in zip(table.columns, row, strict=True):
        try:
            cells.append(None if value is None else _ENCODE[column.kind](value))
        except (ValueError, TypeError):
            raise BadCell(column.name) from None
    return json.dumps(cells, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row_of(table: Table, line: bytes, dialect: str) -> tuple[Any, ...]:
    """The line as values that the database of this dialect stores.

    Raises:
        BadCell: it is not a row of this table.
    """
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError):
        raise BadCell("line") from None
    if not isinstance(cells, list) or len(cells) != len(table.columns):
        raise BadCell("line")
    return tuple(
        _decoded(column.kind, column.name, column.nullable, cell, dialect)
        for column, cell in zip(table.columns, cells, strict=True)
    )


def _decoded(kind: str, name: str, nullable: bool, cell: Any, dialect: str) -> Any:
    if cell is None:
        if not nullable:
            raise BadCell(name)
        return None
    try:
        value = _DECODE[kind](cell)
    except (ValueError, TypeError, OverflowError):
        raise BadCell(name) from None
    return _FOR_SQLITE[kind](value) if dialect == "sqlite" and kind in _FOR_SQLITE else value


def _of(*types: type) -> Callable[[Any], Any]:
    def same(value: Any) -> Any:
        if type(value) not in types:
            raise TypeError
        return value

    return same


def _flag(value: Any) -> bool:
    if value not in (0, 1):
        raise ValueError
    return bool(value)


def _moment(value: Any) -> str:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if found.year >= 1000 else found.isoformat()


def _text(value: Any) -> str:
    found: str = _of(str)(value)
    found.encode()
    return found


def _whole(value: Any) -> int:
    found: int = _of(int)(value)
    if not -(2**63) <= found < 2**63:
        raise ValueError
    return found


def _number(value: Any) -> float:
    found = float(_of(int, float)(value))
    if not math.isfinite(found):
        raise ValueError
    return found


def _json(value: Any) -> str:
    found = _text(value)
    try:
        json.loads(found)
    except RecursionError:
        raise ValueError from None
    return found


def _utc(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError
    return found.astimezone(UTC)


_ENCODE: Mapping[str, Callable[[Any], Any]] = {
    "bool": _flag,
    "int": _whole,
    "float": _number,
    "text": _of(str),
    # As it is stored: reading and writing it again could change it.
    "json": _of(str),
    "moment": _moment,
    "date": lambda value: (value if isinstance(value, date) else date.fromisoformat(value)).isoformat(),
    "time": lambda value: (value if isinstance(value, time) else time.fromisoformat(value)).isoformat(),
}
_DECODE: Mapping[str, Callable[[Any], Any]] = {
    "bool": _of(bool),
    "int": _whole,
    "float": _number,
    "text": _text,
    "json": _json,
    "moment": _utc,
    "date": lambda value: date.fromisoformat(_text(value)),
    "time": lambda value: time.fromisoformat(_text(value)),
}
#: As SQLAlchemy writes them there.
_FOR_SQLITE: Mapping[str, Callable[[Any], Any]] = {
    "bool": int,
    "moment": lambda value: value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds"),
    "date": lambda value: value.isoformat(),
    "time": lambda value: value.isoformat(timespec="microseconds"),
}
