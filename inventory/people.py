"""Colleagues who work from home: found by number, name or the tag of what they hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from . import records
from .errors import InvalidFact, UnknownRecord
from .folding import fold
from .models import Asset, Employee, Holder
from .records import Outcome

#: By name, and by number for namesakes, so that pages of a list do not overlap.
BY_NAME = (Employee.family_name, Employee.given_name, Employee.number)


class EmployeeFacts(TypedDict, total=False):
    """What may be told about an employee; a fact left out stays as it is."""

    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    start_date: date | None
    end_date: date | None
    department: str
    manager_number: str
    #: The site that looks after them; None = every site.
    site_id: int | None


def put_employee(
    session: Session, *, number: str, now: datetime, **facts: Unpack[EmployeeFacts]
) -> tuple[Outcome, Employee]:
    """Create the employee of this number, or bring them up to the facts; `now` is kept as the moment of the change.

    Raises:
        InvalidFact: an end before the start, a missing name, an overlong text.
    """
    known = session.scalar(select(Employee).where(Employee.number == records.sought(number)))
    start = facts.get("start_date", known.start_date if known else None)
    end = facts.get("end_date", known.end_date if known else None)
    if start is not None and end is not None and end < start:
        raise InvalidFact("end_date", "is before start_date")
    outcome, employee = records.put(session, Employee, "number", {"number": number, **facts})
    if outcome != "unchanged":
        employee.changed_at = now
        session.flush()
    return outcome, employee


def employee(session: Session, number: str) -> Employee:
    """The employee of this number.

    Raises:
        UnknownRecord: there is none.
    """
    found = session.scalar(select(Employee).where(Employee.number == records.sought(number)))
    if found is None:
        raise UnknownRecord("employee", number)
    return found


def find_employees(
    session: Session, text: str, limit: int = 20, *, seen: ColumnElement[bool] | None = None, by_name: bool = True
) -> tuple[Employee, ...]:
    """At most `limit` employees for whom every word of `text` is part of the name, or whose number or the tag of an
    asset they hold begins with `text`; without regard to accents and capitals, by family name. Nothing for a blank.

    Args:
        seen: a condition on employees that must hold, too.
        by_name: whether `text` may be a part of the name, or a number or tag alone.
    """
    asked = records.sought(text)
    words = fold(asked).split()
    if not asked:
        return ()
    ways = [_begins_with(Employee.number, asked), Employee.id.in_(_holding(asked))]
    if words and by_name:
        ways.append(and_(*(Employee.folded_name.contains(word, autoescape=True) for word in words)))
    known = true() if seen is None else seen
    return tuple(session.scalars(select(Employee).where(or_(*ways), known).order_by(*BY_NAME).limit(limit)))


def _begins_with(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).startswith(text.lower(), autoescape=True)


def _holding(tag: str) -> Select[int | None]:
    return (
        select(Holder.employee_id)
        .join(Asset, Asset.holder_id == Holder.id)
        .where(Holder.employee_id.is_not(None), _begins_with(Asset.asset_tag, tag))
    )
