"""The van at a door: it arrives, things change hands, or the visit fails."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from inventory import assets, records, stock
from inventory.errors import NotHeld
from inventory.models import Asset, Employee, Holder, Product

from . import states
from .errors import InvalidRequest, UnknownRecord, WrongState
from .loading import whole
from .models import OrderLine, PickLine, Stop
from .road import Errand, Road

#: Who took the things in, and where.
RECIPIENTS = ("in-person", "household", "neighbour", "reception", "safe-place")


@dataclass(frozen=True, slots=True)
class Handed:
    """What the courier says changed hands: so many of a line, or its exact pieces."""

    line_id: int
    asset_tag: str | None = None
    quantity: int | None = None


def arrive(road: Road, stop_id: int | None, _facts: Mapping[str, Any]) -> dict[str, Any]:
    """Note the arrival. One that is told after the stop was closed only adds the fact."""
    stop = road.stop(stop_id)
    if road.tour.state != "ended":
        road.must_be("departed", wanted="arrived")
    late = stop.state not in ("planned", "arrived")
    if stop.state == "planned":
        stop.state = states.advance("stop", stop.id, stop.state, "arrived")
    for errand in road.errands(stop):
        if late or errand.job.state == "underway":
            road.tell(errand.order, "arrived", {"stop": stop.id})
    road.session.flush()
    return {"late": late}


def close(road: Road, stop_id: int | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Book what changed hands; what did not is planned again from the next working day on."""
    road.must_be("departed", wanted="done")
    stop = road.stop(stop_id)
    stop.state = states.advance("stop", stop.id, stop.state, "done")
    errands = [errand for errand in road.errands(stop) if errand.job.state == "underway"]
    if not errands:
        raise WrongState("stop", stop.id, state=stop.state, wanted="done")
    recipient = _recipient(facts)
    door = _Door(road, stop, stock.holder(road.session, "employee", _employee_number(road, stop)))
    out, back = door.expected(errands)
    given = door.give(out, _handed(facts, "given", out))
    taken = door.take(back, _handed(facts, "taken", back))
    if not given and not taken:
        raise InvalidRequest("given", "and taken are empty; tell the visit as failed")
    changed = {one["line"] for one in (*given, *taken)}
    here = {"stop": stop.id, "recipient": recipient}
    reopened = [errand.order.reference for errand in errands if not _settle(road, errand, facts, here, changed)]
    road.session.flush()
    return {"given": given, "taken": taken, "reopened": reopened}


def fail(road: Road, stop_id: int | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Note why nothing changed hands; the orders are planned again, the goods stay in the van until the tour ends."""
    road.must_be("departed", wanted="failed")
    reason = facts.get("reason")
    if reason not in states.FAILURES:
        raise InvalidRequest("reason", f"is none of {', '.join(states.FAILURES)}")
    stop = road.stop(stop_id)
    stop.state, stop.failure = states.advance("stop", stop.id, stop.state, "failed"), str(reason)
    reopened = []
    for errand in road.errands(stop):
        if errand.job.state == "underway":
            _give_up(road, errand, str(reason))
            reopened.append(errand.order.reference)
    return {"reason": reason, "reopened": reopened}


def _give_up(road: Road, errand: Errand, reason: str) -> None:
    road.step(errand, job="failed", order="open")
    road.tell(errand.order, "failed", {"stop": errand.stop.id, "reason": reason})
    road.reopen(errand, reason=reason)


def _settle(
    road: Road, errand: Errand, facts: Mapping[str, Any], here: dict[str, Any], changed: Collection[int]
) -> bool:
    """Close the order when nothing of it is left to do, else let the rest be planned again; says which."""
    left = road.lines(errand.order, "out")
    if not left:
        road.step(errand, job="done", order="done")
        road.tell(errand.order, "done", here)
        if facts.get("confirmed_working") is True:
            road.tell(errand.order, "confirmed", {"stop": errand.stop.id})
        return True
    wanting = "missing-item" if any(line.direction == "out" for line in left) else "not-ready"
    if any(line.id in changed for line in road.lines(errand.order, "done")):
        road.step(errand, job="done", order="open")
        road.reopen(errand, reason=wanting)
    else:
        _give_up(road, errand, wanting)
    return False


@dataclass(frozen=True, slots=True)
class _Door:
    """One stop, with the employee behind it as a holder."""

    road: Road
    stop: Stop
    employee: Holder

    def expected(self, errands: list[Errand]) -> tuple[dict[int, OrderLine], dict[int, OrderLine]]:
        """Lines on the road to this door, by id: out, and back."""
        lines = [line for errand in errands for line in self.road.lines(errand.order, "out")]
        out = {line.id: line for line in lines if line.direction == "out"}
        return out, {line.id: line for line in lines if line.direction == "back"}

    def give(self, lines: dict[int, OrderLine], handed: list[Handed]) -> list[dict[str, Any]]:
        """Vehicle to employee, line by line; what is not given of a line becomes a line of its own."""
        told: list[dict[str, Any]] = []
        for line in lines.values():
            mine = [one for one in handed if one.line_id == line.id]
            picks = [pick for pick in self.road.picks(self.stop, "loaded", "missing") if pick.order_line_id == line.id]
            aboard = [pick for pick in picks if pick.state == "loaded"]
            chosen = self._chosen(line, aboard, mine)
            number = sum(chosen.values())
            if not number:
                continue
            rest = self._split(line, number)
            for pick in picks:
                self._give_pick(line, rest, pick, chosen.get(pick.id, 0))
            given = [pick.asset_id for pick in aboard if chosen.get(pick.id) and pick.asset_id is not None]
            line.asset_id = given[0] if len(given) == 1 else None
            line.state = states.advance("line", line.id, line.state, "done")
            told.append({"line": line.id, "quantity": number})
        return told

    def take(self, lines: dict[int, OrderLine], handed: list[Handed]) -> list[dict[str, Any]]:
        """Employee to vehicle, line by line; what is not taken of a line becomes a line of its own."""
        told: list[dict[str, Any]] = []
        for line in lines.values():
            mine = [one for one in handed if one.line_id == line.id]
            if not mine:
                continue
            product = self.road.session.get_one(Product, line.product_id)
            number = self._take_pieces(line, mine) if product.tracking == "serial" else self._take_count(line, mine)
            if number:
                self._split(line, number)
                line.state = states.advance("line", line.id, line.state, "done")
                told.append({"line": line.id, "quantity": number})
        return told

    def _chosen(self, line: OrderLine, aboard: list[PickLine], handed: list[Handed]) -> dict[int, int]:
        """How many of each pick line are given."""
        if any(one.asset_tag is None and one.quantity is None for one in handed):
            return {pick.id: pick.quantity for pick in aboard}
        chosen: dict[int, int] = {}
        for one in handed:
            if one.asset_tag is not None:
                # A piece that lies elsewhere answers as one that does not exist: a courier has no business with it.
                piece = self._piece_of(self.road.vehicle, one.asset_tag)
                pick = next((pick for pick in aboard if piece is not None and pick.asset_id == piece.id), None)
                if pick is None:
                    raise InvalidRequest("given", f"names {one.asset_tag}, which is not aboard for line {line.id}")
                chosen[pick.id] = 1
            else:
                self._spread(line, aboard, one.quantity or 0, chosen)
        return chosen

    def _spread(self, line: OrderLine, aboard: list[PickLine], number: int, chosen: dict[int, int]) -> None:
        for pick in aboard:
            part = min(number, pick.quantity - chosen.get(pick.id, 0))
            chosen[pick.id] = chosen.get(pick.id, 0) + part
            number -= part
        if number:
            raise InvalidRequest("given", f"tells more than is aboard for line {line.id}")

    def _give_pick(self, line: OrderLine, rest: OrderLine | None, pick: PickLine, number: int) -> None:
        road = self.road
        if number:
            self._move(line, pick.asset_id, number, source=road.vehicle, target=self.employee)
            if number < pick.quantity and rest is not None:
                self._split_pick(pick, rest, number)
            road.note(pick, "given")
        elif rest is not None:
            pick.order_line_id = rest.id

    def _split_pick(self, pick: PickLine, rest: OrderLine, number: int) -> None:
        self.road.session.add(
            PickLine(
                tour_id=pick.tour_id, stop_id=pick.stop_id, order_line_id=rest.id, reservation_id=pick.reservation_id,
                product_id=pick.product_id, quantity=pick.quantity - number, state=pick.state,
                changed_at=self.road.now, changed_by=self.road.actor,
            )
        )  # fmt: skip
        pick.quantity = number

    def _take_pieces(self, line: OrderLine, handed: list[Handed]) -> int:
        session = self.road.session
        tags = [one.asset_tag for one in handed if one.asset_tag is not None]
        if not tags and line.asset_id is not None:
            tags = [session.get_one(Asset, line.asset_id).asset_tag]
        if not tags:
            raise InvalidRequest("taken", f"must name the piece taken for line {line.id}")
        if len(set(tags)) > line.quantity:
            raise InvalidRequest("taken", f"tells more than line {line.id} asks back")
        for tag in sorted(set(tags)):
            piece = self._piece_of(self.employee, tag)
            if piece is None:
                raise NotHeld(f"asset {tag}", holder=self.employee.name)
            if piece.product_id != line.product_id:
                raise InvalidRequest("taken", f"names {piece.asset_tag}, which is another product than line {line.id}")
            self._move(line, piece.id, 1, source=self.employee, target=self.road.vehicle)
            line.asset_id = piece.id
        return len(set(tags))

    def _piece_of(self, holder: Holder, tag: str) -> Asset | None:
        held = assets.held_by(self.road.session, holder.id)
        return next((one for one in held if one.asset_tag == records.sought(tag)), None)

    def _take_count(self, line: OrderLine, handed: list[Handed]) -> int:
        session = self.road.session
        number = sum(line.quantity if one.quantity is None else one.quantity for one in handed)
        if number > line.quantity:
            raise InvalidRequest("taken", f"tells more than line {line.id} asks back")
        if number == 0:
            return 0
        unknown = number - stock.free(session, self.employee.id, line.product_id)
        if unknown > 0:
            # They had more than our books knew of: what is really there is booked in before it is taken.
            found = stock.holder(session, "difference", "door")
            self._move(line, None, unknown, source=found, target=self.employee, reason="found at the door")
        self._move(line, None, number, source=self.employee, target=self.road.vehicle)
        return number

    def _move(
        self, line: OrderLine, asset_id: int | None, number: int, *, source: Holder, target: Holder, reason: str = ""
    ) -> None:
        road, cause = self.road, f"stop:{self.stop.id}"
        key = f"{cause}#{line.id}#{asset_id or 0}" + ("#found" if reason else "")
        stock.move(
            road.session, product_id=line.product_id, quantity=number, asset_id=asset_id, source=source, target=target,
            cause=f"{cause}#{line.id}", key=key, occurred_at=road.occurred_at, now=road.now, actor=road.actor,
            reason=reason,
        )  # fmt: skip

    def _split(self, line: OrderLine, number: int) -> OrderLine | None:
        """Part what is left of a line from the `number` that changed hands; None when nothing is left."""
        if number >= line.quantity:
            return None
        session = self.road.session
        last = session.scalar(select(func.max(OrderLine.number)).where(OrderLine.order_id == line.order_id)) or 0
        rest = OrderLine(
            order_id=line.order_id, number=last + 1, direction=line.direction, product_id=line.product_id,
            quantity=line.quantity - number, asset_id=None, state=line.state,
        )  # fmt: skip
        line.quantity = number
        session.add(rest)
        session.flush()
        return rest


def _handed(facts: Mapping[str, Any], name: str, lines: Mapping[int, OrderLine]) -> list[Handed]:
    told = facts.get(name)
    if told is None:
        return [Handed(line_id) for line_id in lines]
    if not isinstance(told, list):
        raise InvalidRequest(name, "is not a list")
    found = [_one(item, name) for item in told]
    for one in found:
        if one.line_id not in lines:
            raise UnknownRecord(f"line {name} at this stop", one.line_id)
    return found


def _one(item: Any, name: str) -> Handed:
    if isinstance(item, int) and not isinstance(item, bool):
        return Handed(item)
    line_id = item.get("line") if isinstance(item, Mapping) else None
    if isinstance(line_id, bool) or not isinstance(line_id, int):
        raise InvalidRequest(name, "has an item without its line")
    tag, number = item.get("asset_tag"), item.get("quantity")
    if tag is not None and not isinstance(tag, str):
        raise InvalidRequest(name, "has an asset_tag that is no text")
    return Handed(line_id, tag or None, None if number is None else whole(number, name, low=0))


def _recipient(facts: Mapping[str, Any]) -> str:
    told = facts.get("recipient", RECIPIENTS[0])
    if told not in RECIPIENTS:
        raise InvalidRequest("recipient", f"is none of {', '.join(RECIPIENTS)}")
    return str(told)


def _employee_number(road: Road, stop: Stop) -> str:
    return road.session.scalars(select(Employee.number).where(Employee.id == stop.employee_id)).one()
