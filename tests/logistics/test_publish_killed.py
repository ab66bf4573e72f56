"""Whatever ends a publication on its way, nothing of it is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from logistics import database, dispatch
from logistics.models import Order, PickLine, Plan, Tour
from logistics.verify import verify
from tests.fakes import MORNING
from tests.logistics.a_publisher import at_write
from tests.logistics.builders import TOMORROW
from tests.logistics.test_dispatch import Scene

CHECKOUT = Path(__file__).resolve().parents[2]


class PowerCut(Exception):
    """Stands for whatever ends a process between two statements."""


@pytest.fixture
def drafted(sessions):
    """A database with a draft of tomorrow."""
    with sessions.begin() as session:
        Scene(session)
    return sessions


def is_still_a_draft(sessions):
    with sessions() as session:
        assert session.scalars(select(Plan.status)).all() == ["draft"]
        assert set(session.scalars(select(Tour.state))) == {"draft"}
        assert set(session.scalars(select(Order.state))) == {"open"}
        assert session.scalars(select(PickLine.id)).all() == []
        assert verify(session) == ()
    return True


def test_failing_at_any_of_its_writes_leaves_a_draft(drafted, database_url):
    writes = 0
    while True:
        cut = database.open_sessions(database_url)

        def fail():
            raise PowerCut

        at_write(cut, writes + 1, fail)
        try:
            with cut.begin() as session:
                dispatch.publish_day(session, TOMORROW, now=MORNING, actor="eva")
        except PowerCut:
            writes += 1
            assert is_still_a_draft(drafted)
        else:
            break
        finally:
            cut.close()

    assert writes > 10
    with drafted() as session:
        assert session.scalars(select(Plan.status)).all() == ["published"]
        assert verify(session) == ()


@pytest.mark.parametrize("number", [2, 9])
def test_a_killed_publication_leaves_a_draft_that_can_be_published(drafted, database_url, number):
    command = [sys.executable, "-m", "tests.logistics.a_publisher", database_url, TOMORROW.isoformat(), str(number)]

    killed = subprocess.run(command, cwd=CHECKOUT, timeout=60)

    assert killed.returncode == -9
    assert is_still_a_draft(drafted)
    with drafted.begin() as session:
        dispatch.publish_day(session, TOMORROW, now=MORNING, actor="eva")
    with drafted() as session:
        assert verify(session) == ()
