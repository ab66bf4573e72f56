"""Who may sign in, as administrators see it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from .. import factors, invitations, rights, users
from ..invitations import Link
from ..settings import Settings
from ..users import Account, LastAdministrator
from ..viewer import Viewer
from .undo import Deed

__all__ = [
    "LastAdministrator", "add", "end_own_sessions", "index", "link", "remove_factors", "set_active", "set_email",
]  # fmt: skip


def index(session: Session, viewer: Viewer) -> tuple[Account, ...]:
    """Every account, by login.

    Raises:
        NotAllowed: not an administrator.
    """
    rights.must(viewer, "users.read")
    return tuple(users.accounts(session))


def add(
    session: Session,
    viewer: Viewer,
    *,
    login: str,
    role: str,
    name: str,
    employee_number: str | None,
    van_code: str | None,
    sites: frozenset[str],
    email: str,
    settings: Settings,
    now: datetime,
) -> tuple[str, Link]:
    """Add somebody; their login, and the link by which they choose a password, to be told once.

    Raises:
        NotAllowed: not an administrator.
        AlreadyExists, InvalidRequest, UnknownRecord: as `users.add_user_without_password`.
    """
    rights.must(viewer, "users.change")
    made = users.add_user_without_password(
        session, login=login, role=role, name=name, employee_number=employee_number, van_code=van_code, sites=sites
    )
    users.set_email(session, made.login, email)
    return made.login, invitations.invite(session, settings, made.login, made_by=viewer.login, now=now)


def link(
    session: Session, viewer: Viewer, login: str, *, settings: Settings, by_mail: bool, now: datetime
) -> tuple[str, Link]:
    """A link to choose a password by, told once or mailed; an invitation for who has none yet.

    Raises:
        NotAllowed: not an administrator.
        UnknownRecord: no such login.
        NoMail, WrongState: as `invitations.reset`.
    """
    rights.must(viewer, "users.change")
    known = users.account_of(session, login)
    make = invitations.reset if known.has_password else invitations.invite
    return known.login, make(session, settings, login, made_by=viewer.login, now=now, by_mail=by_mail)


def set_email(session: Session, viewer: Viewer, login: str, email: str, *, expected_version: int | None = None) -> None:
    """Where the account's mails go.

    Raises:
        NotAllowed: not an administrator.
        UnknownRecord: no such login.
        UserChanged: it is not at `expected_version` any more, where one is told.
        InvalidRequest: not an e-mail address.
    """
    rights.must(viewer, "users.change")
    _as_seen(session, login, expected_version)
    users.set_email(session, login, email)


def remove_factors(
    session: Session,
    viewer: Viewer,
    login: str,
    *,
    settings: Settings,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """Take every second factor of an account away; its sessions end.

    Raises:
        NotAllowed: not an administrator.
        UnknownRecord: no such login.
        UserChanged: it is not at `expected_version` any more, where one is told.
    """
    rights.must(viewer, "users.change")
    _as_seen(session, login, expected_version)
    factors.remove_all(session, settings, login, now=now)


def set_active(
    session: Session, viewer: Viewer, login: str, active: bool, *, expected_version: int | None = None
) -> Deed | None:
    """Close an account or open it again; what can be taken back, None when it was so already.

    Raises:
        NotAllowed: not an administrator.
        UnknownRecord: no such login.
        UserChanged: it is not at `expected_version` any more, where one is told.
        LastAdministrator: nobody could open it again.
    """
    rights.must(viewer, "users.change")
    _as_seen(session, login, expected_version)
    was = users.user(session, login).is_active
    users.set_active(session, login, active=active)
    row = users.user(session, login)
    return None if was == active else Deed("account", row.login, row.version, "yes" if was else "no")


def end_own_sessions(session: Session, viewer: Viewer) -> None:
    """Sign the viewer's own account out everywhere; its tokens stay.

    Raises:
        NotAllowed: a token without the scope.
    """
    rights.must(viewer, "account.own")
    users.end_sessions(session, viewer.login)


def _as_seen(session: Session, login: str, expected: int | None) -> None:
    if expected is not None and (found := users.user(session, login, lock=True)).version != expected:
        raise users.UserChanged(found.login, expected=expected, found=found.version)
