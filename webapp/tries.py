"""Counting tries of the present request: under the login, and under the address it came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request

from logistics import lockout, users
from logistics.errors import InvalidRequest

from .here import system


@contextmanager
def counted(login: str = "", *, forget: bool = True) -> Iterator[None]:
    """Judge a password, a code or a link inside. A block that raises was a failed try.

    Args:
        forget: whether getting through makes the login's earlier failures forgotten.

    Raises:
        lockout.TooManyTries: before the block is entered.
    """
    key = normal(login)
    tried = lockout.begin_try(system(), login=key, address=request.remote_addr or "")
    yield
    lockout.succeeded(system(), tried, login=key if forget else "")


def normal(login: str) -> str:
    """The login as it is counted: as the accounts spell it, so that no other spelling counts by itself."""
    try:
        return users.normal_login(login)
    except InvalidRequest:
        return login.strip()[:80]


def forget(login: str) -> None:
    """The sign-in is complete: the login's earlier failures do not count any more."""
    lockout.succeeded(system(), lockout.Try((), ()), login=normal(login))
