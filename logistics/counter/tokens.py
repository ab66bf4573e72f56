"""A viewer's own tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from .. import rights, tokens
from ..errors import NotAllowed
from ..tokens import MOST_DAYS, USUAL_DAYS, TokenRow
from ..viewer import Viewer

__all__ = ["MOST_DAYS", "USUAL_DAYS", "make", "mine", "revoke", "useful_scopes"]


def mine(session: Session, viewer: Viewer) -> tuple[TokenRow, ...]:
    """The viewer's tokens, newest first."""
    return tokens.of_user(session, _owner(viewer, "account.own"))


def make(
    session: Session, viewer: Viewer, *, name: str, scopes: frozenset[str], days: int, now: datetime
) -> tuple[str, TokenRow]:
    """A token that acts as the viewer: its text, told this once, and its row.

    Raises:
        NotAllowed: a token asks for one that may do more than itself.
        InvalidRequest: see `tokens.make`.
    """
    _owner(viewer, "account.own")
    if viewer.scopes is not None and not scopes <= viewer.scopes:
        raise NotAllowed("account.own")
    return tokens.make(session, viewer.login, name=name, scopes=scopes, days=days, now=now, actor=viewer.login)


def revoke(session: Session, viewer: Viewer, token_id: int, *, now: datetime) -> TokenRow:
    """End one of the viewer's tokens.

    Raises:
        UnknownRecord: no such token of theirs.
    """
    return tokens.revoke(session, token_id, now=now, user_id=_owner(viewer, "account.own"))


def _owner(viewer: Viewer, action: str) -> int:
    rights.must(viewer, action)
    if viewer.user_id is None:
        raise NotAllowed(action)
    return viewer.user_id


def useful_scopes(viewer: Viewer) -> tuple[str, ...]:
    """The scopes that allow somebody of this role anything at all, by name."""
    return tuple(sorted({right.scope for right in rights.RIGHTS.values() if viewer.role in right.roles}))
