"""Background work that the viewer asked for, or that is about their sites."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from .. import rights, scope, task_views
from .. import tasks as service
from ..errors import UnknownRecord
from ..task_views import TaskView
from ..viewer import Viewer


def show(session: Session, viewer: Viewer, task_id: str) -> TaskView:
    """The task: its state, how far it is, what became of it.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: there is none for the viewer.
    """
    rights.must(viewer, "tasks.read")
    found = task_views.task(session, scope.task(session, viewer, task_id).id)
    if found is None:
        raise UnknownRecord("task", task_id)
    return found


def cancel(session: Session, viewer: Viewer, task_id: str, *, now: datetime) -> None:
    """Ask the task to stop.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: there is none for the viewer.
    """
    rights.must(viewer, "tasks.cancel")
    service.cancel(session, scope.task(session, viewer, task_id).id, now=now)


def retry(session: Session, viewer: Viewer, task_id: str, *, now: datetime) -> None:
    """Put a task that was set aside back in the queue; ring the queue once the transaction is committed.

    Raises:
        NotAllowed: not for this role.
        UnknownRecord: there is none for the viewer.
        WrongState: it is not set aside.
    """
    rights.must(viewer, "tasks.retry")
    service.retry(session, scope.task(session, viewer, task_id).id, now=now, actor=viewer.login)
