"""Files that are not what they should be are refused with their name, the line and what is expected there."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import routing
from routing import formats
from routing.formats import text
from tests.routing.formats.test_readers import FILES, SMALL

CVRP = SMALL / "cvrp" / "cvrp-n20.vrp"
SOLOMON = SMALL / "solomon_vrptw" / "solomon-n20.txt"
LILIM = SMALL / "lilim_pdptw" / "lilim-n20.txt"
SARTORI = SMALL / "sartori_buriol_pdptw" / "sartori-n20.txt"
WANG = SMALL / "wang_chen_vrpspdtw" / "wang-n20.vrpspdtw"
MDVRPTW = SMALL / "mdvrptw" / "mdvrptw-n20.vrp"
SDVRPTW = SMALL / "sdvrptw" / "sdvrptw-n20.vrp"
MTVRPTWR = SMALL / "mtvrptwr" / "mtvrptwr-n20.vrp"
VRPB = SMALL / "vrpb" / "vrpb-n20.vrp"


def refusal_of(path: Path) -> routing.BadFile:
    with pytest.raises(routing.BadFile) as refusal:
        formats.read(path)
    assert str(refusal.value).startswith(path.name)
    return refusal.value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"\n\n   \n", "the file is empty"),
        (bytes(range(256)), "text expected, there is a byte 0x00"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "text expected, there is a byte 0x1a"),
        (b"hello", "an instance in one of the formats solomon, wang-chen"),
        (b"{}", "an instance in one of the formats"),
        (b"1 2 3", "an instance in one of the formats"),
        (b"a\nVEHICLE", "number of vehicles and capacity expected, but the file is over"),
    ],
)
def test_what_is_no_instance_at_all_is_refused(tmp_path, content, expected):
    path = tmp_path / "strange.txt"
    path.write_bytes(content)

    assert expected in str(refusal_of(path))


def test_a_folder_a_missing_file_and_a_huge_one_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "MOST_BYTES", 100)

    assert "this is a folder" in str(refusal_of(tmp_path))
    assert "cannot be read" in str(refusal_of(tmp_path / "nowhere.txt"))
    big = tmp_path / "big.txt"
    big.write_bytes(b"1" * 101)
    assert "at most 100 bytes expected, there are 101" in str(refusal_of(big))


@pytest.mark.parametrize(
    ("source", "old", "new", "line", "expected"),
    [
        (SOLOMON, r"  20 +40\n", "  20\n", 5, "number of vehicles and capacity expected"),
        (SOLOMON, r"  20 +40\n", "  0 40\n", 5, "a number of vehicles expected, a whole number from 1"),
        (SOLOMON, r"  20 +40\n", "  20 4.5\n", 5, "a capacity expected, a whole number from 0"),
        (SOLOMON, r"CUSTOMER\n", "CUSTOMERS\n", 7, "the word CUSTOMER expected"),
        (SOLOMON, r"\n    3 ", "\n    4 ", 13, "customer 3 expected, this is 4"),
        (SOLOMON, r"\n    3  ", "\n    3 nan ", 13, "customer number, x, y, demand"),
        (SOLOMON, r"\n    3 +\d+", "\n    3 nan", 13, "'nan' is no number"),
        (SOLOMON, r"\n    3 +\d+", "\n    3 1e99", 13, "1e99 is beyond 1000000000"),
        (SOLOMON, r"\n    3 +\d+", "\n    3 1_0", 13, "'1_0' is no number"),
        (SOLOMON, r"\n    3 +\d+", "\n    3 " + "9" * 50, 13, "is no number"),
        (SOLOMON, r"\n    0 +\d+", "\n    0 999999999", None, "places lie up to"),
        (LILIM, r"^10\t30\t1", "10\t30.5\t1", 1, "number of vehicles, capacity and speed expected"),
        (LILIM, r"\n1\t(.*)\t0\t2\n", r"\n1\t\1\t0\t3\n", 3, "task 3 is named as sibling and names another"),
        (LILIM, r"\n1\t(.*)\t0\t2\n", r"\n1\t\1\t0\t99\n", 3, "a sibling from 1 to 20 expected, not 99"),
        (LILIM, r"\n1\t(.*)\t0\t2\n", r"\n1\t\1\t2\t2\n", 3, "either a pickup or a delivery sibling"),
        (LILIM, r"\n1\t(\d+\t\d+)\t\d+", r"\n1\t\1\t77", 3, "a demand expected that task 2 takes back, not 77"),
        (SARTORI, r"SIZE: 21", "SIZE: 22", 33, "expected (9 numbers), there are 1 words"),
        (SARTORI, r"SIZE: 21", "SIZE: 20", 32, "the word EDGES expected after 20 nodes"),
        (SARTORI, r"SIZE: 21", "SIZE: many", 5, "SIZE expected, 'many' is no number"),
        (SARTORI, r"CAPACITY: 30\n", "", 1, "CAPACITY expected above NODES"),
        (SARTORI, r"EDGES\n0 ", "EDGES\n7 ", 34, "no way from place 0 to itself expected"),
        (SARTORI, r"EDGES\n0 \d+ ", "EDGES\n0 ", 34, "minutes from place 0 expected (21 numbers)"),
        (SARTORI, r"EDGES\n0 \d+ ", "EDGES\n0 -3 ", 34, "whole minutes from 0 to 525600"),
        (WANG, r"EXACT_2D", "EUC_2D", 1, "EDGE_WEIGHT_TYPE : EXACT_2D expected, not EUC_2D"),
        (WANG, r"\n2 0 (\d+) (\d+)", r"\n2 0 \2 \1", 32, "a window that opens before it closes"),
        (CVRP, r"DIMENSION : 21", "DIMENSION : 22", 7, "NODE_COORD_SECTION with 22 rows expected, there are 21"),
        (CVRP, r"DIMENSION : 21", "DIMENSION : 20", 7, "NODE_COORD_SECTION with 20 rows expected, there are 21"),
        (CVRP, r"DIMENSION : 21", "DIMENSION : 999999", 4, "DIMENSION expected, a whole number from 2 to 10000"),
        (CVRP, r"TYPE : CVRP", "TYPE : TSP", 1, "TYPE as one of CVRP, VRPB"),
        (CVRP, r"EUC_2D", "GEO", 1, "EDGE_WEIGHT_TYPE : EUC_2D expected, not GEO"),
        (CVRP, r"CAPACITY", "DISTANCE", 5, "one of NAME, COMMENT"),
        (CVRP, r"DEMAND_SECTION", "STANDTIME_SECTION", 29, "one of the sections NODE_COORD_SECTION"),
        (CVRP, r"DEMAND_SECTION\n1\t0\n", "DEMAND_SECTION\n1\t-3\n", 30, "a demand from 0 expected, not -3"),
        (CVRP, r"DEMAND_SECTION\n1\t0\n", "DEMAND_SECTION\n2\t0\n", 30, "row 1 of DEMAND_SECTION expected, this is 2"),
        (CVRP, r"DEPOT_SECTION\n1\n", "DEPOT_SECTION\n55\n", 52, "a depot or -1"),
        (MDVRPTW, r"(?s)DEPOT_SECTION\n1\t1\n", "DEPOT_SECTION\n1\t9\n", None, "one of the depots expected, not 9"),
        (SDVRPTW, r"\n1 2 3 4", "\n1 2 3 44", None, "customers from 1 to 21 expected, not 44"),
        (MTVRPTWR, r"RELOAD_DEPOT_SECTION\n1\t1", "RELOAD_DEPOT_SECTION\n1\t2", None, "a reload at the"),
        (VRPB, r"BACKHAUL_SECTION\n1\t0\n2\t0", "BACKHAUL_SECTION\n1\t0\n2\t3", None, "expected, not both"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path, source, old, new, line, expected):
    good = source.read_text()
    bad = re.sub(old, new, good, count=1)
    assert bad != good
    path = tmp_path / source.name
    path.write_text(bad)

    refusal = refusal_of(path)

    assert expected in str(refusal)
    assert line is None or refusal.line == line


@pytest.mark.parametrize("source", FILES[::2], ids=lambda path: path.stem)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_file_makes_anything_but_an_instance_or_a_refusal(tmp_path, source, data):
    content = source.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(start, min(len(content), start + 40))))
    word = data.draw(st.sampled_from([b"", b"-1", b" nan ", b"1e9", b"\n", b"0", b" 7 ", b"EOF\n", b"\xff", b"-0.5"]))
    path = tmp_path / source.name
    path.write_bytes(content[:start] + word + content[end:])
    began = time.process_time()

    try:
        instance = formats.read(path)
    except routing.BadFile as refusal:
        assert refusal.file == source.name
    else:
        assert instance.problem.visits
    assert time.process_time() - began < 2
