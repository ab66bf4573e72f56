"""One database for a module's tests: what all of them begin with is written once, each undoes what it did."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from logistics import database
from logistics.database import Sessions


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_sessions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    """Sessions on a fresh database that the module's tests share; they run on both engines."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("shared") / "tournee.sqlite"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), file)
        opened = database.open_sessions(f"sqlite:///{file}")
        yield opened
        opened.close()
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.create(template=request.getfixturevalue("_postgresql_template"))
        opened = database.open_sessions(server.url(name))
        yield opened
        opened.close()
        server.drop(name)


@pytest.fixture
def undone() -> Any:
    """`with undone(session):` whatever is written inside is taken back at its end."""
    return Undone


class Undone:
    """A savepoint that is always rolled back."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def __enter__(self) -> Any:
        self.session.expire_all()
        self.savepoint = self.session.begin_nested()
        return self.session

    def __exit__(self, *_error: object) -> None:
        if self.savepoint.is_active:
            self.savepoint.rollback()
        self.session.expire_all()
