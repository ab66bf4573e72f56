"""The courier's own tour: look, tell what happened, print it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field

from logistics.counter import road as counter
from logistics.errors import UnknownRecord
from logistics.execution import StopEventIn
from logistics.road_queries import CourierTour

from ..here import system, today
from ..i18n import language
from .bodies import Answer, Body, Code
from .operations import LARGEST_ID, Call, operation
from .warehouse import PickOut, TourOut

room = APIBlueprint("api_tours", __name__, url_prefix="/api/v1/me/tour", tag="tours")
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class HandedIn(Body):
    """What changed hands: all of an order's line, or one piece of it, or so many."""

    line: Id
    asset_tag: Code | None = None
    quantity: Annotated[int, Field(ge=1, le=10_000)] | None = None


class CountedIn(Body):
    """What is really in the van at the end: a piece, or so many of a product."""

    asset_tag: Code | None = None
    sku: Code | None = None
    quantity: Annotated[int, Field(ge=0, le=10_000)] | None = None


class EventIn(Body):
    """One thing the courier tells. Facts that belong to another kind of event are refused."""

    kind: Literal["started", "arrived", "done", "failed", "ended"]
    tour_id: Id
    stop_id: Id | None = Field(None, description="Of arrived, done and failed.")
    occurred_at: AwareDatetime | None = Field(None, description="The phone's own time; left out = when it reaches us.")
    loaded: Annotated[list[Id], Field(max_length=1_000)] | None = None
    given: Annotated[list[HandedIn], Field(max_length=500)] | None = None
    taken: Annotated[list[HandedIn], Field(max_length=500)] | None = None
    confirmed_working: bool | None = None
    reason: (
        Literal["absent", "refused", "wrong-address", "no-access", "damaged", "not-ready", "missing-item", "unsafe"]
        | None
    ) = None
    counted: Annotated[list[CountedIn], Field(max_length=1_000)] | None = None

    def facts(self) -> dict[str, Any]:
        """What was told beside kind, place and time."""
        known = {"kind", "tour_id", "stop_id", "occurred_at"}
        return self.model_dump(exclude=known, exclude_none=True)


class TourItemOut(Answer):
    """One thing to give or to take."""

    line_id: int
    pick_line_id: int | None
    order_reference: str
    direction: str
    sku: str
    product_name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    state: str


class TourStopOut(Answer):
    """One door: who, where, when, what."""

    id: int
    sequence: int
    kind: str
    state: str
    failure: str
    orders: list[str]
    notes: list[str]
    employee_number: str
    given_name: str
    family_name: str
    phone: str
    address_line: str
    postal_code: str
    city: str
    access_note: str
    lat: float | None
    lon: float | None
    accuracy: str
    arrival: datetime
    service_start: datetime
    departure: datetime
    window_start: datetime
    window_end: datetime
    drive_s: int
    distance_m: int
    items: list[TourItemOut]


class AboardOut(Answer):
    """Something the books say is in the van."""

    sku: str
    product_name: str
    asset_tag: str | None
    quantity: int


class MyTourOut(Answer):
    """The whole tour: stops in driving order, the loading list, what is aboard."""

    id: int
    day: date
    state: str
    van_code: str
    van_name: str
    van_kind: str
    site_code: str
    site_name: str
    start: datetime
    end: datetime
    distance_m: int
    driving_s: int
    stops: list[TourStopOut]
    loading: list[PickOut]
    aboard: list[AboardOut]
    differences: list[dict[str, Any]]
    can_end: bool


class NextTourOut(Answer):
    """The first published tour after today; null = there is none yet."""

    tour: TourOut | None


class RecordedOut(Answer):
    """What the event did; `repeated` when it had been told before."""

    id: str
    kind: str
    result: dict[str, Any]
    repeated: bool


@operation(room, "GET", "", right="tours.own", gives=MyTourOut)
def my_tour(call: Call) -> CourierTour:
    """The owner's tour of today: the one on the road, else the next to start, else the last that ended."""
    return _mine(counter.my_tour(call.session, call.viewer, today(), now=call.now))


@operation(room, "GET", "/next", right="tours.own", gives=NextTourOut)
def next_tour(call: Call) -> NextTourOut:
    """The owner's first tour after today, for a day without one."""
    found = counter.next_tour(call.session, call.viewer, today())
    return NextTourOut(tour=TourOut.model_validate(found) if found else None)


@operation(room, "GET", "/stops/<int:stop_id>", right="tours.own", gives=TourStopOut)
def my_stop(call: Call, stop_id: int) -> object:
    """One stop of that tour."""
    return counter.my_stop(call.session, call.viewer, today(), stop_id, now=call.now)[1]


@operation(room, "PUT", "/events/<event_id>", right="tours.drive", takes=EventIn, gives=RecordedOut)
def tell_event(call: Call, body: EventIn, event_id: str) -> object:
    """Tell what happened, under an id the phone made: telling it again changes nothing and answers the same."""
    event = StopEventIn(
        id=event_id[:65], kind=body.kind, tour_id=body.tour_id, stop_id=body.stop_id, occurred_at=body.occurred_at,
        facts=body.facts(),
    )  # fmt: skip
    return counter.record(call.session, call.viewer, event, now=call.now)


@operation(room, "GET", "/sheet.pdf", right="tours.own", media=("application/pdf",), alone=True)
def my_sheet(call: Call) -> Response:
    """The route sheet, to print or to keep on the phone."""
    with system().sessions() as reading:
        mine = _mine(counter.my_tour(reading, call.viewer, today(), now=call.now))
    made = counter.my_sheet(system(), call.viewer, mine, language=language())
    return Response(made, mimetype="application/pdf")


def _mine(found: CourierTour | None) -> CourierTour:
    if found is None:
        raise UnknownRecord("tour", "today")
    return found
