"""The app for a server that is not ours: `gunicorn -c webapp/gunicorn_conf.py "webapp.wsgi:app()"`.

It answers pages only: background work is done by `tournee worker`, in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logistics import observation
from logistics.settings import Settings
from logistics.wiring import wire

from . import create_app, serving

if TYPE_CHECKING:
    from flask import Flask


def app() -> Flask:
    """A new app over a system of its own, wired from the environment.

    Raises:
        serving.CannotServe: FLASK_DEBUG is set; who can reach this server is not known here.
        logistics.wiring.NotReady: the home or the database cannot be used as it is.
    """
    serving.refuse_debug(private=False)
    settings = Settings.from_environment()
    observation.set_up(settings, keep=True)
    if settings.worker != "worker":
        observation.logger("web").warning("background-work-elsewhere", remedy="run `tournee worker` beside this server")
    return create_app(wire(settings))
