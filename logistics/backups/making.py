"""`tournee backup`: one consistent picture of the books and what belongs to them, while everybody goes on writing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from ..database import open_engine
from ..settings import Settings
from ..wiring import NotReady, database_state
from .archive import HOME_FILE, SECRETS, Manifest, Member, Progress, Writer, table_member
from .cells import BadCell
from .errors import BackupFailed, FileThere
from .shape import shape_of
from .tables import lines
from .workplace import flush, open_part, workplace

#: Progress is told every so many rows.
EVERY = 5000


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is on the disk: its size, the SHA-256 of the whole file, and what it holds."""

    path: Path
    size: int
    sha256: str
    manifest: Manifest


def back_up(
    settings: Settings,
    path: Path,
    *,
    now: datetime,
    force: bool = False,
    with_secrets: bool = False,
    on_progress: Progress = lambda _text, _done: None,
) -> Made:
    """Write everything into the file `path`, readable by its owner only: all of it or no file.

    Args:
        force: replace a file of that name.
        with_secrets: put the installation's key in, too.

    Raises:
        FileThere: the file exists, and `force` was not given.
        NotReady: the database cannot be reached, is empty, or is not ours.
        BackupFailed: the disk or the database would not have it.
    """
    state = database_state(settings.database_url)
    if state not in ("current", "old"):
        problem = "there is nothing to back up yet" if state == "empty" else "the database is another program's"
        raise NotReady(problem, remedy="Correct TOURNEE_HOME or TOURNEE_DATABASE_URL.")
    with snapshot(settings) as connection:
        return write(connection, settings.home, path, now=now, force=force, with_secrets=with_secrets,
                     on_progress=on_progress)  # fmt: skip


def write(
    connection: Connection,
    home: Path,
    path: Path,
    *,
    now: datetime,
    force: bool = False,
    with_secrets: bool = False,
    on_progress: Progress = lambda _text, _done: None,
) -> Made:
    """As `back_up`, of what this connection's transaction sees."""
    if path.exists() and not force:
        raise FileThere(path)
    try:
        part, descriptor = open_part(path)
    except OSError as error:
        raise BackupFailed(f"{path.parent} cannot be written ({error.strerror})") from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            manifest = _write_members(connection, home, stream, now, with_secrets, on_progress)
            stream.flush()
            os.fsync(stream.fileno())
        made = Made(path, part.stat().st_size, _sha256(part), manifest)
        _put(part, path, force=force)
        return made
    except BadCell as error:
        raise BackupFailed(f"the database holds a cell that is not of its column's kind: {error}") from None
    except FileExistsError:
        raise FileThere(path) from None
    except OSError as error:
        raise BackupFailed(f"{path} could not be written ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)


def _put(part: Path, path: Path, *, force: bool) -> None:
    """Give the finished file its name; without `force` never that of a file that appeared meanwhile."""
    if not force:
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            # A disk without hard links: take the name first, then fill it.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            os.replace(part, path)
    else:
        os.replace(part, path)
    flush(path.parent)


def _write_members(
    connection: Connection, home: Path, stream: object, now: datetime, with_secrets: bool, on_progress: Progress
) -> Manifest:
    revision = MigrationContext.configure(connection).get_current_revision() or ""
    writer = Writer(stream, now.astimezone(UTC))  # type: ignore[arg-type]
    tables = []
    for table in shape_of(revision).tables:
        told = every(partial(on_progress, table.name))
        try:
            found = writer.member(table_member(table.name), lines(connection, table), told)
        except BadCell as error:
            raise BadCell(f"{table.name}.{error}") from None
        columns = tuple(column.name for column in table.columns)
        tables.append(Member(table_member(table.name), found.size, found.sha256, found.rows, columns))
    files = []
    for name in home_files(home, with_secrets=with_secrets):
        on_progress(name, 0)
        # A file may go while we look: its row went before it.
        with contextlib.suppress(FileNotFoundError):
            found = writer.member(f"home/{name}", _chunks(home / name))
            files.append(Member(f"home/{name}", found.size, found.sha256))
    manifest = Manifest(
        _product(), revision, connection.dialect.name, now.astimezone(UTC).isoformat(timespec="seconds"),
        tuple(tables), tuple(files),
    )  # fmt: skip
    writer.close(manifest)
    return manifest


def home_files(home: Path, *, with_secrets: bool) -> tuple[str, ...]:
    """Paths of the files under the home that a backup holds; regions and logs can be made again and are none."""
    uploads = sorted(f"uploads/{one.name}" for one in (home / "uploads").glob("*") if not one.is_symlink())
    names = [*uploads, "demo.json", *(SECRETS if with_secrets else ())]
    return tuple(name for name in names if HOME_FILE.fullmatch(name) and (home / name).is_file())


@contextlib.contextmanager
def snapshot(settings: Settings) -> Iterator[Connection]:
    """A connection whose transaction sees the database as it is now, whatever is written meanwhile.

    SQLite: on a copy made by its own backup function, checked page by page. PostgreSQL: one read-only transaction.

    Raises:
        BackupFailed: the database is damaged, or does not fit on the disk a second time.
    """
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        engine = open_engine(settings.database_url)
        facts = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with engine.connect().execution_options(**facts) as connection, connection.begin():
                yield connection
        finally:
            engine.dispose()
        return
    with workplace(settings.home) as folder:
        copy = folder / "copy.db"
        _copy_sqlite(Path(str(url.database)), copy)
        engine = open_engine(f"sqlite:///{copy}")
        try:
            with engine.connect() as connection, connection.begin():
                yield connection
        finally:
            engine.dispose()


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
            old.execute("PRAGMA busy_timeout=15000")
            old.backup(new)
            if new.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise BackupFailed("the database file is damaged; restore the last good backup")
    except (sqlite3.Error, DatabaseError, OSError) as error:
        raise BackupFailed(f"the database could not be copied ({type(error).__name__})") from error


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def every(tell: Callable[[int], None]) -> Callable[[int], None]:
    """Tell progress only now and then."""

    def told(done: int) -> None:
        if done % EVERY == 1:
            tell(done)

    return told


def _product() -> str:
    try:
        return version("tournee")
    except PackageNotFoundError:
        return "unknown"
