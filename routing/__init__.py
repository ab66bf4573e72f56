"""In which order, by whom, when? Tours for places that are row numbers of a matrix.

Pure values in, pure values out: no database, no address, no calendar. State a `Problem`, choose an `engine`,
`solve` it; `violations` judges any plan.
"""

from . import explain, insert
from .check import RULES, Violation, violations
from .engines import ENGINES, engine
from .errors import EngineFailed, EngineLied, InvalidProblem, RoutingError, UnknownEngine
from .matrix import UNREACHABLE, Matrix, estimate
from .model import (
    MONEY_PER_CENT,
    MONEY_PER_CENT_HOUR,
    MONEY_PER_CENT_KM,
    Balance,
    Costs,
    Job,
    Plan,
    Problem,
    Reason,
    Stop,
    Tour,
    Unassigned,
    Vehicle,
    Window,
    cents,
)
from .schedule import Broken, schedule
from .solve import Engine, Limits, Progress, assemble, solve

__all__ = [
    "ENGINES", "MONEY_PER_CENT", "MONEY_PER_CENT_HOUR", "MONEY_PER_CENT_KM", "RULES", "UNREACHABLE", "Balance",
    "Broken", "Costs", "Engine", "EngineFailed", "EngineLied", "InvalidProblem", "Job", "Limits", "Matrix", "Plan",
    "Problem", "Progress", "Reason", "RoutingError", "Stop", "Tour", "Unassigned", "UnknownEngine", "Vehicle",
    "Violation", "Window", "assemble", "cents", "engine", "estimate", "explain", "insert", "schedule", "solve",
    "violations",
]  # fmt: skip
