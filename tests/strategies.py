"""Random values for property tests, tight enough to bite: small places, small vans, windows that often collide."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import routing

PROFILES = ("car", "bike")
SKILLS = ("config", "lift")


@st.composite
def matrices(draw: st.DrawFn, places: int) -> dict[str, routing.Matrix]:
    """One matrix per profile over so many places, not symmetric, now and then without a road."""
    found = {}
    for profile in PROFILES:
        cells = draw(st.lists(st.integers(0, 900), min_size=places * places, max_size=places * places))
        seconds = np.array(cells, dtype=np.int64).reshape(places, places)
        if draw(st.integers(0, 4)) == 0 and places > 2:
            seconds[draw(st.integers(0, places - 1)), draw(st.integers(0, places - 1))] = routing.UNREACHABLE
        np.fill_diagonal(seconds, 0)
        found[profile] = routing.Matrix(seconds, np.minimum(seconds, 10_000) * 7)
    return found


@st.composite
def windows(draw: st.DrawFn) -> tuple[routing.Window, ...]:
    """One or two windows, in order and apart."""
    edges = sorted(draw(st.lists(st.integers(0, 9_000), min_size=4, max_size=4, unique=True)))
    first, second = routing.Window(edges[0], edges[1]), routing.Window(edges[2], edges[3])
    return (first, second) if draw(st.booleans()) else (first,)


@st.composite
def jobs(draw: st.DrawFn, number: int, places: int, vehicles: int) -> routing.Job:
    """A job somewhere, with or without skills, price and chosen vehicles."""
    kind = draw(st.sampled_from(("delivery", "pickup", "swap")))
    load = st.tuples(st.integers(0, 40), st.integers(0, 40))
    chosen = draw(st.none() | st.frozensets(st.sampled_from([f"v{n}" for n in range(vehicles)]), min_size=1))
    return routing.Job(
        id=f"j{number}",
        place=draw(st.integers(0, places - 1)),
        kind=kind,
        windows=draw(windows()),
        service_seconds=draw(st.integers(0, 900)),
        setup_seconds=draw(st.sampled_from((0, 0, 300, 600))),
        delivery=draw(load) if kind != "pickup" else (),
        pickup=draw(load) if kind != "delivery" else (),
        skills=draw(st.frozensets(st.sampled_from(SKILLS), max_size=1)),
        vehicles=chosen,
        price=draw(st.none() | st.integers(0, 40_000_000)),
    )


@st.composite
def fleet(draw: st.DrawFn, number: int, places: int) -> routing.Vehicle:
    """A vehicle with a shift, a small capacity and costs."""
    opens = draw(st.integers(0, 3_000))
    return routing.Vehicle(
        id=f"v{number}",
        profile=draw(st.sampled_from(PROFILES)),
        start=draw(st.integers(0, places - 1)),
        end=draw(st.integers(0, places - 1)),
        shift=routing.Window(opens, opens + draw(st.integers(0, 9_000))),
        capacity=(draw(st.integers(0, 120)), draw(st.integers(0, 120))),
        skills=draw(st.frozensets(st.sampled_from(SKILLS))),
        max_stops=draw(st.none() | st.integers(0, 3)),
        max_metres=draw(st.none() | st.integers(0, 20_000)),
        max_driving_seconds=draw(st.none() | st.integers(0, 3_000)),
        fixed_cost=draw(st.integers(0, 3_000_000)),
        metre_cost=draw(st.integers(0, 700)),
        second_cost=draw(st.integers(0, 12_500)),
    )


@st.composite
def problems(draw: st.DrawFn, *, most_jobs: int = 6, most_vehicles: int = 3) -> routing.Problem:
    """A whole problem."""
    places = draw(st.integers(2, 5))
    vehicles = draw(st.integers(0, most_vehicles))
    balance = draw(st.none() | st.builds(routing.Balance, st.integers(0, 5_000), st.integers(0, 7_500)))
    count = draw(st.integers(0, most_jobs))
    return routing.Problem(
        matrices=draw(matrices(places)),
        jobs=tuple(draw(jobs(n, places, vehicles)) for n in range(count)) if vehicles else (),
        vehicles=tuple(draw(fleet(n, places)) for n in range(vehicles)),
        balance=balance,
    )
