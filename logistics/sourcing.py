"""Which site serves an order: the nearest open one with everything free, and the promise of its pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import addresses, stock
from inventory.errors import NotEnoughStock
from inventory.models import Product, Site

from .locating import NearSite, nearest_sites
from .models import Order, OrderLine, Van
from .ports import Point, Roads


@dataclass(frozen=True, slots=True)
class Shortage:
    """What keeps a site from serving an order: pieces of one product wanted there and free there."""

    sku: str
    wanted: int
    free: int
    site: str

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {"sku": self.sku, "wanted": self.wanted, "free": self.free, "site": self.site}


def cause(order: Order, line: OrderLine) -> str:
    """The cause under which a line's pieces are promised: `order:REFERENCE#LINE`."""
    return f"order:{order.reference}#{line.number}"


def open_lines(session: Session, order: Order, direction: str | None = None) -> list[OrderLine]:
    """The order's open lines, by number; of one direction when told."""
    wanted = select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.state == "open")
    if direction is not None:
        wanted = wanted.where(OrderLine.direction == direction)
    return list(session.scalars(wanted.order_by(OrderLine.number)))


def candidates(session: Session, roads: Roads, order: Order) -> tuple[NearSite, ...]:
    """The sites that may serve the order, best first: open ones by travel time, or only that of the wanted van."""
    home = addresses.current(session, order.employee_id)
    point = Point(home.lat, home.lon) if home is not None and home.lat is not None and home.lon is not None else None
    near = nearest_sites(session, roads, point)
    if order.wanted_van_id is None:
        return near
    base = session.get_one(Van, order.wanted_van_id).site_id
    return tuple(one for one in near if one.site.id == base)


def serve_from(session: Session, order: Order, sites: Sequence[Site], *, now: datetime) -> Shortage | None:
    """Promise the order's open lines out at the first of the sites that has everything, or nothing at all.

    The serving site is written into the order: that site, else the first one. Without lines out it is the first one.

    Returns:
        None when everything is promised, else what is missing at the first site.
    """
    lines = open_lines(session, order, "out")
    first: Shortage | None = None
    for site in sites:
        short = _promise_all(session, order, lines, site, now=now)
        if short is None:
            order.site_id = site.id
            session.flush()
            return None
        first = first or short
    order.site_id = sites[0].id if sites else None
    session.flush()
    return first or (_nowhere(session, lines) if lines else None)


def release(session: Session, order: Order, lines: Sequence[OrderLine], *, now: datetime) -> int:
    """Take back what was promised to these lines; says how many pieces became free."""
    return sum(stock.release(session, cause(order, line), now=now) for line in lines)


def is_promised(session: Session, order: Order) -> bool:
    """Whether every open line out has its pieces promised, all at the serving site."""
    if order.site_id is None:
        return False
    shelf = stock.holder(session, "site", session.get_one(Site, order.site_id).code)
    return all(
        sum(one.quantity for one in stock.promises(session, cause(order, line)) if one.holder_id == shelf.id)
        == line.quantity
        for line in open_lines(session, order, "out")
    )


def _promise_all(
    session: Session, order: Order, lines: Sequence[OrderLine], site: Site, *, now: datetime
) -> Shortage | None:
    shelf = stock.holder(session, "site", site.code)
    wanted: dict[int, int] = defaultdict(int)
    for line in lines:
        wanted[line.product_id] += line.quantity
    for product_id, quantity in wanted.items():
        free = stock.free(session, shelf.id, product_id)
        if free < quantity:
            return Shortage(session.get_one(Product, product_id).sku, quantity, free, site.code)
    try:
        with session.begin_nested():
            # In one sequence for everybody, so that two orders never wait for each other's shelf.
            for line in sorted(lines, key=lambda one: (one.product_id, one.number)):
                stock.reserve(
                    session, holder_id=shelf.id, product_id=line.product_id, quantity=line.quantity,
                    cause=cause(order, line), now=now,
                )  # fmt: skip
    except NotEnoughStock as refusal:
        # Somebody else was quicker between the look and the promise.
        return Shortage(refusal.sku, refusal.wanted, refusal.free, site.code)
    return None


def _nowhere(session: Session, lines: Sequence[OrderLine]) -> Shortage:
    return Shortage(session.get_one(Product, lines[0].product_id).sku, lines[0].quantity, 0, "")
