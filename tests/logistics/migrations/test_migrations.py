"""Every released version's books are taken over whole, or left as they were."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import CheckConstraint, inspect, text

from inventory.db import Base
from logistics import migrations
from logistics.database import open_engine, open_sessions
from logistics.migrations.protection import append_only_tables
from logistics.verify import verify
from tests.conftest import CHECKOUT
from tests.logistics.migrations.a_migrator import at_statement
from tests.logistics.migrations.make_released import released, restore_released, rows_of

OLDER = released()
HEAD = migrations.revisions("sqlite://")[-1]


class PowerCut(Exception):
    """Stands for whatever ends a process between two statements."""


def cut():
    raise PowerCut


def test_every_version_before_this_one_is_kept():
    assert migrations.revisions("sqlite://")[:-1] == OLDER


@pytest.mark.parametrize("revision", OLDER)
def test_the_filled_books_of_a_released_version_are_taken_over_whole(empty_database_url, revision):
    restore_released(empty_database_url, revision)
    before = rows_of(empty_database_url, revision)

    migrations.upgrade(empty_database_url)

    assert all(before.values()), sorted(name for name, rows in before.items() if not rows)
    assert rows_of(empty_database_url, revision) == before
    assert migrations.is_current(empty_database_url)
    sessions = open_sessions(empty_database_url)
    with sessions() as session:
        assert verify(session) == ()
    for table in set(append_only_tables()) & before.keys():
        for damage in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="never changed or deleted"), sessions.begin() as session:
                session.execute(text(damage))
    sessions.close()


@pytest.mark.parametrize("revision", OLDER)
def test_a_migration_that_ends_early_leaves_the_old_books(empty_database_url, revision):
    restore_released(empty_database_url, revision)
    before, number = rows_of(empty_database_url, revision), 1

    while True:
        try:
            with at_statement(number, cut):
                migrations.upgrade(empty_database_url)
        except PowerCut:
            assert _revision(empty_database_url) == revision
            assert rows_of(empty_database_url, revision) == before
            number += 9
        else:
            break

    assert number > 20
    assert rows_of(empty_database_url, revision) == before
    assert migrations.is_current(empty_database_url)


@pytest.mark.parametrize("revision", OLDER)
def test_a_killed_migration_leaves_books_that_can_be_migrated(empty_database_url, revision):
    restore_released(empty_database_url, revision)
    before = rows_of(empty_database_url, revision)

    for number in ("3", "25"):
        command = [sys.executable, "-m", "tests.logistics.migrations.a_migrator", empty_database_url, number]
        assert subprocess.run(command, cwd=CHECKOUT, timeout=60).returncode == -9
        assert _revision(empty_database_url) == revision

    migrations.upgrade(empty_database_url)
    assert rows_of(empty_database_url, revision) == before


@pytest.mark.parametrize("revision", OLDER)
def test_a_migrated_database_is_what_the_rows_say(empty_database_url, request, tmp_path, revision):
    """Columns, keys, checks, indexes and triggers: grown by migrations or made anew, there is no difference."""
    migrations.upgrade(empty_database_url, revision)
    migrations.upgrade(empty_database_url)

    modelled = _made_anew(empty_database_url, request, tmp_path)

    found = _schema(empty_database_url)
    assert found.keys() == modelled.keys() == Base.metadata.tables.keys()
    for table in modelled:
        assert found[table] == modelled[table], table
    assert _triggers(empty_database_url) == _expected_triggers(empty_database_url)


def test_the_comparison_sees_a_lost_check(empty_database_url, request, tmp_path):
    migrations.upgrade(empty_database_url)
    movement = Base.metadata.tables["movement"]
    lost = next(
        one for one in movement.constraints if isinstance(one, CheckConstraint) and "quantity > 0" in str(one.sqltext)
    )
    movement.constraints.remove(lost)
    try:
        weaker = _made_anew(empty_database_url, request, tmp_path)
    finally:
        movement.constraints.add(lost)

    assert _schema(empty_database_url)["movement"] != weaker["movement"]


def _made_anew(url, request, tmp_path):
    """The schema that the rows' classes make in an empty database of the same engine."""
    if url.startswith("sqlite"):
        return _create(f"sqlite:///{tmp_path / 'anew.sqlite'}")
    server = request.getfixturevalue("postgresql_server")
    name = server.create()
    try:
        return _create(server.url(name))
    finally:
        server.drop(name)


def _create(url):
    engine = open_engine(url)
    with engine.connect().execution_options(tournee_writes=True) as connection:
        Base.metadata.create_all(connection)
        connection.commit()
    engine.dispose()
    return _schema(url)


def _schema(url):
    """Everything the database itself says about each of our tables, in an order of its own."""
    engine = open_engine(url)
    with engine.connect() as connection:
        look = inspect(connection)
        found = {}
        for table in set(look.get_table_names()) - {"alembic_version"}:
            found[table] = {
                "columns": {
                    one["name"]: (str(one["type"]), one["nullable"], _default(one)) for one in look.get_columns(table)
                },
                "key": look.get_pk_constraint(table),
                "foreign": _sorted(look.get_foreign_keys(table)),
                "unique": _sorted(look.get_unique_constraints(table)),
                "checks": sorted(
                    (one["name"], " ".join(one["sqltext"].split())) for one in look.get_check_constraints(table)
                ),
                "indexes": _sorted(look.get_indexes(table)),
            }
    engine.dispose()
    return found


def _default(column):
    found = column.get("default")
    return None if found is None or "nextval" in found else found.strip("'").partition("'::")[0]


def _sorted(found):
    return sorted((_plain(one) for one in found), key=str)


def _plain(value):
    """Without what only says how it was asked for; texts of conditions as texts."""
    if isinstance(value, dict):
        return {
            key: _plain(one) for key, one in sorted(value.items()) if key not in ("duplicates_constraint", "comment")
        }
    return value if isinstance(value, str | int | list | None) else str(value)


def _triggers(url):
    engine = open_engine(url)
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with engine.connect() as connection:
        found = set(connection.execute(text(asked[engine.dialect.name])).scalars())
    engine.dispose()
    return found


def _expected_triggers(url):
    deeds = ("update", "delete") if url.startswith("sqlite") else ("change", "truncate")
    return {f"{table}_no_{deed}" for table in append_only_tables() for deed in deeds}


def _revision(url):
    engine = open_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    engine.dispose()
    return found
