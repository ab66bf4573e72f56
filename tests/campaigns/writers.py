"""Many processes write through HTTP at once: `python -m tests.campaigns.writers --processes 8 --seconds 30`.

Real servers on one database, real clients that each keep a log of wishes and answers; afterwards a judge reads the logs
and the database. Exit code 0 when every accepted deed is there, every refused one is not, no update was lost, nobody
saw a failure or the word "locked", nobody's name is left in the logs, and `verify` finds nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from logistics import migrations
from logistics.database import open_sessions
from tests.campaigns import canaries, judging
from tests.campaigns.company import a_company
from tests.campaigns.places import Clock, Process, Starter, database, environment
from tests.conftest import CHECKOUT


@dataclass(frozen=True, slots=True)
class Ending:
    """What a trial has shown."""

    said: list[judging.Said]
    wrong: list[str]
    seconds: float


def trial(
    url: str,
    home: Path,
    starter: Starter,
    *,
    processes: int,
    seconds: float,
    seed: int,
    deeds: int = 0,
    servers: int = 2,
    gunicorn: bool = False,
    meanwhile: Callable[[list[Path]], None] | None = None,
) -> Ending:
    """Let so many clients write for so long, then judge.

    Args:
        seconds: how long they write; 0 = until `meanwhile` is over.
        deeds: how many each client does at most; 0 = as many as there is time for.
        servers: processes that answer: each a server of its own, or all under one `gunicorn`.
        meanwhile: what is done beside them; gets their logs.
    """
    migrations.upgrade(url)
    sessions = open_sessions(url)
    with sessions.begin() as session:
        parts = a_company(session, processes)
    sessions.close()
    Clock(home)
    kinds = [f"gunicorn:{servers}"] if gunicorn else ["web"] * servers
    serving = [Process(kind, home, url, starter) for kind in kinds]
    try:
        for one in serving:
            one.start()
        began = time.monotonic()
        logs = [home / f"client-{part.number}.jsonl" for part in parts]
        until = str(home / "enough") if meanwhile else ""
        clients = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.campaigns.a_client", str(log), str(seconds), str(deeds), until,
                 f"{seed}{part.number}", json.dumps(asdict(part)), *(one.base for one in serving)],
                cwd=CHECKOUT, env=environment(),
            )
            for part, log in zip(parts, logs, strict=True)
        ]  # fmt: skip
        if meanwhile:
            try:
                meanwhile(logs)
            finally:
                Path(until).touch()
        endings = [client.wait(seconds + 120) for client in clients]
        took = time.monotonic() - began
    finally:
        for one in serving:
            one.stop()
    said = judging.read(logs)
    wrong = judging.judge(said, url)
    wrong += [f"somebody stands in {one}" for one in canaries.scan(home, url=url)]
    if any(endings):
        wrong.append(f"clients ended with {endings}")
    return Ending(said, wrong, took)


def main(arguments: list[str] | None = None) -> int:
    """Run one trial and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--gunicorn", action="store_true", help="one gunicorn with so many processes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args(arguments)
    starter = Starter()
    with tempfile.TemporaryDirectory() as folder, database(chosen.database, Path(folder)) as url:
        found = trial(
            url, Path(folder), starter, processes=chosen.processes, seconds=chosen.seconds, seed=chosen.seed,
            servers=chosen.servers, gunicorn=chosen.gunicorn,
        )  # fmt: skip
    starter.close()
    kind = "processes of gunicorn" if chosen.gunicorn else "servers"
    where = f"{chosen.database}, {chosen.servers} {kind}, seed {chosen.seed}"
    print(f"{where}: {chosen.processes} clients, {found.seconds:.0f} s")
    print(judging.table(found.said))
    print("\n".join(found.wrong) or "nothing lost, nothing doubled, every rule holds")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
