"""Rows that share a reference are the lines of one order: it goes in whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import assets, catalogue, people, tables
from inventory.errors import InventoryError
from inventory.models import Asset, Employee, Holder, Product

from .. import calendars
from .. import orders as service
from ..errors import LogisticsError
from ..models import Order, OrderEvent, OrderLine
from .appliers import Scene
from .cells import Day
from .reading import Shape, read_row
from .refusals import RowContradicts, RowRefused, judge
from .report import RowProblem

Values = dict[str, Any]
#: What every row of one order must say alike.
SHARED = (
    "kind", "employee_number", "day", "window_start", "window_end", "priority", "signalled_at", "severity",
)  # fmt: skip


def apply_group(scene: Scene, shape: Shape, pieces: Sequence[tables.Row]) -> tuple[str, list[RowProblem]]:
    """Place the order these rows describe.

    Returns:
        `created`, `unchanged`, `conflict` (it is there with other facts) or `refused`; and what there is to say, by
        line. When one row is refused, the others say so too.
    """
    read = [(row.line, *read_row(shape, row)) for row in pieces]
    problems = [problem for _, _, found in read for problem in found]
    rows = [(line, values) for line, values, _ in read]
    if not problems:
        problems = _disagreements(rows)
    outcome = "refused"
    if not problems:
        outcome, problems = _place(scene, rows)
    if outcome == "refused":
        problems += _dragged_along(pieces, problems, shape)
    return outcome, problems


def _place(scene: Scene, rows: Sequence[tuple[int, Values]]) -> tuple[str, list[RowProblem]]:
    line, values = rows[0]
    try:
        with scene.session.begin_nested():
            request = _request(scene, rows)
            known = scene.session.scalar(select(Order).where(Order.reference == values["reference"]))
            if known is not None:
                _same(scene.session, known, request, line, relative=values["day"].working_days is not None)
                return "unchanged", []
            _not_past(scene, request.day, line)
            _hold_what_comes_back(scene.session, rows)
            order = service.place(
                scene.session,
                request,
                roads=scene.system.roads,
                now=scene.now,
                actor=scene.actor,
                settings=scene.system.settings,
            )
            if _is_short(scene.session, order):
                scene.notice(RowProblem(line, "sku", "placed-short", {"order": order.reference}))
            return "created", []
    except (InventoryError, LogisticsError) as error:
        return judge(error, line, values)


def _request(scene: Scene, rows: Sequence[tuple[int, Values]]) -> service.OrderRequest:
    line, values = rows[0]
    if values["window_end"] <= values["window_start"]:
        facts = {"other": f"window_start ({values['window_start']:%H:%M})"}
        shown = f"{values['window_end']:%H:%M}"
        raise RowRefused(RowProblem(line, "window_end", "closes-before-it-opens", facts, shown))
    lines = tuple(one for number, row in rows for one in _told_lines(scene.session, number, row))
    return service.OrderRequest(
        reference=values["reference"],
        kind=values["kind"],
        employee_number=values["employee_number"],
        lines=lines,
        day=_day(scene, values["day"]),
        window_start=values["window_start"],
        window_end=values["window_end"],
        priority=values.get("priority") or 1,
        signalled_at=_moment(values.get("signalled_at"), scene.zone),
        severity=values.get("severity") or "",
        note="",
    )


def _told_lines(session: Session, line: int, values: Values) -> tuple[service.LineRequest, ...]:
    """As `_lines`; what is unknown is put to this row, not to the first of the order."""
    try:
        return _lines(session, line, values)
    except InventoryError as error:
        raise RowRefused(*judge(error, line, values)[1]) from error


def _lines(session: Session, line: int, values: Values) -> tuple[service.LineRequest, ...]:
    """One row's lines: what goes out, what comes back, or both."""
    kind, sku, tag = values["kind"], values["sku"], values["return_asset_tag"]
    quantity = values["quantity"] or 1
    if kind == "issue" and tag:
        raise RowRefused(RowProblem(line, "return_asset_tag", "takes-nothing-back"))
    if kind != "return" and not sku:
        raise RowRefused(RowProblem(line, "sku", "needs-sku"))
    product = catalogue.product(session, sku) if sku else None
    out: tuple[service.LineRequest, ...] = ()
    if kind != "return":
        out = (service.LineRequest(direction="out", sku=sku, quantity=quantity, asset_tag=None),)
    if kind == "issue":
        return out
    return (*out, _back(session, line, values, product, quantity))


def _back(session: Session, line: int, values: Values, product: Product | None, quantity: int) -> service.LineRequest:
    """What the employee gives back: an exact piece by its tag, or so many of a counted product."""
    tag = values["return_asset_tag"]
    if tag:
        piece = assets.asset(session, tag)
        found = session.get_one(Product, piece.product_id)
        if values["kind"] == "return" and product is not None and product.id != found.id:
            facts = {"found": found.sku, "told": product.sku}
            raise RowRefused(RowProblem(line, "return_asset_tag", "other-product", facts))
        return service.LineRequest(direction="back", sku=found.sku, quantity=1, asset_tag=tag)
    if product is None or product.tracking == "serial":
        raise RowRefused(RowProblem(line, "return_asset_tag", "needs-return-tag"))
    return service.LineRequest(direction="back", sku=product.sku, quantity=quantity, asset_tag=None)


def _hold_what_comes_back(session: Session, rows: Sequence[tuple[int, Values]]) -> None:
    employee = people.employee(session, rows[0][1]["employee_number"])
    for line, values in rows:
        if tag := values["return_asset_tag"]:
            holder = select(Holder.employee_id).join(Asset, Asset.holder_id == Holder.id).where(Asset.asset_tag == tag)
            if session.scalar(holder) != employee.id:
                raise RowRefused(RowProblem(line, "return_asset_tag", "not-held", {"what": tag}))


def _same(session: Session, known: Order, request: service.OrderRequest, line: int, *, relative: bool) -> None:
    """Whether the order is there as told. A day counted from the import is counted once, at the first import."""
    number = session.scalar(select(Employee.number).where(Employee.id == known.employee_id))
    pairs = {
        "kind": (known.kind, request.kind),
        "employee_number": (number, request.employee_number),
        "day": (known.day, known.day if relative else request.day),
        "window_start": (known.window_start, request.window_start),
        "window_end": (known.window_end, request.window_end),
        "priority": (known.priority, request.priority),
        "lines": (_known_lines(session, known.id), sorted(_line_facts(one) for one in request.lines)),
    }
    fields = [name for name, (recorded, told) in pairs.items() if recorded != told]
    if fields:
        facts = {"fields": ", ".join(fields)}
        raise RowContradicts(RowProblem(line, "reference", "other-facts", facts, request.reference or ""))


def _known_lines(session: Session, order_id: int) -> list[tuple[str, str, int, str]]:
    rows = session.execute(
        select(OrderLine.direction, Product.sku, OrderLine.quantity, Asset.asset_tag)
        .join(Product, Product.id == OrderLine.product_id)
        .join(Asset, Asset.id == OrderLine.asset_id, isouter=True)
        .where(OrderLine.order_id == order_id)
    )
    # A line out carries a tag once the piece is handed over; the file never names it.
    return sorted((way, sku, quantity, (tag or "") if way == "back" else "") for way, sku, quantity, tag in rows)


def _line_facts(one: service.LineRequest) -> tuple[str, str, int, str]:
    return one.direction, one.sku, one.quantity, one.asset_tag or ""


def _day(scene: Scene, told: Day) -> date:
    return told.date or calendars.working_day(scene.today, told.working_days or 0, scene.country)


def _not_past(scene: Scene, day: date, line: int) -> None:
    if day < scene.today:
        raise RowRefused(
            RowProblem(line, "day", "day-in-the-past", {"today": scene.today.isoformat()}, day.isoformat())
        )


def _moment(told: datetime | None, zone: str) -> datetime | None:
    return told if told is None or told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))


def _is_short(session: Session, order: Order) -> bool:
    short = select(OrderEvent.id).where(OrderEvent.order_id == order.id, OrderEvent.kind == "short")
    return session.scalar(short) is not None


def _disagreements(rows: Sequence[tuple[int, Values]]) -> list[RowProblem]:
    first, told = rows[0]
    return [
        RowProblem(line, name, "lines-disagree", {"first": first})
        for line, values in rows[1:]
        for name in SHARED
        if values.get(name) != told.get(name)
    ]


def _dragged_along(pieces: Sequence[tables.Row], problems: Sequence[RowProblem], shape: Shape) -> list[RowProblem]:
    if not problems:
        return []
    at_fault = {problem.line for problem in problems}
    reference = shape.text("reference", pieces[0].cells)
    facts = {"reference": reference, "line": min(at_fault)}
    return [RowProblem(row.line, "reference", "order-refused", facts) for row in pieces if row.line not in at_fault]
