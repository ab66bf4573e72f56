"""Who sees what of a person: the access matrix as data, and the cuts it asks for.

Columns are our roles, rows the fields of personal data; a word says how much of the field a role sees. A counter cuts
every read model by it before it leaves, so that pages, API, exports, documents and maps show the same. Roles of the
field that do not exist here yet (manager, partner, privacy officer) have no column. The house (the command line) is
whoever runs the machine, and sees what the database holds.

Words: `full`; `self` = one's own and nobody else's; `short` = first name and initial; `initials`; `own` = on one's own
tours, from `BEFORE` they start until `AFTER` they end; `reveal` = hidden until asked for with a reason, which is
written down; `sector` = the point of a cell about a kilometre wide; `none`. A contact that is revealed is the phone;
the e-mail address, by which a desk writes to people anyway, is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from .viewer import Viewer

FIELDS = ("name", "address", "contact", "point")
ACCESS: Mapping[str, Mapping[str, str]] = {
    "coordinator": {"name": "full", "address": "full", "contact": "full", "point": "full"},
    "agent": {"name": "full", "address": "reveal", "contact": "reveal", "point": "sector"},
    "courier": {"name": "short", "address": "own", "contact": "own", "point": "own"},
    "warehouse": {"name": "none", "address": "none", "contact": "none", "point": "none"},
    "employee": {"name": "self", "address": "self", "contact": "self", "point": "self"},
    "admin": {"name": "initials", "address": "none", "contact": "none", "point": "sector"},
    "auditor": {"name": "initials", "address": "none", "contact": "none", "point": "sector"},
    "house": {"name": "full", "address": "full", "contact": "full", "point": "full"},
}
#: How long before and after a tour its courier sees who lives at its stops.
BEFORE, AFTER = timedelta(hours=12), timedelta(hours=2)
#: Decimals of a degree that a sector keeps: cells of 1.1 km from south to north.
SECTOR_DECIMALS = 2


def sees(viewer: Viewer, field: str) -> str:
    """How much of a field the viewer sees, by the words above."""
    return ACCESS[viewer.role][field]


def name_for(viewer: Viewer, given: str, family: str) -> tuple[str, str]:
    """Given and family name as the viewer may know them; a name nobody may know is an ellipsis."""
    much = sees(viewer, "name")
    if much == "full":
        return given, family
    if much == "short":
        return given, _initial(family)
    if much == "initials":
        return _initial(given) or "…", _initial(family)
    return "…", ""


def given_for(viewer: Viewer, given: str) -> str:
    """The given name alone, as the viewer may know it."""
    return name_for(viewer, given, "")[0]


def reads_notes(viewer: Viewer) -> bool:
    """Whether the viewer reads what people wrote about an order; it may speak of a door or a phone."""
    return sees(viewer, "contact") in ("full", "reveal")


def may_see_home(viewer: Viewer, *, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether addresses and contacts of a tour's stops are shown: always, or while the tour is near for its courier."""
    much = sees(viewer, "address")
    return much == "full" or (much == "own" and starts_at - BEFORE <= now <= ends_at + AFTER)


def point_for(viewer: Viewer, lat: float | None, lon: float | None) -> tuple[float | None, float | None]:
    """The point as the viewer may know it: exact, the middle of its sector, or none."""
    much = sees(viewer, "point")
    if lat is None or lon is None or much in ("full", "own"):
        return lat, lon
    return sector(lat, lon) if much == "sector" else (None, None)


def sector(lat: float, lon: float) -> tuple[float, float]:
    """The point that stands for everybody in its sector."""
    return round(lat, SECTOR_DECIMALS), round(lon, SECTOR_DECIMALS)


def _initial(name: str) -> str:
    return f"{name.strip()[0].upper()}." if name.strip() else ""
