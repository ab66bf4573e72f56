"""How a command speaks: results on standard output, progress and complaints on standard error."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..system import System

DAY_HELP = "2026-11-23, today, tomorrow, or +N for the N-th working day from today"


class Refused(Exception):
    """The command cannot do it: one sentence, and what to do next."""

    def __init__(self, sentence: str, *, next_step: str = "") -> None:
        self.sentence, self.next_step = sentence, next_step
        super().__init__(sentence)


def say(text: str = "") -> None:
    """A line of the result."""
    print(text, flush=True)


def say_json(facts: Mapping[str, Any]) -> None:
    """The result for a program: one JSON object."""
    print(json.dumps(facts, ensure_ascii=False, indent=2, default=str), flush=True)


def complain(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


def actor() -> str:
    """Who runs this command, for the books."""
    try:
        return f"command:{getpass.getuser()}"
    except (OSError, KeyError):
        return "command"


def whole(least: int, most: int) -> Callable[[str], int]:
    """Reads an argument that is a whole number within bounds; anything else is refused with both."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return number

    return read


PORT = whole(1, 65_535)
SEARCH_SECONDS = whole(1, 86_400)


def day_word(text: str) -> str:
    """Check the shape of a DAY argument; `read_day` says which date it is.

    Raises:
        argparse.ArgumentTypeError: it is none of the accepted forms.
    """
    word = text.strip().lower()
    if word in ("today", "tomorrow") or re.fullmatch(r"\+\d{1,3}", word):
        return word
    try:
        return date.fromisoformat(word).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write {DAY_HELP}") from None


def read_day(system: System, word: str) -> date:
    """The date of a DAY argument, by the clock and the working days of the first site."""
    from .. import calendars

    today, country = here(system)
    if word == "today":
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    if word.startswith("+"):
        return calendars.working_day(today, int(word[1:]), country)
    return date.fromisoformat(word)


def here(system: System) -> tuple[date, str]:
    """The date and the country at the first site; UTC and no country where there is no site yet."""
    from zoneinfo import ZoneInfo

    from inventory import catalogue

    with system.sessions() as session:
        sites = catalogue.sites(session)
    zone, country = (sites[0].timezone, sites[0].country) if sites else ("UTC", "")
    return system.now().astimezone(ZoneInfo(zone)).date(), country


class Progress:
    """One line that is rewritten on a terminal; elsewhere a line every few seconds. Silent when asked for JSON."""

    def __init__(self, label: str, *, silent: bool = False) -> None:
        self._label, self._silent = label, silent
        self._began = self._said = time.monotonic()
        self._wide = 0

    def __call__(self, text: str) -> None:
        """Say how far it is."""
        if self._silent:
            return
        now = time.monotonic()
        line = f"{self._label}: {text}"
        if sys.stderr.isatty():
            print(f"\r{line.ljust(self._wide)}", end="", file=sys.stderr, flush=True)
            self._wide = len(line)
        elif now - self._said >= 5:
            complain(line)
            self._said = now

    def done(self, text: str = "") -> None:
        """End the line; `text` replaces it."""
        if self._silent:
            return
        if sys.stderr.isatty() and self._wide:
            print(f"\r{' ' * self._wide}\r", end="", file=sys.stderr, flush=True)
        if text:
            complain(f"{self._label}: {text}")

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began


def clock(seconds: int) -> str:
    """`4 h 05`: a duration as people say it."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d}"


def euros(cents: int) -> str:
    """`12.50 EUR`."""
    return f"{cents / 100:,.2f} EUR"


def kilometres(metres: int) -> str:
    """`12.3 km`."""
    return f"{metres / 1000:,.1f} km"
