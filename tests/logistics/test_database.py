"""How the database is opened: durable, one writer after the other, one moment to read, clear words when it is away."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from inventory.models import Product
from logistics import cli, database, doctor
from logistics.database import DatabaseBusy, DatabaseUnavailable, WeakDatabase, open_engine, open_sessions, unavailable
from logistics.settings import Settings
from logistics.verify import verify
from logistics.wiring import NotReady, prepare_database
from tests.builders import a_product

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@only_sqlite
def test_every_sqlite_connection_is_durable_and_guards_its_rows(sessions):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}

    for opening in (sessions, sessions.begin):
        with opening() as session:
            assert {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in wanted} == wanted


@only_sqlite
def test_a_writer_asks_for_the_lock_before_it_reads_and_a_reader_never(sessions):
    said = []
    event.listen(sessions.engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: said.append(sql))

    with sessions() as session:
        session.execute(text("SELECT 1"))
    with sessions.begin() as session:
        session.execute(text("SELECT 2"))

    assert said == ["BEGIN", "SELECT 1", "BEGIN IMMEDIATE", "SELECT 2"]


@only_sqlite
def test_writers_wait_in_one_line_and_readers_pass(sessions):
    entered = threading.Event()

    def write():
        with sessions.begin() as session:
            session.execute(text("UPDATE site SET name = 'x'"))
            entered.set()

    with sessions.begin() as first:
        first.execute(text("SELECT 1"))
        second = threading.Thread(target=write)
        second.start()
        time.sleep(0.2)
        with sessions() as reader:
            assert reader.execute(text("SELECT COUNT(*) FROM site")).scalar() == 0
        assert not entered.is_set()
    second.join(10)
    assert entered.is_set()


@only_sqlite
def test_writers_are_served_in_the_order_they_came(sessions):
    """SQLite's own waiting sleeps and looks again: whoever wakes at the right moment is served."""
    served, waiters = [], []

    def write(number):
        with sessions.begin() as session:
            session.execute(text("UPDATE site SET name = 'x'"))
            served.append(number)

    with sessions.begin() as first:
        first.execute(text("SELECT 1"))
        for number in range(8):
            waiters.append(threading.Thread(target=write, args=(number,)))
            waiters[-1].start()
            time.sleep(0.1)
    for waiter in waiters:
        waiter.join()

    assert served == list(range(8))


@only_sqlite
def test_a_dead_writer_holds_nobody_up(sessions, database_url):
    held = threading.Event()

    def die():
        with pytest.raises(ZeroDivisionError), sessions.begin():
            held.set()
            _ = 1 / 0

    dying = threading.Thread(target=die)
    dying.start()
    held.wait(5)

    with sessions.begin() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1
    dying.join()


def test_a_sqlite_that_cannot_have_a_write_ahead_log_is_refused(tmp_path):
    engine = open_engine(f"sqlite:///file:{tmp_path / 'weak.db'}?vfs=unix-none&uri=true")

    with pytest.raises(WeakDatabase) as refusal, engine.connect():
        pass

    assert refusal.value.setting == "journal_mode"


@only_sqlite
@pytest.mark.parametrize(
    "weaker", ["synchronous=NORMAL", "journal_mode=DELETE", "foreign_keys=OFF", "recursive_triggers=OFF"]
)
def test_nothing_starts_on_weaker_settings(database_url, tmp_path, monkeypatch, weaker):
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS, weaker))
    settings = Settings(home=tmp_path, database_url=database_url)

    with pytest.raises(NotReady) as refusal:
        prepare_database(settings)

    assert weaker.partition("=")[0] in refusal.value.problem
    assert [one.good for one in doctor.examine(settings) if one.subject == "database"] == [False]


@only_postgresql
def test_a_postgresql_that_forgets_is_refused_unless_it_may(database_url, tmp_path):
    settings = Settings(home=tmp_path, database_url=database_url)
    prepare_database(settings)
    sessions = open_sessions(database_url)
    with sessions.begin() as session:
        session.execute(text(f"ALTER DATABASE {sessions.engine.url.database} RESET tournee.expendable"))
    sessions.close()

    with pytest.raises(NotReady) as refusal:
        prepare_database(settings)

    assert "fsync=off" in refusal.value.problem


@only_sqlite
def test_a_lock_of_a_foreign_program_is_told_as_that(database_url, sessions, monkeypatch):
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS[:-1], "busy_timeout=50"))
    foreign = sqlite3.connect(Path(str(sessions.engine.url.database)), isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")

    with pytest.raises(OperationalError) as refusal, sessions.begin() as session:
        session.execute(text("SELECT 1"))
    foreign.execute("ROLLBACK")
    foreign.close()

    assert isinstance(unavailable(refusal.value), DatabaseBusy)


def test_a_postgresql_that_is_down_is_told_as_that():
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(OperationalError) as refusal, engine.connect():
        pass

    assert isinstance(unavailable(refusal.value), DatabaseUnavailable)


def test_a_mistake_of_ours_is_not_blamed_on_the_database(sessions):
    with pytest.raises(Exception, match="no_such_table") as mistake, sessions() as session:
        session.execute(text("SELECT * FROM no_such_table"))

    assert unavailable(mistake.value) is None


def products(session):
    return session.scalar(select(func.count()).select_from(Product))


def test_a_snapshot_shows_one_moment_whatever_is_committed_meanwhile(sessions):
    with sessions.snapshot() as reading:
        before = products(reading)
        with sessions.begin() as writing:
            a_product(writing)

        assert products(reading) == before

    with sessions() as reading:
        assert products(reading) == before + 1
    assert not sessions.engine.pool.checkedout()


def test_verify_is_told_of_one_moment_by_its_command(sessions, database_url, tmp_path, monkeypatch):
    seen = []

    def looks_twice(session):
        seen.append(products(session))
        with sessions.begin() as writing:
            a_product(writing)
        seen.append(products(session))
        return verify(session)

    monkeypatch.setattr("logistics.verify.verify", looks_twice)
    monkeypatch.setenv("TOURNEE_DATABASE_URL", database_url)
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))

    assert cli.main(["verify"]) == 0

    assert seen[0] == seen[1]
