"""The run itself: instance by instance, seed by seed, the engines in turn, each row in a child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidProblem
from .rows import Row, Rows
from .sets import Case

#: What makes a row.
COMMAND = (sys.executable, "-m", "routing.bench.child")
#: With one processor a row may use so much of its limit, start and answer included.
MOST_CPU = 1.05
#: Reading, warming, judging: what a row may take beyond its limit before its process is ended, and how many limits.
PATIENCE_SECONDS, PATIENCE = 120.0, 4.0

OnRow = Callable[[Row], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which engines, for how long, on how many processors, with which seeds."""

    engines: tuple[str, ...]
    time_limit: float = 10.0
    threads: int = 1
    seeds: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        lists: tuple[tuple[str, tuple[object, ...]], ...] = (("engine", self.engines), ("seed", self.seeds))
        for name, values in lists:
            if not values:
                raise InvalidProblem(f"bench: no {name}")
            if twice := [value for value in values if values.count(value) > 1]:
                raise InvalidProblem(f"bench: {name} {twice[0]} is named twice")


def run(cases: Sequence[Case], wish: Wish, rows: Rows, *, on_row: OnRow | None = None) -> Rows:
    """Make every row that is not there yet."""
    for case in cases:
        for seed in wish.seeds:
            for engine in wish.engines:
                if (case.set, case.instance, engine, seed, wish.time_limit) in rows:
                    continue
                row = _row(case, engine, seed, wish)
                rows.add(row)
                if on_row:
                    on_row(row)
    return rows


def _row(case: Case, engine: str, seed: int, wish: Wish) -> Row:
    asked = {
        "path": str(case.path.resolve()), "objective": case.objective, "engine": engine, "seed": seed,
        "time_limit": wish.time_limit, "threads": wish.threads,
        "best_known_cost": case.best.cost if case.best else None,
    }  # fmt: skip
    found = _child(asked, PATIENCE_SECONDS + PATIENCE * wish.time_limit)
    error = found["error"]
    if error is None and wish.threads == 1 and found["cpu_seconds"] > MOST_CPU * wish.time_limit:
        error = f"used {found['cpu_seconds']:.2f} s of processor, {MOST_CPU} x {wish.time_limit:g} s are allowed"
    best, cost = case.best, found["cost"]
    gap = None if cost is None or best is None or not best.cost else 100 * (cost / best.cost - 1)
    return Row(
        set=case.set,
        instance=case.instance,
        engine=engine,
        seed=seed,
        time_limit=wish.time_limit,
        cost=None if cost is None else round(cost, 6),
        vehicles=found["vehicles"],
        best_known_cost=best.cost if best else None,
        best_known_vehicles=best.vehicles if best else None,
        gap_percent=None if gap is None else round(gap, 6),
        seconds=round(found["seconds"], 3),
        cpu_seconds=round(found["cpu_seconds"], 3),
        valid=error is None,
        error=error,
    )


def _child(asked: dict[str, Any], patience: float) -> dict[str, Any]:
    """What the child answers; one that dies or does not end answers with that."""
    nothing = {"cost": None, "vehicles": None, "seconds": 0.0, "cpu_seconds": 0.0}
    with subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            answer, complaint = child.communicate(json.dumps(asked), timeout=patience)
        except BaseException as stopped:
            _end(child)
            if isinstance(stopped, subprocess.TimeoutExpired):
                return {**nothing, "seconds": patience, "error": f"ended after {patience:.0f} s without an answer"}
            raise
    try:
        return {**nothing, **json.loads(answer.strip().splitlines()[-1])}
    except (ValueError, IndexError):
        last = (complaint.strip().splitlines() or ["nothing said"])[-1]
        return {**nothing, "error": f"died with exit code {child.returncode}: {last[:200]}"}


def _end(child: subprocess.Popen[str]) -> None:
    """End the child and all it started: it leads a session of its own."""
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
