"""Regions: road graph, address index and map of a piece of the world, built from an OpenStreetMap extract.

A region is a folder `regions/NAME` under the home. Every travel time, address and map of the product comes from
one; without any, travel times are estimates and addresses stay unlocated.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import BasemapFailed, BrokenRegion, InvalidRegionName, NoRoads, RegionError, UnreadableExtract
from .region import Facts, Region, broken, check_name, installed, open_region, regions_folder

if TYPE_CHECKING:
    from ..adapters.geocoders import GazetteerGeocoder
    from ..adapters.roads import RegionRoads
    from .build import Progress
    from .homes import Building

#: The region that comes with the product.
SHIPPED = "riviera"


def shipped() -> Path:
    """The extract that comes with the product, `data/regions/riviera.osm.pbf` of the checkout."""
    return Path(__file__).resolve().parents[2] / "data" / "regions" / f"{SHIPPED}.osm.pbf"


def folder(home: Path, name: str) -> Path:
    """Where a region of this name lies under a home.

    Raises:
        InvalidRegionName: no region can have the name.
    """
    return regions_folder(home) / check_name(name)


def build_region(
    pbf: Path,
    name: str,
    folder: Path,
    *,
    progress: Progress | None = None,
    travel_factor: float = 1.3,
    snap_limit_metres: int = 400,
) -> Region:
    """Build a region from an extract, all of it or nothing; see `build.build_region`."""
    from . import build

    return build.build_region(
        pbf, name, folder, progress=progress, travel_factor=travel_factor, snap_limit_metres=snap_limit_metres
    )


def open_roads(home: Path) -> RegionRoads:
    """Travel times and tour lines from all regions of a home, those added later included; see `ports.Roads`."""
    from ..adapters.roads import RegionRoads

    return RegionRoads(partial(installed, home))


def open_geocoder(home: Path) -> GazetteerGeocoder:
    """Addresses from all regions of a home, those added later included; see `ports.Geocoder`."""
    from ..adapters.geocoders import GazetteerGeocoder

    return GazetteerGeocoder(partial(installed, home))


def buildings_beside_streets(pbf: Path) -> tuple[Building, ...]:
    """Real buildings beside named streets, in an order that never varies; see `homes.buildings_beside_streets`."""
    from . import homes

    return homes.buildings_beside_streets(pbf)


__all__ = [
    "SHIPPED",
    "BasemapFailed",
    "BrokenRegion",
    "Facts",
    "InvalidRegionName",
    "NoRoads",
    "Region",
    "RegionError",
    "UnreadableExtract",
    "broken",
    "build_region",
    "buildings_beside_streets",
    "check_name",
    "folder",
    "installed",
    "open_geocoder",
    "open_region",
    "open_roads",
    "regions_folder",
    "shipped",
]
