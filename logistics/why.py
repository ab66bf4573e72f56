"""Why a stop is on this van and no other: only what the books say, nothing guessed at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, hypot, radians

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory.models import Product, Site

from .day_views import DayView, StopView, TourView
from .models import Order, OrderLine, Van

#: Metres of a degree of latitude (WGS 84 mean radius).
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Reason:
    """One true fact: `wanted`, `only-van`, `only-skill` (with the skill), `neighbour` (with the metres)."""

    code: str
    skill: str = ""
    metres: int = 0


def why(session: Session, view: DayView, tour: TourView, stop: StopView) -> tuple[Reason, ...]:
    """What is known of the choice of this van, the strongest first; empty when nothing is.

    `wanted`: a coordinator gave an order of the stop to this van. `only-van`: its site has no other vehicle in service.
    `only-skill`: no other vehicle of the site may do what a product asks for. `neighbour`: the nearest other stop of
    the day is on the same tour, so far away as the crow flies.
    """
    vans = session.scalars(select(Van).join(Site, Site.id == Van.site_id).where(Van.is_active, Site.code == tour.site))
    known = {van.code: van for van in vans}
    rows = session.execute(
        select(Order.wanted_van_id, Product.skills)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(Order.reference.in_(stop.orders))
    ).all()
    own = known.get(tour.van)
    found = []
    if own is not None and any(wanted == own.id for wanted, _skills in rows):
        found.append(Reason("wanted"))
    if own is not None and len(known) == 1:
        found.append(Reason("only-van"))
    elif own is not None:
        asked = sorted({skill for _wanted, skills in rows for skill in skills})
        others = [van for van in known.values() if van.id != own.id]
        found += [Reason("only-skill", skill=one) for one in asked if not any(one in van.skills for van in others)]
    nearest = _nearest(stop, ((other, one.van) for one in view.tours for other in one.stops if other.id != stop.id))
    if nearest is not None and nearest[1] == tour.van:
        found.append(Reason("neighbour", metres=round(nearest[0])))
    return tuple(found)


def _nearest(stop: StopView, others: Iterable[tuple[StopView, str]]) -> tuple[float, str] | None:
    ranked = ((_metres(stop, other), van) for other, van in others)
    return min(ranked, default=None)


def _metres(one: StopView, other: StopView) -> float:
    east = (other.lon - one.lon) * cos(radians(one.lat))
    return hypot(other.lat - one.lat, east) * METRES_PER_DEGREE
