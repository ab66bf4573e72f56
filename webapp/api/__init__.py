"""`/api/v1`: every deed the pages offer, for programs. Bearer tokens, JSON, problem documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apiflask import APIFlask

from . import bearer, bodies, days, docs, imports, me, orders, people, spec, tours, users, warehouse

if TYPE_CHECKING:
    from logistics.settings import Settings

ROOMS = (
    me.room, people.mine, orders.room, days.room, days.work, people.room, people.places, warehouse.room, tours.room,
    users.room, imports.room,
)  # fmt: skip


def register(app: APIFlask, settings: Settings) -> None:
    """Add the API to the app."""
    app.config[bodies.BODY_LIMIT] = settings.api_body_limit_bytes
    app.config[bearer.LIMIT] = settings.api_requests_per_minute
    bearer.limit(app)
    spec.describe(app)
    for room in ROOMS:
        # Bearer tokens only: no cookie opens the API, so no other site can make a browser call it.
        app.extensions["csrf"].exempt(room)
        app.register_blueprint(room)
    app.register_blueprint(docs.pages)
