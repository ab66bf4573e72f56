"""A small company on the tests' Tuesday: a published tour, a draft for Wednesday, and names that try to break pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from inventory import addresses, stock
from logistics import dispatch, users
from tests.builders import a_laptop, a_piece, a_product, a_site, pieces, received, someone_at_home
from tests.fakes import MORNING
from tests.logistics.builders import a_draft, a_tour, a_van, an_order, back, out, stops_of

TODAY = MORNING.date()
TOMORROW = TODAY + timedelta(days=1)

#: Texts that would run if a page, a map's script or a popup wrote them as they are.
TAG = "<img src=x onerror=alert(1)>"
TEMPLATE = "${alert(2)}"
TICK = "`+alert(3)+`"
QUOTES = "\"'--></script><script>alert(4)</script>"
#: The homes' street: never in a map's script, only where a role may see it.
STREET = "12 sentier Introuvable"

PASSWORD = "correct-horse-9"
LOGINS = {
    "admin": "ada", "coordinator": "cora", "warehouse": "wim", "agent": "agnes", "courier": "v1", "employee": "emil",
    "auditor": "otto",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """What tests ask for by name: ids of today's tour, its stops and pick lines are told by the database."""

    tour_id: int
    stop_ids: tuple[int, ...]


def a_company(session: Any) -> Company:
    """Write it into an empty database, through the services."""
    site = a_site(session, "NCE", name=f"Depot {TAG}")
    a_site(session, "MCM", name="Depot two")
    laptop = a_laptop(session, "LAP", name=f"Laptop {TICK}")
    mouse = a_product(session, "MOU", name=f"Mouse {TEMPLATE}")
    pieces(session, laptop, 6, site=site)
    received(session, mouse, 20, site=site)
    home = {"line": STREET, "access_note": f"code {TAG}"}
    names = (TAG, TEMPLATE, TICK, QUOTES, "Ana", "Léa")
    people = [someone_at_home(session, f"E{number}") for number in range(1, len(names) + 1)]
    for person, name in zip(people, names, strict=True):
        person.given_name = person.family_name = name
        home_of(session, person, **home)
    old = a_piece(session, laptop, who=stock.holder(session, "employee", "E2"), tag="OLD-E2")
    van, second = a_van(session, site, "V1", courier="v1"), a_van(session, site, "V2", courier=None)
    today = [
        an_order(session, people[0], site, out(laptop), out(mouse, 2), reference="O-1", day=TODAY, note=TAG),
        an_order(session, people[1], site, out(laptop), back(laptop, 1, old), reference="O-2", day=TODAY),
        an_order(session, people[2], site, back(mouse), reference="O-3", day=TODAY),
    ]
    missed = an_order(session, people[3], site, out(mouse), reference="O-4", day=TODAY, priority=3)
    tour = a_tour(session, van, today, day=TODAY)
    a_draft(session, tour, day=TODAY, unserved=[missed])
    dispatch.publish_day(session, TODAY, now=MORNING, actor="cora")
    later = an_order(session, people[4], site, out(mouse), reference="O-5", day=TOMORROW)
    a_draft(session, a_tour(session, second, [later], day=TOMORROW), day=TOMORROW)
    _accounts(session)
    return Company(tour.id, tuple(stop.id for stop in stops_of(session, tour)))


def home_of(session: Any, person: Any, **facts: Any) -> None:
    """The home with other texts at the same point."""
    kept = addresses.current(session, person.id)
    addresses.replace_address(
        session, person.id, postal_code=kept.postal_code, city=kept.city, country=kept.country, lat=kept.lat,
        lon=kept.lon, accuracy=kept.accuracy, source=kept.source, unlocated_reason="", line=facts["line"], now=MORNING,
    )  # fmt: skip
    addresses.current(session, person.id).access_note = facts["access_note"]


@cache
def _hashed() -> str:
    return users.hash_password(PASSWORD)


def _accounts(session: Any) -> None:
    hashed = _hashed()
    for role, login in LOGINS.items():
        _, row = users.put_user(
            session, login=login, role=role, name=f"{role} {TAG}", employee_number="E5" if role == "employee" else None,
            van_code="V1" if role == "courier" else None,
        )  # fmt: skip
        row.password_hash = hashed
    session.flush()
