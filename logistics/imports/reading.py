"""From the cells of a row to values under the English names of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inventory import tables

from .cells import CellRefused, excerpt
from .columns import COLUMNS, Column, header_key
from .report import FileRefused, RowProblem

#: The column an error file adds; in a file that comes back it is skipped.
ERROR_COLUMN = "error"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which cell of a row belongs to which column of the kind."""

    headers: tuple[str, ...]
    columns: tuple[tuple[int, Column], ...]
    ignored: tuple[str, ...]
    width: int
    #: Cells of an earlier error column, by place; they are not part of a row.
    skipped: frozenset[int]

    @classmethod
    def of(cls, kind: str, headers: Sequence[str]) -> Shape:
        """Find the columns of a kind in a header.

        Raises:
            FileRefused: a needed column is missing, or one is there twice.
        """
        by_key = {spelling: column for column in COLUMNS[kind] for spelling in column.spellings}
        found: dict[str, int] = {}
        ignored, skipped = [], set()
        for place, header in enumerate(headers):
            column = by_key.get(header_key(header))
            if header_key(header) == ERROR_COLUMN:
                skipped.add(place)
            elif column is None:
                ignored.append(header.strip() or f"#{place + 1}")
            elif column.name in found:
                raise FileRefused("header-twice", column=header.strip())
            else:
                found[column.name] = place
        missing = [column.name for column in COLUMNS[kind] if column.needed and column.name not in found]
        if missing:
            alone = "-wrong-separator" if len(headers) == 1 else ""
            raise FileRefused(f"header-missing{alone}", columns=", ".join(missing))
        columns = tuple((found[column.name], column) for column in COLUMNS[kind] if column.name in found)
        kept = tuple(header for place, header in enumerate(headers) if place not in skipped)
        return cls(kept, columns, tuple(ignored), len(headers), frozenset(skipped))

    def without_errors(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The cells without those of an earlier error column."""
        return tuple(cell for place, cell in enumerate(cells) if place not in self.skipped)

    def text(self, name: str, cells: Sequence[str]) -> str:
        """The cell of a column as it stands, without outer blanks; empty when the row is too short."""
        place = next(place for place, column in self.columns if column.name == name)
        return cells[place].strip() if place < len(cells) else ""


def read_row(shape: Shape, row: tables.Row) -> tuple[dict[str, Any], list[RowProblem]]:
    """Values by column name (empty cells are None, absent columns are not there), and everything wrong with the row."""
    if row.error is not None:
        return {}, [RowProblem(row.line, row.error.column, row.error.code, dict(row.error.facts))]
    return _values(shape, row.line, row.cells)


def _values(shape: Shape, line: int, row: Sequence[str]) -> tuple[dict[str, Any], list[RowProblem]]:
    if len(row) > shape.width and any(cell.strip() for cell in row[shape.width :]):
        return {}, [RowProblem(line, "", "too-many-cells", {"cells": len(row), "columns": shape.width})]
    last_needed = max(place for place, _ in shape.columns) + 1
    if len(row) < last_needed:
        return {}, [RowProblem(line, "", "too-few-cells", {"cells": len(row), "columns": shape.width})]
    values: dict[str, Any] = {}
    problems = []
    for place, column in shape.columns:
        cell = row[place]
        try:
            values[column.name] = _read(column, cell)
        except CellRefused as refusal:
            problems.append(RowProblem(line, column.name, refusal.code, refusal.facts, excerpt(cell)))
    return values, problems


def _read(column: Column, cell: str) -> object:
    if not cell.strip():
        if column.filled:
            raise CellRefused("missing-value")
        return None
    return column.read(cell)
