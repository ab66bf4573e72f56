"""The van at its site: what goes in when the tour starts, and what comes out when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from inventory import assets, stock
from inventory.models import ISSUABLE_STATES, Asset, Balance, Product

from . import sourcing, states
from .errors import InvalidRequest, WrongState
from .models import OrderLine, PickLine
from .road import Errand, Road

#: What becomes of a stop whose every order was cancelled after publication.
CALLED_OFF = "cancelled"
TAG_LENGTH = 40


def start(road: Road, _stop_id: int | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Load the van and leave: pieces go from site to vehicle, orders are on their way.

    What is not loaded is missing: its promise ends. An order that lost everything it was to bring is reopened.
    """
    road.must_be("published", wanted="departed")
    loaded = _loaded_ids(road, facts)
    result: dict[str, Any] = {"loaded": [], "missing": [], "failed_stops": []}
    road.tour.state = states.advance("tour", road.tour.id, road.tour.state, "departed")
    for stop in road.stops():
        live = [errand for errand in road.errands(stop) if errand.job.state == "planned"]
        served = {errand.order.id for errand in live}
        for pick in road.picks(stop, "to-pick", "picked", "missing"):
            if road.session.get_one(OrderLine, pick.order_line_id).order_id in served:
                _load(road, pick, wanted=pick.id in loaded, result=result)
            else:
                # Its order was cancelled after publication: the piece stays on the shelf.
                road.note(pick, "released")
        road.session.flush()
        for errand in live:
            _depart(road, errand)
        if all(errand.job.state not in ("planned", "underway") for errand in road.errands(stop)):
            stop.failure = "missing-item" if live else CALLED_OFF
            stop.state = states.advance("stop", stop.id, stop.state, "failed")
            result["failed_stops"].append(stop.id)
    road.session.flush()
    return result


def end(road: Road, _stop_id: int | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Empty the van at its site: what was counted goes back on the shelf, or to quarantine when it may hold data.

    What the books expect and nobody counted stays with the vehicle and is listed; so is what nobody expected.
    """
    road.must_be("departed", wanted="ended")
    for stop in road.stops():
        if stop.state not in ("done", "failed"):
            raise WrongState("stop", stop.id, state=stop.state, wanted="ended")
    aboard = _aboard(road)
    counted = aboard.copy() if facts.get("counted") is None else _counted(facts["counted"])
    returned = Counter({what: min(number, counted[what]) for what, number in aboard.items() if counted[what]})
    for what, number in sorted(returned.items()):
        _take_out(road, what, number)
    _note_returned(road, returned)
    road.tour.state = states.advance("tour", road.tour.id, road.tour.state, "ended")
    road.session.flush()
    missing, surplus = aboard - counted, counted - aboard
    return {
        "returned": [what.as_json(number) for what, number in sorted(returned.items())],
        "differences": [what.as_json(number) | {"kind": "missing"} for what, number in sorted(missing.items())]
        + [what.as_json(number) | {"kind": "surplus"} for what, number in sorted(surplus.items())],
    }


def _loaded_ids(road: Road, facts: Mapping[str, Any]) -> set[int]:
    lines = road.session.scalars(select(PickLine).where(PickLine.tour_id == road.tour.id, PickLine.state != "released"))
    found = {line.id: line.state for line in lines}
    told = facts.get("loaded")
    if told is None:
        return {line for line, state in found.items() if state != "missing"}
    if not isinstance(told, list) or not set(told) <= set(found):
        raise InvalidRequest("loaded", "names a line that is not on this tour's pick list")
    return set(told)


def _load(road: Road, pick: PickLine, *, wanted: bool, result: dict[str, Any]) -> None:
    if not wanted:
        road.note(pick, "missing")
        result["missing"].append(pick.id)
        return
    stock.fulfil(
        road.session, pick.reservation_id, target=road.vehicle, cause=f"tour:{road.tour.id}", key=f"load:{pick.id}",
        occurred_at=road.occurred_at, now=road.now, actor=road.actor,
    )  # fmt: skip
    road.note(pick, "loaded")
    result["loaded"].append(pick.id)


def _depart(road: Road, errand: Errand) -> None:
    """Put the order on its way; when nothing of what it was to bring is aboard, let it wait for another tour."""
    session, order = road.session, errand.order
    lines = road.lines(order, "planned")
    for line in lines:
        line.state = states.advance("line", line.id, line.state, "out")
    road.step(errand, job="underway", order="underway")
    road.tell(order, "departed", {"stop": errand.stop.id, "van": road.van_code})
    brought = {line.id for line in lines if line.direction == "out"}
    aboard = {pick.order_line_id for pick in road.picks(errand.stop, "loaded")}
    for line in lines:
        if line.direction == "out":
            stock.release(session, sourcing.cause(order, line), now=road.now)
    if brought and not brought & aboard:
        road.step(errand, job="failed", order="open")
        road.tell(order, "failed", {"stop": errand.stop.id, "reason": "missing-item"})
        road.reopen(errand, reason="missing-item")


@dataclass(frozen=True, slots=True, order=True)
class _What:
    """A thing one can count in a van: an exact piece by its tag, or a product of one grade."""

    sku: str
    grade: str
    asset_tag: str

    def as_json(self, number: int) -> dict[str, Any]:
        return {"asset_tag": self.asset_tag} if self.asset_tag else {"sku": self.sku, "quantity": number}


def _aboard(road: Road) -> Counter[_What]:
    """What the books say is in the van."""
    vehicle = road.vehicle
    found = Counter({_What("", "", piece.asset_tag): 1 for piece in assets.held_by(road.session, vehicle.id)})
    counted = (
        select(Product.sku, Balance.grade, Balance.on_hand)
        .join(Product, Product.id == Balance.product_id)
        .where(Balance.holder_id == vehicle.id, Balance.on_hand > 0, Product.tracking == "quantity")
    )
    for sku, grade, on_hand in road.session.execute(counted):
        found[_What(sku, grade, "")] += on_hand
    return found


def _counted(told: Any) -> Counter[_What]:
    """What the courier counted; quantities are of the grade that is bought and issued."""
    found: Counter[_What] = Counter()
    if not isinstance(told, list):
        raise InvalidRequest("counted", "is not a list")
    for item in told:
        if isinstance(item, Mapping) and isinstance(item.get("asset_tag"), str):
            if not 1 <= len(tag := item["asset_tag"].strip()) <= TAG_LENGTH:
                raise InvalidRequest("counted", f"has an asset_tag that is not 1 to {TAG_LENGTH} characters")
            found[_What("", "", tag)] = 1
        elif isinstance(item, Mapping) and isinstance(item.get("sku"), str):
            found[_What(item["sku"].strip(), stock.NEW, "")] += whole(item.get("quantity"), "counted", low=0)
        else:
            raise InvalidRequest("counted", "has an item with neither an asset_tag nor a sku")
    return found


def whole(value: Any, name: str, *, low: int) -> int:
    """The value, when it is a whole number of at least `low`.

    Raises:
        InvalidRequest: it is not; names the fact.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise InvalidRequest(name, f"has a quantity that is not a whole number of at least {low}")
    return value


def _take_out(road: Road, what: _What, number: int) -> None:
    session, source, cause_of_all = road.session, road.vehicle, f"tour:{road.tour.id}"
    if what.asset_tag:
        piece = assets.asset(session, what.asset_tag)
        target = road.shelf if piece.data_state in ISSUABLE_STATES else road.quarantine
        product_id, asset_id, key, grade = piece.product_id, piece.id, piece.asset_tag, piece.grade
    else:
        product_id = session.scalars(select(Product.id).where(Product.sku == what.sku)).one()
        asset_id, target, key, grade = None, road.shelf, f"{what.sku}:{what.grade}", what.grade
    stock.move(
        session, product_id=product_id, quantity=number, asset_id=asset_id, grade=grade, source=source, target=target,
        cause=cause_of_all, key=f"tour-end:{road.tour.id}:{key}", occurred_at=road.occurred_at, now=road.now,
        actor=road.actor,
    )  # fmt: skip


def _note_returned(road: Road, returned: Counter[_What]) -> None:
    """Close the pick lines of what came back; pieces first by tag, counted ones as far as they reach."""
    left = returned.copy()
    picks = road.session.execute(
        select(PickLine, Product.sku, Asset.asset_tag)
        .join(Product, Product.id == PickLine.product_id)
        .join(Asset, Asset.id == PickLine.asset_id, isouter=True)
        .where(PickLine.tour_id == road.tour.id, PickLine.state == "loaded")
        .order_by(PickLine.id)
    )
    for pick, sku, tag in picks:
        what = _What("", "", tag) if tag else _What(sku, stock.NEW, "")
        if left[what] >= pick.quantity:
            left[what] -= pick.quantity
            road.note(pick, "returned")
