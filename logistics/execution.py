"""What happens on the road: each thing a courier tells moves the stock, the order and the tour in one transaction.

An event carries the phone's own id. Told again it changes nothing and gets the answer of the first time; told again
with other contents it is refused. Facts by kind, all optional unless said, JSON values:

- `started`: `loaded`, ids of the pick lines really in the van (default: all that are not missing).
- `arrived`: none.
- `done`: `given` and `taken`, lists of what changed hands, each an order line's id (all of the line) or
  `{"line": id, "asset_tag": tag}` or `{"line": id, "quantity": n}` (default: everything aboard for the stop, everything
  expected back); `confirmed_working`, true when the employee saw it work; `recipient`, one of `RECIPIENTS`.
- `failed`: `reason`, one of `states.FAILURES`, required.
- `ended`: `counted`, what is really in the van, each `{"asset_tag": tag}` or `{"sku": sku, "quantity": n}` (default:
  what the books say).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import door, loading, states
from .errors import EventContradicts, InvalidRequest, NotAllowed, UnknownRecord
from .models import StopEvent, Tour
from .road import Road

#: How far a phone's clock may run ahead of ours.
SKEW = timedelta(minutes=5)
#: Longest id a phone may make.
ID_LENGTH = 64


@dataclass(frozen=True, slots=True)
class StopEventIn:
    """One thing a courier tells, under an id made by the phone.

    `occurred_at` is aware; None means now, whenever it first reaches us, for a form that knows no time of its own.
    """

    id: str
    kind: str
    tour_id: int
    stop_id: int | None
    occurred_at: datetime | None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.id) <= ID_LENGTH or not self.id.isprintable():
            raise InvalidRequest("id", f"must be 1 to {ID_LENGTH} printable characters")
        if self.kind not in states.STOP_EVENTS:
            raise InvalidRequest("kind", f"is none of {', '.join(states.STOP_EVENTS)}")
        if (self.stop_id is None) == (self.kind in ("arrived", "done", "failed")):
            raise InvalidRequest("stop_id", "belongs to arrived, done and failed, and to nothing else")
        if self.occurred_at is not None and self.occurred_at.tzinfo is None:
            raise InvalidRequest("occurred_at", "has no zone")

    @property
    def digest(self) -> str:
        """Of everything but the id: two tellings of one event have the same."""
        at = None if self.occurred_at is None else self.occurred_at.timestamp()
        body = [self.kind, self.tour_id, self.stop_id, at, dict(self.facts)]
        try:
            return sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        except (TypeError, ValueError) as error:
            raise InvalidRequest("facts", "are not JSON values") from error


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to an event: what it did, and whether it had been told before."""

    id: str
    kind: str
    result: Mapping[str, Any]
    repeated: bool


def record(
    session: Session, event: StopEventIn, *, now: datetime, actor: str, courier_id: int | None = None
) -> Recorded:
    """Write down what a courier tells, with all that follows from it.

    Args:
        courier_id: id of the courier's account, whose tour it must be; None when a coordinator tells it for them.

    Returns:
        The result by kind. `started`: `loaded`, `missing` (pick line ids), `failed_stops`. `done`: `given`, `taken`,
        `reopened` (order references). `failed`: `reason`, `reopened`. `ended`: `returned`, `differences`.

    Raises:
        EventContradicts: the id was told before with other contents.
        UnknownRecord: no such tour, no such stop on it, or an unknown thing in the facts.
        NotAllowed: the tour is another courier's.
        WrongState: the tour or stop is not where this can happen.
        InvalidRequest: facts that cannot be, or a moment that has not come.
        InventoryError: the books say that a piece is elsewhere; nothing changed.
    """
    tour = session.scalar(
        select(Tour).where(Tour.id == event.tour_id).with_for_update().execution_options(populate_existing=True)
    )
    if tour is None:
        raise UnknownRecord("tour", event.tour_id)
    if courier_id is not None and tour.courier_id != courier_id:
        raise NotAllowed("record an event of another courier's tour")
    digest = event.digest
    before = session.get(StopEvent, event.id)
    if before is not None:
        if before.digest != digest:
            raise EventContradicts(event.id)
        return Recorded(before.id, before.kind, before.facts["result"], repeated=True)
    occurred_at = event.occurred_at or now
    if occurred_at > now + SKEW:
        raise InvalidRequest("occurred_at", "has not come yet")
    road = Road.of(session, tour, occurred_at=occurred_at, now=now, actor=actor)
    result = _DEEDS[event.kind](road, event.stop_id, event.facts)
    session.add(
        StopEvent(
            id=event.id, tour_id=tour.id, stop_id=event.stop_id, kind=event.kind, digest=digest,
            occurred_at=occurred_at, recorded_at=now, actor=actor,
            facts={"told": dict(event.facts), "result": result},
        )
    )  # fmt: skip
    session.flush()
    return Recorded(event.id, event.kind, result, repeated=False)


_DEEDS: Mapping[str, Callable[[Road, int | None, Mapping[str, Any]], dict[str, Any]]] = {
    "started": loading.start,
    "arrived": door.arrive,
    "done": door.close,
    "failed": door.fail,
    "ended": loading.end,
}
