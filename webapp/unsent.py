"""Forms that reached us but were not read: what was typed in them is put back on the page that holds the form.

The texts themselves never leave the reader's tab: `app.js` keeps those of the form sent last, and gives them back to
the same person when a page says that they were not read.
"""

from __future__ import annotations

from flask import session
from flask_login import current_user

NAME = "unsent"


def mark() -> None:
    """The form of this request was not read; the reader's next page gives them back what they typed."""
    session[NAME] = True


def is_marked() -> bool:
    """Whether the last form was not read, told once, and only to somebody who is signed in."""
    return bool(current_user and current_user.is_authenticated and session.pop(NAME, False))


def carried() -> dict[str, bool]:
    """The mark, for a session that begins anew at the sign-in."""
    return {NAME: True} if session.get(NAME) else {}
