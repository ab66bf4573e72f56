"""Fixtures of every test: the two databases, the sessions over them, a clock."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import canaries, memory, postgres
from tests.fakes import Clock

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from logistics.database import Sessions

CHECKOUT = Path(__file__).resolve().parent.parent
#: Reference files that lie beside the checkout on some machines; tests that need them skip with a reason where absent.
SHARED = Path(os.environ.get("TOURNEE_SHARED", CHECKOUT.parent / "shared"))

#: Names the folder of a run in which its processes share what is dear to make.
SHARED_BUILDS = "TOURNEE_TEST_BUILDS"

# A slow machine is no failure. A continuous build draws the same examples each time; at a desk they vary.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_configure(config: pytest.Config) -> None:
    """One folder for what is dear to make and shared by all processes of a run, such as a built region.

    The folders of single tests lie in memory where there is room; those of tests that passed go at once.
    """
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory.folder()))
    if sys.dont_write_bytecode:
        _keep_what_is_compiled()
    if SHARED_BUILDS not in os.environ:
        os.environ[SHARED_BUILDS] = tempfile.mkdtemp(prefix="tournee-builds-")
        config.add_cleanup(_remove_builds)


def _keep_what_is_compiled() -> None:
    """Where nothing compiled may lie beside the sources, keep it elsewhere.

    Tests start some hundred processes; compiling the product and its parts anew takes each of them seconds.
    """
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(postgres.home() / "compiled")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def _remove_builds() -> None:
    shutil.rmtree(os.environ.pop(SHARED_BUILDS), ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _standing_witness() -> canaries.Witness:
    made = canaries.Witness()
    made.begin()
    return made


@pytest.fixture(autouse=True)
def witness(_standing_witness: canaries.Witness) -> Iterator[canaries.Witness]:
    """Fails every test that puts people's data into the log, an address, the figures, or rows of tasks and messages."""
    _standing_witness.ready()
    yield _standing_witness
    assert _standing_witness.seen == [], "somebody's data is where it must not be"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgres.Server]:
    """The test run's PostgreSQL. One that does not start fails every test that needs it."""
    with postgres.server() as server:
        yield server


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: postgres.Server) -> str:
    name = postgresql_server.create()
    _migrate(postgresql_server.url(name))
    return name


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "tournee.sqlite"
    _migrate(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database at the head of the migrations; each test that asks runs on both engines."""
    if request.param == "sqlite":
        file = tmp_path / "tournee.sqlite"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), file)
        yield f"sqlite:///{file}"
    else:
        template = request.getfixturevalue("_postgresql_template")
        server = request.getfixturevalue("postgresql_server")
        name = server.create(template=template)
        yield server.url(name)
        server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a table, for tests of the migrations themselves; on both engines."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.create()
        yield server.url(name)
        server.drop(name)


@pytest.fixture
def sessions(database_url: str, witness: canaries.Witness) -> Iterator[Sessions]:
    """`sessions()` opens a session to read with, `sessions.begin()` a transaction to write in."""
    from logistics.database import open_sessions

    opened = open_sessions(database_url)
    yield opened
    witness.figures()
    witness.rows(opened)
    opened.close()


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """A session to write with, rolled back at the end whatever the test did."""
    with sessions.begin() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands on a Tuesday morning until it is wound."""
    return Clock()


def _migrate(url: str) -> None:
    from logistics import migrations

    migrations.upgrade(url)
