"""The full model on the OR-Tools routing library, in a process of its own, after a first search by ruin and recreate.

OR-Tools can kill its process, ignores its time limit while it looks for a first plan, and holds Python's lock for the
whole search. So the model runs in a child that sends every better plan through a pipe; the deadline is kept from
outside, and whatever came last through the pipe is the answer. The child starts from our own greedy plan, so there
always is one.
"""

from __future__ import annotations

import contextlib
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

from ..cost import rank
from ..errors import EngineFailed, InvalidPlan
from ..model import Plan, Problem
from ..solve import Cancelled, Limits, Listener, Orders, Progress, assemble
from .nearest import first_orders

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
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
        """Search until the limit, or until nothing better came for a while.

        When the child dies, the best plan so far is the answer; if that is the greedy one, it is called `nearest`.

        Raises:
            EngineFailed: there is no plan at all; carries how the child ended.
        """
        started = time.monotonic()
        deadline = started + limits.seconds
        orders = first_orders(problem, deadline=started + 0.4 * limits.seconds, cancelled=cancelled)
        report = _Report(problem, started, on_progress)
        report.tell(orders)
        child = _search(problem, orders, report, limits=limits, seed=seed, deadline=deadline, cancelled=cancelled)
        if report.best is None:
            raise EngineFailed(self.name, exit_code=child.died if child else None)
        name = self.name if child and child.worked() else "nearest"
        return assemble(problem, report.orders, engine=name, seconds=time.monotonic() - started)


class _Report:
    """Turns raw orders into progress, and keeps the last plan that our own schedule accepts."""

    def __init__(self, problem: Problem, started: float, listener: Listener | None) -> None:
        self.problem, self.started, self.listener = problem, started, listener
        self.best: tuple[int, int] | None = None
        self.orders: Orders = {}

    def tell(self, orders: Orders) -> None:
        try:
            plan = assemble(self.problem, orders)
        except InvalidPlan:
            return
        worth = rank(self.problem, plan)
        if self.best is not None and worth >= self.best:
            return
        self.best, self.orders = worth, orders
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
) -> _Child | None:
    """Let a child improve the orders; None when there was no time to start one."""
    left = deadline - time.monotonic() - RESERVE
    if left < SHORTEST:
        return None
    with _Child(problem, orders, seed=seed, seconds=left, limits=limits) as child:
        child.follow(report, until=deadline - RESERVE / 2, cancelled=cancelled)
    return child


class _Child:
    """A Python process that searches and writes `(kind, orders)` messages, each pickled behind its length."""

    def __init__(self, problem: Problem, orders: Orders, *, seed: int, seconds: float, limits: Limits) -> None:
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
        self.asked = {
            "problem": problem, "orders": orders, "seed": seed, "ends_at": time.monotonic() + seconds,
            "memory_bytes": limits.memory_bytes, "rounds": limits.iterations,
        }  # fmt: skip
        self.heard = False
        self.died: int | None = None
        self.complaint = b""
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> _Child:
        # Asking has a thread too: a child that never reads must not hold up the one who asks.
        for work, pipe in (
            (self._ask, self.process.stdin), (self._read, self.process.stdout), (self._listen, self.process.stderr)
        ):  # fmt: skip
            thread = threading.Thread(target=work, args=(pipe,), daemon=True)
            thread.start()
            self.threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self.died = self.process.poll()
        self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join(timeout=2)
        for pipe in (self.process.stdout, self.process.stderr):
            cast(IO[bytes], pipe).close()
        if self.died:
            # Nothing in a problem is personal, so the child's last words may be logged.
            last_words = self.complaint.decode(errors="replace")[-500:]
            log.warning("or-tools child ended with %s: %s", self.died, last_words)

    def _ask(self, pipe: IO[bytes]) -> None:
        # A child that is gone is noticed where its answers are read.
        with contextlib.suppress(OSError), pipe:
            pickle.dump(self.asked, pipe, protocol=pickle.HIGHEST_PROTOCOL)

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

    def worked(self) -> bool:
        """Whether it had its say: ended as it should, or told something before it was stopped or died."""
        return self.died == 0 or self.heard

    def follow(self, report: _Report, *, until: float, cancelled: Cancelled | None) -> None:
        """Pass on what comes until the child ends, the time is over or somebody cancels."""
        while time.monotonic() < until and not (cancelled and cancelled()):
            self.arrived.wait(min(0.1, max(0.0, until - time.monotonic())))
            self.arrived.clear()
            while self.messages:
                kind, orders = self.messages.popleft()
                if kind == "end":
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self.process.wait(timeout=max(0.0, until - time.monotonic()))
                    return
                self.heard = True
                report.tell(orders)
