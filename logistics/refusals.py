"""Every refusal of any room, for whoever shows them to a person; apart from `errors`, since routing loads slowly."""

from __future__ import annotations

from inventory.errors import InventoryError
from routing.errors import RoutingError

from .database import DatabaseBusy, DatabaseUnavailable, unavailable
from .errors import LogisticsError

ANY_REFUSAL = (LogisticsError, InventoryError, RoutingError)

__all__ = ["ANY_REFUSAL", "DatabaseBusy", "DatabaseUnavailable", "unavailable"]
