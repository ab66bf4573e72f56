"""Links by which somebody chooses a password: invitations and resets. Once, for a while, for one purpose.

A token has 256 random bits and is never stored: the row keeps a hash of purpose and token together, so that a link of
one purpose is unknown to the other.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from . import mails, outbox, users
from .errors import LogisticsError, WrongState
from .models import AccountLink, User
from .settings import Settings

#: How long a link lives, and how long one lives that somebody asked for who had forgotten the password.
HOURS, FORGOT_HOURS = 72, 2
#: Where a link of each purpose leads.
PATHS = {"invite": "/welcome/", "reset": "/reset/"}


class LinkRefused(LogisticsError):
    """Unknown, expired, used, revoked, of another purpose, or of a closed account; all look alike on purpose."""

    code = "link-refused"

    def __init__(self) -> None:
        super().__init__("the link does not hold")


@dataclass(frozen=True, slots=True)
class Link:
    """A link just made: the only time its token is known. `url` is None where no base address is set."""

    purpose: str
    path: str
    url: str | None
    hours: int
    mailed_to: str = ""


def invite(
    session: Session, settings: Settings, login: str, *, made_by: str, now: datetime, by_mail: bool = False
) -> Link:
    """A link that lets somebody choose their first password. Earlier links of the account end.

    Raises:
        UnknownRecord: no such login.
        WrongState: the account is closed.
        mails.NoMail: it should go by mail and cannot: no mail or base address set up, or no e-mail of the account.
    """
    return _made(session, settings, login, "invite", made_by=made_by, now=now, hours=HOURS, by_mail=by_mail)


def reset(
    session: Session, settings: Settings, login: str, *, made_by: str, now: datetime, by_mail: bool = False,
    hours: int = HOURS,
) -> Link:  # fmt: skip
    """A link that lets somebody choose a new password; the old one holds until then. Otherwise as `invite`."""
    return _made(session, settings, login, "reset", made_by=made_by, now=now, hours=hours, by_mail=by_mail)


def holder(session: Session, purpose: str, token: str, *, now: datetime) -> users.Account:
    """Whose link it is.

    Raises:
        LinkRefused: it does not hold.
    """
    user_id = session.scalar(select(AccountLink.user_id).where(*_open(purpose, token, now)))
    account = users.account(session, user_id) if user_id is not None else None
    if account is None or not account.is_active:
        raise LinkRefused
    return account


def redeem(session: Session, purpose: str, token: str, hashed: str, *, now: datetime) -> users.Account:
    """Set the password and spend the link; every sign-in and every other link of the account ends.

    The row count decides: of two who use a link at once, one gets in.

    Args:
        hashed: what `users.hash_password` made, dear as it is, outside of the transaction.

    Raises:
        LinkRefused: it does not hold.
    """
    owner = holder(session, purpose, token, now=now)
    spent = session.execute(update(AccountLink).where(*_open(purpose, token, now)).values(used_at=now))
    if not isinstance(spent, CursorResult) or spent.rowcount != 1:
        raise LinkRefused
    users.put_password_hash(session, owner.login, hashed)
    revoke(session, owner.id, now=now)
    return users.account(session, owner.id)


def revoke(session: Session, user_id: int, *, now: datetime) -> None:
    """End every open link of the account."""
    still = (AccountLink.user_id == user_id, AccountLink.used_at.is_(None), AccountLink.expires_at > now)
    session.execute(update(AccountLink).where(*still).values(expires_at=now))


def _made(
    session: Session, settings: Settings, login: str, purpose: str, *, made_by: str, now: datetime, hours: int,
    by_mail: bool,
) -> Link:  # fmt: skip
    account = users.account_of(session, login)
    if not account.is_active:
        raise WrongState("user", account.login, state="closed", wanted=purpose)
    token = secrets.token_urlsafe(32)
    path = f"{PATHS[purpose]}{token}"
    url = f"{settings.base_url.rstrip('/')}{path}" if settings.base_url else None
    if by_mail:
        mails.must_reach(settings, account)
    # The row is locked (PostgreSQL), so that two links made at once do not both stay open.
    session.execute(select(User.id).where(User.id == account.id).with_for_update())
    revoke(session, account.id, now=now)
    row = AccountLink(
        user_id=account.id, purpose=purpose, digest=_digest(purpose, token), made_at=now, made_by=made_by,
        expires_at=now + timedelta(hours=hours),
    )  # fmt: skip
    session.add(row)
    session.flush()
    if by_mail:
        facts = {"link": url, "hours": hours, **mails.facts_of(account, settings)}
        outbox.say(session, key=f"link:{row.id}", kind=purpose, recipient=account.email, payload=facts, now=now)
    return Link(purpose, path, url, hours, account.email if by_mail else "")


def _open(purpose: str, token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        AccountLink.digest == _digest(purpose, token),
        AccountLink.purpose == purpose,
        AccountLink.used_at.is_(None),
        AccountLink.expires_at > now,
    )


def _digest(purpose: str, token: str) -> str:
    return sha256(f"{purpose}:{token}".encode()).hexdigest()
