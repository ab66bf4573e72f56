"""What routing refuses, by name."""

from __future__ import annotations


class RoutingError(Exception):
    """Something routing refuses; nothing was planned."""

    code = "routing-error"


class InvalidProblem(RoutingError):
    """The problem cannot be what anybody means; says which part of it."""

    code = "invalid-problem"


class InvalidPlan(InvalidProblem):
    """An order of jobs breaks a rule, so no plan can be made of it."""

    code = "invalid-plan"

    def __init__(self, vehicle: str, *, rule: str, job: str | None, excess: int) -> None:
        self.vehicle, self.rule, self.job, self.excess = vehicle, rule, job, excess
        super().__init__(f"vehicle {vehicle}: {rule} broken by {excess} at job {job}")


class UnknownEngine(RoutingError):
    """No engine of that name."""

    code = "unknown-engine"


class EngineFailed(RoutingError):
    """The engine died or gave no readable answer; `exit_code` of its process, below zero for a signal."""

    code = "engine-failed"

    def __init__(self, engine: str, *, exit_code: int | None) -> None:
        self.engine, self.exit_code = engine, exit_code
        super().__init__(f"{engine}: no plan; its process ended with {exit_code}")


class EngineLied(RoutingError):
    """The engine's plan breaks rules of the problem; carries what the checker found."""

    code = "engine-lied"

    def __init__(self, engine: str, violations: tuple[object, ...]) -> None:
        self.engine, self.violations = engine, violations
        super().__init__(f"{engine}: {'; '.join(str(violation) for violation in violations[:5])}")
