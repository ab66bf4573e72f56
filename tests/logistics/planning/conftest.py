"""The company every planning test begins with."""

from __future__ import annotations

import pytest

from tests.logistics.planning.scenes import Company


@pytest.fixture
def company(sessions, tmp_path, clock) -> Company:
    return Company(sessions, tmp_path / "home", clock)
