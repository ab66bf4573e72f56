"""Random values for property tests of routing; what they are like stands in `tests.routing.draws`."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

import routing
from tests.routing import by_hand, draws

FEATURES = draws.FEATURES
_SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    most_jobs: int = 6,
    most_vehicles: int = 3,
    features: Iterable[str] = (),
    roomy: bool | None = False,
) -> routing.Problem:
    """A problem with some of the features (all are named in `FEATURES`); in a roomy one most jobs can be served."""
    loose = draw(st.booleans()) if roomy is None else roomy
    chosen = frozenset(one for one in sorted(features) if draw(st.booleans()))
    return draws.problem(
        draws.Wanted(
            seed=draw(_SEEDS),
            jobs=draw(st.integers(min(2, most_jobs) if loose else 0, most_jobs)),
            vehicles=draw(st.integers(min(1, most_vehicles) if loose else 0, most_vehicles)),
            features=chosen,
            roomy=loose,
        )
    )


@st.composite
def any_plans(draw: st.DrawFn, problem: routing.Problem) -> routing.Plan:
    """A plan with true figures whose decisions may break any rule."""
    return by_hand.plan(problem, draws.any_tours(problem, draw(_SEEDS)))


@st.composite
def good_plans(draw: st.DrawFn, problem: routing.Problem) -> routing.Plan | None:
    """A plan that keeps every rule; None when what is locked could not be kept."""
    return draws.good_plan(problem, draw(_SEEDS))
