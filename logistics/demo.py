"""`tournee demo`: a company to try the product with, from an empty home to a published day and the pages on it.

Everything goes in by the same imports a user would call. A note in the home says that the demo made it: what the note
does not cover is never deleted, and a home with somebody's own data is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .commands.console import Progress, Refused, clock, complain, kilometres, say
from .commands.data import tell
from .commands.tours import document, progress_words
from .settings import CHECKOUT, Settings

if TYPE_CHECKING:
    from .system import System

FILES = CHECKOUT / "data" / "demo"
ACTOR = "demo"
#: One sign-in per role, in the order they are printed.
SIGN_INS = ("coordination", "courier-v1", "support", "entrepot-bea", "employee", "admin", "audit")
#: Where the demo's company works.
COUNTRY, ZONE = "FR", "Europe/Paris"
#: The pages to begin with.
PAGES = (
    ("/", "sign in; everybody lands where their work is"),
    ("/day/{day}", "coordinator: the map and the tours"),
    ("/courier", "courier, on a phone: my tour"),
    ("/people", "agent: find somebody, order kit"),
    ("/warehouse/picking", "warehouse: what to pick"),
    ("/my/kit", "employee: my kit"),
    ("/admin/import", "admin: bring files in"),
)
#: Everything under the home that the demo makes and `--fresh` deletes.
MADE = (
    "regions/riviera", "documents", "imports", "uploads", "logs", "secret.key", "queue.db", "queue.db-wal",
    "queue.db-shm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line."""

    host: str = "127.0.0.1"
    port: int = 8000
    serve: bool = True
    fresh: bool = False


def run(settings: Settings, wishes: Wishes, *, now: Callable[[], datetime] | None = None) -> int:
    """Set the demo up, or find it set up, say how it stands, and serve it.

    Args:
        now: the clock; by default the machine's.

    Raises:
        Refused: the home holds data that is not the demo's, a file is missing, or an import did not go through.
    """
    began = time.monotonic()
    if wishes.fresh:
        start_over(settings)
    note = Note.read(settings.home)
    if note is None:
        _refuse_other_data(settings)
    from .wiring import prepare_home, wire

    prepare_home(settings.home)
    if note is None:
        note = Note("begun")
        note.write(settings.home)
    build_region(settings)
    system = wire(settings, now=now)
    day = working_day(system)
    if note.state == "ready":
        _again(system, day)
    else:
        _first(system, day)
        say(f"\nset up in {time.monotonic() - began:.0f} s")
    links(wishes, day)
    return serve(wishes) if wishes.serve else 0


@dataclass(frozen=True, slots=True)
class Note:
    """`demo.json` in the home: that the demo made it, and whether it was finished."""

    state: str

    @classmethod
    def read(cls, home: Path) -> Note | None:
        """The note, or None in a home the demo has not touched."""
        try:
            return cls(str(json.loads((home / "demo.json").read_text(encoding="utf-8"))["state"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return cls("begun")

    def write(self, home: Path) -> None:
        """Leave it in the home, whole or not at all."""
        part = home / "demo.json.part"
        part.write_text(json.dumps({"state": self.state}) + "\n", encoding="utf-8")
        os.replace(part, home / "demo.json")


def start_over(settings: Settings) -> None:
    """Delete what the demo made under the home; nothing else, and no database outside it.

    Raises:
        Refused: the database is not under the home, or the home is not the demo's.
    """
    home = settings.home
    if not home.exists():
        return
    database = _own_database(settings)
    if database is None:
        raise Refused(
            "the database named by TOURNEE_DATABASE_URL is not the demo's own, so it is not deleted",
            next_step="Empty it yourself, or unset TOURNEE_DATABASE_URL.",
        )
    if Note.read(home) is None:
        _refuse_other_data(settings)
    complain(f"deleting what the demo made under {home}")
    for name in (database.name, *(f"{database.name}{tail}" for tail in ("-wal", "-shm", ".queue")), *MADE):
        _delete(home / name)
    _delete(home / "demo.json")


def build_region(settings: Settings) -> None:
    """Build the shipped region unless it is there."""
    from . import regions
    from .commands.house import add_region

    if any(region.name == regions.SHIPPED for region in regions.installed(settings.home)):
        return
    if not regions.shipped().is_file():
        raise Refused(f"the shipped region {regions.shipped()} is missing", next_step="Fetch the checkout again.")
    add_region(settings, regions.shipped(), regions.SHIPPED)


def _first(system: System, day: date) -> None:
    """Bring the company in, plan and publish a day, hand out passwords; an interrupted first time is taken up again."""
    from . import imports

    for kind in imports.KINDS:
        _bring(system, kind, day)
    _plan_and_publish(system, day)
    passwords = _hand_out(system)
    Note("ready").write(system.settings.home)
    summary(system, day)
    say("\nSign in as (these passwords are shown this once):")
    for login, (role, password) in passwords.items():
        say(f"  {role:<12} {login:<14} {password}")


def _again(system: System, day: date) -> None:
    """Everything is kept; a new day is offered."""
    from .errors import NoPlan, NothingToPlan

    try:
        summary(system, day)
    except NoPlan:
        if _agreed(f"{day.isoformat()} has no plan yet. Plan and publish it now?"):
            try:
                _plan_and_publish(system, day)
                summary(system, day)
            except NothingToPlan:
                say(f"No order waits for {day.isoformat()}. Place some, or start over with --fresh.")
        else:
            command = f"tournee plan {day.isoformat()} && tournee publish {day.isoformat()}"
            say(f"{day.isoformat()} has no plan yet. Plan and publish it with: {command}")
    say("\nEverything was kept. A lost password is replaced with: tournee user password LOGIN --random")
    say(f"Logins: {', '.join(SIGN_INS)}. To start over: --fresh")


def _plan_and_publish(system: System, day: date) -> None:
    from . import dispatch, planning

    progress = Progress(f"plan {day.isoformat()}")
    planning.plan_day(
        system,
        day,
        time_limit=system.settings.time_limit_seconds,
        on_progress=lambda facts: progress(progress_words(facts)),
        actor=ACTOR,
    )
    progress.done(f"{progress.seconds:.0f} s")
    dispatch.publish(system, day, now=system.now(), actor=ACTOR)


def _bring(system: System, kind: str, day: date) -> None:
    """Import one of the demo's files; anything but a clean import is shown and stops the demo."""
    from . import imports

    file = FILES / f"{kind}.csv"
    if not file.is_file():
        raise Refused(f"the demo's file {file} is missing", next_step="Fetch the checkout again.")
    progress = Progress(f"import {kind}")
    report = imports.import_file(
        system,
        kind,
        file,
        today=day,
        actor=ACTOR,
        errors_to=system.settings.home / "imports" / f"{kind}.errors.csv",
        on_progress=lambda facts: progress(f"{facts['rows']:,} rows"),
    )
    progress.done()
    if not report.ok:
        tell(report, system.settings.language)
        raise Refused(f"the demo's {kind} did not go in", next_step="Start over with: tournee demo --fresh")
    notes = Counter(notice.code for notice in report.notices)
    remarks = "".join(f", {count} {code}" for code, count in sorted(notes.items()))
    complain(f"import {kind}: {report.created + report.updated + report.unchanged:,} rows{remarks}")


def working_day(system: System) -> date:
    """Today where the demo's people work, else the next working day, which is said."""
    from . import calendars

    today = system.now().astimezone(ZoneInfo(ZONE)).date()
    day = calendars.working_day(today, 0, COUNTRY)
    if day != today:
        say(f"*** {today:%A %d %B} is no working day: the demo is about {day:%A %d %B %Y}. ***")
    return day


def _hand_out(system: System) -> dict[str, tuple[str, str]]:
    """A new random password for one user of each role; only its hash is stored."""
    from . import users

    passwords = {}
    with system.sessions.begin() as session:
        for login in SIGN_INS:
            password = users.random_password()
            users.set_password(session, login, password)
            passwords[login] = (users.user(session, login).role, password)
    return passwords


def summary(system: System, day: date) -> None:
    """How the published day stands: tours, stops, kilometres, hours, unserved orders by reason.

    Raises:
        NoPlan: the day has no published plan.
    """
    told = document(system, day, "published")
    totals = told["totals"]
    say(f"\n{day:%A %d %B %Y}: {len(told['tours'])} tours, {totals['stops']} stops")
    for tour in told["tours"]:
        say(f"  {tour['van']:<4} {_hours(tour)}  {len(tour['stops']):>3} stops  {kilometres(tour['distance_m']):>9}")
    say(f"  {kilometres(totals['distance_m'])}, {clock(sum(_seconds(tour) for tour in told['tours']))} on the road")
    reasons = Counter(one["reason"]["code"] for one in told["unserved"])
    say(f"  {totals['unserved']} unserved: " + ", ".join(f"{count} {code}" for code, count in sorted(reasons.items())))


def links(wishes: Wishes, day: date) -> None:
    """Where the pages will be, and for whom."""
    base = f"http://{'127.0.0.1' if wishes.host == '0.0.0.0' else wishes.host}:{wishes.port}"  # noqa: S104
    say("\nOpen")
    for path, who in PAGES:
        say(f"  {base}{path.format(day=day.isoformat()):<18} {who}")


def serve(wishes: Wishes) -> int:
    """Serve the pages by the command the web app brings along.

    Raises:
        Refused: the web app is not installed.
    """
    points = [point for point in entry_points(group="tournee.commands") if point.name == "serve"]
    if not points:
        raise Refused("the web app is not installed", next_step="Run the set-up again: python3 run.py setup")
    command: Callable[[list[str]], Any] = points[0].load()
    return int(command(["--host", wishes.host, "--port", str(wishes.port)]) or 0)


def _own_database(settings: Settings) -> Path | None:
    """The SQLite file right under the home, or None when the database is another one."""
    from sqlalchemy.engine import make_url

    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    file = Path(url.database).resolve()
    return file if file.parent == settings.home.resolve() else None


def _refuse_other_data(settings: Settings) -> None:
    """Keep away from a database that holds a company of its own."""
    from sqlalchemy import func, select

    from inventory.models import Site

    from .database import open_sessions
    from .wiring import database_state

    if not settings.home.exists() and _own_database(settings) is not None:
        return
    if database_state(settings.database_url) == "empty":
        return
    sessions = open_sessions(settings.database_url)
    try:
        with sessions() as session:
            sites = session.scalar(select(func.count()).select_from(Site)) or 0
    finally:
        sessions.close()
    if sites:
        raise Refused(
            f"{settings.home} holds a company's own data; the demo keeps away from it",
            next_step="Set TOURNEE_HOME to another folder for the demo.",
        )


def _agreed(question: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes", "o", "oui")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _hours(tour: dict[str, Any]) -> str:
    return f"{tour['start'][11:16]}-{tour['end'][11:16]}"


def _seconds(tour: dict[str, Any]) -> int:
    return int((datetime.fromisoformat(tour["end"]) - datetime.fromisoformat(tour["start"])).total_seconds())
