"""Runs migrations on one connection, in one transaction; on SQLite with foreign keys off while tables are rebuilt."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

import logistics.models  # noqa: F401  (so that every table is known)
from inventory.db import Base
from logistics.database import open_engine


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """The queue keeps its tables in our database; they are none of our business."""
    return not (kind == "table" and name is not None and name not in Base.metadata.tables)


def run() -> None:
    """Migrate on the connection the configuration brings, in its transaction; else on one of our own."""
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    engine = open_engine(context.config.attributes["url"])
    try:
        with engine.connect().execution_options(tournee_writes=True) as connection:
            if connection.dialect.name == "sqlite":
                # Rebuilding a referenced table with foreign keys on deletes the rows that point at it.
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            _migrate(connection)
            connection.commit()
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        render_as_batch=is_sqlite,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"{len(broken)} rows point nowhere after the migration; nothing was changed")


run()
