"""What became of a file: the values an import returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import LogisticsError
from . import messages

#: The report names this many rows of each sort; all refused rows are in the error file.
LISTED = 1_000
#: And the row of a background task this many.
LISTED_IN_A_TASK = 200


class FileRefused(LogisticsError):
    """The file as a whole cannot be read; nothing was written."""

    code = "file-refused"

    def __init__(self, code: str, **facts: object) -> None:
        self.code, self.facts = code, facts
        super().__init__(messages.sentence(code, facts))

    def sentence(self, language: str = "en") -> str:
        """The reason in `en` or `fr`."""
        return messages.sentence(self.code, self.facts, language)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something to say about one row: where, a stable code, and the facts of its sentence."""

    line: int
    column: str
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)
    value: str = ""

    def sentence(self, language: str = "en") -> str:
        """`column: reason`, in `en` or `fr`, with the value that was found where there is one."""
        said = messages.sentence(self.code, self.facts, language)
        found = f" “{self.value}”" if self.value else ""
        return f"{self.column}{found} {said}" if self.column and self.code not in WHOLE_SENTENCES else said


#: Codes whose sentence stands without the name of the column before it.
WHOLE_SENTENCES = frozenset(
    {
        "too-many-cells", "too-few-cells", "half-a-point", "zero-point", "swapped-point", "site-not-located",
        "takes-nothing-back", "other-product", "order-refused", "unlocated", "ambiguous", "located-roughly",
        "placed-short", "tracked-by-serial", "tracked-by-quantity", "unknown-record", "conflict", "already-exists",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and did. `written` is False after a dry run and after an all-or-nothing refusal.

    `refused` counts rows; `problems` may say several things about one row. Conflicts are rows that contradict the
    books: nothing moved for them, and they are not in the error file because correcting the file would not help.
    Notices may name streets: show them to whoever brought the file, keep them out of logs and tasks (`counts`).
    """

    kind: str
    file: str
    encoding: str
    separator: str
    rows: int
    created: int
    updated: int
    unchanged: int
    conflicting: int
    refused: int
    dry_run: bool
    written: bool
    ignored_columns: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    conflicts: tuple[RowProblem, ...] = ()
    notices: tuple[RowProblem, ...] = ()
    not_listed: int = 0
    error_file: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether every row went in, or was there before."""
        return not self.refused and not self.conflicting

    def counts(self) -> dict[str, Any]:
        """The figures alone, free of personal data: for logs and task rows."""
        return {
            "kind": self.kind,
            "encoding": self.encoding,
            "separator": self.separator,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "conflicting": self.conflicting,
            "refused": self.refused,
            "dry_run": self.dry_run,
            "written": self.written,
        }

    def as_json(self) -> dict[str, Any]:
        """The report for a task row: figures, codes and facts, without any cell's text and without candidates."""
        return {
            **self.counts(),
            "ignored_columns": list(self.ignored_columns),
            "problems": [_coded(one) for one in self.problems[:LISTED_IN_A_TASK]],
            "conflicts": [_coded(one) for one in self.conflicts[:LISTED_IN_A_TASK]],
            "notices": [_coded(one) for one in self.notices[:LISTED_IN_A_TASK]],
            "error_file": self.error_file.name if self.error_file else None,
        }

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """The whole report for a program, with sentences."""
        return {
            **self.counts(),
            "file": self.file,
            "ignored_columns": list(self.ignored_columns),
            "problems": [_told(one, language) for one in self.problems],
            "conflicts": [_told(one, language) for one in self.conflicts],
            "notices": [_told(one, language) for one in self.notices],
            "not_listed": self.not_listed,
            "error_file": str(self.error_file) if self.error_file else None,
        }


def _coded(problem: RowProblem) -> dict[str, Any]:
    facts = {name: value for name, value in problem.facts.items() if name != "candidates"}
    return {"line": problem.line, "column": problem.column, "code": problem.code, "facts": facts}


def _told(problem: RowProblem, language: str) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "code": problem.code,
        "text": problem.sentence(language),
    }
