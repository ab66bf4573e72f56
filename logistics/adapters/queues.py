"""The bell between whoever asks for work and whoever does it: Huey on SQLite or PostgreSQL.

Huey only carries ids and may lose one (it forgets a task when its process is killed); the task rows know better. So a
sweeper beside the workers takes back what dead workers held and rings again for what still waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from huey import Huey, PostgresHuey, SqliteHuey
from huey.consumer import Consumer
from sqlalchemy.engine import make_url

from .. import task_kinds, tasks
from ..observation import logger
from ..settings import Settings
from ..system import System

#: How long an idle worker on SQLite sleeps at most before it looks again; PostgreSQL wakes it by itself.
IDLE_SECONDS = 1.0
#: After a sweep that failed, most often because the database was away, it is tried again so soon: a database that comes
#: and goes must not keep a dead worker's task waiting for longer than we promise.
RETRY_SECONDS = 1.0
#: How long `stop` waits for work that was asked to stop.
GRACE_SECONDS = 15.0

log = logger("queue")


def open_queue(settings: Settings) -> HueyQueue:
    """The queue of this home: beside our tables on PostgreSQL, else in `queue.db` under the home."""
    return HueyQueue(settings)


class HueyQueue:
    """Rings, and after `start` also does the work, in threads of this process: they only wait for solver processes."""

    def __init__(self, settings: Settings, *, workers: int = 2) -> None:
        self._settings = settings
        self._workers = workers
        self._opening = threading.Lock()
        self._opened: Huey | None = None
        self._consumer: _ThreadsOnly | None = None
        self._helpers: list[threading.Thread] = []
        self._system: System | None = None
        self._stopping = threading.Event()

    def ring(self, task_id: str) -> None:
        """Say that this task waits. A bell nobody hears is rung again by the sweeper, so trouble here is only noted."""
        try:
            self._run(task_id)
        except Exception as error:
            log.warning("bell-not-rung", task=task_id, exc_info=error)

    def start(self, system: System) -> None:
        """Do the tasks from now on, those already waiting too; a second call changes nothing."""
        if self._consumer is not None:
            return
        self._system = system
        self._stopping.clear()
        self._consumer = _ThreadsOnly(
            self._huey, workers=self._workers, periodic=False, max_delay=IDLE_SECONDS, shutdown_timeout=GRACE_SECONDS
        )
        # A thread each: a message that is slow to send must not keep a dead worker's task waiting.
        works = [("task-sweeper", self._sweep)]
        works += [
            (f"periodic-{number}", partial(tasks.tend, work=work)) for number, work in enumerate(task_kinds.PERIODIC)
        ]
        self._helpers = [
            threading.Thread(target=self._again, args=(work,), name=name, daemon=True) for name, work in works
        ]
        for helper in self._helpers:
            helper.start()
        self._consumer.start()

    def stop(self) -> None:
        """Take no more work; what runs is asked to stop and handed back. Returns after `GRACE_SECONDS` at most."""
        self._stopping.set()
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
        until = time.monotonic() + GRACE_SECONDS
        for helper in self._helpers:
            helper.join(max(0.1, until - time.monotonic()))
        self._consumer, self._helpers = None, []

    @property
    def _huey(self) -> Huey:
        with self._opening:
            if self._opened is None:
                self._opened = _open_huey(self._settings)
                self._run_task = self._opened.task(name="run")(self._do)
            return self._opened

    def _run(self, task_id: str) -> None:
        _ = self._huey
        self._run_task(task_id)

    def _do(self, task_id: str) -> None:
        assert self._system is not None, "only a started queue works"  # noqa: S101
        if not self._stopping.is_set():
            tasks.run(self._system, task_id, stopping=self._stopping.is_set)

    def _again(self, work: Callable[[System], None]) -> None:
        assert self._system is not None, "only a started queue works"  # noqa: S101
        while not self._stopping.is_set():
            pause: float = tasks.SWEEP_SECONDS
            try:
                work(self._system)
            except Exception as error:
                log.warning("sweep-failed", exc_info=error)
                pause = min(pause, RETRY_SECONDS)
            self._stopping.wait(pause)

    def _sweep(self, system: System) -> None:
        waiting = tasks.sweep(system)
        if waiting and self._huey.pending_count() == 0:
            for task_id in waiting:
                self.ring(task_id)


class _ThreadsOnly(Consumer):
    """A consumer that leaves the signals of the process to whoever owns the process."""

    def _set_signal_handlers(self) -> None:
        return


def _open_huey(settings: Settings) -> Huey:
    url = make_url(settings.database_url)
    facts: dict[str, Any] = {"results": False, "utc": True}
    if url.get_backend_name() == "postgresql":
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey("tournee", dsn=dsn, **facts)
    return SqliteHuey("tournee", filename=str(settings.home / "queue.db"), fsync=True, **facts)
