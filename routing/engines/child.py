"""A process of its own for work that may die, hang or eat all memory; what it finds comes back as it finds it.

The caller writes one pickled question to the child's standard input from a thread (a child that never reads must not
hold anybody up) and reads answers, each a JSON text behind its length, until the child ends or the time is over. JSON
and not pickle on the way back: a dying process may say anything, and nothing it says is ever executed.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

ROOT = Path(__file__).resolve().parents[2]
#: Added to the child's priority number: pages and couriers go first.
NICENESS = 10
#: An answer longer than this is noise on the pipe.
LONGEST_ANSWER = 64 * 2**20
#: Processor seconds beyond its wall seconds after which the kernel ends a child that nobody watches any more.
CPU_GRACE = 10
#: How long the end of a killed child is waited for.
BURIAL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Death:
    """How a child ended before its time: `SIGSEGV`, `exit 1`, and the last words it wrote; nothing personal."""

    how: str
    words: str

    def __str__(self) -> str:
        last = "".join(sign for sign in self.words.strip().rpartition("\n")[2] if sign.isprintable())
        return f"{self.how}{': ' if last else ''}{last[:300]}"


class Child:
    """A Python process that runs `module:function` with a question and a way to send answers.

    Args:
        seconds: its wall time; only a bound for the kernel, the caller keeps the deadline by `answers`.
        memory_bytes: the address space it may take; on systems without such limits it is not bounded.
    """

    def __init__(self, work: str, question: object, *, seconds: float, memory_bytes: int) -> None:
        module, _, function = work.partition(":")
        code = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from routing.engines import child; "
            f"question, send = child.begin(); from {module} import {function} as work; work(question, send)"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(memory_bytes), str(int(seconds) + CPU_GRACE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C in a terminal is for the parent, and the parent ends the whole group.
            start_new_session=True,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            env=_environment(),
        )
        self._question = question
        self._arrived: deque[object] = deque()
        self._something = threading.Event()
        self._ended = threading.Event()
        self._words = b""
        self._threads = [
            threading.Thread(target=work_on, daemon=True) for work_on in (self._write, self._read, self._listen)
        ]

    def __enter__(self) -> Child:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        until = time.monotonic() + BURIAL_SECONDS
        # One that the kernel holds is left to it; our threads end when it lets go.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=BURIAL_SECONDS)
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))
        for thread, pipe in zip(self._threads, (self.process.stdin, self.process.stdout, self.process.stderr)):  # noqa: B905
            # Closing a pipe that a thread still reads would wait for that thread.
            if not thread.is_alive():
                _close(cast(IO[bytes], pipe))

    def answers(self, tell: Callable[[Any], None], *, until: float, cancelled: Callable[[], bool] | None) -> None:
        """Hand on what comes until the child ends, the time (monotonic) is over or somebody cancels."""
        while time.monotonic() < until and not (cancelled and cancelled()):
            self._something.wait(min(0.1, max(0.0, until - time.monotonic())))
            self._something.clear()
            while self._arrived and time.monotonic() < until:
                tell(self._arrived.popleft())
            if self._ended.is_set() and not self._arrived:
                return

    def death(self) -> Death | None:
        """How it died, once it no longer answers; None while it works or when it ended as it should."""
        if self._ended.is_set():
            try:
                self.process.wait(timeout=BURIAL_SECONDS)
            except subprocess.TimeoutExpired:
                return Death("silent", "it closed its pipe, or wrote noise to it, and went on")
        status = self.process.poll()
        if status is None or status == 0:
            return None
        self._threads[2].join(timeout=BURIAL_SECONDS)
        how = _signal_name(-status) if status < 0 else f"exit {status}"
        return Death(how, self._words.decode(errors="replace"))

    def _write(self) -> None:
        try:
            with cast(IO[bytes], self.process.stdin) as pipe:
                pickle.dump(self._question, pipe)
        except (OSError, ValueError):
            pass  # It died before it had read everything; its status tells.

    def _read(self) -> None:
        pipe = cast(IO[bytes], self.process.stdout)
        try:
            while len(header := pipe.read(4)) == 4:
                (size,) = struct.unpack(">I", header)
                if size > LONGEST_ANSWER or len(body := pipe.read(size)) < size:
                    break
                self._arrived.append(json.loads(body))
                self._something.set()
        except (OSError, ValueError, RecursionError):
            pass
        self._ended.set()
        self._something.set()

    def _listen(self) -> None:
        pipe = cast(IO[bytes], self.process.stderr)
        try:
            while said := pipe.read1(4096) if hasattr(pipe, "read1") else pipe.read(4096):
                self._words = (self._words + said)[-2000:]
        except (OSError, ValueError):
            pass

    def _kill(self) -> None:
        # The whole group, while its number is surely ours: what the child itself started goes too.
        if os.name == "posix" and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()


def begin() -> tuple[Any, Callable[[object], None]]:
    """The child's side: take the limits, read the question; gives it and a way to send answers."""
    memory_bytes, cpu_seconds = sys.argv[1:3]
    _be_modest(int(memory_bytes), int(cpu_seconds))
    # Libraries print; what they print belongs to the words, not between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    question = pickle.load(sys.stdin.buffer)  # noqa: S301  (our own parent wrote it)

    def send(answer: object) -> None:
        body = json.dumps(answer).encode()
        out.write(struct.pack(">I", len(body)) + body)
        out.flush()

    return question, send


def _be_modest(memory_bytes: int, cpu_seconds: int) -> None:
    if os.name != "posix":
        return
    import resource

    os.nice(NICENESS)
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, most = resource.getrlimit(limit)
        kept = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (kept, kept))


def _environment() -> dict[str, str]:
    """Ours without the settings: a solver needs no password, and what it never knew it cannot spill."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()
