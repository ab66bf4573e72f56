"""What can be asked for as background work, and what is done again and again beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import readiness, uploads
from .errors import InvalidRequest, LogisticsError
from .system import System

if TYPE_CHECKING:
    from .tasks import Running


def _plan_day(running: Running) -> Mapping[str, Any]:
    """`day` (ISO), `site` (code, optional), `time_limit` (seconds, optional), `seed` (optional)."""
    from . import planning

    facts = running.claim.arguments
    summary = planning.plan_day(
        running.system,
        date.fromisoformat(str(facts["day"])),
        site=facts.get("site"),
        time_limit=int(facts.get("time_limit") or running.system.settings.time_limit_seconds),
        seed=int(facts.get("seed") or 0),
        on_progress=running.say,
        cancelled=running.should_stop,
        actor=running.claim.asked_by,
    )
    return dict(summary.as_json())


def _import(running: Running) -> Mapping[str, Any]:
    """`kind`, `upload` (a name under the home's `uploads`); optional: `dry_run`, `all_or_nothing`, `today` (ISO)."""
    from . import imports

    facts = running.claim.arguments
    report = imports.import_file(
        running.system,
        str(facts["kind"]),
        upload_path(running.system, str(facts["upload"])),
        dry_run=bool(facts.get("dry_run")),
        all_or_nothing=bool(facts.get("all_or_nothing")),
        today=date.fromisoformat(str(facts["today"])) if facts.get("today") else None,
        actor=running.claim.asked_by,
        # All rows are one transaction, and nothing else is written beside it: no progress, but it hears a wish to stop.
        cancelled=running.should_stop,
    )
    return dict(report.as_json())


def upload_path(system: System, name: str) -> Path:
    """Where the uploaded file of this name lies; names are ours (letters, digits, `-`, `.`), never a path.

    Raises:
        InvalidRequest: a name that is not one of ours.
    """
    try:
        return uploads.path(system, name)
    except LogisticsError:
        raise InvalidRequest("upload", "is not the name of an upload") from None


#: What can be asked for, and who does it: each takes the running task and gives back its result, JSON values.
KINDS: Mapping[str, Callable[[Running], Mapping[str, Any]]] = {"plan-day": _plan_day, "import": _import}


def _send_messages(system: System) -> None:
    from . import outbox

    outbox.send_due(system)


def _forget_failures(system: System) -> None:
    from . import lockout

    lockout.sweep(system)


def _forget_answers(system: System) -> None:
    from . import answers

    with system.sessions.begin() as session:
        answers.sweep(session, now=system.now())


#: What is done again and again beside the tasks, every `SWEEP_SECONDS`, each in a thread of its own in each process
#: that works: sending messages, sweeping what is too old. A slow one keeps no other waiting. Several processes may call
#: one at the same moment, and one call may be cut short; each opens its own transactions.
PERIODIC: tuple[Callable[[System], None], ...] = (
    readiness.beat, uploads.sweep, _forget_failures, _forget_answers, _send_messages,
)  # fmt: skip
