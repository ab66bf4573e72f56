"""Stand-ins that behave: a clock to wind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: A Tuesday in winter, nine in the morning in Nice: no daylight-saving change is near.
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Clock:
    """Says the time it was wound to, aware and in UTC; calling it answers, as `datetime.now(UTC)` would."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wind(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move the time forward and say it."""
        self.now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.now
