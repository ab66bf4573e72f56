"""From an error of ours to what is said about the row or the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from inventory import errors as inventory_errors
from inventory import tables
from inventory.errors import InventoryError

from ..errors import LogisticsError
from .cells import excerpt
from .report import FileRefused, RowProblem

#: Which column names a record of this kind; the first one the row has is the one to point at.
_COLUMN_OF: dict[str, tuple[str, ...]] = {
    "site": ("site", "sites", "holder", "code"),
    "product": ("sku",),
    "asset": ("return_asset_tag", "asset_tag"),
    "employee": ("employee_number", "holder", "manager_number"),
    "van": ("van", "code"),
    "user": ("login",),
    "order": ("reference",),
}


class RowRefused(LogisticsError):
    """A row that cannot go in, with everything there is to say about it."""

    code = "row-refused"

    def __init__(self, *problems: RowProblem) -> None:
        self.problems = problems
        super().__init__(", ".join(problem.code for problem in problems))


class RowContradicts(RowRefused):
    """A row that says otherwise than the books; nothing moves for it."""

    code = "row-contradicts"


@contextmanager
def reading(source: Path | BinaryIO) -> Iterator[tables.Table]:
    """The open table; whatever makes it unreadable, now or on a later row, becomes a `FileRefused`.

    Raises:
        FileRefused: with the code of what is wrong.
    """
    try:
        with tables.open_table(source) as table:
            yield table
    except tables.TableRefused as refusal:
        facts = {"line": refusal.error.line, **refusal.error.facts}
        raise FileRefused(refusal.error.code, **facts) from refusal
    except FileNotFoundError as error:
        raise FileRefused("file-not-found", file=name_of(source, "file")) from error
    except OSError as error:
        if not isinstance(source, Path) or error.filename != str(source):
            raise
        raise FileRefused("file-unreadable", file=source.name, reason=error.strerror) from error


def name_of(source: Path | BinaryIO, kind: str) -> str:
    """The file's name without its folder; the kind's for a stream that has none."""
    if isinstance(source, Path):
        return source.name
    return Path(str(getattr(source, "name", "") or f"{kind}.csv")).name


def judge(error: LogisticsError | InventoryError, line: int, values: dict[str, Any]) -> tuple[str, list[RowProblem]]:
    """`refused` or `conflict`, and the sentences about the row."""
    if isinstance(error, RowContradicts):
        return "conflict", list(error.problems)
    if isinstance(error, RowRefused):
        return "refused", list(error.problems)
    if isinstance(error, inventory_errors.Conflict):
        facts = {"told": error.told, "recorded": error.recorded}
        return "conflict", [RowProblem(line, "", error.code, {"key": error.key, **facts})]
    return "refused", [_problem(error, line, values)]


def _problem(error: LogisticsError | InventoryError, line: int, values: dict[str, Any]) -> RowProblem:
    kind = getattr(error, "kind", None)
    if error.code in ("unknown-record", "already-exists") and kind is not None:
        column = next((name for name in _COLUMN_OF.get(str(kind), ()) if values.get(name)), "")
        return RowProblem(line, column, error.code, {"kind": kind, "key": getattr(error, "key", "")})
    field = getattr(error, "field", None)
    if field is not None:
        value = values.get(str(field))
        shown = excerpt(str(value)) if isinstance(value, str | int) else ""
        return RowProblem(line, str(field), error.code, {"problem": getattr(error, "problem", str(error))}, shown)
    facts = {name: value for name, value in vars(error).items() if isinstance(value, str | int) and name != "code"}
    return RowProblem(line, "", error.code, {"problem": str(error), **facts})
