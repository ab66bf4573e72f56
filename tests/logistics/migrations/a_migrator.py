"""Migrates a database and dies before its N-th statement: `python -m tests.logistics.migrations.a_migrator URL N`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from logistics import migrations


@contextmanager
def at_statement(number: int, deed: Callable[[], None]) -> Any:
    """Do something just before the N-th statement that changes anything; gives a list with one item per statement."""
    seen: list[int] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN", "SHOW")):
            seen.append(1)
            if len(seen) == number:
                deed()

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def main(url: str, number: str) -> int:
    """Die there; live on when there are fewer statements."""
    with at_statement(int(number), lambda: os.kill(os.getpid(), signal.SIGKILL)):
        migrations.upgrade(url)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
