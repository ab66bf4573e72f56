"""The installation's secret: made once, kept in the home or given by the environment, never weak.

Everything that must not be forged or read (sessions, sealed secrets, hashes of logins and addresses) hangs on it. Each
use has a key of its own, derived by name, so that none can stand in for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import os
import secrets
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .errors import LogisticsError
from .settings import Settings

SHORTEST_SECRET = 32
MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_hex(32))'"
#: What examples and tutorials write where a secret belongs.
KNOWN_SECRETS = ("change", "default", "example", "insecure", "please", "replace", "your-secret", "your_secret")
KNOWN_PASSWORDS = frozenset(
    {
        "", "admin", "changeme", "change-me", "change_me", "db", "default", "example", "pass", "password", "passw0rd",
        "postgres", "postgresql", "root", "secret", "test", "tournee", "tournée", "123456", "12345678",
    }
)  # fmt: skip


class WeakSecret(LogisticsError):
    """A secret that others know or could guess; nothing starts with it."""

    code = "weak-secret"

    def __init__(self, what: str, *, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what}. {remedy}")


class NotOurs(LogisticsError):
    """A sealed text that was not sealed with this installation's key."""

    code = "not-ours"

    def __init__(self) -> None:
        super().__init__("it was sealed with another key")


def guard(settings: Settings) -> None:
    """Refuse to go on with a secret or a database password that others know.

    Raises:
        WeakSecret: says which, and how to mend it.
    """
    secret(settings)
    _check_database(settings.database_url)


def secret(settings: Settings) -> str:
    """The installation's secret: `TOURNEE_SECRET_KEY`, else the key file, which the first call makes.

    Raises:
        WeakSecret: shorter than 32 characters, one repeated character, a known default, or a file others may read.
    """
    if settings.secret_key:
        return _strong(settings.secret_key, "TOURNEE_SECRET_KEY", f"Set a random one, for example from: {MAKE_ONE}")
    file = settings.home / "secret.key"
    remedy = "Delete the file; a new one is made, everybody signs in again and enrols second factors again."
    return _strong(_kept(file), f"the key in {file}", remedy)


def derived(settings: Settings, use: str) -> bytes:
    """32 bytes that only this installation knows, others for each use."""
    return hmac.digest(secret(settings).encode(), use.encode(), hashlib.sha256)


def keyed_hash(settings: Settings, use: str, text: str) -> str:
    """64 hexadecimal digits that tell equal texts, and nothing else to whoever lacks the key."""
    return hmac.new(derived(settings, use), text.encode(), hashlib.sha256).hexdigest()


def seal(settings: Settings, text: str) -> str:
    """The text, so that only this installation can read it."""
    return _fernet(settings).encrypt(text.encode()).decode("ascii")


def unseal(settings: Settings, sealed: str) -> str:
    """What `seal` was given.

    Raises:
        NotOurs: sealed with another key, or damaged.
    """
    try:
        return _fernet(settings).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise NotOurs from None


def _fernet(settings: Settings) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived(settings, "seal")))


def _kept(file: Path) -> str:
    """The key file's contents; the first of several processes that look makes it."""
    made = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not file.exists():
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))
        try:
            # A link is there whole or not at all; a file opened for writing could be read while it is still empty.
            os.link(made, file)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise WeakSecret(f"the key file {file} can be read by others", remedy=f"Run: chmod 600 {file}")
    return file.read_text(encoding="ascii").strip()


def _strong(found: str, what: str, remedy: str) -> str:
    lowered = found.lower()
    if len(found) < SHORTEST_SECRET:
        raise WeakSecret(f"{what} is shorter than {SHORTEST_SECRET} characters", remedy=remedy)
    if len(set(found)) < 8:
        raise WeakSecret(f"{what} repeats a few characters", remedy=remedy)
    if any(known in lowered for known in KNOWN_SECRETS):
        raise WeakSecret(f"{what} is a known default", remedy=remedy)
    return found


def _check_database(url: str) -> None:
    try:
        target = make_url(url)
    except ArgumentError:
        return  # whoever opens it says so in better words
    if target.get_backend_name() == "sqlite" or target.password is None or _is_here(target.host):
        return
    if str(target.password).lower() in KNOWN_PASSWORDS or target.password == target.username:
        raise WeakSecret(
            "the password in TOURNEE_DATABASE_URL is a known default",
            remedy="Give the database's user a random one and set it there.",
        )


def _is_here(host: str | None) -> bool:
    if not host or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
