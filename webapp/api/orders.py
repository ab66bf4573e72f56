"""Orders: list, place, look, change, call off, leave out, give to a van, move on a tour."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from logistics import requests
from logistics.counter import orders as counter
from logistics.errors import InvalidRequest

from ..here import system
from . import pages
from .bodies import Answer, Body, Clock, ClockOut, Code, Day, Line, Note, Paged, Search
from .operations import Call, Made, operation

room = APIBlueprint("api_orders", __name__, url_prefix="/api/v1/orders", tag="orders")

State = Literal["open", "planned", "underway", "done", "cancelled"]
Priority = Annotated[int, Field(ge=1, le=3, description="1 standard, 2 blocking, 3 critical.")]


class OrderLineIn(Body):
    """Pieces to bring (`out`) or to fetch (`back`)."""

    direction: Literal["out", "back"]
    sku: Code
    quantity: Annotated[int, Field(ge=1, le=requests.MOST_PIECES)] = 1
    asset_tag: Code | None = Field(None, description="The exact piece to fetch; never of a line out.")


class OrderIn(Body):
    """An order to place."""

    kind: Literal["issue", "swap", "return"]
    employee_number: Code
    lines: Annotated[list[OrderLineIn], Field(min_length=1, max_length=requests.MOST_LINES)]
    day: Day
    window_start: Clock
    window_end: Clock
    reference: Code | None = Field(None, description="Your own; one is drawn when it is left out.")
    priority: Priority = 1
    severity: Annotated[Line, Field(max_length=40)] = ""
    note: Note = ""
    signalled_at: AwareDatetime | None = Field(None, description="When the need was first told.")


class OrderChange(Body):
    """What is to change; what is left out stays. A window is told with both its ends."""

    day: Day | None = None
    window_start: Clock | None = None
    window_end: Clock | None = None
    priority: Priority | None = None
    note: Note | None = None


class CancelIn(Body):
    """Why an order is called off."""

    reason: Annotated[Line, Field(max_length=200)] = ""


class LeaveOutIn(Body):
    """Whether to keep the order off the road that day."""

    left_out: bool


class VanIn(Body):
    """The only van that may serve the order; null = any."""

    van: Code | None


class MoveIn(Body):
    """Where on a tour the order's stop should be."""

    day: Day
    van: Code
    position: Annotated[int, Field(ge=1, le=500)]


class OrdersQuery(Paged):
    """Which orders."""

    state: State | None = None
    day: Day | None = None


class OrderSearch(Search):
    """Part of a reference, an employee number or a name; in the body, so that no name stands in an address."""

    state: State | None = None
    day: Day | None = None


class OrderRowOut(Answer):
    """One order of a list."""

    reference: str
    kind: str
    state: str
    priority: int
    employee_number: str
    given_name: str
    family_name: str
    day: date
    window_start: ClockOut
    window_end: ClockOut
    site_code: str
    left_out: bool
    is_short: bool


class OrdersOut(Answer):
    """A page of orders, the newest day first."""

    items: list[OrderRowOut]
    next: str | None


class OrderLineOut(Answer):
    """Pieces of an order."""

    number: int
    direction: str
    sku: str
    name: str
    quantity: int
    asset_tag: str | None
    state: str
    is_short: bool


class OrderEventOut(Answer):
    """One dated fact of an order's life."""

    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    facts: dict[str, Any]


class WhereaboutsOut(Answer):
    """The order's stop in the newest plan."""

    day: date
    van: str
    sequence: int
    arrival: datetime
    service_start: datetime
    window_start: datetime
    window_end: datetime
    tour_state: str


class ReasonOut(Answer):
    """Why the newest plan leaves the order out."""

    code: str
    facts: dict[str, Any]


class OrderOut(Answer):
    """One order; clock times are those of the serving site's zone."""

    reference: str
    version: int
    kind: str
    state: str
    priority: int
    severity: str
    employee_number: str
    given_name: str
    family_name: str
    day: date
    window_start: ClockOut
    window_end: ClockOut
    site_code: str
    zone: str
    note: str
    left_out: bool
    wanted_van: str
    is_confirmed: bool
    lines: list[OrderLineOut]
    events: list[OrderEventOut]
    tour: WhereaboutsOut | None
    unserved: ReasonOut | None


class PlacedOut(Answer):
    """A new order; read it at its own address."""

    reference: str
    version: int


class MovePreviewOut(Answer):
    """What a move would change over all tours; less is negative."""

    reference: str
    van_code: str
    position: int
    working_s: int
    distance_m: int
    cost_cents: int


class MovedOut(Answer):
    """The new draft."""

    day: date
    plan_id: int
    version: int
    tours: int
    stops: int
    unserved: int
    distance_m: int
    driving_s: int
    cost_cents: int


@operation(room, "GET", "", right="orders.read", asks=OrdersQuery, gives=OrdersOut)
def list_orders(call: Call, query: OrdersQuery) -> OrdersOut:
    """The orders that the owner may see, newest day first."""
    return _page(call, query, query.state, query.day, "")


@operation(room, "POST", "/search", right="orders.read", takes=OrderSearch, gives=OrdersOut, looks=True)
def search_orders(call: Call, body: OrderSearch) -> OrdersOut:
    """Orders by reference, employee number or name."""
    return _page(call, body.paged(), body.state, body.day, body.text)


def _page(call: Call, query: Paged, state: str | None, day: date | None, text: str) -> OrdersOut:
    begin = pages.start(query)
    found = counter.index(
        call.session, call.viewer, state=state, day=day, text=text, page=begin // query.limit + 1, per_page=query.limit
    )
    items = [OrderRowOut.model_validate(row) for row in found.rows]
    return OrdersOut(items=items, next=pages.cursor(query, begin + query.limit, more=found.has_more))


@operation(room, "POST", "", right="orders.place", takes=OrderIn, gives=PlacedOut, status=201, creates=True)
def place_order(call: Call, body: OrderIn) -> Made:
    """Place an order; its pieces are promised at once, or it is placed short and tried again before each plan."""
    lines = tuple(
        requests.LineRequest(one.direction, one.sku, one.quantity, one.asset_tag) for one in body.lines
    )
    wanted = requests.OrderRequest(
        kind=body.kind, employee_number=body.employee_number, lines=lines, day=body.day,
        window_start=body.window_start, window_end=body.window_end, reference=body.reference, priority=body.priority,
        signalled_at=body.signalled_at, severity=body.severity, note=body.note,
    )  # fmt: skip
    placed = counter.place(call.session, call.viewer, wanted, system=system(), now=call.now)
    return Made(placed, {"Location": f"/api/v1/orders/{placed.reference}"})


@operation(room, "GET", "/<string(but='search'):reference>", right="orders.read", gives=OrderOut)
def get_order(call: Call, reference: str) -> object:
    """One order with its lines, its life and its place in the newest plan."""
    return counter.show(call.session, call.viewer, reference)


@operation(room, "PATCH", "/<string(but='search'):reference>", right="orders.amend", takes=OrderChange, gives=OrderOut,
           versioned=True)  # fmt: skip
def change_order(call: Call, body: OrderChange, reference: str) -> object:
    """Another day, window, urgency or note, when nobody changed the order since it was read."""
    facts = {name: getattr(body, name) for name in sorted(body.model_fields_set)}
    missing = sorted(name for name, value in facts.items() if value is None)
    if missing:
        raise InvalidRequest(missing[0], "is null; leave it out to keep it")
    if ("window_start" in facts) != ("window_end" in facts):
        raise InvalidRequest("window_end", "goes with window_start; tell both or none")
    counter.amend(call.session, call.viewer, reference, facts, expected_version=call.version, now=call.now)
    return counter.show(call.session, call.viewer, reference)


@operation(room, "POST", "/<reference>/cancel", right="orders.cancel", takes=CancelIn, gives=OrderOut, versioned=True)
def cancel_order(call: Call, body: CancelIn, reference: str) -> object:
    """Call the order off; its pieces are free again."""
    counter.cancel(
        call.session, call.viewer, reference, reason=body.reason, now=call.now, expected_version=call.version
    )
    return counter.show(call.session, call.viewer, reference)


@operation(room, "POST", "/<reference>/leave-out", right="orders.leave-out", takes=LeaveOutIn, gives=OrderOut,
           versioned=True)  # fmt: skip
def leave_out_order(call: Call, body: LeaveOutIn, reference: str) -> object:
    """Keep the order off the road that day, or let it back; it counts from the next plan on."""
    counter.leave_out(
        call.session, call.viewer, reference, body.left_out, now=call.now, expected_version=call.version
    )
    return counter.show(call.session, call.viewer, reference)


@operation(room, "POST", "/<reference>/van", right="orders.give-to-van", takes=VanIn, gives=OrderOut, versioned=True)
def give_order_to_van(call: Call, body: VanIn, reference: str) -> object:
    """Only this van may serve the order, or any again; it counts from the next plan on."""
    counter.give_to_van(
        call.session, call.viewer, reference, body.van, now=call.now, expected_version=call.version
    )
    return counter.show(call.session, call.viewer, reference)


@operation(room, "POST", "/<reference>/working", right="orders.confirm", gives=OrderOut)
def confirm_order(call: Call, reference: str) -> object:
    """Note that the employee says everything works; saying it twice is saying it once."""
    counter.confirm_working(call.session, call.viewer, reference, now=call.now)
    return counter.show(call.session, call.viewer, reference)


@operation(room, "POST", "/<reference>/move/preview", right="orders.move", takes=MoveIn, gives=MovePreviewOut,
           alone=True)  # fmt: skip
def preview_move(call: Call, body: MoveIn, reference: str) -> object:
    """What it would change to put the stop there; nothing is written."""
    return counter.preview_move(
        system(), call.viewer, body.day, reference, van_code=body.van, position=body.position
    )


@operation(room, "POST", "/<reference>/move", right="orders.move", takes=MoveIn, gives=MovedOut, creates=True,
           alone=True)  # fmt: skip
def move_order(call: Call, body: MoveIn, reference: str) -> object:
    """Put the stop there, in a new draft that waits to be published."""
    return counter.move(system(), call.viewer, body.day, reference, van_code=body.van, position=body.position)
