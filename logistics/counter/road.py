"""The courier's own tour: look, tell what happened, print it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from .. import execution, exports, rights, road_queries, scope
from ..errors import UnknownRecord
from ..execution import Recorded, StopEventIn
from ..road_queries import CourierStop, CourierTour, TourLine
from ..system import System
from ..viewer import Viewer
from . import cuts


def my_tour(session: Session, viewer: Viewer, day: date, *, now: datetime) -> CourierTour | None:
    """The viewer's tour of the day: the one on the road, else the next to start, else the last that ended.

    Raises:
        NotAllowed: not a courier.
    """
    rights.must(viewer, "tours.own")
    found = road_queries.tours_of_courier(session, viewer.user_id or 0, day)
    ranked = sorted(found, key=lambda one: ("departed", "published", "ended").index(one.state))
    if not ranked:
        return None
    return cuts.courier_tour(viewer, road_queries.courier_tour(session, ranked[0].id), now=now)


def next_tour(session: Session, viewer: Viewer, day: date) -> TourLine | None:
    """The viewer's first published tour after a day, for a day without one.

    Raises:
        NotAllowed: not a courier.
    """
    rights.must(viewer, "tours.own")
    return road_queries.next_of_courier(session, viewer.user_id or 0, day)


def my_stop(
    session: Session, viewer: Viewer, day: date, stop_id: int, *, now: datetime
) -> tuple[CourierTour, CourierStop]:
    """A stop on the viewer's tour of the day; another's does not exist for them.

    Raises:
        NotAllowed: not a courier.
        UnknownRecord: no such stop for the viewer.
    """
    mine = my_tour(session, viewer, day, now=now)
    for one in mine.stops if mine else ():
        if mine is not None and one.id == stop_id:
            return mine, one
    raise UnknownRecord("stop", stop_id)


def record(session: Session, viewer: Viewer, event: StopEventIn, *, now: datetime) -> Recorded:
    """Write down what the courier tells, once per event id.

    Raises:
        NotAllowed: not a courier.
        UnknownRecord: the tour or the stop is none of theirs.
        EventContradicts, WrongState, InvalidRequest: as `execution.record`.
    """
    rights.must(viewer, "tours.drive")
    scope.tour(session, viewer, event.tour_id)
    if event.stop_id is not None:
        scope.stop(session, viewer, event.stop_id)
    return execution.record(session, event, now=now, actor=viewer.login, courier_id=viewer.user_id)


def my_sheet(system: System, viewer: Viewer, mine: CourierTour, *, language: str) -> bytes:
    """The viewer's route sheet as PDF.

    Raises:
        NotAllowed: not a courier.
        UnknownRecord: the tour is none of theirs.
    """
    rights.must(viewer, "tours.own")
    with system.sessions() as session:
        scope.tour(session, viewer, mine.id)
    return exports.export(
        system, mine.day, "pdf", status="published", van=mine.van_code, language=language,
        cut=lambda sheet: cuts.sheet(viewer, sheet, now=system.now()),
    )  # fmt: skip
