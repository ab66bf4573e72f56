"""Planning a day: read, decide, write. No session is open while the search runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import routing

from .. import orders, replays
from ..errors import LogisticsError, NothingToPlan
from ..models import Plan, PlanTour, Stop, Tour, Unserved
from ..observation import logger
from ..system import System
from .read import read_day
from .state import modes_of, state_problem
from .tours import Drafted, drawn, tours_of, unserved_of
from .work import DayWork
from .write import write_plan

log = logger("planning")

ENGINE = "or-tools"
Say = Callable[[Mapping[str, Any]], None]


class PlanCancelled(LogisticsError):
    """Somebody asked the planning to stop; nothing was written."""

    code = "plan-cancelled"

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__(f"planning {day.isoformat()} was stopped")


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a version of a day amounts to, kept tours included; `reserved` are orders that got their pieces just now."""

    day: date
    site: str | None
    plan_id: int
    version: int
    engine: str
    solve_seconds: float
    tours: int
    stops: int
    unserved: int
    distance_m: int
    driving_s: int
    cost_cents: int
    reserved: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON values, the day as ISO text."""
        return asdict(self) | {"day": self.day.isoformat(), "reserved": list(self.reserved)}


def plan_day(
    system: System,
    day: date,
    *,
    site: str | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    on_progress: Say | None = None,
    cancelled: Callable[[], bool] | None = None,
    actor: str,
) -> PlanSummary:
    """Plan a day's tours and store them as a draft; what is published holds until the next `publish`.

    Short orders are tried again first. Tours that have left stay as they are, and their vans are not offered again.

    Args:
        site: plan this site's tours anew and keep those of the others.
        time_limit: seconds the search may take; the setting when None.
        seed: the same day, seed and engine give the same plan, as far as the time allows.
        on_progress: is told mappings with `step` (`reading`, `roads`, `searching`, `drawing`, `writing`) and, while
            searching, `seconds`, `best_cost_cents`, `tours` and `served`; JSON values.
        cancelled: asked often; once it says yes, the search stops and nothing is written.

    Raises:
        NothingToPlan: no order waits for the day and no plan is to be replaced, or there is no van.
        PlanIsStale: the day changed during the search.
        PlanCancelled: as asked.
        routing.EngineFailed: the engine died without an answer.
        inventory.errors.UnknownRecord: no such site.
    """
    say = on_progress or (lambda _facts: None)
    say({"step": "reading"})
    with system.sessions.begin() as session:
        reserved = orders.retry_reservations(session, day, roads=system.roads, now=system.now(), actor=actor)
    with system.sessions() as session:
        work = read_day(session, day, site=site, settings=system.settings, now=system.now())
    if not work.version and not (work.vans and (work.jobs or work.aside)):
        raise NothingToPlan(day, jobs=len(work.jobs) + len(work.aside), vans=len(work.vans))
    drafted = decide(system, work, time_limit=time_limit, seed=seed, say=say, cancelled=cancelled)
    say({"step": "writing"})
    with system.sessions.begin() as session:
        plan = write_plan(session, work, drafted, settings=system.settings, now=system.now(), actor=actor)
        summary = summarise(session, plan, site=work.site_code, reserved=reserved)
    log.info(
        "plan-written", day=day.isoformat(), version=summary.version, tours=summary.tours, stops=summary.stops,
        unserved=summary.unserved, seconds=summary.solve_seconds,
    )  # fmt: skip
    return summary


def decide(
    system: System,
    work: DayWork,
    *,
    time_limit: float | None,
    seed: int,
    say: Say,
    cancelled: Callable[[], bool] | None = None,
) -> Drafted:
    """The plan for a day's work, judged and drawn; touches no database.

    Raises:
        PlanCancelled: as asked.
        routing.EngineFailed: the engine died without an answer.
    """
    if not work.jobs:
        return Drafted((), unserved_of(work, routing.Plan((), (), routing.Costs())), ENGINE, 0.0, seed)
    say({"step": "roads"})
    table = system.roads.matrix(work.points, modes_of(work))
    problem = state_problem(work, table, system.settings)
    limits = routing.Limits(
        seconds=float(time_limit or system.settings.time_limit_seconds),
        memory_bytes=system.settings.solver_memory_mib * 2**20,
    )
    started = time.monotonic()
    try:
        plan = routing.solve(
            problem,
            routing.engine(ENGINE, on_death=lambda died_over, death: _keep(system, died_over, str(death))),
            limits=limits,
            seed=seed,
            on_progress=lambda best: say(_progress(best)),
            cancelled=cancelled,
        )
    except (routing.EngineLied, routing.EngineFailed) as error:
        _keep(system, problem, str(error))
        raise
    if cancelled is not None and cancelled():
        raise PlanCancelled(work.day)
    say({"step": "drawing"})
    tours = tuple(replace(tour, geometry=drawn(tour, system.roads)) for tour in tours_of(work, problem, plan, table))
    took = round(time.monotonic() - started, 3)
    return Drafted(tours, unserved_of(work, plan), plan.engine or ENGINE, plan.seconds or took, seed)


def _keep(system: System, problem: routing.Problem, ending: str) -> None:
    replays.keep(system.settings.home, problem, ending, now=system.now())


def summarise(session: Session, plan: Plan, *, site: str | None, reserved: tuple[str, ...] = ()) -> PlanSummary:
    """What the stored version amounts to."""
    tours = list(
        session.scalars(select(Tour).join(PlanTour, PlanTour.tour_id == Tour.id).where(PlanTour.plan_id == plan.id))
    )
    ids = [tour.id for tour in tours]
    stops = session.scalar(select(func.count()).select_from(Stop).where(Stop.tour_id.in_(ids)))
    unserved = session.scalar(select(func.count()).select_from(Unserved).where(Unserved.plan_id == plan.id))
    return PlanSummary(
        day=plan.day,
        site=site,
        plan_id=plan.id,
        version=plan.version,
        engine=plan.engine,
        solve_seconds=plan.solve_seconds,
        tours=len(tours),
        stops=stops or 0,
        unserved=unserved or 0,
        distance_m=sum(tour.distance_m for tour in tours),
        driving_s=sum(tour.driving_s for tour in tours),
        cost_cents=sum(tour.cost_fixed_cents + tour.cost_distance_cents + tour.cost_time_cents for tour in tours),
        reserved=reserved,
    )


def _progress(best: routing.Progress) -> dict[str, Any]:
    return {
        "step": "searching",
        "seconds": round(best.seconds, 1),
        "best_cost_cents": routing.cents(best.cost),
        "tours": best.tours,
        "served": best.served,
    }
