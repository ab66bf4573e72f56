"""What an import must remember beyond the row in hand, kept on disk so that a million rows fit in little memory."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from inventory import tables


class Seen:
    """Which keys were met, and on which line first. An unnamed SQLite database spills to disk by itself."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def first(self, key: Sequence[str], line: int) -> int | None:
        """The line that said this key before, or None when it is new (and is remembered from now on)."""
        word = "\x1f".join(part.casefold() for part in key)
        found = self._database.execute("SELECT line FROM seen WHERE key = ?", (word,)).fetchone()
        if found is not None:
            return int(found[0])
        self._database.execute("INSERT INTO seen VALUES (?, ?)", (word, line))
        return None

    def close(self) -> None:
        """Give the disk back."""
        self._database.close()


class Groups:
    """Rows gathered by a key, wherever in the file they stand; groups come out in the order of their first rows."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE piece (key TEXT, line INTEGER, row TEXT, PRIMARY KEY (key, line))")
        self._database.execute("CREATE TABLE bundle (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def add(self, key: str, row: tables.Row) -> None:
        """Put a row to the others of its key."""
        word, wrong = key.casefold(), row.error
        error = [wrong.code, wrong.column, dict(wrong.facts)] if wrong else None
        kept = json.dumps([row.cells, error])
        self._database.execute("INSERT INTO piece VALUES (?, ?, ?)", (word, row.line, kept))
        self._database.execute("INSERT OR IGNORE INTO bundle VALUES (?, ?)", (word, row.line))

    def __iter__(self) -> Iterator[tuple[tables.Row, ...]]:
        for (key,) in self._database.execute("SELECT key FROM bundle ORDER BY line"):
            pieces = self._database.execute("SELECT line, row FROM piece WHERE key = ? ORDER BY line", (key,))
            yield tuple(_row(line, kept) for line, kept in pieces)

    def close(self) -> None:
        """Give the disk back."""
        self._database.close()


class ErrorFile:
    """The refused rows as they came, with the reasons in a last column `error`; it can be corrected and imported again.

    It appears under its name only when it is complete, and not at all when nothing was refused.
    """

    def __init__(self, target: Path, headers: Sequence[str], separator: str) -> None:
        self._target, self._headers, self._separator = target, tuple(headers), separator
        self._part = target.with_name(f"{target.name}.part")
        self._stream: TextIO | None = None

    def add(self, cells: Sequence[str], error: str) -> None:
        """One row. Cells beyond the header stand after the error, so that nothing of the row is lost."""
        width = len(self._headers)
        padded = [*cells[:width], *[""] * (width - len(cells))]
        tables.write_rows(self._open(), [[*padded, error, *cells[width:]]], separator=self._separator)

    def keep(self) -> Path:
        """Make it appear under its name, replacing the one of an earlier import."""
        self._open().close()
        os.replace(self._part, self._target)
        return self._target

    def close(self) -> None:
        """As if it had never been begun, unless it was kept."""
        if self._stream is not None and not self._stream.closed:
            self._stream.close()
            self._part.unlink(missing_ok=True)

    def _open(self) -> TextIO:
        if self._stream is None:
            # It may hold homes: nobody but its owner reads it. The mark at the start lets spreadsheets read accents.
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._stream = os.fdopen(descriptor, "w", encoding="utf-8-sig", errors="surrogateescape", newline="")
            tables.write_table(self._stream, [*self._headers, "error"], [], separator=self._separator)
        return self._stream


def _row(line: int, kept: str) -> tables.Row:
    cells, error = json.loads(kept)
    wrong = tables.TableError(error[0], line, error[1], error[2]) if error else None
    return tables.Row(line, tuple(cells), wrong)
