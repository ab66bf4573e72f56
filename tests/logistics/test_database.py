"""How the database is opened: durable, one writer after the other, and clear words when it does not answer."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from logistics import database, doctor
from logistics.database import DatabaseBusy, DatabaseUnavailable, WeakDatabase, open_engine, open_sessions, unavailable
from logistics.settings import Settings
from logistics.wiring import NotReady, prepare_database

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
def test_the_line_of_writers_is_fair(sessions):
    """Without the line, whoever has just written writes again and the others sleep."""
    share, stop = [0] * 4, threading.Event()

    def write(number):
        while not stop.is_set():
            with sessions.begin() as session:
                session.execute(text("UPDATE site SET name = 'x'"))
            share[number] += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(len(share))]
    for writer in writers:
        writer.start()
    time.sleep(1)
    stop.set()
    for writer in writers:
        writer.join()

    assert min(share) > 0.5 * max(share)


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
