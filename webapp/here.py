"""The system, the person and the day of the present request."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from flask import abort, current_app, g
from flask_login import current_user

from logistics import sites
from logistics.viewer import Viewer, of_account

if TYPE_CHECKING:
    from logistics.system import System


def system() -> System:
    """What the app was made over."""
    return cast("System", current_app.extensions["tournee"])


def now() -> datetime:
    """The present moment, by the system's clock."""
    return system().now()


def actor() -> str:
    """The login that acts, for the books."""
    return str(current_user.login)


def viewer() -> Viewer:
    """On whose behalf the request looks or acts."""
    return of_account(current_user.account)


def today() -> date:
    """The date where our sites are; the first site's clock decides."""
    return now().astimezone(zone()).date()


def zone() -> ZoneInfo:
    """The zone of our first site, read once per request."""
    if "zone" not in g:
        with system().sessions() as session:
            g.zone = ZoneInfo(sites.main_zone(session))
    return cast(ZoneInfo, g.zone)


def day_of(text: str) -> date:
    """A day written in a URL; anything else is a page that does not exist."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)
