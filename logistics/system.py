"""Everything a running Tournée is made of, put together once by `wire` and handed to whoever acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .database import Sessions
from .settings import Settings

if TYPE_CHECKING:
    from .ports import Geocoder, Queue, Roads


@dataclass(frozen=True, slots=True)
class System:
    """Settings, database, roads, addresses, queue and clock. Values only: tests vary it with `replace`."""

    settings: Settings
    sessions: Sessions
    roads: Roads
    geocoder: Geocoder
    queue: Queue
    now: Callable[[], datetime]
