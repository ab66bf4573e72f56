"""Background work as a page sees it: what it does, the best so far, and a way to stop it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from logistics.counter import tasks

from ..access import needs
from ..here import now, system, viewer

pages = Blueprint("tasks", __name__, url_prefix="/tasks")


@pages.get("/<task_id>")
@needs("tasks.read")
def show(task_id: str) -> ResponseReturnValue:
    """The task's line, asked for again every second until it ends; then the page it belongs to is opened anew."""
    return _line(task_id)


@pages.post("/<task_id>/cancel")
@needs("tasks.cancel")
def cancel(task_id: str) -> ResponseReturnValue:
    """Ask the task to stop."""
    with system().sessions.begin() as writing:
        tasks.cancel(writing, viewer(), task_id, now=now())
    return _line(task_id)


@pages.post("/<task_id>/retry")
@needs("tasks.retry")
def retry(task_id: str) -> ResponseReturnValue:
    """Put a task that was set aside back in the queue."""
    with system().sessions.begin() as writing:
        tasks.retry(writing, viewer(), task_id, now=now())
    system().queue.ring(task_id)
    return _line(task_id)


def _line(task_id: str) -> ResponseReturnValue:
    with system().sessions() as reading:
        task = tasks.show(reading, viewer(), task_id)
    answer = make_response(render_template("task_part.html", task=task))
    if task.state == "done" and task.kind == "plan-day":
        answer.headers["HX-Redirect"] = url_for(
            "day.show", day=date.fromisoformat(str(task.arguments["day"])).isoformat()
        )
    return answer
