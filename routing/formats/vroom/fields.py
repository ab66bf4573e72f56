"""A JSON document from anywhere, read field by field: what is wrong is named by its path, such as `jobs[3].service`."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, NoReturn

from ...errors import BadFile

#: Whole numbers of a VROOM document fit into 32 bits without a sign, as there.
LARGEST = 2**32 - 1

Span = tuple[int, int]


class Fields:
    """One object of the document. Keys nobody asks for are passed over, as VROOM does."""

    def __init__(self, file: str, path: str, facts: dict[str, Any]) -> None:
        self.file, self.path, self.facts = file, path, facts

    def refuse(self, expected: str, key: str = "") -> NoReturn:
        """Say what is expected at a key of this object."""
        where = ".".join(part for part in (self.path, key) if part)
        raise BadFile(self.file, f"{where or 'the document'}: {expected}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.facts.get(key) is not None

    def whole(self, key: str, usual: int | None = None, *, most: int = LARGEST) -> int:
        """A whole number from 0; the usual one where the key is missing."""
        if not self.has(key):
            return self.refuse("a whole number expected", key) if usual is None else usual
        return self._whole(self.facts[key], key, most)

    def _whole(self, value: object, key: str, most: int = LARGEST) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            self.refuse("a whole number expected", key)
        if not 0 <= value <= most:
            self.refuse(f"a number from 0 to {most} expected", key)
        return int(value)

    def number(self, key: str, usual: float) -> float:
        """Any number."""
        value = self.facts.get(key)
        if value is None:
            return usual
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse("a number expected", key)
        return float(value)

    def wholes(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers; empty where the key is missing."""
        return tuple(self._whole(value, f"{key}[{number}]") for number, value in enumerate(self._list(key)))

    def text(self, key: str, usual: str = "") -> str:
        """A text."""
        value = self.facts.get(key)
        if value is None:
            return usual
        if not isinstance(value, str):
            self.refuse("a text expected", key)
        return value

    def span(self, key: str) -> Span | None:
        """A pair of moments in order; None where the key is missing."""
        return self._span(self.facts[key], key) if self.has(key) else None

    def _span(self, value: object, key: str) -> Span:
        if not isinstance(value, list) or len(value) != 2:
            self.refuse("a pair of moments expected", key)
        opens, closes = self._whole(value[0], f"{key}[0]"), self._whole(value[1], f"{key}[1]")
        if opens > closes:
            self.refuse("a time window that opens before it closes expected", key)
        return opens, closes

    def spans(self, key: str) -> tuple[Span, ...] | None:
        """Pairs of moments in order, none of which overlap; None where the key is missing."""
        if not self.has(key):
            return None
        found = sorted(self._span(value, f"{key}[{number}]") for number, value in enumerate(self._list(key)))
        if not found:
            self.refuse("a time window expected, or no such key", key)
        if any(later[0] <= earlier[1] for earlier, later in pairwise(found)):
            self.refuse("time windows that do not overlap expected", key)
        return tuple(found)

    def point(self, key: str) -> tuple[float, float] | None:
        """Longitude and latitude; None where the key is missing."""
        value = self.facts.get(key)
        if value is None:
            return None
        if not (isinstance(value, list) and len(value) >= 2 and all(_is_number(one) for one in value[:2])):
            self.refuse("longitude and latitude expected", key)
        return float(value[0]), float(value[1])

    def child(self, key: str) -> Fields:
        """An object; an empty one where the key is missing."""
        return self._object(self.facts.get(key) or {}, key)

    def children(self, key: str) -> list[Fields]:
        """A list of objects."""
        return [self._object(value, f"{key}[{number}]") for number, value in enumerate(self._list(key))]

    def _object(self, value: object, key: str) -> Fields:
        if not isinstance(value, dict):
            self.refuse("an object expected", key)
        return Fields(self.file, f"{self.path}.{key}" if self.path else key, value)

    def _list(self, key: str) -> list[Any]:
        value = self.facts.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse("a list expected", key)
        return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def document(file: str, content: bytes) -> Fields:
    """The document of a file.

    Raises:
        BadFile: it is no JSON object; where it is JSON at all but for a place, with that line.
    """
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadFile(file, f"JSON expected ({error.msg})", line=error.lineno) from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadFile(file, f"JSON expected ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise BadFile(file, "a JSON object expected")
    return Fields(file, "", found)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
