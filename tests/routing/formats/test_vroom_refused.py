"""VROOM documents that cannot be read are refused by the path of what is wrong in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import routing
from routing.formats import vroom
from tests.routing.formats.documents import DURATIONS, small


def refusal_of(document: Any) -> str:
    with pytest.raises(routing.BadFile) as refusal:
        vroom.question("some.json", document if isinstance(document, bytes) else json.dumps(document).encode())
    return str(refusal.value).removeprefix("some.json")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", ", line 1: JSON expected"),
        (b"{", ", line 1: JSON expected"),
        (b"\xff\xfe", ": JSON expected (UnicodeDecodeError)"),
        (b"[1]", ": a JSON object expected"),
        (b"{" * 100_000, "JSON expected"),
        (b'{"a":' * 50_000, ": JSON expected (RecursionError)"),
        (b'{"vehicles": [{"id": NaN}]}', ": JSON expected (ValueError)"),
        (b'{"vehicles": [{"id": 1e999, "start_index": 0}]}', ": vehicles[0].id: a whole number expected"),
        ({"jobs": []}, ": vehicles: a vehicle expected"),
        ({"vehicles": {}}, ": vehicles: a list expected"),
        ({"vehicles": [3]}, ": vehicles[0]: an object expected"),
        ({"vehicles": [{"id": "a"}]}, ": vehicles[0].id: a whole number expected"),
        ({"vehicles": [{"id": True}]}, ": vehicles[0].id: a whole number expected"),
        ({"vehicles": [{"id": -1}]}, ": vehicles[0].id: a number from 0"),
        ({"vehicles": [{"id": 1}]}, ": vehicles[0]: a start or an end expected"),
        (small(jobs=[]), ": the document: a job or a shipment expected"),
        (small(jobs=[{"location_index": 6}]),
         ": job 1: an index below 6, the size of the matrix, expected, not 6"),
        (small(jobs=[{}]), ": job 1: location_index expected, as there are matrices"),
        (small(jobs=[{"location_index": 1, "service": 1.5}]), ": jobs[0].service: a whole number expected"),
        (small(jobs=[{"location_index": 1, "priority": 101}]), ": jobs[0].priority: a number from 0 to 100"),
        (small(jobs=[{"location_index": 1, "time_windows": []}]),
         ": jobs[0].time_windows: a time window expected"),
        (small(jobs=[{"location_index": 1, "time_windows": [[5, 1]]}]),
         ": jobs[0].time_windows[0]: a time window that"),
        (small(jobs=[{"location_index": 1, "time_windows": [[1, 5], [5, 9]]}]),
         ": jobs[0].time_windows: time windows that do not"),
        (small(jobs=[{"location_index": 1, "delivery": [1]}]), ": job 1: 0 quantities expected"),
        (small(jobs=[{"location_index": 1, "id": 1}, {"location_index": 2, "id": 1}]),
         ": jobs: each id once expected, 1"),
        (small(jobs=[{"location_index": 1, "location": "here"}]), ": jobs[0].location: longitude and latitude"),
        (small(vehicles=[{"capacity": [1]}, {"capacity": [1, 2]}]),
         ": vehicles: capacities of one length expected"),
        (small(vehicles=[{"speed_factor": 0}]), ": vehicles[0].speed_factor: a number above 0 and up to 5"),
        (small(vehicles=[{"speed_factor": 1e999}]), "JSON expected"),
        (small(vehicles=[{"profile": "bike"}]), ": job 1: a location expected, or matrices"),
        (small(vehicles=[{}, {"profile": "bike"}]), ": matrices.bike: durations expected"),
        (small(vehicles=[{"steps": [{"type": "job", "id": 5}]}]), ": steps of vehicle 1: a known task expected"),
        (small(vehicles=[{"steps": [{"type": "fly"}]}]), ": vehicles[0].steps[0].type: one of start, job"),
        (small(vehicles=[{"steps": [{"type": "job", "id": 1, "service_at": 9}]}],
                    jobs=[{"location_index": 1, "time_windows": [[10, 20]]}]),
         ": job 1: a moment inside a time window expected in its step"),
        (small(vehicles=[{"time_window": [0, 99], "breaks": [{"id": 4, "time_windows": [[100, 200]]}]}]),
         ": vehicle 1: break 4 inside"),
        (small(vehicles=[{"capacity": [5], "breaks": [{"id": 4, "max_load": [3]}]}]),
         ": vehicles[0].breaks[0].max_load: a limit on the load"),
        (small(vehicles=[{"type": "van"}, {"type": "bike"}],
                    jobs=[{"location_index": 1, "service_per_type": {"van": 9}}]),
         ": jobs[0].service_per_type: times that differ"),
        (small(shipments=[{"pickup": {"id": 1, "location_index": 1}}]),
         ": shipments[0].delivery: an object expected"),
        (small(matrices={"car": {"durations": [[0, 1], [2]]}}), ": matrices.car.durations: "),
        (small(matrices={"car": {"durations": [[0, 1.5], [2, 0]]}}),
         ": matrices.car.durations: whole numbers expected"),
        (small(matrices={"car": {"durations": [[0, -1], [2, 0]]}}), ": matrices.car.durations: numbers from 0"),
        (small(matrices={"car": {"durations": [[0, "a"], [2, 0]]}}),
         ": matrices.car.durations: whole numbers expected"),
        (small(matrices={"car": {"durations": DURATIONS, "distances": [[0, 1], [1, 0]]}}),
         ": matrices: matrices of one size"),
        (small(matrices={"car": {"durations": DURATIONS}}, vehicles=[{"costs": {"per_km": 1}}]),
         ": matrices: distances expected"),
        (small(matrices={"car": {"durations": DURATIONS, "costs": DURATIONS}}, vehicles=[{"costs": {"per_hour": 1}}]),
         ": vehicle 1: costs of an hour or a kilometre expected, or a matrix"),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused_by_the_path_of_what_is_wrong(document, sentence):
    assert sentence in refusal_of(document)
