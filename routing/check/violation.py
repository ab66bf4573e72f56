"""What the judge says: the rules it knows and one broken rule."""

from __future__ import annotations

from dataclasses import dataclass

#: Every rule the judge knows, in the order of the table in `docs/reference/routing-model.md`.
RULES = (
    "shape", "job-once", "unknown-job", "vehicle-once", "unknown-vehicle", "empty-tour", "allowed-vehicle", "skill",
    "road", "travel", "setup", "window", "service", "shift", "return", "max-seconds", "load", "capacity", "max-stops",
    "max-metres", "max-driving", "reload", "trips", "release", "pair", "deliveries-first", "break", "work-rule",
    "pause", "incompatible", "stock", "lock", "totals", "costs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: where, and by how much.

    `excess` is in the rule's own unit (seconds, metres, load, pieces, money, jobs, stops, trips), stated minus true
    where a figure is a lie; `what` says which figure, dimension, product, skill, break or term of the costs, where the
    rule has several.
    """

    rule: str
    vehicle: str | None = None
    job: str | None = None
    excess: int = 0
    what: str = ""

    def __str__(self) -> str:
        said = f"{self.rule} vehicle={self.vehicle} job={self.job} by {self.excess}"
        return f"{said} ({self.what})" if self.what else said
