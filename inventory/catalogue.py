"""Sites, where stock lies, and products, the kinds of equipment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any, Required, TypedDict, Unpack
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import records
from .errors import Conflict, InvalidFact, UnknownRecord
from .models import TRACKINGS, Asset, Movement, Product, Site
from .records import Outcome


class SiteFacts(TypedDict, total=False):
    """What may be told about a site; a fact left out stays as it is. Clock times are in the site's own zone."""

    code: Required[str]
    name: str
    address_line: str
    postal_code: str
    city: str
    country: str
    lat: float | None
    lon: float | None
    opens: time
    closes: time
    timezone: str
    is_open: bool


class ProductFacts(TypedDict, total=False):
    """What may be told about a product; a fact left out stays as it is. Whole grams, millilitres, minutes."""

    sku: Required[str]
    name: str
    tracking: str
    weight_g: int
    volume_ml: int
    service_minutes: int
    data_bearing: bool
    skills: frozenset[str]


def put_site(session: Session, **facts: Unpack[SiteFacts]) -> tuple[Outcome, Site]:
    """Create the site of this code, or bring it up to the facts.

    Raises:
        InvalidFact: an unknown zone, closing before opening, an impossible coordinate, a missing or overlong text.
    """
    known = _site(session, facts["code"])
    if "lat" in facts or "lon" in facts or known is None:
        records.point(facts.get("lat"), facts.get("lon"))
    if "timezone" in facts:
        _zone(facts["timezone"])
    opens, closes = (_told_or_known(facts, known, edge) for edge in ("opens", "closes"))
    if opens is not None and closes is not None and opens >= closes:
        raise InvalidFact("closes", "is not after opens")
    return records.put(session, Site, "code", facts)


def put_product(session: Session, **facts: Unpack[ProductFacts]) -> tuple[Outcome, Product]:
    """Create the product of this SKU, or bring it up to the facts. How pieces are tracked is frozen once one exists.

    Raises:
        InvalidFact: an unknown tracking, a negative number, a missing or overlong text.
        Conflict: another tracking than the one pieces were booked under.
    """
    if "tracking" in facts:
        records.one_of("tracking", facts["tracking"], TRACKINGS)
    numbers = {field: facts[field] for field in ("weight_g", "volume_ml", "service_minutes") if field in facts}
    for field, value in numbers.items():
        records.whole(field, value)
    known = session.scalar(select(Product).where(Product.sku == records.sought(facts["sku"])))
    told = facts.get("tracking")
    if known is not None and told is not None and told != known.tracking and _has_pieces(session, known.id):
        raise Conflict(f"product {known.sku}", told=told, recorded=known.tracking)
    return records.put(session, Product, "sku", facts)


def site(session: Session, code: str) -> Site:
    """The site of this code.

    Raises:
        UnknownRecord: there is none.
    """
    found = _site(session, code)
    if found is None:
        raise UnknownRecord("site", code)
    return found


def sites(session: Session) -> tuple[Site, ...]:
    """Every site, by code."""
    return tuple(session.scalars(select(Site).order_by(Site.code)))


def product(session: Session, sku: str) -> Product:
    """The product of this SKU.

    Raises:
        UnknownRecord: there is none.
    """
    found = session.scalar(select(Product).where(Product.sku == records.sought(sku)))
    if found is None:
        raise UnknownRecord("product", sku)
    return found


def products(session: Session) -> tuple[Product, ...]:
    """Every product, by SKU."""
    return tuple(session.scalars(select(Product).order_by(Product.sku)))


def _site(session: Session, code: str) -> Site | None:
    return session.scalar(select(Site).where(Site.code == records.sought(code)))


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidFact("timezone", "is no zone of the IANA list, such as Europe/Paris") from error


def _told_or_known(facts: Mapping[str, Any], known: Site | None, field: str) -> time | None:
    value = facts.get(field, getattr(known, field, None))
    return value if isinstance(value, time) else None


def _has_pieces(session: Session, product_id: int) -> bool:
    moved = select(Movement.id).where(Movement.product_id == product_id).limit(1)
    made = select(Asset.id).where(Asset.product_id == product_id).limit(1)
    return session.scalar(moved) is not None or session.scalar(made) is not None
