"""`tournee backup | restore`: the whole installation in one file, and back."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import Progress, Refused, complain, say, say_json

if TYPE_CHECKING:
    from ..backups import Manifest
    from ..settings import Settings


def add(commands: Any) -> None:
    """Declare the commands."""
    backup = commands.add_parser(
        "backup",
        help="write everything into one file",
        description="Write the books and what belongs to them into one file, while everybody goes on working. Regions "
        "and logs are left out; they can be made again.",
    )
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.add_argument("--force", action="store_true", help="replace a file of that name")
    backup.add_argument("--with-secrets", action="store_true", help="put the installation's key in, too")
    backup.add_argument("--json", action="store_true", help="the result as JSON")
    backup.set_defaults(run=run_backup)

    restore = commands.add_parser(
        "restore",
        help="put a backup's books in place of ours",
        description="Judge a backup, build its books, verify them, and put them in place of ours: all or nothing. "
        "Either database can take a backup of the other.",
    )
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--check", action="store_true", help="only judge the file; change nothing")
    restore.add_argument(
        "--force", action="store_true", help="also over data, which is first kept as a backup under the home"
    )
    restore.add_argument("--despite-violations", action="store_true", help="also when `verify` finds broken rules")
    restore.add_argument("--json", action="store_true", help="the result as JSON")
    restore.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make a backup and say what is in it."""
    from .. import backups

    progress = Progress("backup", silent=arguments.json)
    try:
        made = backups.back_up(
            settings,
            arguments.file,
            now=datetime.now(UTC),
            force=arguments.force,
            with_secrets=arguments.with_secrets,
            on_progress=lambda what, done: progress(f"{what}, {done:,} rows" if done else what),
        )
    except backups.FileThere as error:
        raise Refused(str(error), next_step="Choose another name, or replace it with --force.") from error
    progress.done()
    if arguments.json:
        say_json({"file": str(made.path), "bytes": made.size, "sha256": made.sha256, **_facts(made.manifest)})
        return 0
    say(f"{made.path}: {made.size:,} bytes, {progress.seconds:.1f} s")
    say(f"  {_words(made.manifest)}")
    say(f"  sha256 {made.sha256}")
    if not made.manifest.with_secrets:
        say("  without secret.key: keep that file apart, or second factors must be set up again after a restore")
    return 0


def run_restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Restore a backup, ending with what `verify` says; or only judge the file."""
    from .. import backups

    if not arguments.file.is_file():
        raise Refused(f"there is no file {arguments.file}", next_step="Check the path.")
    progress = Progress("restore", silent=arguments.json)

    def told(what: str, done: int) -> None:
        progress(f"{what}, {done:,} rows" if done else what)

    if arguments.check:
        manifest = backups.check(arguments.file, on_progress=told)
        progress.done()
        if arguments.json:
            say_json({"ok": True, **_facts(manifest)})
        else:
            say(f"{arguments.file}: whole, {_words(manifest)}")
        return 0
    try:
        done = backups.restore(
            settings,
            arguments.file,
            now=datetime.now(UTC),
            force=arguments.force,
            despite_violations=arguments.despite_violations,
            on_progress=told,
        )
    except backups.DatabaseNotEmpty as error:
        raise Refused(
            f"{error}; they were left as they are",
            next_step="Restore into an empty database, or over this one with --force (it is kept as a backup first).",
        ) from error
    except backups.BooksDoNotAddUp as error:
        for one in error.violations[:20]:
            complain(f"{one.rule}: {one.table} {one.row}: {one.detail}")
        raise Refused(
            f"{error}; nothing was restored",
            next_step="Take an older backup, or restore this one as it is with --despite-violations.",
        ) from error
    progress.done()
    if arguments.json:
        kept = str(done.safety.path) if done.safety else None
        say_json({"ok": not done.violations, "violations": len(done.violations), "kept": kept, **_facts(done.manifest)})
    else:
        say(f"restored in {done.seconds:.1f} s: {_words(done.manifest)}")
        if done.safety:
            say(f"  what was there before is kept as {done.safety.path} ({done.safety.size:,} bytes)")
        say("  every session has ended; messages that were waiting then are sent now")
        say(f"verify: {f'{len(done.violations)} violations' if done.violations else 'every rule holds'}")
    return 1 if done.violations else 0


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "product": manifest.product,
        "revision": manifest.revision,
        "database": manifest.database,
        "rows": manifest.rows,
        "unpacked_bytes": manifest.size,
        "files": len(manifest.files),
        "with_secrets": manifest.with_secrets,
    }


def _words(manifest: Manifest) -> str:
    return (
        f"{manifest.rows:,} rows in {len(manifest.tables)} tables and {len(manifest.files)} files "
        f"({manifest.size:,} bytes unpacked), made {manifest.made_at} by version {manifest.product} on "
        f"{manifest.database}, revision {manifest.revision}"
    )
