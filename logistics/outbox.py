"""Messages decided on in a transaction and sent after it: at least once, each under a key of its own.

`say` writes the message in the caller's transaction, so that it goes out exactly when the deed holds. `send_due` is run
by every worker now and then: it takes a message, sends it outside of any transaction, and writes down how it went. A
worker that dies in between leaves the message to the next one, so a message may come twice but never not at all.
Recipient and payload are emptied once it is sent or given up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from . import mails
from .errors import InvalidRequest
from .models import OutboxMessage
from .observation import logger
from .ports import NotSent
from .system import System

#: Seconds until the next try after the first, second... failure. After the last one the message is given up.
PAUSES_SECONDS = (60, 300, 900, 3600, 10_800, 43_200)
#: A message that waits longer than this is of no use any more and given up: its link has expired.
LIVES = timedelta(hours=72)
#: How long a taken message is left to whoever took it.
TAKEN = timedelta(minutes=5)
#: How long the emptied rows are kept.
KEPT = timedelta(days=30)
#: Messages sent in one go; the rest follows in the next.
AT_ONCE = 20
#: Seconds after which the rest is left to the next time.
BUDGET_SECONDS = 10

log = logger("outbox")


def _forgot(system: System, payload: Mapping[str, Any]) -> None:
    from . import forgotten

    forgotten.answer(system, payload)


#: Kinds that are no mail by themselves but work for the worker, which may say mails in turn.
ERRANDS: Mapping[str, Callable[[System, Mapping[str, Any]], None]] = {"forgot": _forgot}


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits and what was given up."""

    waiting: int
    failed: int
    oldest_waiting: datetime | None
    last_error: str


def say(session: Session, *, key: str, kind: str, recipient: str, payload: Mapping[str, Any], now: datetime) -> bool:
    """Have a message sent once the caller's transaction is over; the same key twice is one message.

    Args:
        kind: one of `mails.KINDS`, or an errand.
        payload: JSON values, see `mails.written`.

    Returns:
        Whether it is new.

    Raises:
        InvalidRequest: an unknown kind, or a recipient with line ends or other signs that would begin a second one.
    """
    if kind not in mails.KINDS and kind not in ERRANDS:
        raise InvalidRequest("kind", f"is not one of {', '.join(sorted({*mails.KINDS, *ERRANDS}))}")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in recipient) or len(recipient) > 200:
        raise InvalidRequest("recipient", "is not an e-mail address")
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    facts = {"key": key, "kind": kind, "recipient": recipient, "payload": dict(payload), "state": "waiting",
             "attempts": 0, "next_try_at": now, "made_at": now, "error_code": ""}  # fmt: skip
    put = insert(OutboxMessage).values(**facts).on_conflict_do_nothing(index_elements=["key"])
    return session.scalar(put.returning(OutboxMessage.id)) is not None


def send_due(system: System, *, most: int = AT_ONCE) -> int:
    """Send what is due; says how many went out. Never raises for a message: its trouble stands in its row."""
    _sweep(system)
    sent, until = 0, time.monotonic() + BUDGET_SECONDS
    for message_id in _due(system, most):
        taken = _take(system, message_id)
        if taken is None:
            continue
        went = _send(system, taken)
        sent += went
        # A server that is away or slow is asked about one message at a time: whoever calls has other work to do.
        if not went or time.monotonic() > until:
            break
    return sent


def backlog(session: Session) -> Backlog:
    """What waits and what was given up within the days that rows are kept."""
    counted = dict(session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all())
    oldest = session.scalar(select(func.min(OutboxMessage.made_at)).where(OutboxMessage.state == "waiting"))
    error = session.scalar(
        select(OutboxMessage.error_code)
        .where(OutboxMessage.error_code != "", OutboxMessage.state != "sent")
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    return Backlog(counted.get("waiting", 0), counted.get("failed", 0), oldest, error or "")


@dataclass(frozen=True, slots=True)
class _Taken:
    id: int
    kind: str
    recipient: str
    payload: Mapping[str, Any]
    attempts: int


def _due(system: System, most: int) -> tuple[int, ...]:
    due = select(OutboxMessage.id).where(OutboxMessage.state == "waiting", OutboxMessage.next_try_at <= system.now())
    if not system.notifier.sends:
        due = due.where(OutboxMessage.kind.in_(ERRANDS))
    with system.sessions() as session:
        return tuple(session.scalars(due.order_by(OutboxMessage.next_try_at, OutboxMessage.id).limit(most)))


def _take(system: System, message_id: int) -> _Taken | None:
    """Make it ours for a while; the row count decides between two workers."""
    now = system.now()
    with system.sessions.begin() as session:
        done = session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id, OutboxMessage.state == "waiting", OutboxMessage.next_try_at <= now)
            .values(attempts=OutboxMessage.attempts + 1, next_try_at=now + TAKEN)
        )
        if not isinstance(done, CursorResult) or done.rowcount != 1:
            return None
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.id == message_id)).one()
        return _Taken(row.id, row.kind, row.recipient, dict(row.payload), row.attempts)


def _send(system: System, taken: _Taken) -> bool:
    try:
        if taken.kind in ERRANDS:
            ERRANDS[taken.kind](system, taken.payload)
        else:
            subject, text = mails.written(taken.kind, taken.payload)
            system.notifier.send(taken.recipient, subject, text)
    except NotSent as error:
        _failed(system, taken, error.why)
        return False
    except Exception as error:
        log.error("message-broke", message=taken.id, kind=taken.kind, exc_info=error)
        _failed(system, taken, "unexpected")
        return False
    _over(system, taken.id, state="sent", sent_at=system.now(), error_code="")
    log.info("message-sent", message=taken.id, kind=taken.kind, attempt=taken.attempts)
    return True


def _failed(system: System, taken: _Taken, why: str) -> None:
    if taken.attempts > len(PAUSES_SECONDS):
        _over(system, taken.id, state="failed", error_code=why)
        log.error("message-given-up", message=taken.id, kind=taken.kind, attempts=taken.attempts, why=why)
        return
    again = system.now() + timedelta(seconds=PAUSES_SECONDS[taken.attempts - 1])
    with system.sessions.begin() as session:
        waits = update(OutboxMessage).where(OutboxMessage.id == taken.id, OutboxMessage.state == "waiting")
        session.execute(waits.values(next_try_at=again, error_code=why))
    log.warning("message-not-sent", message=taken.id, kind=taken.kind, attempt=taken.attempts, why=why)


def _over(system: System, message_id: int, **values: Any) -> None:
    with system.sessions.begin() as session:
        session.execute(
            update(OutboxMessage).where(OutboxMessage.id == message_id).values(recipient="", payload={}, **values)
        )


def _sweep(system: System) -> None:
    """Give up what has outlived its use, and delete the emptied rows of long ago."""
    now = system.now()
    old = (OutboxMessage.state == "waiting", OutboxMessage.made_at < now - LIVES)
    gone = (OutboxMessage.state != "waiting", OutboxMessage.made_at < now - KEPT)
    with system.sessions() as session:
        if session.scalar(select(OutboxMessage.id).where(*old).limit(1)) is None and (
            session.scalar(select(OutboxMessage.id).where(*gone).limit(1)) is None
        ):
            return
    with system.sessions.begin() as session:
        unsaid = func.coalesce(func.nullif(OutboxMessage.error_code, ""), "expired")
        session.execute(
            update(OutboxMessage).where(*old).values(state="failed", error_code=unsaid, recipient="", payload={})
        )
        session.execute(delete(OutboxMessage).where(*gone))
