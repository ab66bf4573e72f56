"""A worker in a process of its own, to be stopped or killed.

`python -m tests.logistics.adapters.a_worker URL HOME NOTES` knows one kind of work, `mark`: write a line to NOTES, then
work until the file NOTES.go exists.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from logistics import observation, tasks
from logistics.adapters.queues import open_queue
from logistics.database import open_sessions
from logistics.settings import Settings
from logistics.worker import run_worker
from tests.logistics.systems import a_system

LEASE_SECONDS = 2


def hurry() -> None:
    """Shorten the waits, so that a test of them takes seconds."""
    tasks.LEASE_SECONDS, tasks.RENEW_SECONDS, tasks.SWEEP_SECONDS = LEASE_SECONDS, 0.5, 0.5


def teach_mark(notes: Path) -> None:
    """Add the kind `mark`."""

    def mark(running: tasks.Running) -> dict[str, object]:
        with notes.open("a") as file:
            file.write(f"{os.getpid()} {running.claim.attempts}\n")
        go = notes.with_suffix(".go")
        while not go.exists():
            if running.should_stop():
                raise tasks.Cancelled(running.claim.id)
            running.say({"waiting": True})
            time.sleep(0.02)
        return {"attempt": running.claim.attempts}

    tasks.KINDS["mark"] = mark  # type: ignore[index]


def main(url: str, home: str, notes: str) -> int:
    """Work until a signal."""
    hurry()
    observation.set_up(Settings(home=Path(home), database_url=url))
    teach_mark(Path(notes))
    sessions = open_sessions(url)
    system = a_system(sessions, Path(home))
    system = replace(system, queue=open_queue(system.settings))
    return run_worker(system, on_ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
