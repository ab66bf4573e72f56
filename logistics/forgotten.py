"""Forgotten passwords: what somebody typed is looked up later, away from whoever could measure the answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inventory.models import Employee

from . import invitations, outbox, users
from .errors import InvalidRequest
from .mails import NoMail
from .models import User
from .system import System


def ask(session: Session, typed: str, *, now: datetime) -> None:
    """Note that somebody who typed this, a login or an e-mail address, wants a new password."""
    key = f"forgot:{secrets.token_hex(16)}"
    outbox.say(session, key=key, kind="forgot", recipient="", payload={"typed": typed[:200]}, now=now)


def answer(system: System, payload: Mapping[str, Any]) -> None:
    """Mail a link to the account that was meant, if there is exactly one, open, with an address; else do nothing."""
    with system.sessions.begin() as session:
        login = _meant(session, str(payload.get("typed") or ""))
        if login is None:
            return
        try:
            invitations.reset(session, system.settings, login, made_by=login, now=system.now(), by_mail=True,
                              hours=invitations.FORGOT_HOURS)  # fmt: skip
        except NoMail:
            return


def _meant(session: Session, typed: str) -> str | None:
    try:
        login = users.normal_login(typed)
    except InvalidRequest:
        return None
    told = typed.strip().lower()
    by_login = session.scalar(select(User.login).where(User.login == login, User.is_active))
    if by_login is not None or "@" not in told:
        return by_login
    theirs = func.coalesce(func.nullif(User.email, ""), Employee.email)
    found = session.scalars(
        select(User.login)
        .outerjoin(Employee, Employee.id == User.employee_id)
        .where(User.is_active, func.lower(theirs) == told)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None
