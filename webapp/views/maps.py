"""What maps are made of: tiles and the script of the empty map."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, send_file
from flask.typing import ResponseReturnValue

from logistics import regions
from logistics.counter import people

from .. import maps
from ..access import needs, signed_in
from ..here import system, viewer
from ..i18n import word

pages = Blueprint("maps", __name__, url_prefix="/map")


@pages.get("/regions/<name>.pmtiles")
@signed_in
def tiles(name: str) -> ResponseReturnValue:
    """A region's basemap; browsers ask for ranges of it."""
    for region in regions.installed(system().settings.home):
        if region.name == name:
            return send_file(region.basemap_file, mimetype="application/vnd.pmtiles", conditional=True, max_age=86_400)
    abort(404)


@pages.get("/blank.js")
@needs("people.set-pin")
def blank_script() -> ResponseReturnValue:
    """The script of the map to click on."""
    return Response(maps.blank_script(system()), mimetype="text/javascript")


@pages.post("/places", endpoint="places")
@needs("places.find")
def find_places() -> ResponseReturnValue:
    """What an address still being typed may mean; it comes in the body, so that no log and no history keeps it."""
    found = people.find_places(viewer(), request.form.get("text", "")[:120], geocoder=system().geocoder)
    return {"places": [
        {"label": one.label, "lat": one.lat, "lon": one.lon, "zoom": one.zoom,
         "accuracy": word(one.accuracy, "accuracy")} for one in found
    ]}  # fmt: skip
