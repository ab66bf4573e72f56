"""Two people press the same button at the same moment: one effect, two equal answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from inventory.models import Movement
from logistics import dispatch, execution
from logistics.errors import WrongState
from logistics.models import OrderEvent, PickLine, StopEvent
from logistics.verify import verify
from tests.fakes import MORNING
from tests.logistics.builders import TOMORROW
from tests.logistics.test_dispatch import Scene
from tests.logistics.test_execution import AT

HANDS = 4


def at_once(deed):
    """The deed by several hands started together: what each got, errors included."""
    gate = threading.Barrier(HANDS)

    def one(number):
        gate.wait()
        try:
            return deed(number)
        except WrongState as refusal:
            return refusal

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(one, range(HANDS)))


def count(sessions, rows):
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(rows))


@pytest.fixture
def drafted(sessions):
    with sessions.begin() as session:
        return Scene(session).tour.id


def publish(sessions):
    with sessions.begin() as session:
        return dispatch.publish_day(session, TOMORROW, now=MORNING, actor="eva")


def test_a_day_published_by_several_at_once_is_published_once(sessions, drafted):
    answers = at_once(lambda _number: publish(sessions))

    assert len(set(answers)) == 1
    assert count(sessions, PickLine) == 4
    with sessions() as session:
        kinds = session.scalars(select(OrderEvent.kind)).all()
        assert kinds.count("published") == 2
        assert verify(session) == ()


def test_one_event_told_by_several_connections_moves_the_stock_once(sessions, drafted):
    publish(sessions)
    before = count(sessions, Movement)

    def tell(_number):
        event = execution.StopEventIn("phone-1", "started", drafted, None, AT)
        with sessions.begin() as session:
            return execution.record(session, event, now=AT, actor="c")

    answers = at_once(tell)

    assert sorted(answer.repeated for answer in answers) == [False, True, True, True]
    assert len({str(answer.result) for answer in answers}) == 1
    assert count(sessions, Movement) == before + 4
    assert count(sessions, StopEvent) == 1


def test_of_several_starts_of_one_tour_one_is_recorded(sessions, drafted):
    publish(sessions)

    def tell(number):
        event = execution.StopEventIn(f"phone-{number}", "started", drafted, None, AT)
        with sessions.begin() as session:
            return execution.record(session, event, now=AT, actor="c")

    answers = at_once(tell)

    assert sum(isinstance(answer, WrongState) for answer in answers) == HANDS - 1
    with sessions() as session:
        assert verify(session) == ()
