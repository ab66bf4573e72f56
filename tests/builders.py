"""Records for tests: say what matters, the rest has an ordinary value. Everything goes through the services.

Numbers are drawn from one counter, so that two calls never meet; give a code or number where the test names it.
"""

from __future__ import annotations

import itertools
from datetime import datetime, time
from typing import Any

from inventory import addresses, catalogue, people, stock
from inventory.models import Address, Asset, Employee, Holder, Product, Site
from tests.fakes import MORNING

_numbers = itertools.count(1)

#: Two places on the shipped region's streets, and a third within a few minutes of both.
NICE = (43.7009, 7.2684)
ANTIBES = (43.5808, 7.1251)
CAGNES = (43.6637, 7.1489)


def a_site(session: Any, code: str | None = None, **facts: Any) -> Site:
    """A depot in Nice, open from eight to six."""
    code = code or f"S{next(_numbers)}"
    usual = {
        "name": f"Depot {code}", "address_line": "1 rue du Dépôt", "postal_code": "06000", "city": "Nice",
        "country": "FR", "lat": NICE[0], "lon": NICE[1], "opens": time(8), "closes": time(18),
        "timezone": "Europe/Paris",
    }  # fmt: skip
    return catalogue.put_site(session, code=code, **(usual | facts))[1]


def a_product(session: Any, sku: str | None = None, **facts: Any) -> Product:
    """A mouse, counted by quantity; `tracking="serial"` makes it a thing with tags."""
    sku = sku or f"SKU-{next(_numbers)}"
    usual = {
        "name": f"Thing {sku}", "tracking": "quantity", "weight_g": 200, "volume_ml": 800, "service_minutes": 2,
        "data_bearing": False, "skills": frozenset(),
    }  # fmt: skip
    return catalogue.put_product(session, sku=sku, **(usual | facts))[1]


def a_laptop(session: Any, sku: str | None = None, **facts: Any) -> Product:
    """A serial product that can hold data."""
    usual = {
        "name": "Laptop 14", "tracking": "serial", "weight_g": 1800, "volume_ml": 4000, "service_minutes": 10,
        "data_bearing": True,
    }  # fmt: skip
    return a_product(session, sku, **(usual | facts))


def an_employee(session: Any, number: str | None = None, *, now: datetime = MORNING, **facts: Any) -> Employee:
    """A colleague without an address; see `an_address`."""
    number = number or f"E{next(_numbers)}"
    usual = {"given_name": "Ana", "family_name": f"Martin {number}", "email": f"{number}@example.com", "language": "fr",
             "phone": "+33 6 39 98 00 00"}  # fmt: skip
    return people.put_employee(session, number=number, now=now, **(usual | facts))[1]


def an_address(session: Any, employee: Employee, *, now: datetime = MORNING, **facts: Any) -> Address:
    """The employee's current home, with given coordinates in Cagnes unless told otherwise."""
    usual: dict[str, Any] = {
        "line": "12 rue des Oliviers", "postal_code": "06800", "city": "Cagnes-sur-Mer", "country": "FR",
        "lat": CAGNES[0], "lon": CAGNES[1], "accuracy": "given", "source": "import", "unlocated_reason": "",
    }  # fmt: skip
    return addresses.replace_address(session, employee.id, **(usual | facts), now=now)[1]


def someone_at_home(session: Any, number: str | None = None, *, now: datetime = MORNING, **address: Any) -> Employee:
    """An employee with a home."""
    made = an_employee(session, number, now=now)
    an_address(session, made, now=now, **address)
    return made


def a_shelf(
    session: Any, *, on_hand: int = 0, product: Product | None = None, site: Site | None = None, now: datetime = MORNING
) -> dict[str, int]:
    """A site with so many pieces of a product: `{"holder_id": .., "product_id": ..}`, to be passed on with `**`."""
    site, product = site or a_site(session), product or a_product(session)
    if on_hand and product.tracking == "serial":
        pieces(session, product, on_hand, site=site, now=now)
    elif on_hand:
        received(session, product, on_hand, site=site, now=now)
    return {"holder_id": stock.holder(session, "site", site.code).id, "product_id": product.id}


def received(session: Any, product: Product, quantity: int, *, site: Site, now: datetime = MORNING) -> None:
    """More pieces of a counted product at a site, from a supplier."""
    stock.post_receipt(
        session, site_code=site.code, sku=product.sku, quantity=quantity, receipt_id=f"r{next(_numbers)}", now=now,
        actor="test",
    )  # fmt: skip


def pieces(session: Any, product: Product, count: int, *, site: Site, now: datetime = MORNING) -> tuple[Asset, ...]:
    """So many new pieces of a serial product at a site, tags in ascending order."""
    return tuple(a_piece(session, product, who=stock.holder(session, "site", site.code), now=now) for _ in range(count))


def a_piece(
    session: Any, product: Product, *, who: Holder, tag: str | None = None, serial: str | None = None,
    now: datetime = MORNING,
) -> Asset:  # fmt: skip
    """One piece of a serial product, held by a site or an employee from the start."""
    number = next(_numbers)
    return stock.open_asset(
        session, asset_tag=tag or f"T{number:05d}", serial=serial or f"SN{number:05d}", sku=product.sku,
        holder_kind=who.kind, holder_key=who.key, now=now, actor="test",
    )[1]  # fmt: skip
