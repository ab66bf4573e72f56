"""What logistics refuses, by name; codes never change and messages hold no personal data."""

from __future__ import annotations

from datetime import date


class LogisticsError(Exception):
    """Something logistics refuses; nothing was written."""

    code = "logistics-error"


class UnknownRecord(LogisticsError):
    """No such order, van, plan, tour, stop, user or task."""

    code = "unknown-record"

    def __init__(self, kind: str, key: object) -> None:
        self.kind, self.key = kind, str(key)
        super().__init__(f"no {kind} {key}")


class InvalidRequest(LogisticsError):
    """A field of a request cannot be accepted; says which field and what is wrong with it."""

    code = "invalid-request"

    def __init__(self, field: str, problem: str, **facts: object) -> None:
        self.field, self.problem, self.facts = field, problem, facts
        super().__init__(f"{field}: {problem}")


class AlreadyExists(LogisticsError):
    """The reference, code or login is taken."""

    code = "already-exists"

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key
        super().__init__(f"{kind} {key} already exists")


class WrongState(LogisticsError):
    """The thing is not in a state that allows the deed; nothing changed."""

    code = "wrong-state"

    def __init__(self, kind: str, key: object, *, state: str, wanted: str) -> None:
        self.kind, self.key, self.state, self.wanted = kind, str(key), state, wanted
        super().__init__(f"{kind} {key} is {state}; {wanted} is not possible")


class PlanIsStale(LogisticsError):
    """The day changed while it was being planned; the plan was not stored. Plan again."""

    code = "plan-is-stale"

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__(f"{day.isoformat()} changed while it was being planned")


class NothingToPlan(LogisticsError):
    """The day has no job that a van could do, or no van."""

    code = "nothing-to-plan"

    def __init__(self, day: date, *, jobs: int, vans: int) -> None:
        self.day, self.jobs, self.vans = day, jobs, vans
        super().__init__(f"{day.isoformat()}: {jobs} jobs, {vans} vans")


class NoPlan(LogisticsError):
    """The day has no plan of the wanted kind."""

    code = "no-plan"

    def __init__(self, day: date, *, status: str) -> None:
        self.day, self.status = day, status
        super().__init__(f"{day.isoformat()} has no {status} plan")


class PlanRefused(LogisticsError):
    """The independent checker found the tours infeasible; nothing was stored."""

    code = "plan-refused"

    def __init__(self, violations: tuple[str, ...]) -> None:
        self.violations = violations
        super().__init__("; ".join(violations[:5]))


class EventContradicts(LogisticsError):
    """The same event id was recorded before with other contents; nothing changed."""

    code = "event-contradicts"

    def __init__(self, event_id: str) -> None:
        self.event_id = event_id
        super().__init__(f"event {event_id} was recorded before with other contents")


class NotAllowed(LogisticsError):
    """The actor may not do this."""

    code = "not-allowed"

    def __init__(self, deed: str) -> None:
        self.deed = deed
        super().__init__(f"not allowed: {deed}")


class ScopeMissing(NotAllowed):
    """The token's owner may do this; the token lacks the scope for it."""

    code = "scope-missing"

    def __init__(self, deed: str, *, scope: str) -> None:
        self.scope = scope
        super().__init__(deed)
