"""Who may sign in and by what: users, second factors, links, tokens, and what failed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

import inventory.models  # noqa: F401  (our foreign keys point at its tables)
from inventory.db import Base, UTCDateTime, WordSet

from .. import states
from .words import one_of


class User(Base):
    """Somebody who may sign in. A courier is tied to a van, an employee to their number; `sites` empty means all."""

    __tablename__ = "user_account"
    __table_args__ = (CheckConstraint(one_of("role", states.ROLES), name="known_role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    sites: Mapped[frozenset[str]] = mapped_column(WordSet, default=frozenset)
    van_id: Mapped[int | None] = mapped_column(ForeignKey("van.id"), index=True)
    language: Mapped[str] = mapped_column(String(5), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    #: Where invitations and resets are sent; empty = only by printed link.
    email: Mapped[str] = mapped_column(String(200), default="", server_default="")
    #: Issuer and subject of the company's sign-in service, once it has vouched for this account.
    sign_in_subject: Mapped[str | None] = mapped_column(String(400), unique=True)
    #: Raised to end every session of the account.
    session_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Raised by every change an administrator makes; what `If-Match` compares.
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class SecondFactor(Base):
    """Something an account must show beside its password: a code generator, or a passkey."""

    __tablename__ = "second_factor"
    __table_args__ = (CheckConstraint(one_of("kind", states.FACTOR_KINDS), name="known_kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80), default="")
    #: A code generator's secret, sealed with the installation's key; empty for a passkey.
    secret: Mapped[str] = mapped_column(String(400), default="")
    #: A passkey's own id and public key, base64url.
    credential_id: Mapped[str | None] = mapped_column(String(700), unique=True)
    public_key: Mapped[str] = mapped_column(String(1000), default="")
    sign_count: Mapped[int] = mapped_column(default=0)
    #: The last time step whose code was used; the same code never opens twice.
    last_step: Mapped[int] = mapped_column(default=0)
    is_confirmed: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RecoveryCode(Base):
    """One printed code that replaces a lost second factor, once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AccountLink(Base):
    """A link that lets its holder choose a password once; only the hash of its token is kept."""

    __tablename__ = "account_link"
    __table_args__ = (CheckConstraint(one_of("purpose", states.LINK_PURPOSES), name="known_purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInFailure(Base):
    """One failed sign-in, under a keyed hash of the login or of the address it came from."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_subject_at", "subject", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ApiToken(Base):
    """A program's key to the API: acts as its user, within its scopes, until it expires. Only the hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    #: The first characters, so that a person can tell tokens apart.
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[frozenset[str]] = mapped_column(WordSet, default=frozenset)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
