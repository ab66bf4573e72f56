"""Small problems for tests of routing."""

from __future__ import annotations

import random

import numpy as np

import routing


def a_town(*, jobs: int, vehicles: int, seed: int) -> routing.Problem:
    """A town of a few kilometres: windows of two hours, a working day, vans with room."""
    draw = random.Random(seed)
    points = [(43.74, 7.42)] + [(43.71 + draw.random() * 0.06, 7.36 + draw.random() * 0.12) for _ in range(jobs)]
    made = []
    for number in range(jobs):
        opens = 3_600 * draw.choice((8, 9, 10, 11, 13, 14, 15))
        kind = draw.choice(("delivery", "delivery", "pickup", "swap"))
        made.append(
            routing.Job(
                id=f"j{number}",
                place=number + 1,
                kind=kind,
                windows=(routing.Window(opens, opens + 7_200),),
                service_seconds=600,
                setup_seconds=300,
                delivery=(2_000, 9_000) if kind != "pickup" else (),
                pickup=(2_000, 9_000) if kind != "delivery" else (),
                price=200 * 100 * routing.MONEY_PER_CENT,
            )
        )
    fleet = tuple(
        routing.Vehicle(
            id=f"v{number}",
            profile="car",
            start=0,
            end=0,
            shift=routing.Window(8 * 3_600, 17 * 3_600),
            capacity=(60_000, 300_000),
            fixed_cost=3_000 * routing.MONEY_PER_CENT,
            metre_cost=35 * routing.MONEY_PER_CENT_KM,
            second_cost=2_500 * routing.MONEY_PER_CENT_HOUR,
        )
        for number in range(vehicles)
    )
    return routing.Problem({"car": routing.estimate(points)}, tuple(made), fleet)


def one_job(*, window: routing.Window, drive: int, setup: int = 0) -> routing.Problem:
    """One van, one door so many seconds away."""
    seconds = np.array([[0, drive], [drive, 0]])
    job = routing.Job(id="j0", place=1, kind="delivery", windows=(window,), service_seconds=600, setup_seconds=setup)
    van = routing.Vehicle(
        id="v0",
        profile="car",
        start=0,
        end=0,
        shift=routing.Window(0, 36_000),
        capacity=(10, 10),
        metre_cost=1,
        second_cost=1,
    )
    return routing.Problem({"car": routing.Matrix(seconds, seconds * 10)}, (job,), (van,))
