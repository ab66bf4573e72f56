"""VROOM documents by chance, over every field that both sides know, and both engines' answers judged side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import routing
from routing.formats import vroom
from routing.formats.vroom import Question
from routing.solve import Limits

#: Durations are multiples of this, so that every speed below makes whole seconds of them: VROOM rounds hundredths.
STEP = 20
SPEEDS = (0.5, 0.8, 1.0, 1.0, 1.0, 1.25, 2.0)
DAY = 6000
#: Real time as a clock since 1970 has it.
EPOCH = 1_713_420_000


@dataclass(frozen=True, slots=True)
class Score:
    """What VROOM minimises, in that order: priority and tasks left out, then cost."""

    priority_left: int
    tasks_left: int
    cost: int


#: A line of places, 100 s and 1,000 m apart.
DURATIONS = [[100 * abs(a - b) for b in range(6)] for a in range(6)]
DISTANCES = [[1000 * abs(a - b) for b in range(6)] for a in range(6)]


def small(*, vehicles: list[dict[str, Any]] | None = None, jobs=None, shipments=(), **more: Any) -> dict[str, Any]:
    """A document as small as can be, with what the caller gives: places stand in a line."""
    vehicles = [{}] if vehicles is None else vehicles
    jobs = [{"location_index": 1}] if jobs is None else jobs
    return {
        "vehicles": [{"id": n, "start_index": 0, "end_index": 0, **one} for n, one in enumerate(vehicles, 1)],
        "jobs": [{"id": n, **one} for n, one in enumerate(jobs, 1)],
        "shipments": list(shipments),
        "matrices": {"car": {"durations": DURATIONS, "distances": DISTANCES}},
        **more,
    }


def drawn(seed: int) -> dict[str, Any]:
    """A document with matrices, or with coordinates alone (every third)."""
    random = Random(f"vroom {seed}")
    document = _with_places(random, by_point=seed % 3 == 2)
    if random.random() < 0.3:
        _locked(random, document)
    return document


def _with_places(random: Random, *, by_point: bool) -> dict[str, Any]:
    count = random.randint(6, 12)
    where = [[7.41 + random.random() / 30, 43.73 + random.random() / 40] for _ in range(count)]
    zero = EPOCH if random.random() < 0.2 else 0

    def place(number: int, name: str = "location") -> dict[str, Any]:
        index = f"{name}_index"
        return {name: where[number]} if by_point else {index: number} | ({name: where[number]} if number % 2 else {})

    profiles = ["car", "bike"] if random.random() < 0.3 and not by_point else ["car"]
    own_costs = not by_point and random.random() < 0.15
    vehicles = [
        _vehicle(random, number, place, profiles, zero, speeds=(1.0,) if by_point else SPEEDS, own_costs=own_costs)
        for number in range(1, random.randint(2, 4))
    ]
    spots = iter(range(2, count))
    jobs, shipments = [], []
    for number in range(1, random.randint(3, count - 3)):
        spot = next(spots, None)
        if spot is not None:
            jobs.append(_job(random, number, spot, place, zero))
    for number in range(random.randint(0, 3)):
        pickup = next(spots, None)
        if pickup is not None:
            # Only tasks without setup share a place: there VROOM saves the second one's, and we are as strict as that.
            shared = [0, 1, pickup, *(job["spot"] for job in jobs if not job["setup"])]
            shipments.append(_shipment(random, number, pickup, random.choice(shared), place, zero))
    for job in jobs:
        del job["spot"]
    document: dict[str, Any] = {"vehicles": vehicles, "jobs": jobs, "shipments": shipments}
    if not by_point:
        document["matrices"] = {profile: _matrices(random, count, own_costs) for profile in profiles}
    return document


def _matrices(random: Random, count: int, own_costs: bool) -> dict[str, Any]:
    def square(low: int, high: int, step: int) -> list[list[int]]:
        return [[0 if a == b else step * random.randint(low, high) for b in range(count)] for a in range(count)]

    found = {"durations": square(2, 30, STEP), "distances": square(3, 60, 100)}
    return {**found, "costs": square(1, 500, 1)} if own_costs else found


def _window(random: Random, zero: int, low: int, high: int, least: int) -> list[int]:
    opens = random.randint(low, high - least)
    return [zero + opens, zero + random.randint(opens + least, high)]


def _vehicle(
    random: Random,
    number: int,
    place: Any,
    profiles: list[str],
    zero: int,
    *,
    speeds: tuple[float, ...],
    own_costs: bool,
) -> dict[str, Any]:
    facts: dict[str, Any] = {"id": number, "profile": random.choice(profiles), "capacity": [random.randint(2, 8), 20]}
    ends = random.choice(["both", "both", "both", "start", "end"])
    if ends != "end":
        facts |= place(random.randint(0, 1), "start")
    if ends != "start":
        facts |= place(random.randint(0, 1), "end")
    facts["skills"] = random.sample([1, 2, 3], random.randint(0, 3))
    facts["speed_factor"] = random.choice(speeds)
    if not own_costs:
        facts["costs"] = {
            "fixed": random.choice([0, 0, 100, 2000]),
            "per_hour": random.choice([3600, 3600, 1800, 7200]),
            "per_km": random.choice([0, 0, 100, 300]),
        }
    if zero or random.random() < 0.6:
        facts["time_window"] = _window(random, zero, 0, DAY, 3000)
        if random.random() < 0.5:
            opens, closes = facts["time_window"]
            late = random.randint(opens, closes - 600)
            facts["breaks"] = [{"id": 7, "service": random.choice([60, 300]), "time_windows": [[late, late + 500]]}]
    for limit, values in (("max_tasks", (2, 3, 5)), ("max_travel_time", (1500, 3000)), ("max_distance", (6000, 15000))):
        if random.random() < 0.2:
            facts[limit] = random.choice(values)
    return facts if random.random() < 0.5 else facts | {"description": f"van {number}"}


def _job(random: Random, number: int, spot: int, place: Any, zero: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": number,
        **place(spot),
        "spot": spot,
        "setup": random.choice([0, 0, 90]),
        "service": 60,
    }
    for kind in random.choice([["delivery"], ["pickup"], ["delivery", "pickup"], []]):
        facts[kind] = [random.randint(0, 3), random.randint(0, 5)]
    return facts | _shared(random, zero)


def _shared(random: Random, zero: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"skills": random.sample([1, 2, 3], random.choice([0, 0, 1]))}
    if random.random() < 0.5:
        facts["priority"] = random.choice([0, 10, 100])
    if random.random() < 0.4:
        first = _window(random, zero, 0, DAY // 2, 200)
        facts["time_windows"] = [first, *([[zero + DAY // 2 + 60, zero + DAY]] if random.random() < 0.5 else [])]
    return facts


def _shipment(random: Random, number: int, pickup: int, delivery: int, place: Any, zero: int) -> dict[str, Any]:
    shared = _shared(random, zero)
    late = {"time_windows": [_window(random, zero, DAY // 3, DAY, 1500)]} if random.random() < 0.3 else {}
    return {
        "amount": [random.randint(0, 3), 1],
        **{name: fact for name, fact in shared.items() if name != "time_windows"},
        "pickup": {"id": number, **place(pickup), "service": 30},
        "delivery": {"id": number, **place(delivery), "service": 30, **late},
    }


def _locked(random: Random, document: dict[str, Any]) -> None:
    """Give a vehicle the beginning of a route that is possible, as its steps."""
    question = asked(document)
    plan = routing.engine("nearest")(question.problem, limits=Limits(5.0))
    if not plan.tours:
        return
    tour = random.choice(plan.tours)
    jobs = [stop.job for stop in tour.stops if stop.job.startswith("job ")]
    steps = [{"type": "job", "id": int(job.split()[1])} for job in jobs[: random.randint(1, 2)]]
    van = next(one for one in document["vehicles"] if str(one["id"]) == tour.vehicle)
    if steps:
        van["steps"] = [{"type": "start"}, *steps]


def asked(document: dict[str, Any], *, steps_lock: bool = True) -> Question:
    """The document as a question, through its text."""
    return vroom.question("document.json", json.dumps(document).encode(), steps_lock=steps_lock)


def answer_of_vroom(document: dict[str, Any], folder: Any) -> dict[str, Any]:
    """What VROOM itself answers; where there are only coordinates it gets our estimates as matrices."""
    import vroom as peer

    path = folder / "document.json"
    whole = _with_matrices(document)
    path.write_text(json.dumps(whole))
    question = peer.Input.from_json(path)
    question._distances = all("distances" in matrices for matrices in whole["matrices"].values())
    return question.solve(5, nb_threads=1).to_dict()


def _with_matrices(document: dict[str, Any]) -> dict[str, Any]:
    if "matrices" in document:
        return document
    ground = asked(document).ground
    copy = json.loads(json.dumps(document))
    objects = [*copy["jobs"], *(half for one in copy["shipments"] for half in (one["pickup"], one["delivery"]))]
    for one in [*objects, *copy["vehicles"]]:
        for name in ("location", "start", "end"):
            if name in one:
                one[f"{name}_index"] = ground.points[tuple(one[name])]
    copy["matrices"] = {
        "car": {"durations": ground.seconds["car"].tolist(), "distances": ground.metres["car"].tolist()}
    }
    return copy


def judged(document: dict[str, Any], answer: dict[str, Any], *, steps_lock: bool) -> tuple[list[str], Score]:
    """What the checker finds wrong with an answer, and its score recomputed from its routes."""
    question = asked(document, steps_lock=steps_lock)
    orders = vroom.orders_of(question, vroom.document("answer.json", json.dumps(answer).encode()))
    left = [task for name, task in question.tasks.items() if not any(name in order for order in orders.values())]
    try:
        plan = routing.assemble(question.problem, orders)
    except routing.InvalidProblem as error:
        return [str(error)], Score(0, 0, 0)
    wrong = [str(violation) for violation in routing.violations(question.problem, plan)]
    cost = vroom.answered(question, plan)["summary"]["cost"]
    stated = answer["summary"]["cost"]
    if abs(cost - stated) > len(orders):
        wrong.append(f"a cost of {stated} is stated, {cost} is true")
    if {(one["type"], one["id"]) for one in answer["unassigned"]} != {(task.kind, task.id) for task in left}:
        wrong.append("the unassigned tasks are not those in no route")
    return wrong, Score(sum(task.priority for task in left), len(left), cost)
