"""Sites, products, vans, shelves, receipts, pick lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field

from logistics.counter import catalogue
from logistics.counter import warehouse as counter
from logistics.picking import PickItem

from ..here import today
from . import pages
from .bodies import Answer, Body, Code, Day, Paged, Query
from .operations import Call, Made, operation

room = APIBlueprint("api_warehouse", __name__, url_prefix="/api/v1", tag="warehouse")


class SiteOut(Answer):
    """A place with stock."""

    code: str
    name: str
    lat: float | None
    lon: float | None
    timezone: str
    is_open: bool


class SitesOut(Answer):
    """A page of sites, by code."""

    items: list[SiteOut]
    next: str | None


class ProductOut(Answer):
    """A product of the catalogue."""

    sku: str
    name: str
    tracking: str


class ProductsOut(Answer):
    """A page of products, by name."""

    items: list[ProductOut]
    next: str | None


class VanOut(Answer):
    """A vehicle."""

    code: str
    name: str
    kind: str


class VansOut(Answer):
    """A page of vehicles, by code."""

    items: list[VanOut]
    next: str | None


class StockQuery(Paged):
    """Which shelves."""

    site: Code | None = None
    sku: Code | None = None


class StockLineOut(Answer):
    """One product at one site."""

    site_code: str
    site_name: str
    sku: str
    product_name: str
    tracking: str
    on_hand: int
    reserved: int
    quarantined: int
    free: int


class StockOut(Answer):
    """A page of shelves."""

    items: list[StockLineOut]
    next: str | None


class PieceIn(Body):
    """A piece with a number of its own."""

    tag: Code
    serial: Code


class ReceiptIn(Body):
    """What a supplier delivered: so many of a product, or exact pieces."""

    site: Code
    sku: Code
    quantity: Annotated[int, Field(ge=0, le=10_000)] = 0
    pieces: Annotated[list[PieceIn], Field(max_length=1_000, default_factory=list)]
    receipt_id: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._-]+$")]


class ReceivedOut(Answer):
    """What is on the shelf now because of the receipt."""

    receipt_id: str
    site: str
    sku: str
    pieces: int


class ToursQuery(Query):
    """Which day; today when it is left out."""

    day: Day | None = None


class TourOut(Answer):
    """A published tour and how far its picking is."""

    id: int
    day: date
    state: str
    van_code: str
    van_name: str
    van_kind: str
    site_code: str
    courier_name: str
    start: datetime
    end: datetime
    stops: int
    stops_closed: int
    picks: dict[str, int]


class NextDayOut(Answer):
    """A day with something to do; null = there is none."""

    day: date | None


class ToursOut(Answer):
    """The day's published tours."""

    items: list[TourOut]


class PickOut(Answer):
    """One thing to take from the shelf."""

    id: int
    stop_id: int
    sequence: int
    order_reference: str
    order_line_id: int
    employee_number: str
    sku: str
    product_name: str
    asset_tag: str | None
    serial: str | None
    quantity: int
    state: str
    substitutes: list[str]


class PickListOut(Answer):
    """What one tour takes along, the last stop's things first."""

    tour_id: int
    state: str
    van_code: str
    site_code: str
    starts_at: datetime
    items: list[PickOut]
    is_complete: bool


class MarkIn(Body):
    """What became of a line."""

    state: Literal["to-pick", "picked", "missing"]


class SubstituteIn(Body):
    """The piece that goes instead."""

    asset_tag: Code


@operation(room, "GET", "/sites", right="account.own", asks=Paged, gives=SitesOut)
def list_sites(call: Call, query: Paged) -> SitesOut:
    """The sites that the owner works for."""
    items, following = pages.page(catalogue.my_sites(call.session, call.viewer), query)
    return SitesOut(items=[SiteOut.model_validate(one) for one in items], next=following)


@operation(room, "GET", "/products", right="catalogue.read", asks=Paged, gives=ProductsOut)
def list_products(call: Call, query: Paged) -> ProductsOut:
    """The catalogue."""
    items, following = pages.page(catalogue.products(call.session, call.viewer), query)
    return ProductsOut(items=[ProductOut.model_validate(one) for one in items], next=following)


@operation(room, "GET", "/vans", right="catalogue.read", asks=Paged, gives=VansOut)
def list_vans(call: Call, query: Paged) -> VansOut:
    """The active vehicles of the owner's sites."""
    items, following = pages.page(catalogue.vans(call.session, call.viewer), query)
    return VansOut(items=[VanOut.model_validate(one) for one in items], next=following)


@operation(room, "GET", "/stock", right="stock.read", asks=StockQuery, gives=StockOut)
def list_stock(call: Call, query: StockQuery) -> StockOut:
    """What lies at the owner's sites, what is promised, what is free."""
    found = [
        one for one in counter.stock(call.session, call.viewer)
        if query.site in (None, one.site_code) and query.sku in (None, one.sku)
    ]  # fmt: skip
    items, following = pages.page(found, query)
    return StockOut(items=[StockLineOut.model_validate(one) for one in items], next=following)


@operation(room, "POST", "/receipts", right="stock.receive", takes=ReceiptIn, gives=ReceivedOut, status=201,
           creates=True)  # fmt: skip
def receive(call: Call, body: ReceiptIn) -> Made:
    """Book what a supplier delivered, once per `receipt_id`."""
    count = counter.receive(
        call.session, call.viewer, site_code=body.site, sku=body.sku, quantity=body.quantity,
        pieces=tuple((one.tag, one.serial) for one in body.pieces), receipt_id=body.receipt_id, now=call.now,
    )  # fmt: skip
    return Made(ReceivedOut(receipt_id=body.receipt_id, site=body.site, sku=body.sku, pieces=count))


@operation(room, "GET", "/tours", right="picks.read", asks=ToursQuery, gives=ToursOut)
def list_tours(call: Call, query: ToursQuery) -> ToursOut:
    """The published tours of a day with how far their picking is."""
    found = counter.tours(call.session, call.viewer, query.day or today())
    return ToursOut(items=[TourOut.model_validate(one) for one in found])


@operation(room, "GET", "/tours/next", right="picks.read", asks=ToursQuery, gives=NextDayOut)
def next_picking(call: Call, query: ToursQuery) -> NextDayOut:
    """The first day after that one with something to pick at the owner's sites."""
    return NextDayOut(day=counter.next_day(call.session, call.viewer, query.day or today()))


@operation(room, "GET", "/tours/<int:tour_id>/picks", right="picks.read", gives=PickListOut)
def pick_list(call: Call, tour_id: int) -> object:
    """One tour's pick list, in loading order."""
    return counter.pick_list(call.session, call.viewer, tour_id)


@operation(room, "PUT", "/tours/<int:tour_id>/picks/<int:line_id>/state", right="picks.mark", takes=MarkIn,
           gives=PickOut)  # fmt: skip
def mark_pick(call: Call, body: MarkIn, tour_id: int, line_id: int) -> PickItem:
    """A line is picked, missing, or to be looked for again."""
    return counter.mark(call.session, call.viewer, tour_id, line_id, body.state, now=call.now)


@operation(room, "PUT", "/tours/<int:tour_id>/picks/<int:line_id>/piece", right="picks.mark", takes=SubstituteIn,
           gives=PickOut)  # fmt: skip
def substitute_pick(call: Call, body: SubstituteIn, tour_id: int, line_id: int) -> PickItem:
    """Another piece of the same kind from the same shelf goes instead."""
    return counter.substitute(call.session, call.viewer, tour_id, line_id, body.asset_tag, now=call.now)
