"""`tournee order place | cancel | show`: one order by hand."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .console import DAY_HELP, Refused, actor, complain, day_word, read_day, say, say_json

if TYPE_CHECKING:
    from datetime import time

    from sqlalchemy.orm import Session

    from .. import orders as service
    from ..settings import Settings

KINDS = ("issue", "swap", "return")
PRIORITIES = {"standard": 1, "blocking": 2, "critical": 3}


def add(commands: Any) -> None:
    """Declare the command."""
    order = commands.add_parser("order", help="one order by hand", description="Place, cancel or look at one order.")
    deeds = order.add_subparsers(dest="part", metavar="place | cancel | show", required=True)

    place = deeds.add_parser(
        "place",
        help="order kit for an employee",
        description="Order kit for an employee, or have some fetched. An order may be placed short; it is tried again "
        "before each plan.",
    )
    place.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    place.add_argument("employee", metavar="NUMBER", help="the employee's number")
    place.add_argument("--out", action="append", default=[], metavar="SKU[:N]", help="a product to bring, N pieces")
    place.add_argument("--back", action="append", default=[], metavar="TAG", help="the tag of a piece to fetch")
    place.add_argument("--day", type=day_word, default="+1", metavar="DAY", help=f"{DAY_HELP} (default +1)")
    place.add_argument("--window", type=_window, default=None, metavar="HH:MM-HH:MM", help="default 09:00-17:00")
    place.add_argument("--priority", choices=tuple(PRIORITIES), default="standard", help="default standard")
    place.add_argument("--reference", metavar="REF", help="drawn when left out")
    place.add_argument("--json", action="store_true", help="the result as JSON")
    place.set_defaults(run=run_place)

    cancel = deeds.add_parser("cancel", help="cancel an order", description="Cancel an order; its stock is free again.")
    cancel.add_argument("reference", metavar="REF")
    cancel.add_argument("--reason", default="", metavar="TEXT", help="why, for the order's history")
    cancel.set_defaults(run=run_cancel)

    show = deeds.add_parser("show", help="an order and its dated events", description="An order and its events.")
    show.add_argument("reference", metavar="REF")
    show.add_argument("--json", action="store_true", help="the result as JSON")
    show.set_defaults(run=run_show)


def run_place(arguments: argparse.Namespace, settings: Settings) -> int:
    """Place an order and say its reference."""
    from .. import orders as service
    from ..wiring import wire

    system = wire(settings)
    day = read_day(system, arguments.day)
    opens, closes = arguments.window or _window("09:00-17:00")
    with system.sessions.begin() as session:
        request = service.OrderRequest(
            reference=arguments.reference,
            kind=arguments.kind,
            employee_number=arguments.employee,
            lines=_lines(session, arguments),
            day=day,
            window_start=opens,
            window_end=closes,
            priority=PRIORITIES[arguments.priority],
            signalled_at=system.now(),
            severity="",
            note="",
        )
        made = service.place(
            session, request, roads=system.roads, now=system.now(), actor=actor(), settings=system.settings
        )
        told = _told(session, made.reference)
    _say(told, as_json=arguments.json)
    return 0


def run_cancel(arguments: argparse.Namespace, settings: Settings) -> int:
    """Cancel an order."""
    from .. import orders as service
    from ..wiring import wire

    system = wire(settings)
    with system.sessions.begin() as session:
        service.cancel(session, arguments.reference, now=system.now(), actor=actor(), reason=arguments.reason)
    say(f"order {arguments.reference} is cancelled")
    return 0


def run_show(arguments: argparse.Namespace, settings: Settings) -> int:
    """An order, its lines and events; no name and no address."""
    from ..wiring import wire

    system = wire(settings)
    with system.sessions() as session:
        told = _told(session, arguments.reference)
    _say(told, as_json=arguments.json)
    return 0


def _lines(session: Session, arguments: argparse.Namespace) -> tuple[service.LineRequest, ...]:
    from inventory import assets
    from inventory.models import Product

    from .. import orders as service

    lines = []
    for wanted in arguments.out:
        sku, _, count = wanted.partition(":")
        if count and not count.isdigit():
            raise Refused(f"{wanted!r} is not understood", next_step="Write --out SKU or --out SKU:2.")
        lines.append(service.LineRequest(direction="out", sku=sku, quantity=int(count or 1), asset_tag=None))
    for tag in arguments.back:
        sku = session.get_one(Product, assets.asset(session, tag).product_id).sku
        lines.append(service.LineRequest(direction="back", sku=sku, quantity=1, asset_tag=tag))
    if not lines:
        raise Refused("the order has no line", next_step="Add --out SKU, --back TAG, or both.")
    return tuple(lines)


def _told(session: Session, reference: str) -> dict[str, Any]:
    from sqlalchemy import select

    from inventory.models import Asset, Employee, Product, Site

    from ..errors import UnknownRecord
    from ..models import Order, OrderEvent, OrderLine

    order = session.scalar(select(Order).where(Order.reference == reference))
    if order is None:
        raise UnknownRecord("order", reference)
    lines = session.execute(
        select(OrderLine, Product.sku, Asset.asset_tag)
        .join(Product, Product.id == OrderLine.product_id)
        .join(Asset, Asset.id == OrderLine.asset_id, isouter=True)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.number)
    )
    events = session.scalars(select(OrderEvent).where(OrderEvent.order_id == order.id).order_by(OrderEvent.id))
    return {
        "reference": order.reference,
        "kind": order.kind,
        "state": order.state,
        "employee_number": session.scalar(select(Employee.number).where(Employee.id == order.employee_id)),
        "site": session.scalar(select(Site.code).where(Site.id == order.site_id)),
        "day": order.day.isoformat(),
        "window": f"{order.window_start:%H:%M}-{order.window_end:%H:%M}",
        "priority": order.priority,
        "lines": [
            {"direction": line.direction, "sku": sku, "quantity": line.quantity, "asset_tag": tag, "state": line.state}
            for line, sku, tag in lines
        ],
        "events": [
            {"kind": event.kind, "occurred_at": event.occurred_at.isoformat(), "actor": event.actor} for event in events
        ],
    }


def _say(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(told)
        return
    say(
        f"order {told['reference']}: {told['kind']} for employee {told['employee_number']}, {told['day']} "
        f"{told['window']}, from {told['site'] or 'no site'}, {told['state']}"
    )
    for line in told["lines"]:
        tag = f" ({line['asset_tag']})" if line["asset_tag"] else ""
        say(f"  {line['direction']:<4} {line['quantity']} x {line['sku']}{tag}: {line['state']}")
    for event in told["events"]:
        say(f"  {event['occurred_at'][:16]} {event['kind']}")
    if told["events"] and told["events"][-1]["kind"] == "short":
        complain("There is not enough stock; the order is tried again before each plan.")


def _window(text: str) -> tuple[time, time]:
    from datetime import time

    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise argparse.ArgumentTypeError("write it as 09:00-12:00") from None
    if closes <= opens:
        raise argparse.ArgumentTypeError("must end after it begins")
    return opens, closes
