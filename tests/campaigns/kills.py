"""kill -9 in the middle of work: `python -m tests.campaigns.kills --victim web|worker|solver|postgresql|all --times N`.

Real processes on real books, driven over HTTP. The victim gets SIGKILL at a random moment of an import, a planning, a
publication or a courier's events, and is started again. Then the books are judged: what was acknowledged is there, what
was not is there wholly or not at all, every rule of `verify` holds, asking again under the same keys ends the act and
asking once more changes nothing. Tasks whose worker died are watched until they are in the queue again, with the
product's own lease and sweep. Exit code 1 when anything is lost, half done, doubled, later than a minute, or when the
logs of all those violent ends hold somebody's name.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from logistics import answers, calendars, migrations, rights, tokens, users
from logistics.database import Sessions, open_sessions
from logistics.models import Task, User
from logistics.verify import verify
from tests.campaigns import canaries
from tests.campaigns.acts import Deed, Drive, Import, PlanDay, Publish, QueuedImport, drive
from tests.campaigns.caller import Caller
from tests.campaigns.company import Part, a_company, a_day_of_work
from tests.campaigns.names import PASSWORD, TODAY
from tests.campaigns.places import Clock, OwnPostgres, Process, Starter, database
from tests.fakes import MORNING

VICTIMS = ("web", "worker", "solver", "postgresql")
ACTS = ("import", "plan", "publish", "events")
#: The promise: a dead worker's task is in the queue again after so many seconds.
PROMISED_SECONDS = 60
STOPS = 4
#: How long a worker is busy with an act; those who die with it are killed so long after it began.
WORK_SECONDS = {("worker", "import"): 0.3, ("worker", "plan"): 1.0}
#: How long a solver lives at least.
SOLVER_SECONDS = 0.9
#: An act is rehearsed so often, for the first time is slow.
REHEARSALS = 2
#: How long an act takes that was not rehearsed.
USUAL_SECONDS = 0.3
#: How long work may take to begin.
BEGIN_SECONDS = 8
#: How often a kill is tried that may find nothing to kill: a solver lives for a second.
TRIES = 3
#: Couriers more than there are blows, for blows that found nothing to kill.
SPARE_VANS = 4
#: How long an act may take to be settled after the victim is back.
SETTLE_SECONDS = 30
#: How long everything that was promised may take at the end.
DRAIN_SECONDS = 200


#: A victim and an act.
Blow = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Books:
    """Where they are, and their server when it is one that may be killed."""

    url: str
    own: OwnPostgres | None = None


@dataclass(slots=True)
class Row:
    """What was seen of one victim in one act."""

    kills: int = 0
    #: Kills that came before the act was over.
    amid: int = 0
    #: What had been acknowledged when the kill came, and what was in the end.
    acknowledged: int = 0
    in_the_end: int = 0
    faults: dict[str, list[str]] = field(default_factory=lambda: {"lost": [], "half done": [], "doubled": []})
    requeued: list[float] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        late = [f"in the queue again after {one:.0f} s" for one in self.requeued if one > PROMISED_SECONDS]
        return list(dict.fromkeys([*(one for told in self.faults.values() for one in told), *self.others, *late]))


class Watch:
    """Looks at tasks that lost their worker until somebody takes them back."""

    def __init__(self, url: str) -> None:
        self._sessions = open_sessions(url)
        self._watched: dict[tuple[str, str], tuple[float, Row]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_again, daemon=True)
        self._thread.start()

    def add(self, running: list[tuple[str, str]], killed_at: float, row: Row) -> None:
        """Watch these tasks, each held under a token."""
        for one in running:
            self._watched.setdefault(one, (killed_at, row))

    def running(self) -> list[tuple[str, str]]:
        """Tasks that are held now, with the token."""
        with self._sessions() as session:
            return [(one, token) for one, token in session.execute(
                select(Task.id, Task.lease_token).where(Task.state == "running"))]  # fmt: skip

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()
        self._sessions.close()

    def _look_again(self) -> None:
        while not self._over.wait(0.25):
            with suppress(DBAPIError):
                self._look()

    def _look(self) -> None:
        watched = dict(self._watched)
        if not watched:
            return
        ids = {task_id for task_id, _ in watched}
        with self._sessions() as session:
            found = {
                one: (state, token)
                for one, state, token in session.execute(
                    select(Task.id, Task.state, Task.lease_token).where(Task.id.in_(ids))
                )
            }
        for (task_id, token), (killed_at, row) in watched.items():
            state, now_token = found[task_id]
            if (state, now_token) == ("running", token):
                continue
            del self._watched[task_id, token]
            # A worker that lived on may have ended it under its own token.
            if now_token != token or state in ("queued", "parked"):
                row.requeued.append(time.monotonic() - killed_at)


class Campaign:
    """Kills in one home, again and again."""

    def __init__(self, books: Books, home: Path, starter: Starter, *, seed: int, hurry: int) -> None:
        self.rows: dict[Blow, Row] = defaultdict(Row)
        self._clock, self._hurry = Clock(home), hurry
        url, self._own, self._chance = books.url, books.own, random.Random(seed)
        self._victim = ""
        self._sessions: Sessions = open_sessions(url)
        self._days = iter(_working_days())
        self._deeds: list[tuple[Row, Deed]] = []
        self._unsettled: list[tuple[Row, Deed]] = []
        self._spans: dict[Blow, float] = {}
        self._web = Process("web", home, url, starter, hurry=hurry)
        self._worker = Process("worker", home, url, starter, hurry=hurry)
        self._watch = Watch(url)
        self._parts: list[Part] = []
        self._numbers = 0

    def prepare(self, vans: int) -> None:
        """A company with a tour of today for each van, programs that may do everything, running processes."""
        with self._sessions.begin() as session:
            self._parts = list(a_company(session, vans, stops=STOPS))
            session.add(User(login="boss", role="admin", name="B", password_hash=users.hash_password(PASSWORD)))
            session.flush()
            logins = ["boss", *(f"v{part.number}" for part in self._parts)]
            made = {one: _token(session, one) for one in logins}
        self._web.start()
        self._worker.start()
        self._boss = Caller(self._web.base, made.pop("boss"))
        self._couriers = {login: Caller(self._web.base, text) for login, text in made.items()}

    def close(self) -> None:
        """End every process."""
        self._watch.close()
        for one in (self._web, self._worker):
            one.stop()
        self._sessions.close()

    def rehearse(self, blow: Blow) -> None:
        """Do the act once undisturbed: how long it takes says when to kill."""
        began = time.monotonic()
        self._victim, act = blow
        row, deed = self.rows[blow], self._deed(act)
        if not deed.ask(self._boss):
            row.others.append(f"{act}: was not done though nobody was killed")
        self._spans[blow] = min(time.monotonic() - began, self._spans.get(blow, math.inf))
        self._deeds.append((row, deed))

    def strike(self, blow: Blow) -> bool:
        """Kill the victim in the middle of the act and judge what is left; False when there was nothing to kill."""
        self._victim, act = blow
        row, deed = self.rows[blow], self._deed(act)
        self._deeds.append((row, deed))
        own_work = {"worker": ("import", "plan"), "solver": ("plan",)}
        if act not in own_work.get(self._victim, ACTS):
            self._plan_something_else(row)
        acting = threading.Thread(target=deed.ask, args=(self._boss,), daemon=True)
        acting.start()
        self._wait_for_the_moment(blow)
        amid, before = acting.is_alive(), deed.acknowledged
        killed = self._kill(row)
        deed.waits = False
        if self._victim == "web":
            acting.join(60)
            self._judge(row, deed)
        self._start_again(row)
        acting.join(60)
        row.kills += killed
        row.amid += killed and amid
        row.acknowledged += before
        self._judge(row, deed)
        self._settle(row, deed)
        self._judge(row, deed)
        return killed

    def drain(self) -> None:
        """Wait until everything that was promised is done, ask once more for all of it, and judge for the last time."""
        if self._hurry > 1:
            # A key whose first request was cut short is free again after a minute; nobody measures time here.
            self._clock.wind(answers.CLAIM_HOLDS.total_seconds())
        until = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < until and (self._unsettled or self._waiting()):
            waiting, self._unsettled = self._unsettled, []
            for row, deed in waiting:
                self._settle(row, deed, seconds=0)
            time.sleep(0.2)
        last = self._deeds[-1][0] if self._deeds else Row()
        last.others += self._not_done()
        for row, deed in self._unsettled:
            row.others.append(f"{deed.name}: was not acknowledged, however often it was asked for")
        for row, deed in self._deeds:
            with self._sessions.snapshot() as session:
                before = deed.shares(session)
            deed.ask(self._boss)
            with self._sessions.snapshot() as session:
                after = deed.shares(session)
            if [one.there for one in before] != [one.there for one in after]:
                row.others.append(f"{deed.name}: asked again, it changed {before} to {after}")
            row.in_the_end += deed.acknowledged
            self._judge(row, deed, in_the_end=True)

    def _deed(self, act: str) -> Deed:
        self._numbers += 1
        if act == "import":
            number = f"K{self._numbers}"
            return QueuedImport(number, sessions=self._sessions) if self._victim == "worker" else Import(number)
        if act == "events":
            return self._drive()
        day = next(self._days)
        with self._sessions.begin() as session:
            a_day_of_work(session, day, stops=STOPS, drafted=act == "publish", published=False)
        # A promise of a plan is given at once, and that is where the web process is to be struck.
        deed = Publish(day) if act == "publish" else PlanDay(day, STOPS)
        deed.waits = self._victim != "web" or act != "plan"
        return deed

    def _drive(self) -> Drive:
        part = self._parts.pop()
        with self._sessions() as session:
            return drive(session, part.tour_id, self._couriers[f"v{part.number}"])

    def _plan_something_else(self, row: Row) -> None:
        """Give the worker something to die over."""
        deed = self._deed("plan")
        assert isinstance(deed, PlanDay)
        deed.waits = False
        self._deeds.append((row, deed))
        deed.ask(self._boss)
        self._wait_for(self._watch.running if self._victim == "worker" else lambda: self._worker.children)

    def _wait_for_the_moment(self, blow: Blow) -> None:
        seconds = self._spans.get(blow, USUAL_SECONDS)
        if blow in WORK_SECONDS:
            self._wait_for(self._watch.running)
            seconds = WORK_SECONDS[blow]
        if blow == ("solver", "plan"):
            self._wait_for(lambda: self._worker.children)
            seconds = SOLVER_SECONDS
        time.sleep(self._chance.random() * seconds)

    def _wait_for(self, sign: Callable[[], object]) -> None:
        until = time.monotonic() + BEGIN_SECONDS
        while time.monotonic() < until and not sign():
            time.sleep(0.01)

    def _kill(self, row: Row) -> bool:
        if self._victim == "solver":
            running = self._watch.running()
            killed = self._worker.kill_child()
            self._watch.add(running if killed else [], time.monotonic(), row)
            return killed
        if self._victim == "postgresql":
            assert self._own is not None
            self._killed_at = time.monotonic()
            self._own.kill()
            return True
        (self._web if self._victim == "web" else self._worker).kill()
        self._watch.add(self._watch.running() if self._victim == "worker" else [], time.monotonic(), row)
        return True

    def _start_again(self, row: Row) -> None:
        if self._victim == "solver":
            return
        if self._victim == "postgresql":
            assert self._own is not None
            self._own.start()
            self._sessions.engine.dispose()
            self._watch.add(self._watch.running(), self._killed_at, row)
        else:
            (self._web if self._victim == "web" else self._worker).start()

    def _settle(self, row: Row, deed: Deed, *, seconds: float = SETTLE_SECONDS) -> None:
        """Ask until it is acknowledged. A key whose first request was cut short is free again after a minute: later."""
        until = time.monotonic() + seconds
        while True:
            if self._asked_without_waiting(deed):
                return
            if time.monotonic() >= until or deed.name in ("import", "plan"):
                self._unsettled.append((row, deed))
                return
            time.sleep(0.2)

    def _asked_without_waiting(self, deed: Deed) -> bool:
        if isinstance(deed, QueuedImport) and deed.task_id:
            return True
        return deed.ask(self._boss)

    def _waiting(self) -> bool:
        """Whether a task is not over; parked ones are put back in the queue, as a person would."""
        with self._sessions() as session:
            states = dict(session.execute(select(Task.id, Task.state)).all())
        for task_id, state in states.items():
            if state == "parked":
                self._boss.ask("POST", f"/tasks/{task_id}/retry")
        return any(state in ("queued", "running", "parked") for state in states.values())

    def _not_done(self) -> list[str]:
        """Tasks that are not done now: what was promised may be late, which is not lost, or ended otherwise."""
        with self._sessions() as session:
            tasks = session.execute(select(Task.kind, Task.state, Task.error_code).where(Task.state != "done")).all()
        return [f"{kind} is {state} {code} in the end".replace("  ", " ") for kind, state, code in tasks]

    def _judge(self, row: Row, deed: Deed, *, in_the_end: bool = False) -> None:
        with self._sessions.snapshot() as session:
            for share in deed.shares(session):
                if wrong := share.wrong(in_the_end=in_the_end):
                    row.faults[wrong].append(f"{wrong}: {share}")
            row.others += [str(one) for one in verify(session)]


def campaign(
    blows: Sequence[Blow], books: Books, home: Path, starter: Starter, *, seed: int, hurry: int = 1,
    rehearsed: bool = True, say: Callable[[str], None] = lambda _line: None,
) -> dict[Blow, Row]:  # fmt: skip
    """Deal these blows one after the other in a new home; what was seen."""
    migrations.upgrade(books.url)
    made = Campaign(books, home, starter, seed=seed, hurry=hurry)
    drives = [victim for victim, act in blows if act == "events"]
    try:
        made.prepare(len({*drives}) * REHEARSALS * rehearsed + len(drives) + SPARE_VANS)
        for blow in [*dict.fromkeys(blows)] * REHEARSALS if rehearsed else ():
            made.rehearse(blow)
        for number, blow in enumerate(blows, 1):
            say(f"{number} of {len(blows)}: {blow[0]}, {blow[1]}")
            if not any(made.strike(blow) for _ in range(TRIES)):
                made.rows[blow].others.append(f"{blow[1]}: there was no {blow[0]} to kill")
        made.drain()
        found = canaries.scan(home, url=books.url)
        made.rows[blows[-1]].others += [f"somebody stands in {one}" for one in dict.fromkeys(found)]
    finally:
        made.close()
    return made.rows


def table(found: dict[Blow, Row]) -> str:
    """What was seen, a line for each victim and act."""
    lines = [
        f"{'victim':<11}{'act':<9}{'kills':>6}{'amid':>6}{'ack. then':>11}{'in all':>8}{'lost':>6}{'half':>6}"
        f"{'doubled':>9}{'requeued':>10}{'median s':>10}{'worst s':>9}"
    ]
    for (victim, act), row in found.items():
        times = row.requeued or [0.0]
        faults = [len(row.faults[name]) for name in ("lost", "half done", "doubled")]
        lines.append(
            f"{victim:<11}{act:<9}{row.kills:>6}{row.amid:>6}{row.acknowledged:>11}{row.in_the_end:>8}{faults[0]:>6}"
            f"{faults[1]:>6}{faults[2]:>9}{len(row.requeued):>10}{median(times):>10.1f}{max(times):>9.1f}"
        )
    return "\n".join(lines)


@contextmanager
def empty_books(kind: str, home: Path, *, to_be_killed: bool) -> Iterator[Books]:
    """A database without a table; a PostgreSQL that is to be killed is a server of its own."""
    if not to_be_killed:
        with database(kind, home) as url:
            yield Books(url)
        return
    # Not under the home: a test's lies in a folder that every other run of pytest closes to all users but its own.
    with tempfile.TemporaryDirectory(prefix="tournee-killed-", ignore_cleanup_errors=True) as folder:
        own = OwnPostgres(Path(folder) / "postgres")
        try:
            yield Books(own.url, own)
        finally:
            own.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.kills", description=__doc__)
    parser.add_argument("--victim", choices=(*VICTIMS, "all"), default="all")
    parser.add_argument("--times", type=int, default=100, help="kills of each victim, spread over the four acts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite",
                        help="PostgreSQL is killed on its own, whatever is said here")  # fmt: skip
    parser.add_argument("--hurry", type=int, default=1, help="divide the seconds of leases and sweeps")
    chosen = parser.parse_args(arguments)
    found: dict[Blow, Row] = {}
    starter = Starter()
    for victim in VICTIMS if chosen.victim == "all" else (chosen.victim,):
        began, killed = time.monotonic(), victim == "postgresql"
        blows = [(victim, ACTS[number % len(ACTS)]) for number in range(chosen.times)]
        with tempfile.TemporaryDirectory() as folder, empty_books(
            chosen.database, Path(folder), to_be_killed=killed
        ) as books:
            found |= campaign(
                blows, books, Path(folder), starter, seed=chosen.seed, hurry=chosen.hurry,
                say=lambda line: print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True),
            )  # fmt: skip
        kind = "postgresql" if killed else chosen.database
        print(f"{victim}: {chosen.times} kills on {kind}, seed {chosen.seed}, {time.monotonic() - began:.0f} s")
    starter.close()
    print(table(found))
    wrong = [one for row in found.values() for one in row.wrong]
    print("\n".join(wrong) or "nothing lost, nothing half done, every rule holds")
    return 1 if wrong else 0


def _token(session: Any, login: str) -> str:
    scopes = frozenset(rights.SCOPES)
    return tokens.make(session, login, name="kills", scopes=scopes, now=MORNING, actor="boss")[0]


def _working_days() -> Iterator[date]:
    day = TODAY + timedelta(days=7)
    while True:
        day = calendars.working_day(day, 1, "FR")
        yield day


if __name__ == "__main__":
    raise SystemExit(main())
