"""The app for a server that is not ours: `gunicorn -c webapp/gunicorn_conf.py "webapp.wsgi:app()"`.

It answers pages only: background work is done by `tournee worker`, in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logistics import observation
from logistics.settings import Settings

from . import serving

if TYPE_CHECKING:
    from flask import Flask


def app() -> Flask:
    """A new app over a system of its own, wired from the environment.

    Raises:
        serving.CannotServe: FLASK_DEBUG is set; who can reach this server is not known here.
        SystemExit: the home, the database or the secret cannot be used; one line on standard error says why.
    """
    serving.refuse_debug(private=False)
    settings = Settings.from_environment()
    made = serving.booted(settings)
    if settings.worker != "worker":
        observation.logger("web").warning("background-work-elsewhere", remedy="run `tournee worker` beside this server")
    return made
