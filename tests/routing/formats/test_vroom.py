"""VROOM's JSON in and out, field by field, and both engines' answers judged on documents drawn by chance."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import routing
from routing import commands, formats
from routing.bench import vroom_peer
from routing.formats import vroom
from routing.solve import Limits
from tests.conftest import CHECKOUT
from tests.routing.formats import documents

EXAMPLES = sorted((CHECKOUT / "data" / "instances" / "vroom").glob("*.json"))
needs_vroom = pytest.mark.skipif(
    not vroom_peer.is_installed(), reason="the peer VROOM (extra `bench`) is not installed"
)


def answered(document: dict[str, Any]) -> dict[str, Any]:
    """Our answer by the simplest engine; its plan has been judged."""
    question = documents.asked(document)
    plan = routing.engine("nearest")(question.problem, limits=Limits(5.0))
    assert routing.violations(question.problem, plan) == ()
    return vroom.answered(question, plan)


def steps(answer: dict[str, Any], route: int = 0) -> list[tuple[str, int | None, int]]:
    return [(step["type"], step.get("id"), step["arrival"]) for step in answer["routes"][route]["steps"]]


# --- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_with_every_field_are_answered_whole(path):
    document = json.loads(path.read_text())

    answer = answered(document)

    assert formats.detect(path) == "vroom"
    assert answer["code"] == 0
    assert (answer["summary"]["unassigned"], answer["unassigned"]) == (0, [])
    assert {one["vehicle"] for one in answer["routes"]} <= {one["id"] for one in document["vehicles"]}


def test_there_are_examples_with_coordinates_with_matrices_and_with_steps():
    assert [path.stem for path in EXAMPLES] == ["coordinates", "matrices", "steps"]


def test_times_load_and_sums_of_a_route_are_told_step_by_step():
    jobs = [
        {"location_index": 2, "service": 10, "delivery": [2], "description": "door", "time_windows": [[0, 300]]},
        {"location_index": 4, "setup": 5, "service": 20, "pickup": [1], "time_windows": [[500, 600]]},
    ]

    answer = answered(documents.small(vehicles=[{"capacity": [3], "description": "van"}], jobs=jobs))

    (route,) = answer["routes"]
    assert steps(answer) == [("start", None, 90), ("job", 1, 290), ("job", 2, 500), ("end", None, 925)]
    assert [step["load"] for step in route["steps"]] == [[2], [0], [1], [1]]
    assert [step["duration"] for step in route["steps"]] == [0, 200, 400, 800]
    assert [step["distance"] for step in route["steps"]] == [0, 2000, 4000, 8000]
    assert [step.get("location_index") for step in route["steps"]] == [0, 2, 4, 0]
    assert [step.get("description") for step in route["steps"]] == [None, "door", None, None]
    facts = ("cost", "setup", "service", "duration", "waiting_time", "distance", "delivery", "pickup", "description")
    assert [route[fact] for fact in facts] == [800, 5, 30, 800, 0, 8000, [2], [1], "van"]
    assert [answer["summary"][fact] for fact in facts[:-1]] == [route[fact] for fact in facts[:-1]]
    assert answer["summary"]["routes"] == 1


def test_waiting_is_told_where_it_cannot_be_saved():
    jobs = [
        {"location_index": 1, "time_windows": [[0, 150]]},
        {"location_index": 2, "time_windows": [[700, 800]]},
    ]

    (route,) = answered(documents.small(jobs=jobs))["routes"]

    assert [(step["arrival"], step["waiting_time"]) for step in route["steps"]] == [
        (50, 0),
        (150, 0),
        (250, 450),
        (900, 0),
    ]
    assert route["waiting_time"] == 450


def test_a_task_of_higher_priority_is_served_before_two_of_a_lower_one():
    jobs = [{"location_index": place, "priority": priority} for place, priority in ((1, 10), (2, 10), (5, 21))]

    answer = answered(documents.small(vehicles=[{"max_tasks": 1}], jobs=jobs))

    assert [one["id"] for one in answer["unassigned"]] == [1, 2]
    assert answer["summary"]["priority"] == 21


def test_prices_of_leaving_out_rank_by_priority_then_number_then_cost():
    jobs = [{"location_index": 1, "priority": priority} for priority in (0, 1, 2)]
    problem = documents.asked(documents.small(jobs=jobs)).problem

    none, one, two = (job.price for job in problem.jobs)
    dearest_leg = 500 * problem.vehicles[0].metre_cost
    assert none > 4 * dearest_leg
    assert one - none > 3 * none
    assert two - one == one - none


def test_a_task_is_begun_in_one_of_its_windows():
    jobs = [{"location_index": 1, "time_windows": [[10, 20], [400, 500], [900, 950]]}]

    answer = answered(documents.small(jobs=jobs, vehicles=[{"time_window": [350, 2000]}]))

    assert steps(answer)[1] == ("job", 1, 450)


def test_skills_capacity_and_limits_are_kept():
    vehicles = [
        {"skills": [1], "capacity": [1]}, {"skills": [1, 2], "capacity": [9], "max_travel_time": 199},
        {"skills": [1, 2], "capacity": [9], "max_distance": 1999}, {"skills": [1, 2], "capacity": [9], "max_tasks": 0},
        {"skills": [2], "capacity": [9], "time_window": [0, 199]}, {"skills": [1, 2], "capacity": [9]},
    ]  # fmt: skip
    jobs = [{"location_index": 1, "skills": [1, 2], "delivery": [2]}]

    answer = answered(documents.small(vehicles=vehicles, jobs=jobs))

    assert [route["vehicle"] for route in answer["routes"]] == [6]


@pytest.mark.parametrize(
    ("vehicle", "cost"),
    [
        ({}, 200), ({"costs": {"fixed": 7}}, 207), ({"costs": {"per_hour": 1800}}, 100),
        ({"costs": {"per_hour": 0, "per_km": 30}}, 60), ({"costs": {"fixed": 1, "per_hour": 36, "per_km": 1}}, 5),
        ({"speed_factor": 2}, 100), ({"speed_factor": 0.5, "costs": {"per_km": 10}}, 420),
        ({"max_distance": 9000, "costs": {"per_hour": 7200, "per_km": 5}}, 410),
        ({"costs": {"per_task_hour": 360}}, 203),
    ],
)  # fmt: skip
def test_costs_are_those_of_vehicle_hours_and_kilometres(vehicle, cost):
    jobs = [{"location_index": 1, "service": 25}]

    answer = answered(documents.small(vehicles=[vehicle], jobs=jobs))

    assert answer["summary"]["cost"] == answer["routes"][0]["cost"] == cost


def test_the_cheaper_vehicle_drives():
    vehicles = [
        {"costs": {"per_km": 500}},
        {"costs": {"fixed": 100}},
        {"costs": {"per_hour": 1200}, "speed_factor": 0.8},
    ]

    answer = answered(documents.small(vehicles=vehicles))

    assert [(route["vehicle"], route["cost"]) for route in answer["routes"]] == [(3, 84)]


def test_a_matrix_of_costs_is_what_a_route_costs():
    document = documents.small(jobs=[{"location_index": 1}, {"location_index": 2}])
    document["matrices"]["car"]["costs"] = [[0 if a == b else 7 + a for b in range(6)] for a in range(6)]

    answer = answered(document)

    assert answer["summary"]["cost"] == 7 + 8 + 9
    assert answer["summary"]["duration"] == 400


def test_speed_is_never_counted_too_fast():
    document = documents.small(vehicles=[{"speed_factor": 1.3}])

    (route,) = answered(document)["routes"]

    assert route["duration"] == 2 * 77
    assert round(100 / 1.3) == 77


def test_a_break_is_held_on_the_way_and_told_as_a_step():
    rest = {"id": 9, "service": 50, "time_windows": [[120, 140]], "description": "lunch"}
    vehicles = [{"time_window": [0, 1000], "breaks": [rest]}]

    (route,) = answered(documents.small(vehicles=vehicles, jobs=[{"location_index": 3}]))["routes"]

    told = next(step for step in route["steps"] if step["type"] == "break")
    assert (told["id"], told["service"], told["description"]) == (9, 50, "lunch")
    assert 120 <= told["arrival"] + told["waiting_time"] <= 140
    assert told["duration"] == told["arrival"] - route["steps"][0]["arrival"]
    assert route["service"] == 50
    assert route["steps"][-1]["arrival"] - route["steps"][0]["arrival"] == 650


def test_a_break_late_in_the_day_is_waited_for_at_the_end():
    rest = {"id": 9, "service": 50, "time_windows": [[700, 720]]}
    vehicles = [{"time_window": [0, 1000], "breaks": [rest]}]
    jobs = [{"location_index": 1, "time_windows": [[100, 100]]}]

    (route,) = answered(documents.small(vehicles=vehicles, jobs=jobs))["routes"]

    assert [(step["type"], step["arrival"], step["waiting_time"]) for step in route["steps"]] == [
        ("start", 0, 0), ("job", 100, 0), ("break", 200, 500), ("end", 750, 0),
    ]  # fmt: skip


def test_of_several_windows_of_a_break_the_longest_is_kept():
    rest = {"id": 9, "service": 50, "time_windows": [[0, 10], [300, 500], [700, 720]]}

    problem = documents.asked(documents.small(vehicles=[{"breaks": [rest]}])).problem

    (one,) = problem.vehicles[0].breaks
    assert (one.window.opens, one.window.closes, one.seconds, one.always) == (300, 500, 50, True)


def test_steps_lock_their_tasks_to_the_vehicle_in_that_order():
    jobs = [{"location_index": place} for place in (1, 2, 3)]
    locks = [{"type": "start"}, {"type": "job", "id": 3}, {"type": "job", "id": 1}, {"type": "end"}]
    document = documents.small(vehicles=[{}, {"steps": locks, "costs": {"per_hour": 36000}}], jobs=jobs)

    answer = answered(document)

    (route,) = [route for route in answer["routes"] if route["vehicle"] == 2]
    served = [step["id"] for step in route["steps"] if step["type"] == "job"]
    assert [job for job in served if job != 2] == [3, 1]


def test_a_moment_of_a_step_holds_its_service():
    locks = [{"type": "job", "id": 1, "service_at": 777}]

    answer = answered(
        documents.small(vehicles=[{"steps": locks}], jobs=[{"location_index": 1, "time_windows": [[0, 900]]}])
    )

    step = answer["routes"][0]["steps"][1]
    assert step["arrival"] + step["waiting_time"] == 777


def test_both_halves_of_a_shipment_go_in_one_route_pickup_first():
    shipments = [{"amount": [2], "pickup": {"id": 1, "location_index": 3}, "delivery": {"id": 1, "location_index": 1}}]
    document = documents.small(vehicles=[{"capacity": [2]}], shipments=shipments)

    (route,) = answered(document)["routes"]

    kinds = [(step["type"], step.get("id")) for step in route["steps"]]
    assert kinds.index(("pickup", 1)) < kinds.index(("delivery", 1))
    assert ("job", 1) in kinds
    assert (route["pickup"], route["delivery"]) == ([2], [2])


def test_without_a_start_a_route_begins_at_its_first_task_and_without_an_end_it_ends_at_its_last():
    jobs = [{"location_index": place} for place in (3, 4)]
    document = documents.small(vehicles=[{}], jobs=jobs)
    no_start, no_end = json.loads(json.dumps(document)), json.loads(json.dumps(document))
    del no_start["vehicles"][0]["start_index"], no_end["vehicles"][0]["end_index"]

    first, last = answered(no_start), answered(no_end)

    assert [step["location_index"] for step in first["routes"][0]["steps"]] == [4, 4, 3, 0]
    assert [step["location_index"] for step in last["routes"][0]["steps"]] == [0, 3, 4, 4]
    for answer in (first, last):
        assert (answer["summary"]["cost"], answer["summary"]["distance"]) == (400, 4000)


def test_times_since_1970_come_back_as_they_were():
    now = documents.EPOCH
    vehicles = [{"time_window": [now, now + 5000]}]
    jobs = [{"location_index": 1, "time_windows": [[now + 600, now + 700]]}]

    answer = answered(documents.small(vehicles=vehicles, jobs=jobs))

    assert steps(answer) == [("start", None, now + 500), ("job", 1, now + 600), ("end", None, now + 700)]


def test_setup_is_saved_where_the_task_before_was_at_the_same_place():
    jobs = [{"location_index": 2, "setup": 30, "service": 10, "time_windows": [[0, 1000]]} for _ in range(2)]

    (route,) = answered(documents.small(jobs=jobs))["routes"]

    assert [step["setup"] for step in route["steps"]] == [0, 30, 0, 0]
    assert route["steps"][-1]["arrival"] - route["steps"][0]["arrival"] == 450


def test_where_tasks_share_a_place_their_windows_hold_with_and_without_setup():
    alone, shared = {"location_index": 2}, {"location_index": 1}
    jobs = [{**place, "setup": 30, "time_windows": [[400, 600]]} for place in (alone, shared, shared)]

    alone, shared, _ = documents.asked(documents.small(jobs=jobs)).problem.jobs

    assert (alone.setup_seconds, alone.service_seconds, alone.windows[0].opens) == (0, 30, 400)
    assert (shared.setup_seconds, shared.service_seconds) == (30, 0)
    assert (shared.windows[0].opens, shared.windows[0].closes) == (430, 600)


def test_setup_begins_inside_the_window_and_may_end_behind_it():
    jobs = [{"location_index": 1, "setup": 30, "service": 10, "time_windows": [[400, 405]]}]

    step = answered(documents.small(jobs=jobs))["routes"][0]["steps"][1]

    assert 400 <= step["arrival"] + step["waiting_time"] <= 405
    assert (step["setup"], step["service"]) == (30, 10)


def test_coordinates_alone_are_enough():
    document = json.loads(EXAMPLES[0].read_text())

    question = documents.asked(document)

    assert question.problem.matrices.keys() == {"car 100 3600 0", "car 125 3600 0"}
    quick, slow = (question.problem.matrices[name] for name in sorted(question.problem.matrices))
    assert (slow.seconds >= quick.seconds).all()
    assert int(slow.seconds[0, 1]) == -(-int(quick.seconds[0, 1]) * 125 // 100)


def test_distances_are_guessed_from_coordinates_where_only_durations_are_given():
    document = documents.small(vehicles=[{"costs": {"per_km": 100}, "start": [7.42, 43.73], "end": [7.42, 43.73]}])
    document["jobs"][0]["location"] = [7.44, 43.74]
    del document["matrices"]["car"]["distances"]

    answer = answered(document)

    assert 1000 < answer["summary"]["distance"] < 10_000


def test_old_names_are_still_understood():
    document = documents.small(vehicles=[{"capacity": [3]}], jobs=[{"location_index": 1, "amount": [2]}])
    document["matrix"] = document.pop("matrices")["car"]["durations"]

    answer = answered(document)

    assert answer["routes"][0]["delivery"] == answer["routes"][0]["amount"] == [2]


def test_times_by_type_are_understood_where_they_are_the_same_for_all():
    jobs = [{"location_index": 1, "service": 5, "service_per_type": {"van": 25, "bike": 99}}]

    (route,) = answered(documents.small(vehicles=[{"type": "van"}], jobs=jobs))["routes"]

    assert route["service"] == 25


def test_what_no_road_reaches_is_left_out_with_its_reason():
    document = documents.small(jobs=[{"location_index": 1}, {"location_index": 2, "skills": [8], "description": "far"}])

    answer = answered(document)

    (left,) = answer["unassigned"]
    assert (left["id"], left["type"], left["location_index"], left["description"]) == (2, "job", 2, "far")
    assert left["reason"].keys() == {"code", "facts"}
    assert answer["summary"]["unassigned"] == 1


def test_an_answer_names_only_what_is_there():
    document = documents.small()
    question = documents.asked(document)
    answer = answered(document)
    other = json.loads(json.dumps(answer).replace('"id": 1', '"id": 5'))
    twice = {**answer, "routes": answer["routes"] * 2}

    def orders(facts):
        return vroom.orders_of(question, vroom.document("answer.json", json.dumps(facts).encode()))

    assert orders(answer) == {"1": ("job 1",)}
    for bad in (other, twice, {"code": 2, "error": "no"}):
        with pytest.raises(routing.BadFile):
            orders(bad)


# --- side by side -----------------------------------------------------------------------------------------------------


@needs_vroom
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_whatever_vroom_tells_we_tell_as_well(path, tmp_path):
    document = json.loads(path.read_text())

    theirs, ours = documents.answer_of_vroom(document, tmp_path), answered(document)

    assert theirs.keys() <= ours.keys()
    assert theirs["summary"].keys() <= ours["summary"].keys()
    assert theirs["summary"]["computing_times"].keys() == ours["summary"]["computing_times"].keys()
    assert {key for route in theirs["routes"] for key in route} <= {key for route in ours["routes"] for key in route}
    assert _keys_by_type(theirs) <= _keys_by_type(ours)


def _keys_by_type(answer: dict[str, Any]) -> set[tuple[str, str]]:
    found = {(step["type"], key) for route in answer["routes"] for step in route["steps"] for key in step}
    return {(kind, key) for kind, key in found if key not in ("location", "location_index")}


@needs_vroom
@pytest.mark.parametrize("seed", range(30))
def test_answers_of_both_engines_keep_every_rule_and_cost_what_they_say(seed, tmp_path):
    document = documents.drawn(seed)

    theirs = documents.answer_of_vroom(document, tmp_path)
    ours = answered(document)

    assert documents.judged(document, theirs, steps_lock=False)[0] == []
    assert documents.judged(document, ours, steps_lock=True)[0] == []


def test_documents_by_chance_have_every_field_that_both_sides_know():
    drawn = [documents.drawn(seed) for seed in range(60)]

    told = {key for document in drawn for one in document["vehicles"] for key in one}
    told |= {key for document in drawn for one in document["jobs"] for key in one}
    assert told >= {
        "capacity", "skills", "time_window", "breaks", "speed_factor", "costs", "max_tasks", "max_travel_time",
        "max_distance", "steps", "start_index", "end_index", "start", "end", "setup", "service", "delivery", "pickup",
        "priority", "time_windows", "location", "location_index", "description", "profile",
    }  # fmt: skip
    assert any(len(job.get("time_windows", ())) > 1 for document in drawn for job in document["jobs"])
    assert any("costs" in matrices for document in drawn for matrices in document.get("matrices", {}).values())
    assert any(document["shipments"] for document in drawn)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked_file(tmp_path):
    path = tmp_path / "asked.json"
    jobs = [{"location_index": place, "service": 60, "priority": place} for place in (1, 2, 3)]
    path.write_text(json.dumps(documents.small(jobs=jobs)))
    return path


def test_a_document_is_solved_and_its_answer_judged_by_the_commands(asked_file, tmp_path, capsys):
    out = tmp_path / "answer.json"

    solved = commands.main(["solve", str(asked_file), "--engine", "nearest", "--time-limit", "5", "-o", str(out)])
    checked = commands.main(["check", str(asked_file), str(out)])

    assert (solved, checked) == (0, 0)
    assert json.loads(out.read_text())["summary"]["unassigned"] == 0
    printed, said = capsys.readouterr()
    assert printed == "valid: cost 600, 1 vehicle\n"
    assert re.search(r"^asked: cost 600, 1 vehicle, \d", said, re.MULTILINE)


def test_an_answer_with_a_wrong_cost_is_not_valid(asked_file, tmp_path, capsys):
    commands.main(["solve", str(asked_file), "--engine", "nearest", "--time-limit", "5"])
    answer = tmp_path / "answer.json"
    answer.write_text(capsys.readouterr().out.replace('"cost": 600', '"cost": 500'))

    assert commands.main(["check", str(asked_file), str(answer)]) == 1
    assert "the answer states a cost of 500" in capsys.readouterr().out


def test_a_client_reads_in_the_answer_why_a_document_was_refused(tmp_path, capsys):
    path = tmp_path / "asked.json"
    path.write_text('{"vehicles": []}')

    with pytest.raises(routing.BadFile):
        commands.main(["solve", str(path)])

    assert json.loads(capsys.readouterr().out) == {"code": 2, "error": "asked.json: vehicles: a vehicle expected"}


def test_a_document_has_its_own_objective_and_its_own_ending(asked_file):
    with pytest.raises(routing.InvalidProblem, match="has its own"):
        commands.main(["solve", str(asked_file), "--objective", "distance"])
    with pytest.raises(routing.BadFile, match=r"ends with \.json expected"):
        commands.main(["solve", str(asked_file), "-o", str(Path("plan.sol"))])
