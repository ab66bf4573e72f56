"""After an upgrade that went wrong the books of before come back, as docs/how-to/upgrade.md says."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from logistics import backups
from logistics.database import open_engine
from logistics.wiring import NotReady
from tests.fakes import MORNING
from tests.logistics.backups.test_backup_and_restore import backed_up, contents, restored


@pytest.fixture
def upgraded(filled, tmp_path):
    """A backup, and the home whose database a later version has taken over since."""
    made = backed_up(filled, tmp_path / "before.zip")
    engine = open_engine(filled.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("CREATE TABLE of_a_later_version (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO of_a_later_version VALUES (7)"))
    engine.dispose()
    return made.path


def test_books_of_a_newer_version_are_not_replaced_and_the_next_step_is_named(filled, upgraded):
    with pytest.raises(NotReady) as refusal:
        backups.restore(filled, upgraded, now=MORNING, force=True)

    assert "newer version" in str(refusal.value)
    assert "move its file away" in str(refusal.value)
    assert _of_the_later_version(filled.database_url) == 7


def test_the_books_of_before_come_back_beside_those_of_the_newer_version(filled, upgraded, elsewhere, tmp_path):
    before = contents(restored_settings(elsewhere, upgraded))

    aside, home = _put_aside(filled, elsewhere, tmp_path)
    done = restored(home, upgraded)

    assert done.violations == ()
    assert contents(home) == before
    assert _of_the_later_version(aside) == 7


def restored_settings(settings, path):
    restored(settings, path)
    return settings


def _put_aside(filled, elsewhere, tmp_path):
    """The newer books' URL afterwards, and a home without any: a moved file, or another database of the server."""
    url = make_url(filled.database_url)
    if url.get_backend_name() == "postgresql":
        engine = open_engine(elsewhere.database_url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        return filled.database_url, replace(filled, database_url=elsewhere.database_url)
    newer = tmp_path / "newer"
    newer.mkdir()
    for file in Path(str(url.database)).parent.glob("tournee.db*"):
        file.rename(newer / file.name)
    return f"sqlite:///{newer / 'tournee.db'}", filled


def _of_the_later_version(url):
    if url.startswith("sqlite"):
        with sqlite3.connect(str(make_url(url).database)) as connection:
            found = connection.execute("SELECT id FROM of_a_later_version").fetchone()[0]
        connection.close()
        return found
    engine = open_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT id FROM of_a_later_version")).scalar_one()
    engine.dispose()
    return found
