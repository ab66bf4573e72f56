"""Who may sign in, and how a password is kept and checked."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from inventory.models import Employee

from . import passwords, states
from .errors import AlreadyExists, InvalidRequest, LogisticsError, UnknownRecord
from .models import SecondFactor, User, Van

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
#: Letters and digits that nobody mistakes for one another when they are read aloud.
CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

#: Roles for which a limit to sites would promise something that is not kept.
UNLIMITED = frozenset({"admin", "employee"})


class LastAdministrator(LogisticsError):
    """The last open administrator cannot be closed; nobody could open it again."""

    code = "last-administrator"

    def __init__(self, login: str) -> None:
        self.login = login
        super().__init__(f"{login} is the last open administrator")


class UserChanged(LogisticsError):
    """Somebody changed the account since it was read; nothing was written. Read it again."""

    code = "user-changed"

    def __init__(self, login: str, *, expected: int, found: int) -> None:
        self.login, self.expected, self.found = login, expected, found
        super().__init__(f"user {login} is at version {found}, not {expected}")


class SitesNotForRole(InvalidRequest):
    """A limit to sites for a role that none limits: an administrator sees every site, an employee none."""

    code = "sites-not-for-role"


class SignInRefused(LogisticsError):
    """Unknown login, wrong password or a closed account; the three look alike on purpose."""

    code = "sign-in-refused"

    def __init__(self) -> None:
        super().__init__("the login or the password is wrong")


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the face sees one.

    `stamp` changes with the password, the role, the second factors and by `end_sessions`, so that old sign-ins end.
    `email` is the account's own address, else its employee's; empty when neither is known.
    """

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
    has_second_factor: bool
    email: str
    first_name: str
    version: int
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
        SitesNotForRole: sites for an administrator, who sees every site, or for an employee, who sees none.
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
    if sites and role in UNLIMITED:
        raise SitesNotForRole("sites", "must be empty for this role; no site limits what it sees")
    key = normal_login(login)
    found = session.scalar(select(User).where(User.login == key))
    if found is None:
        session.add(made := User(login=key, password_hash="", **facts))
        session.flush()
        return "created", made
    changed = {field: value for field, value in facts.items() if getattr(found, field) != value}
    for field, value in changed.items():
        setattr(found, field, value)
    if changed:
        found.version += 1
    session.flush()
    return ("updated" if changed else "unchanged"), found


def add_user(session: Session, *, login: str, role: str, name: str, password: str, **facts: object) -> User:
    """Create a user with a password; `facts` as in `put_user`.

    Raises:
        AlreadyExists: the login is taken.
        InvalidRequest: as `put_user`, or a password that is too short or guessed first.
    """
    hashed = hash_password(password, login=login, name=name)
    made = add_user_without_password(session, login=login, role=role, name=name, **facts)
    made.password_hash = hashed
    session.flush()
    return made


def add_user_without_password(session: Session, *, login: str, role: str, name: str, **facts: object) -> User:
    """Create a user who cannot sign in before a link has let them choose a password; `facts` as in `put_user`.

    Raises:
        AlreadyExists: the login is taken.
        InvalidRequest: as `put_user`.
    """
    if session.scalar(select(User.id).where(User.login == normal_login(login))) is not None:
        raise AlreadyExists("user", normal_login(login))
    _, made = put_user(session, login=login, role=role, name=name, **facts)  # type: ignore[arg-type]
    return made


def set_password(session: Session, login: str, password: str) -> None:
    """Give the user a new password; every sign-in made with the old one ends.

    Raises:
        UnknownRecord: no such login.
        InvalidRequest: too short or too long.
    """
    row = user(session, login)
    put_password_hash(session, row.login, hash_password(password, login=row.login, name=row.name))


def put_password_hash(session: Session, login: str, hashed: str) -> None:
    """Store what `hash_password` made, dear as it is, outside of a transaction; old sign-ins end.

    Raises:
        UnknownRecord: no such login.
    """
    row = user(session, login)
    row.password_hash = hashed
    row.version += 1
    end_sessions(session, login)


def end_sessions(session: Session, login: str) -> None:
    """End every sign-in of the account, wherever it is.

    Raises:
        UnknownRecord: no such login.
    """
    row = user(session, login)
    session.flush()
    # Counted in the database: two that end at once end once each.
    session.execute(update(User).where(User.id == row.id).values(session_epoch=User.session_epoch + 1))
    session.refresh(row)


def set_active(session: Session, login: str, *, active: bool) -> None:
    """Close the account, which ends its sign-ins, or open it again; the last open administrator stays.

    Raises:
        UnknownRecord: no such login.
        LastAdministrator: nobody else could open it again.
    """
    row = user(session, login)
    if row.is_active == active:
        return
    if not active and row.role == "admin":
        # The rows are locked (PostgreSQL), so that two administrators who close each other leave one.
        admins = select(User.id).where(User.role == "admin", User.is_active).order_by(User.id).with_for_update()
        if set(session.scalars(admins)) <= {row.id}:
            raise LastAdministrator(row.login)
    row.is_active = active
    row.version += 1
    end_sessions(session, login)


def set_email(session: Session, login: str, email: str) -> None:
    """Where the account's invitations and resets go; empty = only by printed link.

    Raises:
        UnknownRecord: no such login.
        InvalidRequest: not an e-mail address.
    """
    row = user(session, login)
    told = valid_email(email) if email.strip() else ""
    if row.email != told:
        row.email = told
        row.version += 1
        session.flush()


def valid_email(email: str) -> str:
    """The address without blanks around it.

    Raises:
        InvalidRequest: not one address: blanks, line ends or signs that begin another one.
    """
    told = email.strip()
    if len(told) > 200 or not re.fullmatch(r"[^@\s<>,;:\"\x00-\x1f\x7f]+@[^@\s<>,;:\"\x00-\x1f\x7f]+", told):
        raise InvalidRequest("email", "is not an e-mail address")
    return told


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


def account_of(session: Session, login: str) -> Account:
    """The account with this login.

    Raises:
        UnknownRecord: no such login.
    """
    return account(session, user(session, login).id)


def accounts(session: Session) -> tuple[Account, ...]:
    """Every account, by login."""
    return tuple(_account(*row) for row in session.execute(_accounts().order_by(User.login)))


def user(session: Session, login: str, *, lock: bool = False) -> User:
    """The row of this login, as it is at this moment when it is locked.

    Raises:
        UnknownRecord: no such login.
    """
    wanted = select(User).where(User.login == normal_login(login))
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(wanted)
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


def hash_password(password: str, *, login: str = "", name: str = "") -> str:
    """The argon2id hash to store; two calls never give the same one.

    Raises:
        InvalidRequest: shorter than 10 or longer than 200 characters, or one that is guessed first (see `passwords`).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest("password", f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if passwords.is_guessed_first(password, login, *name.split()):
        raise InvalidRequest("password", "is among those that are guessed first; choose several unrelated words")
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


def _accounts() -> Select[User, Employee | None, str | None, bool]:
    factors = select(SecondFactor.id).where(SecondFactor.user_id == User.id, SecondFactor.is_confirmed).exists()
    found = (
        select(User, Employee, Van.code, factors)
        .outerjoin(Employee, Employee.id == User.employee_id)
        .outerjoin(Van, Van.id == User.van_id)
    )
    # The checker of types does not know that an outer join may find nothing.
    return cast("Select[User, Employee | None, str | None, bool]", found)


def _account(row: User, employee: Employee | None, van_code: str | None, has_second_factor: bool) -> Account:
    marks = f"{row.id}:{row.password_hash}:{row.role}:{row.session_epoch}"
    given = employee.given_name if employee is not None else row.name.split()[0] if row.name.split() else ""
    return Account(
        id=row.id,
        login=row.login,
        role=row.role,
        name=row.name,
        employee_number=employee.number if employee is not None else None,
        sites=row.sites,
        van_code=van_code,
        language=row.language or (employee.language if employee is not None else ""),
        is_active=row.is_active,
        has_password=bool(row.password_hash),
        has_second_factor=has_second_factor,
        email=row.email or (employee.email if employee is not None else ""),
        first_name=given,
        version=row.version,
        stamp=sha256(marks.encode()).hexdigest()[:16],
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
