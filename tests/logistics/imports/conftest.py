"""A system on both databases and a way to bring files in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from geopy.location import Location

from tests.fakes import FakeRoads, FakeStreets
from tests.logistics.imports.files import Bring, bringer
from tests.logistics.systems import a_system

STREETS = FakeStreets(
    Rue_A=Location("Rue A", (43.744, 7.423), {"accuracy": "street", "source": "gazetteer:fake"}),
    Le_Village=Location("Beausoleil", (43.74, 7.42), {"accuracy": "commune", "source": "gazetteer:fake"}),
    Avenue_de_la_Gare=Location(
        "",
        (43.72, 7.40),
        {"accuracy": "street", "ambiguous": True, "candidates": [{"label": "Èze"}, {"label": "Cap-d'Ail"}]},
    ),
)


@pytest.fixture
def system(sessions, tmp_path, clock):
    return replace(a_system(sessions, tmp_path / "home", now=clock), geocoder=STREETS, roads=FakeRoads())


@pytest.fixture
def bring(system, tmp_path: Path) -> Bring:
    return bringer(system, tmp_path)
