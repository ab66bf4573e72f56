"""Orders: placed, changed, called off; each deed adds a dated fact to the order's life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inventory import assets, catalogue, people, stock
from inventory.errors import UnknownRecord as UnknownInInventory
from inventory.models import Asset, Balance, Employee, Holder, Product, Site

from . import jobs, sourcing, states, vans
from .errors import AlreadyExists, InvalidRequest, LogisticsError, UnknownRecord, WrongState
from .models import Order, OrderLine, Van
from .order_events import tell, told
from .ports import Roads
from .requests import (
    AssetNotHeld,
    EmployeeLeft,
    LineRequest,
    OrderRequest,
    check_kind,
    check_priority,
    check_text,
    check_window,
)
from .settings import Settings

#: What may be changed of an order; the lines only as long as no tour carries it.
CHANGEABLE = ("day", "window_start", "window_end", "priority", "severity", "note", "lines")


class OrderChanged(LogisticsError):
    """Somebody changed the order since it was read; nothing was written. Read it again."""

    code = "order-changed"

    def __init__(self, reference: str, *, expected: int, found: int) -> None:
        self.reference, self.expected, self.found = reference, expected, found
        super().__init__(f"order {reference} is at version {found}, not {expected}")


def order(session: Session, reference: str, *, lock: bool = False) -> Order:
    """The order of this reference.

    Args:
        lock: nobody else changes it until the transaction ends.

    Raises:
        UnknownRecord: there is none.
    """
    wanted = select(Order).where(Order.reference == reference)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise UnknownRecord("order", reference)
    return found


def place(
    session: Session, request: OrderRequest, *, roads: Roads, now: datetime, actor: str, settings: Settings
) -> Order:
    """Take an order: its lines out are promised at the nearest open site that has everything, or it is placed short.

    An order placed short waits with the nearest open site and is tried again before each plan.

    Raises:
        AlreadyExists: the reference is taken.
        AssetNotHeld: the employee does not have what should be fetched.
        EmployeeLeft: the employee leaves before that day, and it is no return.
        InvalidRequest: an unknown employee, product or asset, a day that is over, a need told in the future.
    """
    employee = _employee(session, request.employee_number)
    if request.reference is not None and _taken(session, request.reference):
        raise AlreadyExists("order", request.reference)
    if request.signalled_at is not None and request.signalled_at > now:
        raise InvalidRequest("signalled_at", "has not come yet")
    lines = _resolve(session, employee, request.lines)
    made = _insert(session, request, employee, now=now, actor=actor)
    _add_lines(session, made, lines)
    sites = [near.site for near in sourcing.candidates(session, roads, made)]
    _check_day(made.kind, employee, request.day, sites[0] if sites else None, now)
    jobs.derive(session, made)
    signalled = {"severity": request.severity, "priority": request.priority}
    tell(session, made, "signalled", occurred_at=request.signalled_at, now=now, actor=actor, facts=signalled)
    tell(session, made, "acknowledged", now=now, actor=actor, facts={"day": request.day.isoformat()})
    _reserve(session, made, sites, now=now, actor=actor, say_short=True)
    return made


def amend(
    session: Session, reference: str, changes: Mapping[str, Any], *, expected_version: int, now: datetime, actor: str
) -> Order:
    """Change an order that has not left: any of `CHANGEABLE`, `lines` being a tuple of `LineRequest`.

    What a published tour carries holds until the next plan is published. Lines change only while the order is open;
    the new ones are promised at its site when everything is there, else it is short and tried again before each plan.

    Raises:
        OrderChanged: it is not at `expected_version` any more.
        WrongState: it is underway, done or cancelled, or its lines are already on a published tour.
        InvalidRequest: a field that cannot be changed, or that cannot be so; see also `place`.
    """
    found = order(session, reference, lock=True)
    if found.version != expected_version:
        raise OrderChanged(reference, expected=expected_version, found=found.version)
    _must_be(found, "open", "planned", wanted="amended")
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise InvalidRequest(unknown[0], "cannot be changed")
    facts = {field: value for field, value in changes.items() if field != "lines" and getattr(found, field) != value}
    _check_facts(session, found, facts, now)
    if "lines" in changes:
        _must_be(found, "open", wanted="given other lines")
        _replace_lines(session, found, tuple(changes["lines"]), now=now)
    for field, value in facts.items():
        setattr(found, field, value)
    session.flush()
    if facts or "lines" in changes:
        said = {field: _plain(value) for field, value in facts.items() if field != "note"}
        changed = sorted([*facts, *(["lines"] if "lines" in changes else [])])
        tell(session, found, "amended", now=now, actor=actor, facts={"changed": changed, **said})
    if "lines" in changes:
        site = session.get(Site, found.site_id) if found.site_id is not None else None
        _reserve(session, found, [site] if site is not None else [], now=now, actor=actor, say_short=True)
    return found


def cancel(session: Session, reference: str, *, now: datetime, actor: str, reason: str = "") -> Order:
    """Call an order off; its pieces are free again. One that is cancelled already stays as it is.

    A published tour keeps the stop, without this order, until the next plan is published.

    Raises:
        WrongState: it is underway or done.
        InvalidRequest: an overlong reason.
    """
    check_text("reason", reason, limit=200)
    found = order(session, reference, lock=True)
    if found.state == "cancelled":
        return found
    _must_be(found, "open", "planned", wanted="cancelled")
    lines = _lines_in(session, found, "open", "planned")
    sourcing.release(session, found, lines, now=now)
    for line in lines:
        line.state = states.advance("line", line.id, line.state, "cancelled")
    jobs.cancel(session, found)
    found.state = states.advance("order", reference, found.state, "cancelled")
    session.flush()
    tell(session, found, "cancelled", now=now, actor=actor, facts={"reason": reason} if reason else {})
    return found


def retry_reservations(
    session: Session, day: date, *, roads: Roads, now: datetime, actor: str = "planner"
) -> tuple[str, ...]:
    """Try again to promise what open orders of this day or before still wait for, the urgent and the old first.

    Returns:
        References of the orders that now have all their pieces promised and had not before.
    """
    # Locked in the sequence in which everybody locks orders, served in that of their urgency.
    waiting = select(Order).where(Order.state == "open", Order.day <= day).order_by(Order.id).with_for_update()
    locked = session.scalars(waiting.execution_options(populate_existing=True)).all()
    mended = []
    for found in sorted(locked, key=lambda one: (-one.priority, one.placed_at, one.id)):
        if _is_served(session, found):
            continue
        sites = [near.site for near in sourcing.candidates(session, roads, found)]
        if sites and _reserve_anew(session, found, sites, now=now, actor=actor):
            mended.append(found.reference)
    return tuple(mended)


def leave_out(session: Session, reference: str, flag: bool, *, now: datetime, actor: str) -> Order:
    """Keep an order off the road, or let it be planned again. Told twice, it is so once.

    Raises:
        WrongState: it is underway, done or cancelled.
    """
    found = order(session, reference, lock=True)
    _must_be(found, "open", "planned", wanted="left out")
    if found.left_out != flag:
        found.left_out = flag
        session.flush()
        tell(session, found, "amended", now=now, actor=actor, facts={"changed": ["left_out"], "left_out": flag})
    return found


def give_to_van(session: Session, reference: str, van_code: str | None, *, now: datetime, actor: str) -> Order:
    """Let only this van serve an order, or any of its site again (None). The pieces move with it to the van's site.

    Raises:
        UnknownRecord: no such van.
        WrongState: the order is underway, done or cancelled, or is published on a tour of another site.
        InvalidRequest: the van is out of service, or its site lacks the pieces; nothing changed.
    """
    found = order(session, reference, lock=True)
    _must_be(found, "open", "planned", wanted="given to another van")
    van = vans.van(session, van_code) if van_code is not None else None
    if found.wanted_van_id == (van.id if van else None):
        return found
    if van is not None and not van.is_active:
        raise InvalidRequest("van", "is out of service", van=van.code)
    if van is not None and van.site_id != found.site_id:
        _move_to(session, found, van, now=now, actor=actor)
    found.wanted_van_id = van.id if van else None
    session.flush()
    tell(session, found, "amended", now=now, actor=actor, facts={"changed": ["wanted_van"], "van": van_code})
    return found


def confirm_working(
    session: Session, reference: str, *, now: datetime, actor: str, occurred_at: datetime | None = None
) -> Order:
    """Note that the employee can work again: the end of their waiting. Told twice, it is noted once.

    Raises:
        WrongState: nothing was delivered yet.
    """
    found = order(session, reference, lock=True)
    _must_be(found, "done", wanted="confirmed")
    if not told(session, found, "confirmed"):
        tell(session, found, "confirmed", occurred_at=occurred_at, now=now, actor=actor)
    return found


def _reserve(
    session: Session, found: Order, sites: Sequence[Site], *, now: datetime, actor: str, say_short: bool
) -> bool:
    short = sourcing.serve_from(session, found, sites, now=now)
    if not sourcing.open_lines(session, found, "out"):
        return True
    if short is None:
        code = session.get_one(Site, found.site_id).code
        tell(session, found, "reserved", now=now, actor=actor, facts={"site": code})
    elif say_short:
        tell(session, found, "short", now=now, actor=actor, facts=short.as_json())
    return short is None


def _is_served(session: Session, found: Order) -> bool:
    site = session.get(Site, found.site_id) if found.site_id is not None else None
    return site is not None and site.is_open and sourcing.is_promised(session, found)


def _reserve_anew(session: Session, found: Order, sites: Sequence[Site], *, now: datetime, actor: str) -> bool:
    """Give up half a promise, or one at a closed site, for a whole one; without a whole one keep what there is."""
    if not sourcing.open_lines(session, found, "out"):
        sourcing.serve_from(session, found, sites, now=now)
        return False
    kept = session.begin_nested()
    sourcing.release(session, found, sourcing.open_lines(session, found, "out"), now=now)
    if _reserve(session, found, sites, now=now, actor=actor, say_short=False):
        kept.commit()
        return True
    kept.rollback()
    session.refresh(found)
    if found.site_id is None:
        found.site_id = sites[0].id
        session.flush()
    return False


def _move_to(session: Session, found: Order, van: Van, *, now: datetime, actor: str) -> None:
    _must_be(found, "open", wanted="given to a van of another site")
    site = session.get_one(Site, van.site_id)
    kept = session.begin_nested()
    sourcing.release(session, found, sourcing.open_lines(session, found, "out"), now=now)
    if not _reserve(session, found, [site], now=now, actor=actor, say_short=False):
        kept.rollback()
        session.refresh(found)
        raise InvalidRequest("van", "its site does not have everything", van=van.code, site=site.code)
    kept.commit()


def _insert(session: Session, request: OrderRequest, employee: Employee, *, now: datetime, actor: str) -> Order:
    facts = {
        "kind": request.kind, "employee_id": employee.id, "priority": request.priority, "severity": request.severity,
        "day": request.day, "window_start": request.window_start, "window_end": request.window_end,
        "note": request.note, "placed_at": now, "placed_by": actor,
    }  # fmt: skip
    number = (session.scalar(select(func.max(Order.id))) or 0) + 1
    while True:
        reference = request.reference or f"O-{number:06d}"
        if request.reference is None and _taken(session, reference):
            number += 1
            continue
        try:
            with session.begin_nested():
                session.add(made := Order(reference=reference, **facts))
        except IntegrityError as error:
            if not _taken(session, reference):
                raise
            if request.reference is not None:
                raise AlreadyExists("order", reference) from error
            number += 1
            continue
        return made


def _add_lines(session: Session, found: Order, lines: Sequence[OrderLine]) -> None:
    last = session.scalar(select(func.max(OrderLine.number)).where(OrderLine.order_id == found.id)) or 0
    for number, line in enumerate(lines, start=last + 1):
        line.order_id, line.number = found.id, number
    session.add_all(lines)
    session.flush()


def _replace_lines(session: Session, found: Order, wanted: tuple[LineRequest, ...], *, now: datetime) -> None:
    check_kind(found.kind, wanted)
    employee = session.get_one(Employee, found.employee_id)
    lines = _resolve(session, employee, wanted, but=found)
    former = _lines_in(session, found, "open")
    sourcing.release(session, found, former, now=now)
    for line in former:
        line.state = states.advance("line", line.id, line.state, "cancelled")
    _add_lines(session, found, lines)
    jobs.follow_lines(session, found)


def _lines_in(session: Session, found: Order, *in_states: str) -> list[OrderLine]:
    wanted = select(OrderLine).where(OrderLine.order_id == found.id, OrderLine.state.in_(in_states))
    return list(session.scalars(wanted.order_by(OrderLine.number)))


def _resolve(
    session: Session, employee: Employee, wanted: Sequence[LineRequest], *, but: Order | None = None
) -> list[OrderLine]:
    """Lines with the ids of what they name; what is fetched must be there and not be fetched by another order."""
    made = []
    coming: dict[int, int] = {}
    for line in wanted:
        product = _product(session, line.sku)
        piece = _piece(session, employee, product, line, but) if line.direction == "back" else None
        if line.direction == "back" and piece is None:
            coming[product.id] = coming.get(product.id, 0) + line.quantity
            _check_counted(session, employee, product, coming[product.id], but)
        made.append(
            OrderLine(
                direction=line.direction, product_id=product.id, quantity=line.quantity,
                asset_id=piece.id if piece else None, state="open",
            )
        )  # fmt: skip
    return made


def _piece(
    session: Session, employee: Employee, product: Product, line: LineRequest, but: Order | None
) -> Asset | None:
    if product.tracking != "serial":
        if line.asset_tag is not None:
            raise InvalidRequest("asset_tag", "the product is counted and has no tags", sku=product.sku)
        return None
    if line.asset_tag is None:
        raise InvalidRequest("asset_tag", "say which piece comes back", sku=product.sku)
    try:
        piece = assets.asset(session, line.asset_tag)
    except UnknownInInventory as error:
        raise InvalidRequest("asset_tag", "no piece has this tag", asset=line.asset_tag) from error
    if piece.product_id != product.id:
        raise InvalidRequest("asset_tag", "is a piece of another product", asset=piece.asset_tag, sku=product.sku)
    if piece.holder_id is None or session.get_one(Holder, piece.holder_id).employee_id != employee.id:
        raise AssetNotHeld(
            "asset_tag", "the employee does not have this piece", asset=piece.asset_tag, employee=employee.number
        )
    other = session.scalar(_fetching(but).where(OrderLine.asset_id == piece.id).limit(1))
    if other is not None:
        raise InvalidRequest(
            "asset_tag", "another order already fetches this piece", asset=piece.asset_tag, order=other
        )
    return piece


def _check_counted(session: Session, employee: Employee, product: Product, coming: int, but: Order | None) -> None:
    holder = stock.holder(session, "employee", employee.number)
    held = select(func.sum(Balance.on_hand)).where(Balance.holder_id == holder.id, Balance.product_id == product.id)
    elsewhere = (
        _fetching(but)
        .with_only_columns(func.sum(OrderLine.quantity))
        .where(OrderLine.product_id == product.id, Order.employee_id == employee.id)
    )
    there = int(session.scalar(held) or 0) - int(session.scalar(elsewhere) or 0)
    if there < coming:
        raise AssetNotHeld(
            "quantity", "the employee does not have so many", sku=product.sku, held=max(there, 0), wanted=coming
        )


def _fetching(but: Order | None) -> Any:
    lines = (
        select(Order.reference)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.direction == "back", OrderLine.state.in_(("open", "planned", "out")))
    )
    return lines.where(Order.id != but.id) if but is not None else lines


def _employee(session: Session, number: str) -> Employee:
    try:
        return people.employee(session, number)
    except UnknownInInventory as error:
        raise InvalidRequest("employee_number", "no employee has this number", employee=number) from error


def _product(session: Session, sku: str) -> Product:
    try:
        return catalogue.product(session, sku)
    except UnknownInInventory as error:
        raise InvalidRequest("sku", "no product has this code", sku=sku) from error


def _check_facts(session: Session, found: Order, facts: Mapping[str, Any], now: datetime) -> None:
    check_window(facts.get("window_start", found.window_start), facts.get("window_end", found.window_end))
    check_priority(facts.get("priority", found.priority))
    check_text("severity", facts.get("severity", ""), limit=40)
    check_text("note", facts.get("note", ""), limit=400)
    if "day" in facts:
        site = session.get(Site, found.site_id) if found.site_id is not None else None
        _check_day(found.kind, session.get_one(Employee, found.employee_id), facts["day"], site, now)


def _check_day(kind: str, employee: Employee, day: date, site: Site | None, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(site.timezone if site else "UTC")).date()
    if day < today:
        raise InvalidRequest("day", "is over", today=today.isoformat())
    if has_left(kind, employee.end_date, day):
        raise EmployeeLeft("employee_number", "has left by that day", employee=employee.number)


def has_left(kind: str, end_date: date | None, day: date) -> bool:
    """Whether an order of this kind comes too late for somebody whose last day is `end_date`; returns never do."""
    return kind != "return" and end_date is not None and end_date < day


def _must_be(found: Order, *in_states: str, wanted: str) -> None:
    if found.state not in in_states:
        raise WrongState("order", found.reference, state=found.state, wanted=wanted)


def _taken(session: Session, reference: str) -> bool:
    return session.scalar(select(Order.id).where(Order.reference == reference)) is not None


def _plain(value: Any) -> Any:
    """A JSON value: days and clock times as ISO text."""
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, date) else value


__all__ = [
    "AssetNotHeld", "EmployeeLeft", "LineRequest", "OrderChanged", "OrderRequest", "amend", "cancel",
    "confirm_working", "give_to_van", "has_left", "leave_out", "order", "place", "retry_reservations",
]  # fmt: skip
