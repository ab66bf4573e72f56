"""Look for people in what a running installation leaves behind: `python -m tests.campaigns.canaries HOME`.

What is looked for are the names, streets, phones and mails of the home's own database; where, its logs, its queue, the
rows of its tasks and messages, and the figures of `--url`, if one is given. Exit code 1 when somebody is found.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_plus

from sqlalchemy import text

from logistics.database import open_sessions
from logistics.settings import Settings
from tests.canaries import ROWS

#: Words of people shorter than this are found in anything.
LEAST_LETTERS = 5


def people(url: str) -> frozenset[str]:
    """What is told of people: whole names, family names, streets, phones, mails."""
    sessions = open_sessions(url)
    try:
        with sessions() as session:
            found = session.execute(text("SELECT given_name, family_name, email, phone FROM employee")).all()
            homes = session.execute(text("SELECT line, access_note FROM address")).all()
    finally:
        sessions.close()
    told = {f"{given} {family}" for given, family, _, _ in found}
    told |= {cell for _, family, mail, phone in found for cell in (family, mail, phone)}
    told |= {cell for row in homes for cell in row}
    return frozenset(one.strip() for one in told if one and len(one.strip()) >= LEAST_LETTERS)


def left_behind(home: Path, url: str) -> Iterator[tuple[str, str]]:
    """Name and text of everything that must hold nobody: log files, the queue, rows of tasks and messages."""
    for file in sorted([*(home / "logs").glob("*"), *home.glob("*.log"), *home.glob("queue.db*")]):
        yield file.name, file.read_bytes().decode("utf-8", "replace")
    sessions = open_sessions(url)
    try:
        with sessions() as session:
            for table, columns in ROWS.items():
                for row in session.execute(text(f"SELECT {', '.join(columns)} FROM {table}")):
                    yield f"table {table}", " ".join(str(cell) for cell in row)
    finally:
        sessions.close()


def scan(home: Path, *, url: str | None = None, served_at: str = "", asked: Iterable[str] = ()) -> list[str]:
    """Where somebody was found, and by how many letters their word begins; never the word itself.

    Args:
        asked: addresses that were asked for, to be looked through, too.
    """
    database = url or f"sqlite:///{home / 'tournee.db'}"
    wanted = people(database)
    if not wanted:
        raise AssertionError("the database knows nobody: there would be nothing to find")
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in sorted(wanted, key=len, reverse=True)))
    places = list(left_behind(home, database))
    places += [("an address", unquote_plus(one)) for one in dict.fromkeys(asked)]
    if served_at:
        with urllib.request.urlopen(f"{served_at}/metrics", timeout=10) as answer:  # noqa: S310 - our own address
            places.append(("metrics", answer.read().decode()))
    if not places:
        raise AssertionError(f"nothing was left behind in {home}: is it a home that was used?")
    return [
        f"{where}: {found[0][:2]}… ({len(found[0])} letters)"
        for where, told in places
        for found in pattern.finditer(told)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Scan a home and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--url", default="", help="where the installation is served, for its figures")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment(os.environ | {"TOURNEE_HOME": str(options.home)})
    found = scan(settings.home, url=settings.database_url, served_at=options.url.rstrip("/"))
    for one in found:
        print(one)
    print(f"{len(found)} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
