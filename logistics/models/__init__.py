"""The rows of logistics, by what they are about; every other room imports them from here."""

from __future__ import annotations

from .accounts import (
    AccountLink,
    ApiToken,
    RecoveryCode,
    SecondFactor,
    SignInFailure,
    User,
)
from .edges import (
    OutboxMessage,
    StoredAnswer,
    Upload,
)
from .work import (
    Job,
    Order,
    OrderEvent,
    OrderLine,
    PickLine,
    Plan,
    PlanTour,
    Stop,
    StopEvent,
    StopJob,
    Task,
    Tour,
    Unserved,
    Van,
)

__all__ = [
    "AccountLink",
    "ApiToken",
    "Job",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OutboxMessage",
    "PickLine",
    "Plan",
    "PlanTour",
    "RecoveryCode",
    "SecondFactor",
    "SignInFailure",
    "Stop",
    "StopEvent",
    "StopJob",
    "StoredAnswer",
    "Task",
    "Tour",
    "Unserved",
    "Upload",
    "User",
    "Van",
]
