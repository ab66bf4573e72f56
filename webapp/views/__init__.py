"""Pages, one module per role or subject."""

from __future__ import annotations

from flask import Flask

from . import (
    account,
    admin,
    courier,
    day,
    home,
    links,
    maps,
    mine,
    orders,
    passkeys,
    people,
    service,
    sign_in,
    tasks,
    tokens,
    undo,
    warehouse,
)

ROOMS = (
    account, admin, courier, day, home, links, maps, mine, orders, passkeys, people, service, sign_in, tasks, tokens,
    undo, warehouse,
)  # fmt: skip


def register(app: Flask) -> None:
    """Add every page to the app."""
    for room in ROOMS:
        app.register_blueprint(room.pages)
