"""A company in the middle of its week: everything the road can bring has happened to somebody.

Wednesday's tours are over (done, partly done, failed, cancelled, missing at loading, differences at the end); of
Thursday's, one is on the road with its first stop done, one is published; a draft of Thursday's next version waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from inventory import stock
from inventory.models import Asset, Employee
from logistics import dispatch, execution, orders, picking
from logistics.models import Order, OrderLine, PickLine, Tour
from tests.builders import a_laptop, a_piece, a_product, a_site, an_address, pieces, received, someone_at_home
from tests.fakes import MORNING
from tests.logistics.builders import (
    TOMORROW,
    a_draft,
    a_tour,
    a_van,
    an_order,
    back,
    lines_of,
    out,
    stops_of,
)

WEDNESDAY, THURSDAY = TOMORROW, TOMORROW + timedelta(days=1)


def a_week(session: Any) -> None:
    """Write the whole week into an empty database, through the services."""
    site = a_site(session, "NCE")
    laptop, mouse, dock = a_laptop(session, "LAP"), a_product(session, "MOU"), a_product(session, "DOC")
    pieces(session, laptop, 12, site=site)
    received(session, mouse, 30, site=site)
    first, second = a_van(session, site, "V1"), a_van(session, site, "V2")
    people = [someone_at_home(session, f"E{number}") for number in range(1, 11)]
    old = [a_piece(session, laptop, who=_holder(session, one), tag=f"OLD-{one.number}") for one in people[:4]]
    wednesday = {
        "whole": an_order(session, people[0], site, out(laptop), out(mouse, 2), reference="whole"),
        "partly": an_order(session, people[1], site, out(laptop, 2), out(mouse, 4), reference="partly"),
        "absent": an_order(session, people[2], site, out(laptop), reference="absent"),
        "swap": an_order(session, people[3], site, out(laptop), back(laptop, 1, old[3]), reference="swap"),
        "kept": an_order(session, people[0], site, out(laptop), back(laptop, 1, old[0]), reference="kept"),
    }  # fmt: skip
    others = {
        "return": an_order(session, people[1], site, back(laptop, 1, old[1]), back(dock, 1), reference="return"),
        "cancelled": an_order(session, people[4], site, out(mouse), reference="cancelled"),
        "missing": an_order(session, people[5], site, out(mouse, 3), reference="missing"),
    }
    tours = a_tour(session, first, list(wednesday.values())), a_tour(session, second, list(others.values()))
    a_draft(session, *tours)
    dispatch.publish_day(session, WEDNESDAY, now=MORNING, actor="eva")
    orders.cancel(session, "cancelled", now=MORNING, actor="eva")
    lost = session.scalars(select(PickLine).where(PickLine.order_line_id == _line(session, others["missing"]).id)).one()
    picking.mark(session, lost.id, "missing", now=MORNING, actor="wim")
    _drive_wednesday(session, tours, wednesday)
    _thursday(session, site, laptop, mouse, (first, second), people, wednesday)


def _drive_wednesday(session: Any, tours: tuple[Tour, Tour], served: dict[str, Order]) -> None:
    at = MORNING + timedelta(days=1)
    first, second = tours
    stops = stops_of(session, first)
    say(session, first, "started", at)
    say(session, first, "arrived", at, stops[0].id)
    say(session, first, "done", at, stops[0].id, {"confirmed_working": True})
    laptops, mice = lines_of(session, served["partly"])
    tag = session.scalars(
        select(Asset.asset_tag).join(PickLine, PickLine.asset_id == Asset.id)
        .where(PickLine.order_line_id == laptops.id).order_by(Asset.asset_tag).limit(1)
    ).one()  # fmt: skip
    handed = [{"line": laptops.id, "asset_tag": tag}, {"line": mice.id, "quantity": 3}]
    say(session, first, "done", at, stops[1].id, {"given": handed})
    say(session, first, "failed", at, stops[2].id, {"reason": "absent"})
    say(session, first, "done", at, stops[3].id)
    say(session, first, "done", at, stops[4].id, {"taken": []})
    counted = [{"asset_tag": piece} for piece in _aboard(session, "V1")[1:]]
    say(session, first, "ended", at, facts={"counted": counted})
    say(session, second, "started", at)
    say(session, second, "done", at, stops_of(session, second)[0].id)
    say(session, second, "ended", at)


def _thursday(
    session: Any, site: Any, laptop: Any, mouse: Any, vans: Any, people: list[Employee], before: dict[str, Order]
) -> None:
    now = MORNING + timedelta(days=1, hours=8)
    third = a_van(session, site, "V3")
    again = before["absent"]
    _promise(session, again, now)
    early = [
        an_order(session, people[6], site, out(laptop), reference="early", day=THURSDAY),
        an_order(session, people[7], site, out(mouse, 2), reference="underway", day=THURSDAY),
    ]
    late = [again, an_order(session, people[8], site, out(laptop), out(mouse), reference="planned", day=THURSDAY)]
    waiting = an_order(session, people[9], site, out(mouse), reference="waiting", day=THURSDAY)
    first = a_tour(session, vans[0], early, day=THURSDAY)
    second = a_tour(session, vans[1], late, day=THURSDAY)
    a_draft(session, first, second, day=THURSDAY, unserved=[waiting], now=now)
    dispatch.publish_day(session, THURSDAY, now=now, actor="eva")
    # A home may change after publication: the tour keeps the one it was planned with.
    an_address(session, people[8], line="9 rue Neuve", now=now + timedelta(hours=1))
    at = MORNING + timedelta(days=2)
    say(session, first, "started", at)
    say(session, first, "done", at, stops_of(session, first)[0].id)
    a_draft(session, first, second, a_tour(session, third, [waiting], day=THURSDAY), day=THURSDAY, now=now)


def say(
    session: Any, tour: Tour, kind: str, at: datetime, stop_id: int | None = None, facts: dict[str, Any] | None = None
) -> execution.Recorded:
    """One event of the tour, told when it happens."""
    event = execution.StopEventIn(
        id=f"{tour.id}-{stop_id or 0}-{kind}", kind=kind, tour_id=tour.id, stop_id=stop_id, occurred_at=at,
        facts=facts or {},
    )  # fmt: skip
    return execution.record(session, event, now=at, actor="courier:1")


def _promise(session: Any, order: Order, now: datetime) -> None:
    """Promise a reopened order's lines again, as is done before each plan."""
    shelf = stock.holder(session, "site", "NCE")
    for line in lines_of(session, order):
        cause = f"order:{order.reference}#{line.number}"
        stock.reserve(
            session, holder_id=shelf.id, product_id=line.product_id, quantity=line.quantity, cause=cause, now=now
        )


def _holder(session: Any, employee: Employee) -> Any:
    return stock.holder(session, "employee", employee.number)


def _line(session: Any, order: Order) -> OrderLine:
    return lines_of(session, order)[0]


def _aboard(session: Any, van: str) -> list[str]:
    vehicle = stock.holder(session, "vehicle", van)
    return list(session.scalars(select(Asset.asset_tag).where(Asset.holder_id == vehicle.id).order_by(Asset.asset_tag)))


__all__ = ["THURSDAY", "WEDNESDAY", "a_week", "say"]
