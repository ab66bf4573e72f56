"""Pages, one module per role or subject."""

from __future__ import annotations

from flask import Flask

from . import admin, courier, day, home, maps, mine, orders, people, sign_in, tasks, warehouse

ROOMS = (admin, courier, day, home, maps, mine, orders, people, sign_in, tasks, warehouse)


def register(app: Flask) -> None:
    """Add every page to the app."""
    for room in ROOMS:
        app.register_blueprint(room.pages)
