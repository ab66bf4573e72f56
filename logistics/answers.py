"""Asking twice under one key is asking once: what the API answered is kept beside what it did, in the same commit.

A request claims its key before it does anything. Its answer is written in the transaction that does the deed, and only
while the claim still holds; so a request that was taken for dead and wakes late does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .errors import InvalidRequest, LogisticsError
from .models import StoredAnswer

if TYPE_CHECKING:
    from sqlalchemy import CursorResult

#: How long an answer is kept; the same key asked later is a new request.
KEPT = timedelta(hours=48)
#: After so long without an answer the first request is taken for dead.
CLAIM_HOLDS = timedelta(seconds=60)
LONGEST_KEY = 255


class KeyReused(LogisticsError):
    """The key was used for another request; nothing was done."""

    code = "key-reused"

    def __init__(self) -> None:
        super().__init__("the idempotency key was used for another request")


class StillRunning(LogisticsError):
    """The first request under this key has not answered yet; ask again in a moment."""

    code = "still-running"

    def __init__(self) -> None:
        super().__init__("the first request under this key is still running")


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is ours to answer; only who holds the claim of that moment may."""

    row_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Two requests have the same when they ask the same thing, byte for byte."""
    return sha256(b"\0".join((method.encode(), path.encode("utf-8", "surrogatepass"), body))).hexdigest()


def claim(session: Session, *, user_id: int, key: str, digest: str, now: datetime) -> Claim | Answer:
    """Take the key for this request, or tell what was answered to it before. Commit at once, before the deed.

    Raises:
        InvalidRequest: an empty key, one of more than 255 characters, or with characters that cannot be printed.
        KeyReused: the key belongs to another request.
        StillRunning: the first request has not answered yet.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidRequest("Idempotency-Key", f"must be 1 to {LONGEST_KEY} printable characters")
    found = _find(session, user_id, key)
    if found is None:
        made = StoredAnswer(user_id=user_id, key=key, digest=digest, made_at=now)
        try:
            with session.begin_nested():
                session.add(made)
        except IntegrityError:
            raise StillRunning from None
        return Claim(made.id, now)
    if found.made_at <= now - KEPT:
        return _again(session, found, digest, now)
    if found.digest != digest:
        raise KeyReused
    if found.status:
        return Answer(found.status, found.body, dict(found.headers))
    if found.made_at > now - CLAIM_HOLDS:
        raise StillRunning
    return _again(session, found, digest, now)


def _find(session: Session, user_id: int, key: str) -> StoredAnswer | None:
    return session.scalar(
        select(StoredAnswer).where(StoredAnswer.user_id == user_id, StoredAnswer.key == key).with_for_update()
    )


def _again(session: Session, found: StoredAnswer, digest: str, now: datetime) -> Claim:
    found.digest, found.status, found.body, found.headers, found.made_at = digest, 0, "", {}, now
    session.flush()
    return Claim(found.id, now)


def keep(session: Session, held: Claim, answer: Answer) -> None:
    """Write the answer, in the transaction of the deed it tells of.

    Raises:
        StillRunning: the claim was taken over meanwhile; the transaction must not be committed.
    """
    facts: dict[str, Any] = {"status": answer.status, "body": answer.body, "headers": dict(answer.headers)}
    if not _change(session, held, facts):
        raise StillRunning


def release(session: Session, held: Claim) -> None:
    """Forget a claim whose request was refused, so that it may be mended and asked again under the same key."""
    session.execute(delete(StoredAnswer).where(*_held(held)))


def sweep(session: Session, *, now: datetime) -> int:
    """Forget answers older than 48 hours; how many there were."""
    gone = session.execute(delete(StoredAnswer).where(StoredAnswer.made_at <= now - KEPT))
    return int(cast("CursorResult[Any]", gone).rowcount)


def _change(session: Session, held: Claim, facts: dict[str, Any]) -> bool:
    changed = session.execute(update(StoredAnswer).where(*_held(held)).values(**facts))
    return bool(cast("CursorResult[Any]", changed).rowcount)


def _held(held: Claim) -> tuple[Any, ...]:
    return StoredAnswer.id == held.row_id, StoredAnswer.status == 0, StoredAnswer.made_at == held.at
