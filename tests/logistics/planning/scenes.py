"""A small company to plan: a depot in Nice and one in Antibes, a van each, mice and laptops on both shelves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from inventory.models import Employee, Product, Site
from logistics import planning
from logistics.models import Job as JobRow
from logistics.models import Order, Plan, PlanTour, Stop, StopJob, Tour, Unserved, Van
from logistics.system import System
from tests.builders import ANTIBES, NICE, a_laptop, a_product, a_site, pieces, received, someone_at_home
from tests.fakes import Clock, FakeRoads
from tests.logistics.builders import TOMORROW, Line, a_van, an_order, out
from tests.logistics.systems import a_system

#: Small enough that the search ends at once, long enough for it to begin.
SECONDS = 1.5
NEAR_NICE = (43.7100, 7.2600)
NEAR_ANTIBES = (43.5850, 7.1100)
EARLY, LATE, ALL_DAY = (time(8), time(10)), (time(14), time(16)), (time(8), time(17))


class Company:
    """Records of the company, and what a day of it looks like after planning. Everything is committed."""

    def __init__(self, sessions: Any, home: Path, clock: Clock) -> None:
        self.sessions, self.clock = sessions, clock
        self.system: System = replace(a_system(sessions, home, now=clock), roads=FakeRoads())
        with sessions.begin() as session:
            self.nice = a_site(session, "NCE", lat=NICE[0], lon=NICE[1])
            self.antibes = a_site(session, "ATB", lat=ANTIBES[0], lon=ANTIBES[1])
            self.mouse, self.laptop = a_product(session, "MOUSE"), a_laptop(session, "LAP")
            for site in (self.nice, self.antibes):
                received(session, self.mouse, 50, site=site)
                pieces(session, self.laptop, 2, site=site)
            a_van(session, self.nice, "V1")
            a_van(session, self.antibes, "V2")

    def van(self, code: str, **facts: Any) -> None:
        """Change a van."""
        with self.sessions.begin() as session:
            van = session.scalars(select(Van).where(Van.code == code)).one()
            for name, value in facts.items():
                setattr(van, name, value)

    def order(
        self, reference: str, *lines: Line, where: tuple[float, float] | None = NEAR_NICE, site: Site | None = None,
        employee: Employee | None = None, window: tuple[time, time] = ALL_DAY, day: date = TOMORROW,
        address: dict[str, Any] | None = None, **facts: Any,
    ) -> Order:  # fmt: skip
        """An order of somebody near Nice for a mouse, promised there; `where` None: without an address."""
        with self.sessions.begin() as session:
            if employee is None:
                told = {"lat": where[0], "lon": where[1]} if where else {"accuracy": "unlocated", "lat": None}
                told = told | ({"lon": None} if where is None else {}) | (address or {})
                employee = someone_at_home(session, f"E-{reference}", **told)
            return an_order(
                session, employee, site or self.nice, *(lines or (out(self.mouse),)), reference=reference,
                window=window, day=day, **facts,
            )  # fmt: skip

    def change(self, reference: str, **facts: Any) -> None:
        """Change an order behind everybody's back."""
        with self.sessions.begin() as session:
            row = session.scalars(select(Order).where(Order.reference == reference)).one()
            for name, value in facts.items():
                setattr(row, name, value)

    def plan(self, **facts: Any) -> planning.PlanSummary:
        """Plan tomorrow."""
        return planning.plan_day(self.system, TOMORROW, **({"time_limit": SECONDS, "actor": "cora"} | facts))

    def work(self, **facts: Any) -> planning.DayWork:
        """Tomorrow as values."""
        with self.sessions() as session:
            return planning.read_day(
                session, TOMORROW, **({"settings": self.system.settings, "now": self.clock()} | facts)
            )

    def served(self, plan_id: int) -> dict[str, list[str]]:
        """Order references in driving order, by van."""
        with self.sessions() as session:
            rows = session.execute(
                select(Van.code, Order.reference)
                .join(Tour, Tour.van_id == Van.id)
                .join(PlanTour, PlanTour.tour_id == Tour.id)
                .join(Stop, Stop.tour_id == Tour.id)
                .join(StopJob, StopJob.stop_id == Stop.id)
                .join(JobRow, JobRow.id == StopJob.job_id)
                .join(Order, Order.id == JobRow.order_id)
                .where(PlanTour.plan_id == plan_id)
                .order_by(Van.code, Stop.sequence, Order.reference)
            )
            found: dict[str, list[str]] = {}
            for code, reference in rows:
                found.setdefault(code, []).append(reference)
            return found

    def by_van(self, plan_id: int) -> dict[str, list[str]]:
        """Order references by van, sorted, where the driving order does not matter."""
        return {van: sorted(references) for van, references in self.served(plan_id).items()}

    def unserved(self, plan_id: int) -> dict[str, tuple[str, dict[str, Any]]]:
        """Reason code and facts of what the version leaves out, by reference."""
        with self.sessions() as session:
            rows = session.execute(
                select(Order.reference, Unserved.code, Unserved.facts)
                .join(JobRow, JobRow.id == Unserved.job_id)
                .join(Order, Order.id == JobRow.order_id)
                .where(Unserved.plan_id == plan_id)
            )
            return {reference: (code, facts) for reference, code, facts in rows}

    def tours(self, plan_id: int) -> dict[str, Tour]:
        """The version's tours by van."""
        with self.sessions() as session:
            rows = session.execute(
                select(Van.code, Tour)
                .join(Tour, Tour.van_id == Van.id)
                .join(PlanTour, PlanTour.tour_id == Tour.id)
                .where(PlanTour.plan_id == plan_id)
            )
            return dict(tuple(row) for row in rows)

    def stops(self, tour_id: int) -> list[Stop]:
        """A tour's stops in driving order."""
        with self.sessions() as session:
            return list(session.scalars(select(Stop).where(Stop.tour_id == tour_id).order_by(Stop.sequence)))

    def van_id(self, code: str) -> int:
        """The van's id."""
        with self.sessions() as session:
            return session.scalars(select(Van.id).where(Van.code == code)).one()

    def statements(self, deed: Callable[[], Any]) -> int:
        """How many statements the deed sends to the database."""
        sent: list[str] = []

        def count(*told: Any) -> None:
            sent.append(told[2])

        event.listen(self.sessions.engine, "before_cursor_execute", count)
        try:
            deed()
        finally:
            event.remove(self.sessions.engine, "before_cursor_execute", count)
        return len(sent)

    def plans(self) -> list[tuple[int, str]]:
        """Version and status of every plan."""
        with self.sessions() as session:
            return [tuple(row) for row in session.execute(select(Plan.version, Plan.status).order_by(Plan.version))]

    def product(self, sku: str) -> Product:
        """The product of this SKU."""
        with self.sessions() as session:
            return session.scalars(select(Product).where(Product.sku == sku)).one()
