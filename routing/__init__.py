"""In which order, by whom, when? Tours for places that are row numbers of a matrix.

Pure values in, pure values out: no database, no address, no calendar. State a `Problem`, choose an `engine`,
`solve` it; `violations` judges any plan.
"""

from . import explain, insert
from .check import RULES, Violation, violations
from .engines import ENGINES, engine
from .errors import BadFile, CannotState, EngineFailed, EngineLied, InvalidProblem, RoutingError, UnknownEngine
from .matrix import UNREACHABLE, Matrix, estimate
from .model import (
    MONEY_PER_CENT,
    MONEY_PER_CENT_HOUR,
    MONEY_PER_CENT_KM,
    RELOAD,
    Balance,
    Break,
    Costs,
    Job,
    Kept,
    Pause,
    Period,
    Plan,
    Previous,
    Problem,
    Reason,
    Reload,
    Shipment,
    Stock,
    Stop,
    Tour,
    Unassigned,
    Vehicle,
    Window,
    WorkRule,
    cents,
)
from .schedule import Broken, schedule
from .solve import Engine, Limits, Progress, assemble, solve

__all__ = [
    "BadFile", "Balance", "Break", "Broken", "CannotState", "Costs", "ENGINES", "Engine", "EngineFailed",
    "EngineLied", "InvalidProblem", "Job", "Kept", "Limits", "MONEY_PER_CENT", "MONEY_PER_CENT_HOUR",
    "MONEY_PER_CENT_KM", "Matrix", "Pause", "Period", "Plan", "Previous", "Problem", "Progress", "RELOAD", "RULES",
    "Reason", "Reload", "RoutingError", "Shipment", "Stock", "Stop", "Tour", "UNREACHABLE", "Unassigned",
    "UnknownEngine", "Vehicle", "Violation", "Window", "WorkRule", "assemble", "cents", "engine", "estimate",
    "explain", "insert", "schedule", "solve", "violations",
]  # fmt: skip
