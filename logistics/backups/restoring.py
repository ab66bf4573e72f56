"""`tournee restore`: the books of an archive in place of ours, all of them or none.

The books are built and judged apart (SQLite: in a file beside; PostgreSQL: in one transaction) and take the place of
the old ones in a single commit, whoever is reading at that moment. A restore that is killed leaves the old books.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from .. import migrations
from ..database import open_engine, turn
from ..models import AccountLink
from ..settings import Settings
from ..verify import Violation, verify
from ..wiring import NotReady, alone, database_state, prepare_home
from . import making, tables
from .archive import SECRETS, Archive, Manifest, Member, Progress, opened, same_tables, table_member
from .errors import ArchiveRefused, BooksDoNotAddUp, DatabaseNotEmpty
from .shape import Shape, shape_of
from .workplace import flush, workplace

#: How long a restore waits for transactions that are under way.
PATIENCE_SECONDS = 30
#: Pages replaced at a time; only the last one's commit shows any of them to anybody.
PAGES = 2000
REVISION_TABLE = "alembic_version"
DEMO_NOTE = "demo.json"
#: Files of the home that change place only after the books did.
LAST = (*SECRETS, DEMO_NOTE)
FOREIGN = NotReady(
    "the database was made by a newer version or by another program",
    remedy="Restore beside it: move its file away, or name another database in TOURNEE_DATABASE_URL.",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, what `verify` said of it, and where the books that were there before are kept."""

    manifest: Manifest
    violations: tuple[Violation, ...]
    safety: making.Made | None
    seconds: float


def restore(
    settings: Settings,
    path: Path,
    *,
    now: datetime,
    force: bool = False,
    despite_violations: bool = False,
    on_progress: Progress = lambda _text, _done: None,
) -> Restored:
    """Put the archive's books in place of ours, brought to this version's shape and verified.

    Every session ends and every link to choose a password dies, since some of them were ended after the backup.

    Args:
        force: also when the database holds data, which is first backed up under the home's `backups`.
        despite_violations: also when rules of `verify` do not hold in the archive.

    Raises:
        ArchiveRefused: the archive is not whole, not ours, or the database refuses it.
        DatabaseNotEmpty: there is data, and `force` was not given.
        BooksDoNotAddUp: rules of `verify` do not hold, and `despite_violations` was not given.
        NotReady: the home or the database cannot be used.
    """
    began = time.monotonic()
    prepare_home(settings.home)
    room = shutil.disk_usage(settings.home).free
    with opened(path, room=room, on_progress=on_progress) as archive:
        revision = archive.manifest.revision
        if revision not in migrations.revisions(settings.database_url):
            raise ArchiveRefused("unknown-revision")
        shape = shape_of(revision)
        same_tables(archive.manifest, shape)
        with alone(settings.home):
            work = _Work(settings, archive, shape, now, force, despite_violations, on_progress)
            if make_url(settings.database_url).get_backend_name() == "sqlite":
                violations, safety = _into_sqlite(work)
            else:
                violations, safety = _into_postgresql(work)
            _put_last(archive, settings.home)
        return Restored(archive.manifest, violations, safety, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Work:
    settings: Settings
    archive: Archive
    shape: Shape
    now: datetime
    force: bool
    despite_violations: bool
    on_progress: Progress


def _into_sqlite(work: _Work) -> tuple[tuple[Violation, ...], making.Made | None]:
    target = Path(str(make_url(work.settings.database_url).database))
    target.parent.mkdir(parents=True, exist_ok=True)
    _refuse_data(work)
    with workplace(target.parent) as folder:
        built = folder / "books.db"
        violations = _build_sqlite(work, built)
        work.on_progress("taking the place of the old books", 0)
        with turn(Path(f"{target}.queue")):
            # Once more, now that nobody else can write.
            safety = _safety(work) if _refuse_data(work) else None
            _put_files(work.archive, work.settings.home)
            if target.exists():
                _overwrite(built, target, work.on_progress)
            else:
                flush(built)
                os.replace(built, target)
                flush(target.parent)
    return violations, safety


def _build_sqlite(work: _Work, built: Path) -> tuple[Violation, ...]:
    """The archive's books in a file of their own, in this version's shape, judged, and without a log beside."""
    os.close(os.open(built, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    url = f"sqlite:///{built}"
    migrations.upgrade(url, work.shape.revision)
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(tournee_writes=True) as connection:
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                _load(work, connection)
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise ArchiveRefused("not-restorable", "a row points nowhere")
                migrations.upgrade_within(connection)
                violations = _judge(work, connection)
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()
    return violations


def _overwrite(built: Path, target: Path, on_progress: Progress) -> None:
    """Page by page in one transaction of SQLite's own; other connections see the old books until it commits."""
    until = time.monotonic() + PATIENCE_SECONDS

    def patient(_status: int, left: int, pages: int) -> None:
        on_progress("pages of the old books replaced", pages - left)
        if time.monotonic() > until:
            raise TimeoutError

    with contextlib.closing(sqlite3.connect(built)) as new, contextlib.closing(sqlite3.connect(target)) as old:
        old.execute("PRAGMA synchronous=FULL")
        old.execute("PRAGMA busy_timeout=1000")
        try:
            new.backup(old, pages=PAGES, progress=patient)
        except (sqlite3.Error, TimeoutError) as error:
            raise NotReady(
                "the database is in use by another program", remedy="Stop that program and restore again."
            ) from error
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _into_postgresql(work: _Work) -> tuple[tuple[Violation, ...], making.Made | None]:
    _refuse_data(work)
    engine = open_engine(work.settings.database_url)
    try:
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
            present = _our_tables(connection)
            if present:
                connection.exec_driver_sql(f"LOCK TABLE {present} IN ACCESS EXCLUSIVE MODE")
            # Once more, now that nobody else can write.
            safety = _safety(work, connection) if _allowed(work, _rows(connection)) else None
            if present:
                connection.exec_driver_sql(f"DROP TABLE {present} CASCADE")
            migrations.upgrade_within(connection, work.shape.revision)
            _load(work, connection)
            tables.wind_sequences(connection, work.shape)
            migrations.upgrade_within(connection)
            violations = _judge(work, connection)
            _put_files(work.archive, work.settings.home)
            work.on_progress("taking the place of the old books", 0)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    except OperationalError as error:
        raise NotReady(
            "the database is in use or went away", remedy="Stop the web app and the workers, then restore again."
        ) from error
    finally:
        engine.dispose()
    return violations, safety


def _refuse_data(work: _Work) -> bool:
    """Whether the database holds data that `force` allows to replace.

    Raises:
        DatabaseNotEmpty: it holds data, and `force` was not given.
        NotReady: it cannot be reached, or is not ours.
    """
    state = database_state(work.settings.database_url)
    if state == "foreign":
        raise FOREIGN
    if state == "empty":
        return False
    engine = open_engine(work.settings.database_url)
    try:
        with engine.connect() as connection, connection.begin():
            return _allowed(work, _rows(connection))
    finally:
        engine.dispose()


def _allowed(work: _Work, rows: int) -> bool:
    if rows and not work.force:
        raise DatabaseNotEmpty(rows)
    return rows > 0


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _rows(connection: Connection) -> int:
    revision = _revision(connection)
    return tables.count(connection, shape_of(revision)) if revision else 0


def _our_tables(connection: Connection) -> str:
    """The names of our tables in this database for a statement; what else is there is not ours to touch."""
    revision = _revision(connection)
    ours = {table.name for table in shape_of(revision).tables} | {REVISION_TABLE} if revision else {REVISION_TABLE}
    return ", ".join(f'"{name}"' for name in sorted(ours & set(inspect(connection).get_table_names())))


def _safety(work: _Work, connection: Connection | None = None) -> making.Made:
    """A backup of the books that are about to be replaced, with everything that is about to be replaced."""
    home = work.settings.home
    folder = home / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"before-restore-{work.now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}.zip"
    work.on_progress(f"keeping what is there as {path}", 0)
    if connection is None:
        return making.back_up(work.settings, path, now=work.now, with_secrets=True)
    return making.write(connection, home, path, now=work.now, with_secrets=True)


def _load(work: _Work, connection: Connection) -> None:
    """Fill the empty tables, then read them back: what lies there now is what the archive holds, byte for byte."""
    dialect = connection.dialect.name
    for table, member in zip(work.shape.tables, _members(work), strict=True):
        told = making.every(partial(work.on_progress, table.name))
        try:
            tables.fill(connection, table, work.archive.rows(table, dialect, told))
        except (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError) as error:
            raise ArchiveRefused("not-restorable", f"{table.name}, {type(error).__name__}") from None
        except (sqlite3.Error, psycopg.Error) as error:
            raise NotReady(
                f"the database could not take it ({type(error).__name__})", remedy="Look at its disk, then try again."
            ) from error
        found = tables.digest(tables.lines(connection, table))
        if (found.rows, found.sha256) != (member.rows, member.sha256):
            raise ArchiveRefused("changed-on-the-way", table.name)


def _members(work: _Work) -> list[Member]:
    named = {member.name: member for member in work.archive.manifest.tables}
    return [named[table_member(table.name)] for table in work.shape.tables]


def _judge(work: _Work, connection: Connection) -> tuple[Violation, ...]:
    work.on_progress("verifying", 0)
    connection.exec_driver_sql("UPDATE user_account SET session_epoch = session_epoch + 1")
    connection.execute(update(AccountLink).where(AccountLink.used_at.is_(None)).values(used_at=work.now))
    with Session(connection) as session:
        found = verify(session)
    if found and not work.despite_violations:
        raise BooksDoNotAddUp(found)
    return found


def _put_files(archive: Archive, home: Path) -> None:
    """The uploads that rows of the books speak of; they come before the rows that name them."""
    for member in archive.manifest.files:
        name = member.name.removeprefix("home/")
        if name not in LAST:
            _put(archive, member.name, home / name)


def _put_last(archive: Archive, home: Path) -> None:
    """The key and the demo's note, once the books are there: they say how to read those books, and whose they are."""
    kept = {member.name.removeprefix("home/") for member in archive.manifest.files}
    for name in LAST:
        if name in kept:
            _put(archive, f"home/{name}", home / name)
    if DEMO_NOTE not in kept:
        # `tournee demo --fresh` deletes what it finds under a note of its own.
        (home / DEMO_NOTE).unlink(missing_ok=True)


def _put(archive: Archive, name: str, path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream, archive.open(name) as source:
            shutil.copyfileobj(source, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
        flush(path.parent)
    finally:
        part.unlink(missing_ok=True)
