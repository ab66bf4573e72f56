"""Read models of the inventory: frozen values for pages and reports, each made by a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Function, Integer, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from . import records
from .errors import UnknownRecord
from .models import Address, Asset, Balance, Employee, Holder, Movement, Product, Site


@dataclass(frozen=True, slots=True)
class StockLine:
    """One product at one site. `on_hand` counts what may be issued, `quarantined` what waits there to be wiped."""

    site_code: str
    site_name: str
    sku: str
    product_name: str
    tracking: str
    on_hand: int
    reserved: int
    quarantined: int

    @property
    def free(self) -> int:
        """Pieces nobody was promised."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Held:
    """Something a holder has: an exact piece with tag and serial number, or so many pieces without."""

    sku: str
    product_name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    data_state: str | None
    #: When it came, where that is known: for an exact piece.
    since: datetime | None


@dataclass(frozen=True, slots=True)
class EmployeeCard:
    """An employee and what they have. Of the home only how well it is known: to show it, log it first."""

    id: int
    number: str
    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    department: str
    manager_number: str
    start_date: date | None
    end_date: date | None
    address_id: int | None
    accuracy: str | None
    unlocated_reason: str
    held: tuple[Held, ...]

    @property
    def name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class MovementLine:
    """One line of the ledger in words; holders are written `kind:key`."""

    id: int
    occurred_at: datetime
    recorded_at: datetime
    sku: str
    product_name: str
    asset_tag: str | None
    quantity: int
    source: str
    target: str
    cause: str
    reason: str
    actor: str
    reverses_id: int | None


@dataclass(frozen=True, slots=True)
class MovementPage:
    """Lines of the ledger, newest first; `older_than` asks for the next page, None at the end."""

    lines: tuple[MovementLine, ...]
    older_than: int | None


def stock_by_site(session: Session, site_codes: Collection[str] | None = None) -> tuple[StockLine, ...]:
    """What lies at the sites (all of them, or those named), by site and SKU; products never seen there are left out."""
    at_site = Holder.kind == "site"

    def total(column: InstrumentedAttribute[int], here: ColumnElement[bool]) -> Function[int]:
        return func.sum(case((here, column), else_=0), type_=Integer)

    asked = (
        select(
            Site.code,
            Site.name,
            Product.sku,
            Product.name,
            Product.tracking,
            total(Balance.on_hand, at_site),
            total(Balance.reserved, at_site),
            total(Balance.on_hand, Holder.kind == "quarantine"),
        )
        .select_from(Balance)
        .join(Holder, Holder.id == Balance.holder_id)
        .join(Site, Site.id == Holder.site_id)
        .join(Product, Product.id == Balance.product_id)
        .where(Holder.kind.in_(("site", "quarantine")))
        .group_by(Site.code, Site.name, Product.sku, Product.name, Product.tracking)
        .order_by(Site.code, Product.sku)
    )
    if site_codes is not None:
        asked = asked.where(Site.code.in_([records.sought(code) for code in site_codes]))
    return tuple(StockLine(*row) for row in session.execute(asked))


def holdings(session: Session, employee_id: int) -> tuple[Held, ...]:
    """What an employee has, by SKU and tag."""
    return _held(session, select(Holder.id).where(Holder.kind == "employee", Holder.employee_id == employee_id))


def held_by(session: Session, holder_id: int) -> tuple[Held, ...]:
    """What any holder has (a van, a quarantine), by SKU and tag."""
    return _held(session, select(Holder.id).where(Holder.id == holder_id))


def employee_card(session: Session, number: str) -> EmployeeCard:
    """The employee of this number with what they have.

    Raises:
        UnknownRecord: there is none.
    """
    asked = (
        select(Employee, Address.id, Address.accuracy, Address.unlocated_reason)
        .outerjoin(Address, and_(Address.employee_id == Employee.id, Address.valid_to.is_(None)))
        .where(Employee.number == records.sought(number))
    )
    found = session.execute(asked).one_or_none()
    if found is None:
        raise UnknownRecord("employee", number)
    who, address_id, accuracy, reason = found
    return EmployeeCard(
        id=who.id,
        number=who.number,
        given_name=who.given_name,
        family_name=who.family_name,
        email=who.email,
        phone=who.phone,
        language=who.language,
        department=who.department,
        manager_number=who.manager_number,
        start_date=who.start_date,
        end_date=who.end_date,
        address_id=address_id,
        accuracy=accuracy,
        unlocated_reason=reason or "",
        held=holdings(session, who.id),
    )


def movements_of(
    session: Session,
    *,
    employee_id: int | None = None,
    asset_tag: str | None = None,
    site_code: str | None = None,
    sku: str | None = None,
    cause: str | None = None,
    older_than: int | None = None,
    limit: int = 50,
) -> MovementPage:
    """A page of the ledger, newest first, of whatever is asked for; what is left out does not narrow it.

    Args:
        site_code: movements to or from the site's shelves and its quarantine.
        older_than: the id a former page ended with.
        limit: lines of a page, at least 1.
    """
    source, target = aliased(Holder), aliased(Holder)
    asked = (
        select(Movement, Product.sku, Product.name, Asset.asset_tag, source, target)
        .join(Product, Product.id == Movement.product_id)
        .join(source, source.id == Movement.from_holder_id)
        .join(target, target.id == Movement.to_holder_id)
        .outerjoin(Asset, Asset.id == Movement.asset_id)
        .order_by(Movement.id.desc())
        .limit(limit + 1)
    )
    if employee_id is not None:
        asked = asked.where(or_(source.employee_id == employee_id, target.employee_id == employee_id))
    if site_code is not None:
        site_id = select(Site.id).where(Site.code == records.sought(site_code)).scalar_subquery()
        asked = asked.where(or_(source.site_id == site_id, target.site_id == site_id))
    if asset_tag is not None:
        asked = asked.where(Asset.asset_tag == records.sought(asset_tag))
    if sku is not None:
        asked = asked.where(Product.sku == records.sought(sku))
    if cause is not None:
        asked = asked.where(Movement.cause == records.sought(cause))
    if older_than is not None:
        asked = asked.where(Movement.id < older_than)
    found = session.execute(asked).all()
    lines = tuple(_line(row) for row in found[:limit])
    return MovementPage(lines, lines[-1].id if len(found) > limit else None)


def _line(row: Row[Movement, str, str, str, Holder, Holder]) -> MovementLine:
    movement, sku, product_name, asset_tag, source, target = row
    return MovementLine(
        id=movement.id,
        occurred_at=movement.occurred_at,
        recorded_at=movement.recorded_at,
        sku=sku,
        product_name=product_name,
        asset_tag=asset_tag,
        quantity=movement.quantity,
        source=source.name,
        target=target.name,
        cause=movement.cause,
        reason=movement.reason,
        actor=movement.actor,
        reverses_id=movement.reverses_id,
    )


def _held(session: Session, holders: Select[int]) -> tuple[Held, ...]:
    came = (
        select(Movement.occurred_at)
        .where(Movement.asset_id == Asset.id)
        .order_by(Movement.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    exact = (
        select(Product.sku, Product.name, Asset.asset_tag, Asset.serial, Asset.data_state, came)
        .join(Product, Product.id == Asset.product_id)
        .where(Asset.holder_id.in_(holders))
    )
    counted = (
        select(Product.sku, Product.name, func.sum(Balance.on_hand, type_=Integer))
        .join(Product, Product.id == Balance.product_id)
        .where(Balance.holder_id.in_(holders), Product.tracking == "quantity")
        .group_by(Product.sku, Product.name)
        .having(func.sum(Balance.on_hand) != 0)
    )
    held = [
        Held(sku, name, tag, serial, 1, data_state, since)
        for sku, name, tag, serial, data_state, since in session.execute(exact)
    ]
    held += [Held(sku, name, None, None, quantity, None, None) for sku, name, quantity in session.execute(counted)]
    return tuple(sorted(held, key=lambda one: (one.sku, one.asset_tag or "")))
