"""Guessing is slowed down: failed tries are counted in the database, for all processes alike.

A try is written down before it is judged. Of any number of tries at once, however many processes they reach, at most
`tries` are judged within the window; the others are told to wait. Logins and addresses are kept as keyed hashes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from . import keys
from .errors import LogisticsError
from .models import SignInFailure
from .system import System


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries within so many seconds."""

    tries: int
    within_seconds: int


#: By what is counted. `login` and `address`: passwords, second factors, recovery codes, links. `forgot`: mails wanted.
LIMITS: Mapping[str, Limit] = {
    "login": Limit(8, 300),
    "address": Limit(40, 300),
    "forgot": Limit(3, 900),
    "forgot-address": Limit(10, 900),
}
LONGEST_SECONDS = max(limit.within_seconds for limit in LIMITS.values())


class TooManyTries(LogisticsError):
    """Too many failed tries of late; wait, even with the right password."""

    code = "too-many-tries"

    def __init__(self, kind: str) -> None:
        self.kind, self.seconds = kind, LIMITS[kind].within_seconds
        super().__init__(f"too many tries by {kind} within {self.seconds} s")


@dataclass(frozen=True, slots=True)
class Try:
    """A try that may be judged now. It counts as failed until `succeeded` is called."""

    ids: tuple[int, ...]
    subjects: tuple[str, ...]


def begin_try(system: System, *, login: str = "", address: str = "", forgot: str = "", forgot_address: str = "") -> Try:
    """Write a try down under whatever is given, in a transaction of its own.

    Raises:
        TooManyTries: under one of them there were too many; this one was not counted.
    """
    told = {"login": login.casefold(), "address": network(address), "forgot": forgot.casefold(),
            "forgot-address": network(forgot_address)}  # fmt: skip
    subjects = {kind: keys.keyed_hash(system.settings, f"tries:{kind}", text) for kind, text in told.items() if text}
    _refuse_too_many(system, subjects, most=-1)
    with system.sessions.begin() as session:
        rows = [SignInFailure(subject=subject, at=system.now()) for subject in subjects.values()]
        session.add_all(rows)
        session.flush()
        made = Try(tuple(row.id for row in rows), tuple(subjects.values()))
    try:
        # Counted again after the row is there for all to see: of many at once the later ones see the earlier ones.
        _refuse_too_many(system, subjects, most=0)
    except TooManyTries:
        with system.sessions.begin() as session:
            session.execute(delete(SignInFailure).where(SignInFailure.id.in_(made.ids)))
        raise
    return made


def succeeded(system: System, tried: Try, *, login: str = "") -> None:
    """The try was right: it does not count, and the login's earlier failures are forgotten. The address's are not."""
    subject = keys.keyed_hash(system.settings, "tries:login", login.casefold()) if login else ""
    with system.sessions.begin() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.id.in_(tried.ids)))
        if subject:
            session.execute(delete(SignInFailure).where(SignInFailure.subject == subject))


def sweep(system: System) -> None:
    """Delete what no window reaches any more."""
    before = system.now() - timedelta(seconds=LONGEST_SECONDS)
    with system.sessions() as session:
        if session.scalar(select(SignInFailure.id).where(SignInFailure.at < before).limit(1)) is None:
            return
    with system.sessions.begin() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.at < before))


def network(address: str) -> str:
    """What one reader holds: an IPv4 address, or the /64 of an IPv6 one; other texts as they are."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _refuse_too_many(system: System, subjects: Mapping[str, str], *, most: int) -> None:
    """Refuse when more than `tries + most` are written down."""
    now: datetime = system.now()
    with system.sessions() as session:
        for kind, subject in subjects.items():
            since = now - timedelta(seconds=LIMITS[kind].within_seconds)
            counted = select(func.count()).where(SignInFailure.subject == subject, SignInFailure.at > since)
            if (session.scalar(counted) or 0) > LIMITS[kind].tries + most:
                raise TooManyTries(kind)
