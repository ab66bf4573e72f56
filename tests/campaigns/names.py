"""What clients of a trial must know of the company; apart from it, so that a client starts quickly."""

from __future__ import annotations

from datetime import date

#: The tests' Tuesday, see `tests.fakes.MORNING`.
TODAY = date(2026, 11, 24)
PASSWORD = "correct-horse-9"
#: Orders that every client writes to.
SHARED = ("SHARED-1", "SHARED-2", "SHARED-3")
#: Employees each client has to itself.
PEOPLE = 5
