"""What maps are made of: tiles and the script of the empty map."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_file
from flask.typing import ResponseReturnValue

from logistics import regions

from .. import maps
from ..access import allowed, signed_in
from ..here import system

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
@allowed("coordinator", "admin")
def blank_script() -> ResponseReturnValue:
    """The script of the map to click on."""
    return Response(maps.blank_map(system()).script, mimetype="text/javascript")
