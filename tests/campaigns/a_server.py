"""Processes of the product on a clock that can be wound.

`python -m tests.campaigns.a_server` loads everything once and then forks: each line it reads is a JSON list KIND, HOME,
URL, PORT, HURRY and the file for its log; the answer is the number of a new process, which has a file HOME/PID.ready
once it is ready to work. It ends, and kills what it started, when nobody writes to it any more.

KIND is `web`, `worker`, `both` (the web app with background work inside), or `gunicorn:N`: the web app in N processes
under the product's own gunicorn settings. HURRY divides the seconds of a task's
lease, of its renewal and of the sweep; with 1 they are the product's.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from logistics import observation, tasks
from logistics.settings import Settings
from logistics.system import System
from logistics.wiring import wire
from logistics.worker import run_worker
from tests.conftest import CHECKOUT
from tests.fakes import FakeRoads
from webapp import create_app
from webapp.__main__ import serve

if TYPE_CHECKING:
    from flask import Flask

#: What the product loads only when it is wanted, loaded here once for all.
WANTED_LATER = (
    "logistics.adapters.roads", "logistics.adapters.geocoders", "logistics.adapters.notifiers",
    "logistics.adapters.queues", "logistics.imports", "logistics.planning", "logistics.outbox", "logistics.lockout",
    "logistics.answers", "routing.engines.or_tools", "apprise", "psycopg",
)  # fmt: skip


class WoundClock:
    """The machine's time and as many seconds more as the file says; every process of a trial reads the same file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))


def work(kind: str, home: str, url: str, port: str, hurry: str) -> int:
    """Serve or work until the end, usually a violent one."""
    for name in ("LEASE_SECONDS", "RENEW_SECONDS", "SWEEP_SECONDS"):
        setattr(tasks, name, getattr(tasks, name) / int(hurry))
    settings = Settings(
        home=Path(home), database_url=url, worker="inside" if kind == "both" else "worker", time_limit_seconds=1
    )
    if kind.startswith("gunicorn:"):
        return _gunicorn(settings, port, kind.partition(":")[2])
    made = _wired(settings)
    if kind == "worker":
        observation.set_up(settings, keep=True)
        return run_worker(made, on_ready=Path(home, f"{os.getpid()}.ready").touch)
    return serve(["--port", port], system=made)


def app() -> Flask:
    """What each process of gunicorn serves: as `webapp.wsgi:app`, on the wound clock."""
    settings = Settings.from_environment()
    observation.set_up(settings, keep=True)
    return create_app(_wired(settings))


def _wired(settings: Settings) -> System:
    clock = WoundClock(settings.home / "clock")
    return replace(wire(settings, now=clock), roads=cast(Any, FakeRoads()))


def _gunicorn(settings: Settings, port: str, processes: str) -> int:
    from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

    os.environ |= {
        "TOURNEE_HOME": str(settings.home), "TOURNEE_DATABASE_URL": settings.database_url,
        "TOURNEE_BIND": f"127.0.0.1:{port}", "TOURNEE_WEB_WORKERS": processes,
    }  # fmt: skip
    sys.argv = ["gunicorn", "-c", str(CHECKOUT / "webapp" / "gunicorn_conf.py"), "tests.campaigns.a_server:app()"]
    run()
    return 0


def main() -> int:
    """Fork for every line."""
    # The kernel buries the children: whoever waits for one looks for its number.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for module in WANTED_LATER:
        importlib.import_module(module)
    started = []
    for line in sys.stdin:
        *arguments, log = json.loads(line)
        pid = os.fork()
        if not pid:
            os._exit(_child(arguments, log))
        started.append(pid)
        print(pid, flush=True)
    for pid in started:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return 0


def _child(arguments: list[str], log: str) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, file, file)):
        os.dup2(descriptor, number)
    try:
        return work(*arguments)
    except BaseException as error:  # nobody above would write it down
        observation.logger("trial").error("ended-early", exc_info=error)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
