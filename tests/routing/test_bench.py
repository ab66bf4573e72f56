"""The bench: rows as they come, every plan judged, processor seconds counted, peers that say what they cannot state."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import routing
from routing import bench, formats
from routing.bench import best, child, cpu, loop, report, sets, vroom_peer
from routing.engines.or_tools import OrTools
from routing.solve import Limits
from tests.conftest import CHECKOUT

SMALL = CHECKOUT / "data" / "instances"
KEYS = [
    "set", "instance", "engine", "seed", "time_limit", "cost", "vehicles", "best_known_cost", "best_known_vehicles",
    "gap_percent", "seconds", "cpu_seconds", "valid", "error",
]  # fmt: skip


def an_answer(**facts):
    return {"cost": 100.0, "vehicles": 3, "seconds": 1.0, "cpu_seconds": 1.0, "error": None, **facts}


def a_case(**facts):
    return bench.Case(**{"set": "some", "instance": "one", "path": Path("one.vrp"), "objective": "distance",
                         "best": sets.Best(80.0, 3), **facts})  # fmt: skip


def a_row(**facts):
    return bench.Row(**{"set": "some", "instance": "one", "engine": "ours", "seed": 1, "time_limit": 10.0,
                        "cost": 100.0, "vehicles": 3, "best_known_cost": 80.0, "best_known_vehicles": 3,
                        "gap_percent": 25.0,
                        "seconds": 1.0, "cpu_seconds": 1.0, "valid": True, "error": None, **facts})  # fmt: skip


@pytest.fixture
def answers(monkeypatch):
    """What children were asked, while each answers with `answers.next`."""

    class Answers(list):
        next = an_answer()

    asked = Answers()

    def answer(question, patience):
        asked.append(question)
        return asked.next

    monkeypatch.setattr(loop, "_child", answer)
    return asked


def test_a_folder_of_folders_holds_sets_each_with_its_objective():
    found = bench.cases([SMALL])

    objectives = {case.set: case.objective for case in found}
    assert len(found) == 22
    assert [case.instance for case in found if case.best is None] == []
    assert [name for name, objective in objectives.items() if objective == "vehicles"] == [
        "lilim_pdptw", "sartori_buriol_pdptw", "wang_chen_vrpspdtw",
    ]  # fmt: skip


def test_tables_of_two_objectives_are_never_mixed(tmp_path):
    shutil.copy(SMALL / "solomon_vrptw" / "solomon-n20.txt", tmp_path)
    (tmp_path / "bks.csv").write_text("instance,best_known_cost,best_known_vehicles,source\nSOLOMON-N20,500.5,,us\n")
    (tmp_path / "bks_hierarchical.csv").write_text("instance,best_known_vehicles,best_known_cost\nsolomon-n20,4,600\n")

    (usual,), (first,) = bench.cases([tmp_path]), bench.cases([tmp_path], "vehicles")

    assert (usual.set, usual.best) == (tmp_path.name, sets.Best(500.5, None))
    assert (first.set, first.best) == (f"{tmp_path.name} (vehicles)", sets.Best(600.0, 4))


def test_a_table_for_another_objective_is_no_table(tmp_path):
    shutil.copy(SMALL / "lilim_pdptw" / "lilim-n20.txt", tmp_path)
    (tmp_path / "bks.csv").write_text("instance,best_known_cost,best_known_vehicles\nlilim-n20,500,2\n")

    (case,) = bench.cases([tmp_path], "distance")

    assert case.best is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,cost\n", "bks.csv, line 1: a column instance expected"),
        ("instance,best_known_cost,best_known_vehicles\ncvrp-n20,dear,1\n", "bks.csv, line 2: an instance, a cost"),
        ("instance,best_known_cost,best_known_vehicles\ncvrp-n20\n", "bks.csv, line 2: an instance, a cost"),
    ],
)
def test_a_bad_table_is_refused_by_line(tmp_path, text, sentence):
    shutil.copy(SMALL / "cvrp" / "cvrp-n20.vrp", tmp_path)
    (tmp_path / "bks.csv").write_text(text)

    with pytest.raises(routing.BadFile, match=sentence):
        bench.cases([tmp_path])


def test_engines_take_turns_instance_by_instance(answers):
    rows = bench.run([a_case(), a_case(instance="two")], bench.Wish(("a", "b"), seeds=(1, 2)), bench.Rows())

    assert [(row.instance, row.seed, row.engine) for row in rows.all] == [
        (instance, seed, engine) for instance in ("one", "two") for seed in (1, 2) for engine in ("a", "b")
    ]
    assert {question["threads"] for question in answers} == {1}


def test_a_row_has_exactly_the_documented_keys_and_the_gap_in_percent(answers, tmp_path):
    file = tmp_path / "rows.json"

    bench.run([a_case()], bench.Wish(("ours",)), bench.Rows(file))

    (row,) = json.loads(file.read_text())["rows"]
    assert list(row) == KEYS
    assert (row["cost"], row["gap_percent"], row["valid"], row["error"]) == (100.0, 25.0, True, None)


def test_with_one_processor_a_row_that_used_more_than_its_time_is_invalid(answers):
    answers.next = an_answer(cpu_seconds=10.51)

    (alone,) = bench.run([a_case()], bench.Wish(("ours",), threads=1), bench.Rows()).all
    (two,) = bench.run([a_case()], bench.Wish(("ours",), threads=2), bench.Rows()).all

    assert (alone.valid, two.valid) == (False, True)
    assert "used 10.51 s of processor" in alone.error


def test_a_row_within_its_time_is_valid(answers):
    answers.next = an_answer(cpu_seconds=10.49)

    (row,) = bench.run([a_case()], bench.Wish(("ours",)), bench.Rows()).all

    assert row.valid


def test_a_run_that_is_stopped_goes_on_where_it_was(answers, tmp_path):
    file = tmp_path / "rows.json"
    cases, wish = [a_case(instance=name) for name in ("one", "two", "three")], bench.Wish(("a", "b"))

    def stop_at_the_third(row):
        if (row.instance, row.engine) == ("two", "a"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.run(cases, wish, bench.Rows(file), on_row=stop_at_the_third)
    before = json.loads(file.read_text())["rows"]
    answers.clear()
    rows = bench.run(cases, wish, bench.Rows(file, resume=True))

    assert len(before) == 3
    assert len(answers) == 3
    assert json.loads(file.read_text())["rows"][:3] == before
    assert len({row.key for row in rows.all}) == 6
    assert [one.name for one in tmp_path.iterdir()] == ["rows.json"]


def test_rows_that_are_there_are_never_written_over(tmp_path):
    file = tmp_path / "rows.json"
    file.write_text('{"rows": []}')

    with pytest.raises(routing.BadFile, match="--resume goes on with it"):
        bench.Rows(file)


@pytest.mark.parametrize("text", ["", "[]", '{"rows": [{}]}', '{"rows": 3}'])
def test_a_file_without_rows_is_not_gone_on_with(tmp_path, text):
    file = tmp_path / "rows.json"
    file.write_text(text)

    with pytest.raises(routing.BadFile, match="the rows of a bench expected"):
        bench.Rows(file, resume=True)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [({"engines": ()}, "no engine"), ({"engines": ("a", "a")}, "engine a is named twice"), ({"seeds": ()}, "no seed")],
)
def test_a_senseless_wish_is_refused(facts, sentence):
    with pytest.raises(routing.InvalidProblem, match=sentence):
        bench.Wish(**{"engines": ("a",), **facts})


def test_a_child_that_dies_makes_a_row_that_says_so(monkeypatch):
    monkeypatch.setattr(loop, "COMMAND", (sys.executable, "-c", "import sys; sys.exit('out of luck')"))

    (row,) = bench.run([a_case()], bench.Wish(("ours",)), bench.Rows()).all

    assert (row.valid, row.cost) == (False, None)
    assert row.error == "died with exit code 1: out of luck"


def test_a_child_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(loop, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", 0.5)
    began = time.monotonic()

    (row,) = bench.run([a_case()], bench.Wish(("ours",), time_limit=0.1), bench.Rows()).all

    assert row.error == "ended after 1 s without an answer"
    assert time.monotonic() - began < 20


def test_a_real_row_is_made_in_a_process_of_its_own_and_judged():
    (case,) = bench.cases([SMALL / "cvrp" / "cvrp-n20.vrp"])

    (row,) = bench.run([case], bench.Wish(("nearest",), time_limit=3), bench.Rows()).all

    assert row.valid, row.error
    assert 0 < row.cpu_seconds < 3
    assert row.cost > 300


def test_an_engine_nobody_knows_makes_a_row_that_says_so():
    case = a_case(path=SMALL / "cvrp" / "cvrp-n20.vrp", best=None)

    (row,) = bench.run([case], bench.Wish(("clairvoyant",)), bench.Rows()).all

    assert (row.valid, row.gap_percent) == (False, None)
    assert row.error.startswith("unknown-engine: no engine clairvoyant")


@pytest.fixture
def instance():
    return formats.read(SMALL / "solomon_vrptw" / "solomon-n20.txt")


@pytest.fixture
def plan(instance):
    return routing.engine("nearest")(instance.problem, limits=Limits(5.0))


def test_a_plan_that_keeps_everything_is_told_its_cost_in_the_unit_of_the_table(instance, plan):
    found = child.judged(instance, plan)

    assert found == {"cost": plan.costs.total / 10, "vehicles": len(plan.tours), "error": None}


def test_a_plan_that_breaks_a_rule_has_no_cost(instance, plan):
    late = replace(plan.tours[0], departure=plan.tours[0].departure + 1)

    found = child.judged(instance, replace(plan, tours=(late, *plan.tours[1:])))

    assert set(found) == {"error"}
    assert "rules broken: travel" in found["error"]


def test_a_plan_that_leaves_out_what_must_go_has_no_cost(instance, plan):
    shorter = routing.assemble(instance.problem, dict(list(plan.orders().items())[1:]))

    found = child.judged(instance, shorter)

    assert found == {"error": f"{len(plan.tours[0].stops)} of 20 jobs left out"}


def test_costs_follow_a_table_that_counts_in_steps(tmp_path):
    shutil.copy(SMALL / "hfvrp" / "hfvrp-n20.vrp", tmp_path)
    wish = {"path": str(tmp_path / "hfvrp-n20.vrp"), "objective": "distance", "engine": "nearest", "seed": 1,
            "time_limit": 3.0, "threads": 1}  # fmt: skip

    plain = child.made({**wish, "best_known_cost": 500.0})
    steps = child.made({**wish, "best_known_cost": 50_000_000.0})

    assert 500 < plain["cost"] < 1500
    assert steps["cost"] == pytest.approx(plain["cost"] * 100_000)


def test_processor_seconds_count_children_that_live_and_that_ended():
    before = cpu.spent()
    burn = "import time\nwhile time.process_time() < 0.5: pass\nprint('done', flush=True)\nimport sys; sys.stdin.read()"

    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        living = cpu.spent() - before
    ended = cpu.spent() - before

    assert ended > 0.45
    assert living > 0.45 or not (cpu.PROC / "self").exists()


def test_the_leader_has_the_least_gap_among_those_with_the_most_valid_rows():
    rows = [
        a_row(engine="a", gap_percent=2.0), a_row(engine="a", instance="two", gap_percent=4.0),
        a_row(engine="b", gap_percent=2.5), a_row(engine="b", instance="two", gap_percent=3.0),
        a_row(engine="c", gap_percent=0.0), a_row(engine="c", instance="two", valid=False, gap_percent=-9.0),
    ]  # fmt: skip

    found = report.means(rows)

    assert [(one.engine, one.gap, one.valid) for one in found] == [("a", 3.0, 2), ("b", 2.75, 2), ("c", 0.0, 1)]
    assert report.leader(found, vehicles_first=False).engine == "b"


def test_where_vehicles_come_first_a_shorter_way_with_more_of_them_does_not_lead():
    rows = [a_row(engine="a", vehicles=4, gap_percent=-5.0), a_row(engine="b", vehicles=3, gap_percent=1.0)]

    found = report.means(rows)

    assert report.leader(found, vehicles_first=True).engine == "b"
    assert report.leader(found, vehicles_first=False).engine == "a"


def test_the_table_says_who_leads_and_what_a_peer_cannot_state():
    rows = [
        a_row(engine="nearest"),
        a_row(engine="vroom", valid=False, cost=None, gap_percent=None, error="vroom cannot state: releases"),
    ]

    text = report.table(rows)

    assert [line for line in text.splitlines() if "leads" in line and "nearest" in line and "25.000" in line]
    assert "  vroom           cannot state releases" in text.splitlines()
    assert "vroom: " in text.splitlines()[-1]


@pytest.mark.skipif(not vroom_peer.is_installed(), reason="the peer VROOM (extra `bench`) is not installed")
@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cvrp", ""), ("hfvrp", ""), ("lilim_pdptw", ""), ("sartori_buriol_pdptw", ""), ("solomon_vrptw", ""),
        ("wang_chen_vrpspdtw", ""), ("mdvrptw", "a limit on the time of a tour"),
        ("sdvrptw", "a limit on the time of a tour"), ("mtvrptwr", "several trips, releases"),
        ("pcvrptw", "prices of leaving out"), ("vrpb", "deliveries before pickups"),
    ],
)  # fmt: skip
def test_vroom_makes_valid_plans_or_says_what_it_cannot_state(name, asked):
    case = bench.cases([SMALL / name])[0]
    instance = formats.read(case.path)

    if asked:
        with pytest.raises(routing.CannotState, match=asked):
            bench.engine("vroom")(instance.problem, limits=Limits(1.0))
    else:
        found = child.judged(instance, bench.engine("vroom")(instance.problem, limits=Limits(1.0)))
        assert found["error"] is None
        assert found["cost"] <= child.judged(
            instance, routing.engine("nearest")(instance.problem, limits=Limits(5.0))
        )["cost"] or case.objective == "vehicles"  # fmt: skip


def test_the_best_valid_rows_of_our_engines_become_a_table_and_only_better_ones_change_it(tmp_path):
    folder = tmp_path / "lilim_pdptw"
    shutil.copytree(SMALL / "lilim_pdptw", folder, ignore=shutil.ignore_patterns("*.csv"))
    facts = {"set": "lilim_pdptw", "instance": "lilim-n20", "engine": "nearest", "gap_percent": None}
    rows = [
        a_row(**facts, vehicles=3, cost=400.0), a_row(**facts, vehicles=2, cost=500.0),
        a_row(**facts, vehicles=2, cost=510.0),
        a_row(**facts, vehicles=1, cost=1.0, valid=False), a_row(**{**facts, "engine": "vroom"}, vehicles=1, cost=2.0),
    ]  # fmt: skip

    best.write(tmp_path, rows)
    (first, second) = bench.cases([folder])
    best.write(tmp_path, [a_row(**facts, vehicles=2, cost=505.0), a_row(**facts, vehicles=3, cost=1.0)])
    unchanged = bench.cases([folder])[0]
    best.write(tmp_path, [a_row(**facts, vehicles=2, cost=499.0)])

    assert (first.best, second.best) == (sets.Best(500.0, 2), None)
    assert unchanged.best == first.best
    assert bench.cases([folder])[0].best == sets.Best(499.0, 2)
    assert "the best our engines found, by nearest in 10 s" in (folder / "bks.csv").read_text()


def test_an_engine_of_the_registry_says_what_it_cannot_state(monkeypatch):
    monkeypatch.setattr(OrTools, "refusal", lambda self, problem: f"{len(problem.visits)} visits at full moon")
    wish = {"path": str(SMALL / "cvrp" / "cvrp-n20.vrp"), "objective": "distance", "engine": "or-tools", "seed": 1,
            "time_limit": 3.0, "threads": 1, "best_known_cost": None}  # fmt: skip

    found = child.made(wish)

    assert (found["cost"], found["error"]) == (None, "or-tools cannot state: 20 visits at full moon")
