"""Backups while many write: `python -m tests.campaigns.backups --count 20 --processes 8 [--database postgresql]`.

Real servers, real clients that keep a log each, and `tournee backup` as a person would run it, again and again; some
are struck by kill -9. Each file is restored by `tournee restore` into an empty home, turn by turn on the same database
and on the other one. What was acknowledged before a backup began is in it, nothing is that nobody had asked for when it
ended, `verify` holds, and a backup that was killed leaves no file of its name that is not whole. Exit code 1 when
anything else is seen.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from sqlalchemy import select

from logistics.database import open_sessions
from logistics.models import Order, StopEvent
from tests import postgres
from tests.campaigns import judging
from tests.campaigns.judging import Said
from tests.campaigns.places import Starter, database, environment
from tests.campaigns.writers import trial
from tests.conftest import CHECKOUT

#: One in so many backups is killed on its way.
KILLED = 4
#: How long a command may take.
SECONDS = 300


@dataclass(slots=True)
class Drill:
    """Makes and restores backups of one installation that is being written to."""

    home: Path
    url: str
    seed: int
    #: Where restored books lie, every second time.
    server: postgres.Server
    made: list[float] = field(default_factory=list)
    restored: list[float] = field(default_factory=list)
    killed: int = 0
    wrong: list[str] = field(default_factory=list)

    def run(self, logs: list[Path], count: int) -> None:
        """So many backups, one after the other, each restored unless it was killed."""
        chance, usual = random.Random(self.seed), 1.0
        for number in range(1, count + 1):
            file = self.home / f"backup-{number}.zip"
            if number % KILLED == 0:
                self._strike(file, chance.random() * usual)
                continue
            before = judging.read(_there(logs))
            usual = self._command("backup", file, self.home, self.url, self.made)
            after = judging.read(_there(logs))
            self._restore(file, number, before, after)

    def _strike(self, file: Path, seconds: float) -> None:
        running = subprocess.Popen(_words("backup", file), env=_environment(self.home, self.url), cwd=CHECKOUT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(seconds)
        struck = running.poll() is None
        running.kill()
        running.wait()
        self.killed += struck
        if struck and file.exists():
            self._command("restore --check", file, self.home, self.url, [])

    def _restore(self, file: Path, number: int, before: list[Said], after: list[Said]) -> None:
        own = "sqlite" if self.url.startswith("sqlite") else "postgresql"
        other = {"sqlite": "postgresql", "postgresql": "sqlite"}[own]
        with (
            tempfile.TemporaryDirectory() as folder,
            database((own, other)[number % 2], Path(folder), self.server) as url,
        ):
            self._command("restore", file, Path(folder), url, self.restored)
            self.wrong += [f"backup {number}: {one}" for one in differences(before, after, url)]

    def _command(self, command: str, file: Path, home: Path, url: str, took: list[float]) -> float:
        began = time.monotonic()
        done = subprocess.run(_words(command, file), env=_environment(home, url), cwd=CHECKOUT, capture_output=True,
                              text=True, timeout=SECONDS, check=False)  # fmt: skip
        took.append(time.monotonic() - began)
        holds = command != "restore" or done.stdout.rstrip().endswith("verify: every rule holds")
        if done.returncode or not holds:
            self.wrong.append(f"{command} {file.name}: exit {done.returncode}, {(done.stderr or done.stdout)[-300:]}")
        return took[-1]


def differences(before: Iterable[Said], after: Iterable[Said], url: str) -> list[str]:
    """What the books at `url` lack of what was accepted before, and hold of what nobody had asked for by the end."""
    sessions = open_sessions(url)
    with sessions() as session:
        # The note of an order is the key it was placed under; the shared ones are amended and have others.
        notes = set(session.scalars(select(Order.note).where(Order.note != "", ~Order.reference.like("SHARED-%"))))
        events = set(session.scalars(select(StopEvent.id)))
    sessions.close()
    wrong = []
    for deed, there in (("place", notes), ("event", events)):
        accepted = {one.key for one in before if one.deed == deed and one.answer == "ok"}
        asked = {one.key for one in after if one.deed == deed}
        wrong += [f"{deed} {key} was acknowledged before and is not there" for key in sorted(accepted - there)]
        wrong += [f"{deed} {key} is there and nobody had asked for it" for key in sorted(there - asked)]
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Run the drill and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.backups", description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args(arguments)
    starter = Starter()
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.server() as server,
        database(chosen.database, Path(folder), server) as url,
    ):
        drill = Drill(Path(folder), url, chosen.seed, server)
        found = trial(
            url, Path(folder), starter, processes=chosen.processes, seconds=0, seed=chosen.seed,
            meanwhile=lambda logs: drill.run(logs, chosen.count),
        )  # fmt: skip
    starter.close()
    accepted = sum(one.answer == "ok" for one in found.said)
    print(f"{chosen.database}, {chosen.processes} clients, seed {chosen.seed}: {accepted} deeds accepted meanwhile")
    print(f"{len(drill.made)} backups, median {median(drill.made):.1f} s, longest {max(drill.made):.1f} s; "
          f"{drill.killed} killed; restored in {median(drill.restored):.1f} s, "
          f"longest {max(drill.restored):.1f} s")  # fmt: skip
    wrong = [*drill.wrong, *found.wrong]
    print("\n".join(wrong) or "every backup is one whole picture, every rule holds")
    return 1 if wrong else 0


def _words(command: str, file: Path) -> list[str]:
    name, *options = command.split()
    return [sys.executable, "-m", "logistics.cli", name, str(file), *options]


def _environment(home: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in environment().items() if not name.startswith("TOURNEE_")}
    return kept | {"TOURNEE_HOME": str(home), "TOURNEE_DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}


def _there(logs: list[Path]) -> list[Path]:
    return [log for log in logs if log.exists()]


if __name__ == "__main__":
    raise SystemExit(main())
