"""The courier's route sheet: one per tour, on A4, for a clipboard in the rain."""

from __future__ import annotations

import io
import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import segno
import typst

from .. import i18n
from ..exports.sheets import DaySheet, StopSheet, TourSheet
from ..ports import ESTIMATE, Roads
from .overview import frame, overview

FOLDER = Path(str(resources.files("logistics"))) / "documents"
#: Where a phone on the same machine finds the app when no public address is set.
LOCAL_ADDRESS = "http://127.0.0.1:8000"


def route_sheets(sheet: DaySheet, *, language: str, base_url: str, roads: Roads) -> bytes:
    """All tours of the day as one PDF, each starting on its own page 1.

    The sheet is part of the courier's own day, so it names people and homes; it is not logged and not stored.

    Args:
        base_url: public address of the app, in the QR code of each stop; nothing personal is in the code.
        roads: for the streets drawn thin under each tour, where a region covers it.
    """
    data = {
        "words": _words(language),
        "language": language,
        "day": i18n.long_date(language, sheet.day),
        "status": sheet.status,
        "version": sheet.version,
        "tours": [_tour(tour, language, base_url or LOCAL_ADDRESS, roads) for tour in sheet.tours],
    }
    return typst.compile(
        str(FOLDER / "route_sheet.typ"),
        root=str(FOLDER),
        font_paths=[str(FOLDER / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


def _words(language: str) -> dict[str, str]:
    return {key: i18n.text(language, message) for key, message in WORDS.items()}


WORDS = {
    "title": "Route sheet",
    "draft": "Draft",
    "courier": "Courier",
    "van": "Van",
    "depot": "Depot",
    "starts": "Leaves at",
    "ends": "Back at",
    "distance": "Distance",
    "stops": "Stops",
    "loading": "Loading list",
    "loading_hint": "Last stop first: load in this order.",
    "nothing_to_load": "Nothing to load: this tour only collects.",
    "stop": "Stop",
    "give": "Give",
    "take": "Take back",
    "window": "Window",
    "phone": "Phone",
    "note": "Note",
    "signature": "Signature",
    "delivery": "Delivery",
    "pickup": "Pickup",
    "swap": "Swap",
    "page": "Page",
    "of": "of",
    "approximate": "approximate place",
    "total": "Aboard at the start",
    "attribution": "Map data © OpenStreetMap contributors, ODbL 1.0",
}


def _tour(tour: TourSheet, language: str, base_url: str, roads: Roads) -> dict[str, Any]:
    depot = (tour.site_lat, tour.site_lon) if tour.site_lat is not None and tour.site_lon is not None else None
    marks = [(stop.sequence, stop.kind, stop.lat, stop.lon) for stop in tour.stops]
    around = frame([*tour.geometry, *((lat, lon) for _, _, lat, lon in marks), *((depot,) if depot else ())])
    return {
        "van": f"{tour.van} {tour.van_name}",
        "courier": tour.courier,
        "site": f"{tour.site} {tour.site_name}",
        "start": i18n.clock(language, tour.start),
        "end": i18n.clock(language, tour.end),
        "distance": i18n.kilometres(language, tour.distance_m),
        "stop_count": len(tour.stops),
        "weight": i18n.kilograms(language, tour.start_weight_g),
        "travel_source": _source(tour, language),
        "estimate": i18n.text(language, "travel times: estimate") if tour.travel_source == ESTIMATE else "",
        "map": overview(tour.geometry, marks, depot, streets=roads.streets_within(around)),
        "loading": _loading(tour),
        "stops": [_stop(stop, language, base_url) for stop in tour.stops],
    }


def _source(tour: TourSheet, language: str) -> str:
    if tour.travel_source == ESTIMATE:
        return i18n.text(language, "travel times: estimate")
    region = tour.travel_source.removeprefix("graph:")
    return i18n.text(language, "roads: {region}, OpenStreetMap", region=region)


def _loading(tour: TourSheet) -> list[dict[str, Any]]:
    """What goes into the van, last stop first, so that the first stop's parcel lies at the door."""
    return [
        {
            "stop": stop.sequence,
            "items": [
                {"name": item.name, "sku": item.sku, "tag": item.asset_tag or "", "quantity": item.quantity}
                for item in stop.items
                if item.direction == "out"
            ],
        }
        for stop in reversed(tour.stops)
        if any(item.direction == "out" for item in stop.items)
    ]


def _stop(stop: StopSheet, language: str, base_url: str) -> dict[str, Any]:
    return {
        "number": stop.sequence,
        "kind": stop.kind,
        "orders": ", ".join(stop.orders),
        "arrival": i18n.clock(language, stop.arrival),
        "window": f"{i18n.clock(language, stop.window_start)} – {i18n.clock(language, stop.window_end)}",
        "person": f"{stop.given_name} {stop.family_name}",
        "number_of_person": stop.employee_number,
        "phone": stop.phone,
        "address": [part for part in (stop.address_line, f"{stop.postal_code} {stop.city}".strip()) if part],
        "approximate": stop.accuracy not in ("pin", "given", "house"),
        "access": stop.access_note,
        "notes": " · ".join(stop.notes),
        "give": _items(stop, "out"),
        "take": _items(stop, "back"),
        "qr": _qr(f"{base_url.rstrip('/')}/courier/stops/{stop.id}"),
    }


def _items(stop: StopSheet, direction: str) -> list[str]:
    counted = Counter((item.name, item.asset_tag or "") for item in stop.items if item.direction == direction)
    pieces = {(item.name, item.asset_tag or ""): item.quantity for item in stop.items if item.direction == direction}
    return [f"{pieces[key] * times} × {key[0]} {key[1]}".strip() for key, times in counted.items()]


def _qr(address: str) -> str:
    stream = io.BytesIO()
    segno.make_qr(address, error="m").save(stream, kind="svg", border=1, xmldecl=False)
    return stream.getvalue().decode()
