"""What backup and restore refuse, by name; never with a value from a row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LogisticsError

if TYPE_CHECKING:
    from ..verify import Violation

#: Why an archive is not restored, by stable word.
REASONS: Mapping[str, str] = {
    "not-an-archive": "it is not a whole zip file",
    "no-manifest": "it has no readable manifest",
    "unknown-format": "its format is not one this version reads",
    "unknown-revision": "it was made by a newer version or by another program",
    "unsafe-name": "a member has a name that leaves its place",
    "unsafe-kind": "a member is a link, encrypted, or packed in a way we do not write",
    "unlisted-member": "it holds something its manifest does not name",
    "missing-member": "its manifest names something it does not hold",
    "too-large": "it unpacks to more than its size can explain, or to more than fits on the disk",
    "wrong-checksum": "a member is not what its manifest says",
    "wrong-tables": "its tables are not those of its revision",
    "wrong-rows": "a table's rows cannot be read or are not as many as its manifest says",
    "not-restorable": "the database refuses its rows",
    "changed-on-the-way": "the rows read back are not the rows it holds",
}


class ArchiveRefused(LogisticsError):
    """The file cannot be restored; nothing was changed. `reason` is one of `REASONS`."""

    code = "archive-refused"

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {REASONS[reason]}" + (f" ({detail})" if detail else ""))


class BackupFailed(LogisticsError):
    """The backup could not be made; no file was left behind."""

    code = "backup-failed"

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


class FileThere(LogisticsError):
    """A file of that name exists and was not overwritten."""

    code = "file-exists"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} exists")


class DatabaseNotEmpty(LogisticsError):
    """The database holds a company's data; it was left as it is."""

    code = "database-not-empty"

    def __init__(self, rows: int) -> None:
        self.rows = rows
        super().__init__(f"the database holds {rows:,} rows")


class BooksDoNotAddUp(LogisticsError):
    """What the archive holds breaks rules of `verify`; it was not restored."""

    code = "books-do-not-add-up"

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        self.violations = violations
        super().__init__(f"{len(violations)} rules or rows of the archive do not hold")
