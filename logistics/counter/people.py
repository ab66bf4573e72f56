"""Employees: find, look, show a home for a reason, put it on the map; and one's own kit."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from .. import desk, personal, places, rights, scope
from ..desk import Home, PersonPage, PersonRow
from ..errors import UnknownRecord
from ..places import Place
from ..ports import Geocoder
from ..viewer import Viewer
from . import cuts


def find(session: Session, viewer: Viewer, text: str, *, today: date, most: int = 50) -> tuple[PersonRow, ...]:
    """Employees of the viewer's by name, number or the tag of what they hold; the first by name for a blank text.

    At most `most` of them.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "people.read")
    found = desk.find_people(
        session, text, today=today, limit=most, seen=scope.employees(viewer),
        by_name=personal.sees(viewer, "name") == "full",
    )  # fmt: skip
    return cuts.people(viewer, found)


def show(session: Session, viewer: Viewer, number: str) -> PersonPage:
    """The employee of that number with what they hold and their orders; no home.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: there is none for the viewer.
    """
    rights.must(viewer, "people.read")
    scope.employee(session, viewer, number)
    return cuts.person(viewer, desk.person(session, number))


def reveal_home(session: Session, viewer: Viewer, number: str, *, purpose: str, now: datetime) -> Home:
    """The employee's present home; who saw it, when and why is logged, never the value.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: no such employee for the viewer, or they have no address.
    """
    rights.must(viewer, "people.reveal-home")
    scope.employee(session, viewer, number)
    return cuts.home(viewer, desk.reveal_home(session, number, purpose=purpose, now=now, actor=viewer.login))


def home_to_correct(session: Session, viewer: Viewer, number: str, *, now: datetime) -> Home | None:
    """The present home, for the map on which it is set; None when there is none yet. The look is logged.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: no such employee for the viewer.
    """
    rights.must(viewer, "people.set-pin")
    scope.employee(session, viewer, number)
    try:
        return desk.reveal_home(session, number, purpose="pin", now=now, actor=viewer.login)
    except UnknownRecord:
        return None


def set_pin(session: Session, viewer: Viewer, number: str, *, lat: float, lon: float, now: datetime) -> None:
    """Put the employee's home where the viewer says it is.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: no such employee for the viewer, or they have no address.
        inventory.errors.InvalidFact: not a point on the earth.
    """
    rights.must(viewer, "people.set-pin")
    scope.employee(session, viewer, number)
    desk.set_pin(session, number, lat=lat, lon=lon, now=now, actor=viewer.login)


def find_places(viewer: Viewer, text: str, *, geocoder: Geocoder) -> tuple[Place, ...]:
    """What an address still being typed may mean, best first; none for fewer than three letters.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "places.find")
    return places.suggest(geocoder, text)


def own(session: Session, viewer: Viewer) -> PersonPage:
    """The viewer's own kit and orders.

    Raises:
        NotAllowed: not an employee's account.
        UnknownRecord: the account names no employee.
    """
    rights.must(viewer, "kit.own")
    if not viewer.employee_number:
        raise UnknownRecord("employee", "")
    return desk.person(session, viewer.employee_number)


def own_home(session: Session, viewer: Viewer) -> Home:
    """Where the viewer's own things are brought, as our books have it.

    Raises:
        NotAllowed: not an employee's account.
        UnknownRecord: the account names no employee, or they have no address.
    """
    rights.must(viewer, "kit.own")
    if not viewer.employee_number:
        raise UnknownRecord("employee", "")
    return desk.own_home(session, viewer.employee_number)
