"""`tournee doctor`: what is set up, what is missing, and how to mend it, in plain words."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .settings import Settings

#: Below this the database and the regions may not fit.
LEAST_FREE_BYTES = 500_000_000
SET_UP = "Run the set-up again: python3 run.py setup"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `needed` ones that are not `good` make the visit fail; others are worth knowing."""

    subject: str
    good: bool
    words: str
    remedy: str = ""
    needed: bool = True

    @property
    def ok(self) -> bool:
        """Whether nothing must be done about it."""
        return self.good or not self.needed

    def line(self) -> str:
        """For a terminal."""
        mark = "ok     " if self.good else "MISSING" if self.needed else "note   "
        remedy = f" {self.remedy}" if self.remedy and not self.good else ""
        return f"{mark} {self.subject}: {self.words}.{remedy}"

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "subject": self.subject,
            "ok": self.ok,
            "good": self.good,
            "needed": self.needed,
            "words": self.words,
            "remedy": "" if self.good else self.remedy,
        }


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Look at everything the product needs; changes nothing and never raises.

    What a look itself breaks over is a finding too.
    """
    looks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("Python", _python),
        ("home", _home),
        ("disk", _disk),
        ("database", _database),
        ("regions", _regions),
        ("solver", _solver),
        ("documents", _documents),
        ("web app", _web_app),
        ("tasks", _tasks),
        ("mail", _mail),
        ("browser", _browser),
    )
    return tuple(_looked(subject, look, settings) for subject, look in looks)


def _looked(subject: str, look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except Exception as error:  # a doctor who faints helps nobody
        return Finding(subject, False, f"could not be looked at ({type(error).__name__})", SET_UP)


def _python(_settings: Settings) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info >= (3, 11)
    return Finding("Python", good, f"version {version}", "Install Python 3.11 or newer.")


def _home(settings: Settings) -> Finding:
    home = settings.home
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        good = os.access(parent, os.W_OK)
        return Finding(
            "home", good, f"{home} will be made by the first command", "Set TOURNEE_HOME to a folder you may write."
        )
    good = os.access(home, os.W_OK | os.X_OK)
    words = f"{home} can be written" if good else f"{home} cannot be written"
    return Finding("home", good, words, "Set TOURNEE_HOME to a folder you may write, or change the rights of this one.")


def _disk(settings: Settings) -> Finding:
    folder = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free"
    return Finding("disk", free >= LEAST_FREE_BYTES, words, "Free some space, or set TOURNEE_HOME to another disk.")


def _database(settings: Settings) -> Finding:
    from .wiring import NotReady, database_state, judge

    kind = settings.database_url.partition(":")[0]
    try:
        state = database_state(settings.database_url)
        judge(settings.database_url)
    except NotReady as error:
        return Finding("database", False, f"{kind}, {error.problem}", error.remedy)
    words = {
        "empty": "empty; the first command makes the tables",
        "current": "reachable and up to date",
        "old": "of an older version",
        "foreign": "of a newer version or another program",
    }[state]
    remedy = {"old": "Make a copy, then run: tournee db upgrade"}.get(
        state, "Update Tournée, or set TOURNEE_DATABASE_URL to another database."
    )
    return Finding("database", state in ("empty", "current"), f"{kind}, {words}", remedy)


def _regions(settings: Settings) -> Finding:
    from . import regions

    remedy = "Build one: tournee region add FILE.osm.pbf --name NAME (the demo builds its own)"
    found = regions.installed(settings.home)
    damaged = regions.broken(settings.home)
    if damaged:
        names = ", ".join(one.name for one in damaged)
        return Finding("regions", False, f"damaged: {names}", "Build it again with: tournee region add")
    if not found:
        return Finding(
            "regions", False, "none; travel times are rough estimates and maps are blank", remedy, needed=False
        )
    return Finding("regions", True, ", ".join(region.name for region in found))


def _solver(_settings: Settings) -> Finding:
    import importlib.util
    import subprocess

    if importlib.util.find_spec("ortools") is None:
        return Finding("solver", False, "OR-Tools is not installed", SET_UP)
    # In a process of its own, as plans are solved: what it breaks over must not take us along.
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import ortools; from ortools.constraint_solver import pywrapcp; print(ortools.__version__)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    good = told.returncode == 0
    words = f"OR-Tools {told.stdout.strip()} starts in a process of its own" if good else "OR-Tools does not start"
    return Finding("solver", good, words, SET_UP)


def _documents(_settings: Settings) -> Finding:
    import typst

    source: Any = b"A route sheet"
    fonts = sorted(Path(__file__).parent.joinpath("documents", "fonts").glob("*.[to]tf"))
    if not fonts:
        return Finding("documents", False, "the fonts of the route sheet are missing", "Fetch the checkout again.")
    made = typst.compile(source, font_paths=[str(fonts[0].parent)])
    good = isinstance(made, bytes) and made.startswith(b"%PDF")
    return Finding("documents", good, f"route sheets can be made ({len(fonts)} fonts)", SET_UP)


def _web_app(settings: Settings) -> Finding:
    from importlib.metadata import entry_points

    served = any(point.name == "serve" for point in entry_points(group="tournee.commands"))
    words = "can be served" if served else "is not installed"
    if served and settings.worker == "worker":
        words += "; background work waits for `tournee worker`"
    return Finding("web app", served, words, SET_UP)


def _tasks(settings: Settings) -> Finding:
    from . import replays, task_views
    from .database import open_sessions
    from .wiring import NotReady, database_state

    try:
        state = database_state(settings.database_url)
    except NotReady:
        state = ""
    if state != "current":
        return Finding("tasks", True, "none yet", needed=False)
    sessions = open_sessions(settings.database_url)
    try:
        with sessions() as session:
            waiting = task_views.tasks(session, states=("queued",))
            aside = task_views.tasks(session, states=("parked",))
    finally:
        sessions.close()
    deaths = replays.kept(settings.home)
    words = f"{len(waiting)} waiting, {len(aside)} set aside"
    if deaths:
        words += f"; {len(deaths)} problems that killed a solver are kept (tournee replay)"
    remedy = f"Look at it, then put it back: tournee tasks show {aside[0].id[:12]}" if aside else ""
    return Finding("tasks", not aside, words, remedy, needed=False)


def _mail(settings: Settings) -> Finding:
    from . import mails, outbox
    from .database import open_sessions
    from .wiring import database_state

    if not mails.ready(settings):
        words = "none is sent; links are printed"
        return Finding("mail", False, words, "Set TOURNEE_MAIL_URL and TOURNEE_BASE_URL to send some.", needed=False)
    if database_state(settings.database_url) != "current":
        return Finding("mail", True, "is set up")
    sessions = open_sessions(settings.database_url)
    try:
        with sessions() as session:
            found = outbox.backlog(session)
    finally:
        sessions.close()
    words = f"is set up; {found.waiting} waiting, {found.failed} given up"
    trouble = f" (last: {found.last_error})" if found.last_error else ""
    good = not found.failed and not found.last_error
    return Finding("mail", good, words + trouble, "Look at TOURNEE_MAIL_URL and at the mail server.", needed=False)


def _browser(_settings: Settings) -> Finding:
    found = next((name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)
    words = f"{found} is there" if found else "no Chromium; only the browser tests need one"
    return Finding("browser", found is not None, words, needed=False)
