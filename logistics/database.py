"""How the database is opened: one way to read, one way to write, on SQLite and on PostgreSQL.

SQLite's deferred transactions lose under concurrency (the lock is asked for too late to wait for it), and its own
waiting is unfair. So a writing transaction first takes a fair lock file beside the database, then BEGIN IMMEDIATE.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from .errors import LogisticsError

if os.name == "posix":
    import fcntl

PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "busy_timeout=15000",
)  # fmt: skip
#: What SQLite must say afterwards: an answer that was given survives a power cut, and no row points nowhere.
PROMISED = {"journal_mode": ("wal", "memory"), "synchronous": (2, 3), "foreign_keys": (1,), "recursive_triggers": (1,)}
#: Settings of a PostgreSQL server without which what it acknowledged may be gone after a power cut.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
#: How long a person may wait for PostgreSQL to take a connection.
CONNECT_SECONDS = 10
#: What PostgreSQL calls being overruled by another transaction; asking again helps.
OVERRULED = ("40001", "40P01", "55P03")
#: What SQLite calls a lock of somebody else's, and a disk that does not play along.
HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
AWAY = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class WeakDatabase(LogisticsError):
    """The database cannot promise that what it acknowledged is kept; names the setting."""

    code = "weak-database"

    def __init__(self, setting: str, found: object) -> None:
        self.setting, self.found = setting, str(found)
        super().__init__(f"the database has {setting}={found}")


class DatabaseUnavailable(LogisticsError):
    """The database does not answer at the moment; whether the last thing was written is unknown."""

    code = "database-unavailable"
    retry_after_seconds = 15

    def __init__(self) -> None:
        super().__init__("the database does not answer at the moment")


class DatabaseBusy(LogisticsError):
    """Another program holds the database's lock, or another change was faster; nothing was written."""

    code = "database-busy"
    retry_after_seconds = 5

    def __init__(self) -> None:
        super().__init__("the database is held by another program")


def unavailable(error: BaseException) -> DatabaseBusy | DatabaseUnavailable | None:
    """What an error of the database's driver means for whoever asked: ask again later, or None when that is no help."""
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return DatabaseBusy() if code in HELD else DatabaseUnavailable() if code in AWAY else None
    if getattr(error.orig, "sqlstate", None) in OVERRULED:
        return DatabaseBusy()
    return DatabaseUnavailable() if error.connection_invalidated or isinstance(error, OperationalError) else None


class Sessions:
    """Opens sessions on one database.

    `with sessions() as session:` reads; whatever it wrote is thrown away at the end. `sessions.snapshot()` does so
    with the rows of one moment.
    `with sessions.begin() as session:` writes: all of it is committed at the end of the block, or none of it when the
    block raises. Writers queue one behind the other on SQLite; do not open a second one inside the first.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(tournee_writes=True)
        self._queue = _lock_file(engine)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Reads everything as it was at one moment, whatever others commit meanwhile; to compare rows with each other.

        An ordinary reading session on PostgreSQL sees another moment with each statement.
        """
        options = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else {}
        with Session(self.engine.execution_options(**options), expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def begin(self) -> Iterator[Session]:
        """One writing transaction, committed at the end of the block."""
        with turn(self._queue), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every connection back to the operating system."""
        self.engine.dispose()


def open_engine(url: str, **options: Any) -> Engine:
    """An engine with our settings; `sqlite:///PATH` or `postgresql://...` (psycopg 3)."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        engine = create_engine(target, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if target.drivername == "postgresql":
        target = target.set(drivername="postgresql+psycopg")
    options.setdefault("connect_args", {"connect_timeout": CONNECT_SECONDS})
    return create_engine(target, pool_pre_ping=True, **options)


def judge_server(connection: Connection) -> None:
    """Refuse a PostgreSQL that may forget what it acknowledged.

    A database whose loss hurts nobody is marked so: `ALTER DATABASE name SET tournee.expendable = 'yes'`.

    Raises:
        WeakDatabase: one of `DURABLE` is off.
    """
    if connection.dialect.name != "postgresql":
        return
    if connection.exec_driver_sql("SELECT current_setting('tournee.expendable', true)").scalar() == "yes":
        return
    for setting in DURABLE:
        if (found := connection.exec_driver_sql(f"SHOW {setting}").scalar()) == "off":
            raise WeakDatabase(setting, found)


def open_sessions(url: str) -> Sessions:
    """Sessions on the database at `url`, which must exist and be migrated."""
    return Sessions(open_engine(url))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Leave BEGIN to us: the driver's own is deferred and comes too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    # SQLite does not refuse a setting it cannot keep, it goes on with a weaker one.
    for setting, good in PROMISED.items():
        found = cursor.execute(f"PRAGMA {setting}").fetchone()[0]
        if found not in good:
            raise WeakDatabase(setting, found)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("tournee_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _lock_file(engine: Engine) -> Path | None:
    database = engine.url.database
    if os.name != "posix" or engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return None
    return Path(f"{database}.queue")


@contextlib.contextmanager
def turn(queue: Path | None) -> Iterator[None]:
    """Wait in line: the kernel serves waiters of one lock in the order they came, and frees it when a process dies."""
    if queue is None:
        yield
        return
    descriptor = os.open(queue, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
