"""Whose account it is that the company's sign-in service vouches for."""

from __future__ import annotations

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from inventory.models import Employee

from . import users
from .errors import LogisticsError
from .models import User
from .settings import Settings


class NoAccount(LogisticsError):
    """The service knows the person, but no open account here is theirs, and none is made."""

    code = "no-account"

    def __init__(self) -> None:
        super().__init__("no account is theirs")


def account_for(
    session: Session, settings: Settings, *, issuer: str, subject: str, email: str, name: str
) -> users.Account:
    """The account of the service's person: by the stored subject, else by a verified address, else perhaps a new one.

    An address binds an account once; whoever has the address later does not get it. What is bound stays bound.

    Args:
        email: verified by the service; empty = not.

    Raises:
        NoAccount: closed, none, several with the address, or bound to somebody else.
    """
    key = f"{issuer}#{subject}"
    if len(key) > 400:
        raise NoAccount
    bound = session.execute(select(User.id, User.is_active).where(User.sign_in_subject == key)).one_or_none()
    if bound is not None:
        if not bound.is_active:
            raise NoAccount
        return users.account(session, bound.id)
    if not email:
        raise NoAccount
    found = _by_email(session, email)
    if len(found) > 1:
        raise NoAccount
    user_id = found[0] if found else _made(session, settings, email=email, name=name)
    done = session.execute(
        update(User)
        .where(User.id == user_id, User.is_active, User.sign_in_subject.is_(None))
        .values(sign_in_subject=key, version=User.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise NoAccount
    return users.account(session, user_id)


def _by_email(session: Session, email: str) -> list[int]:
    """Accounts with the address, closed ones too: a closed account is not made anew under another login."""
    theirs = func.coalesce(func.nullif(User.email, ""), Employee.email)
    wanted = select(User.id).outerjoin(Employee, Employee.id == User.employee_id)
    return list(session.scalars(wanted.where(func.lower(theirs) == email.lower()).limit(2)))


def _made(session: Session, settings: Settings, *, email: str, name: str) -> int:
    role = settings.oidc_new_role
    if not role:
        raise NoAccount
    facts: dict[str, object] = {}
    if role == "employee":
        mine = func.lower(Employee.email) == email.lower()
        numbers = session.scalars(select(Employee.number).where(mine, Employee.end_date.is_(None)).limit(2)).all()
        if len(numbers) != 1:
            raise NoAccount
        facts["employee_number"] = numbers[0]
    try:
        made = users.add_user_without_password(session, login=email, role=role, name=name or email, **facts)
        users.set_email(session, made.login, email)
    except LogisticsError as error:
        raise NoAccount from error
    return made.id
