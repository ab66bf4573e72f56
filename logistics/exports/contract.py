"""The documented JSON contract of a planned day, `tournee-plan/1`; fields may be added, never renamed."""

from __future__ import annotations

from typing import Any

from .. import reasons
from ..ports import ESTIMATE
from .sheets import DaySheet, StopSheet, TourSheet

FORMAT = "tournee-plan/1"
#: Points and lines rest on OpenStreetMap; whoever passes a file on passes this on.
ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"


def plan_document(sheet: DaySheet, language: str = "en") -> dict[str, Any]:
    """The day as plain JSON values; moments are ISO 8601 with the site's offset, lengths metres, times seconds."""
    tours = [_tour(tour) for tour in sheet.tours]
    costs = [tour["cost_cents"] for tour in tours]
    return {
        "format": FORMAT,
        "attribution": ATTRIBUTION,
        "estimate": any(tour.travel_source == ESTIMATE for tour in sheet.tours),
        "day": sheet.day.isoformat(),
        "plan": {
            "id": sheet.plan_id,
            "version": sheet.version,
            "status": sheet.status,
            "engine": sheet.engine,
            "solve_seconds": sheet.solve_seconds,
        },
        "tours": tours,
        "unserved": [
            {
                "order": left.order,
                "reason": {
                    "code": left.code,
                    "facts": left.facts,
                    "text": reasons.sentence(left.code, left.facts, language),
                },
            }
            for left in sheet.unserved
        ],
        "totals": {
            "stops": sum(len(tour.stops) for tour in sheet.tours),
            "distance_m": sum(tour.distance_m for tour in sheet.tours),
            "driving_s": sum(tour.driving_s for tour in sheet.tours),
            "cost_cents": {term: sum(cost[term] for cost in costs) for term in ("fixed", "distance", "time", "total")},
            "unserved": len(sheet.unserved),
            "estimate": any(tour.travel_source == ESTIMATE for tour in sheet.tours),
        },
    }


def _tour(tour: TourSheet) -> dict[str, Any]:
    return {
        "van": tour.van,
        "site": tour.site,
        "start": tour.start.isoformat(),
        "end": tour.end.isoformat(),
        "distance_m": tour.distance_m,
        "driving_s": tour.driving_s,
        "travel_source": tour.travel_source,
        "estimate": tour.travel_source == ESTIMATE,
        "cost_cents": {
            "fixed": tour.cost_fixed_cents,
            "distance": tour.cost_distance_cents,
            "time": tour.cost_time_cents,
            "total": tour.cost_fixed_cents + tour.cost_distance_cents + tour.cost_time_cents,
        },
        "state": tour.state,
        "geometry": [[lat, lon] for lat, lon in tour.geometry],
        "stops": [{**_stop(stop), "estimate": tour.travel_source == ESTIMATE} for stop in tour.stops],
    }


def _stop(stop: StopSheet) -> dict[str, Any]:
    return {
        "sequence": stop.sequence,
        "kind": stop.kind,
        "orders": list(stop.orders),
        "employee_number": stop.employee_number,
        "lat": stop.lat,
        "lon": stop.lon,
        "location_accuracy": stop.accuracy,
        "arrival": stop.arrival.isoformat(),
        "service_start": stop.service_start.isoformat(),
        "departure": stop.departure.isoformat(),
        "window_start": stop.window_start.isoformat(),
        "window_end": stop.window_end.isoformat(),
        "load": {"weight_g": stop.weight_g, "volume_ml": stop.volume_ml},
        "state": stop.state,
        "items": [
            {"sku": item.sku, "asset_tag": item.asset_tag, "quantity": item.quantity, "direction": item.direction}
            for item in stop.items
        ],
    }
