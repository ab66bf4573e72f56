"""A tour on the road, as an event finds it: its stops, the orders they serve, and the steps all deeds share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import stock
from inventory.models import Holder, Site

from . import calendars, jobs, states
from .errors import UnknownRecord, WrongState
from .models import Job, Order, OrderEvent, OrderLine, PickLine, Stop, StopJob, Tour, Van


@dataclass(frozen=True, slots=True)
class Errand:
    """One order served at one stop, by one job."""

    stop: Stop
    job: Job
    order: Order


@dataclass(frozen=True, slots=True)
class Road:
    """The tour an event belongs to, when it happened and who says so. The tour's row is locked by its maker."""

    session: Session
    tour: Tour
    site: Site
    van_code: str
    occurred_at: datetime
    now: datetime
    actor: str

    @classmethod
    def of(cls, session: Session, tour: Tour, *, occurred_at: datetime, now: datetime, actor: str) -> Road:
        """The road of this tour."""
        van_code = session.get_one(Van, tour.van_id).code
        return cls(session, tour, session.get_one(Site, tour.site_id), van_code, occurred_at, now, actor)

    @property
    def vehicle(self) -> Holder:
        """Who has what is in the van."""
        return stock.holder(self.session, "vehicle", self.van_code)

    @property
    def shelf(self) -> Holder:
        """The site's shelf."""
        return stock.holder(self.session, "site", self.site.code)

    @property
    def quarantine(self) -> Holder:
        """Where pieces wait that may still hold data."""
        return stock.holder(self.session, "quarantine", self.site.code)

    def must_be(self, state: str, *, wanted: str) -> None:
        """Refuse the deed unless the tour is in this state.

        Raises:
            WrongState: it is not.
        """
        if self.tour.state != state:
            raise WrongState("tour", self.tour.id, state=self.tour.state, wanted=wanted)

    def stop(self, stop_id: int | None) -> Stop:
        """The stop of this tour.

        Raises:
            UnknownRecord: the tour has no such stop.
        """
        found = self.session.get(Stop, stop_id)
        if found is None or found.tour_id != self.tour.id:
            raise UnknownRecord(f"stop of tour {self.tour.id}", stop_id)
        return found

    def stops(self) -> list[Stop]:
        """Every stop, in driving order."""
        return list(self.session.scalars(select(Stop).where(Stop.tour_id == self.tour.id).order_by(Stop.sequence)))

    def errands(self, stop: Stop) -> list[Errand]:
        """The orders served at this stop, locked, by reference."""
        rows = self.session.execute(
            select(Job, Order)
            .join(StopJob, StopJob.job_id == Job.id)
            .join(Order, Order.id == Job.order_id)
            .where(StopJob.stop_id == stop.id)
            .order_by(Order.reference)
            .with_for_update(of=Order)
        )
        return [Errand(stop, job, order) for job, order in rows]

    def lines(self, order: Order, state: str) -> list[OrderLine]:
        """The order's lines in this state, by number."""
        wanted = select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.state == state)
        return list(self.session.scalars(wanted.order_by(OrderLine.number)))

    def picks(self, stop: Stop, *in_states: str) -> list[PickLine]:
        """The stop's pick lines in these states."""
        wanted = select(PickLine).where(PickLine.stop_id == stop.id, PickLine.state.in_(in_states))
        return list(self.session.scalars(wanted.order_by(PickLine.id)))

    def note(self, pick: PickLine, state: str) -> None:
        """Put a pick line in another state."""
        pick.state, pick.changed_at, pick.changed_by = state, self.now, self.actor

    def step(self, errand: Errand, *, job: str, order: str) -> None:
        """Move job and order on, as the diagram allows.

        Raises:
            WrongState: it does not.
        """
        errand.job.state = states.advance("job", errand.job.id, errand.job.state, job)
        errand.order.state = states.advance("order", errand.order.reference, errand.order.state, order)
        self.session.flush()

    def tell(self, order: Order, kind: str, facts: dict[str, Any]) -> None:
        """Add a dated fact to the order's life."""
        self.session.add(
            OrderEvent(
                order_id=order.id, kind=kind, occurred_at=self.occurred_at, recorded_at=self.now, actor=self.actor,
                facts={"tour": self.tour.id} | facts,
            )
        )  # fmt: skip

    def reopen(self, errand: Errand, *, reason: str) -> None:
        """Let what is still to be done of the order be planned again, from the next working day on.

        Its job is over and the order open; lines on the road wait again, under a new job.
        """
        order = errand.order
        for line in self.lines(order, "out"):
            line.state = states.advance("line", line.id, line.state, "open")
        after = max(self.tour.day, self.now.date())
        order.day = calendars.working_day(after, 1, self.site.country)
        self.session.flush()
        attempt = jobs.derive(self.session, order).attempt
        self.tell(order, "reopened", {"reason": reason, "day": order.day.isoformat(), "attempt": attempt})
