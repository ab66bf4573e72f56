"""Whoever can have a piece: sites, employees, vans, and the world outside."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import catalogue, people, records
from .db import add_unless_there
from .errors import InvalidFact
from .models import HOLDER_KINDS, Holder


def holder(session: Session, kind: str, key: str) -> Holder:
    """The holder of this kind and key, made at its first use.

    A `site` or `quarantine` holder's key is the site's code, an `employee` holder's the employee's number.

    Raises:
        InvalidFact: an unknown kind, an empty or overlong key.
        UnknownRecord: no such site or employee.
    """
    records.one_of("holder", kind, HOLDER_KINDS)
    key = records.clean("holder", key, limit=60)
    if not key:
        raise InvalidFact("holder", "has no key")
    wanted = select(Holder).where(Holder.kind == kind, Holder.key == key)
    found = session.scalar(wanted)
    if found is None:
        site_id = catalogue.site(session, key).id if kind in ("site", "quarantine") else None
        employee_id = people.employee(session, key).id if kind == "employee" else None
        add_unless_there(session, Holder.id, kind=kind, key=key, site_id=site_id, employee_id=employee_id)
        found = session.scalars(wanted).one()
    return found
