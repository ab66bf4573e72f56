"""What is asked of routing and what it answers: frozen values that cannot be made wrong.

Places are row numbers of a matrix, times whole seconds since the plan's zero, loads whole numbers in the problem's
dimensions, and money a whole count of 1/18,000 cent.
"""

from ..matrix import UNREACHABLE
from .fleet import Break, Vehicle, WorkRule
from .guards import (
    LARGEST_COST,
    LARGEST_LOAD,
    LARGEST_MONEY,
    LARGEST_RATE,
    LARGEST_TIME,
    MONEY_PER_CENT,
    MONEY_PER_CENT_HOUR,
    MONEY_PER_CENT_KM,
    MOST_JOBS,
    MOST_VEHICLES,
    Load,
    cents,
)
from .plan import Costs, Pause, Plan, Reason, Reload, Stop, Tour, Unassigned
from .problem import Balance, Kept, Period, Previous, Problem, Stock
from .work import KINDS, RELOAD, Job, Shipment, Window

__all__ = [
    "KINDS", "LARGEST_COST", "LARGEST_LOAD", "LARGEST_MONEY", "LARGEST_RATE", "LARGEST_TIME", "MONEY_PER_CENT",
    "MONEY_PER_CENT_HOUR", "MONEY_PER_CENT_KM", "MOST_JOBS", "MOST_VEHICLES", "RELOAD", "UNREACHABLE", "Balance",
    "Break", "Costs", "Job", "Kept", "Load", "Pause", "Period", "Plan", "Previous", "Problem", "Reason", "Reload",
    "Shipment", "Stock", "Stop", "Tour", "Unassigned", "Vehicle", "Window", "WorkRule", "cents",
]  # fmt: skip
