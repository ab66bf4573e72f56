"""What a solver process may do wrong, for tests: each function is run in a child of its own."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Send = Callable[[object], None]


def kill_itself(question: Any, send: Send) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def abort(question: Any, send: Send) -> None:
    os.abort()


def segfault(question: Any, send: Send) -> None:
    ctypes.string_at(0)


def exit_badly(question: Any, send: Send) -> None:
    sys.exit("the model does not close")


def raise_something(question: Any, send: Send) -> None:
    raise ValueError("CP Solver fail")


def die_after_an_answer(question: Any, send: Send) -> None:
    """Sends the start back, its tours turned round where that is allowed, then dies in the middle of a message."""
    send({vehicle: jobs[::-1] for vehicle, jobs in question["orders"].items()})
    _into_the_pipe(b"\0\0\0\x20half a mess")
    os.kill(os.getpid(), signal.SIGSEGV)


def hog_memory(question: Any, send: Send) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(64 * 2**20))


def ignore_the_limit(question: Any, send: Send) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def close_the_pipe_and_go_on(question: Any, send: Send) -> None:
    for descriptor in range(1, 64):
        try:
            os.close(descriptor)
        except OSError:
            continue
    time.sleep(600)


def start_a_grandchild(question: Any, send: Send) -> None:
    """Leaves somebody behind who holds the pipes open, and writes down his number."""
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(os.environ["GRANDCHILD"]).write_text(str(helper.pid))
    time.sleep(600)


def flood(question: Any, send: Send) -> None:
    while True:
        send(question["orders"])


def talk_nonsense(question: Any, send: Send) -> None:
    for answer in (None, 5, "plan", [], {"nobody": ["j0"]}, {"v0": ["no-such-job"]}, {"v0": ["j0", "j0"]}, {"v0": 7}):
        send(answer)
    print("WARNING: printed where answers are expected", flush=True)


def send_noise(question: Any, send: Send) -> None:
    """Writes bytes that are no message at all."""
    _into_the_pipe(b"\xff\xff\xff\xffnoise")
    time.sleep(600)


def say_how_modest(question: Any, send: Send) -> None:
    import resource

    note = {
        "niceness": os.nice(0),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "processor": resource.getrlimit(resource.RLIMIT_CPU)[0],
        "settings": sorted(name for name in os.environ if name.startswith("TOURNEE_")),
    }
    Path(os.environ["NOTE"]).write_text(json.dumps(note))


def _into_the_pipe(noise: bytes) -> None:
    """Answers go through a descriptor of their own, above the three that everybody knows."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, noise)
        except OSError:
            continue
