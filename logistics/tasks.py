"""Background work: the task row is the truth, a queue only rings.

A worker claims a queued row and gets a lease and a token. It renews the lease while it works; a worker that died lets
it run out, and `reap` puts the row back. Whoever lost the lease finds another token in the row and can no longer write:
a result is stored once, whatever woke up late.

States: queued -> running -> done | failed | cancelled, running -> queued when a worker died or stopped softly, and
running -> parked at the third worker or engine that died over it; a person may put a parked task back in the queue.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from .errors import InvalidRequest, LogisticsError, UnknownRecord, WrongState
from .models import Task
from .observation import logger
from .system import System
from .task_kinds import KINDS

#: A worker that says nothing for this long is taken for dead. Renewing is four times as frequent.
LEASE_SECONDS = 40
RENEW_SECONDS = 10
#: How often a worker looks for leases that ran out and for rows whose bell was lost. With the lease it is the longest
#: time until a dead worker's task is in the queue again: 50 seconds, ten less than we promise.
SWEEP_SECONDS = 10
#: So many workers or engines may die over a task; then it waits for a person.
ATTEMPTS = 3
#: Endings that may be the machine's fault and not the task's: it is tried again, and parked at the last attempt.
STRIKES = frozenset({"engine-failed", "engine-lied", "database-busy", "database-unavailable"})
#: Progress is written, and the wish to cancel read, at most this often.
PROGRESS_SECONDS = 0.5
#: How long a worker tries to write how the work ended, while the database is away.
PATIENCE_SECONDS = 20

log = logger("tasks")


class LeaseLost(LogisticsError):
    """Another worker holds the task, or it is over; this worker's words were not written."""

    code = "lease-lost"

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(f"task {task_id} is no longer ours")


class Cancelled(LogisticsError):
    """The task was asked to stop and did; what it had not yet written is not written."""

    code = "cancelled"

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(f"task {task_id} was cancelled")


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that is ours until `lease_until`, under a token nobody else has."""

    id: str
    kind: str
    arguments: Mapping[str, Any]
    token: str
    attempts: int
    asked_by: str
    lease_until: datetime


def ask(session: Session, kind: str, arguments: Mapping[str, Any], *, actor: str, now: datetime) -> str:
    """Put work in the queue and say its id; ring the queue once the transaction is over.

    Args:
        arguments: JSON values without personal data; which ones, see `KINDS`.

    Raises:
        InvalidRequest: an unknown kind.
    """
    if kind not in KINDS:
        raise InvalidRequest("kind", f"is not one of {', '.join(sorted(KINDS))}")
    task_id = secrets.token_hex(16)
    session.add(Task(id=task_id, kind=kind, arguments=dict(arguments), asked_at=now, asked_by=actor))
    session.flush()
    return task_id


def claim(session: Session, task_id: str, *, now: datetime) -> Claim | None:
    """Take a queued task for `LEASE_SECONDS`; None when it is not queued (any more)."""
    token = secrets.token_hex(16)
    until = now + timedelta(seconds=LEASE_SECONDS)
    taken = _change(
        session,
        update(Task)
        .where(Task.id == task_id, Task.state == "queued")
        .values(
            state="running", attempts=Task.attempts + 1, lease_token=token, lease_until=until, error_code="", error="",
        ),
    )  # fmt: skip
    if not taken:
        return None
    row = _row(session, task_id)
    return Claim(row.id, row.kind, dict(row.arguments), token, row.attempts, row.asked_by, until)


def renew(session: Session, task_id: str, token: str, *, now: datetime) -> None:
    """Hold the task for another `LEASE_SECONDS`.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    _ours(session, task_id, token, lease_until=now + timedelta(seconds=LEASE_SECONDS))


def progress(session: Session, task_id: str, token: str, facts: Mapping[str, Any]) -> bool:
    """Write how far the work is; says whether somebody wants it cancelled.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    _ours(session, task_id, token, progress=dict(facts))
    return cancel_wanted(session, task_id)


def finish(session: Session, task_id: str, token: str, result: Mapping[str, Any], *, now: datetime) -> None:
    """Store the result; the task is done.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    _ours(session, task_id, token, state="done", result=dict(result), finished_at=now, lease_until=None)


def fail(session: Session, task_id: str, token: str, *, code: str, error: str, now: datetime) -> None:
    """End the task with a stable code and a sentence without personal data.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    _ours(session, task_id, token, state="failed", error_code=code, error=error, finished_at=now, lease_until=None)


def hand_back(session: Session, task_id: str, token: str) -> None:
    """Put a task back in the queue unfinished, because this worker stops; the attempt does not count.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    _ours(session, task_id, token, state="queued", lease_until=None, lease_token="", attempts=Task.attempts - 1)


def stop_cancelled(session: Session, task_id: str, token: str, *, now: datetime) -> None:
    """End a task that was asked to stop and has stopped.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    _ours(session, task_id, token, state="cancelled", finished_at=now, lease_until=None)


def cancel(session: Session, task_id: str, *, now: datetime) -> str:
    """Ask a task to stop: one that waits is cancelled at once, a running one soon, one that is over stays as it is.

    Returns:
        The state after the wish.

    Raises:
        UnknownRecord: no such task.
    """
    _row(session, task_id)
    waits = (Task.id == task_id, Task.state.in_(("queued", "parked")))
    _change(session, update(Task).where(*waits).values(state="cancelled", finished_at=now))
    _change(session, update(Task).where(Task.id == task_id, Task.state == "running").values(cancel_wanted=True))
    return _row(session, task_id).state


def cancel_wanted(session: Session, task_id: str) -> bool:
    """Whether somebody asked the task to stop."""
    return bool(session.scalar(select(Task.cancel_wanted).where(Task.id == task_id)))


def strike(session: Session, task_id: str, token: str, *, code: str, error: str, now: datetime) -> str:
    """Count a worker or an engine that died over the task: queued again, or parked at the attempt `ATTEMPTS`.

    Args:
        code, error: why, kept in the row: a stable code and a sentence without personal data.

    Returns:
        The state after it: `queued` or `parked`.

    Raises:
        LeaseLost: the task is not held under this token.
    """
    if _row(session, task_id).attempts < ATTEMPTS:
        _ours(session, task_id, token, state="queued", lease_until=None, lease_token="", error_code=code, error=error)
        return "queued"
    _ours(session, task_id, token, state="parked", error_code=code, error=error, finished_at=now, lease_until=None)
    log.error("task-parked", task=task_id, error_code=code)
    return "parked"


def retry(session: Session, task_id: str, *, now: datetime, actor: str) -> None:
    """Put a parked task back in the queue, with all its attempts; ring the queue once the transaction is over.

    Raises:
        UnknownRecord: no such task.
        WrongState: it is not parked.
    """
    back = _change(
        session,
        update(Task)
        .where(Task.id == task_id, Task.state == "parked")
        .values(
            state="queued", attempts=0, lease_token="", cancel_wanted=False, progress={}, error_code="", error="",
            finished_at=None,
        ),
    )  # fmt: skip
    if not back:
        raise WrongState("task", task_id, state=_row(session, task_id).state, wanted="retry")
    log.info("task-put-back", task=task_id, at=now.isoformat(), by=actor)


def reap(session: Session, *, now: datetime) -> tuple[str, ...]:
    """Take back tasks whose worker died: queued again, parked at the third death, or ended when cancelled.

    Returns:
        Ids of the tasks that are in the queue again.
    """
    over = (Task.state == "running", Task.lease_until < now)
    lost = session.execute(select(Task.id, Task.lease_token).where(*over).order_by(Task.asked_at, Task.id)).all()
    again = []
    for task_id, token in lost:
        row = _row(session, task_id)
        if row.cancel_wanted:
            stop_cancelled(session, task_id, token, now=now)
            continue
        died = f"attempt {row.attempts} of {ATTEMPTS}: the worker died or said nothing for {LEASE_SECONDS} seconds"
        if strike(session, task_id, token, code="worker-lost", error=died, now=now) == "queued":
            again.append(task_id)
    return tuple(again)


def queued(session: Session) -> tuple[str, ...]:
    """Ids of the tasks that wait for a worker, oldest first."""
    return tuple(session.scalars(select(Task.id).where(Task.state == "queued").order_by(Task.asked_at, Task.id)))


def sweep(system: System) -> tuple[str, ...]:
    """Reap, and say every task that waits, oldest first."""
    with system.sessions.begin() as session:
        if again := reap(session, now=system.now()):
            log.warning("tasks-requeued", tasks=list(again))
        return queued(session)


def tend(system: System, work: Callable[[System], None]) -> None:
    """Do a periodic work once; one that breaks is noted, and done again the next time."""
    try:
        work(system)
    except Exception as error:
        log.error("periodic-work-broke", work=getattr(work, "__name__", repr(work)), exc_info=error)


@dataclass(slots=True)
class Running:
    """What the work may say and ask while it runs: cheap to call often, it writes and reads rarely."""

    system: System
    claim: Claim
    stopping: Callable[[], bool]
    lost: threading.Event = field(default_factory=threading.Event)
    _cancel_wanted: bool = False
    _said_at: float = 0.0
    _asked_at: float = 0.0

    def say(self, facts: Mapping[str, Any]) -> None:
        """Note how far the work is; what comes too fast after the last note is left out."""
        if time.monotonic() - self._said_at < PROGRESS_SECONDS or self.lost.is_set():
            return
        self._said_at = self._asked_at = time.monotonic()
        with self._watched() as session:
            self._cancel_wanted = progress(session, self.claim.id, self.claim.token, facts)

    def should_stop(self) -> bool:
        """Whether to stop at the next good moment: cancelled, the worker stops, or the lease is lost."""
        if time.monotonic() - self._asked_at >= PROGRESS_SECONDS:
            self._asked_at = time.monotonic()
            # As in `_Watched`: the next look may be luckier.
            with contextlib.suppress(DBAPIError), self.system.sessions() as session:
                self._cancel_wanted = cancel_wanted(session, self.claim.id)
        return self._cancel_wanted or self.lost.is_set() or self.stopping()

    def keep(self, over: threading.Event) -> None:
        """Renew the lease until `over`; runs in a thread of its own."""
        while not over.wait(RENEW_SECONDS):
            with self._watched() as session:
                renew(session, self.claim.id, self.claim.token, now=self.system.now())

    def _watched(self) -> _Watched:
        return _Watched(self)


class _Watched:
    """A short writing transaction whose loss of the lease is noted, and whose trouble with the database is survived."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._transaction = running.system.sessions.begin()

    def __enter__(self) -> Session:
        return self._transaction.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        try:
            self._transaction.__exit__(kind, error, trace)
        except DBAPIError as trouble:
            # The end of a transaction may fail as its middle does.
            error = trouble
        if isinstance(error, LeaseLost):
            self._running.lost.set()
            return True
        # The lease tells the truth later: a database that was away for a moment does not end the work.
        return isinstance(error, DBAPIError)


def run(system: System, task_id: str, *, stopping: Callable[[], bool] = lambda: False) -> str:
    """Do one task, from the claim to the stored result.

    Args:
        stopping: says when this worker wants to stop; the work is then handed back.

    Returns:
        How it went: `done`, `failed`, `cancelled`, `queued` (handed back, or to be tried again), `parked`, or
        `not-ours` (somebody else has it, or it is over).
    """
    with system.sessions.begin() as session:
        ours = claim(session, task_id, now=system.now())
    if ours is None:
        return "not-ours"
    log.info("task-started", task=ours.id, kind=ours.kind, attempt=ours.attempts)
    running, over = Running(system, ours, stopping), threading.Event()
    keeper = threading.Thread(target=running.keep, args=(over,), name=f"lease-{ours.id[:8]}", daemon=True)
    keeper.start()
    started = time.monotonic()
    try:
        ending = _end_in_time(system, ours, _outcome(running))
    except LeaseLost:
        ending = "not-ours"
    finally:
        over.set()
        keeper.join()
    log.info("task-ended", task=ours.id, kind=ours.kind, ending=ending, seconds=round(time.monotonic() - started, 1))
    return ending


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: str
    result: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    error: str = ""


def _outcome(running: Running) -> _Outcome:
    """Run the work and turn whatever happens into words for the row."""
    ours = running.claim
    try:
        return _Outcome("done", result=KINDS[ours.kind](running))
    except Exception as error:
        from .refusals import ANY_REFUSAL, unavailable

        if (away := unavailable(error)) is not None:
            # The work is as good as it was; whoever takes it up again finds the books as they were before it.
            return _Outcome("struck", code=away.code, error=str(away))
        if running.should_stop():
            return _Outcome("cancelled" if running._cancel_wanted else "queued")
        # Only our own: a driver's error has a code, too, and words that quote the rows it was given.
        if isinstance(error, ANY_REFUSAL):
            return _Outcome("struck" if error.code in STRIKES else "failed", code=error.code, error=str(error))
        # The words of a foreign exception may quote a row; the log keeps its type and the places in our code.
        log.error("task-broke", task=ours.id, kind=ours.kind, exc_info=error)
        return _Outcome(
            "failed", code="unexpected", error=f"something unexpected went wrong; see the log, task {ours.id}"
        )


def _end_in_time(system: System, ours: Claim, outcome: _Outcome) -> str:
    """Write the end, again and again while the database is away: what was found shall not be sought once more."""
    from .refusals import unavailable

    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _end(system, ours, outcome)
        except DBAPIError as error:
            # One that was written before the connection broke is found in other hands, and that is as well.
            if unavailable(error) is None or time.monotonic() >= until:
                raise
            time.sleep(min(1.0, PATIENCE_SECONDS))


def _end(system: System, ours: Claim, outcome: _Outcome) -> str:
    with system.sessions.begin() as session:
        now = system.now()
        if outcome.state == "done":
            finish(session, ours.id, ours.token, outcome.result, now=now)
        elif outcome.state == "cancelled":
            stop_cancelled(session, ours.id, ours.token, now=now)
        elif outcome.state == "queued":
            hand_back(session, ours.id, ours.token)
        elif outcome.state == "struck":
            return strike(session, ours.id, ours.token, code=outcome.code, error=outcome.error, now=now)
        else:
            fail(session, ours.id, ours.token, code=outcome.code, error=outcome.error, now=now)
    return outcome.state


def _ours(session: Session, task_id: str, token: str, **values: Any) -> None:
    held = (Task.id == task_id, Task.state == "running", Task.lease_token == token)
    if not token or not _change(session, update(Task).where(*held).values(**values)):
        raise LeaseLost(task_id)


def _change(session: Session, statement: Update) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(done, CursorResult) and done.rowcount == 1


def _row(session: Session, task_id: str) -> Task:
    found = session.scalar(select(Task).where(Task.id == task_id).execution_options(populate_existing=True))
    if found is None:
        raise UnknownRecord("task", task_id)
    return found
