"""Several people order, call off and plan at the same moment: nothing is promised twice, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time
from pathlib import Path
from threading import Barrier
from typing import Any

from sqlalchemy import select

from inventory import stock
from logistics import orders, planning
from logistics.errors import PlanIsStale
from logistics.models import Order, OrderEvent, Plan
from logistics.orders import LineRequest, OrderChanged, OrderRequest
from logistics.settings import Settings
from tests.builders import a_product, a_site, received, someone_at_home
from tests.fakes import MORNING, FakeRoads
from tests.logistics.builders import TOMORROW, a_van
from tests.logistics.systems import a_system

SETTINGS = Settings(home=Path("/nowhere"), database_url="sqlite://")


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """The results, or what was raised, of deeds that begin together."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        futures = [pool.submit(deed) for deed in deeds]
        return [future.exception() or future.result() for future in futures]


def a_company(sessions, *, mice: int, pads: int) -> None:
    with sessions.begin() as session:
        site = a_site(session, "NCE")
        for sku, count in (("MOUSE", mice), ("PAD", pads)):
            received(session, a_product(session, sku), count, site=site)
        for number in range(8):
            someone_at_home(session, f"E{number}")
        a_van(session, site, "V1")


def placing(sessions, number: int, *skus: str) -> Callable[[], str]:
    def place() -> str:
        lines = tuple(LineRequest("out", sku) for sku in skus)
        request = OrderRequest("issue", f"E{number}", lines, TOMORROW, time(8), time(17))
        with sessions.begin() as session:
            made = orders.place(
                session, request, roads=FakeRoads(), now=MORNING, actor="agent", settings=SETTINGS
            )
            return made.reference

    return place


def test_people_who_order_together_get_references_of_their_own_and_no_piece_twice(sessions):
    a_company(sessions, mice=3, pads=5)

    got = at_once(*(placing(sessions, n, *(("MOUSE", "PAD") if n % 2 else ("PAD", "MOUSE"))) for n in range(6)))

    assert len(set(got)) == 6 and all(isinstance(one, str) for one in got), got
    with sessions() as session:
        told = session.scalars(select(OrderEvent.kind).where(OrderEvent.kind.in_(("reserved", "short")))).all()
        shelf = stock.holder(session, "site", "NCE").id
        left = [stock.free(session, shelf, product) for product in (1, 2)]
    assert (told.count("reserved"), told.count("short")) == (3, 3)
    assert left == [0, 2]


def test_of_two_changes_made_from_the_same_page_one_is_refused(sessions):
    a_company(sessions, mice=3, pads=5)
    reference = placing(sessions, 1, "MOUSE")()
    with sessions() as session:
        version = orders.order(session, reference).version

    def change(priority: int) -> Callable[[], None]:
        def amend() -> None:
            with sessions.begin() as session:
                orders.amend(
                    session, reference, {"priority": priority}, expected_version=version, now=MORNING, actor="a"
                )

        return amend

    got = at_once(change(2), change(3))

    assert sorted(type(one).__name__ for one in got) == ["NoneType", OrderChanged.__name__]


class Meeting(FakeRoads):
    """Roads that answer once both plannings have read the day."""

    def __init__(self) -> None:
        super().__init__()
        self.both = Barrier(2)

    def matrix(self, points, modes):
        self.both.wait(timeout=60)
        return super().matrix(points, modes)


def test_of_two_plannings_at_once_one_is_written(sessions, tmp_path, clock):
    a_company(sessions, mice=3, pads=5)
    placing(sessions, 1, "MOUSE")()
    system = replace(a_system(sessions, tmp_path / "home", now=clock), roads=Meeting())

    got = at_once(*(lambda: planning.plan_day(system, TOMORROW, time_limit=1, actor="a") for _ in range(2)))

    assert sorted(type(one).__name__ for one in got) == sorted(["PlanSummary", PlanIsStale.__name__])
    with sessions() as session:
        assert session.scalars(select(Plan.version)).all() == [1]


def test_retrying_planning_and_cancelling_do_not_wait_for_each_other_for_ever(sessions):
    a_company(sessions, mice=2, pads=2)
    references = [placing(sessions, n, "MOUSE", "PAD")() for n in range(4)]

    def retry() -> Any:
        with sessions.begin() as session:
            return orders.retry_reservations(session, TOMORROW, roads=FakeRoads(), now=MORNING)

    def call_off(reference: str) -> Callable[[], str]:
        def cancel() -> str:
            with sessions.begin() as session:
                return orders.cancel(session, reference, now=MORNING, actor="a").state

        return cancel

    got = at_once(retry, call_off(references[0]), retry, call_off(references[1]), retry)
    with sessions.begin() as session:
        orders.retry_reservations(session, TOMORROW, roads=FakeRoads(), now=MORNING)

    assert [one for one in got if isinstance(one, Exception)] == []
    with sessions() as session:
        states = dict(tuple(row) for row in session.execute(select(Order.reference, Order.state)))
        served = session.scalars(
            select(Order.reference).join(OrderEvent).where(OrderEvent.kind == "reserved", Order.state == "open")
        ).all()
    assert [states[one] for one in references] == ["cancelled", "cancelled", "open", "open"]
    assert sorted(served) == references[2:]
