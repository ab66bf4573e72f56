"""Everything a running Tournée is made of, put together once by `wire` and handed to whoever acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from .database import Sessions
from .ports import NotSent
from .settings import Settings

if TYPE_CHECKING:
    from .ports import Geocoder, Notifier, Queue, Roads


class Keeper:
    """Sends nothing: messages wait until mail is set up, or until they are of no use any more."""

    sends = False

    def send(self, recipient: str, subject: str, text: str) -> None:
        """Refuse."""
        raise NotSent("mail-not-set")


@dataclass(frozen=True, slots=True)
class System:
    """Settings, database, roads, addresses, queue, clock and mail. Values only: tests vary it with `replace`."""

    settings: Settings
    sessions: Sessions
    roads: Roads
    geocoder: Geocoder
    queue: Queue
    now: Callable[[], datetime]
    notifier: Notifier = field(default_factory=Keeper)
