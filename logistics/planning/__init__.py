"""Planning a day: `read_day` makes values of rows, `state_problem` a problem of them, `write_plan` rows of the plan."""

from .day import ENGINE, PlanCancelled, PlanSummary, plan_day, summarise
from .read import live_plan, read_day
from .state import modes_of, moment_of, state_problem, zero_of
from .tours import Drafted, StopFacts, TourFacts, drawn, tours_of, unserved_of
from .work import Amount, DayWork, JobWork, SetAside, SiteWork, VanWork
from .write import write_plan

__all__ = [
    "ENGINE", "Amount", "DayWork", "Drafted", "JobWork", "PlanCancelled", "PlanSummary", "SetAside", "SiteWork",
    "StopFacts", "TourFacts", "VanWork", "drawn", "live_plan", "modes_of", "moment_of", "plan_day", "read_day",
    "state_problem", "summarise", "tours_of", "unserved_of", "write_plan", "zero_of",
]  # fmt: skip
