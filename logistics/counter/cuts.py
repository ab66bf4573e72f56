"""Read models as their viewer may see them, see `personal`: what is cut here is cut on every page, export and map."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from .. import personal
from ..day_views import DayView, StopView, TourView, UnservedView
from ..desk import Home, PersonPage, PersonRow
from ..exports import DaySheet
from ..exports.sheets import StopSheet, TourSheet
from ..order_views import EventView, OrderPage, OrderRow, OrderView
from ..road_queries import CourierStop, CourierTour
from ..viewer import Viewer


def order_page(viewer: Viewer, page: OrderPage) -> OrderPage:
    """A list of orders."""
    return replace(page, rows=tuple(_order_row(viewer, row) for row in page.rows))


def order(viewer: Viewer, view: OrderView) -> OrderView:
    """One order; what people wrote about it may speak of the door."""
    given, family = personal.name_for(viewer, view.given_name, view.family_name)
    named = replace(view, given_name=given, family_name=family)
    if personal.reads_notes(viewer):
        return named
    return replace(named, note="", events=tuple(_event(event) for event in view.events))


def day(viewer: Viewer, view: DayView) -> DayView:
    """A day: names, and points for who may know them; a line along the road leads to doors, so it is cut with them."""
    if personal.sees(viewer, "point") == "full" and personal.sees(viewer, "name") == "full":
        return view
    return replace(
        view,
        tours=tuple(_tour(viewer, tour) for tour in view.tours),
        unserved=tuple(_left(viewer, left) for left in view.unserved),
    )


def people(viewer: Viewer, rows: tuple[PersonRow, ...]) -> tuple[PersonRow, ...]:
    """A list of employees."""
    named = ((row, personal.name_for(viewer, row.given_name, row.family_name)) for row in rows)
    return tuple(replace(row, given_name=given, family_name=family) for row, (given, family) in named)


def person(viewer: Viewer, page: PersonPage) -> PersonPage:
    """One employee."""
    given, family = personal.name_for(viewer, page.card.given_name, page.card.family_name)
    card = replace(page.card, given_name=given, family_name=family)
    much = personal.sees(viewer, "contact")
    if much != "full":
        card = replace(card, email=card.email if much == "reveal" else "", phone="")
    return replace(page, card=card)


def home(viewer: Viewer, found: Home) -> Home:
    """A home that was asked for with a reason: its words whole, its point as exact as the viewer may know it."""
    lat, lon = personal.point_for(viewer, found.lat, found.lon)
    return replace(found, lat=lat, lon=lon)


def courier_tour(viewer: Viewer, tour: CourierTour, *, now: datetime) -> CourierTour:
    """A courier's tour: doors only while it is near."""
    near = personal.may_see_home(viewer, starts_at=tour.start, ends_at=_ends(tour, now), now=now)
    return replace(tour, stops=tuple(_courier_stop(viewer, stop, near=near) for stop in tour.stops))


def sheet(viewer: Viewer, found: DaySheet, *, now: datetime) -> DaySheet:
    """A day as it is exported and printed."""
    return replace(found, tours=tuple(_tour_sheet(viewer, tour, now=now) for tour in found.tours))


def _ends(tour: CourierTour | TourSheet, now: datetime) -> datetime:
    """When the tour ends: not while it is on the road, however late it is."""
    return max(tour.end, now) if tour.state == "departed" else tour.end


def _event(event: EventView) -> EventView:
    """An event without the words somebody wrote: a reason of a cancellation is free text."""
    if event.kind != "cancelled":
        return event
    return replace(event, facts={name: fact for name, fact in event.facts.items() if name != "reason"})


def _order_row(viewer: Viewer, row: OrderRow) -> OrderRow:
    given, family = personal.name_for(viewer, row.given_name, row.family_name)
    return replace(row, given_name=given, family_name=family)


def _tour(viewer: Viewer, tour: TourView) -> TourView:
    return replace(tour, geometry=(), stops=tuple(_stop(viewer, stop) for stop in tour.stops))


def _stop(viewer: Viewer, stop: StopView) -> StopView:
    lat, lon = personal.sector(stop.lat, stop.lon)
    return replace(stop, given_name=personal.given_for(viewer, stop.given_name), lat=lat, lon=lon)


def _left(viewer: Viewer, left: UnservedView) -> UnservedView:
    lat, lon = personal.point_for(viewer, left.lat, left.lon)
    return replace(left, given_name=personal.given_for(viewer, left.given_name), lat=lat, lon=lon)


def _courier_stop(viewer: Viewer, stop: CourierStop, *, near: bool) -> CourierStop:
    if not near:
        return replace(
            stop, given_name="…", family_name="", phone="", address_line="", postal_code="", city="", access_note="",
            notes=(), lat=None, lon=None,
        )  # fmt: skip
    given, family = personal.name_for(viewer, stop.given_name, stop.family_name)
    return replace(stop, given_name=given, family_name=family)


def _tour_sheet(viewer: Viewer, tour: TourSheet, *, now: datetime) -> TourSheet:
    near = personal.may_see_home(viewer, starts_at=tour.start, ends_at=_ends(tour, now), now=now)
    stops = tuple(_stop_sheet(viewer, stop, near=near) for stop in tour.stops)
    return replace(tour, stops=stops, geometry=tour.geometry if near else ())


def _stop_sheet(viewer: Viewer, stop: StopSheet, *, near: bool) -> StopSheet:
    given, family = personal.name_for(viewer, stop.given_name, stop.family_name)
    named = replace(stop, given_name=given, family_name=family)
    if near:
        return named
    lat, lon = personal.sector(stop.lat, stop.lon)
    return replace(
        named, phone="", address_line="", postal_code="", city="", access_note="", notes=(), lat=lat, lon=lon
    )
