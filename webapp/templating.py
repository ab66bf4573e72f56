"""What every template may use: icons' addresses, labels, the person's navigation."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, request, session, url_for
from flask_login import current_user

from logistics import personal, rights
from logistics.counter import catalogue

from . import here, searches, unsent
from .i18n import gettext as _
from .i18n import marked

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation."""

    endpoint: str
    label: str
    icon: str
    roles: tuple[str, ...]


NAVIGATION = (
    Link("day.today", marked("Day"), "map-2", ("coordinator", "admin", "auditor")),
    Link("courier.tour", marked("My tour"), "truck-delivery", ("courier",)),
    Link("orders.index", marked("Orders"), "clipboard-list", ("coordinator", "agent", "admin", "auditor")),
    Link("people.index", marked("People"), "users", ("coordinator", "agent", "admin")),
    Link("warehouse.picking", marked("Picking"), "list-check", ("warehouse", "coordinator", "admin")),
    Link("warehouse.stock", marked("Stock"), "packages", ("warehouse", "coordinator", "agent", "admin", "auditor")),
    Link("warehouse.receipt", marked("Receive"), "package-import", ("warehouse", "admin")),
    Link("mine.kit", marked("My kit"), "device-laptop", ("employee",)),
    Link("mine.orders", marked("My orders"), "package", ("employee",)),
    Link("admin.users", marked("Users"), "id-badge-2", ("admin",)),
    Link("admin.imports", marked("Import"), "file-import", ("admin",)),
)


def prepare(app: Flask) -> None:
    """Give templates their words and the frame its facts."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=asset, version_of=version_of, undo_offered=undo_offered, unsent=unsent.is_marked)
    app.context_processor(_frame)


def undo_offered() -> str:
    """The handle of a deed that can be taken back, for the page that tells of it."""
    return str(session.pop("undo", ""))


def asset(file: str) -> str:
    """The address of a static file, changing with its contents so that no browser keeps an old one."""
    return url_for("static", filename=file, v=version_of(file))


_versions: dict[str, tuple[float, str]] = {}


def version_of(file: str) -> str:
    """Eight letters of the file's checksum."""
    path = STATIC / file
    changed = path.stat().st_mtime
    known = _versions.get(file)
    if known is None or known[0] != changed:
        known = _versions[file] = (changed, sha256(path.read_bytes()).hexdigest()[:8])
    return known[1]


def _frame() -> dict[str, Any]:
    if not current_user or not current_user.is_authenticated:
        return {"navigation": (), "theme": request.cookies.get("theme", ""), "all_sites": ()}
    own = tuple(
        {"url": url_for(link.endpoint), "label": _(link.label), "icon": link.icon,
         "active": request.endpoint == link.endpoint or _same_room(link.endpoint)}
        for link in NAVIGATION if current_user.role in link.roles
    )  # fmt: skip
    with here.system().sessions() as reading:
        known = catalogue.my_sites(reading, here.viewer())
    return {
        "navigation": own,
        "places_seen": personal.sees(here.viewer(), "point"),
        "may": lambda action: rights.may(here.viewer(), action),
        "theme": request.cookies.get("theme", ""),
        "all_sites": known,
        "search_text": searches.text(),
        "site_filter": session.get("site", ""),
        "today": here.today(),
    }


def _same_room(endpoint: str) -> bool:
    room, _, page = endpoint.partition(".")
    here_room, _, here_page = (request.endpoint or "").partition(".")
    return room == here_room and page in {"today", "index"} and here_page not in {"today", "index"}
