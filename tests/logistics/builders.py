"""Orders, vans and planned days for tests, written as rows: what matters is said, the rest has an ordinary value.

The tours made here keep every promise of a plan: times follow from the legs, loads from the lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from inventory import addresses, stock
from inventory.models import Asset, Employee, Product, Site
from logistics.models import (
    Job,
    Order,
    OrderEvent,
    OrderLine,
    Plan,
    PlanTour,
    Stop,
    StopJob,
    Tour,
    Unserved,
    User,
    Van,
)
from tests.fakes import MORNING

_numbers = itertools.count(1)

#: The day after the tests' morning: a Wednesday.
TOMORROW = (MORNING + timedelta(days=1)).date()
LEG_SECONDS, LEG_METRES, VISIT_SECONDS = 600, 5000, 600
JOB_KIND = {"issue": "delivery", "return": "pickup", "swap": "swap"}

Line = tuple[str, Product, int] | tuple[str, Product, int, Asset]


def a_van(session: Any, site: Site, code: str | None = None, *, courier: str | None = "", **facts: Any) -> Van:
    """A van of the site with its courier, whose login is the van's code in small letters; `courier=None`: without."""
    code = code or f"V{next(_numbers)}"
    usual: dict[str, Any] = {
        "name": f"Van {code}", "kind": "van", "weight_capacity_g": 600_000, "volume_capacity_ml": 4_000_000,
        "shift_start": time(8), "shift_end": time(17), "cost_per_km_cents": 30, "cost_per_hour_cents": 2500,
        "fixed_cost_cents": 3000,
    }  # fmt: skip
    session.add(made := Van(code=code, site_id=site.id, **(usual | facts)))
    session.flush()
    if courier is not None:
        session.add(User(login=courier or code.lower(), role="courier", name="C", van_id=made.id))
        session.flush()
    return made


def out(product: Product, quantity: int = 1) -> Line:
    """Pieces that go to the employee."""
    return ("out", product, quantity)


def back(product: Product, quantity: int = 1, asset: Asset | None = None) -> Line:
    """Pieces that come back, an exact one when it has a tag."""
    return ("back", product, quantity) if asset is None else ("back", product, quantity, asset)


def an_order(
    session: Any, employee: Employee, site: Site, *lines: Line, reference: str | None = None, kind: str | None = None,
    day: date = TOMORROW, window: tuple[time, time] = (time(8), time(17)), now: datetime = MORNING, **facts: Any,
) -> Order:  # fmt: skip
    """An acknowledged order with its job, its lines out promised at the site where the shelf has enough."""
    directions = {line[0] for line in lines}
    kind = kind or ("issue" if directions == {"out"} else "return" if directions == {"back"} else "swap")
    made = Order(
        reference=reference or f"O-{next(_numbers):06d}", kind=kind, employee_id=employee.id, site_id=site.id, day=day,
        window_start=window[0], window_end=window[1], placed_at=now, placed_by="test", **facts,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for number, (direction, product, quantity, *asset) in enumerate(lines, 1):
        session.add(
            OrderLine(
                order_id=made.id, number=number, direction=direction, product_id=product.id, quantity=quantity,
                asset_id=asset[0].id if asset else None,
            )
        )  # fmt: skip
        if direction == "out":
            shelf = stock.holder(session, "site", site.code)
            cause = f"order:{made.reference}#{number}"
            stock.reserve(session, holder_id=shelf.id, product_id=product.id, quantity=quantity, cause=cause, now=now)
    session.add(Job(order_id=made.id, attempt=1, kind=JOB_KIND[kind]))
    for told in ("signalled", "acknowledged", "reserved"):
        tell(session, made, told, now)
    session.flush()
    return made


def tell(session: Any, order: Order, kind: str, now: datetime) -> None:
    """An event of the order's life."""
    session.add(OrderEvent(order_id=order.id, kind=kind, occurred_at=now, recorded_at=now, actor="test", facts={}))


def live_job(session: Any, order: Order) -> Job:
    """The order's job that is not over."""
    live = ("open", "planned", "underway")
    return session.scalars(select(Job).where(Job.order_id == order.id, Job.state.in_(live))).one()


def a_tour(session: Any, van: Van, orders: Sequence[Order], *, day: date = TOMORROW) -> Tour:
    """A draft tour that leaves at the shift's start and serves the orders in this sequence, one stop each."""
    site = session.get_one(Site, van.site_id)
    opens, closes = (_moment(day, clock, site) for clock in (van.shift_start, van.shift_end))
    loads = [_loads(session, order) for order in orders]
    weight, volume = (sum(load["out"][index] for load in loads) for index in (0, 1))
    made = Tour(
        day=day, van_id=van.id, site_id=site.id, starts_at=opens, ends_at=opens, shift_opens_at=opens,
        shift_closes_at=closes, distance_m=LEG_METRES * (len(orders) + 1), driving_s=LEG_SECONDS * (len(orders) + 1),
        return_drive_s=LEG_SECONDS, return_distance_m=LEG_METRES, cost_fixed_cents=van.fixed_cost_cents,
        cost_distance_cents=100, cost_time_cents=200, weight_capacity_g=van.weight_capacity_g,
        volume_capacity_ml=van.volume_capacity_ml, start_weight_g=weight, start_volume_ml=volume,
        travel_source="graph:test", geometry=[[43.7, 7.26], [43.66, 7.14]],
    )  # fmt: skip
    session.add(made)
    session.flush()
    leaves = opens
    for sequence, (order, load) in enumerate(zip(orders, loads, strict=True), 1):
        arrives = leaves + timedelta(seconds=LEG_SECONDS)
        window = tuple(_moment(day, clock, site) for clock in (order.window_start, order.window_end))
        starts = max(arrives, window[0])
        leaves = starts + timedelta(seconds=load["service"])
        weight += load["back"][0] - load["out"][0]
        volume += load["back"][1] - load["out"][1]
        home = addresses.current(session, order.employee_id)
        session.add(
            stop := Stop(
                tour_id=made.id, sequence=sequence, kind=live_job(session, order).kind, employee_id=order.employee_id,
                address_id=home.id, arrives_at=arrives, service_starts_at=starts, departs_at=leaves,
                window_opens_at=window[0], window_closes_at=window[1], drive_s=LEG_SECONDS, distance_m=LEG_METRES,
                service_s=load["service"], load_weight_g=weight, load_volume_ml=volume,
            )
        )  # fmt: skip
        session.flush()
        session.add(StopJob(stop_id=stop.id, job_id=live_job(session, order).id))
    made.ends_at = leaves + timedelta(seconds=LEG_SECONDS)
    session.flush()
    return made


def a_draft(
    session: Any, *tours: Tour, day: date = TOMORROW, unserved: Sequence[Order] = (), now: datetime = MORNING
) -> Plan:
    """The day's next version, a draft of these tours; tours may be kept from the version before."""
    versions = session.scalars(select(Plan.version).where(Plan.day == day)).all()
    made = Plan(
        day=day, version=max(versions, default=0) + 1, status="draft", engine="test", solve_seconds=0.1, basis="b",
        made_at=now, made_by="test",
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add_all(PlanTour(plan_id=made.id, tour_id=tour.id) for tour in tours)
    session.add_all(
        Unserved(plan_id=made.id, job_id=live_job(session, order).id, code="no-capacity-left", facts={})
        for order in unserved
    )
    session.flush()
    return made


def stops_of(session: Any, tour: Tour) -> list[Stop]:
    """The tour's stops in driving order."""
    return list(session.scalars(select(Stop).where(Stop.tour_id == tour.id).order_by(Stop.sequence)))


def lines_of(session: Any, order: Order) -> list[OrderLine]:
    """The order's lines by number."""
    return list(session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.number)))


def _loads(session: Any, order: Order) -> dict[str, Any]:
    found: dict[str, Any] = {"out": [0, 0], "back": [0, 0], "service": VISIT_SECONDS}
    for line in lines_of(session, order):
        if line.state not in ("done", "cancelled"):
            product = session.get_one(Product, line.product_id)
            found[line.direction][0] += product.weight_g * line.quantity
            found[line.direction][1] += product.volume_ml * line.quantity
            found["service"] += product.service_minutes * line.quantity * 60
    return found


def _moment(day: date, clock: time, site: Site) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(site.timezone)).astimezone(UTC)
