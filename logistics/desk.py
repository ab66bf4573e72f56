"""What the people behind a desk look at: employees and what they hold, our products, our shelves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from inventory import addresses, catalogue, people, queries, stock
from inventory.models import Address, Employee, Product
from inventory.queries import EmployeeCard, Held, StockLine

from .errors import UnknownRecord
from .models import Order, Van


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of a list of employees; no home."""

    number: str
    given_name: str
    family_name: str
    department: str
    has_left: bool
    accuracy: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in somebody's list."""

    reference: str
    kind: str
    state: str
    priority: int
    day: date
    window_start: time
    window_end: time


@dataclass(frozen=True, slots=True)
class PersonPage:
    """An employee with what they hold and their orders, newest day first; no home."""

    card: EmployeeCard
    held: tuple[Held, ...]
    orders: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """A home address and the phone that rings there, read for a stated purpose and logged."""

    line: str
    postal_code: str
    city: str
    country: str
    access_note: str
    accuracy: str
    lat: float | None
    lon: float | None
    phone: str


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product of the catalogue."""

    sku: str
    name: str
    tracking: str


@dataclass(frozen=True, slots=True)
class VanRow:
    """One vehicle of ours."""

    code: str
    name: str
    kind: str


def find_people(
    session: Session,
    text: str,
    *,
    today: date,
    limit: int = 50,
    seen: ColumnElement[bool] | None = None,
    by_name: bool = True,
) -> tuple[PersonRow, ...]:
    """Employees by name, number or the tag of what they hold; the first by name for a blank search.

    Args:
        seen: the condition of `scope.employees`; None for all.
        by_name: whether the text may be a name; not for who may not see names, or a hit would tell one.
    """
    known = true() if seen is None else seen
    by_their_name = select(Employee).where(known).order_by(*people.BY_NAME).limit(limit)
    found = (
        people.find_employees(session, text, limit, seen=known, by_name=by_name)
        if text.strip()
        else tuple(session.scalars(by_their_name))
    )
    located = dict(
        session.execute(
            select(Address.employee_id, Address.accuracy).where(
                Address.valid_to.is_(None), Address.employee_id.in_([one.id for one in found])
            )
        ).all()
    )
    return tuple(
        PersonRow(
            one.number, one.given_name, one.family_name, one.department, bool(one.end_date and one.end_date < today),
            located.get(one.id, "unlocated"),
        )
        for one in found
    )  # fmt: skip


def person(session: Session, number: str) -> PersonPage:
    """The employee of that number.

    Raises:
        inventory.errors.UnknownRecord: there is none.
    """
    card = queries.employee_card(session, number)
    rows = session.scalars(
        select(Order).where(Order.employee_id == card.id).order_by(Order.day.desc(), Order.id.desc()).limit(50)
    )
    return PersonPage(
        card=card,
        held=card.held,
        orders=tuple(
            OrderRow(o.reference, o.kind, o.state, o.priority, o.day, o.window_start, o.window_end) for o in rows
        ),
    )


def reveal_home(session: Session, number: str, *, purpose: str, now: datetime, actor: str) -> Home:
    """The employee's present home; who saw it, when and why is logged, never the value.

    Raises:
        inventory.errors.UnknownRecord: no such employee.
        UnknownRecord: the employee has no address.
    """
    who = people.employee(session, number)
    address = addresses.current(session, who.id)
    if address is None:
        raise UnknownRecord("address", number)
    addresses.log_view(session, address.id, actor=actor, purpose=purpose, now=now)
    return _home(address, who)


def own_home(session: Session, number: str) -> Home:
    """The employee's present home as they see it themselves, which is no look to be logged.

    Raises:
        inventory.errors.UnknownRecord: no such employee.
        UnknownRecord: the employee has no address.
    """
    who = people.employee(session, number)
    address = addresses.current(session, who.id)
    if address is None:
        raise UnknownRecord("address", number)
    return _home(address, who)


def _home(address: Address, who: Employee) -> Home:
    return Home(
        address.line, address.postal_code, address.city, address.country, address.access_note, address.accuracy,
        address.lat, address.lon, who.phone,
    )  # fmt: skip


def set_pin(session: Session, number: str, *, lat: float, lon: float, now: datetime, actor: str) -> None:
    """Put the employee's home where a coordinator clicked; the pin wins over every later search."""
    addresses.set_pin(session, people.employee(session, number).id, lat=lat, lon=lon, now=now, actor=actor)


def products(session: Session) -> tuple[ProductRow, ...]:
    """The catalogue, by name."""
    rows = session.scalars(select(Product).order_by(func.lower(Product.name)))
    return tuple(ProductRow(row.sku, row.name, row.tracking) for row in rows)


def vans(session: Session, *, seen: ColumnElement[bool] | None = None) -> tuple[VanRow, ...]:
    """Our active vehicles, by code; those of `scope.vans` when its condition is told."""
    rows = session.scalars(select(Van).where(Van.is_active, true() if seen is None else seen).order_by(Van.code))
    return tuple(VanRow(row.code, row.name, row.kind) for row in rows)


def shelves(session: Session, site_codes: frozenset[str] | None = None) -> tuple[StockLine, ...]:
    """Stock by site and product."""
    return queries.stock_by_site(session, site_codes)


def receive(
    session: Session,
    *,
    site_code: str,
    sku: str,
    quantity: int,
    pieces: tuple[tuple[str, str], ...],
    receipt_id: str,
    now: datetime,
    actor: str,
) -> int:
    """Book what a supplier delivered, once per `receipt_id`; how many pieces came in.

    Args:
        pieces: (tag, serial) of each piece of a serial product; their number is the quantity.
    """
    product = catalogue.product(session, sku)
    count = len(pieces) if product.tracking == "serial" else quantity
    stock.post_receipt(
        session,
        site_code=site_code,
        sku=sku,
        quantity=count,
        assets=pieces,
        receipt_id=receipt_id,
        now=now,
        actor=actor,
    )
    return count
