"""Every column is either registered as personal or declared not to be."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, Column, Float, LargeBinary, MetaData, String, Table, TypeDecorator

import logistics.models  # maps the tables that stand above the inventory's
from inventory.db import Base
from logistics.personal_columns import IMPERSONAL, KINDS, PAGE, REGISTER, PersonalColumn, page

assert logistics.models


def telling(metadata):
    """Names of the columns that could tell something of a person: texts, points, JSON, bytes."""
    found = set()
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
            # Enumerations are texts, too; a float is how a point is kept.
            if isinstance(kind, (String, JSON, Float, LargeBinary)):
                found.add(f"{table.name}.{column.name}")
    return found


def test_every_column_that_could_tell_of_a_person_is_in_one_of_the_two_lists():
    columns = telling(Base.metadata)

    assert columns - set(REGISTER) - IMPERSONAL == set(), "say what it holds in logistics/personal_columns.py"
    assert (set(REGISTER) | IMPERSONAL) - columns == set(), "no such column any more"
    assert set(REGISTER) & IMPERSONAL == set()


def test_a_new_text_point_or_json_column_is_seen():
    metadata = MetaData()
    Table("t", metadata, Column("a", String(5)), Column("b", JSON), Column("c", Float), Column("d", LargeBinary))

    assert telling(metadata) == {"t.a", "t.b", "t.c", "t.d"}


@pytest.mark.parametrize("word", ["name", "email", "phone", "line", "note", "lat", "lon", "recipient", "password_hash"])
def test_nothing_that_is_named_like_personal_data_of_people_is_declared_impersonal(word):
    of_things = {"site", "product", "van"}

    assert {one for one in IMPERSONAL if one.split(".")[1] == word and one.split(".")[0] not in of_things} == set()


def test_the_page_is_written_from_the_register():
    assert {one.kind for one in REGISTER.values()} == set(KINDS)
    assert all(f"| `{name}` |" in PAGE.read_text(encoding="utf-8") for name in REGISTER)
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m logistics.personal_columns"


def test_an_entry_says_everything():
    with pytest.raises(ValueError, match="empty word"):
        PersonalColumn("name", "", "ever", "nothing")
    with pytest.raises(ValueError, match="not a kind"):
        PersonalColumn("rumour", "a", "b", "c")
