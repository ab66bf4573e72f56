"""What an account shows beside its password: codes from a generator, and ten printed codes for when it is lost.

Every code works once: a generator's code is refused when its time step, or a later one, was used before; a printed code
is marked as used. Both in one conditional UPDATE whose row count decides.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import CursorResult, Delete, Update, delete, func, select, update
from sqlalchemy.orm import Session

from . import keys, notices, users
from .errors import LogisticsError, UnknownRecord
from .models import RecoveryCode, SecondFactor
from .settings import Settings

STEP_SECONDS = 30
#: Steps before and after the present one whose code is taken: clocks differ.
LEEWAY = 1
RECOVERY_CODES = 10
ISSUER = "Tournée"


class CodeRefused(LogisticsError):
    """A wrong code, or one that was used before; the two look alike on purpose."""

    code = "code-refused"

    def __init__(self) -> None:
        super().__init__("the code does not hold")


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor as its owner sees it."""

    id: int
    kind: str
    name: str
    added_at: datetime
    last_used_at: datetime | None


def factors(session: Session, user_id: int) -> tuple[Factor, ...]:
    """The confirmed ones, oldest first."""
    rows = session.scalars(
        select(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.is_confirmed)
        .order_by(SecondFactor.added_at, SecondFactor.id)
    )
    return tuple(Factor(row.id, row.kind, row.name, row.added_at, row.last_used_at) for row in rows)


def must_enrol(settings: Settings, account: users.Account) -> bool:
    """Whether the account may do nothing before it has a second factor."""
    return settings.second_factor == "staff" and account.role != "employee" and not account.has_second_factor


def is_asked(settings: Settings, account: users.Account) -> bool:
    """Whether the password alone does not sign in."""
    return settings.second_factor != "off" and account.has_second_factor


# --- code generators --------------------------------------------------------------------------------------------------


def begin_generator(session: Session, settings: Settings, account: users.Account, *, name: str, now: datetime) -> int:
    """A code generator that counts once `confirm_generator` has seen a code of it; unconfirmed earlier ones go."""
    session.execute(
        delete(SecondFactor).where(SecondFactor.user_id == account.id, SecondFactor.is_confirmed.is_(False))
    )
    row = SecondFactor(
        user_id=account.id, kind="totp", name=name.strip()[:80], added_at=now,
        secret=keys.seal(settings, pyotp.random_base32(32)),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def generator_to_confirm(session: Session, settings: Settings, account: users.Account) -> tuple[str, str] | None:
    """Secret and `otpauth:` address of the generator that waits for its first code; None when none waits."""
    row = _unconfirmed(session, account.id)
    if row is None:
        return None
    secret = keys.unseal(settings, row.secret)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)


def confirm_generator(session: Session, settings: Settings, account: users.Account, code: str, *, now: datetime) -> int:
    """The generator shows the right code: it counts from now on, and sign-ins made without it end.

    Raises:
        UnknownRecord: no generator waits.
        CodeRefused: a wrong code.
    """
    row = _unconfirmed(session, account.id)
    if row is None:
        raise UnknownRecord("factor", account.login)
    step = _step_of(keys.unseal(settings, row.secret), code, now)
    if step is None:
        raise CodeRefused
    row.last_step, row.is_confirmed, row.last_used_at = step, True, now
    changed(session, settings, account, now=now)
    return row.id


def check_code(session: Session, settings: Settings, account: users.Account, code: str, *, now: datetime) -> None:
    """Take a generator's code, or a printed one; either works once.

    Raises:
        CodeRefused: wrong or used before.
    """
    plain = normal_code(code)
    if plain.isdigit() and len(plain) == 6:
        _check_generators(session, settings, account.id, plain, now)
    else:
        _check_recovery_code(session, settings, account.id, plain, now)


def normal_code(code: str) -> str:
    """A code as it is compared and stored, however it was typed: no blanks or dashes, small letters, plain digits."""
    folded = unicodedata.normalize("NFKC", code).casefold()
    kept = "".join(letter for letter in folded if letter.isalnum())
    return "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in kept)[:40]


def _check_generators(session: Session, settings: Settings, user_id: int, plain: str, now: datetime) -> None:
    mine = (SecondFactor.user_id == user_id, SecondFactor.kind == "totp", SecondFactor.is_confirmed)
    for row_id, sealed in session.execute(select(SecondFactor.id, SecondFactor.secret).where(*mine)).all():
        step = _step_of(keys.unseal(settings, sealed), plain, now)
        if step is not None and _one(
            session,
            update(SecondFactor)
            .where(SecondFactor.id == row_id, SecondFactor.last_step < step)
            .values(last_step=step, last_used_at=now),
        ):
            return
    raise CodeRefused


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is."""
    present, plain = int(now.timestamp()) // STEP_SECONDS, normal_code(code)
    generator = pyotp.TOTP(secret)
    found = [
        step
        for step in range(present - LEEWAY, present + LEEWAY + 1)
        if secrets.compare_digest(generator.generate_otp(step).encode(), plain.encode())
    ]
    return found[-1] if found else None


def _unconfirmed(session: Session, user_id: int) -> SecondFactor | None:
    return session.scalar(
        select(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.kind == "totp", SecondFactor.is_confirmed.is_(False))
        .order_by(SecondFactor.id.desc())
        .limit(1)
    )


# --- printed codes ----------------------------------------------------------------------------------------------------


def print_codes(session: Session, settings: Settings, account: users.Account) -> tuple[str, ...]:
    """Ten new printed codes, told this once; earlier ones end."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == account.id))
    made = tuple(users.random_password(groups=3, length=4) for _ in range(RECOVERY_CODES))
    session.add_all(
        RecoveryCode(user_id=account.id, digest=_digest(settings, account.id, normal_code(code))) for code in made
    )
    session.flush()
    return made


def codes_left(session: Session, user_id: int) -> int:
    """How many printed codes still work."""
    left = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(left) or 0


def _check_recovery_code(session: Session, settings: Settings, user_id: int, plain: str, now: datetime) -> None:
    wanted = (RecoveryCode.digest == _digest(settings, user_id, plain), RecoveryCode.used_at.is_(None))
    if not _one(session, update(RecoveryCode).where(*wanted).values(used_at=now)):
        raise CodeRefused


def _digest(settings: Settings, user_id: int, plain: str) -> str:
    return keys.keyed_hash(settings, "recovery-code", f"{user_id}:{plain}")


# --- letting go -------------------------------------------------------------------------------------------------------


def remove(session: Session, settings: Settings, account: users.Account, factor_id: int, *, now: datetime) -> None:
    """Take one factor away; with the last one go the printed codes. Other sign-ins end.

    Raises:
        UnknownRecord: the account has no such factor.
    """
    mine = (SecondFactor.id == factor_id, SecondFactor.user_id == account.id)
    if not _one(session, delete(SecondFactor).where(*mine)):
        raise UnknownRecord("factor", factor_id)
    if not factors(session, account.id):
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == account.id))
    changed(session, settings, account, now=now)


def remove_all(session: Session, settings: Settings, login: str, *, now: datetime) -> int:
    """Take every factor and printed code of an account away, for who has lost them all; says how many factors.

    Raises:
        UnknownRecord: no such login.
    """
    account = users.account_of(session, login)
    before = len(factors(session, account.id))
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == account.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == account.id))
    changed(session, settings, account, now=now)
    return before


def changed(session: Session, settings: Settings, account: users.Account, *, now: datetime) -> None:
    """Sign-ins end, and the owner is told by mail where that is possible."""
    users.end_sessions(session, account.login)
    notices.tell(session, settings, account, "factors-changed", now=now)


def _one(session: Session, statement: Update | Delete) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(done, CursorResult) and done.rowcount == 1
