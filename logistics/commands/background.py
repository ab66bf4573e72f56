"""`tournee tasks | replay`: background work, what was set aside, and the problems that killed a solver."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import SEARCH_SECONDS, Refused, actor, complain, say, say_json, whole

if TYPE_CHECKING:
    from ..settings import Settings
    from ..task_views import TaskView

#: As `logistics.states.TASK_STATES`, told again so that `--help` need not load it; a test compares them.
STATES = ("queued", "running", "done", "failed", "cancelled", "parked")


def add(commands: Any) -> None:
    """Declare the commands."""
    tasks = commands.add_parser("tasks", help="background work", description="What was asked for, and how it stands.")
    parts = tasks.add_subparsers(dest="part", metavar="list | show | retry | cancel", required=True)
    listed = parts.add_parser("list", help="the newest tasks")
    listed.add_argument("--state", action="append", choices=STATES, default=[], help="only these; may be given twice")
    listed.add_argument("--limit", type=whole(1, 1000), default=20, metavar="N", help="default 20")
    listed.add_argument("--json", action="store_true", help="the result as JSON")
    listed.set_defaults(run=run_list)
    for name, run, words in (
        ("show", run_show, "everything about one task"),
        ("retry", run_retry, "put a task that was set aside (parked) back in the queue"),
        ("cancel", run_cancel, "stop a task, or drop one that waits or was set aside"),
    ):
        part = parts.add_parser(name, help=words)
        part.add_argument("id", metavar="ID", help="the task's id, or how it begins")
        part.add_argument("--json", action="store_true", help="the result as JSON")
        part.set_defaults(run=run)

    replay = commands.add_parser(
        "replay",
        help="solve a problem again that killed the solver",
        description="Without a file: the problems that are kept. With one: solve it again and say how it ended.",
    )
    replay.add_argument("file", type=Path, nargs="?", metavar="FILE")
    replay.add_argument("--time-limit", type=SEARCH_SECONDS, default=10, metavar="SECONDS", help="default 10")
    replay.add_argument("--seed", type=int, default=0, metavar="N", help="another way of searching (default 0)")
    replay.add_argument("--json", action="store_true", help="the result as JSON")
    replay.set_defaults(run=run_replay)


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    """The newest tasks."""
    from .. import task_views
    from ..wiring import wire

    with wire(settings).sessions() as session:
        found = task_views.tasks(session, states=arguments.state, limit=arguments.limit)
    if arguments.json:
        say_json({"tasks": [_facts(task) for task in found]})
        return 0
    for task in found:
        why = f"  {task.error_code}" if task.error_code else ""
        say(f"{task.id[:12]}  {task.asked_at:%Y-%m-%d %H:%M}  {task.kind:10} {task.state:10}{_about(task)}{why}")
    if not found:
        complain("no task")
    return 0


def run_show(arguments: argparse.Namespace, settings: Settings) -> int:
    """One task."""
    from ..wiring import wire

    task = _task(wire(settings).sessions, arguments.id)
    if arguments.json:
        say_json(_facts(task))
        return 0
    for name, value in _facts(task).items():
        if value not in ("", None, {}, False):
            say(f"{name.replace('_', ' ') + ':':15}{value}")
    if task.state == "parked":
        complain(f"It waits for a person. Put it back with: tournee tasks retry {task.id[:12]}")
    return 0


def run_retry(arguments: argparse.Namespace, settings: Settings) -> int:
    """Put a parked task back in the queue."""
    from .. import tasks
    from ..wiring import wire

    system = wire(settings)
    task = _task(system.sessions, arguments.id)
    with system.sessions.begin() as session:
        tasks.retry(session, task.id, now=system.now(), actor=actor())
    system.queue.ring(task.id)
    return _say_state(arguments, task.id, "queued")


def run_cancel(arguments: argparse.Namespace, settings: Settings) -> int:
    """Stop a task."""
    from .. import tasks
    from ..wiring import wire

    system = wire(settings)
    task = _task(system.sessions, arguments.id)
    with system.sessions.begin() as session:
        state = tasks.cancel(session, task.id, now=system.now())
    return _say_state(arguments, task.id, "will stop soon" if state == "running" else state)


def run_replay(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0 when the solver lived, 1 when it died again."""
    from .. import replays

    if arguments.file is None:
        kept = replays.kept(settings.home)
        if arguments.json:
            say_json({"replays": [str(file) for file in kept]})
            return 0
        for file in kept:
            found = replays.read(file)
            say(f"{file}  {len(found.problem.jobs)} jobs, {len(found.problem.vehicles)} vans: {found.ending}")
        if not kept:
            complain("no solver has died")
        return 0
    if not arguments.file.is_file():
        raise Refused(f"there is no file {arguments.file}", next_step="`tournee replay` lists them.")
    again = replays.solve_again(
        replays.read(arguments.file), seconds=arguments.time_limit, memory_mib=settings.solver_memory_mib,
        seed=arguments.seed,
    )  # fmt: skip
    if arguments.json:
        say_json({"ending": again})
    else:
        say(f"the solver {f'ended with {again}' if again else 'lived'}")
    return 1 if again else 0


def _task(sessions: Any, wanted: str) -> TaskView:
    """The task whose id is, or begins with, what was typed.

    Raises:
        Refused: none, or several.
    """
    from .. import task_views

    with sessions() as session:
        found = task_views.beginning(session, wanted)
    if len(found) == 1:
        return found[0]
    what = "no task" if not found else "more than one task"
    raise Refused(f"{what} begins with {wanted}", next_step="`tournee tasks list` names them.")


def _say_state(arguments: argparse.Namespace, task_id: str, state: str) -> int:
    if arguments.json:
        say_json({"id": task_id, "state": state})
    else:
        say(f"{task_id[:12]}: {state}")
    return 0


def _about(task: TaskView) -> str:
    about = task.arguments.get("day") or task.arguments.get("kind") or ""
    return f"  {about}" if about else ""


def _facts(task: TaskView) -> dict[str, Any]:
    return {
        "id": task.id, "kind": task.kind, "state": task.state, "arguments": dict(task.arguments),
        "asked_at": task.asked_at, "asked_by": task.asked_by, "attempts": task.attempts,
        "cancel_wanted": task.cancel_wanted, "finished_at": task.finished_at, "error_code": task.error_code,
        "error": task.error, "progress": dict(task.progress), "result": dict(task.result),
    }  # fmt: skip
