"""`tournee worker`: does the background work in a process of its own until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from .observation import logger
from .system import System

log = logger("worker")


def run_worker(system: System, *, on_ready: Callable[[], None] = lambda: None) -> int:
    """Work until SIGTERM or SIGINT; running tasks are asked to stop and handed back to the queue.

    A second signal ends the process at once; the leases then run out and another worker takes over.

    Args:
        on_ready: called once the worker hears the bell.

    Returns:
        Exit code 0.
    """
    stop = threading.Event()

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        log.info("worker-stopping", signal=signal.Signals(number).name)
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    system.queue.start(system)
    log.info("worker-started", database=system.sessions.dialect)
    try:
        on_ready()
        stop.wait()
        system.queue.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    log.info("worker-stopped")
    return 0
