"""Employees: find, look, show a home for a reason, put it on the map; and one's own kit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field

from logistics.counter import people as counter
from logistics.desk import PersonPage

from ..here import system, today
from . import pages
from .bodies import Answer, Body, ClockOut, Line, Search
from .operations import Call, operation

room = APIBlueprint("api_people", __name__, url_prefix="/api/v1/people", tag="people")
places = APIBlueprint("api_places", __name__, url_prefix="/api/v1/places", tag="people")
mine = APIBlueprint("api_kit", __name__, url_prefix="/api/v1/me", tag="account")


class PeopleSearch(Search):
    """Part of a name, a number or a tag; in the body, so that no name stands in an address."""


class RevealIn(Body):
    """Why the home is looked at; it is logged."""

    purpose: Literal["order", "call", "correction"]


class PinIn(Body):
    """Where the home is, WGS 84 degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class PlaceSearch(Body):
    """Part of an address; in the body, so that no home stands in an address."""

    text: Annotated[Line, Field(max_length=120)]


class PlaceOut(Answer):
    """Somewhere that the text may mean; `accuracy` says what the point is good for."""

    label: str
    lat: float
    lon: float
    accuracy: str


class PlacesOut(Answer):
    """Places, best first; none for fewer than three letters."""

    items: list[PlaceOut]


class PersonRowOut(Answer):
    """One employee of a list; no home."""

    number: str
    given_name: str
    family_name: str
    department: str
    has_left: bool
    accuracy: str


class PeopleOut(Answer):
    """A page of employees."""

    items: list[PersonRowOut]
    next: str | None


class HeldOut(Answer):
    """Something the employee has."""

    sku: str
    product_name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    data_state: str | None
    since: datetime | None


class PersonOrderOut(Answer):
    """One of the employee's orders."""

    reference: str
    kind: str
    state: str
    priority: int
    day: date
    window_start: ClockOut
    window_end: ClockOut


class PersonOut(Answer):
    """An employee with what they have and their orders; no home."""

    number: str
    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    department: str
    start_date: date | None
    end_date: date | None
    accuracy: str | None
    unlocated_reason: str
    held: list[HeldOut]
    orders: list[PersonOrderOut]


class HomeOut(Answer):
    """A home, shown for a stated purpose and logged."""

    line: str
    postal_code: str
    city: str
    country: str
    access_note: str
    accuracy: str
    lat: float | None
    lon: float | None
    phone: str


class PinOut(Answer):
    """The pin is set; it counts from the next plan on."""

    number: str
    accuracy: str | None


@operation(room, "POST", "/search", right="people.read", takes=PeopleSearch, gives=PeopleOut, looks=True)
def search_people(call: Call, body: PeopleSearch) -> PeopleOut:
    """Employees by name, number or the tag of what they hold; the first by name for an empty text."""
    query = body.paged()
    wanted = pages.start(query) + query.limit + 1
    found = counter.find(call.session, call.viewer, body.text, today=today(), most=wanted)
    items, following = pages.page(found, query)
    return PeopleOut(items=[PersonRowOut.model_validate(one) for one in items], next=following)


@operation(room, "GET", "/<string(but='search'):number>", right="people.read", gives=PersonOut)
def get_person(call: Call, number: str) -> PersonOut:
    """One employee with what they have and their orders."""
    return _person(counter.show(call.session, call.viewer, number))


@operation(room, "POST", "/<number>/home", right="people.reveal-home", takes=RevealIn, gives=HomeOut)
def reveal_home(call: Call, body: RevealIn, number: str) -> object:
    """The employee's home; who looked, when and why is logged."""
    return counter.reveal_home(
        call.session, call.viewer, number, purpose=f"api:{body.purpose}", now=call.now
    )


@operation(room, "PUT", "/<number>/pin", right="people.set-pin", takes=PinIn, gives=PinOut)
def set_pin(call: Call, body: PinIn, number: str) -> PinOut:
    """Put the employee's home at a point; it wins over every later search."""
    counter.set_pin(call.session, call.viewer, number, lat=body.lat, lon=body.lon, now=call.now)
    return PinOut(number=number, accuracy=counter.show(call.session, call.viewer, number).card.accuracy)


@operation(places, "POST", "/search", right="places.find", takes=PlaceSearch, gives=PlacesOut, looks=True)
def find_places(call: Call, body: PlaceSearch) -> PlacesOut:
    """What an address still being typed may mean, best first; nothing is asked outside, nothing is kept."""
    found = counter.find_places(call.viewer, body.text, geocoder=system().geocoder)
    return PlacesOut(items=[PlaceOut.model_validate(one) for one in found])


@operation(mine, "GET", "/kit", right="kit.own", gives=PersonOut)
def my_kit(call: Call) -> PersonOut:
    """What the owner has at home, and their orders."""
    return _person(counter.own(call.session, call.viewer))


@operation(mine, "GET", "/home", right="kit.own", gives=HomeOut)
def my_home(call: Call) -> object:
    """Where the owner's things are brought, as the books have it."""
    return counter.own_home(call.session, call.viewer)


def _person(seen: PersonPage) -> PersonOut:
    card = seen.card
    return PersonOut(
        number=card.number, given_name=card.given_name, family_name=card.family_name, email=card.email,
        phone=card.phone, language=card.language, department=card.department, start_date=card.start_date,
        end_date=card.end_date, accuracy=card.accuracy, unlocated_reason=card.unlocated_reason,
        held=[HeldOut.model_validate(one) for one in seen.held],
        orders=[PersonOrderOut.model_validate(one) for one in seen.orders],
    )  # fmt: skip
