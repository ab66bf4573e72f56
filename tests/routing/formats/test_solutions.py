"""Solution files: read, judged, written and read again."""

from __future__ import annotations

from pathlib import Path

import pytest

import routing
from routing import formats
from routing.model import RELOAD
from tests.conftest import SHARED
from tests.routing.formats.test_readers import SMALL

BENCHMARKS = SHARED / "benchmarks"
PUBLISHED = sorted(BENCHMARKS.glob("*/*.sol"))


def of(path: Path) -> formats.Instance:
    return formats.read(next(one for one in path.parent.glob(f"{path.stem}.*") if one.suffix != ".sol"))


def test_where_there_are_no_published_solutions_the_tests_of_them_say_so():
    if not BENCHMARKS.is_dir():
        pytest.skip(f"no published best known solutions: {BENCHMARKS} is not there")

    assert len(PUBLISHED) > 70


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_best_known_solutions_are_valid_and_cost_what_they_say(path):
    instance = of(path)

    solution = formats.read_solution(path, instance)
    plan = routing.assemble(instance.problem, solution.orders)

    # Tables of vehicles of several kinds are printed with two decimals, some from sums in double precision.
    slack = 0.011 if path.parent.name == "hfvrp" else 1e-6
    assert routing.violations(instance.problem, plan) == ()
    assert instance.missing(solution.orders) == []
    assert instance.broken(solution.orders) is None
    assert instance.cost(solution.orders) == pytest.approx(solution.cost, abs=slack)
    assert plan.costs.total / instance.money_per_unit == pytest.approx(instance.cost(solution.orders), abs=1e-6)


@pytest.mark.parametrize("path", PUBLISHED[::5], ids=lambda path: path.stem)
def test_a_published_solution_that_is_written_is_read_back_the_same(path, tmp_path):
    instance = of(path)
    solution = formats.read_solution(path, instance)

    written = tmp_path / "again.sol"
    written.write_text(formats.sol_text(instance, solution.orders))
    again = formats.read_solution(written, instance)

    assert sorted(again.orders.values()) == sorted(solution.orders.values())
    assert again.cost == pytest.approx(instance.cost(solution.orders), abs=1e-3)


def a_solution(folder: Path, text: str) -> Path:
    path = folder / "some.sol"
    path.write_text(text)
    return path


def test_a_zero_in_a_route_is_a_reload_and_an_empty_trip_is_none(tmp_path):
    instance = formats.read(SMALL / "mtvrptwr" / "mtvrptwr-n20.vrp")

    solution = formats.read_solution(a_solution(tmp_path, "Route #2: 0 3 0 0 5 4 0\nCost: 12\n"), instance)

    assert solution.orders == {"2": ("3", RELOAD, "5", "4")}
    assert solution.cost == 12


def test_routes_of_vehicles_that_differ_keep_their_number(tmp_path):
    instance = formats.read(SMALL / "hfvrp" / "hfvrp-n20.vrp")
    text = formats.sol_text(instance, {"12": ["3", "4"], "2": ["1"]})

    assert text.splitlines()[:2] == ["Route #2: 1", "Route #12: 3 4"]
    assert formats.read_solution(a_solution(tmp_path, text), instance).orders == {"12": ("3", "4"), "2": ("1",)}


def test_a_twin_drives_for_a_vehicle_that_was_not_given(tmp_path):
    instance = formats.read(SMALL / "cvrp" / "cvrp-n40.vrp")
    given = {vehicle.id for vehicle in instance.problem.vehicles}

    solution = formats.read_solution(a_solution(tmp_path, "Route #39: 1 2\nRoute #1: 3\n"), instance)

    assert "39" not in given
    assert solution.orders["1"] == ("3",)
    assert set(solution.orders) <= given
    assert ("1", "2") in solution.orders.values()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Route #1: 1 2 2\n", "line 1: each customer once expected, 2 is there twice"),
        ("Route #1: 1\nRoute #2: 1\n", "line 2: each customer once expected, 1 is there twice"),
        ("Route #1: 1\nRoute #1: 2\n", "line 2: each route once expected, 1 is there twice"),
        ("Route #1: 77\n", "line 1: a customer of hfvrp-n20 expected, there is no 77"),
        ("Route #1: one\n", "line 1: a customer of hfvrp-n20 expected, there is no one"),
        ("Cost: 12\n", "line 1: a line like 'Route #1: 3 17 5' expected, there is none"),
        ("Route #1: 1\nCost: nan\n", "line 2: a cost expected, 'nan' is no number"),
        ("Route #1: 1\n%%%\n", "line 2: a line like 'Route #1: 3 17 5' or 'Cost: 1234' expected"),
        ("Route #77: 1\n", "line 1: a route for one of the 17 vehicles expected, there is none for 77"),
        ("\n \n", "rows of text expected, the file is empty"),
    ],
)
def test_a_bad_solution_is_refused_with_its_line(tmp_path, text, sentence):
    instance = formats.read(SMALL / "hfvrp" / "hfvrp-n20.vrp")

    with pytest.raises(routing.BadFile) as refusal:
        formats.read_solution(a_solution(tmp_path, text), instance)

    assert refusal.value.file == "some.sol"
    assert str(refusal.value).removeprefix("some.sol").lstrip(",: ") == sentence
