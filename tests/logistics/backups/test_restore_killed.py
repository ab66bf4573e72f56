"""Whatever ends a restore on its way, the old books stand; books of older versions come up to this one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import text

from logistics import backups
from logistics.backups.workplace import PREFIX
from logistics.database import open_sessions
from logistics.settings import Settings
from logistics.verify import verify
from logistics.wiring import database_state
from tests.conftest import CHECKOUT
from tests.fakes import MORNING
from tests.logistics.backups.test_backup_and_restore import contents
from tests.logistics.migrations.make_released import released, restore_released, rows_of

STEPS = {
    "sqlite": (("verifying", 1), ("pages of the old books", 2), ("pages of the old books", 5)),
    "postgresql": (("movement", 1), ("taking the place", 1)),
}


def test_a_killed_restore_leaves_the_old_books_and_can_be_repeated(filled, tmp_path):
    path = tmp_path / "books.zip"
    backups.back_up(filled, path, now=MORNING)
    early = contents(filled)
    sessions = open_sessions(filled.database_url)
    with sessions.begin() as session:
        session.execute(text("UPDATE employee SET department = 'later'"))
    later = contents(filled)

    for step, count in STEPS[sessions.dialect]:
        command = (str(filled.home), filled.database_url, str(path), step, str(count))
        killed = subprocess.run(
            [sys.executable, "-m", "tests.logistics.backups.a_restorer", *command], cwd=CHECKOUT, timeout=90
        )
        assert killed.returncode == -9, step
        assert contents(filled) == later
        with sessions() as session:
            assert verify(session) == ()

    backups.restore(filled, path, now=MORNING, force=True)
    assert contents(filled) == early
    assert not list(filled.home.glob(f"{PREFIX}*"))
    sessions.close()


@pytest.mark.parametrize("revision", released())
def test_a_backup_of_an_older_version_is_brought_to_this_ones_shape(empty_database_url, tmp_path, revision):
    restore_released(empty_database_url, revision)
    old = Settings(home=tmp_path / "old", database_url=empty_database_url)
    old.home.mkdir()
    made = backups.back_up(old, tmp_path / "old.zip", now=MORNING)

    elsewhere = Settings(home=tmp_path / "new", database_url=f"sqlite:///{tmp_path / 'new' / 'tournee.db'}")

    done = backups.restore(elsewhere, made.path, now=MORNING)

    assert (done.manifest.revision, done.violations) == (revision, ())
    assert database_state(elsewhere.database_url) == "current"
    assert rows_of(elsewhere.database_url, revision) == rows_of(empty_database_url, revision)
