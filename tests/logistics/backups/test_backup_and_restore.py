"""What was backed up is what is restored, on and across both databases, or nothing is."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from inventory.db import Base
from inventory.models import Employee, Movement, Product, Site
from logistics import backups, cli, dispatch, migrations
from logistics.backups import making, shape, tables
from logistics.backups.workplace import PREFIX
from logistics.database import open_engine, open_sessions
from logistics.models import User
from logistics.verify import verify
from logistics.wiring import NotReady
from tests.builders import a_product, received
from tests.fakes import MORNING
from tests.logistics.builders import TOMORROW

#: What a restore changes on purpose: sessions end.
ENDED = ("session_epoch",)


def contents(settings):
    """Every row of every table as the lines of a backup, sessions aside."""
    engine = open_engine(settings.database_url)
    with engine.connect() as connection, connection.begin():
        head = shape.shape_of(_revision(connection))
        found = {
            table.name: list(tables.lines(connection, table)) for table in head.tables if table.name != "user_account"
        }
        found["user_account"] = connection.execute(
            text("SELECT id, login, role, name, sites, van_id, is_active, email, version FROM user_account ORDER BY id")
        ).all()
    engine.dispose()
    return found


def _revision(connection):
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


def backed_up(settings, path, **how):
    return backups.back_up(settings, path, now=MORNING, **how)


def restored(settings, path, **how):
    return backups.restore(settings, path, now=MORNING, **how)


def test_a_backup_restored_elsewhere_is_the_same_on_either_database(filled, elsewhere, other_engine, tmp_path):
    made = backed_up(filled, tmp_path / "books.zip")

    done = restored(elsewhere, made.path)
    across = restored(other_engine, made.path)

    assert done.violations == across.violations == ()
    assert contents(filled) == contents(elsewhere) == contents(other_engine)
    assert made.manifest.rows == done.manifest.rows > 100
    assert made.path.stat().st_size == made.size
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600


def test_restored_books_go_on_being_written_and_keep_what_was_written(filled, elsewhere, tmp_path):
    restored(elsewhere, backed_up(filled, tmp_path / "books.zip").path)

    sessions = open_sessions(elsewhere.database_url)
    with sessions.begin() as session:
        dispatch.publish_day(session, TOMORROW + timedelta(days=1), now=MORNING + timedelta(days=2), actor="eva")
        received(session, a_product(session, "NEW"), 3, site=session.scalars(select(Site)).first())
    with sessions() as session:
        assert verify(session) == ()
        newest = session.scalar(select(Movement.id).order_by(Movement.id.desc()).limit(1))
    for damage in ("UPDATE movement SET quantity = 9", "DELETE FROM movement", "DELETE FROM stop_event"):
        with pytest.raises(Exception, match="never changed or deleted"), sessions.begin() as session:
            session.execute(text(damage))
    sessions.close()
    assert newest > 0


def test_every_session_and_open_link_ends_with_a_restore(filled, tmp_path):
    sessions = open_sessions(filled.database_url)
    with sessions.begin() as session:
        user = session.scalars(select(User).order_by(User.id)).first()
        user.session_epoch = 4
        session.execute(
            text(
                "INSERT INTO account_link (user_id, purpose, digest, made_at, made_by, expires_at) "
                "VALUES (:user, 'reset', 'd', '2026-11-24 08:00:00.000000', 'eva', '2026-11-25 08:00:00.000000')"
            ),
            {"user": user.id},
        )
    made = backed_up(filled, tmp_path / "books.zip")

    restored(filled, made.path, force=True)

    with sessions() as session:
        assert session.scalar(select(User.session_epoch).where(User.id == user.id)) == 5
        assert session.execute(text("SELECT COUNT(*) FROM account_link WHERE used_at IS NULL")).scalar() == 0
    sessions.close()


def test_a_database_with_data_is_left_alone_without_force(filled, tmp_path):
    made = backed_up(filled, tmp_path / "books.zip")
    before = contents(filled)

    with pytest.raises(backups.DatabaseNotEmpty) as refusal:
        restored(filled, made.path)

    assert refusal.value.rows == made.manifest.rows
    assert contents(filled) == before
    assert not (filled.home / "backups").exists()


def test_what_is_replaced_by_force_is_kept_as_a_backup_that_restores(filled, elsewhere, tmp_path):
    early = backed_up(filled, tmp_path / "early.zip")
    sessions = open_sessions(filled.database_url)
    with sessions.begin() as session:
        session.scalars(select(Employee).order_by(Employee.id)).first().department = "later"
    sessions.close()
    later = contents(filled)

    done = restored(filled, early.path, force=True)

    assert done.safety.path.parent == filled.home / "backups"
    assert contents(filled) != later
    restored(elsewhere, done.safety.path)
    assert contents(elsewhere) == later


def test_an_open_connection_sees_the_restored_books_and_loses_nothing_it_reads(filled, tmp_path):
    made = backed_up(filled, tmp_path / "books.zip")
    sessions = open_sessions(filled.database_url)
    with sessions.begin() as session:
        session.execute(text("UPDATE employee SET department = 'later'"))
    with sessions() as session:
        assert session.scalars(select(Employee.department).distinct()).all() == ["later"]

    restored(filled, made.path, force=True)

    with sessions() as session:
        assert "later" not in session.scalars(select(Employee.department)).all()
    with sessions.begin() as session:
        session.execute(text("UPDATE employee SET department = 'after'"))
    with sessions() as session:
        assert verify(session) == ()
    sessions.close()


def test_a_file_that_is_there_is_kept_without_force(filled, tmp_path):
    path = tmp_path / "books.zip"
    path.write_bytes(b"mine")

    with pytest.raises(backups.FileThere):
        backed_up(filled, path)

    assert path.read_bytes() == b"mine"
    assert backed_up(filled, path, force=True).path.read_bytes() != b"mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["books.zip", "home"]


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(filled, tmp_path, monkeypatch):
    def full(*_facts):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making.os, "fsync", full)

    with pytest.raises(backups.BackupFailed):
        backed_up(filled, tmp_path / "books.zip")

    assert [one.name for one in tmp_path.iterdir()] == ["home"]
    assert not list(filled.home.glob(f"{PREFIX}*"))


def test_what_a_killed_backup_left_is_cleared_by_the_next_and_a_living_ones_is_not(filled, tmp_path):
    """It would hold everybody's home, under a name nobody looks at."""
    dead, alive, fresh = (tmp_path / f".{name}.zip.0123456789ab.part" for name in ("dead", "alive", "fresh"))
    foreign = tmp_path / ".x.part"
    for one in (dead, alive, fresh, foreign):
        one.write_bytes(b"homes")
        if one is not fresh:
            os.utime(one, (time.time() - 3600,) * 2)

    with alive.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        backed_up(filled, tmp_path / "books.zip")

    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        [alive.name, fresh.name, foreign.name, "books.zip", "home"]
    )


def test_uploads_come_along_and_the_key_only_when_asked(filled, elsewhere, tmp_path):
    (filled.home / "uploads").mkdir()
    (filled.home / "uploads" / "a1b2.csv").write_text("number;name\n")
    (filled.home / "uploads" / "link.csv").symlink_to("/etc/hostname")
    (filled.home / "secret.key").write_text("k" * 64)

    plain = backed_up(filled, tmp_path / "plain.zip")
    whole = backed_up(filled, tmp_path / "whole.zip", with_secrets=True)
    restored(elsewhere, whole.path)

    assert [member.name for member in plain.manifest.files] == ["home/uploads/a1b2.csv"]
    assert (plain.manifest.with_secrets, whole.manifest.with_secrets) == (False, True)
    assert (elsewhere.home / "uploads" / "a1b2.csv").read_text() == "number;name\n"
    key = elsewhere.home / "secret.key"
    assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == ("k" * 64, 0o600)


def test_restored_books_of_a_company_do_not_stay_marked_as_the_demos(filled, tmp_path):
    made = backed_up(filled, tmp_path / "books.zip")
    (filled.home / "demo.json").write_text('{"state": "ready"}\n')

    restored(filled, made.path, force=True)

    assert not (filled.home / "demo.json").exists()


def test_books_that_do_not_add_up_are_restored_only_on_purpose(filled, elsewhere, tmp_path):
    sessions = open_sessions(filled.database_url)
    with sessions.begin() as session:
        session.execute(text("UPDATE balance SET on_hand = on_hand + 1 WHERE on_hand > 0"))
    sessions.close()
    made = backed_up(filled, tmp_path / "books.zip")

    with pytest.raises(backups.BooksDoNotAddUp) as refusal:
        restored(elsewhere, made.path)

    assert {one.rule for one in refusal.value.violations} >= {"balance-equals-fold"}
    assert restored(elsewhere, made.path, despite_violations=True).violations == refusal.value.violations


def test_an_empty_database_cannot_be_backed_up(elsewhere, tmp_path):
    with pytest.raises(NotReady):
        backed_up(elsewhere, tmp_path / "books.zip")

    assert not (tmp_path / "books.zip").exists()


def test_a_backup_under_load_is_one_consistent_picture(filled, elsewhere, tmp_path):
    """A receipt writes a movement and two balances: a picture with half of one would not add up."""
    sessions, stop, acknowledged = open_sessions(filled.database_url), threading.Event(), []
    with sessions() as session:
        site = session.scalars(select(Site)).first()
        mouse = session.scalars(select(Product).where(Product.sku == "MOU")).one()
        already = session.scalar(select(func.count()).select_from(Movement))

    def write():
        while not stop.is_set():
            with sessions.begin() as session:
                received(session, mouse, 1, site=site)
            acknowledged.append(1)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    while len(acknowledged) < 5 and writers[0].is_alive():
        time.sleep(0.01)
    before = len(acknowledged)
    made = backed_up(filled, tmp_path / "books.zip")
    after = len(acknowledged) + len(writers)
    stop.set()
    for writer in writers:
        writer.join()
    sessions.close()

    restored(elsewhere, made.path)

    rows = next(member.rows for member in made.manifest.tables if member.name == "tables/movement.jsonl")
    assert before <= rows - already <= after
    assert len(acknowledged) > before


def test_every_column_of_the_product_is_of_a_kind_a_backup_knows():
    head = shape.shape_of(migrations.revisions("sqlite://")[-1])

    modelled = {table.name: [column.name for column in table.columns] for table in Base.metadata.sorted_tables}
    assert {table.name: sorted(c.name for c in table.columns) for table in head.tables} == {
        name: sorted(columns) for name, columns in modelled.items()
    }


def test_the_commands_say_what_they_did(filled, elsewhere, tmp_path, monkeypatch, capsys):
    path = tmp_path / "books.zip"

    def tournee(settings, *words):
        monkeypatch.setenv("TOURNEE_HOME", str(settings.home))
        monkeypatch.setenv("TOURNEE_DATABASE_URL", settings.database_url)
        code = cli.main(list(words))
        return code, capsys.readouterr()

    made, told = tournee(filled, "backup", str(path))
    assert (made, f"{path.stat().st_size:,} bytes" in told.out, "sha256" in told.out) == (0, True, True)
    again, told = tournee(filled, "backup", str(path))
    assert (again, "--force" in told.err) == (1, True)
    checked, told = tournee(elsewhere, "restore", str(path), "--check", "--json")
    assert (checked, json.loads(told.out)["ok"]) == (0, True)
    done, told = tournee(elsewhere, "restore", str(path))
    assert (done, told.out.strip().splitlines()[-1]) == (0, "verify: every rule holds")
    over, told = tournee(elsewhere, "restore", str(path))
    assert (over, "--force" in told.err) == (1, True)
    spoilt, told = tournee(elsewhere, "restore", __file__, "--force")
    assert (spoilt, "not-an-archive" in told.err) == (1, True)
