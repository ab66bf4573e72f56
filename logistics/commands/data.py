"""`tournee import`: bring a CSV file in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import Progress, Refused, actor, complain, say, say_json

if TYPE_CHECKING:
    from ..imports import ImportReport, RowProblem
    from ..settings import Settings

#: As `logistics.imports.KINDS`, told again so that `--help` need not load the database; a test compares them.
KINDS = ("sites", "products", "stock", "employees", "assets", "vans", "users", "orders")
#: Rows named on the terminal; all refused ones are in the error file.
SHOWN = 20


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "import",
        help="bring a CSV file in",
        description="Bring the rows of a CSV file in. The good rows go in together; refused ones are listed and go to "
        "an error file that can be corrected and imported again. Importing a file twice changes nothing.",
        epilog="Columns of each kind: docs/reference. UTF-8 or Windows-1252, comma or semicolon.",
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
    parser.add_argument("--all-or-nothing", action="store_true", help="refuse the whole file for one bad row")
    parser.add_argument("--errors", type=Path, metavar="FILE", help="where refused rows go (default FILE.errors.csv)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0 when every row went in or was there before, else 1."""
    from .. import imports
    from ..wiring import wire

    if not arguments.file.is_file():
        raise Refused(f"there is no file {arguments.file}", next_step="Check the path.")
    system = wire(settings)
    progress = Progress(f"import {arguments.kind}", silent=arguments.json)
    report = imports.import_file(
        system,
        arguments.kind,
        arguments.file,
        dry_run=arguments.dry_run,
        all_or_nothing=arguments.all_or_nothing,
        actor=actor(),
        errors_to=arguments.errors,
        on_progress=lambda facts: progress(f"{facts['rows']:,} rows"),
    )
    progress.done()
    if arguments.json:
        say_json(report.as_dict(settings.language))
    else:
        tell(report, settings.language)
    return 0 if report.ok else 1


def tell(report: ImportReport, language: str) -> None:
    """The report in plain words: figures on standard output, what is wrong on standard error."""
    separator = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(report.separator, report.separator)
    say(f"{report.file}: {report.rows:,} rows of {report.kind} ({report.encoding}, {separator})")
    say(
        f"  {report.created:,} created, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.conflicting:,} conflicting, {report.refused:,} refused"
    )
    if report.ignored_columns:
        say(f"  ignored columns: {', '.join(report.ignored_columns)}")
    if report.dry_run:
        say("  dry run: nothing was written")
    elif not report.written:
        say("  all or nothing: nothing was written")
    _list("refused", report.problems, language)
    _list("conflict", report.conflicts, language)
    _list("note", report.notices, language)
    if report.error_file is not None:
        complain(f"Refused rows are in {report.error_file}; correct them there and import that file.")


def _list(word: str, problems: tuple[RowProblem, ...], language: str) -> None:
    for problem in problems[:SHOWN]:
        complain(f"  {word}, line {problem.line}: {problem.sentence(language)}")
    if len(problems) > SHOWN:
        complain(f"  ... and {len(problems) - SHOWN:,} more")
