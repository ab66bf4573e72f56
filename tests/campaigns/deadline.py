"""`python -m tests.campaigns.deadline --count 3 [--seed N]`: how long plans take beyond their limit.

Ordinary and crowded towns with both engines, and children that ignore their limit, never read, flood the pipe or leave
somebody behind. Prints median and longest of time / limit and of the seconds beyond it; exit code 1 when any was more
than a second late.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from statistics import median

import routing
from routing.engines import or_tools
from tests import builders_routing as small

ALLOWED_SECONDS = 1.0
TOWNS = ((20, 2, 1.0), (80, 6, 2.0), (200, 8, 3.0), (600, 10, 3.0), (1_000, 1, 3.0), (1_000, 12, 5.0), (2_000, 20, 5.0))
BAD = ("ignore_the_limit", "flood", "close_the_pipe_and_go_on", "send_noise", "start_a_grandchild")


def main(arguments: list[str] | None = None) -> int:
    """Run the trial and print what it measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.deadline", description=__doc__)
    parser.add_argument("--count", type=int, default=3, help="times each town is planned")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    late: list[float] = []
    print(f"{'what':44} {'median':>7} {'longest':>8} {'beyond, longest':>16}")
    for jobs, vehicles, limit in TOWNS:
        for engine in ("nearest", "or-tools"):
            late += _measured(f"{jobs} jobs, {vehicles} vans, {engine}", options, jobs, vehicles, limit, engine)
    real = or_tools.WORK
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRANDCHILD"] = f"{folder}/grandchild"
        for deed in BAD:
            or_tools.WORK = f"tests.routing.bad_children:{deed}"
            late += _measured(f"150 jobs, a child that will {deed}", options, 150, 4, 2.0, "or-tools")
    or_tools.WORK = real
    print(f"{len(late)} plans, latest {max(late):+.2f} s beyond its limit, median {median(late):+.2f} s")
    return 1 if max(late) > ALLOWED_SECONDS else 0


def _measured(
    what: str, options: argparse.Namespace, jobs: int, vehicles: int, limit: float, engine: str
) -> list[float]:
    took = []
    for number in range(options.count):
        town = small.a_town(jobs=jobs, vehicles=vehicles, seed=options.seed + number)
        began = time.monotonic()
        plan = routing.solve(town, routing.engine(engine), limits=routing.Limits(seconds=limit))
        took.append(time.monotonic() - began)
        assert routing.violations(town, plan) == ()
    ratios = [one / limit for one in took]
    print(f"{what:44} {median(ratios):7.2f} {max(ratios):8.2f} {max(took) - limit:+14.2f} s", flush=True)
    return [one - limit for one in took]


if __name__ == "__main__":
    raise SystemExit(main())
