"""A system for tests: real database, a clock, and no roads unless the test brings some."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from logistics.database import Sessions
from logistics.settings import Settings
from logistics.system import System


class Absent:
    """Stands where a part is not needed: whoever touches it learns that it was."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"this test has nothing that could {name}")


def a_system(
    sessions: Sessions, home: Path, *, queue: Any = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> System:
    """A system on the database of `sessions`, with its files under `home`."""
    home.mkdir(parents=True, exist_ok=True)
    url = sessions.engine.url.render_as_string(hide_password=False)
    return System(
        settings=Settings(home=home, database_url=url),
        sessions=sessions,
        roads=cast(Any, Absent()),
        geocoder=cast(Any, Absent()),
        queue=queue or cast(Any, Absent()),
        now=now,
    )
