"""Folium maps in three parts: the place on the page, the script as a file of its own, and files we ship.

Folium's own page would bring inline scripts and foreign hosts; we take only what it renders for the map itself. What a
day shows goes beside it as compact JSON that `marks.js` draws: numbers, points and codes. Who lives there is asked for
one stop at a time, when its popup opens. What Folium has rendered it renders a second time as a Jinja template, so
nothing that anybody typed goes through it.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import folium
from branca.element import MacroElement
from flask import url_for
from jinja2 import Template
from markupsafe import Markup, escape

from logistics import places, regions
from logistics.documents import overview

from .i18n import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logistics.queries import DayView, TourView
    from logistics.system import System

#: Twelve colours that people with colour-blindness tell apart; a van keeps its own through the week.
COLOURS = (
    "#0072B2", "#D55E00", "#00795A", "#AA4499", "#6A3D9A", "#8C6D00",
    "#332288", "#882255", "#117733", "#A0522D", "#1F6F8B", "#5B5B5B",
)  # fmt: skip
#: Line patterns beyond the twelfth van.
DASHES = ("", "8 5", "2 5", "12 4 2 4")
#: Zoom that shows a town.
TOWN = 13
#: Above so many marks, those that would lie on each other are drawn as one with their number.
GROUPED_FROM = 100


@dataclass(frozen=True, slots=True)
class Map:
    """A map's place on the page, and between which regions' streets its reader may choose."""

    html: Markup
    regions: tuple[str, ...]

    @property
    def has_streets(self) -> bool:
        """Whether there is anything but blank paper under it."""
        return bool(self.regions)


class LocalMap(folium.Map):
    """A Folium map whose page brings the scripts itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.default_js: list[tuple[str, str]] = []
        self.default_css: list[tuple[str, str]] = []
        #: How wide what is shown is for its height.
        self.shape = 1.5


class Basemap(MacroElement):
    """Our own street map as the ground of a map."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "tourneeBasemap({{ this._parent.get_name() }}, {{ this.regions }});"
        "{% endmacro %}"
    )

    def __init__(self, known: list[dict[str, Any]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Basemap"
        self.regions = _json(known)


class Drawing(MacroElement):
    """What is drawn on a day's map, by a script of our own from the facts that its place carries."""

    _template = Template("{% macro script(this, kwargs) %}tourneeDay({{ this._parent.get_name() }});{% endmacro %}")

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Drawing"


def colour(index: int) -> str:
    """The colour of a van by its place among ours."""
    return COLOURS[index % len(COLOURS)]


def shade(index: int) -> str:
    """The style class that gives a van its colour, lighter on a dark page; see `day.css`."""
    return f"van-{index % len(COLOURS)}"


def dash(index: int) -> str:
    """The line pattern of a van: solid for the first twelve."""
    return DASHES[index // len(COLOURS) % len(DASHES)]


def _json(value: object) -> str:
    """JSON that cannot leave a script (no tag, no line separator), nor be a template to Folium's Jinja."""
    made = json.dumps(value, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        made = made.replace(letter, f"\\u{ord(letter):04x}")
    # Outside of texts no JSON has these two letters side by side.
    return re.sub(r"\{(?=[{%#])", r"\\u007b", made)


def _known(system: System) -> list[dict[str, Any]]:
    found = []
    for region in regions.installed(system.settings.home):
        box = region.box
        url = url_for("maps.tiles", name=region.name, v=region.facts.source_sha256[:8])
        bounds = [[box.south, box.west], [box.north, box.east]]
        found.append({"name": region.name, "url": url, "bounds": bounds})
    return found


def _homes(system: System) -> list[list[float]]:
    """The region where our homes are, else the coast the product was made on."""
    known = regions.installed(system.settings.home)
    with system.sessions() as reading:
        region = places.home_region(reading, known)
    if region is None:
        return [[43.6, 7.2], [43.8, 7.5]]
    return [[region.box.south, region.box.west], [region.box.north, region.box.east]]


def _ground(system: System, name: str, bounds: list[list[float]] | None) -> LocalMap:
    known = _known(system)
    framed = bounds or _homes(system)
    middle = [(framed[0][0] + framed[1][0]) / 2, (framed[0][1] + framed[1][1]) / 2]
    made = LocalMap(
        location=middle,
        zoom_start=TOWN,
        tiles=None,
        max_zoom=19,
        min_zoom=11,
        zoom_snap=0.25,
        zoom_delta=0.75,
        control_scale=False,  # the basemap brings one in metres
    )
    made._id = name
    made.shape = _shape(framed)
    made.add_child(Basemap(known))
    made.fit_bounds(framed, padding=(16, 16))
    return made


def _shape(framed: list[list[float]]) -> float:
    """Width over height on a Mercator map, within what fits beside the lanes."""
    (south, west), (north, east) = framed
    height = max(north - south, 0.001)
    return min(2.0, max(1.15, (east - west) * math.cos(math.radians((south + north) / 2)) / height))


def _place(name: str, shape: float, system: System, facts: dict[str, Any] | None = None) -> Map:
    # The place is Folium's own div; its size is ours to say, in the stylesheet: the shape of what it shows.
    told = f' data-facts="{escape(json.dumps(facts, separators=(",", ":")))}"' if facts else ""
    html = f'<div class="folium-map" id="map_{name}" data-shape="{shape:.2f}"{told}></div>'
    known = tuple(region.name for region in regions.installed(system.settings.home))
    return Map(Markup(html), known)  # noqa: S704  (our name, escaped facts)


def _script(made: LocalMap) -> str:
    root = made.get_root()
    root.render()
    return str(root.script.render())  # type: ignore[attr-defined]


def blank_map(system: System) -> Map:
    """The place of a map to click on; its script calls it `map_blank`."""
    return _place("blank", 1.5, system)


def blank_script(system: System, frame: list[list[float]] | None = None) -> str:
    """The script of the map to click on: the region, or what is framed."""
    return _script(_ground(system, "blank", frame))


def day_map(system: System, view: DayView) -> Map:
    """The place of a day's map with what is drawn there; its script calls it `map_day`."""
    frame = _frame(view)
    return _place("day", _shape(frame) if frame else 1.5, system, drawing(view))


def day_script(system: System) -> str:
    """The script that draws a day: tours along their roads, stops with their numbers, sites, what is not served."""
    made = _ground(system, "day", None)
    made.add_child(Drawing())
    return _script(made)


def drawing(view: DayView) -> dict[str, Any]:
    """The facts of a day's map: no name, no address; stops as rows of numbers, lines in letters."""
    kinds = sorted({stop.kind for tour in view.tours for stop in tour.stops})
    states = sorted({stop.state for tour in view.tours for stop in tour.stops})
    day = view.day.isoformat()
    return {
        "stopAt": url_for("day.stop_popup", day=day, stop_id=0)[:-1],
        "leftAt": url_for("day.left_popup", day=day, reference="0")[:-1],
        "frame": _frame(view),
        "groupFrom": GROUPED_FROM,
        "kinds": kinds,
        "states": states,
        "tours": [_tour(tour) for tour in view.tours],
        "stops": [
            [stop.id, row, stop.sequence, kinds.index(stop.kind), states.index(stop.state), _round(stop.lat),
             _round(stop.lon)]
            for row, tour in enumerate(view.tours) for stop in tour.stops
        ],
        "left": [
            [left.order, _round(left.lat), _round(left.lon)]
            for left in view.unserved if left.lat is not None and left.lon is not None
        ],
        "sites": [
            [site.code, site.lat, site.lon] for site in view.sites if site.lat is not None and site.lon is not None
        ],
        "words": {
            "stop": _("Stop %(number)s"), "left": _("Unserved"), "site": _("Depot"), "group": _("%(count)s stops here"),
            "failed": _("That could not be loaded. Try again."),
        },
    }  # fmt: skip


def on_paper(system: System, view: DayView) -> Markup:
    """The day's tours as a drawing for paper, over the streets of the regions."""
    tours = [
        overview.Drawn(
            tour.van, tour.geometry, tuple((stop.sequence, stop.kind, stop.lat, stop.lon) for stop in tour.stops)
        )
        for tour in view.tours
    ]
    depots = [(site.lat, site.lon) for site in view.sites if site.lat is not None and site.lon is not None]
    frame = _frame(view)
    around = overview.frame([(lat, lon) for lat, lon in frame]) if frame else (0.0, 0.0, 0.0, 0.0)
    # Depots of sites that do not drive that day may lie far away.
    near = [at for at in depots if around[0] <= at[0] <= around[2] and around[1] <= at[1] <= around[3]]
    drawn = overview.day_overview(tours, near, streets=system.roads.streets_within(around))
    return Markup(drawn)  # noqa: S704  (numbers and escaped codes)


def _tour(tour: TourView) -> dict[str, Any]:
    return {
        "id": tour.id, "van": tour.van, "shade": shade(tour.colour), "colour": colour(tour.colour),
        "dash": dash(tour.colour), "line": _letters(tour.geometry),
    }  # fmt: skip


def _round(degrees: float) -> float:
    """To a tenth of a metre."""
    return round(degrees, 6)


def in_letters(line: Iterable[tuple[float, float]]) -> str:
    """A line as text, about three letters a point, exact to a metre.

    Source: Google's encoded polyline algorithm format, five decimals.
    """
    letters: list[str] = []
    before = (0, 0)
    for lat, lon in line:
        at = (round(lat * 1e5), round(lon * 1e5))
        for now, was in zip(at, before, strict=True):
            rest = (now - was) << 1
            rest = ~rest if rest < 0 else rest
            while rest >= 0x20:
                letters.append(chr((0x20 | (rest & 0x1F)) + 63))
                rest >>= 5
            letters.append(chr(rest + 63))
        before = at
    return "".join(letters)


#: A tour's line never changes, and a full day is looked at all morning: its letters are written once.
_letters = lru_cache(maxsize=256)(in_letters)


def _frame(view: DayView) -> list[list[float]] | None:
    points = [point for tour in view.tours for point in tour.geometry]
    points += [(stop.lat, stop.lon) for tour in view.tours for stop in tour.stops]
    if not points:
        return None
    lats, lons = [lat for lat, _lon in points], [lon for _lat, lon in points]
    return [[min(lats), min(lons)], [max(lats), max(lons)]]


def navigation(lat: float, lon: float) -> tuple[tuple[str, str], ...]:
    """Links that hand a point over to the phone's navigation; only the point leaves, by the courier's own tap."""
    at = f"{lat:.6f},{lon:.6f}"
    return (
        ("Google Maps", f"https://www.google.com/maps/dir/?api=1&destination={at}&travelmode=driving"),
        ("Waze", f"https://waze.com/ul?ll={at}&navigate=yes"),
        ("Apple Maps", f"https://maps.apple.com/?daddr={at}&dirflg=d"),
        ("geo:", f"geo:{at}"),
    )
