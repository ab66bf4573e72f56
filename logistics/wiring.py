"""The one place where the parts of a running Tournée are chosen and put together."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Inspector, inspect
from sqlalchemy.exc import ArgumentError, OperationalError

from . import keys, migrations
from .database import WeakDatabase, judge_server, open_engine, open_sessions
from .errors import LogisticsError
from .settings import Settings
from .system import System

if os.name == "posix":
    import fcntl


class NotReady(LogisticsError):
    """The home or the database cannot be used as it is; says what to do about it."""

    code = "not-ready"

    def __init__(self, problem: str, *, remedy: str) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(f"{problem}. {remedy}")


def wire(settings: Settings, *, now: Callable[[], datetime] | None = None) -> System:
    """Everything a command or the web app needs, on a home and a database that are ready to use.

    An empty home is created and an empty database migrated.

    Raises:
        NotReady: the home cannot be written, the database cannot be reached, or its shape is not this version's.
        keys.WeakSecret: a secret or a database password that others know.
    """
    prepare_home(settings.home)
    keys.guard(settings)
    prepare_database(settings)
    from . import regions
    from .adapters import notifiers, queues

    sessions = open_sessions(settings.database_url)
    return System(
        settings=settings,
        sessions=sessions,
        roads=regions.open_roads(settings.home),
        geocoder=regions.open_geocoder(settings.home),
        queue=queues.open_queue(settings),
        now=now or _now,
        notifier=notifiers.open_notifier(settings),
    )


def prepare_home(home: Path) -> None:
    """Make the folder of everything we keep, readable by its owner only when we are the ones who make it.

    Raises:
        NotReady: it cannot be made or written.
    """
    try:
        if not home.exists():
            home.mkdir(parents=True)
            home.chmod(stat.S_IRWXU)
    except OSError as error:
        raise NotReady(
            f"the folder {home} cannot be made ({error.strerror})", remedy="Set TOURNEE_HOME to a folder you may write."
        ) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise NotReady(f"the folder {home} cannot be written", remedy="Set TOURNEE_HOME to a folder you may write.")


def prepare_database(settings: Settings) -> None:
    """Migrate an empty database; leave one that is up to date alone.

    Raises:
        NotReady: unreachable, of an older or a newer version, or holding somebody else's tables.
    """
    with alone(settings.home):
        state = database_state(settings.database_url)
        judge(settings.database_url)
        if state == "empty":
            _migrate(settings.database_url)
        elif state == "old":
            raise NotReady(
                "the database was made by an older version",
                remedy="Make a copy of it, then run `tournee db upgrade`.",
            )
        elif state != "current":
            raise NotReady(
                "the database was made by a newer version or by another program",
                remedy="Update Tournée, or set TOURNEE_DATABASE_URL to another database.",
            )


def upgrade_database(settings: Settings) -> bool:
    """Bring the database to this version's shape; says whether anything had to be done.

    Raises:
        NotReady: unreachable, or of a newer version or another program.
    """
    prepare_home(settings.home)
    with alone(settings.home):
        state = database_state(settings.database_url)
        if state == "current":
            return False
        if state == "foreign":
            raise NotReady(
                "the database was made by a newer version or by another program",
                remedy="Update Tournée, or set TOURNEE_DATABASE_URL to another database.",
            )
        _migrate(settings.database_url)
        return True


def _migrate(url: str) -> None:
    try:
        migrations.upgrade(url)
    except OSError as error:
        raise NotReady("the folder of the database cannot be made", remedy="Correct TOURNEE_DATABASE_URL.") from error


def database_state(url: str) -> str:
    """`empty`, `current`, `old` or `foreign` (a newer version's, or another program's).

    Raises:
        NotReady: the database cannot be reached; the words of the driver are left out, they may hold a password.
    """
    try:
        tables, revision = _look(url)
    except ArgumentError:
        raise NotReady(
            "TOURNEE_DATABASE_URL is not understood",
            remedy="Write it as sqlite:///PATH or postgresql://USER@HOST/NAME.",
        ) from None
    except WeakDatabase as error:
        raise _weak(error) from error
    except (OperationalError, OSError) as error:
        raise NotReady("the database cannot be reached", remedy="Start it, or correct TOURNEE_DATABASE_URL.") from error
    if revision is None:
        return "foreign" if tables else "empty"
    known = migrations.revisions(url)
    if revision == known[-1]:
        return "current"
    return "old" if revision in known else "foreign"


def judge(url: str) -> None:
    """Refuse a server that may forget what it acknowledged; SQLite is judged whenever it is opened.

    Raises:
        NotReady: one of its settings is too weak.
    """
    engine = open_engine(url)
    try:
        if engine.dialect.name == "postgresql":
            with engine.connect() as connection:
                judge_server(connection)
    except WeakDatabase as error:
        raise _weak(error) from error
    finally:
        engine.dispose()


def _weak(error: WeakDatabase) -> NotReady:
    return NotReady(
        f"the database cannot promise to keep what it acknowledges ({error.setting}={error.found})",
        remedy="Put SQLite on a local disk; on PostgreSQL turn that setting on.",
    )


def _look(url: str) -> tuple[bool, str | None]:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import make_url

    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database and not Path(target.database).exists():
        return False, None
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            inspector: Inspector = inspect(connection)
            return bool(set(inspector.get_table_names()) - {"alembic_version"}), revision
    finally:
        engine.dispose()


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Two commands started at once in an empty home: the second waits until the first has made the tables."""
    if os.name != "posix":
        yield
        return
    descriptor = os.open(home / ".setting-up", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _now() -> datetime:
    return datetime.now(UTC)
