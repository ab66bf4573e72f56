"""A company that trials write to: shared shelves, shared orders, and for each client people, tours and pick lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from inventory.models import Employee, Product, Site
from logistics import dispatch, users
from logistics.models import PickLine, Stop, Tour, User, Van
from tests.builders import a_product, a_site, received, someone_at_home
from tests.campaigns.names import PASSWORD, PEOPLE, SHARED, TODAY
from tests.fakes import MORNING
from tests.logistics.builders import a_draft, a_tour, a_van, an_order, out, stops_of

STOPS = 4


@dataclass(frozen=True, slots=True)
class Part:
    """What one client has to itself: its van's stops of today, and the pick lines of a tour that never leaves."""

    number: int
    stop_ids: tuple[int, ...]
    tour_id: int
    pick_tour_id: int
    pick_line_ids: tuple[int, ...]


def a_company(session: Any, clients: int, *, stops: int = STOPS) -> tuple[Part, ...]:
    """Write it into an empty database; everything but the clients' own parts is fought for."""
    site, mouse = a_site(session, "NCE"), a_product(session, "MOU")
    dock = a_product(session, "DOC")
    received(session, mouse, 100_000, site=site)
    received(session, dock, 40, site=site)
    nobody = someone_at_home(session, "SHARED")
    for reference in SHARED:
        an_order(session, nobody, site, out(mouse), reference=reference, day=TODAY + timedelta(days=60))
    hashed = users.hash_password(PASSWORD)
    session.add(User(login="cora", role="coordinator", name="Cora", password_hash=hashed))
    tours = []
    for number in range(1, clients + 1):
        for role in ("agent", "warehouse"):
            session.add(User(login=f"{role}-{number}", role=role, name=role, password_hash=hashed))
        for person in range(1, PEOPLE + 1):
            someone_at_home(session, f"P{number}-{person}")
        out_on_the_road = _a_van_with_work(session, site, mouse, f"V{number}", stops, hashed)
        at_the_depot = _a_van_with_work(session, site, mouse, f"W{number}", 3, hashed)
        tours.append((out_on_the_road, at_the_depot))
    if tours:
        a_draft(session, *(tour for pair in tours for tour in pair), day=TODAY)
        dispatch.publish_day(session, TODAY, now=MORNING, actor="cora")
    return tuple(_part(session, number, *pair) for number, pair in enumerate(tours, 1))


def _a_van_with_work(session: Any, site: Site, product: Product, code: str, stops: int, hashed: str) -> Tour:
    van = a_van(session, site, code)
    session.scalars(select(User).where(User.login == code.lower())).one().password_hash = hashed
    orders = [
        an_order(session, someone_at_home(session, f"{code}-{stop}"), site, out(product), day=TODAY)
        for stop in range(1, stops + 1)
    ]
    return a_tour(session, van, orders, day=TODAY)


def _part(session: Any, number: int, driving: Tour, standing: Tour) -> Part:
    lines = session.scalars(select(PickLine.id).where(PickLine.tour_id == standing.id).order_by(PickLine.id))
    stops = tuple(stop.id for stop in stops_of(session, driving))
    return Part(number, stops, driving.id, standing.id, tuple(lines))


def a_day_of_work(session: Any, day: date, *, stops: int, drafted: bool, published: bool) -> tuple[int, ...]:
    """Orders of one more day for the van V1, on a draft or published if wanted; says the stops."""
    site = session.scalars(select(Site).where(Site.code == "NCE")).one()
    mouse = session.scalars(select(Product).where(Product.sku == "MOU")).one()
    van = session.scalars(select(Van).where(Van.code == "V1")).one()
    people = session.scalars(select(Employee).where(Employee.number.like("P1-%")).order_by(Employee.id)).all()
    placed = [
        an_order(session, person, site, out(mouse), day=day, reference=f"D-{day:%Y%m%d}-{number}")
        for number, person in enumerate(people[:stops])
    ]
    if drafted or published:
        tour = a_tour(session, van, placed, day=day)
        a_draft(session, tour, day=day)
        if published:
            dispatch.publish_day(session, day, now=MORNING, actor="cora")
        return tuple(session.scalars(select(Stop.id).where(Stop.tour_id == tour.id).order_by(Stop.sequence)))
    return ()
