"""What routing refuses, by name."""

from __future__ import annotations


class RoutingError(Exception):
    """Something routing refuses; nothing was planned."""

    code = "routing-error"


class InvalidProblem(RoutingError):
    """The problem cannot be what anybody means; says which part of it."""

    code = "invalid-problem"


class BadFile(RoutingError):
    """A file is not what it should be; names the file, the line and what is expected there."""

    code = "bad-file"

    def __init__(self, file: str, expected: str, *, line: int | None = None) -> None:
        self.file, self.line, self.expected = file, line, expected
        super().__init__(f"{file}{'' if line is None else f', line {line}'}: {expected}")


class UnknownEngine(RoutingError):
    """No engine of that name."""

    code = "unknown-engine"


class CannotState(RoutingError):
    """The engine has no words for something the problem asks; names what."""

    code = "cannot-state"

    def __init__(self, engine: str, asked: str) -> None:
        self.engine, self.asked = engine, asked
        super().__init__(f"{engine} cannot state: {asked}")


class EngineFailed(RoutingError):
    """The engine died or gave no readable answer."""

    code = "engine-failed"


class EngineLied(RoutingError):
    """The engine's plan breaks rules of the problem; carries what the checker found."""

    code = "engine-lied"

    def __init__(self, engine: str, violations: tuple[object, ...]) -> None:
        self.engine, self.violations = engine, violations
        super().__init__(f"{engine}: {'; '.join(str(violation) for violation in violations[:5])}")
