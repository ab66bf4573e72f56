"""What routing refuses, by name."""

from __future__ import annotations


class RoutingError(Exception):
    """Something routing refuses; nothing was planned."""

    code = "routing-error"


class InvalidProblem(RoutingError):
    """The problem cannot be what anybody means; says which part of it."""

    code = "invalid-problem"


class UnknownEngine(RoutingError):
    """No engine of that name."""

    code = "unknown-engine"


class EngineFailed(RoutingError):
    """The engine died or gave no readable answer."""

    code = "engine-failed"


class EngineLied(RoutingError):
    """The engine's plan breaks rules of the problem; carries what the checker found."""

    code = "engine-lied"

    def __init__(self, engine: str, violations: tuple[object, ...]) -> None:
        self.engine, self.violations = engine, violations
        super().__init__(f"{engine}: {'; '.join(str(violation) for violation in violations[:5])}")
