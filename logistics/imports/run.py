"""Bringing a file in: read a row, judge it, apply it; all good rows in one transaction or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import tables
from inventory.errors import InventoryError
from inventory.models import Site

from ..errors import LogisticsError
from ..observation import logger
from ..system import System
from . import appliers, refusals
from .appliers import Scene
from .columns import COLUMNS, KEYS
from .reading import Shape, read_row
from .report import LISTED, FileRefused, ImportReport, RowProblem
from .staging import ErrorFile, Groups, Seen

#: Rows between two breaths: the session forgets what it wrote, progress is said, a wish to stop is heard.
BREATH = 500

log = logger("imports")


class _Undo(Exception):
    """Leave the transaction without a trace: a dry run, or a file that goes in whole or not at all."""


def import_file(
    system: System,
    kind: str,
    source: Path | BinaryIO,
    *,
    dry_run: bool = False,
    all_or_nothing: bool = False,
    today: date | None = None,
    actor: str,
    errors_to: Path | None = None,
    on_progress: Callable[[dict[str, int]], None] = lambda facts: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Bring the rows of a CSV file in: the good ones in one transaction, the others into an error file.

    Args:
        kind: one of `columns.COLUMNS`.
        source: a path, or an open binary stream.
        dry_run: say what would happen; write neither the database nor an error file.
        all_or_nothing: one refused or conflicting row keeps the whole file out; the error file then holds every row.
        today: the day that `+N` counts from; by default the date at the first site.
        errors_to: where the error file goes; by default `FILE.errors.csv` beside the file, or in `imports` under the
            home when that folder cannot be written or the source is a stream.
        on_progress: told now and then `{"rows": n}`.
        cancelled: asked now and then; True stops the import and nothing is written.

    Raises:
        FileRefused: no such kind, or a file that cannot be read as a table of that kind; carries code and facts.
    """
    if kind not in COLUMNS:
        raise FileRefused("unknown-kind", kind=kind, known=", ".join(COLUMNS))
    with ExitStack() as opened:
        table = opened.enter_context(refusals.reading(source))
        shape = Shape.of(kind, table.headers)
        work = _Work(system, kind, shape, today, actor, on_progress, cancelled, all_or_nothing)
        if not dry_run:
            target = errors_to or _error_file(source, kind, system.settings.home)
            work.errors = ErrorFile(target, shape.headers, table.separator)
        opened.callback(work.close)
        written = work.do(table.rows, dry_run=dry_run)
        kept = work.errors.keep() if work.errors and work.counts["refused"] else None
    report = ImportReport(
        kind=kind,
        file=refusals.name_of(source, kind),
        encoding=table.encoding,
        separator=table.separator,
        dry_run=dry_run,
        written=written,
        ignored_columns=shape.ignored,
        problems=tuple(work.problems),
        conflicts=tuple(work.conflicts),
        notices=tuple(work.notices),
        not_listed=work.not_listed,
        error_file=kept,
        **work.counts,
    )
    log.info("imported", **report.counts())
    return report


@dataclass(slots=True)
class _Work:
    """One import under way: what was counted, what is said, where refused rows go."""

    system: System
    kind: str
    shape: Shape
    today: date | None
    actor: str
    on_progress: Callable[[dict[str, int]], None]
    cancelled: Callable[[], bool]
    whole: bool
    errors: ErrorFile | None = None
    problems: list[RowProblem] = field(default_factory=list)
    conflicts: list[RowProblem] = field(default_factory=list)
    notices: list[RowProblem] = field(default_factory=list)
    not_listed: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("rows", "created", "updated", "unchanged", "conflicting", "refused"), 0)
    )
    seen: tuple[Seen, ...] = ()

    def do(self, rows: Iterable[tables.Row], *, dry_run: bool) -> bool:
        """Apply every row in one transaction; says whether it was kept."""
        try:
            with self.system.sessions.begin() as session:
                scene = self._scene(session)
                if self.kind == "orders":
                    self._orders(scene, rows)
                else:
                    self._rows(scene, rows)
                if not self.counts["rows"]:
                    raise FileRefused("no-rows")
                if dry_run or (self.whole and (self.counts["refused"] or self.counts["conflicting"])):
                    raise _Undo
        except _Undo:
            return False
        return True

    def close(self) -> None:
        """Give the disk back; an error file that was not kept is as if never begun."""
        for seen in self.seen:
            seen.close()
        if self.errors is not None:
            self.errors.close()

    def _scene(self, session: Session) -> Scene:
        now = self.system.now()
        first = session.execute(select(Site.timezone, Site.country).order_by(Site.code).limit(1)).one_or_none()
        zone, country = first or ("UTC", "")
        today = self.today or now.astimezone(ZoneInfo(zone)).date()
        return Scene(
            session=session,
            system=self.system,
            now=now,
            today=today,
            country=country,
            zone=zone,
            actor=self.actor,
            notice=self._notice,
        )

    def _rows(self, scene: Scene, rows: Iterable[tables.Row]) -> None:
        apply = appliers.APPLIERS[self.kind]
        self.seen = tuple(Seen() for _ in KEYS[self.kind])
        for row in rows:
            self._breathe(scene.session, 1)
            values, problems = read_row(self.shape, row)
            problems = problems or self._told_before(row.line, values)
            outcome = "refused"
            if not problems:
                try:
                    with scene.session.begin_nested():
                        outcome = apply(scene, row.line, values)
                except (InventoryError, LogisticsError) as error:
                    outcome, problems = refusals.judge(error, row.line, values)
            self._count(outcome, row, problems)

    def _orders(self, scene: Scene, rows: Iterable[tables.Row]) -> None:
        from . import orders

        groups = Groups()
        try:
            for row in rows:
                groups.add(self.shape.text("reference", row.cells) or f"\x00{row.line}", row)
            for pieces in groups:
                self._breathe(scene.session, len(pieces))
                outcome, problems = orders.apply_group(scene, self.shape, pieces)
                by_line: dict[int, list[RowProblem]] = {}
                for problem in problems:
                    by_line.setdefault(problem.line, []).append(problem)
                for row in pieces:
                    self._count(outcome, row, by_line.get(row.line, []))
        finally:
            groups.close()

    def _told_before(self, line: int, values: dict[str, Any]) -> list[RowProblem]:
        problems = []
        for seen, columns in zip(self.seen, KEYS[self.kind], strict=True):
            first = seen.first([str(values[column]) for column in columns], line)
            if first is not None:
                said = " / ".join(str(values[column]) for column in columns)
                problems.append(RowProblem(line, columns[0], "told-twice", {"first": first}, said))
        return problems

    def _count(self, outcome: str, row: tables.Row, problems: Sequence[RowProblem]) -> None:
        name = {"refused": "refused", "conflict": "conflicting"}.get(outcome, outcome)
        self.counts[name] += 1
        said = {"refused": self.problems, "conflict": self.conflicts}.get(outcome)
        for problem in problems if said is not None else ():
            self._list(said, problem)
        if self.errors is not None and (outcome == "refused" or self.whole):
            language = self.system.settings.language
            cells = self.shape.without_errors(row.cells)
            self.errors.add(cells, "; ".join(problem.sentence(language) for problem in problems))

    def _notice(self, problem: RowProblem) -> None:
        self._list(self.notices, problem)

    def _list(self, said: list[RowProblem] | None, problem: RowProblem) -> None:
        if said is not None and len(said) < LISTED:
            said.append(problem)
        else:
            self.not_listed += 1

    def _breathe(self, session: Session, rows: int) -> None:
        before = self.counts["rows"]
        self.counts["rows"] += rows
        if before // BREATH != self.counts["rows"] // BREATH:
            session.flush()
            session.expunge_all()
            self.on_progress({"rows": self.counts["rows"]})
            if self.cancelled():
                raise FileRefused("import-cancelled")


def _error_file(source: Path | BinaryIO, kind: str, home: Path) -> Path:
    name = f"{refusals.name_of(source, kind).removesuffix('.csv')}.errors.csv"
    if isinstance(source, Path) and os.access(source.parent, os.W_OK):
        return source.with_name(name)
    folder = home / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
