"""What keeps the edges idempotent: stored answers, messages to send, files brought in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inventory.db import Base, UTCDateTime

from .. import states
from .words import one_of


class StoredAnswer(Base):
    """What the API answered to a key, so that asking again with the same key does nothing and answers the same."""

    __tablename__ = "stored_answer"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    key: Mapped[str] = mapped_column(String(255))
    #: Hash of method, path and body: the same key with another request is refused.
    digest: Mapped[str] = mapped_column(String(64))
    #: 0 while the first request still runs.
    status: Mapped[int] = mapped_column(default=0)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    body: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class OutboxMessage(Base):
    """A message that was decided on in a transaction and is sent after it, at least once, under a key of its own."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint(one_of("state", states.MESSAGE_STATES), name="known_state"),
        Index("ix_outbox_message_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    #: Where it goes and what it says; both are emptied once it is sent, they hold names and links.
    recipient: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error_code: Mapped[str] = mapped_column(String(40), default="")


class Upload(Base):
    """A file somebody brought in to look at before it is imported; only they may go on with it."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
