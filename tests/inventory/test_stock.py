"""Moving, promising and handing over pieces."""

from __future__ import annotations

import pytest

from inventory import stock
from inventory.errors import NotEnoughStock
from tests.builders import a_shelf
from tests.fakes import MORNING


def test_a_refused_reservation_leaves_the_shelf_as_it_was(session):
    shelf = a_shelf(session, on_hand=2)

    with pytest.raises(NotEnoughStock) as refusal:
        stock.reserve(session, **shelf, quantity=3, cause="order:O-1#1", now=MORNING)

    assert (refusal.value.wanted, refusal.value.free) == (3, 2)
    assert stock.free(session, **shelf) == 2
