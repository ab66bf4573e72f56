"""Restores and dies at a step: `python -m tests.logistics.backups.a_restorer HOME URL FILE STEP COUNT`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from logistics import backups
from logistics.backups import restoring
from logistics.settings import Settings
from tests.fakes import MORNING


def main(home: str, url: str, file: str, step: str, count: str) -> int:
    """Die when progress names `step` for the `count`-th time."""
    restoring.PAGES = 20
    left = int(count)

    def told(what: str, _done: int) -> None:
        nonlocal left
        if step in what:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    settings = Settings(home=Path(home), database_url=url)
    backups.restore(settings, Path(file), now=MORNING, force=True, on_progress=told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
