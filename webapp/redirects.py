"""Where a reader goes next: always a page of ours, found among our routes and written by its name."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

LENGTH = 500
#: What no address of ours holds: blanks, controls, backslashes, letters beyond ASCII, encoded slashes and controls.
_ODD = re.compile(r"[^!-\[\]-~]|%(?:2f|5c|25|[01][0-9a-f]|7f)", re.IGNORECASE)
#: Names of query fields; those with `_` in front mean something to `url_for`.
_FIELD = re.compile(r"[a-z][a-z_]{0,19}")
#: Rooms whose answers are no pages to come back to.
_NO_PAGES = ("static", "api.", "maps.", "openapi.")


def own_page(target: str | None) -> str | None:
    """The page of ours that a path leads to, written anew from its route's name; None for everything else."""
    if not target or len(target) > LENGTH or not target.startswith("/") or _ODD.search(target):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or "//" in parts.path or target.startswith("//") or "/." in parts.path:
        return None
    try:
        endpoint, facts = current_app.url_map.bind("").match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    if endpoint.startswith(_NO_PAGES):
        return None
    asked = parse_qsl(parts.query)
    fields: dict[str, Any] = {name: value for name, value in asked if _FIELD.fullmatch(name) and name not in facts}
    return url_for(endpoint, **facts, **fields)


def nearest_page(path: str | None) -> str:
    """The page of ours at a path or at the nearest one above it; the first page when there is none."""
    path = (path or "").partition("?")[0]
    while path.count("/") >= 1 and path != "/":
        if found := own_page(path):
            return found
        path = path.rpartition("/")[0]
    return url_for("home.first")


def back() -> str:
    """The page that the form was on, as its `back` field says; never what the browser's Referer says."""
    told = request.form.get("back")
    return own_page(told) or nearest_page(told)
