"""Days: the map and its lanes, planning, publishing, exports."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import day_views, dispatch, exports, rights, scope, task_views, tasks
from .. import why as reasons_why
from ..day_views import DayView, StopView, TourView
from ..dispatch import PublishSummary
from ..errors import InvalidRequest, LogisticsError, NotAllowed, UnknownRecord
from ..models import Plan
from ..system import System
from ..task_views import TaskView
from ..viewer import Viewer
from . import cuts


class OtherSites(NotAllowed):
    """The draft would change tours of sites that are not the viewer's; nothing was published."""

    code = "other-sites"

    def __init__(self, codes: frozenset[str]) -> None:
        self.sites = ", ".join(sorted(codes))
        super().__init__(f"publish tours of {self.sites}")


class PlanningRuns(LogisticsError):
    """The day is being planned at this moment, for sites that are not all the viewer's; ask again when it is done."""

    code = "planning-runs"

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__(f"{day.isoformat()} is being planned")


class PlanChanged(LogisticsError):
    """The day has another version than the one that was seen; nothing was published. Look at it again."""

    code = "plan-changed"

    def __init__(self, day: date, *, expected: int, found: int) -> None:
        self.day, self.expected, self.found = day, expected, found
        super().__init__(f"{day.isoformat()} is at version {found}, not {expected}")


def next_planned_day(session: Session, viewer: Viewer, day: date) -> date | None:
    """This day or the first after it that has a plan."""
    rights.must(viewer, "days.read")
    return day_views.next_planned_day(session, day)


def show(session: Session, viewer: Viewer, day: date, *, site: str | None = None, visit_minutes: int) -> DayView:
    """The day with the tours and orders of the viewer's sites, or of the one asked for.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: the site is none for the viewer.
    """
    rights.must(viewer, "days.read")
    codes = viewer.sites
    if site:
        codes = frozenset({scope.site(session, viewer, site).code})
    return cuts.day(viewer, day_views.day_view(session, day, site_codes=codes, visit_minutes=visit_minutes))


def planning_of(session: Session, viewer: Viewer, day: date) -> TaskView | None:
    """The viewer's planning of the day that waits or runs now, or that was set aside and waits for a person."""
    rights.must(viewer, "days.read")
    found = task_views.planning_of(session, day) or task_views.set_aside_of(session, day)
    return found if found is not None and _knows(session, viewer, found) else None


def plan(session: Session, viewer: Viewer, day: date, *, site: str | None, now: datetime) -> str:
    """Ask for the day to be planned in the background; while that runs, asking again is the same task.

    Args:
        site: plan this site anew and keep the tours of the others; None for every site. Somebody limited to one
            site plans that one; to several, one at a time.

    Returns:
        The task's id; ring the queue with it once the transaction is committed.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: the site is none for the viewer.
        InvalidRequest: a viewer limited to several sites named none.
        PlanningRuns: the day is being planned for other sites, too.
    """
    rights.must(viewer, "days.plan")
    if site:
        scope.site(session, viewer, site)
    elif viewer.sites is not None:
        if len(viewer.sites) > 1 and not _all(session, viewer):
            raise InvalidRequest("site", "is missing; choose one of your sites")
        site = min(viewer.sites) if len(viewer.sites) == 1 else None
    running = task_views.planning_of(session, day)
    if running is not None and not _knows(session, viewer, running):
        raise PlanningRuns(day)
    if running is not None:
        return running.id
    return tasks.ask(session, "plan-day", {"day": day.isoformat(), "site": site}, actor=viewer.login, now=now)


def publish(
    session: Session, viewer: Viewer, day: date, *, now: datetime, expected_version: int | None = None
) -> PublishSummary:
    """Freeze the day's draft, when it changes no other site's tours.

    Args:
        expected_version: the draft that was seen; another one is not published.

    Raises:
        NotAllowed: not for this role.
        OtherSites: the draft changes tours of sites that are not the viewer's.


        NotAllowed: not for this role, or the draft holds tours of sites that are not the viewer's.
        PlanChanged: the live version is another than the expected one.
        NoPlan, DraftIsStale: as `dispatch.publish_day`.
    """
    rights.must(viewer, "days.publish")
    if expected_version is not None:
        _must_be_seen(session, day, expected_version)
    draft = session.scalar(select(Plan).where(Plan.day == day, Plan.status == "draft"))
    others = scope.other_sites_in_draft(session, viewer, draft) if draft is not None else frozenset()
    if others:
        raise OtherSites(others)
    return dispatch.publish_day(session, day, now=now, actor=viewer.login)


def export(
    system: System, viewer: Viewer, day: date, form: str, *, van: str | None = None, language: str | None = None
) -> bytes:
    """The day's live version as a file, with the viewer's tours and orders alone.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: the van is none for the viewer.
        NoPlan, InvalidRequest: as `exports.export`.
    """
    rights.must(viewer, "days.export")
    if van:
        with system.sessions() as session:
            scope.van(session, viewer, van)
    return exports.export(
        system, day, form, van=van, language=language, site_codes=viewer.sites,
        cut=lambda sheet: cuts.sheet(viewer, sheet, now=system.now()),
    )  # fmt: skip


def why(
    session: Session, viewer: Viewer, view: DayView, tour: TourView, stop: StopView
) -> tuple[reasons_why.Reason, ...]:
    """What is known of the choice of this van for the stop, the strongest first.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "days.read")
    return reasons_why.why(session, view, tour, stop)


def _knows(session: Session, viewer: Viewer, task: TaskView) -> bool:
    try:
        scope.task(session, viewer, task.id)
    except UnknownRecord:
        return False
    return True


def _must_be_seen(session: Session, day: date, expected: int) -> None:
    """What a viewer saw of the day: its draft when there is one, else what is published."""
    plans = list(session.scalars(select(Plan).where(Plan.day == day).with_for_update()))
    for status in ("draft", "published"):
        for plan in plans:
            if plan.status == status:
                if plan.version != expected:
                    raise PlanChanged(day, expected=expected, found=plan.version)
                return


def _all(session: Session, viewer: Viewer) -> bool:
    """Whether the viewer's sites are all there are."""
    from ..sites import all_sites

    return {site.code for site in all_sites(session)} <= (viewer.sites or frozenset())
