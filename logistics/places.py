"""Finding a place on the map by its address, without a network and without keeping what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inventory.models import Address

from .ports import Geocoder
from .regions.region import Region

#: Fewer letters say nothing.
LEAST_LETTERS = 3
MOST = 8
#: How near a map goes to a place of each accuracy.
ZOOMS = {"house": 18.0, "street": 17.0, "locality": 15.0, "commune": 14.0, "postcode": 14.0}


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that a typed text may mean, WGS 84 degrees; `accuracy` says what the point is good for."""

    label: str
    lat: float
    lon: float
    accuracy: str

    @property
    def zoom(self) -> float:
        """The map's zoom that shows as much as is known."""
        return ZOOMS.get(self.accuracy, 15.0)


def suggest(geocoder: Geocoder, text: str) -> tuple[Place, ...]:
    """Places that a text still being typed may mean, best first; none for fewer than three letters."""
    asked = " ".join(text.split())
    if sum(letter.isalnum() for letter in asked) < LEAST_LETTERS:
        return ()
    found = geocoder.suggest(asked, limit=MOST)
    return tuple(
        Place(str(one.address), float(one.latitude), float(one.longitude), str(one.raw["accuracy"])) for one in found
    )


def home_region(session: Session, known: Sequence[Region]) -> Region | None:
    """The region in which most of our people live; the first by name when none of them does, None without any."""

    def homes(region: Region) -> int:
        box = region.box
        wanted = select(func.count()).select_from(Address).where(
            Address.valid_to.is_(None), Address.lat.between(box.south, box.north),
            Address.lon.between(box.west, box.east),
        )  # fmt: skip
        return session.scalar(wanted) or 0

    return max(known, key=homes, default=None) if len(known) > 1 else next(iter(known), None)
