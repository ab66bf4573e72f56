"""The four acts that are cut short by a kill: what each asks for over HTTP, and what of it is in the books.

Asking again is asking the same: the same keys, ids and bytes.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from inventory.models import Reservation
from logistics import tasks
from logistics.database import Sessions
from logistics.models import (
    Job,
    Order,
    OrderLine,
    PickLine,
    Plan,
    PlanTour,
    Stop,
    StopEvent,
    StopJob,
    Task,
    Tour,
    Unserved,
)
from tests.campaigns.caller import Caller
from tests.campaigns.names import PEOPLE, TODAY
from tests.fakes import MORNING

ROWS = 20
#: How long an act waits for the work it asked for, when it waits.
WORK_SECONDS = 20
OVER = ("done", "failed", "cancelled", "parked")


@dataclass(frozen=True, slots=True)
class Share:
    """Something that must be in the books wholly or not at all, counted in rows.

    `word` is what was said about it: nothing; `done`; or `promised`, when it is only to be there in the end.
    """

    what: str
    word: str
    there: int
    whole: int

    def wrong(self, *, in_the_end: bool) -> str:
        """`lost`, `half done`, `doubled`, or nothing."""
        if self.there > self.whole:
            return "doubled"
        if self.there == self.whole or (not self.there and not self._owed(in_the_end)):
            return ""
        return "half done" if self.there else "lost"

    def _owed(self, in_the_end: bool) -> bool:
        return self.word == "done" or (in_the_end and self.word == "promised")


class Deed(ABC):
    """One act on things of its own."""

    name: str
    #: Whether `ask` waits for the background work it asked for; may be changed while it waits.
    waits: bool = True

    @abstractmethod
    def ask(self, caller: Caller) -> bool:
        """Ask for all of it; whether everything was acknowledged."""

    @abstractmethod
    def shares(self, session: Any) -> list[Share]:
        """What of it is in the books."""

    @property
    @abstractmethod
    def acknowledged(self) -> int:
        """How many answers were heard that say it is done or will be."""

    def _wait(self, caller: Caller, task_id: str) -> None:
        until = time.monotonic() + WORK_SECONDS
        while self.waits and time.monotonic() < until:
            heard = caller.ask("GET", f"/tasks/{task_id}")
            if not heard.ok or heard.facts["state"] in OVER:
                return
            time.sleep(0.05)


@dataclass
class Import(Deed):
    """A file of orders is looked at, then brought in."""

    number: str
    upload: str = ""
    word: str = ""
    name = "import"

    def ask(self, caller: Caller) -> bool:
        heard = caller.ask("POST", "/imports?kind=orders", key=f"file-{self.number}", text=self._file())
        self.upload = heard.facts["id"] if heard.ok else ""
        return bool(self.upload) and self._bring_in(caller)

    def shares(self, session: Any) -> list[Share]:
        mine = select(Order.id).where(Order.reference.like(f"{self.number}-%"))
        promised = select(func.count()).where(Reservation.cause.like(f"order:{self.number}-%"))
        rows = sum(
            session.scalar(select(func.count()).where(column.in_(mine)))
            for column in (Order.id, OrderLine.order_id, Job.order_id)
        )
        return [Share(f"import {self.number}", self.word, rows + session.scalar(promised), 4 * ROWS)]

    @property
    def acknowledged(self) -> int:
        return int(bool(self.word))

    def _bring_in(self, caller: Caller) -> bool:
        heard = caller.ask("POST", f"/imports/{self.upload}/commit", body={"all_or_nothing": True})
        self.word = "done" if heard.ok and heard.facts["written"] else self.word
        return heard.ok

    def _file(self) -> str:
        day = (TODAY + timedelta(days=400)).isoformat()
        head = "reference,kind,employee_number,sku,quantity,return_asset_tag,day,window_start,window_end"
        rows = [f"{self.number}-{row},issue,P1-{row % PEOPLE + 1},MOU,1,,{day},08:00,17:00" for row in range(ROWS)]
        return "\n".join([head, *rows]) + "\n"


@dataclass
class QueuedImport(Import):
    """The same file brought in by a worker; no page asks for that, so the task is put in the queue by its service."""

    sessions: Sessions = field(kw_only=True)
    task_id: str = ""

    def _bring_in(self, caller: Caller) -> bool:
        if not self.task_id:
            facts = {"kind": "orders", "upload": f"{self.upload}.csv", "all_or_nothing": True}
            with self.sessions.begin() as session:
                self.task_id = tasks.ask(session, "import", facts, actor="boss", now=MORNING)
        self.word = "promised"
        self._wait(caller, self.task_id)
        return True


@dataclass
class PlanDay(Deed):
    """A day is planned in the background."""

    day: date
    orders: int
    task_id: str = ""
    name = "plan"

    def ask(self, caller: Caller) -> bool:
        heard = caller.ask("POST", f"/days/{self.day}/plan", key=f"plan-{self.day}", body={})
        if heard.ok:
            self.task_id = heard.facts["id"]
            self._wait(caller, self.task_id)
        return heard.ok

    def shares(self, session: Any) -> list[Share]:
        asked = session.scalars(select(Task.arguments).where(Task.kind == "plan-day")).all()
        mine = sum(one["day"] == self.day.isoformat() for one in asked)
        live = select(Plan.id).where(Plan.day == self.day, Plan.status.in_(("draft", "published")))
        tours = select(PlanTour.tour_id).where(PlanTour.plan_id.in_(live))
        stops = select(Stop.id).where(Stop.tour_id.in_(tours))
        placed = session.scalar(select(func.count()).where(StopJob.stop_id.in_(stops)))
        left = session.scalar(select(func.count()).where(Unserved.plan_id.in_(live)))
        said = bool(self.task_id)
        return [
            Share(f"task {self.day}", "done" if said else "", mine, 1),
            Share(f"plan {self.day}", "promised" if said else "", placed + left, self.orders),
        ]

    @property
    def acknowledged(self) -> int:
        return int(bool(self.task_id))


@dataclass
class Publish(Deed):
    """A draft is published."""

    day: date
    version: str = ""
    word: str = ""
    name = "publish"

    def ask(self, caller: Caller) -> bool:
        if not self.version:
            self.version = caller.ask("GET", f"/days/{self.day}").version
            if not self.version:
                return False
        heard = caller.ask("POST", f"/days/{self.day}/publish", version=self.version)
        self.word = "done" if heard.ok else self.word
        # A second publication is refused: there is no draft any more.
        return heard.ok or heard.refused

    def shares(self, session: Any) -> list[Share]:
        plan = session.scalars(select(Plan).where(Plan.day == self.day)).one()
        tours = select(PlanTour.tour_id).where(PlanTour.plan_id == plan.id)
        stops = select(Stop.id).where(Stop.tour_id.in_(tours))
        orders = session.scalars(
            select(Order.state).join(Job).join(StopJob, StopJob.job_id == Job.id).where(StopJob.stop_id.in_(stops))
        ).all()
        states = [plan.status, *session.scalars(select(Tour.state).where(Tour.id.in_(tours)))]
        lines = session.scalar(select(func.count()).where(PickLine.tour_id.in_(tours)))
        there = states.count("published") + orders.count("planned") + lines
        return [Share(f"publication {self.day}", self.word, there, len(states) + 2 * len(orders))]

    @property
    def acknowledged(self) -> int:
        return int(bool(self.word))


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a courier: its id, what it says, and which stop it changes to what."""

    id: str
    body: dict[str, Any]
    stop_id: int | None
    states: tuple[str, ...]


@dataclass
class Drive(Deed):
    """A courier drives a tour and tells of each step."""

    tour_id: int
    events: tuple[Told, ...]
    courier: Caller
    heard: set[str] = field(default_factory=set)
    name = "events"

    def ask(self, caller: Caller) -> bool:
        for event in self.events:
            heard = self.courier.ask("PUT", f"/me/tour/events/{event.id}", body=event.body)
            if not heard.ok:
                return False
            self.heard.add(event.id)
        return True

    def shares(self, session: Any) -> list[Share]:
        there = set(session.scalars(select(StopEvent.id).where(StopEvent.tour_id == self.tour_id)))
        tour = session.get_one(Tour, self.tour_id).state
        stops = dict(session.execute(select(Stop.id, Stop.state).where(Stop.tour_id == self.tour_id)).all())
        return [
            Share(
                f"event {event.id}", "done" if event.id in self.heard else "",
                (event.id in there) + ((stops[event.stop_id] if event.stop_id else tour) in event.states), 2,
            )
            for event in self.events
        ]  # fmt: skip

    @property
    def acknowledged(self) -> int:
        return len(self.heard)


def drive(session: Any, tour_id: int, courier: Caller) -> Drive:
    """Everything a courier tells of a tour on which all goes well."""
    loaded = session.scalars(select(PickLine.id).where(PickLine.tour_id == tour_id).order_by(PickLine.id)).all()
    events = [Told(f"start-{tour_id}", _says("started", tour_id, loaded=list(loaded)), None, ("departed", "ended"))]
    for stop in session.scalars(select(Stop).where(Stop.tour_id == tour_id).order_by(Stop.sequence)):
        lines = select(OrderLine).join(Job, Job.order_id == OrderLine.order_id).join(StopJob, StopJob.job_id == Job.id)
        given = [
            {"line": line.id, "quantity": line.quantity}
            for line in session.scalars(lines.where(StopJob.stop_id == stop.id))
        ]
        arrived = _says("arrived", tour_id, stop_id=stop.id)
        events.append(Told(f"at-{stop.id}", arrived, stop.id, ("arrived", "done")))
        events.append(
            Told(f"did-{stop.id}", _says("done", tour_id, stop_id=stop.id, given=given, taken=[]), stop.id, ("done",))
        )
    events.append(Told(f"end-{tour_id}", _says("ended", tour_id), None, ("ended",)))
    return Drive(tour_id, tuple(events), courier)


def _says(kind: str, tour_id: int, **facts: Any) -> dict[str, Any]:
    return {"kind": kind, "tour_id": tour_id, **facts}
