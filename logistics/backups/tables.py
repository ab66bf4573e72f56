"""Reading and filling whole tables, on a connection of either database."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from .cells import line_of
from .shape import Shape, Table

#: Rows fetched or written at a time.
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Digest:
    """How many lines and bytes a table gave, and their SHA-256."""

    rows: int
    size: int
    sha256: str


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row of the table as a line, in the order of its key.

    Raises:
        BadCell: the database holds a cell that is not of its column's kind.
    """
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        cursor = raw.execute(_select(table, text="{}", key="{}"))
        cursor.arraysize = BATCH
    else:
        # A cursor of the server's: a big table is never in our memory as a whole.
        cursor = raw.cursor(name="tournee_backup")
        cursor.itersize = BATCH
        cursor.execute(_select(table, text="{}::text", key='{} COLLATE "C"'))
    try:
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield line_of(table, row)
    finally:
        cursor.close()


def digest(found: Iterable[bytes], on_line: Callable[[bytes], object] = len) -> Digest:
    """Count and hash lines as they pass; `on_line` gets each of them."""
    rows = size = 0
    total = hashlib.sha256()
    for line in found:
        total.update(line)
        rows, size = rows + 1, size + len(line)
        on_line(line)
    return Digest(rows, size, total.hexdigest())


def fill(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows to the table as they are; triggers and constraints judge them."""
    names = ", ".join(_quoted(column.name) for column in table.columns)
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        statement = f"INSERT INTO {_quoted(table.name)} ({names}) VALUES ({marks})"  # noqa: S608
        source = iter(rows)
        while batch := list(itertools.islice(source, BATCH)):
            raw.executemany(statement, batch)
        return
    with raw.cursor() as cursor, cursor.copy(f"COPY {_quoted(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def count(connection: Connection, shape: Shape) -> int:
    """Rows in all tables of the shape."""
    return sum(
        connection.exec_driver_sql(f"SELECT COUNT(*) FROM {_quoted(table.name)}").scalar_one()  # noqa: S608
        for table in shape.tables
    )


def wind_sequences(connection: Connection, shape: Shape) -> None:
    """Let PostgreSQL number on after the highest row; SQLite does so by itself."""
    for table in shape.tables:
        if table.key != ("id",) or connection.dialect.name == "sqlite":
            continue
        sequence = connection.exec_driver_sql("SELECT pg_get_serial_sequence(%s, 'id')", (table.name,)).scalar()
        if sequence is not None:
            highest = f"SELECT setval(%s::regclass, MAX(id)) FROM {_quoted(table.name)} HAVING MAX(id) IS NOT NULL"  # noqa: S608
            connection.exec_driver_sql(highest, (sequence,))


def _select(table: Table, *, text: str, key: str) -> str:
    kinds = {column.name: column.kind for column in table.columns}
    wanted = ", ".join(
        text.format(_quoted(column.name)) if column.kind == "json" else _quoted(column.name) for column in table.columns
    )
    order = ", ".join(key.format(_quoted(name)) if kinds[name] == "text" else _quoted(name) for name in table.key)
    return f"SELECT {wanted} FROM {_quoted(table.name)} ORDER BY {order}"  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
