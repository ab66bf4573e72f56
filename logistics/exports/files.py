"""The text formats of a day. None carries a name, a phone or an address line: numbers, points and times only."""

from __future__ import annotations

import io
import json
from typing import Any

import gpxpy.gpx

from inventory import tables

from ..ports import ESTIMATE
from .contract import ATTRIBUTION, plan_document
from .sheets import DaySheet, StopSheet, TourSheet

CSV_COLUMNS = (
    "day", "version", "status", "van", "site", "sequence", "kind", "orders", "employee_number", "lat", "lon",
    "location_accuracy", "arrival", "service_start", "departure", "window_start", "window_end", "drive_s", "distance_m",
    "load_weight_g", "load_volume_ml", "items_out", "items_back", "travel_source",
    "estimate", "attribution",
)  # fmt: skip


def as_json(sheet: DaySheet, language: str) -> bytes:
    """The contract `tournee-plan/1`, UTF-8."""
    return (json.dumps(plan_document(sheet, language), ensure_ascii=False, indent=1) + "\n").encode()


def as_geojson(sheet: DaySheet, language: str) -> bytes:
    """Tours as lines, stops and sites as points, RFC 7946 (longitude first)."""
    features: list[dict[str, Any]] = []
    for tour in sheet.tours:
        line = [[lon, lat] for lat, lon in tour.geometry]
        shape = {"type": "LineString", "coordinates": line} if len(line) > 1 else None
        features.append(_feature(shape, kind="tour", van=tour.van, site=tour.site, distance_m=tour.distance_m,
                                 driving_s=tour.driving_s, travel_source=tour.travel_source,
                                 estimate=tour.travel_source == ESTIMATE))  # fmt: skip
        if tour.site_lat is not None and tour.site_lon is not None:
            depot = {"type": "Point", "coordinates": [tour.site_lon, tour.site_lat]}
            features.append(_feature(depot, kind="site", site=tour.site))
        features.extend(_stop_feature(tour, stop) for stop in tour.stops)
    document = {"type": "FeatureCollection", "attribution": ATTRIBUTION, "day": sheet.day.isoformat(),
                "version": sheet.version, "status": sheet.status, "features": features}  # fmt: skip
    return (json.dumps(document, ensure_ascii=False) + "\n").encode()


def _stop_feature(tour: TourSheet, stop: StopSheet) -> dict[str, Any]:
    return _feature(
        {"type": "Point", "coordinates": [stop.lon, stop.lat]},
        kind="stop",
        van=tour.van,
        sequence=stop.sequence,
        job=stop.kind,
        orders=list(stop.orders),
        employee_number=stop.employee_number,
        location_accuracy=stop.accuracy,
        arrival=stop.arrival.isoformat(),
        window_start=stop.window_start.isoformat(),
        window_end=stop.window_end.isoformat(),
        estimate=tour.travel_source == ESTIMATE,
    )


def _feature(geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def as_csv(sheet: DaySheet, language: str) -> bytes:
    """One row per stop, UTF-8 with BOM so that spreadsheets read the accents; formula cells are disarmed."""
    stream = io.StringIO(newline="")
    tables.write_table(stream, CSV_COLUMNS, [_cells(sheet, tour, stop) for tour in sheet.tours for stop in tour.stops])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _cells(sheet: DaySheet, tour: TourSheet, stop: StopSheet) -> tuple[object, ...]:
    def items(direction: str) -> str:
        return "|".join(f"{item.quantity} {item.sku} {item.asset_tag or ''}".strip()
                        for item in stop.items if item.direction == direction)  # fmt: skip

    return (
        sheet.day.isoformat(), sheet.version, sheet.status, tour.van, tour.site, stop.sequence, stop.kind,
        "|".join(stop.orders), stop.employee_number, stop.lat, stop.lon, stop.accuracy, stop.arrival.isoformat(),
        stop.service_start.isoformat(), stop.departure.isoformat(), stop.window_start.isoformat(),
        stop.window_end.isoformat(), stop.drive_s, stop.distance_m, stop.weight_g, stop.volume_ml,
        items("out"), items("back"), tour.travel_source,
        "yes" if tour.travel_source == ESTIMATE else "no", ATTRIBUTION,
    )  # fmt: skip


def as_gpx(sheet: DaySheet, language: str) -> bytes:
    """GPX 1.1: a track along the roads and the stops as a route, one pair per tour."""
    document = gpxpy.gpx.GPX()
    document.creator = "Tournée"
    document.name = f"{sheet.day.isoformat()} v{sheet.version}"
    document.description = ATTRIBUTION
    document.copyright_author = "OpenStreetMap contributors"
    document.copyright_license = "https://opendatacommons.org/licenses/odbl/1-0/"
    for tour in sheet.tours:
        points = [gpxpy.gpx.GPXTrackPoint(lat, lon) for lat, lon in tour.geometry]
        track = gpxpy.gpx.GPXTrack(name=tour.van)
        track.comment = "travel times: estimate" if tour.travel_source == ESTIMATE else tour.travel_source
        track.segments.append(gpxpy.gpx.GPXTrackSegment(points))
        document.tracks.append(track)
        route = gpxpy.gpx.GPXRoute(name=f"{tour.van} stops")
        route.points = [
            gpxpy.gpx.GPXRoutePoint(
                stop.lat, stop.lon, time=stop.arrival, name=f"{stop.sequence} {' '.join(stop.orders)}",
                comment="arrival: estimate" if tour.travel_source == ESTIMATE else None,
            )
            for stop in tour.stops
        ]
        document.routes.append(route)
    return document.to_xml(version="1.1").encode()
