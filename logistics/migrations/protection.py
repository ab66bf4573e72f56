"""Triggers that keep written rows as they were written: the database itself refuses to rewrite history."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

import logistics.models  # noqa: F401  (so that every table is known)
from inventory.db import Base


def append_only_tables() -> tuple[str, ...]:
    """Names of the tables whose rows may only be added."""
    return tuple(table.name for table in Base.metadata.sorted_tables if table.info.get("append_only"))


def protect(connection: Connection) -> None:
    """(Re)make the triggers; every migration ends with it, since a rebuilt SQLite table silently loses them."""
    present = set(inspect(connection).get_table_names())
    for table in append_only_tables():
        if table in present:
            for statement in _statements(table, connection.dialect.name):
                connection.exec_driver_sql(statement)


def _statements(table: str, dialect: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{deed} BEFORE {deed.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are never changed or deleted'); END"
            for deed in ("update", "delete")
        )
    function = (
        "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%% rows are never changed or deleted', TG_TABLE_NAME USING ERRCODE = '23000'; END $$"
    )
    return (
        function,
        f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()",
    )
