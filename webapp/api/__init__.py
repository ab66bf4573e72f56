"""`/api/v1`: every deed the pages offer, for programs. Bearer tokens, JSON, problem documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apiflask import APIFlask

from . import bodies

if TYPE_CHECKING:
    from logistics.settings import Settings


def register(app: APIFlask, settings: Settings) -> None:
    """Add the API to the app."""
    app.config[bodies.BODY_LIMIT] = settings.api_body_limit_bytes
