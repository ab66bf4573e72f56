"""Folium maps in three parts: the place on the page, the script as a file of its own, and files we ship.

Folium's own page would bring inline scripts and foreign hosts; we take only what it renders for the map itself. Every
text that comes from data is escaped for HTML and for the script it stands in, and its braces are taken away: what
Folium has rendered it renders a second time as a Jinja template, and a name like `{{...}}` would be carried out there.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import folium
from branca.element import MacroElement
from flask import url_for
from jinja2 import Template
from markupsafe import Markup, escape

from logistics import i18n, regions

from .i18n import gettext as _
from .i18n import language, word

if TYPE_CHECKING:
    from logistics.queries import DayView, StopView, TourView, UnservedView
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


@dataclass(frozen=True, slots=True)
class Map:
    """A map's place on the page and its script."""

    html: Markup
    script: str
    has_streets: bool


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


class Popup(MacroElement):
    """What a marker tells when it is pressed. Folium's own wraps it in a style attribute, which our policy refuses."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "{{ this._parent.get_name() }}.bindPopup({{ this.content }}, {maxWidth: {{ this.max_width }}});"
        "{% endmacro %}"
    )

    def __init__(self, content: Markup, *, max_width: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Popup"
        self.content, self.max_width = _json(str(content)), max_width


def colour(index: int) -> str:
    """The colour of a van by its place among ours."""
    return COLOURS[index % len(COLOURS)]


def shade(index: int) -> str:
    """The style class that gives a van its colour, lighter on a dark page; see `day.css`."""
    return f"van-{index % len(COLOURS)}"


def dash(index: int) -> str:
    """The line pattern of a van: solid for the first twelve."""
    return DASHES[index // len(COLOURS) % len(DASHES)]


def text(value: object) -> Markup:
    """Data made safe inside HTML that stands inside a script that Folium's Jinja reads once more."""
    plain = str(escape(str(value)))
    for letter in "\\`${":
        plain = plain.replace(letter, f"&#{ord(letter)};")
    return Markup(plain)  # noqa: S704  (escaped above)


def label(value: object) -> str:
    """Data for an option that Folium writes itself: its Jinja must find no brace that opens something."""
    return str(value).replace("{", "\N{FULLWIDTH LEFT CURLY BRACKET}")


def _json(value: object) -> str:
    """JSON that cannot leave a script (no tag, no line separator), nor be a template to Folium's Jinja."""
    made = json.dumps(value)
    for letter in "<>&\u2028\u2029":
        made = made.replace(letter, f"\\u{ord(letter):04x}")
    # Outside of texts no JSON has these two letters side by side.
    return re.sub(r"\{(?=[{%#])", r"\\u007b", made)


def _known(system: System) -> list[dict[str, Any]]:
    found = []
    for region in regions.installed(system.settings.home):
        box = region.box
        url = url_for("maps.tiles", name=region.name, v=region.facts.source_sha256[:8])
        found.append({"url": url, "bounds": [[box.south, box.west], [box.north, box.east]]})
    return found


def _ground(system: System, name: str, bounds: list[list[float]] | None) -> LocalMap:
    known = _known(system)
    framed = bounds or (known[0]["bounds"] if known else [[43.6, 7.2], [43.8, 7.5]])
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


def _render(made: LocalMap, system: System) -> Map:
    root = made.get_root()
    root.render()
    # The place is Folium's own div; its size is ours to say, in the stylesheet: the shape of what it shows.
    html = f'<div class="folium-map" id="{made.get_name()}" data-shape="{made.shape:.2f}"></div>'
    script = str(root.script.render())  # type: ignore[attr-defined]
    return Map(Markup(html), script, has_streets=bool(_known(system)))  # noqa: S704  (our name)


def blank_map(system: System) -> Map:
    """The region, to click on; the script calls the map `map_blank`."""
    return _render(_ground(system, "blank", None), system)


def day_map(system: System, view: DayView) -> Map:
    """A day's tours along their roads, stops with their numbers, sites, and in grey what is not served."""
    points = [point for tour in view.tours for point in tour.geometry]
    points += [(stop.lat, stop.lon) for tour in view.tours for stop in tour.stops]
    made = _ground(system, "day", _frame(points))
    for tour in view.tours:
        _draw_tour(made, tour)
    for site in view.sites:
        if site.lat is not None and site.lon is not None:
            icon = folium.DivIcon(html=_house(), icon_size=(30, 30), icon_anchor=(15, 26), class_name="stop-mark depot")
            made.add_child(folium.Marker((site.lat, site.lon), icon=icon, title=label(site.name), z_index_offset=500))
    for place, left in enumerate(view.unserved):
        if left.lat is not None and left.lon is not None:
            icon = folium.DivIcon(
                html="<i><b>?</b></i>", icon_size=(23, 23), class_name=f"stop-mark unserved left-{place}"
            )
            marker = folium.Marker((left.lat, left.lon), icon=icon)
            marker.add_child(Popup(_left_popup(left), max_width=300))
            made.add_child(marker)
    return _render(made, system)


def _frame(points: list[tuple[float, float]]) -> list[list[float]] | None:
    if not points:
        return None
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return [[min(lats), min(lons)], [max(lats), max(lons)]]


def _draw_tour(made: LocalMap, tour: TourView) -> None:
    van = shade(tour.colour)
    if len(tour.geometry) > 1:
        for width, tone, name in ((8, "#ffffff", "tour-case"), (4.5, colour(tour.colour), "tour-line")):
            made.add_child(
                folium.PolyLine(
                    [list(point) for point in tour.geometry], color=tone, weight=width, opacity=0.9,
                    dash_array=dash(tour.colour) or None, class_name=f"{name} {van} tour-{tour.id}",
                )
            )  # fmt: skip
    for stop in tour.stops:
        html = f'<i class="{van}"><b>{stop.sequence}</b></i>'
        icon = folium.DivIcon(
            html=html,
            icon_size=(23, 23),
            class_name=f"stop-mark {stop.kind} {stop.state} tour-{tour.id} stop-{stop.id}",
        )
        marker = folium.Marker((stop.lat, stop.lon), icon=icon)
        marker.add_child(Popup(_stop_popup(tour, stop), max_width=320))
        made.add_child(marker)


def _house() -> str:
    return (
        '<svg viewBox="0 0 24 24" stroke-width="2" stroke-linejoin="round" aria-hidden="true">'
        '<path d="M3 11 12 3l9 8v10H3z"/><path d="M9 21v-6h6v6"/></svg>'
    )


def _stop_popup(tour: TourView, stop: StopView) -> Markup:
    """Who, what goes out and back, window, arrival: never the home address."""
    spoken = language()
    out = _items(stop, "out")
    back = _items(stop, "back")
    rows = [
        (_("Arrival"), i18n.clock(spoken, stop.arrival)),
        (_("Window"), f"{i18n.clock(spoken, stop.window_start)}–{i18n.clock(spoken, stop.window_end)}"),
        *([(_("Give"), out)] if out else []),
        *([(_("Take back"), back)] if back else []),
    ]
    rows_html = Markup("").join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(text(name), text(value)) for name, value in rows
    )
    links = Markup(" · ").join(_order_link(order) for order in stop.orders)
    title = Markup("<h3>{}. {} {}</h3>").format(stop.sequence, text(stop.given_name), text(stop.employee_number))
    told = (word(stop.kind, "job-kind"), word(stop.state, "stop"), tour.van)
    under = Markup("<div class='faint'>{}</div>").format(Markup(" · ").join(text(one) for one in told))
    return Markup("<div class='popup'>{}{}<dl class='facts'>{}</dl>{}</div>").format(title, under, rows_html, links)


def _order_link(order: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(text(url_for("orders.show", reference=order)), text(order))


def _items(stop: StopView, direction: str) -> str:
    return ", ".join(
        f"{item.quantity} × {item.name} {item.asset_tag or ''}".strip()
        for item in stop.items
        if item.direction == direction
    )


def _left_popup(left: UnservedView) -> Markup:
    return Markup("<div class='popup'><h3>{} {}</h3><p>{}</p>{}</div>").format(
        text(left.given_name), text(left.employee_number), text(left.sentence(language())), _order_link(left.order)
    )


def navigation(lat: float, lon: float) -> tuple[tuple[str, str], ...]:
    """Links that hand a point over to the phone's navigation; only the point leaves, by the courier's own tap."""
    at = f"{lat:.6f},{lon:.6f}"
    return (
        ("Google Maps", f"https://www.google.com/maps/dir/?api=1&destination={at}&travelmode=driving"),
        ("Waze", f"https://waze.com/ul?ll={at}&navigate=yes"),
        ("Apple Maps", f"https://maps.apple.com/?daddr={at}&dirflg=d"),
        ("geo:", f"geo:{at}"),
    )
