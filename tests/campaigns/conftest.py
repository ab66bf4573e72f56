"""What the slices of the campaigns share: the product, loaded once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.campaigns.places import Starter


@pytest.fixture(scope="package")
def starter() -> Iterator[Starter]:
    """Forks processes of the product."""
    made = Starter()
    yield made
    made.close()
