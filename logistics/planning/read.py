"""The day as it stands: rows become frozen values, so that the session can close before the search begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from inventory import catalogue
from inventory.models import (
    PRECISE_ACCURACIES,
    Address,
    Asset,
    Balance,
    Employee,
    Holder,
    Product,
    Reservation,
    Site,
)

from ..models import Job, Order, OrderLine, Plan, PlanTour, Stop, StopJob, Tour, Unserved, Van
from ..orders import has_left
from ..ports import Point
from ..settings import Settings
from .work import Amount, DayWork, JobWork, SetAside, SiteWork, VanWork, digest

#: Tours that have left: nothing of them changes any more.
GONE = ("departed", "ended")
_CHUNK = 5000


def read_day(session: Session, day: date, *, site: str | None = None, settings: Settings, now: datetime) -> DayWork:
    """What has to be planned for a day, and what stays as it is.

    Visits of that day and overdue ones that are not on a tour that has left; those that cannot be stated (left out,
    without stock, not located, ...) are set aside with their true first reason.

    Args:
        site: plan only this site again and keep the tours of the others.
        now: decides what is overdue, by the clock of each site.

    Raises:
        inventory.errors.UnknownRecord: no such site.
    """
    if site is not None:
        site = catalogue.site(session, site).code
    base = live_plan(session, day)
    kept = _kept(session, day, base, site)
    seen = _Seen.of(session, day, site, kept, now)
    jobs: list[JobWork] = []
    aside: list[SetAside] = []
    for one in _visits(session, seen):
        found = seen.judge(one)
        if isinstance(found, JobWork):
            jobs.append(found)
        else:
            aside.append(found)
    busy = set(session.scalars(select(Tour.van_id).where(Tour.id.in_(kept))))
    work = DayWork(
        day=day,
        site_code=site,
        sites=tuple(seen.sites[key] for key in sorted(seen.sites, key=lambda key: seen.sites[key].code)),
        vans=_vans(session, seen, busy),
        jobs=tuple(sorted(jobs, key=lambda one: one.reference)),
        aside=tuple(sorted(aside, key=lambda one: one.reference)),
        kept=tuple(sorted(kept)),
        carried=_carried(session, base, site, {*(one.job_id for one in jobs), *(one.job_id for one in aside)}),
        version=session.scalar(select(func.max(Plan.version)).where(Plan.day == day)) or 0,
    )
    return replace(work, basis=digest(work, _tour_states(session, day), _terms(settings)))


def live_plan(session: Session, day: date) -> Plan | None:
    """The day's draft when there is one, else what is published, else None."""
    wanted = select(Plan).where(Plan.day == day, Plan.status.in_(("draft", "published")))
    return session.scalars(wanted.order_by(Plan.version.desc()).limit(1)).first()


def _kept(session: Session, day: date, base: Plan | None, site: str | None) -> set[int]:
    kept = set(session.scalars(select(Tour.id).where(Tour.day == day, Tour.state.in_(GONE))))
    if site is not None and base is not None:
        others = (
            select(Tour.id)
            .join(PlanTour, PlanTour.tour_id == Tour.id)
            .join(Site, Site.id == Tour.site_id)
            .where(PlanTour.plan_id == base.id, Site.code != site, Tour.state != "withdrawn")
        )
        kept |= set(session.scalars(others))
    return kept


def _carried(session: Session, base: Plan | None, site: str | None, known: Collection[int]) -> tuple[SetAside, ...]:
    """What the other sites left unserved and still is, when only one site is planned again."""
    if site is None or base is None:
        return ()
    rows = session.execute(
        select(Unserved, Order.reference)
        .join(Job, Job.id == Unserved.job_id)
        .join(Order, Order.id == Job.order_id)
        .outerjoin(Site, Site.id == Order.site_id)
        .where(Unserved.plan_id == base.id, Job.state == "open")
        .where(Site.code.is_distinct_from(site))
        .order_by(Order.reference)
    )
    return tuple(
        SetAside(left.job_id, reference, left.code, dict(left.facts))
        for left, reference in rows
        if left.job_id not in known
    )


def _tour_states(session: Session, day: date) -> list[list[Any]]:
    rows = session.execute(select(Tour.id, Tour.state).where(Tour.day == day).order_by(Tour.id))
    return [[tour_id, state] for tour_id, state in rows if state != "withdrawn"]


def _terms(settings: Settings) -> list[int]:
    return [
        settings.visit_minutes, settings.price_standard_cents, settings.price_blocking_cents,
        settings.price_critical_cents, settings.balance_cents_per_hour,
    ]  # fmt: skip


def _vans(session: Session, seen: _Seen, busy: Collection[int]) -> tuple[VanWork, ...]:
    rows = session.scalars(select(Van).where(Van.is_active).order_by(Van.code))
    return tuple(
        VanWork(
            id=van.id, code=van.code, site_code=seen.sites[van.site_id].code, kind=van.kind,
            weight_capacity_g=van.weight_capacity_g, volume_capacity_ml=van.volume_capacity_ml,
            shift_start=van.shift_start, shift_end=van.shift_end, skills=van.skills,
            cost_per_km_cents=van.cost_per_km_cents, cost_per_hour_cents=van.cost_per_hour_cents,
            fixed_cost_cents=van.fixed_cost_cents,
        )
        for van in rows
        if van.id not in busy and van.site_id in seen.sites and seen.in_scope(van.site_id) and _works(van, seen)
    )  # fmt: skip


def _works(van: Van, seen: _Seen) -> bool:
    site = seen.sites[van.site_id]
    return max(van.shift_start, site.opens) < min(van.shift_end, site.closes)


@dataclass(frozen=True, slots=True)
class _Line:
    """An open or planned line with its product and, for an exact piece to fetch, who has it."""

    line: OrderLine
    product: Product
    asset_tag: str | None
    held_by_employee: int | None


@dataclass(frozen=True, slots=True)
class _Visit:
    job: Job
    order: Order
    end_date: date | None
    home: Address | None
    wanted_van: tuple[str, int] | None
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What judging a visit needs beside its own rows."""

    day: date
    scope: str | None
    sites: Mapping[int, SiteWork]
    all_sites: Mapping[int, str]
    today: Mapping[int, date]
    #: Jobs on published tours of the day that may be planned anew, and jobs on tours that are kept.
    published: frozenset[int]
    kept: frozenset[int]
    #: Promised pieces by cause and site, and free ones by site and product.
    promised: Mapping[tuple[str, int], int]
    free: Mapping[tuple[int, int], int]

    @classmethod
    def of(cls, session: Session, day: date, scope: str | None, kept: Collection[int], now: datetime) -> _Seen:
        rows = list(session.scalars(select(Site)))
        return cls(
            day=day,
            scope=scope,
            sites={site.id: _site(site) for site in rows if site.is_open and site.lat is not None},
            all_sites={site.id: site.code for site in rows},
            today={site.id: now.astimezone(ZoneInfo(site.timezone)).date() for site in rows},
            published=frozenset(session.scalars(_jobs_of(Tour.day == day, Tour.state == "published"))),
            kept=frozenset(session.scalars(_jobs_of(Tour.id.in_(kept)))),
            promised=_promised(session),
            free=_free(session),
        )

    def in_scope(self, site_id: int | None) -> bool:
        return self.scope is None or (site_id is not None and self.all_sites[site_id] == self.scope)

    def concerns(self, job: Job, order: Order, base: int | None) -> bool:
        """Whether the visit is to be planned on the day at all."""
        if job.id in self.kept or not self.in_scope(base):
            return False
        if job.state == "planned":
            return job.id in self.published
        today = self.today[base] if base is not None else max(self.today.values(), default=self.day)
        return order.day == self.day or order.day < min(self.day, today)

    def judge(self, visit: _Visit) -> JobWork | SetAside:
        """The visit as it is planned, or the first reason why it is not."""
        reason = next(iter(self._reasons(visit)), None)
        if reason is not None:
            return SetAside(visit.job.id, visit.order.reference, *reason)
        return self._state(visit)

    def _reasons(self, visit: _Visit) -> Iterable[tuple[str, dict[str, Any]]]:
        order, home = visit.order, visit.home
        if order.left_out:
            yield "left-out", {}
        if has_left(order.kind, visit.end_date, self.day):
            yield "employee-left", {}
        if order.site_id not in self.sites:
            yield "no-open-site", {}
            return
        yield from self._shortages(visit)
        for one in visit.lines:
            if one.asset_tag is not None and one.line.direction == "back" and one.held_by_employee != order.employee_id:
                yield "asset-not-held", {"asset": one.asset_tag}
        if home is None or home.lat is None:
            yield "not-located", {"reason": (home.unlocated_reason if home else "no-address") or "not-found"}
        elif home.accuracy not in PRECISE_ACCURACIES:
            yield "not-precise", {"accuracy": home.accuracy}

    def _shortages(self, visit: _Visit) -> Iterable[tuple[str, dict[str, Any]]]:
        order = visit.order
        if order.site_id is None:
            return
        wanted: dict[int, int] = defaultdict(int)
        for one in visit.lines:
            if one.line.direction == "out":
                wanted[one.product.id] += one.line.quantity
        for one in visit.lines:
            cause = f"order:{order.reference}#{one.line.number}"
            if one.line.direction == "out" and self.promised.get((cause, order.site_id), 0) < one.line.quantity:
                yield "not-enough-stock", {
                    "sku": one.product.sku,
                    "wanted": wanted[one.product.id],
                    "free": self.free.get((order.site_id, one.product.id), 0),
                    "site": self.all_sites[order.site_id],
                }

    def _state(self, visit: _Visit) -> JobWork:
        order, home = visit.order, visit.home
        if home is None or home.lat is None or home.lon is None:
            raise ValueError(f"job {visit.job.id} has no place")
        base = visit.wanted_van[1] if visit.wanted_van else order.site_id
        return JobWork(
            job_id=visit.job.id,
            reference=order.reference,
            kind=visit.job.kind,
            employee_id=order.employee_id,
            address_id=home.id,
            point=Point(home.lat, home.lon),
            site_code=self.all_sites[base] if base is not None else "",
            window_start=order.window_start,
            window_end=order.window_end,
            priority=order.priority,
            out=_amount(visit.lines, "out"),
            back=_amount(visit.lines, "back"),
            service_minutes=sum(one.product.service_minutes * one.line.quantity for one in visit.lines),
            skills=frozenset(skill for one in visit.lines for skill in one.product.skills),
            van_code=visit.wanted_van[0] if visit.wanted_van else None,
        )


def _visits(session: Session, seen: _Seen) -> list[_Visit]:
    rows = session.execute(
        select(Job, Order, Employee.end_date, Address, Van.code, Van.site_id)
        .join(Order, Order.id == Job.order_id)
        .join(Employee, Employee.id == Order.employee_id)
        .outerjoin(Address, and_(Address.employee_id == Employee.id, Address.valid_to.is_(None)))
        .outerjoin(Van, Van.id == Order.wanted_van_id)
        .where(Job.state.in_(("open", "planned")), Order.day <= seen.day)
    ).all()
    found = [
        (job, order, end_date, home, (van, site_id) if van is not None else None)
        for job, order, end_date, home, van, site_id in rows
        if seen.concerns(job, order, site_id if van is not None else order.site_id)
    ]
    lines = _lines(session, [order.id for _, order, *_ in found])
    return [
        _Visit(job, order, end_date, home, van, tuple(lines[order.id])) for job, order, end_date, home, van in found
    ]


def _lines(session: Session, order_ids: list[int]) -> dict[int, list[_Line]]:
    found: dict[int, list[_Line]] = defaultdict(list)
    for chunk in _chunks(order_ids):
        rows = session.execute(
            select(OrderLine, Product, Asset.asset_tag, Holder.employee_id)
            .join(Product, Product.id == OrderLine.product_id)
            .outerjoin(Asset, Asset.id == OrderLine.asset_id)
            .outerjoin(Holder, Holder.id == Asset.holder_id)
            .where(OrderLine.order_id.in_(chunk), OrderLine.state.in_(("open", "planned")))
            .order_by(OrderLine.order_id, OrderLine.number)
        )
        for line, product, tag, employee_id in rows:
            found[line.order_id].append(_Line(line, product, tag, employee_id))
    return found


def _promised(session: Session) -> dict[tuple[str, int], int]:
    rows = session.execute(
        select(Reservation.cause, Holder.site_id, func.sum(Reservation.quantity))
        .join(Holder, Holder.id == Reservation.holder_id)
        .where(Reservation.state == "open", Holder.kind == "site")
        .group_by(Reservation.cause, Holder.site_id)
    )
    return {(cause, site_id): int(total) for cause, site_id, total in rows if site_id is not None}


def _free(session: Session) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(Holder.site_id, Balance.product_id, func.sum(Balance.on_hand - Balance.reserved))
        .join(Holder, Holder.id == Balance.holder_id)
        .where(Holder.kind == "site")
        .group_by(Holder.site_id, Balance.product_id)
    )
    return {(site_id, product_id): int(total) for site_id, product_id, total in rows if site_id is not None}


def _jobs_of(*conditions: Any) -> Select[Any]:
    return (
        select(StopJob.job_id)
        .join(Stop, Stop.id == StopJob.stop_id)
        .join(Tour, Tour.id == Stop.tour_id)
        .where(*conditions)
    )


def _site(site: Site) -> SiteWork:
    if site.lat is None or site.lon is None:
        raise ValueError(f"site {site.code} has no place")
    return SiteWork(site.id, site.code, Point(site.lat, site.lon), site.timezone, site.opens, site.closes)


def _amount(lines: Iterable[_Line], direction: str) -> Amount:
    there = [one for one in lines if one.line.direction == direction]
    return Amount(
        sum(one.product.weight_g * one.line.quantity for one in there),
        sum(one.product.volume_ml * one.line.quantity for one in there),
    )


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
