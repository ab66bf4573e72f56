"""What people search for: names, so never in an address. The texts stay in the session, the address holds a number."""

from __future__ import annotations

import secrets

from flask import request, session

#: Searches that one session remembers, for the back button; an older one shows the whole list again.
KEPT = 6
LENGTH = 80


def keep(text: str) -> str:
    """Remember a text and say by which word the address calls it; empty for no text."""
    text = text.strip()[:LENGTH]
    if not text:
        return ""
    known = [one for one in _known() if one[1] != text]
    name = secrets.token_urlsafe(6)
    session["searches"] = [*known, [name, text]][-KEPT:]
    return name


def text() -> str:
    """The text of the present address, or nothing."""
    asked = request.args.get("find", "")
    return next((found for name, found in _known() if name == asked), "") if asked else ""


def _known() -> list[list[str]]:
    return list(session.get("searches", ()))
