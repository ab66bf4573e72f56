"""The full model on the OR-Tools routing library, in a process of its own.

OR-Tools can kill its process, ignores its time limit while it looks for a first plan, and holds Python's lock for the
whole search. So the model runs in a child that sends every better plan through a pipe; the deadline is kept from
outside, and whatever came last through the pipe is the answer. The child starts from our own greedy plan, so there
always is one.
"""

from __future__ import annotations

import logging
import os
import pickle
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any, cast

from ..errors import EngineFailed, InvalidProblem
from ..model import Plan, Problem
from ..solve import Cancelled, Limits, Listener, Orders, Progress, assemble
from .nearest import first_orders

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds the child gets after its own time limit before it is killed.
GRACE = 0.6
#: Seconds kept for reading the answer, scheduling and judging it.
RESERVE = 0.25
#: A child that has less time than this is not worth starting.
SHORTEST = 0.7


class OrTools:
    """The reference constraint engine: guided local search over the whole model."""

    name = "or-tools"

    def __call__(
        self,
        problem: Problem,
        *,
        limits: Limits,
        seed: int = 0,
        on_progress: Listener | None = None,
        cancelled: Cancelled | None = None,
    ) -> Plan:
        """Search until the limit, or until nothing better came for a third of it.

        Raises:
            EngineFailed: the child died and there is no plan at all.
        """
        started = time.monotonic()
        deadline = started + limits.seconds
        orders = first_orders(problem, deadline=started + 0.4 * limits.seconds, cancelled=cancelled)
        report = _Report(problem, started, on_progress)
        report.tell(orders)
        child_lived = _search(problem, orders, report, limits=limits, seed=seed, deadline=deadline, cancelled=cancelled)
        if report.best is None:
            raise EngineFailed("or-tools: no plan before the deadline")
        # A plan that the child never saw is not called its own.
        name = self.name if child_lived else "nearest"
        return assemble(problem, report.best[1], engine=name, seconds=time.monotonic() - started)


class _Report:
    """Turns raw orders into progress, and keeps the last plan that our own schedule accepts."""

    def __init__(self, problem: Problem, started: float, listener: Listener | None) -> None:
        self.problem, self.started, self.listener = problem, started, listener
        self.best: tuple[int, Orders] | None = None

    def tell(self, orders: Orders) -> None:
        try:
            plan = assemble(self.problem, orders)
        except InvalidProblem:
            return
        if self.best is not None and plan.costs.total >= self.best[0]:
            return
        self.best = (plan.costs.total, orders)
        if self.listener:
            served = sum(len(tour.stops) for tour in plan.tours)
            self.listener(Progress(plan.costs.total, len(plan.tours), served, time.monotonic() - self.started))


def _search(
    problem: Problem,
    orders: Orders,
    report: _Report,
    *,
    limits: Limits,
    seed: int,
    deadline: float,
    cancelled: Cancelled | None,
) -> bool:
    """Let a child improve the orders; whether it lived to the end or its deadline."""
    left = deadline - time.monotonic() - RESERVE
    if left < SHORTEST:
        return False
    with _Child(problem, orders, seed=seed, seconds=left, memory_bytes=limits.memory_bytes) as child:
        until = min(deadline - RESERVE / 2, time.monotonic() + left + GRACE)
        child.follow(report, until=until, cancelled=cancelled)
        return child.lived()


class _Child:
    """A Python process that searches and writes `(kind, orders)` messages, each pickled behind its length."""

    def __init__(self, problem: Problem, orders: Orders, *, seed: int, seconds: float, memory_bytes: int) -> None:
        code = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
            "from routing.engines import or_tools_model; or_tools_model.serve()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self.messages: deque[tuple[str, Any]] = deque()
        self.arrived = threading.Event()
        self.asked = {"problem": problem, "orders": orders, "seed": seed, "ends_at": time.time() + seconds,
                      "memory_bytes": memory_bytes}  # fmt: skip
        self.complaint = b""
        self.readers: list[threading.Thread] = []

    def __enter__(self) -> _Child:
        self.readers = [
            threading.Thread(target=work, args=(pipe,), daemon=True)
            for work, pipe in ((self._read, self.process.stdout), (self._listen, self.process.stderr))
        ]
        for reader in self.readers:
            reader.start()
        try:
            with cast(IO[bytes], self.process.stdin) as pipe:
                pipe.write(pickle.dumps(self.asked))
        except OSError:
            self.messages.append(("end", None))
            self.arrived.set()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(timeout=2)
        for pipe in (self.process.stdout, self.process.stderr):
            cast(IO[bytes], pipe).close()

    def _read(self, pipe: IO[bytes]) -> None:
        try:
            while header := pipe.read(4):
                (size,) = struct.unpack(">I", header)
                body = pipe.read(size)
                if len(body) < size:
                    break
                self.messages.append(pickle.loads(body))  # noqa: S301  (our own child wrote it)
                self.arrived.set()
        except (OSError, struct.error, ValueError):
            pass
        self.messages.append(("end", None))
        self.arrived.set()

    def _listen(self, pipe: IO[bytes]) -> None:
        self.complaint = pipe.read()[-2000:]

    def lived(self) -> bool:
        """Whether the child is still at work or ended as it should; one that died is logged with its last words."""
        status = self.process.poll()
        if status is None or status == 0:
            return True
        # The pipe of complaints ends with the process; nothing in a problem is personal, so its words may be logged.
        time.sleep(0.05)
        log.warning("or-tools child ended with %s: %s", status, self.complaint.decode(errors="replace")[-500:])
        return False

    def follow(self, report: _Report, *, until: float, cancelled: Cancelled | None) -> None:
        """Pass on what comes until the child ends, the time is over or somebody cancels."""
        while time.monotonic() < until and not (cancelled and cancelled()):
            self.arrived.wait(min(0.1, max(0.0, until - time.monotonic())))
            self.arrived.clear()
            while self.messages:
                kind, orders = self.messages.popleft()
                if kind == "end":
                    self.process.wait(timeout=5)
                    return
                report.tell(orders)
