"""`python -m tests.campaigns.malformed --count 1000 [--seed N]`: problems nobody should ask, one after the other.

Each is refused by name or solved with a plan that the checker accepts. They are asked in a process of its own: one that
dies or hangs is told with its kind and seed, and the next problem goes on in a new one. Exit code 1 when anything was
wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median

from tests.routing import malformed

#: A problem that takes longer than this hangs; the limits asked for are below two seconds.
HANG_SECONDS = 60


def main(arguments: list[str] | None = None) -> int:
    """Run the trial and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.malformed", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    return _answer() if options.ask else _run(options.count, options.seed)


def _run(count: int, seed: int) -> int:
    asked = [(malformed.KINDS[n % len(malformed.KINDS)], seed + n // len(malformed.KINDS)) for n in range(count)]
    ends: Counter[str] = Counter()
    seconds: dict[str, list[float]] = defaultdict(list)
    faults = []
    for kind, one_seed, told, took in _told(asked):
        ends[told.partition(":")[0]] += 1
        seconds[kind].append(took)
        if told.startswith(("FAULT", "DIED", "HUNG")):
            faults.append(f"{kind} (seed {one_seed}): {told}")
            print(f"  {faults[-1]}", flush=True)
    slowest = max(seconds, key=lambda kind: max(seconds[kind]))
    print(f"{count} problems of {len(seconds)} kinds, seed {seed}: "
          + ", ".join(f"{number} {end}" for end, number in sorted(ends.items())))  # fmt: skip
    print(f"median {median(one for all_of in seconds.values() for one in all_of):.2f} s, "
          f"longest {max(seconds[slowest]):.2f} s ({slowest})")  # fmt: skip
    print(f"{len(faults)} faults")
    return 1 if faults else 0


def _told(asked: list[tuple[str, int]]) -> Iterator[tuple[str, int, str, float]]:
    solver: _Solver | None = None
    for kind, seed in asked:
        solver = solver or _Solver()
        began = time.monotonic()
        told = solver.ask(kind, seed)
        yield kind, seed, told, time.monotonic() - began
        if told.startswith(("DIED", "HUNG")):
            solver.end()
            solver = None
    if solver:
        solver.end()


class _Solver:
    """The process that stands for a web process or a worker: it must outlive every problem."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.malformed", "--ask"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.answers: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def ask(self, kind: str, seed: int) -> str:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # the reader tells of a process that is gone
            self.process.stdin.write(json.dumps([kind, seed]) + "\n")
            self.process.stdin.flush()
        try:
            answer = self.answers.get(timeout=HANG_SECONDS)
        except queue.Empty:
            return f"HUNG: no answer in {HANG_SECONDS} s"
        return answer or f"DIED: the asking process ended with {self.process.wait(timeout=5)}"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join(timeout=5)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(line.strip())
        self.answers.put("")


def _answer() -> int:
    """The asking process: a problem a line in, how it went a line out."""
    for line in sys.stdin:
        kind, seed = json.loads(line)
        try:
            told = malformed.judged(kind, seed)
        except Exception as error:  # whatever escapes is what this trial looks for
            told = f"FAULT: {type(error).__name__}: {error}"
        print(told.replace("\n", " "), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
