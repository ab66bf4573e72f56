"""Who is signed in: a session that ends when the account closes or its password changes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque

from flask import Flask, session
from flask_login import LoginManager, UserMixin

from logistics import users
from logistics.errors import LogisticsError

from .here import system

#: Failed sign-ins of one login or one address in so many seconds before further tries are refused.
TRIES, WITHIN_SECONDS = 8, 300


class SignedIn(UserMixin):
    """The account behind a request."""

    def __init__(self, account: users.Account) -> None:
        self.account = account
        self.role, self.login, self.name = account.role, account.login, account.name
        self.sites, self.van_code, self.employee_number = account.sites, account.van_code, account.employee_number
        self.language = account.language

    @property
    def is_active(self) -> bool:
        return self.account.is_active

    def get_id(self) -> str:
        return str(self.account.id)


def recognise(app: Flask) -> None:
    """Know signed-in people again on every request."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load)


def _load(user_id: str) -> SignedIn | None:
    try:
        with system().sessions() as reading:
            account = users.account(reading, int(user_id))
    except (LogisticsError, ValueError):
        return None
    known = session.get("stamp") == account.stamp
    return SignedIn(account) if account.is_active and known else None


class Tries:
    """Counts failed sign-ins in this process, so that passwords cannot be guessed quickly."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def too_many(self, *keys: str) -> bool:
        """Whether any of the keys has failed too often of late."""
        with self._lock:
            return any(len(self._recent(key)) >= TRIES for key in keys)

    def failed(self, *keys: str) -> None:
        """Note a failure under each key."""
        with self._lock:
            for key in keys:
                self._recent(key).append(time.monotonic())

    def _recent(self, key: str) -> deque[float]:
        times = self._failed[key]
        while times and times[0] < time.monotonic() - WITHIN_SECONDS:
            times.popleft()
        return times


tries = Tries()
