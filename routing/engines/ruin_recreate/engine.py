"""Ruin and recreate as an engine: the search in a process of its own, its orders timed and judged by the caller."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...model import Problem
from ...solve import Orders
from ..apart import Apart


class RuinRecreate(Apart):
    """Slack induction by string removals in compiled code; deterministic by `Limits.iterations`, anytime by the
    clock."""

    name = "ruin-recreate"
    #: The search makes its own first plan in no time; this one is for the case that its process dies.
    first_share = 0.05

    def work(self) -> str:
        """What the child runs."""
        return "routing.engines.ruin_recreate.engine:answer"

    def question(self, problem: Problem, first: Orders, start: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
        """The problem and where to begin."""
        return {"problem": problem, "orders": first}


def answer(question: dict[str, Any], send: Callable[[object], None]) -> None:
    """The child's work: search until the moment given, send each better plan."""
    # Imported here: the caller's process needs no compiled code.
    from .search import Budget, improve

    budget = Budget(question["ends_at"] - ENDING, question["iterations"], time.monotonic)
    best = improve(question["problem"], question["orders"], budget=budget, seed=question["seed"], tell=send)
    send(best)


#: Seconds kept for sending the last plan.
ENDING = 0.05
