"""Vehicles of ours: which there are, where they stand, what they carry and cost."""

from __future__ import annotations

from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import catalogue

from . import states
from .errors import InvalidRequest, UnknownRecord
from .models import Van


def put_van(
    session: Session,
    *,
    code: str,
    name: str,
    site_code: str,
    kind: str,
    weight_capacity_g: int,
    volume_capacity_ml: int,
    shift_start: time,
    shift_end: time,
    skills: frozenset[str] = frozenset(),
    cost_per_km_cents: int = 0,
    cost_per_hour_cents: int = 0,
    fixed_cost_cents: int = 0,
) -> tuple[str, Van]:
    """Create the van or bring it up to date.

    Returns:
        `created`, `updated` or `unchanged`, and the row.

    Raises:
        InvalidRequest: an unknown kind, a shift that ends before it starts, something below zero.
        inventory.errors.UnknownRecord: no such site.
    """
    facts: dict[str, Any] = {
        "name": name,
        "site_id": catalogue.site(session, site_code).id,
        "kind": kind,
        "weight_capacity_g": weight_capacity_g,
        "volume_capacity_ml": volume_capacity_ml,
        "shift_start": shift_start,
        "shift_end": shift_end,
        "skills": skills,
        "cost_per_km_cents": cost_per_km_cents,
        "cost_per_hour_cents": cost_per_hour_cents,
        "fixed_cost_cents": fixed_cost_cents,
    }
    _check(facts)
    found = session.scalar(select(Van).where(Van.code == code))
    if found is None:
        session.add(made := Van(code=code, **facts))
        session.flush()
        return "created", made
    changed = {field: value for field, value in facts.items() if getattr(found, field) != value}
    for field, value in changed.items():
        setattr(found, field, value)
    session.flush()
    return ("updated" if changed else "unchanged"), found


def van(session: Session, code: str) -> Van:
    """The van with this code.

    Raises:
        UnknownRecord: there is none.
    """
    found = session.scalar(select(Van).where(Van.code == code))
    if found is None:
        raise UnknownRecord("van", code)
    return found


def _check(facts: dict[str, Any]) -> None:
    if facts["kind"] not in states.VAN_KINDS:
        raise InvalidRequest("kind", f"is not one of {', '.join(states.VAN_KINDS)}")
    if facts["shift_end"] <= facts["shift_start"]:
        raise InvalidRequest("shift_end", "must be later than shift_start")
    for field, value in facts.items():
        if isinstance(value, int) and value < 0:
            raise InvalidRequest(field, "is below zero")
