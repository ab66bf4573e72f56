"""Our sites as pages and commands see them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory.models import Site

#: Where no site is known yet.
NO_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A place with stock: its code, name, point and zone."""

    code: str
    name: str
    lat: float | None
    lon: float | None
    timezone: str
    is_open: bool


def all_sites(session: Session) -> tuple[SiteCard, ...]:
    """Every site, by code."""
    rows = session.scalars(select(Site).order_by(Site.code))
    return tuple(SiteCard(row.code, row.name, row.lat, row.lon, row.timezone, row.is_open) for row in rows)


def main_zone(session: Session) -> str:
    """The zone of the first site by code, which decides what day it is; UTC before there is one."""
    return session.scalars(select(Site.timezone).order_by(Site.code).limit(1)).first() or NO_ZONE
