"""Putting a record in the books under its number or code: created once, changed only where the facts differ."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from sqlalchemy import String, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .db import Base
from .errors import InvalidFact

#: What telling a fact did to the books.
Outcome = Literal["created", "updated", "unchanged"]

#: The largest whole number both databases can keep in an integer column.
LARGEST = 2**31 - 1

Row = TypeVar("Row", bound=Base)


def put(session: Session, rows: type[Row], key: str, facts: Mapping[str, Any]) -> tuple[Outcome, Row]:
    """Create the row of which the column `key` has the told value, or bring it up to the facts.

    Only told facts are compared and changed. Texts are kept trimmed and in Unicode's composed form.

    Raises:
        InvalidFact: a text that is too long or holds control characters, a number beyond the column, or a new row
            that lacks a fact it needs.
    """
    told = {column: _clean(rows, column, value) for column, value in facts.items()}
    if not told.get(key):
        raise InvalidFact(key, "is missing")
    found = session.scalar(select(rows).where(getattr(rows, key) == told[key]))
    if found is None:
        _complete(rows, told)
        try:
            with session.begin_nested():
                session.add(made := rows(**told))
        except IntegrityError:
            # Somebody else created it a moment ago; if not, the facts themselves are refused.
            found = session.scalar(select(rows).where(getattr(rows, key) == told[key]))
            if found is None:
                raise
        else:
            return "created", made
    changed = {column: value for column, value in told.items() if getattr(found, column) != value}
    for column, value in changed.items():
        setattr(found, column, value)
    session.flush()
    return ("updated" if changed else "unchanged"), found


def sought(text: str) -> str:
    """`text` as the books would hold it, to look it up: trimmed, composed, and without what no book can hold."""
    told = unicodedata.normalize("NFC", text).strip()
    return "".join("\ufffd" if char == "\0" or unicodedata.category(char) == "Cs" else char for char in told)


def clean(field: str, value: str, *, limit: int) -> str:
    """`value` trimmed and composed; refused when it is longer than `limit` or holds control characters."""
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) > limit:
        raise InvalidFact(field, f"is longer than {limit} characters")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n" for char in text):
        raise InvalidFact(field, "holds control characters")
    return text


def point(lat: float | None, lon: float | None) -> None:
    """Refuse a coordinate that is half, not finite or off the globe.

    Raises:
        InvalidFact: naming the coordinate; the value itself is never told.
    """
    if (lat is None) != (lon is None):
        raise InvalidFact("lat" if lat is None else "lon", "is missing while the other coordinate is given")
    if lat is not None and not -90 <= lat <= 90:
        raise InvalidFact("lat", "is not between -90 and 90")
    if lon is not None and not -180 <= lon <= 180:
        raise InvalidFact("lon", "is not between -180 and 180")


def one_of(field: str, value: str, words: tuple[str, ...]) -> None:
    """Refuse a word that is not on the list.

    Raises:
        InvalidFact: naming the words that are.
    """
    if value not in words:
        raise InvalidFact(field, f"is none of {', '.join(words)}")


def whole(field: str, value: int, *, low: int = 0, high: int = LARGEST) -> None:
    """Refuse a number that is not whole or outside [low, high].

    Raises:
        InvalidFact: naming the bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidFact(field, f"is not a whole number from {low} to {high}")


def _clean(rows: type[Base], column: str, value: Any) -> Any:
    kind = rows.__table__.columns[column].type
    if isinstance(value, str) and isinstance(kind, String) and kind.length is not None:
        return clean(column, value, limit=kind.length)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        raise InvalidFact(column, f"is beyond {LARGEST}")
    return value


def _complete(rows: type[Base], told: Mapping[str, Any]) -> None:
    for column in inspect(rows).columns:
        optional = column.nullable or column.default is not None or column.primary_key
        if not optional and told.get(column.key) in (None, ""):
            raise InvalidFact(column.key, "is missing")
