"""The one command: what it says to a Python it cannot use, what it skips, how it finds a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import run

CHECKOUT = Path(__file__).resolve().parent.parent

#: Put in front of the path, these make a Python look like another.
OLD_PYTHON = "import sys; sys.version_info = (3, 9, 2, 'final', 0); sys.version = '3.9.2 (old)'"
WITHOUT_PIP = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in ("pip", "ensurepip") else find(name, *more)
"""


@pytest.fixture
def elsewhere(tmp_path):
    """A folder with a space in its name that holds run.py and nothing that was installed."""
    place = tmp_path / "my checkout"
    place.mkdir()
    shutil.copy(CHECKOUT / "run.py", place)
    return place


def started(place, *arguments, pretend=""):
    """Run run.py in `place` with a Python that pretends."""
    (place / "sitecustomize.py").write_text(pretend)
    environment = {**os.environ, "PYTHONPATH": str(place)}
    command = [sys.executable, str(place / "run.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("pretend", "said"),
    [
        (OLD_PYTHON, "Tournée needs Python 3.11 or newer; this is 3.9.2."),
        (WITHOUT_PIP, "has neither pip nor ensurepip"),
    ],
)
def test_a_python_that_will_not_do_is_told_in_one_sentence(elsewhere, pretend, said):
    refused = started(elsewhere, "demo", pretend=pretend)

    assert refused.returncode == 2
    assert said in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert not (elsewhere / ".venv").exists()


def test_an_unknown_command_is_refused_with_the_known_ones(elsewhere):
    refused = started(elsewhere, "demonstrate")

    assert refused.returncode == 2
    assert "demo, serve, test, check" in refused.stderr


def test_help_needs_no_set_up(elsewhere):
    helped = started(elsewhere, "--help")
    about_demo = started(elsewhere, "demo", "--help")

    assert (helped.returncode, about_demo.returncode) == (0, 0)
    assert all(command in helped.stdout for command in ("demo", "test", "serve", "check", "lock"))
    assert all(flag in about_demo.stdout for flag in ("--no-serve", "--port", "--host", "--fresh"))
    assert not (elsewhere / ".tools").exists()


@pytest.fixture
def installed(elsewhere, monkeypatch):
    """A checkout whose installation is recorded as done; any step that is run is written down instead."""
    for name in (run.RUNTIME, run.TESTS, "setup.cfg"):
        shutil.copy(CHECKOUT / name, elsewhere)
    monkeypatch.setattr(run, "HERE", elsewhere)
    monkeypatch.setattr(run, "VENV", elsewhere / ".venv")
    monkeypatch.setattr(run, "SCRIPTS", elsewhere / ".venv" / "bin")
    monkeypatch.setattr(run, "STAMP", elsewhere / ".venv" / "tournee-stamp.json")
    (elsewhere / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "tournee"):
        (elsewhere / ".venv" / "bin" / name).touch()
    stamp = {run.RUNTIME: run.digest(run.RUNTIME), "place": str(elsewhere)}
    run.STAMP.write_text(json.dumps(stamp))
    steps: list[list[str]] = []

    def note(command: list[str], _otherwise: str) -> None:
        steps.append(command)
        run.VENV.mkdir(exist_ok=True)

    monkeypatch.setattr(run, "run", note)
    monkeypatch.setattr(run, "fetch_uv", lambda: "uv")
    monkeypatch.setattr(run, "environment_is_usable", lambda: True)
    return steps


def test_a_second_run_installs_nothing_and_takes_no_time(installed):
    began = time.perf_counter()

    run.install(run.RUNTIME)

    assert installed == []
    assert time.perf_counter() - began < 0.5


def test_a_changed_lock_is_installed_again_once(installed, elsewhere):
    with (elsewhere / run.RUNTIME).open("a") as lock:
        lock.write("\n")

    run.install(run.RUNTIME)
    first = list(installed)
    run.install(run.RUNTIME)

    assert [command[-1] for command in first] == [run.RUNTIME, "."]
    assert "--require-hashes" in first[0]
    assert {"--no-deps", "--no-build-isolation"} <= set(first[1])
    assert installed == first


def test_a_command_that_was_removed_is_installed_again(installed, elsewhere):
    (elsewhere / ".venv" / "bin" / "tournee").unlink()

    run.install(run.RUNTIME)

    assert installed[-1][-2:] == ["--editable", "."]


def test_the_parts_for_tests_count_as_the_runtime_too(installed):
    run.install(run.TESTS)
    after_tests = len(installed)

    run.install(run.RUNTIME)

    assert after_tests == 2
    assert len(installed) == after_tests


def test_an_environment_from_another_folder_is_replaced(installed, elsewhere):
    run.STAMP.write_text(json.dumps({run.RUNTIME: run.digest(run.RUNTIME), "place": "/somewhere/else"}))

    run.install(run.RUNTIME)

    assert installed[0][:2] == ["uv", "venv"]


def test_changed_translations_are_compiled(installed, elsewhere):
    texts = elsewhere / "webapp" / "translations" / "fr" / "LC_MESSAGES"
    texts.mkdir(parents=True)
    (texts / "messages.po").touch()

    run.install(run.RUNTIME)
    (texts / "messages.mo").touch()
    run.install(run.RUNTIME)

    assert len(installed) == 1
    assert str(texts / "messages.po") in installed[0]


def test_a_browser_named_in_the_environment_comes_first(monkeypatch, tmp_path):
    named = tmp_path / "my chromium"
    named.touch()

    monkeypatch.setenv("TOURNEE_CHROMIUM", str(named))
    found = run.find_chromium()
    named.unlink()

    assert found == str(named)
    assert run.find_chromium() is None


def test_where_no_browser_can_be_installed_the_reason_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(run, "find_chromium", lambda: None)
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    monkeypatch.delenv("TOURNEE_CHROMIUM", raising=False)

    run.provide_browser()

    assert "browser tests will be skipped: this system has no apt-get" in capsys.readouterr().out


def test_check_runs_every_part_and_fails_when_one_does(monkeypatch, capsys):
    asked: list[str] = []

    def call(*command: str) -> int:
        asked.append(Path(command[0]).name if command[1:3] != ("-m", "pytest") else "pytest")
        return 1 if asked[-1] == "mypy" else 0

    monkeypatch.setattr(run, "call", call)
    monkeypatch.setattr(run, "install", lambda _lock: None)
    monkeypatch.setattr(run, "provide_browser", lambda: None)

    ended = run.check([])

    assert ended == 1
    assert asked == ["ruff", "mypy", "lint-imports", "pytest"]
    assert "failed: mypy" in capsys.readouterr().out


@pytest.mark.parametrize("rest", [[], ["-x"], ["-k", "stock"]])
def test_a_whole_run_is_spread_over_the_processors(rest):
    assert run.spread(rest) == ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]


@pytest.mark.parametrize("rest", [["tests/routing"], ["-x", "tests/test_run.py::test_help_needs_no_set_up"]])
def test_a_run_of_named_files_is_not(rest):
    assert run.spread(rest) == []


def test_root_gets_a_browser_from_the_system_without_being_asked(monkeypatch, tmp_path, capsys):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    apt = bin_folder / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> "{tmp_path}/asked"\n'
        f'if [ "$1" = install ]; then : > "{bin_folder}/chromium"; /bin/chmod +x "{bin_folder}/chromium"; fi\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))
    monkeypatch.delenv("TOURNEE_CHROMIUM", raising=False)
    monkeypatch.setattr(run.os, "geteuid", lambda: 0)

    run.provide_browser()

    assert run.find_chromium() == str(bin_folder / "chromium")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split()[:2] for line in asked] == [["noninteractive", "update"], ["noninteractive", "install"]]
    assert capsys.readouterr().out == "run.py: installing Chromium for the browser tests, with apt-get\n"


def test_a_set_up_leaves_nothing_to_compile_to_those_who_may_not_write(elsewhere, monkeypatch, capfd):
    monkeypatch.setattr(run, "HERE", elsewhere)
    monkeypatch.setattr(run, "VENV", elsewhere / ".venv")
    monkeypatch.setattr(run, "install", lambda _lock: None)
    monkeypatch.setattr(run, "script", lambda name: sys.executable if name == "python" else str(elsewhere / name))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    for place, text in ((".venv/lib", "x = 1"), ("webapp", "y = 2"), ("routing", "never python")):
        (elsewhere / place).mkdir(parents=True)
        (elsewhere / place / "one.py").write_text(text)

    done = run.main(["setup"])

    compiled = {
        file.parent.parent.relative_to(elsewhere).as_posix() for file in elsewhere.rglob("__pycache__/one.*.pyc")
    }
    assert (done, compiled) == (0, {".venv/lib", "webapp"})
    assert "never python" not in "".join(capfd.readouterr())
