"""The app over a small company, and browsers that are signed in."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from logistics import readiness, users
from logistics.database import open_sessions
from logistics.system import System
from tests.fakes import MORNING, FakeRoads
from tests.logistics.systems import a_system
from tests.webapp.scenes import LOGINS, Company, a_company
from webapp import auth, create_app

SignIn = Callable[[str], FlaskClient]


class Bell:
    """A queue that only remembers what it was asked to do."""

    def __init__(self) -> None:
        self.rung: list[Any] = []

    def ring(self, task_id: Any) -> None:
        """Remember the task."""
        self.rung.append(task_id)


class Compiled(BytecodeCache):
    """Templates that one app of the run has compiled; the next takes them, so long as their text is the same."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket where the template is known."""
        if (kept := self._kept.get((bucket.key, bucket.checksum))) is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Compiled()})
        yield


@pytest.fixture
def bell() -> Bell:
    """What the pages rang for."""
    return Bell()


@pytest.fixture(scope="session")
def _sqlite_company(_sqlite_template, tmp_path_factory) -> tuple[Path, Company]:
    file = tmp_path_factory.mktemp("company") / "tournee.sqlite"
    shutil.copyfile(_sqlite_template, file)
    written = _written(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file, written


@pytest.fixture(scope="session")
def _postgresql_company(postgresql_server, _postgresql_template) -> tuple[str, Company]:
    name = postgresql_server.create(template=_postgresql_template)
    return name, _written(postgresql_server.url(name))


def _written(url: str) -> Company:
    opened = open_sessions(url)
    with opened.begin() as session:
        company = a_company(session)
    opened.close()
    return company


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of one's own that holds the company; each test runs on both engines."""
    if request.param == "sqlite":
        file = tmp_path / "tournee.sqlite"
        shutil.copyfile(request.getfixturevalue("_sqlite_company")[0], file)
        yield f"sqlite:///{file}"
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.create(template=request.getfixturevalue("_postgresql_company")[0])
        yield server.url(name)
        server.drop(name)


@pytest.fixture
def company(request: pytest.FixtureRequest, database_url: str) -> Company:
    """What is known about the company: its tour and stops."""
    engine = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    told: Company = request.getfixturevalue(f"_{engine}_company")[1]
    return told


@pytest.fixture
def system(sessions, clock, tmp_path, bell) -> System:
    """A system over the company's database, where everybody drives as the crow flies."""
    made = a_system(sessions, tmp_path / "home", queue=bell, now=clock)
    readiness.beat(made)
    return replace(made, roads=cast(Any, FakeRoads()))


@pytest.fixture
def app(system):
    """The app, telling failures instead of hiding them, without form tokens: those have tests of their own."""
    made = create_app(system)
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return made


@pytest.fixture
def browse(app) -> SignIn:
    """Opens a browser in which somebody of the role is signed in, without the cost of a password."""

    def sign_in(role: str) -> FlaskClient:
        client = app.test_client()
        with app.extensions["tournee"].sessions() as session:
            account = next(one for one in users.accounts(session) if one.login == LOGINS[role])
        with client.session_transaction() as kept:
            kept.update(auth.marks(account, at=int(MORNING.timestamp())), _user_id=str(account.id), _fresh=True)
        return client

    return sign_in
