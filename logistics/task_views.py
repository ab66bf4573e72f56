"""Background work as pages see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    asked_by: str = ""
    attempts: int = 0
    finished_at: datetime | None = None


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


def set_aside_of(session: Session, day: date) -> TaskView | None:
    """The day's planning that was set aside, unless the day was planned or asked for again since."""
    newest = select(Task).where(Task.kind == "plan-day").order_by(Task.asked_at.desc(), Task.id)
    for found in session.scalars(newest):
        if found.arguments.get("day") == day.isoformat():
            return _view(found) if found.state == "parked" else None
    return None


def tasks(session: Session, *, states: Sequence[str] = (), limit: int = 50) -> tuple[TaskView, ...]:
    """The newest tasks in these states, or in any; newest first."""
    wanted = select(Task).order_by(Task.asked_at.desc(), Task.id).limit(limit)
    if states:
        wanted = wanted.where(Task.state.in_(states))
    return tuple(_view(found) for found in session.scalars(wanted))


def beginning(session: Session, words: str) -> tuple[TaskView, ...]:
    """The tasks whose id begins so, two at most; an empty beginning finds none."""
    if not words.isalnum():
        return ()
    found = session.scalars(select(Task).where(Task.id.startswith(words)).order_by(Task.id).limit(2))
    return tuple(_view(one) for one in found)


def _view(row: Task) -> TaskView:
    return TaskView(
        row.id, row.kind, row.state, row.arguments, row.progress, row.result, row.error_code, row.error,
        row.cancel_wanted, row.asked_at, row.asked_by, row.attempts, row.finished_at,
    )  # fmt: skip
