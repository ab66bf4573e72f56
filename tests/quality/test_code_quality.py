"""What ruff and vulture say, and what neither sees: docstrings, lengths, promises to mend things later."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ROOMS = ("routing", "inventory", "logistics", "webapp")
SOURCES = sorted(file for room in ROOMS for file in (CHECKOUT / room).rglob("*.py"))

#: A file longer than this should be able to say why; those that can are listed with their reason.
LONG = 520
LONG_WITH_REASON = {
    "inventory/stock.py": "every deed that moves or promises a piece, beside the guarded updates they share",
    "logistics/migrations/versions/0001_first_shape.py": "every table of the product, one after the other",
}


def test_ruff_finds_nothing():
    ruff = Path(sys.executable).with_name("ruff")

    done = subprocess.run([str(ruff), "check", "--no-cache", "."], cwd=CHECKOUT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_code_is_dead():
    # Ports name arguments for those who implement them; geopy hands every geocoder a timeout and `exactly_one`.
    vulture = [sys.executable, "-m", "vulture", *ROOMS, "run.py", "--min-confidence", "90"]
    vulture += ["--exclude", "*/ports.py", "--ignore-names", "timeout,exactly_one"]

    done = subprocess.run(vulture, cwd=CHECKOUT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def undocumented(source: str) -> list[str]:
    """Names of the public functions and classes at the top of a module, and `module`, that have no docstring."""
    tree = ast.parse(source)
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    missing = [node.name for node in public if ast.get_docstring(node) is None]
    return missing if ast.get_docstring(tree) else ["module", *missing]


def test_every_public_name_says_what_it_promises():
    silent = {
        str(file.relative_to(CHECKOUT)): names
        for file in SOURCES
        if file.parent.name != "versions" and (names := undocumented(file.read_text(encoding="utf-8")))
    }

    assert silent == {}


def test_a_name_without_a_docstring_is_seen():
    assert undocumented("def reserve(): ...\nclass _Hidden: ...") == ["module", "reserve"]


def test_no_file_is_long_without_a_reason():
    long = {
        str(file.relative_to(CHECKOUT)): lines
        for file in SOURCES
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONG
    }

    assert {file: lines for file, lines in long.items() if file not in LONG_WITH_REASON} == {}


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
def test_nothing_is_put_off_in_a_comment(word):
    files = [*SOURCES, *(CHECKOUT / "tests").rglob("*.py"), CHECKOUT / "run.py"]

    assert [str(file) for file in files if re.search(rf"#.*\b{word}\b", file.read_text(encoding="utf-8"))] == []
