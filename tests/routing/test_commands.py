"""`solve` and `check` and `bench` at both doors."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

import routing
from logistics import cli
from routing import commands, formats
from tests.conftest import CHECKOUT

SMALL = CHECKOUT / "data" / "instances"
FILE = str(SMALL / "solomon_vrptw" / "solomon-n20.txt")


def solve(*words: str) -> int:
    return commands.main(["solve", FILE, "--engine", "nearest", "--time-limit", "5", *words])


def test_the_plan_goes_to_standard_output_and_its_cost_to_the_other(capsys):
    code = solve()

    out, err = capsys.readouterr()
    assert code == 0
    assert re.fullmatch(r"(Route #\d+:( \d+)+\n)+Cost: [\d.]+\n", out)
    assert re.search(r"^cost [\d.]+, \d+ vehicles, \d+\.\d s$", err, re.MULTILINE)
    assert re.search(r"^solomon-n20: cost [\d.]+, \d+ vehicles, \d+\.\d s, by nearest$", err, re.MULTILINE)


def test_a_plan_that_was_written_is_judged_valid(tmp_path, capsys):
    solve("-o", str(tmp_path / "plan.sol"))
    capsys.readouterr()

    code = commands.main(["check", FILE, str(tmp_path / "plan.sol")])

    assert code == 0
    assert re.fullmatch(r"valid: cost [\d.]+, \d+ vehicles\n", capsys.readouterr().out)


def test_what_is_wrong_with_a_plan_is_listed_and_the_exit_code_is_1(tmp_path, capsys):
    (tmp_path / "plan.sol").write_text("Route #1: 1 2 3\nRoute #2: 4 5 6 7 8 9 10 11 12 13 14 15 16 17\nCost: 7\n")

    code = commands.main(["check", FILE, str(tmp_path / "plan.sol")])

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert any(re.match(r"route 2 breaks \S+ .*by \d+", line) for line in lines)
    assert "3 jobs left out: 18, 19, 20" in lines
    assert "the file states a cost of 7" in lines
    assert lines[-1].startswith("not valid: cost ")


def test_a_route_of_backhauls_alone_is_not_valid(tmp_path, capsys):
    path = SMALL / "vrpb" / "vrpb-n20.vrp"
    instance = formats.read(path)
    back = [job.id for job in instance.problem.jobs if job.kind == "pickup"]
    (tmp_path / "plan.sol").write_text(f"Route #1: {back[0]}\n")

    code = commands.main(["check", str(path), str(tmp_path / "plan.sol")])

    assert code == 1
    assert "route 1 serves backhauls only" in capsys.readouterr().out


def test_a_plan_as_geojson_has_a_line_per_tour_and_a_point_per_stop(tmp_path, capsys):
    solve("-o", str(tmp_path / "plan.geojson"))
    plan = json.loads((tmp_path / "plan.geojson").read_text())

    instance = formats.read(FILE)
    kinds = [feature["geometry"]["type"] for feature in plan["features"]]
    stops = [feature for feature in plan["features"] if "job" in feature["properties"]]
    assert (plan["type"], plan["planar"], plan["unassigned"]) == ("FeatureCollection", True, [])
    assert kinds.count("LineString") == plan["vehicles"]
    assert sorted(int(stop["properties"]["job"]) for stop in stops) == list(range(1, 21))
    assert all(
        tuple(stop["geometry"]["coordinates"]) == instance.points[int(stop["properties"]["job"])] for stop in stops
    )
    first = next(feature for feature in plan["features"] if feature["geometry"]["type"] == "LineString")
    assert tuple(first["geometry"]["coordinates"][0]) == instance.points[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["solve", FILE, "-o", "plan.txt"], "plan.txt: a name that ends with .sol or .geojson expected"),
        (["solve", FILE, "--engine", "psychic"], "no engine psychic"),
        (["solve", FILE, "--time-limit", "-3"], "limit of -3.0 seconds"),
        (["solve", FILE, "--iterations", "0"], "limit of iterations"),
        (["solve", "nowhere.txt"], "nowhere.txt: cannot be read"),
        (["solve", FILE, "--format", "lilim"], "solomon-n20.txt, line 1"),
        (["bench", FILE, "--engines", "psychic"], "no engine psychic"),
        (["bench", FILE, "--resume"], "bench: --resume goes with --json OUT"),
        (["bench", FILE, "--engines", "nearest,nearest"], "bench: engine nearest is named twice"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_at_both_doors(words, sentence, capsys):
    with pytest.raises(routing.RoutingError, match=re.escape(sentence)):
        commands.main(words)
    code = cli.main(words)

    assert code == 1
    assert f"tournee: {sentence}" in capsys.readouterr().err or sentence.startswith("solomon")


def test_the_other_door_says_the_same(capsys):
    cli.main(["solve", FILE, "--engine", "nearest", "--time-limit", "5"])
    ours = capsys.readouterr().out
    command = [sys.executable, "-m", "routing", "solve", FILE, "--engine", "nearest", "--time-limit", "5"]

    theirs = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)

    assert theirs.returncode == 0
    assert theirs.stdout == ours


def test_a_mistake_at_the_module_is_one_sentence_and_exit_code_1():
    command = [sys.executable, "-m", "routing", "solve", "nowhere.txt"]

    found = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)

    assert found.returncode == 1
    assert found.stderr == "routing: nowhere.txt: cannot be read (No such file or directory)\n"


def test_help_is_that_of_the_routing_library(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["bench", "--help"])

    assert end.value.code == 0
    assert "--time-limit SECONDS" in capsys.readouterr().out


def test_bench_prints_rows_as_they_come_and_a_table_at_the_end(tmp_path, capsys):
    out = tmp_path / "rows.json"
    words = ["bench", str(SMALL / "cvrp"), "--engines", "nearest", "--time-limit", "3", "--json", str(out)]

    code = commands.main(words)
    printed, said = capsys.readouterr()
    again = commands.main([*words, "--resume"])

    assert (code, again) == (0, 0)
    assert [row["instance"] for row in json.loads(out.read_text())["rows"]] == ["cvrp-n20", "cvrp-n40"]
    assert "cvrp/cvrp-n20 nearest " in said
    assert printed.startswith("cvrp: 2 instances, 3 s\n")
    assert capsys.readouterr().out == printed
