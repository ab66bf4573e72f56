"""Passkeys: a key pair in the reader's device; we keep its public half and check what the private one signs.

A challenge is good for a few minutes and for one use: an answer counts only if its challenge was given out after the
passkey was last used, in one conditional UPDATE whose row count decides.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from . import factors, keys, users
from .errors import LogisticsError
from .models import SecondFactor
from .settings import Settings

CHALLENGE_LIVES = timedelta(minutes=5)
MOST_BYTES = 20_000


class PasskeyRefused(LogisticsError):
    """The answer does not fit: another challenge, site or key, an answer used before, or none of our passkeys."""

    code = "passkey-refused"

    def __init__(self) -> None:
        super().__init__("the passkey was not accepted")


@dataclass(frozen=True, slots=True)
class Party:
    """Who a passkey is for: the name of our host, and the whole address its pages have."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the device has to sign, and since when."""

    text: str
    given_at: datetime


def party(address: str) -> Party | None:
    """The party of an address; None where browsers offer no passkeys: without https (but for `localhost`), or by IP."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
    if not secure or not host or host.replace(".", "").isdigit() or ":" in host:
        return None
    return Party(host, f"{parts.scheme}://{parts.netloc}")


def adding(
    session: Session, settings: Settings, account: users.Account, party: Party, *, now: datetime
) -> tuple[dict[str, Any], Challenge]:
    """Options for the browser to make a passkey with, and the challenge to remember."""
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name="Tournée",
        user_name=account.login,
        user_id=bytes.fromhex(keys.keyed_hash(settings, "passkey-user", str(account.id))),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_known(session, account.id),
    )
    return _told(options), Challenge(bytes_to_base64url(options.challenge), now)


def add(
    session: Session, settings: Settings, account: users.Account, party: Party, challenge: Challenge, answer: str, *,
    name: str, now: datetime,
) -> int:  # fmt: skip
    """Keep the passkey that the browser made; sign-ins made without it end.

    Raises:
        PasskeyRefused: the answer does not fit.
    """
    _fresh(challenge, answer, now)
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=webauthn.base64url_to_bytes(challenge.text),
            expected_rp_id=party.host,
            expected_origin=party.origin,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    row = SecondFactor(
        user_id=account.id,
        kind="passkey",
        name=name.strip()[:80],
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        is_confirmed=True,
        added_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise PasskeyRefused from None
    factors.changed(session, settings, account, now=now)
    return row.id


def using(
    session: Session, account: users.Account, party: Party, *, now: datetime
) -> tuple[dict[str, Any], Challenge]:
    """Options for the browser to sign with one of the account's passkeys, and the challenge to remember."""
    options = webauthn.generate_authentication_options(
        rp_id=party.host,
        allow_credentials=_known(session, account.id),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return _told(options), Challenge(bytes_to_base64url(options.challenge), now)


def check(
    session: Session, account: users.Account, party: Party, challenge: Challenge, answer: str, *, now: datetime
) -> None:
    """Take the browser's answer to `using`.

    Raises:
        PasskeyRefused: the answer does not fit.
    """
    _fresh(challenge, answer, now)
    row = session.scalar(
        select(SecondFactor).where(
            SecondFactor.user_id == account.id, SecondFactor.kind == "passkey", SecondFactor.is_confirmed,
            SecondFactor.credential_id == _id_of(answer),
        )
    )  # fmt: skip
    if row is None:
        raise PasskeyRefused
    try:
        used = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=webauthn.base64url_to_bytes(challenge.text),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=webauthn.base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    unused = or_(SecondFactor.last_used_at.is_(None), SecondFactor.last_used_at < challenge.given_at)
    done = session.execute(
        update(SecondFactor)
        .where(SecondFactor.id == row.id, SecondFactor.sign_count == row.sign_count, unused)
        .values(sign_count=used.new_sign_count, last_used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise PasskeyRefused


def _known(session: Session, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    ids = session.scalars(
        select(SecondFactor.credential_id).where(SecondFactor.user_id == user_id, SecondFactor.kind == "passkey")
    )
    return [PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one)) for one in ids if one]


def _fresh(challenge: Challenge, answer: str, now: datetime) -> None:
    if len(answer) > MOST_BYTES or not challenge.given_at <= now <= challenge.given_at + CHALLENGE_LIVES:
        raise PasskeyRefused


def _id_of(answer: str) -> str:
    try:
        told = json.loads(answer)["rawId"]
    except (ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    return str(told).rstrip("=")


def _told(options: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return told
