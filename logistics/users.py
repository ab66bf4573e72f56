"""Who may sign in, and how a password is kept and checked."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from inventory.models import Employee

from . import states
from .errors import AlreadyExists, InvalidRequest, LogisticsError, UnknownRecord
from .models import User, Van

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
#: Letters and digits that nobody mistakes for one another when they are read aloud.
CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class SignInRefused(LogisticsError):
    """Unknown login, wrong password or a closed account; the three look alike on purpose."""

    code = "sign-in-refused"

    def __init__(self) -> None:
        super().__init__("the login or the password is wrong")


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the face sees one. `stamp` changes with the password, so that old sign-ins end."""

    id: int
    login: str
    role: str
    name: str
    employee_number: str | None
    sites: frozenset[str]
    van_code: str | None
    language: str
    is_active: bool
    has_password: bool
    stamp: str


def put_user(
    session: Session,
    *,
    login: str,
    role: str,
    name: str,
    employee_number: str | None = None,
    sites: frozenset[str] = frozenset(),
    van_code: str | None = None,
    language: str = "",
    is_active: bool = True,
) -> tuple[str, User]:
    """Create the user or bring them up to date; the password is left as it is.

    Returns:
        `created`, `updated` or `unchanged`, and the row.

    Raises:
        InvalidRequest: an unknown role, an empty login, a courier's van or an employee's number missing.
        UnknownRecord: no such employee or van.
    """
    facts = {
        "role": _role(role),
        "name": name,
        "employee_id": _employee_id(session, employee_number),
        "sites": frozenset(sites),
        "van_id": _van_id(session, van_code),
        "language": language,
        "is_active": is_active,
    }
    if role == "employee" and facts["employee_id"] is None:
        raise InvalidRequest("employee_number", "is missing; an employee's account shows that employee's kit")
    key = normal_login(login)
    found = session.scalar(select(User).where(User.login == key))
    if found is None:
        session.add(made := User(login=key, password_hash="", **facts))
        session.flush()
        return "created", made
    changed = {field: value for field, value in facts.items() if getattr(found, field) != value}
    for field, value in changed.items():
        setattr(found, field, value)
    session.flush()
    return ("updated" if changed else "unchanged"), found


def add_user(session: Session, *, login: str, role: str, name: str, password: str, **facts: object) -> User:
    """Create a user with a password; `facts` as in `put_user`.

    Raises:
        AlreadyExists: the login is taken.
        InvalidRequest: as `put_user`, or a password that is too short.
    """
    if session.scalar(select(User.id).where(User.login == normal_login(login))) is not None:
        raise AlreadyExists("user", normal_login(login))
    hashed = hash_password(password)
    _, made = put_user(session, login=login, role=role, name=name, **facts)  # type: ignore[arg-type]
    made.password_hash = hashed
    session.flush()
    return made


def set_password(session: Session, login: str, password: str) -> None:
    """Give the user a new password; every sign-in made with the old one ends.

    Raises:
        UnknownRecord: no such login.
        InvalidRequest: too short or too long.
    """
    user(session, login).password_hash = hash_password(password)
    session.flush()


def sign_in(session: Session, login: str, password: str) -> Account:
    """The account, when login and password fit. Takes as long for an unknown login as for a wrong password.

    Raises:
        SignInRefused: unknown login, wrong or missing password, closed account.
    """
    try:
        found = session.scalar(select(User).where(User.login == normal_login(login)))
    except InvalidRequest:
        found = None
    hashed = found.password_hash if found is not None and found.password_hash else _nobodys_hash()
    fits = _fits(hashed, password)
    if found is None or not found.password_hash or not found.is_active or not fits:
        raise SignInRefused
    return account(session, found.id)


def account(session: Session, user_id: int) -> Account:
    """The account with this id.

    Raises:
        UnknownRecord: no such user.
    """
    row = session.execute(_accounts().where(User.id == user_id)).one_or_none()
    if row is None:
        raise UnknownRecord("user", user_id)
    return _account(*row)


def accounts(session: Session) -> tuple[Account, ...]:
    """Every account, by login."""
    return tuple(_account(*row) for row in session.execute(_accounts().order_by(User.login)))


def user(session: Session, login: str) -> User:
    """The row of this login.

    Raises:
        UnknownRecord: no such login.
    """
    found = session.scalar(select(User).where(User.login == normal_login(login)))
    if found is None:
        raise UnknownRecord("user", normal_login(login))
    return found


def normal_login(login: str) -> str:
    """The login as it is stored and compared: no outer blanks, small letters, one Unicode form.

    Raises:
        InvalidRequest: empty, longer than 80 characters, or with blanks inside.
    """
    key = unicodedata.normalize("NFKC", login).strip().casefold()
    if not key or len(key) > 80 or any(letter.isspace() or not letter.isprintable() for letter in key):
        raise InvalidRequest("login", "must be 1 to 80 characters without blanks")
    return key


def hash_password(password: str) -> str:
    """The argon2id hash to store; two calls never give the same one.

    Raises:
        InvalidRequest: shorter than 10 or longer than 200 characters.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest("password", f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _hasher().hash(unicodedata.normalize("NFKC", password))


def random_password(*, groups: int = 3, length: int = 4) -> str:
    """A password to print once: groups of letters and digits that are easy to type, 59 bits by default."""
    return "-".join("".join(secrets.choice(CLEAR_LETTERS) for _ in range(length)) for _ in range(groups))


def _fits(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher().verify(hashed, unicodedata.normalize("NFKC", password))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_hex(16))


def _accounts() -> Select[User, str, str]:
    employee = select(Employee.number).where(Employee.id == User.employee_id).scalar_subquery()
    van = select(Van.code).where(Van.id == User.van_id).scalar_subquery()
    return select(User, employee, van)


def _account(row: User, employee_number: str | None, van_code: str | None) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        role=row.role,
        name=row.name,
        employee_number=employee_number,
        sites=row.sites,
        van_code=van_code,
        language=row.language,
        is_active=row.is_active,
        has_password=bool(row.password_hash),
        stamp=sha256(f"{row.id}:{row.password_hash}".encode()).hexdigest()[:16],
    )


def _role(role: str) -> str:
    if role not in states.ROLES:
        raise InvalidRequest("role", f"is not one of {', '.join(states.ROLES)}")
    return role


def _employee_id(session: Session, number: str | None) -> int | None:
    if not number:
        return None
    found = session.scalar(select(Employee.id).where(Employee.number == number))
    if found is None:
        raise UnknownRecord("employee", number)
    return found


def _van_id(session: Session, code: str | None) -> int | None:
    if not code:
        return None
    found = session.scalar(select(Van.id).where(Van.code == code))
    if found is None:
        raise UnknownRecord("van", code)
    return found
