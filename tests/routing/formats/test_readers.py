"""Instance files become problems that say the same."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

import routing
from routing import formats
from routing.formats import invented
from tests.conftest import CHECKOUT, SHARED

SMALL = CHECKOUT / "data" / "instances"
BENCHMARKS = SHARED / "benchmarks"
FILES = sorted(path for path in SMALL.glob("*/*") if path.suffix in (".txt", ".vrp", ".vrpspdtw"))
DIALECTS = {"solomon": "solomon", "lilim": "lilim", "sartori": "sartori", "wang": "wang-chen"}

SOLOMON = """corner

VEHICLE
NUMBER     CAPACITY
   9         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0          0          0          0        100          0
    1      2          1          4          5         20          3
    2      3          4          6          0         50          2
"""


def a_file(folder: Path, text: str, name: str = "corner.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_small_instances_are_those_the_generator_writes(tmp_path):
    written = invented.write(tmp_path)

    assert [path.relative_to(tmp_path) for path in sorted(written)] == [path.relative_to(SMALL) for path in FILES]
    assert [path.read_text() for path in sorted(written)] == [path.read_text() for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_format_is_recognised_and_every_customer_can_be_served(path):
    kind, size = path.stem.split("-n")

    instance = formats.read(path)

    assert formats.detect(path) == instance.dialect == DIALECTS.get(kind, "vrplib")
    assert len(instance.problem.visits) == int(size)
    assert [job.id for job in instance.problem.jobs if routing.explain.impossible_alone(instance.problem, job)] == []


def test_distance_alone_is_counted_in_tenths_cut_off(tmp_path):
    instance = formats.read(a_file(tmp_path, SOLOMON))

    job = instance.problem.jobs[0]
    metres = instance.problem.matrices["van"].metres
    assert (int(metres[0, 1]), int(metres[1, 2]), int(metres[0, 2])) == (22, 31, 50)
    assert (job.windows[0].opens, job.windows[0].closes, job.service_seconds, job.delivery) == (50, 200, 30, (4,))
    assert instance.cost({"1": ["1", "2"]}) == pytest.approx(2.2 + 3.1 + 5.0)
    assert {vehicle.fixed_cost for vehicle in instance.problem.vehicles} == {0}
    assert len(instance.problem.vehicles) == 2


def test_vehicles_first_is_counted_in_double_precision_and_never_too_short(tmp_path):
    instance = formats.read(a_file(tmp_path, SOLOMON), "vehicles")

    seconds = instance.problem.matrices["van"].seconds
    true = math.sqrt(5)
    assert instance.cost({"1": ["1", "2"]}) == pytest.approx(true + math.sqrt(10) + 5, abs=1e-12)
    assert 0 <= int(seconds[0, 1]) / instance.money_per_unit - true < 1e-4
    assert int(seconds[0, 2]) == 5 * instance.money_per_unit
    assert {vehicle.fixed_cost > 4 * int(seconds.max()) for vehicle in instance.problem.vehicles} == {True}


def test_the_plan_with_fewer_vehicles_is_cheaper_whatever_its_way(tmp_path):
    instance = formats.read(a_file(tmp_path, SOLOMON), "vehicles")

    together = routing.assemble(instance.problem, {"1": ["1", "2"]})
    apart = routing.assemble(instance.problem, {"1": ["1"], "2": ["2"]})

    assert together.costs.total < apart.costs.total


def test_customers_that_give_and_take_are_swaps_with_pickup_before_delivery_in_the_file():
    instance = formats.read(SMALL / "wang_chen_vrpspdtw" / "wang-n20.vrpspdtw")
    row = next(
        line.split()
        for line in (SMALL / "wang_chen_vrpspdtw" / "wang-n20.vrpspdtw").read_text().splitlines()
        if line.startswith("2 0 ")
    )

    job = instance.problem.job("1")

    assert (job.kind, job.pickup, job.delivery) == ("swap", (int(row[5]),), (int(row[6]),))


def test_pairs_name_each_other_and_go_in_one_vehicle():
    instance = formats.read(SMALL / "lilim_pdptw" / "lilim-n20.txt")

    assert instance.objective == "vehicles"
    assert not instance.problem.jobs
    assert all(pair.pickup.pickup == pair.delivery.delivery for pair in instance.problem.shipments)
    assert [half.id for pair in instance.problem.shipments for half in pair.halves] == [str(n) for n in range(1, 21)]


def test_roads_keep_their_direction_and_cost_whole_minutes():
    instance = formats.read(SMALL / "sartori_buriol_pdptw" / "sartori-n20.txt")

    matrix = instance.problem.matrices["van"]
    pair = instance.problem.shipments[0]
    way = sum(int(matrix.seconds[leg]) for leg in ((0, 1), (1, 2), (2, 0)))
    assert (matrix.seconds != matrix.seconds.T).any()
    assert instance.cost({"1": [pair.pickup.id, pair.delivery.id]}) == way


def test_vehicles_belong_to_their_depot_and_have_a_limit_on_the_tour():
    instance = formats.read(SMALL / "mdvrptw" / "mdvrptw-n20.vrp")

    assert [vehicle.start for vehicle in instance.problem.vehicles[:4]] == [0, 1, 2, 0]
    assert {vehicle.max_seconds for vehicle in instance.problem.vehicles} == {400_000}
    assert instance.problem.jobs[0].id == "3"


def test_only_some_vehicles_may_come_to_some_customers():
    instance = formats.read(SMALL / "sdvrptw" / "sdvrptw-n20.vrp")

    small = frozenset(str(number) for number in range(1, 9))
    assert instance.problem.job("1").vehicles is None
    assert instance.problem.job("2").vehicles == small
    assert [vehicle.capacity for vehicle in instance.problem.vehicles] == [(30,)] * 8 + [(80,)] * 4


def test_a_customer_left_out_costs_the_prize_in_tenths():
    instance = formats.read(SMALL / "pcvrptw" / "pcvrptw-n20.vrp")

    assert instance.missing({}) == []
    assert instance.cost({}) == sum(job.price for job in instance.problem.jobs)
    assert all(job.price % 10 == 0 and job.price > 0 for job in instance.problem.jobs)


def test_vehicles_may_load_again_and_wait_for_what_is_released():
    instance = formats.read(SMALL / "mtvrptwr" / "mtvrptwr-n20.vrp")

    assert {vehicle.trips for vehicle in instance.problem.vehicles} == {20}
    assert any(job.release for job in instance.problem.jobs)
    assert all(job.release % 10 == 0 for job in instance.problem.jobs)


def test_a_route_of_backhauls_alone_is_dearer_than_any_plan_and_named():
    instance = formats.read(SMALL / "vrpb" / "vrpb-n20.vrp")
    back = next(job.id for job in instance.problem.jobs if job.kind == "pickup")
    there = next(job.id for job in instance.problem.jobs if job.kind == "delivery")

    alone, mixed = {"1": [back]}, {"1": [there, back]}

    assert instance.broken(mixed) is None
    assert "backhauls only" in instance.broken(alone)
    metres = instance.problem.matrices["van"].metres
    assert all(vehicle.deliveries_first for vehicle in instance.problem.vehicles)
    assert instance.cost(alone) > sum(
        2 * int(metres[0, job.place]) for job in instance.problem.jobs if job.kind == "delivery"
    )


def test_vehicles_of_several_kinds_cost_by_their_kind():
    instance = formats.read(SMALL / "hfvrp" / "hfvrp-n20.vrp")
    kinds = {vehicle.capacity[0]: vehicle for vehicle in instance.problem.vehicles}
    job = instance.problem.jobs[0]
    way = 2 * math.dist(instance.points[0], instance.points[job.place])

    assert instance.cost({kinds[20].id: [job.id]}) == pytest.approx(40 + 0.8 * way, abs=0.01)
    assert instance.cost({kinds[80].id: [job.id]}) == pytest.approx(130 + 1.3 * way, abs=0.01)


def test_of_many_vehicles_alike_only_those_that_can_matter_are_given():
    instance = formats.read(SMALL / "cvrp" / "cvrp-n40.vrp")

    total = sum(job.delivery[0] for job in instance.problem.jobs)
    assert len(instance.problem.vehicles) == 2 * total // 35 + 1 < 40


def test_an_unknown_objective_is_refused(tmp_path):
    with pytest.raises(routing.InvalidProblem, match="objective speed"):
        formats.read(a_file(tmp_path, SOLOMON), "speed")


def _instances(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".vrp", ".vrpspdtw"))


@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason=f"the published benchmark sets are not at {BENCHMARKS}")
@pytest.mark.parametrize("folder", sorted(path.name for path in BENCHMARKS.glob("*/")) or ["none"])
def test_every_published_instance_is_read_and_known_by_its_table(folder):
    rows = csv.DictReader((BENCHMARKS / folder / "bks.csv").read_text().splitlines())
    table = {row["instance"].lower(): row for row in rows}

    for path in _instances(BENCHMARKS / folder):
        instance = formats.read(path)

        best = table.get(instance.name.lower()) or table[path.stem.lower()]
        assert len(instance.problem.vehicles) >= int(best["best_known_vehicles"] or 1)
