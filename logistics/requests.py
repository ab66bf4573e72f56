"""What may be asked of an order: values that cannot be made wrong, whoever makes them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time

from . import states
from .errors import InvalidRequest

#: Pieces of one product that one line may ask for.
MOST_PIECES = 10_000
MOST_LINES = 50
PRIORITIES = (1, 2, 3)


class AssetNotHeld(InvalidRequest):
    """What should be fetched is not, or not any more, with the employee."""

    code = "asset-not-held"


class EmployeeLeft(InvalidRequest):
    """The employee has left before the day of the visit; only a return is possible."""

    code = "employee-left"


@dataclass(frozen=True, slots=True)
class LineRequest:
    """Pieces of one product to bring (`out`) or to fetch (`back`); `asset_tag` names the exact piece to fetch."""

    direction: str
    sku: str
    quantity: int = 1
    asset_tag: str | None = None

    def __post_init__(self) -> None:
        if self.direction not in states.DIRECTIONS:
            raise InvalidRequest("direction", "must be out or back")
        if not 1 <= self.quantity <= MOST_PIECES:
            raise InvalidRequest("quantity", "must be from 1 to 10,000")
        if self.asset_tag is not None and self.direction == "out":
            raise InvalidRequest("asset_tag", "the exact piece to bring is chosen at publication")
        if self.asset_tag is not None and self.quantity != 1:
            raise InvalidRequest("quantity", "an exact piece is one piece")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One visit wanted at an employee's door. Clock times are the serving site's.

    `reference` None = one is drawn. Priority 1 standard, 2 blocking, 3 critical. `signalled_at` is when the need was
    first told (aware); None = when the order is placed.
    """

    kind: str
    employee_number: str
    lines: tuple[LineRequest, ...]
    day: date
    window_start: time
    window_end: time
    reference: str | None = None
    priority: int = 1
    signalled_at: datetime | None = None
    severity: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        check_reference(self.reference)
        check_kind(self.kind, self.lines)
        check_window(self.window_start, self.window_end)
        check_priority(self.priority)
        check_text("severity", self.severity, limit=40)
        check_text("note", self.note, limit=400)
        if self.signalled_at is not None and self.signalled_at.tzinfo is None:
            raise InvalidRequest("signalled_at", "has no zone")


def check_reference(reference: str | None) -> None:
    """Refuse a reference that is empty, too long, or holds a sign that causes are parted by.

    Raises:
        InvalidRequest: names the field.
    """
    if reference is None:
        return
    plain = reference.isprintable() and reference == reference.strip() and not set(reference) & {"#", "/", " "}
    if not plain or not 1 <= len(reference) <= 40:
        raise InvalidRequest("reference", "must be 1 to 40 characters without space, slash and #")


def check_kind(kind: str, lines: tuple[LineRequest, ...]) -> None:
    """Refuse lines that do not fit the kind: an issue only brings, a return only fetches, a swap does both.

    Raises:
        InvalidRequest: names the field.
    """
    if kind not in states.ORDER_KINDS:
        raise InvalidRequest("kind", "must be issue, swap or return")
    if not lines:
        raise InvalidRequest("lines", "there is nothing to bring or to fetch")
    if len(lines) > MOST_LINES:
        raise InvalidRequest("lines", "are more than 50; split the order")
    ways = {line.direction for line in lines}
    fitting = {"issue": {"out"}, "return": {"back"}, "swap": {"out", "back"}}[kind]
    if ways != fitting:
        raise InvalidRequest("lines", _WAYS[kind])
    tags = Counter(line.asset_tag for line in lines if line.asset_tag is not None)
    if tags and max(tags.values()) > 1:
        raise InvalidRequest("asset_tag", "is told twice")


_WAYS = {
    "issue": "an issue only brings something",
    "return": "a return only fetches something",
    "swap": "a swap brings something and fetches something",
}


def check_window(start: time, end: time) -> None:
    """Refuse a window that does not end after it starts.

    Raises:
        InvalidRequest: names the field.
    """
    if start.tzinfo is not None or end.tzinfo is not None:
        raise InvalidRequest("window_start", "is a clock time of the site and has no zone")
    if end <= start:
        raise InvalidRequest("window_end", "must be later than the start of the window")


def check_priority(priority: int) -> None:
    """Refuse a priority we do not know.

    Raises:
        InvalidRequest: names the field.
    """
    if priority not in PRIORITIES:
        raise InvalidRequest("priority", "must be 1, 2 or 3")


def check_text(field: str, text: str, *, limit: int) -> None:
    """Refuse a text that does not fit.

    Raises:
        InvalidRequest: names the field.
    """
    if len(text) > limit or "\0" in text:
        raise InvalidRequest(field, "is too long", limit=limit)
