"""Whether this installation can work now, and the figures it is watched by; names of states and numbers only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from . import regions
from .models import OutboxMessage, Plan, Task
from .observation import logger
from .system import System

#: A task that waits longer than this has nobody who does it.
QUEUE_SECONDS = 300
#: Whoever works says so every ten seconds; after this nobody does.
WORKER_SECONDS = 60

log = logger("readiness")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database says about the work: counts and sums since the first day."""

    tasks: Mapping[tuple[str, str], int]
    oldest_task_seconds: float
    plans: Mapping[str, tuple[int, float]]
    messages: Mapping[str, int]


def checks(system: System) -> dict[str, str]:
    """Each thing that must hold, by name: `ok`, or the one word for what is wrong."""
    found = {"database": "ok", "queue": "ok"}
    try:
        with system.sessions() as session:
            if session.scalar(text("SELECT version_num FROM alembic_version")) != _head(system.settings.database_url):
                found["database"] = "not-current"
            if _oldest(session, system.now()) > QUEUE_SECONDS:
                found["queue"] = "waits-too-long"
    except Exception as error:
        log.warning("database-not-ready", exc_info=error)
        found |= {"database": "unreachable", "queue": "unknown"}
    found["worker"] = "ok" if _worker_seen(system) else "not-seen"
    found["regions"] = "broken" if regions.broken(system.settings.home) else "ok"
    return found


def figures(session: Session, *, now: datetime) -> Figures:
    """The figures of this moment."""
    tasks = session.execute(select(Task.kind, Task.state, func.count()).group_by(Task.kind, Task.state))
    plans = session.execute(select(Plan.engine, func.count(), func.sum(Plan.solve_seconds)).group_by(Plan.engine))
    messages = session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state))
    return Figures(
        tasks={(kind, state): count for kind, state, count in tasks},
        oldest_task_seconds=_oldest(session, now),
        plans={engine: (count, float(seconds or 0)) for engine, count, seconds in plans},
        messages={row[0]: row[1] for row in messages},
    )


def beat(system: System) -> None:
    """Say that somebody works in this home."""
    (system.settings.home / "worker.seen").touch()


def _worker_seen(system: System) -> bool:
    try:
        seen = (system.settings.home / "worker.seen").stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - seen < WORKER_SECONDS


def _oldest(session: Session, now: datetime) -> float:
    asked = session.scalar(select(func.min(Task.asked_at)).where(Task.state == "queued"))
    return max(0.0, (now - asked).total_seconds()) if asked else 0.0


@cache
def _head(url: str) -> str:
    from . import migrations

    return migrations.revisions(url)[-1]
