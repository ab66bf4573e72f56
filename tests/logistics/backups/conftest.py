"""A company with a past on either database, written once; and homes to back up and to restore into."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from logistics.database import open_sessions
from logistics.settings import Settings
from tests.logistics.scenes import a_week


@pytest.fixture(scope="session")
def _sqlite_week(_sqlite_template, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("week") / "tournee.sqlite"
    shutil.copyfile(_sqlite_template, file)
    _written(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file


@pytest.fixture(scope="session")
def _postgresql_week(postgresql_server, _postgresql_template) -> str:
    name = postgresql_server.create(template=_postgresql_template)
    _written(postgresql_server.url(name))
    return name


def _written(url: str) -> None:
    sessions = open_sessions(url)
    with sessions.begin() as session:
        a_week(session)
    sessions.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A home whose database holds the week; on both engines."""
    home = tmp_path / "home"
    home.mkdir()
    if request.param == "sqlite":
        file = home / "tournee.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_week"), file)
        yield Settings(home=home, database_url=f"sqlite:///{file}")
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.create(template=request.getfixturevalue("_postgresql_week"))
        yield Settings(home=home, database_url=server.url(name))
        server.drop(name)


@pytest.fixture
def elsewhere(filled: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Another home with an empty database of the same engine, to restore into."""
    yield from _empty(make_url(filled.database_url).get_backend_name(), request, tmp_path / "elsewhere")


@pytest.fixture
def other_engine(filled: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Another home with an empty database of the engine that `filled` is not."""
    kind = "sqlite" if make_url(filled.database_url).get_backend_name() == "postgresql" else "postgresql"
    yield from _empty(kind, request, tmp_path / "other")


def _empty(kind: str, request: pytest.FixtureRequest, home: Path) -> Iterator[Settings]:
    if kind == "sqlite":
        yield Settings(home=home, database_url=f"sqlite:///{home / 'tournee.db'}")
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.create()
        yield Settings(home=home, database_url=server.url(name))
        server.drop(name)
