"""Keys for programs: a token acts as its owner, within its scopes, until it expires; only its hash is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from . import rights, users
from .errors import InvalidRequest, LogisticsError, UnknownRecord
from .models import ApiToken, User

#: What every token begins with, so that programs that look for lost secrets find it.
PREFIX = "trn_"
#: Random bytes of a token: 256 bits, 43 letters.
RANDOM_BYTES = 32
#: Letters of a token that are kept in the open, so that people can tell their tokens apart.
SHOWN = len(PREFIX) + 6
USUAL_DAYS, MOST_DAYS = 90, 366
#: Open tokens one account may have.
MOST_TOKENS = 50
#: How often the time of the last use is written.
USE_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(LogisticsError):
    """The token is not known, expired, revoked, or its owner's account is closed."""

    code = "token-refused"

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the token is {problem}")


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its owner sees it, without the token."""

    id: int
    login: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    made_at: datetime
    made_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """`open`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "open"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls: the token's id and scopes, and its owner's account as it is now."""

    token_id: int
    scopes: frozenset[str]
    account: users.Account


def make(
    session: Session,
    login: str,
    *,
    name: str,
    scopes: frozenset[str],
    days: int = USUAL_DAYS,
    now: datetime,
    actor: str,
) -> tuple[str, TokenRow]:
    """A new token for an account: its text, which is told this once, and its row.

    Raises:
        UnknownRecord: no such account.
        InvalidRequest: no name, no or unknown scopes, days outside 1 to 366, a closed account, 50 open tokens already.
    """
    owner = session.scalar(select(User).where(User.login == users.normal_login(login)).with_for_update())
    if owner is None:
        raise UnknownRecord("user", login)
    if not owner.is_active:
        raise InvalidRequest("login", "is closed")
    _check(name, scopes, days)
    if len([one for one in of_user(session, owner.id) if one.state(now) == "open"]) >= MOST_TOKENS:
        raise InvalidRequest("name", "too many open tokens; revoke one first", limit=MOST_TOKENS)
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    made = ApiToken(
        user_id=owner.id, name=name.strip(), prefix=text[:SHOWN], digest=digest(text), scopes=frozenset(scopes),
        made_at=now, made_by=actor, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return text, _row(made, owner.login)


def _check(name: str, scopes: frozenset[str], days: int) -> None:
    if not name.strip() or len(name.strip()) > 80 or not name.isprintable():
        raise InvalidRequest("name", "must be 1 to 80 printable characters")
    if not scopes:
        raise InvalidRequest("scopes", "are missing; a token without a scope can do nothing")
    unknown = sorted(set(scopes) - set(rights.SCOPES))
    if unknown:
        raise InvalidRequest("scopes", f"must be among {', '.join(rights.SCOPES)}")
    if not 1 <= days <= MOST_DAYS:
        raise InvalidRequest("days", f"must be from 1 to {MOST_DAYS}")


def digest(text: str) -> str:
    """What is kept of a token. A plain hash is enough: 256 random bits cannot be guessed from it."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def recognise(session: Session, text: str, *, now: datetime) -> Bearer:
    """Who holds this token, with the owner's role, sites and van as they are at this moment.

    Raises:
        TokenRefused: not known, expired, revoked, or the account is closed.
    """
    found = session.scalar(select(ApiToken).where(ApiToken.digest == digest(text)))
    if found is None:
        raise TokenRefused("unknown")
    if found.revoked_at is not None:
        raise TokenRefused("revoked")
    if found.expires_at <= now:
        raise TokenRefused("expired")
    account = users.account(session, found.user_id)
    if not account.is_active:
        raise TokenRefused("closed")
    return Bearer(found.id, found.scopes, account)


def note_use(session: Session, token_id: int, *, now: datetime) -> None:
    """Remember when the token was last used, to the minute."""
    found = session.get(ApiToken, token_id)
    if found is not None and (found.last_used_at is None or found.last_used_at <= now - USE_NOTED_EVERY):
        found.last_used_at = now
        session.flush()


def use_is_due(session: Session, token_id: int, *, now: datetime) -> bool:
    """Whether `note_use` would write anything."""
    used = session.scalar(select(ApiToken.last_used_at).where(ApiToken.id == token_id))
    return used is None or used <= now - USE_NOTED_EVERY


def of_user(session: Session, user_id: int) -> tuple[TokenRow, ...]:
    """The account's tokens, newest first."""
    return _rows(session, select(ApiToken, User.login).where(ApiToken.user_id == user_id))


def all_tokens(session: Session, login: str | None = None) -> tuple[TokenRow, ...]:
    """Every token, or those of one account, newest first."""
    wanted = select(ApiToken, User.login)
    return _rows(session, wanted if login is None else wanted.where(User.login == users.normal_login(login)))


def revoke(session: Session, token_id: int, *, now: datetime, user_id: int | None = None) -> TokenRow:
    """End a token; one that is revoked already stays as it is.

    Args:
        user_id: whose token it must be; None = anybody's.

    Raises:
        UnknownRecord: no such token, or another's.
    """
    found = session.get(ApiToken, token_id, with_for_update=True)
    if found is None or (user_id is not None and found.user_id != user_id):
        raise UnknownRecord("token", token_id)
    found.revoked_at = found.revoked_at or now
    session.flush()
    return _row(found, users.account(session, found.user_id).login)


def _rows(session: Session, wanted: Select[ApiToken, str]) -> tuple[TokenRow, ...]:
    found = session.execute(wanted.join(User, User.id == ApiToken.user_id).order_by(ApiToken.id.desc()))
    return tuple(_row(token, login) for token, login in found)


def _row(token: ApiToken, login: str) -> TokenRow:
    return TokenRow(
        token.id, login, token.name, token.prefix, tuple(sorted(token.scopes)), token.made_at, token.made_by,
        token.expires_at, token.last_used_at, token.revoked_at,
    )  # fmt: skip
