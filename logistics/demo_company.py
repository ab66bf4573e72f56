"""The invented demo company: the CSV files in `data/demo`, drawn from a seed on the real streets of an extract.

Homes are real buildings beside named streets, with their coordinates and without a house number. Names are drawn from
lists, telephone numbers from the ranges reserved for fiction (06 39 98, 01 99 00), e-mail ends in `.example`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from inventory import tables

from . import demo_words as words
from .imports import COLUMNS
from .regions.homes import Building, buildings_beside_streets

SEED = 2026
EMPLOYEES = 400
DOMAIN = "azurelle.example"
#: East of this line an employee is nearer to the site in Roquebrune.
DIVIDE_LON = 7.443
#: Servable orders of the first day, west and east of the line; a van's shift is nearly full with them.
WEST_TODAY, EAST_TODAY = 60, 42
LATER_DAYS = {1: 24, 2: 14, 3: 8}
#: Rows with a street and a commune only, for the gazetteer to find.
ADDRESS_ONLY = 15
SITES = (
    ("BEA", "Beausoleil", "Boulevard Guynemer", "Beausoleil"),
    ("RCM", "Roquebrune-Cap-Martin", "Avenue de la Côte d'Azur", "Roquebrune-Cap-Martin"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An employee with the building they live in; None for one whose address is a text only."""

    number: str
    given: str
    family: str
    line: str
    postal_code: str
    city: str
    home: Building | None
    exact: bool

    @property
    def is_east(self) -> bool:
        """Whether the site in Roquebrune is the nearer one."""
        return self.home is not None and self.home.lon >= DIVIDE_LON


def write(extract: Path, folder: Path, *, seed: int = SEED) -> dict[str, int]:
    """Write the eight files; says how many rows each has. The same extract and seed give the same bytes.

    Raises:
        UnreadableExtract, NoRoads: the extract is of no use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = company(buildings_beside_streets(extract), seed=seed)
    for kind, rows in made.items():
        with (folder / f"{kind}.csv").open("w", encoding="utf-8", newline="") as stream:
            header = [column.name for column in COLUMNS[kind]]
            tables.write_table(stream, header, ([row.get(name, "") for name in header] for row in rows), end="\n")
    return {kind: len(rows) for kind, rows in made.items()}


def company(buildings: Sequence[Building], *, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Every file's rows by kind, cells by column."""
    draw = Random(seed)
    homes = [building for building in buildings if building.commune in words.COMMUNES and _plausible(building)]
    people = _people(draw, homes)
    kit = _kit(draw, people)
    orders = _orders(draw, people, kit)
    assets = [{"asset_tag": tag, "serial": _serial(sku, tag), "sku": sku, "holder": holder} for tag, sku, holder in kit]
    return {
        "sites": [_site(buildings, *site) for site in SITES],
        "products": [dict(zip(words.PRODUCT_COLUMNS, row, strict=True)) for row in words.PRODUCTS],
        "stock": [
            {"site": site, "sku": sku, "quantity": quantity}
            for site in ("BEA", "RCM")
            for sku, quantity in words.SHELVES.items()
        ],
        "employees": [_employee_row(draw, person) for person in people],
        "assets": assets,
        "vans": [dict(zip(words.VAN_COLUMNS, row, strict=True)) for row in words.VANS],
        "users": [dict(zip(words.USER_COLUMNS, row, strict=True)) for row in words.USERS],
        "orders": orders,
    }


def _plausible(building: Building) -> bool:
    return building.distance_m <= 40 and building.street not in words.MISSPELT_ON_THE_MAP


def _site(buildings: Sequence[Building], code: str, name: str, street: str, commune: str) -> dict[str, Any]:
    at = min(
        (one for one in buildings if (one.street, one.commune) == (street, commune)), key=lambda one: one.distance_m
    )
    return {
        "code": code,
        "name": f"Azurelle {name}",
        "address_line": street,
        "postal_code": at.postcode,
        "city": commune,
        "country": "FR",
        "lat": at.lat,
        "lon": at.lon,
        "opens": "07:00",
        "closes": "18:00",
        "timezone": "Europe/Paris",
    }


def _people(draw: Random, homes: Sequence[Building]) -> list[Person]:
    names = [(given, family) for given in words.GIVEN for family in words.FAMILY]
    chosen_names = draw.sample(names, EMPLOYEES)
    chosen_homes = _spread(draw, homes, EMPLOYEES - len(words.LOST))
    address_only = set(draw.sample(range(len(chosen_homes)), ADDRESS_ONLY))
    people = []
    for place, home in enumerate(chosen_homes):
        given, family = chosen_names[place]
        people.append(
            Person(
                f"E{1001 + place}", given, family, home.street, home.postcode, home.commune, home,
                place not in address_only,
            )
        )  # fmt: skip
    for place, (line, postal_code, city) in enumerate(words.LOST, start=len(people)):
        given, family = chosen_names[place]
        people.append(Person(f"E{1001 + place}", given, family, line, postal_code, city, None, False))
    return people


def _spread(draw: Random, homes: Sequence[Building], count: int) -> list[Building]:
    """So many homes of every commune as its share says, in an order drawn by lot."""
    shares = words.COMMUNES
    found: list[Building] = []
    for commune, share in shares.items():
        here = [home for home in homes if home.commune == commune]
        found += draw.sample(here, round(count * share))
    rest = [home for home in homes if home not in set(found)]
    found = (found + draw.sample(rest, max(0, count - len(found))))[:count]
    draw.shuffle(found)
    return found


def _employee_row(draw: Random, person: Person) -> dict[str, Any]:
    number = int(person.number[1:])
    boss = "" if number % 20 == 1 else f"E{1001 + (number - 1001) // 20 * 20}"
    return {
        "employee_number": person.number,
        "given_name": person.given,
        "family_name": person.family,
        "email": f"{_ascii(person.given)}.{_ascii(person.family)}@{DOMAIN}",
        "phone": f"06 39 98 {draw.randrange(100):02d} {draw.randrange(100):02d}" if draw.random() < 0.9 else "",
        "language": draw.choices(("fr", "en", "it"), (80, 15, 5))[0],
        "address_line": person.line,
        "postal_code": person.postal_code,
        "city": person.city,
        "country": "MC" if person.city == "Monaco" else "FR",
        "lat": person.home.lat if person.home and person.exact else "",
        "lon": person.home.lon if person.home and person.exact else "",
        "start_date": f"{draw.randint(2016, 2025)}-{draw.randint(1, 12):02d}-01",
        "department": words.DEPARTMENTS[(number - 1001) // 20 % len(words.DEPARTMENTS)],
        "manager_number": boss,
        "site": words.SITE_OF.get(person.city, ""),
    }


def _kit(draw: Random, people: Sequence[Person]) -> list[tuple[str, str, str]]:
    """(tag, sku, holder) of every numbered piece: what people have, and what lies on the shelves."""
    held = []
    for person in people:
        owner = f"employee:{person.number}"
        held.append((draw.choices(("LAP-14", "LAP-16"), (85, 15))[0], owner))
        held += [(sku, owner) for sku, share in words.HELD.items() if draw.random() < share]
    shelved = [
        (sku, f"site:{site}")
        for site in ("BEA", "RCM")
        for sku, count in words.NUMBERED_SHELVES.items()
        for _ in range(count)
    ]
    return [(f"AZ-{10001 + place}", sku, holder) for place, (sku, holder) in enumerate(held + shelved)]


def _serial(sku: str, tag: str) -> str:
    return f"{sku.replace('-', '')}{(int(tag[3:]) * 7919) % 1_000_003:07d}"


def _orders(draw: Random, people: Sequence[Person], kit: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    has: dict[str, list[tuple[str, str]]] = {}
    for tag, sku, holder in kit:
        has.setdefault(holder.removeprefix("employee:"), []).append((sku, tag))
    placeable = [person for person in people if person.home is not None]
    draw.shuffle(placeable)
    # Whoever signs in as the employee of the demo has an order on the first day.
    placeable.sort(key=lambda person: person is not people[0])
    west = [person for person in placeable if not person.is_east]
    east = [person for person in placeable if person.is_east]
    rows: list[dict[str, Any]] = []
    count = 0
    for person in _shuffled(draw, west[:WEST_TODAY] + east[:EAST_TODAY]):
        count += 1
        rows += _order(draw, count, person, has[person.number], day=0)
    left = _shuffled(draw, west[WEST_TODAY:] + east[EAST_TODAY:])
    lost_people = people[-len(words.LOST) :]
    for line in words.HOPELESS:
        count += 1
        lost = line.get("lost")
        person = lost_people[int(str(lost)) - 1] if lost else left.pop()
        rows.append(_hopeless(count, person, line))
    for day, wanted in LATER_DAYS.items():
        for _ in range(wanted):
            count += 1
            person = left.pop()
            rows += _order(draw, count, person, has[person.number], day=day)
    return rows


def _order(
    draw: Random, count: int, person: Person, has: Sequence[tuple[str, str]], *, day: int
) -> list[dict[str, Any]]:
    """The rows of one order: an issue, a swap of something they have, or a return."""
    kind = draw.choices(("issue", "swap", "return"), (70, 18, 12))[0]
    opens, closes = draw.choices(words.WINDOWS, words.WINDOW_WEIGHTS)[0]
    priority = draw.choices((1, 2, 3), (78, 17, 5))[0]
    shared = {
        "reference": f"O-{1000 + count}",
        "kind": kind,
        "employee_number": person.number,
        "day": f"{day}",
        "window_start": opens,
        "window_end": closes,
        "priority": priority,
        "severity": {1: "", 2: "kit-degraded", 3: "cannot-work"}[priority],
    }
    if kind == "issue":
        picked = draw.choices(words.BUNDLES, words.BUNDLE_WEIGHTS)[0]
        return [{**shared, "sku": sku, "quantity": quantity} for sku, quantity in picked]
    sku, tag = draw.choice([piece for piece in has if piece[0] in words.NUMBERED_SHELVES])
    return [{**shared, "sku": sku, "quantity": 1, "return_asset_tag": tag}]


def _hopeless(count: int, person: Person, line: Mapping[str, Any]) -> dict[str, Any]:
    """An order that cannot be served, each for another reason."""
    return {
        "reference": f"O-{1000 + count}",
        "kind": "issue",
        "employee_number": person.number,
        "sku": line["sku"],
        "quantity": line.get("quantity", 1),
        "day": "0",
        "window_start": line.get("opens", "09:00"),
        "window_end": line.get("closes", "16:00"),
        "priority": 2,
        "severity": "",
    }


def _shuffled(draw: Random, people: list[Person]) -> list[Person]:
    draw.shuffle(people)
    return people


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l").replace("ø", "o"))
    return "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "-"))
