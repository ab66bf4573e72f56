"""One row in a process of its own: `python -m routing.bench.child` reads a wish as JSON and prints what came of it.

The engine solves three stops first, so that imports and compiled code are there; then the instance, with the clock
and the processor measured around that one call. The plan is judged and its cost computed from the order alone.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from .. import formats
from ..check import violations
from ..engines.apart import Apart
from ..errors import CannotState, RoutingError
from ..formats import Instance
from ..matrix import Matrix
from ..model import Job, Plan, Problem, Vehicle, Window
from ..solve import Engine, Limits
from . import cpu, peers

WARMING_SECONDS = 1.0
SHOWN_VIOLATIONS = 3


def made(wish: dict[str, Any]) -> dict[str, Any]:
    """What the engine makes of the instance: `cost`, `vehicles`, `seconds`, `cpu_seconds` and `error`."""
    instance = formats.read(Path(wish["path"]), wish["objective"])
    nothing = {"cost": None, "vehicles": None, "seconds": 0.0, "cpu_seconds": 0.0}
    try:
        engine = peers.engine(wish["engine"])
        limits = Limits(seconds=wish["time_limit"], threads=wish["threads"])
        if isinstance(engine, Apart) and (asked := engine.refusal(instance.problem)):
            raise CannotState(engine.name, asked)
        _warm(engine, limits)
        began, spent = time.monotonic(), cpu.spent()
        plan = engine(instance.problem, limits=limits, seed=wish["seed"])
    except CannotState as error:
        return {**nothing, "error": str(error)}
    except RoutingError as error:
        return {**nothing, "error": f"{error.code}: {error}"}
    took = {"seconds": time.monotonic() - began, "cpu_seconds": cpu.spent() - spent}
    found = {**nothing, **took, **judged(instance, plan)}
    if found["cost"] is not None and (best := wish["best_known_cost"]):
        found["cost"] *= best / instance.in_units(best)
    return found


def judged(instance: Instance, plan: Plan) -> dict[str, Any]:
    """Cost in plain units and vehicles of a plan, and what is wrong with it."""
    orders = plan.orders()
    error = None
    if broken := violations(instance.problem, plan):
        error = f"{len(broken)} rules broken: {'; '.join(str(one) for one in broken[:SHOWN_VIOLATIONS])}"
    elif missing := instance.missing(orders):
        error = f"{len(missing)} of {len(instance.problem.visits)} jobs left out"
    else:
        error = instance.broken(orders)
    if error is not None:
        return {"error": error}
    return {"cost": instance.cost(orders), "vehicles": instance.used(orders), "error": None}


def _warm(engine: Engine, limits: Limits) -> None:
    """Let the engine load what it loads at its first call."""
    grid = [[0, 2, 3], [2, 0, 2], [3, 2, 0]]
    day = Window(0, 100)
    jobs = tuple(Job(str(place), place, "delivery", (day,), delivery=(1,)) for place in (1, 2))
    vans = (Vehicle("1", "van", 0, 0, day, capacity=(2,), metre_cost=1),)
    small = Problem({"van": Matrix(grid, grid)}, jobs, vans, dimensions=("load",))  # type: ignore[arg-type]
    engine(small, limits=Limits(seconds=min(WARMING_SECONDS, limits.seconds), threads=limits.threads), seed=0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    found = made(json.load(sys.stdin))
    print(json.dumps(found))
