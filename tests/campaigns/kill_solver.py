"""`python -m tests.campaigns.kill_solver --count 100 [--seed N]`: the solver's process struck at random moments.

While plans are searched for, their children get SIGKILL, SIGSEGV, SIGABRT or SIGSTOP, from the first millisecond to the
last. Every plan must satisfy the checker and come within a second of its limit. Exit code 1 when one does not.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import threading
import time
from collections import Counter
from statistics import median

import routing
from routing.engines import child, or_tools
from tests import builders_routing as small

LIMIT = 2.0
BLOWS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGSTOP)


def main(arguments: list[str] | None = None) -> int:
    """Run the trial and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.kill_solver", description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    draw = random.Random(options.seed)
    ends: Counter[str] = Counter()
    late, faults = [], 0
    for number in range(options.count):
        town = small.a_town(jobs=60, vehicles=5, seed=options.seed + number)
        blow, after = draw.choice(BLOWS), draw.random() * LIMIT
        took, end = _struck(town, blow, after)
        late.append(took - LIMIT)
        ends[f"{blow.name}: {end}"] += 1
        if end.startswith("FAULT") or took > LIMIT + 1:
            faults += 1
            print(f"  {blow.name} after {after:.3f} s: {end}, {took:.2f} s", flush=True)
    for end, times in sorted(ends.items()):
        print(f"{times:5} {end}")
    print(f"{options.count} plans, {faults} faults, latest {max(late):+.2f} s beyond the limit, "
          f"median {median(late):+.2f} s")  # fmt: skip
    return 1 if faults else 0


def _struck(town: routing.Problem, blow: signal.Signals, after: float) -> tuple[float, str]:
    real = child.Child.__enter__

    def enter(self: child.Child) -> child.Child:
        threading.Timer(after, lambda: self.process.poll() is None and os.kill(self.process.pid, blow)).start()
        return real(self)

    child.Child.__enter__ = enter  # type: ignore[method-assign]
    began = time.monotonic()
    try:
        plan = routing.solve(town, or_tools.OrTools(), limits=routing.Limits(seconds=LIMIT))
    except Exception as error:  # whatever escapes is what this trial looks for
        return time.monotonic() - began, f"FAULT: {type(error).__name__}: {error}"
    finally:
        child.Child.__enter__ = real  # type: ignore[method-assign]
    took = time.monotonic() - began
    broken = routing.violations(town, plan)
    return took, f"FAULT: {broken[0]}" if broken else f"a plan by {plan.engine}"


if __name__ == "__main__":
    raise SystemExit(main())
