"""Mails to the owner of an account about what was done to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from . import mails, outbox, users
from .settings import Settings


def tell(session: Session, settings: Settings, account: users.Account, kind: str, *, now: datetime) -> bool:
    """Have the owner told, where mail is set up and the account has an address; says whether a mail will go."""
    if not mails.ready(settings) or not account.email:
        return False
    key = f"{kind}:{account.id}:{now.timestamp():.0f}"
    return outbox.say(
        session, key=key, kind=kind, recipient=account.email, payload=mails.facts_of(account, settings), now=now
    )


def change_password(
    session: Session, settings: Settings, account: users.Account, hashed: str, *, now: datetime
) -> users.Account:
    """Store a new password's hash, end every sign-in, tell the owner; gives back the account as it is now."""
    users.put_password_hash(session, account.login, hashed)
    tell(session, settings, account, "password-changed", now=now)
    return users.account(session, account.id)
