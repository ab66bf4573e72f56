"""A mail server on this machine that keeps what it takes, refuses, or takes its time."""

from __future__ import annotations

import asyncio
import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller


class Taker:
    """Takes mails. `refuses` and `waits_seconds` may be changed while it runs."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], Message]] = []
        self.refuses = False
        self.waits_seconds = 0.0

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Say whether a recipient is taken."""
        if self.refuses:
            return "550 not here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep the mail."""
        await asyncio.sleep(self.waits_seconds)
        self.taken.append((list(envelope.rcpt_tos), email.message_from_bytes(envelope.content)))
        return "250 OK"


@contextmanager
def running(taker: Taker, port: int) -> Iterator[None]:
    """The server, answering on this machine."""
    controller = Controller(taker, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def text_of(message: Message) -> str:
    """The plain text."""
    part = next(one for one in message.walk() if one.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()
