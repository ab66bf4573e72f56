"""Background work as pages see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Task


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task: its state, how far it is, and what became of it."""

    id: str
    kind: str
    state: str
    arguments: Mapping[str, Any]
    progress: Mapping[str, Any]
    result: Mapping[str, Any]
    error_code: str
    error: str
    cancel_wanted: bool
    asked_at: datetime


def task(session: Session, task_id: str) -> TaskView | None:
    """The task of that id, if there is one."""
    found = session.get(Task, task_id)
    return _view(found) if found else None


def planning_of(session: Session, day: date) -> TaskView | None:
    """The day's planning that waits or runs now."""
    live = select(Task).where(Task.kind == "plan-day", Task.state.in_(("queued", "running"))).order_by(Task.asked_at)
    for found in session.scalars(live):
        if found.arguments.get("day") == day.isoformat():
            return _view(found)
    return None


def _view(row: Task) -> TaskView:
    return TaskView(
        row.id, row.kind, row.state, row.arguments, row.progress, row.result, row.error_code, row.error,
        row.cancel_wanted, row.asked_at,
    )  # fmt: skip
