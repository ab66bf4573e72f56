"""Publishes a day and dies at its N-th write: `python -m tests.logistics.a_publisher URL DAY N`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import event

from logistics import dispatch
from logistics.database import Sessions, open_sessions
from tests.fakes import MORNING


def at_write(sessions: Sessions, number: int, deed: Callable[[], None]) -> None:
    """Do something just before the N-th statement that writes."""
    seen = 0

    @event.listens_for(sessions.engine, "before_cursor_execute")
    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal seen
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            seen += 1
            if seen == number:
                deed()


def main(url: str, day: str, number: str) -> int:
    """Die at that write; live on when there are fewer."""
    sessions = open_sessions(url)
    at_write(sessions, int(number), lambda: os.kill(os.getpid(), signal.SIGKILL))
    with sessions.begin() as session:
        dispatch.publish_day(session, date.fromisoformat(day), now=MORNING, actor="eva")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
