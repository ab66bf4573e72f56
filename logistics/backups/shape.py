"""Which tables and columns a revision of the database has: what an archive of that revision must hold, no more no less.

Learned from an empty database migrated to that revision, so old archives are read without keeping old row classes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, MetaData, String, Time
from sqlalchemy.types import TypeEngine

from .. import migrations
from ..database import open_engine

#: Kinds of cell, by the column's type; the order matters where one type is a special case of another.
KINDS: Mapping[type[TypeEngine[Any]], str] = {
    Boolean: "bool", Integer: "int", Float: "float", JSON: "json", String: "text", DateTime: "moment", Date: "date",
    Time: "time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, kind of cell (see `KINDS`), and whether it may be empty."""

    name: str
    kind: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its columns in order, and the names of its primary key's columns."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """The tables of a revision, each after those it points at."""

    revision: str
    tables: tuple[Table, ...]


@cache
def shape_of(revision: str) -> Shape:
    """The shape of a revision this code knows."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shape.db'}"
        migrations.upgrade(url, revision)
        found = MetaData()
        engine = open_engine(url)
        try:
            found.reflect(engine)
        finally:
            engine.dispose()
    tables = [table for table in found.sorted_tables if table.name != "alembic_version"]
    return Shape(
        revision,
        tuple(
            Table(
                table.name,
                tuple(Column(one.name, _kind(one.type), bool(one.nullable)) for one in table.columns),
                tuple(one.name for one in table.primary_key.columns),
            )
            for table in tables
        ),
    )


def _kind(found: TypeEngine[Any]) -> str:
    for known, kind in KINDS.items():
        if isinstance(found, known):
            return kind
    raise TypeError(f"no kind of cell for {found!r}")
