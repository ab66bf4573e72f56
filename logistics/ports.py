"""What logistics asks of the outside world; each `Protocol` has its adapters under `adapters` or `regions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .system import System


class Queue(Protocol):
    """A bell for background work. The task rows are the truth: a bell may be lost or ring twice without harm."""

    def ring(self, task_id: str) -> None:
        """Say that this task waits; call it after the transaction that asked for it. Never raises."""

    def start(self, system: System) -> None:
        """Do tasks in this process from now on, in threads; a second call changes nothing."""

    def stop(self) -> None:
        """Take no more work, ask what runs to stop and hand it back; returns within seconds."""
