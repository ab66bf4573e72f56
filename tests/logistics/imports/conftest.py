"""A system on both databases and a way to bring files in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.logistics.imports.files import Bring, bringer
from tests.logistics.systems import a_system


class NoStreets:
    """A gazetteer that knows nothing."""

    def geocode(self, *_asked, **_facts):
        return None


@pytest.fixture
def system(sessions, tmp_path, clock):
    return replace(a_system(sessions, tmp_path / "home", now=clock), geocoder=NoStreets())


@pytest.fixture
def bring(system, tmp_path: Path) -> Bring:
    return bringer(system, tmp_path)
