"""Homes: dated, replaced and never edited; each display is logged without its value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from . import records
from .errors import InvalidFact, UnknownRecord
from .folding import fold
from .models import ACCURACIES, Address, AddressView, Employee
from .records import Outcome

_TEXT = ("line", "postal_code", "city", "country")
_LIMITS = {"line": 200, "postal_code": 20, "city": 120, "country": 2, "access_note": 400, "source": 60}


def current(session: Session, employee_id: int) -> Address | None:
    """Where the employee lives now, or None when no address was ever told."""
    return session.scalar(select(Address).where(Address.employee_id == employee_id, Address.valid_to.is_(None)))


def replace_address(
    session: Session,
    employee_id: int,
    *,
    line: str,
    postal_code: str,
    city: str,
    country: str,
    lat: float | None,
    lon: float | None,
    accuracy: str,
    source: str = "",
    unlocated_reason: str = "",
    access_note: str | None = None,
    now: datetime,
) -> tuple[Outcome, Address]:
    """Make this the employee's current address; the former one ends `now`. The same facts again make no new row.

    A pin set by hand outlives another finding of the same text: it is only given up when the text itself changes.
    An access note left out (None) is kept while the text stays the same.

    Raises:
        UnknownRecord: no such employee.
        InvalidFact: an unknown accuracy, a half or impossible coordinate, a point that is `unlocated`, overlong text.
    """
    facts: dict[str, Any] = {"line": line, "postal_code": postal_code, "city": city, "country": country}
    facts = {field: records.clean(field, value, limit=_LIMITS[field]) for field, value in facts.items()}
    records.one_of("accuracy", accuracy, ACCURACIES)
    records.point(lat, lon)
    if (lat is None) != (accuracy == "unlocated"):
        raise InvalidFact("accuracy", "is unlocated exactly when there is no point")
    facts |= {"lat": lat, "lon": lon, "accuracy": accuracy, "unlocated_reason": unlocated_reason}
    facts["source"] = records.clean("source", source, limit=_LIMITS["source"])

    former = _lock(session, employee_id)
    same_text = former is not None and all(fold(facts[field]) == fold(getattr(former, field)) for field in _TEXT)
    kept_note = former.access_note if former is not None and same_text else ""
    note = kept_note if access_note is None else access_note
    facts["access_note"] = records.clean("access_note", note, limit=_LIMITS["access_note"])
    if former is not None and same_text and former.accuracy == "pin" and accuracy != "pin":
        facts |= _point_of(former)
    return _follow(session, employee_id, former, facts, now)


def set_pin(
    session: Session, employee_id: int, *, lat: float, lon: float, now: datetime, actor: str
) -> tuple[Outcome, Address]:
    """Put the employee's home exactly here, by hand; the text stays as it was.

    Raises:
        UnknownRecord: no such employee.
        InvalidFact: an impossible coordinate.
    """
    records.point(lat, lon)
    former = _lock(session, employee_id)
    facts: dict[str, Any] = {field: getattr(former, field, "") for field in (*_TEXT, "access_note")}
    pin = {"lat": lat, "lon": lon, "accuracy": "pin", "source": f"pin:{actor}"[:60], "unlocated_reason": ""}
    if former is not None and (former.accuracy, former.lat, former.lon) == ("pin", lat, lon):
        return "unchanged", former
    return _follow(session, employee_id, former, facts | pin, now)


def history(session: Session, employee_id: int) -> tuple[Address, ...]:
    """Every address the employee ever had here, first to last."""
    return tuple(session.scalars(select(Address).where(Address.employee_id == employee_id).order_by(Address.id)))


def log_view(session: Session, address_id: int, *, actor: str, purpose: str, now: datetime) -> None:
    """Note that `actor` saw this address, when and for what; the value itself is never noted."""
    session.add(AddressView(address_id=address_id, seen_at=now, actor=actor[:80], purpose=purpose[:80]))
    session.flush()


def _lock(session: Session, employee_id: int) -> Address | None:
    """The current address, while nobody else may replace it (on SQLite there is one writer anyway)."""
    if session.scalar(select(Employee.id).where(Employee.id == employee_id).with_for_update()) is None:
        raise UnknownRecord("employee", f"id {employee_id}")
    return current(session, employee_id)


def _point_of(address: Address) -> dict[str, Any]:
    return {field: getattr(address, field) for field in ("lat", "lon", "accuracy", "source", "unlocated_reason")}


def _follow(
    session: Session, employee_id: int, former: Address | None, facts: Mapping[str, Any], now: datetime
) -> tuple[Outcome, Address]:
    if former is not None and all(getattr(former, field) == value for field, value in facts.items()):
        return "unchanged", former
    if former is not None:
        # Ended by a statement of its own: the rule of one current address holds at every moment.
        session.execute(
            update(Address).where(Address.id == former.id).values(valid_to=now),
            execution_options={"synchronize_session": False},
        )
        set_committed_value(former, "valid_to", now)
    session.add(made := Address(employee_id=employee_id, valid_from=now, **facts))
    session.flush()
    return ("created" if former is None else "updated"), made
