"""The company every planning test begins with; a quick engine unless the test asks for the real one."""

from __future__ import annotations

import pytest

from logistics.planning import day
from tests.logistics.planning.scenes import Company


@pytest.fixture
def company(sessions, tmp_path, clock) -> Company:
    return Company(sessions, tmp_path / "home", clock)


@pytest.fixture(autouse=True)
def _quick_engine(request, monkeypatch) -> None:
    """Greedy plans take milliseconds; `real_engine` among a test's fixtures keeps the search of the product."""
    if "real_engine" not in request.fixturenames:
        monkeypatch.setattr(day, "ENGINE", "nearest")


@pytest.fixture
def real_engine() -> str:
    """Asks for OR-Tools in its child process."""
    return day.ENGINE
