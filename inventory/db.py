"""The one declarative base, and the column types both databases agree on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, MetaData, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.types import TypeDecorator

#: Constraints need names, or SQLite cannot change a table and nobody can read an error.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


#: Last in `__table_args__` of a table whose rows are only ever added; triggers made by every migration hold it to that.
APPEND_ONLY: dict[str, Any] = {"info": {"append_only": True}}


class Base(DeclarativeBase):
    """Every row of every room hangs here; foreign keys point the way imports do, downward."""

    metadata = MetaData(naming_convention=NAMES)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; SQLite would otherwise lose the zone and PostgreSQL would convert it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class WordSet(TypeDecorator[frozenset[str]]):
    """A small set of words (skills, site codes) in one cell, sorted and separated by `|`."""

    impl = String(400)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return "|".join(sorted(value or ()))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str]:
        return frozenset(word for word in (value or "").split("|") if word)


def add_unless_there(session: Session, row_id: InstrumentedAttribute[int], **values: Any) -> int | None:
    """Insert a row unless one with the same unique key exists, in one statement; the row count decides, not a look.

    On PostgreSQL it waits for a transaction that is inserting the same key at this moment.

    Args:
        row_id: the integer column to answer with, such as `Movement.id`; it names the table, too.

    Returns:
        The new row's id, or None when the key was there.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(row_id.class_).values(**values).on_conflict_do_nothing().returning(row_id)
    return session.scalar(statement)
