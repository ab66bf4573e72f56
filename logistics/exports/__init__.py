"""A saved day as a file: JSON (the documented contract), GeoJSON, CSV, GPX and the couriers' route sheets as PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ..errors import InvalidRequest
from .contract import plan_document
from .files import as_csv, as_geojson, as_gpx, as_json
from .sheets import DaySheet, read_sheet

if TYPE_CHECKING:
    from ..system import System

FORMATS = ("json", "geojson", "csv", "gpx", "pdf")

__all__ = ["FORMATS", "DaySheet", "export", "plan_document", "read_sheet"]


def export(
    system: System,
    day: date,
    form: str,
    *,
    status: str | None = None,
    van: str | None = None,
    language: str | None = None,
    site_codes: frozenset[str] | None = None,
    cut: Callable[[DaySheet], DaySheet] = lambda sheet: sheet,
) -> bytes:
    """The day's live version as a file.

    Args:
        form: one of `FORMATS`.
        status: `draft` or `published`; by default the draft when there is one, else what is published.
        van: the code of one van, for its tour alone.
        language: of sentences and of the PDF; by default the one in the settings.
        site_codes: only these sites' tours and orders; None for all.
        cut: makes of the day what its reader may see; by default all of it.

    Raises:
        NoPlan: the day has no such version.
        InvalidRequest: an unknown format, or a van without a tour that day.
    """
    if form not in FORMATS:
        raise InvalidRequest("format", f"is none of {', '.join(FORMATS)}", value=form)
    with system.sessions() as session:
        sheet = cut(read_sheet(session, day, status=status, site_codes=site_codes))
    sheet = _only(sheet, van) if van else sheet
    speech = language or system.settings.language
    if form == "pdf":
        from ..documents.route_sheet import route_sheets

        return route_sheets(sheet, language=speech, base_url=system.settings.base_url, roads=system.roads)
    writer = {"json": as_json, "geojson": as_geojson, "csv": as_csv, "gpx": as_gpx}[form]
    return writer(sheet, speech)


def _only(sheet: DaySheet, van: str) -> DaySheet:
    tours = tuple(tour for tour in sheet.tours if tour.van == van)
    if not tours:
        raise InvalidRequest("van", "has no tour that day", value=van)
    return replace(sheet, tours=tours)
