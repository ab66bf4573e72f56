"""What a row of each kind does to the books; every applier says `created`, `updated`, `unchanged`, or raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from inventory import addresses, catalogue, people, stock
from inventory.models import Address, Employee

from .. import users, vans
from ..system import System
from .points import check_point
from .refusals import RowRefused
from .report import RowProblem

if TYPE_CHECKING:
    from ..locating import Located


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and when rows are applied, and where remarks about them go."""

    session: Session
    system: System
    now: datetime
    today: date
    #: Of the first site: whose holidays count, and what a moment without a zone means.
    country: str
    zone: str
    actor: str
    notice: Callable[[RowProblem], None]


Values = dict[str, Any]
Applier = Callable[[Scene, int, Values], str]


def site(scene: Scene, line: int, values: Values) -> str:
    """A site; without coordinates its address is looked up, and not found it is refused."""
    _later(line, values, "closes", "opens")
    facts = _texts(values, "address_line", "postal_code", "city", "country")
    check_point(line, values)
    if facts["lat"] is None:
        found = _locate(scene, facts["address_line"], facts)
        if found.lat is None:
            raise RowRefused(RowProblem(line, "lat", "site-not-located", {"reason": found.reason}))
        facts["lat"], facts["lon"] = found.lat, found.lon
    return catalogue.put_site(scene.session, **facts)[0]


def product(scene: Scene, _line: int, values: Values) -> str:
    """A product."""
    skills = values["skills"] or frozenset()
    return catalogue.put_product(
        scene.session, **{**values, "data_bearing": bool(values["data_bearing"]), "skills": skills}
    )[0]


def shelf(scene: Scene, line: int, values: Values) -> str:
    """An opening quantity of a counted product at a site."""
    found = catalogue.product(scene.session, values["sku"])
    catalogue.site(scene.session, values["site"])
    if found.tracking != "quantity":
        raise RowRefused(RowProblem(line, "sku", "tracked-by-serial", {"sku": found.sku}))
    return stock.open_stock(
        scene.session,
        site_code=values["site"],
        sku=values["sku"],
        quantity=values["quantity"],
        now=scene.now,
        actor=scene.actor,
    )[0]


def asset(scene: Scene, line: int, values: Values) -> str:
    """A piece with a serial number, and who has it when the books open."""
    found = catalogue.product(scene.session, values["sku"])
    if found.tracking != "serial":
        raise RowRefused(RowProblem(line, "sku", "tracked-by-quantity", {"sku": found.sku}))
    kind, key = values["holder"]
    return stock.open_asset(
        scene.session,
        asset_tag=values["asset_tag"],
        serial=values["serial"],
        sku=values["sku"],
        holder_kind=kind,
        holder_key=key,
        now=scene.now,
        actor=scene.actor,
    )[0]


def employee(scene: Scene, line: int, values: Values) -> str:
    """An employee and their home: given coordinates are kept, otherwise the address is looked up."""
    start, end = values.get("start_date"), values.get("end_date")
    if start and end and end < start:
        raise RowRefused(RowProblem(line, "end_date", "ends-before-it-starts", {"other": "start_date"}, str(end)))
    home = _texts({name: values[name] for name in _HOME}, *_HOME)
    check_point(line, {**home, "lat": values.get("lat"), "lon": values.get("lon")})
    number = values["employee_number"]
    facts = {name: value for name, value in values.items() if name not in (*_HOME, "employee_number", "lat", "lon")}
    facts = _texts(facts, "email", "phone", "language", "department", "manager_number", only_there=True)
    if "site" in facts:
        # A file without the column leaves the site as it is; an empty cell says that every site looks after them.
        code = facts.pop("site")
        facts["site_id"] = catalogue.site(scene.session, code).id if code else None
    outcome, row = people.put_employee(scene.session, number=number, now=scene.now, **facts)
    point = (values.get("lat"), values.get("lon"))
    moved = _house(scene, line, row, home, point)
    return "updated" if outcome == "unchanged" and moved != "unchanged" else outcome


def van(scene: Scene, line: int, values: Values) -> str:
    """A van or cargo bike."""
    _later(line, values, "shift_end", "shift_start")
    facts = {**values, "site_code": values["site"], "skills": values["skills"] or frozenset()}
    del facts["site"]
    return vans.put_van(scene.session, **facts)[0]


def user(scene: Scene, _line: int, values: Values) -> str:
    """Somebody who may sign in once they have a password."""
    sites = values["sites"] or frozenset()
    for code in sorted(sites):
        catalogue.site(scene.session, code)
    return users.put_user(
        scene.session,
        login=values["login"],
        role=values["role"],
        name=values["name"],
        employee_number=values["employee_number"],
        sites=sites,
        van_code=values["van"],
    )[0]


APPLIERS: Mapping[str, Applier] = {
    "sites": site,
    "products": product,
    "stock": shelf,
    "assets": asset,
    "employees": employee,
    "vans": van,
    "users": user,
}
_HOME = ("address_line", "postal_code", "city", "country")


def _house(scene: Scene, line: int, row: Employee, home: Values, point: tuple[float | None, float | None]) -> str:
    """Where the employee lives; an unchanged text that was found before is not looked up again."""
    facts: dict[str, Any] = {"line": home["address_line"], **{name: home[name] for name in _HOME[1:]}}
    if point[0] is not None:
        return addresses.replace_address(
            scene.session,
            row.id,
            **facts,
            lat=point[0],
            lon=point[1],
            accuracy="given",
            source="import",
            now=scene.now,
        )[0]
    known = addresses.current(scene.session, row.id)
    if known is not None and known.lat is not None and _same_text(known, facts):
        return "unchanged"
    located = _locate(scene, home["address_line"], home)
    _remark(scene, line, row.number, located)
    return addresses.replace_address(
        scene.session,
        row.id,
        **facts,
        lat=located.lat,
        lon=located.lon,
        accuracy=located.accuracy,
        source=located.source,
        unlocated_reason=located.reason,
        now=scene.now,
    )[0]


def _locate(scene: Scene, address_line: str, home: Values) -> Located:
    from .. import locating

    return locating.locate(
        scene.system.geocoder,
        line=address_line,
        postal_code=home["postal_code"],
        city=home["city"],
        country=home["country"],
    )


def _remark(scene: Scene, line: int, number: str, located: Located) -> None:
    if located.reason == "ambiguous":
        facts = {
            "employee": number,
            "count": len(located.candidates),
            "candidates": "; ".join(str(candidate) for candidate in located.candidates[:8]),
        }
        scene.notice(RowProblem(line, "address_line", "ambiguous", facts))
    elif located.lat is None:
        scene.notice(RowProblem(line, "address_line", "unlocated", {"employee": number, "reason": located.reason}))
    elif located.accuracy in ("locality", "commune", "postcode"):
        facts = {"employee": number, "accuracy": located.accuracy}
        scene.notice(RowProblem(line, "address_line", "located-roughly", facts))


def _same_text(known: Address, facts: Values) -> bool:
    return all(getattr(known, name) == facts[name] for name in ("line", "postal_code", "city", "country"))


def _texts(values: Values, *names: str, only_there: bool = False) -> Values:
    """The values with empty text for an empty cell of these columns."""
    filled = {name: values.get(name) or "" for name in names if not only_there or name in values}
    return {**values, **filled}


def _later(line: int, values: Values, name: str, other: str) -> None:
    if values[name] <= values[other]:
        facts = {"other": f"{other} ({values[other]:%H:%M})"}
        raise RowRefused(RowProblem(line, name, "closes-before-it-opens", facts, f"{values[name]:%H:%M}"))
