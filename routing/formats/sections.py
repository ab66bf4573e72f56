"""The frame of VRPLIB files: facts as `KEY : value`, then sections of numbered rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .text import Row, Text

#: More places than this do not fit into a matrix.
MOST_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Frame:
    """The facts above the sections, and each section's rows."""

    text: Text
    facts: dict[str, tuple[str, Row]]
    sections: dict[str, tuple[Row, ...]]
    heads: dict[str, Row]

    def word(self, key: str, usual: str = "") -> str:
        """A fact as it stands there."""
        return self.facts[key][0] if key in self.facts else usual

    def whole(self, key: str, *, least: int = 0, most: int = 10**9) -> int:
        """A fact that must be there and be a whole number."""
        if key not in self.facts:
            self.text.refuse(f"{key} expected above the sections", self.text.rows[0])
        value, row = self.facts[key]
        return self.text.whole(row, value, key, least=least, most=most)

    def number(self, key: str) -> float | None:
        """A fact that may be missing and is a number."""
        if key not in self.facts:
            return None
        value, row = self.facts[key]
        return self.text.number(row, value, key)

    def refuse_unknown(self, facts: Sequence[str], sections: Sequence[str]) -> None:
        """What is not understood is refused: a rule that is read over would make every plan a lie."""
        for key, (_, row) in self.facts.items():
            if key not in facts:
                self.text.refuse(f"one of {', '.join(facts)} expected, not {key}", row)
        for key, row in self.heads.items():
            if key not in sections:
                self.text.refuse(f"one of the sections {', '.join(sections)} expected, not {key}", row)

    def table(self, section: str, size: int, width: int | None, expected: str) -> list[tuple[float, ...]]:
        """The numbers after the row numbers 1 to `size`, `width` of them in each row (None: any number)."""
        if section not in self.sections:
            self.text.refuse(f"{section} expected, but the file is over")
        rows = self.sections[section]
        if len(rows) != size:
            self.text.refuse(f"{section} with {size} rows expected, there are {len(rows)}", self.heads[section])
        found = []
        for number, row in enumerate(rows, 1):
            count = len(row.words) if width is None else width + 1
            values = self.text.numbers(row, count, f"a row number and {expected}")
            if values[0] != number:
                self.text.refuse(f"row {number} of {section} expected, this is {row.words[0]}", row)
            found.append(tuple(values[1:]))
        return found

    def column(
        self, section: str, size: int, expected: str, *, usual: float = 0, least: float = 0, whole: bool = False
    ) -> list[float]:
        """One number a row; all the usual one where the section is missing."""
        if section not in self.sections:
            return [usual] * size
        found = [values[0] for values in self.table(section, size, 1, expected)]
        for value, row in zip(found, self.sections[section], strict=True):
            if value < least or (whole and value != int(value)):
                self.text.refuse(f"{expected} from {least:g} expected, not {row.words[1]}", row)
        return found

    def depots(self, size: int) -> list[int]:
        """Places of the depots, from 0; the first node where the file names none."""
        if "DEPOT_SECTION" not in self.sections:
            return [0]
        found = []
        for row in self.sections["DEPOT_SECTION"]:
            for word in row.words:
                number = self.text.whole(row, word, "a depot or -1", least=-1, most=size)
                if number > 0:
                    found.append(number - 1)
        if not found or len(set(found)) < len(found):
            self.text.refuse("depots expected, each once", self.heads["DEPOT_SECTION"])
        return found


def frame(text: Text) -> Frame:
    """Cut a file into facts and sections."""
    facts: dict[str, tuple[str, Row]] = {}
    sections: dict[str, list[Row]] = {}
    heads: dict[str, Row] = {}
    current: list[Row] | None = None
    for row in text.rows:
        name = row.text.rstrip(": ").upper()
        if name == "EOF":
            break
        if name.endswith("_SECTION"):
            if name in sections:
                text.refuse(f"{name} is there twice", row)
            current = sections.setdefault(name, [])
            heads[name] = row
        elif current is not None:
            current.append(row)
        else:
            key, colon, value = row.text.partition(":")
            if not colon:
                text.refuse("a fact like KEY : value or a section expected", row)
            if key.strip().upper() in facts:
                text.refuse(f"{key.strip()} is there twice", row)
            facts[key.strip().upper()] = (value.strip(), row)
    return Frame(text, facts, {name: tuple(rows) for name, rows in sections.items()}, heads)
