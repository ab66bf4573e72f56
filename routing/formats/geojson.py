"""Tours as GeoJSON (RFC 7946): a line for each, a point for each stop and each depot in use.

Most benchmark places lie on a plane without degrees. They are written as they stand, and the collection says so in
`planar`: a map shows the shape of the tours, not where they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..model import Plan, Tour
from .instance import Instance


def geojson_text(instance: Instance, plan: Plan) -> str:
    """The plan as one feature collection."""
    features = [feature for tour in plan.tours for feature in _features(instance, tour)]
    whole = {
        "type": "FeatureCollection",
        "name": instance.name,
        "planar": not instance.on_earth,
        "cost": instance.cost(plan.orders()),
        "vehicles": len(plan.tours),
        "unassigned": [left.job for left in plan.unassigned],
        "features": features,
    }
    return json.dumps(whole, ensure_ascii=False) + "\n"


def _features(instance: Instance, tour: Tour) -> Iterator[dict[str, Any]]:
    problem = instance.problem
    vehicle = problem.vehicle(tour.vehicle)
    jobs = {job.id: job for job in problem.visits}
    reloads = {reload.before for reload in tour.reloads}
    trail = [vehicle.start]
    for number, stop in enumerate(tour.stops):
        trail += [vehicle.start] * (number in reloads) + [jobs[stop.job].place]
    trail += [] if vehicle.end is None else [vehicle.end]
    line = [list(instance.points[place]) for place in trail]
    facts = {"vehicle": tour.vehicle, "departure": tour.departure, "arrival": tour.arrival, "metres": tour.metres}
    yield _feature("LineString", line, {**facts, "stops": len(tour.stops)})
    yield _feature("Point", line[0], {"vehicle": tour.vehicle, "depot": vehicle.start})
    for number, stop in enumerate(tour.stops, 1):
        where = list(instance.points[jobs[stop.job].place])
        times = {"arrival": stop.arrival, "service_start": stop.service_start, "departure": stop.departure}
        yield _feature("Point", where, {"vehicle": tour.vehicle, "stop": number, "job": stop.job, **times})


def _feature(kind: str, coordinates: object, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
