"""Text files from anywhere: read with a limit, cut into rows, every number looked at before it is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ..errors import BadFile

#: A benchmark file of ten thousand customers has half of this.
MOST_BYTES = 64 * 2**20
#: No coordinate, time or amount of any format may be farther from zero.
LARGEST_NUMBER = 10**9

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file that is not blank: its number, and its words."""

    line: int
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words with one space between."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Text:
    """A text file as rows; `name` is the file's own name, without folders."""

    name: str
    rows: tuple[Row, ...]
    lines: int

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return Path(self.name).stem

    def refuse(self, expected: str, row: Row | None = None) -> NoReturn:
        """Say what is wrong at the row, or at the end of the file."""
        raise BadFile(self.name, expected, line=self.lines if row is None else row.line)

    def row(self, number: int, expected: str) -> Row:
        """The row of that index; refused with what is expected when the file is over."""
        if number >= len(self.rows):
            self.refuse(f"{expected} expected, but the file is over")
        return self.rows[number]

    def numbers(self, row: Row, count: int, expected: str) -> list[float]:
        """The row's words as numbers, exactly so many."""
        if len(row.words) != count:
            self.refuse(f"{expected} expected ({count} numbers), there are {len(row.words)} words", row)
        return [self.number(row, word, expected) for word in row.words]

    def number(self, row: Row, word: str, expected: str, *, most: int = LARGEST_NUMBER) -> float:
        """A finite number of ordinary size."""
        if len(word) > 40 or not _NUMBER.fullmatch(word):
            self.refuse(f"{expected} expected, '{shown(word)}' is no number", row)
        value = float(word)
        if abs(value) > most:
            self.refuse(f"{expected} expected, {shown(word)} is beyond {most}", row)
        return value

    def whole(self, row: Row, word: str, expected: str, *, least: int = 0, most: int = LARGEST_NUMBER) -> int:
        """A whole number from least to most; `10.0` is one, too."""
        value = self.number(row, word, expected)
        if value != int(value) or not least <= value <= most:
            self.refuse(f"{expected} expected, a whole number from {least} to {most}, not {shown(word)}", row)
        return int(value)


def shown(word: str) -> str:
    """A word of the file as it may stand in a sentence."""
    return word if len(word) <= 40 else f"{word[:37]}..."


def read_text(path: Path) -> Text:
    """The file's rows.

    Raises:
        BadFile: there is none, it is too big, empty, or no text.
    """
    content = read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Old files name their authors in Latin-1; every byte means something there, so nothing else can fail.
        text = content.decode("latin-1")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise BadFile(path.name, f"text expected, there is a byte {ord(found.group()):#04x}", line=line)
    lines = text.splitlines()
    rows = tuple(Row(number, tuple(words)) for number, line in enumerate(lines, 1) if (words := line.split()))
    if not rows:
        raise BadFile(path.name, "rows of text expected, the file is empty")
    return Text(path.name, rows, len(lines))


def read_bytes(path: Path) -> bytes:
    """The file's content, if it is a file of ordinary size."""
    try:
        if path.is_dir():
            raise BadFile(path.name, "a file expected, this is a folder")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise BadFile(path.name, f"at most {MOST_BYTES} bytes expected, there are {size}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise BadFile(path.name, f"cannot be read ({getattr(error, 'strerror', None) or error})") from error
