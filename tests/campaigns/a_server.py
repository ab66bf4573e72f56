"""One process of the product on a clock that can be wound: `python -m tests.campaigns.a_server KIND HOME URL PORT`.

KIND is `web`, `worker`, or `both` (the web app with background work inside).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from logistics import observation, tasks
from logistics.settings import Settings
from logistics.wiring import wire
from logistics.worker import run_worker
from tests.fakes import FakeRoads
from webapp.__main__ import serve


class WoundClock:
    """The machine's time and as many seconds more as the file says; every process of a trial reads the same file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))


def main(kind: str, home: str, url: str, port: str) -> int:
    """Serve or work until the end, usually a violent one."""
    tasks.SWEEP_SECONDS = 1
    settings = Settings(
        home=Path(home), database_url=url, worker="inside" if kind == "both" else "worker", time_limit_seconds=1
    )
    made = replace(wire(settings, now=WoundClock(Path(home) / "clock")), roads=cast(Any, FakeRoads()))
    if kind == "worker":
        observation.set_up(settings, keep=True)
        return run_worker(made, on_ready=lambda: print("ready", flush=True))
    return serve(["--port", port], system=made)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
