"""Keep the rows of a filled database of a released version: `python -m tests.logistics.migrations.make_released 0001`.

Run once when a version is released; the file stays as it is, so that every later version can be shown to take it over.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from inventory import addresses
from inventory.models import Address
from logistics import migrations, tasks
from logistics.backups import tables
from logistics.backups.cells import row_of
from logistics.backups.shape import Shape, Table, shape_of
from logistics.database import open_engine, open_sessions
from logistics.models import User
from tests.fakes import MORNING
from tests.logistics.scenes import a_week

FOLDER = Path(__file__).parent / "released"


def main(revision: str) -> int:
    """Write the rows of a company's week, as this revision's tables hold them, into a file of its name."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'week.db'}"
        migrations.upgrade(url)
        fill(url)
        engine = open_engine(url)
        with engine.connect() as connection, connection.begin():
            (FOLDER / f"{revision}.jsonl").write_bytes(b"".join(_told(connection, shape_of(revision))))
        engine.dispose()
    return 0


def fill(url: str) -> None:
    """A week with everything the road can bring, people of every role, work in the queue, a home looked at."""
    sessions = open_sessions(url)
    with sessions.begin() as session:
        a_week(session)
        for role in ("admin", "coordinator", "agent", "warehouse", "auditor"):
            session.add(User(login=f"{role}-1", role=role, name=role.title(), sites=frozenset({"NCE"}), language="fr"))
        someone = session.scalars(select(Address).order_by(Address.id)).first()
        assert someone is not None
        addresses.log_view(session, someone.id, actor="agent-1", purpose="order", now=MORNING)
        tasks.ask(session, "plan-day", {"day": "2026-11-27"}, actor="eva", now=MORNING)
        done = tasks.ask(session, "plan-day", {"day": "2026-11-26"}, actor="eva", now=MORNING)
        claim = tasks.claim(session, done, now=MORNING)
        assert claim is not None
        tasks.finish(session, done, claim.token, {"tours": 2, "note": "déjà"}, now=MORNING)
    sessions.close()


def released() -> tuple[str, ...]:
    """The revisions whose rows are kept."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.jsonl")))


def restore_released(url: str, revision: str) -> None:
    """Make the database of that version, filled, at `url`."""
    migrations.upgrade(url, revision)
    by_name = {table.name: table for table in shape_of(revision).tables}
    engine = open_engine(url)
    with engine.connect().execution_options(tournee_writes=True) as connection, connection.begin():
        for name, rows in _read(revision):
            table = by_name[name]
            tables.fill(connection, table, [row_of(table, row, connection.dialect.name) for row in rows])
        tables.wind_sequences(connection, shape_of(revision))
    engine.dispose()


def rows_of(url: str, revision: str) -> dict[str, list[bytes]]:
    """What the database at `url` holds in the tables and columns of that version."""
    engine = open_engine(url)
    with engine.connect() as connection, connection.begin():
        found = {table.name: list(tables.lines(connection, table)) for table in shape_of(revision).tables}
    engine.dispose()
    return found


def _told(connection: Connection, shape: Shape) -> Iterator[bytes]:
    for table in shape.tables:
        yield _head(table)
        yield from tables.lines(connection, table)


def _head(table: Table) -> bytes:
    return json.dumps({"table": table.name}).encode() + b"\n"


def _read(revision: str) -> Iterator[tuple[str, list[bytes]]]:
    name, rows = "", []
    for line in (FOLDER / f"{revision}.jsonl").read_bytes().splitlines():
        told: Any = json.loads(line)
        if isinstance(told, dict):
            if name:
                yield name, rows
            name, rows = told["table"], []
        else:
            rows.append(line)
    yield name, rows


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
