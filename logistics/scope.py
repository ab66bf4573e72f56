"""Which rows a viewer may see: the scoped layer. "Absent" and "not yours" are the same answer.

Somebody limited to sites sees those sites' orders, tours, vans and shelves, the employees whom those sites look after
with their orders, whichever site serves them, and what they ordered themselves. An employee without a site, and their
orders while no site serves them, are everybody's. A courier sees the tours
they drive, an employee themselves. The house and whoever has no limit see everything.
"""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session

from inventory.db import Base
from inventory.models import Asset, Employee, Holder, Product, Site

from .errors import UnknownRecord
from .models import Order, PickLine, Plan, PlanTour, Stop, Task, Tour, Upload, User, Van
from .viewer import Viewer

Row = TypeVar("Row", bound=Base)

#: Roles that work for sites; the others see their own things only.
DESKS = ("house", "admin", "coordinator", "warehouse", "agent", "auditor")


def codes(viewer: Viewer) -> frozenset[str] | None:
    """Codes of the sites the viewer is limited to; None for every site."""
    return viewer.sites


def has_site(viewer: Viewer, code: str) -> bool:
    """Whether the site is one of the viewer's."""
    return viewer.sites is None or code in viewer.sites


def sites(viewer: Viewer) -> ColumnElement[bool]:
    """Sites whose work the viewer may see."""
    return true() if viewer.sites is None else Site.code.in_(viewer.sites)


def employees(viewer: Viewer) -> ColumnElement[bool]:
    """Employees the viewer may know of."""
    if viewer.role == "employee":
        return Employee.number == (viewer.employee_number or "")
    if viewer.role not in DESKS:
        return false()
    if viewer.sites is None:
        return true()
    return or_(Employee.site_id.is_(None), Employee.site_id.in_(_site_ids(viewer)))


def orders(viewer: Viewer) -> ColumnElement[bool]:
    """Orders the viewer may know of."""
    known = select(Employee.id).where(employees(viewer))
    if viewer.role == "employee":
        return Order.employee_id.in_(known)
    if viewer.role not in DESKS:
        return false()
    if viewer.sites is None:
        return true()
    ours = select(Employee.id).where(Employee.site_id.in_(_site_ids(viewer)))
    return or_(
        Order.site_id.in_(_site_ids(viewer)),
        Order.employee_id.in_(ours),
        and_(Order.site_id.is_(None), Order.employee_id.in_(known)),
        Order.placed_by == viewer.login,
    )


def tours(viewer: Viewer) -> ColumnElement[bool]:
    """Tours the viewer may know of."""
    if viewer.role == "courier":
        return Tour.courier_id == viewer.user_id
    if viewer.role not in DESKS:
        return false()
    return true() if viewer.sites is None else Tour.site_id.in_(_site_ids(viewer))


def vans(viewer: Viewer) -> ColumnElement[bool]:
    """Vehicles the viewer may know of."""
    if viewer.role == "courier":
        return Van.code == (viewer.van_code or "")
    if viewer.role not in DESKS:
        return false()
    return true() if viewer.sites is None else Van.site_id.in_(_site_ids(viewer))


def site(session: Session, viewer: Viewer, code: str) -> Site:
    """The site of this code.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    return _one(session, select(Site).where(Site.code == code, sites(viewer)), "site", code)


def employee(session: Session, viewer: Viewer, number: str) -> Employee:
    """The employee of this number.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    return _one(session, select(Employee).where(Employee.number == number, employees(viewer)), "employee", number)


def order(session: Session, viewer: Viewer, reference: str) -> Order:
    """The order of this reference.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    return _one(session, select(Order).where(Order.reference == reference, orders(viewer)), "order", reference)


def van(session: Session, viewer: Viewer, code: str) -> Van:
    """The vehicle of this code.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    return _one(session, select(Van).where(Van.code == code, vans(viewer)), "van", code)


def tour(session: Session, viewer: Viewer, tour_id: int) -> Tour:
    """The tour of this id.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    return _one(session, select(Tour).where(Tour.id == _small(tour_id), tours(viewer)), "tour", tour_id)


def stop(session: Session, viewer: Viewer, stop_id: int) -> Stop:
    """The stop of this id, on a tour the viewer may see.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    wanted = select(Stop).join(Tour, Tour.id == Stop.tour_id).where(Stop.id == _small(stop_id), tours(viewer))
    return _one(session, wanted, "stop", stop_id)


def pick_line(session: Session, viewer: Viewer, tour_id: int, line_id: int) -> PickLine:
    """The line of this id on this tour's pick list.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    wanted = (
        select(PickLine)
        .join(Tour, Tour.id == PickLine.tour_id)
        .where(PickLine.id == _small(line_id), PickLine.tour_id == _small(tour_id), tours(viewer))
    )
    return _one(session, wanted, "pick line", line_id)


def asset(session: Session, viewer: Viewer, tag: str) -> Asset:
    """The piece of this tag, when it lies at a site of the viewer's, is in a van of theirs or with somebody they know.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    wanted = select(Asset).where(Asset.asset_tag == tag)
    if viewer.sites is not None or viewer.role not in DESKS:
        near = or_(
            Holder.site_id.in_(select(Site.id).where(sites(viewer))),
            Holder.employee_id.in_(select(Employee.id).where(employees(viewer))),
            and_(Holder.kind == "vehicle", Holder.key.in_(select(Van.code).where(vans(viewer)))),
        )
        wanted = wanted.join(Holder, Holder.id == Asset.holder_id).where(near)
    return _one(session, wanted, "asset", tag)


def product(session: Session, sku: str) -> Product:
    """The product of this number; the catalogue is everybody's.

    Raises:
        UnknownRecord: there is none.
    """
    return _one(session, select(Product).where(Product.sku == sku), "product", sku)


def task(session: Session, viewer: Viewer, task_id: str) -> Task:
    """The background task of this id: one's own, or one about one's own sites alone.

    Raises:
        UnknownRecord: there is none for the viewer.
    """
    found = _one(session, select(Task).where(Task.id == task_id), "task", task_id)
    about = found.arguments.get("site")
    if viewer.is_house or found.asked_by == viewer.login or viewer.sites is None or (about in viewer.sites):
        return found
    raise UnknownRecord("task", task_id)


def upload(session: Session, viewer: Viewer, upload_id: str) -> Upload:
    """A file that this viewer brought in.

    Raises:
        UnknownRecord: there is none of theirs.
    """
    wanted = select(Upload).where(Upload.id == upload_id, Upload.user_id == (viewer.user_id or 0))
    return _one(session, wanted, "file", upload_id)


def user(session: Session, login: str) -> User:
    """The account of this login; only administrators ask, and they see them all.

    Raises:
        UnknownRecord: there is none.
    """
    return _one(session, select(User).where(User.login == login), "user", login)


def other_sites_in_draft(session: Session, viewer: Viewer, plan: Plan) -> frozenset[str]:
    """Codes of sites outside the viewer's whose tours a draft would change when it is published."""
    if viewer.sites is None:
        return frozenset()
    wanted = (
        select(Site.code)
        .join(Tour, Tour.site_id == Site.id)
        .join(PlanTour, PlanTour.tour_id == Tour.id)
        .where(PlanTour.plan_id == plan.id, Tour.state == "draft")
    )
    return frozenset(session.scalars(wanted)) - viewer.sites


def _site_ids(viewer: Viewer) -> Select[int]:
    return select(Site.id).where(sites(viewer))


def _small(number: int) -> int:
    """Ids beyond the column's range belong to nobody; both databases then answer alike."""
    return number if 0 < number < 2**31 else 0


def _one(session: Session, wanted: Select[Row], kind: str, key: object) -> Row:
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise UnknownRecord(kind, key)
    return found
