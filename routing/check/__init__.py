"""The independent judge of a plan.

It shares no arithmetic with schedule, cost or any engine, on purpose: it reads the problem and the stated plan and
recomputes every figure in its own way, from `docs/reference/routing-model.md` alone. What it lets pass is what the
product promises. What a plan decides is taken from it (who serves what in which order, when tours and trips leave, when
services begin, when pauses are held); everything else follows from that and is compared with what the plan states, so
that one lie is named once.
"""

from __future__ import annotations

from .violation import RULES, Violation
from .whole import violations

__all__ = ["RULES", "Violation", "violations"]
