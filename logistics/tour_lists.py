"""Tours as the warehouse and the couriers see them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inventory.models import Site

from .exports.sheets import TourSheet, tour_sheet
from .models import PickLine, Plan, PlanTour, Stop, Tour, User, Van

LIVE = ("published", "departed", "ended")


@dataclass(frozen=True, slots=True)
class TourRow:
    """One published tour and how far its picking and its stops are. Moments in the site's zone."""

    id: int
    van: str
    van_name: str
    site: str
    courier: str
    state: str
    starts_at: datetime
    ends_at: datetime
    stops: int
    stops_done: int
    to_pick: int
    picked: int
    missing: int


def tours_of(session: Session, day: date, *, site_codes: frozenset[str] | None = None) -> tuple[TourRow, ...]:
    """The tours of the day's published plan, by van; of some sites alone when their codes are given."""
    wanted = (
        select(Tour, Van.code, Van.name, Site, User.name)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .join(Plan, Plan.id == PlanTour.plan_id)
        .join(Van, Van.id == Tour.van_id)
        .join(Site, Site.id == Tour.site_id)
        .join(User, User.id == Tour.courier_id, isouter=True)
        .where(Plan.day == day, Plan.status == "published")
        .order_by(Van.code)
    )
    if site_codes is not None:
        wanted = wanted.where(Site.code.in_(site_codes))
    rows = session.execute(wanted).all()
    stops, picks = _counted(session, [tour.id for tour, *_ in rows])
    return tuple(
        TourRow(
            id=tour.id,
            van=code,
            van_name=name,
            site=site.code,
            courier=courier or "",
            state=tour.state,
            starts_at=tour.starts_at.astimezone(ZoneInfo(site.timezone)),
            ends_at=tour.ends_at.astimezone(ZoneInfo(site.timezone)),
            stops=sum(stops[tour.id].values()),
            stops_done=stops[tour.id]["done"] + stops[tour.id]["failed"],
            to_pick=picks[tour.id]["to-pick"],
            picked=picks[tour.id]["picked"] + picks[tour.id]["loaded"] + picks[tour.id]["given"],
            missing=picks[tour.id]["missing"],
        )
        for tour, code, name, site, courier in rows
    )


def _counted(session: Session, tour_ids: list[int]) -> tuple[dict[int, Counter[str]], dict[int, Counter[str]]]:
    stops: dict[int, Counter[str]] = {one: Counter() for one in tour_ids}
    picks: dict[int, Counter[str]] = {one: Counter() for one in tour_ids}
    for tour_id, state, count in session.execute(
        select(Stop.tour_id, Stop.state, func.count())
        .where(Stop.tour_id.in_(tour_ids))
        .group_by(Stop.tour_id, Stop.state)
    ):
        stops[tour_id][state] = count
    for tour_id, state, count in session.execute(
        select(PickLine.tour_id, PickLine.state, func.count())
        .where(PickLine.tour_id.in_(tour_ids))
        .group_by(PickLine.tour_id, PickLine.state)
    ):
        picks[tour_id][state] = count
    return stops, picks


def courier_tour(session: Session, courier_id: int, day: date) -> TourSheet | None:
    """The courier's published tour of the day: the one on the road, else the next to start; None when there is none."""
    found = session.execute(
        select(Tour.id, Tour.state)
        .where(Tour.courier_id == courier_id, Tour.day == day, Tour.state.in_(LIVE))
        .order_by(Tour.starts_at)
    ).all()
    if not found:
        return None
    ranked = sorted(found, key=lambda row: ("departed", "published", "ended").index(row.state))
    return tour_sheet(session, ranked[0].id)


def tour_of_stop(session: Session, stop_id: int) -> int | None:
    """The id of the tour a stop belongs to."""
    return session.scalar(select(Stop.tour_id).where(Stop.id == stop_id))
