"""A copy of the checkout in which one text is replaced at a time, and the tests that look at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import CHECKOUT, SHARED

#: What a mutant may stand in or is judged by is copied; the rest of the checkout is only shown.
COPIED = ("routing", "tests")
SHOWN = ("logistics", "inventory", "webapp", "docs", "data", "pyproject.toml", "setup.cfg", "run.py")
#: Nobody's tests of routing take longer than this; a mutant that hangs is as good as dead.
SECONDS = 600


@dataclass(frozen=True)
class Mutant:
    """One rule broken: `was` stands exactly once in `file` and becomes `becomes`.

    `part` is whose rule it is (checker, schedule, insert, kernel), `rule` what is broken there, `tests` what pytest is
    given to find it, the quickest first; `interpreted` asks them of the kernel without compiling it.
    """

    part: str
    rule: str
    file: str
    was: str
    becomes: str
    tests: tuple[str, ...]
    interpreted: bool = False

    @property
    def name(self) -> str:
        """`checker: window`."""
        return f"{self.part}: {self.rule}"


class CannotPlant(Exception):
    """The mutant does not fit the code as it is now, or the tests cannot be asked."""


@contextmanager
def a_copy() -> Iterator[Path]:
    """A folder like the checkout, whose `routing` is the one that its tests import."""
    with TemporaryDirectory(prefix="tournee-mutants-") as made:
        folder = Path(made)
        for name in COPIED:
            shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        for name in SHOWN:
            (folder / name).symlink_to(CHECKOUT / name)
        told = _python(folder, "-c", "import routing; print(routing.__file__)").stdout.strip()
        if not Path(told).resolve().is_relative_to(folder.resolve()):
            raise CannotPlant(f"the copy's tests import {told}")
        yield folder


def patched(mutant: Mutant, source: str) -> str:
    """The file's text with the mutant in it."""
    if source.count(mutant.was) != 1:
        raise CannotPlant(f"{mutant.name}: its text stands {source.count(mutant.was)} times in {mutant.file}")
    return source.replace(mutant.was, mutant.becomes)


def survives(folder: Path, mutant: Mutant) -> bool:
    """Whether the mutant's tests pass with it in the copy, which is as before afterwards."""
    file = folder / mutant.file
    before = file.read_text(encoding="utf-8")
    file.write_text(patched(mutant, before), encoding="utf-8")
    try:
        return passes(folder, mutant.tests, mutant.name, interpreted=mutant.interpreted)
    finally:
        file.write_text(before, encoding="utf-8")


def passes(folder: Path, tests: tuple[str, ...], what: str, *, interpreted: bool = False) -> bool:
    """Whether these tests pass in the copy; that they cannot be run at all is no answer."""
    without = ("-p", "no:cacheprovider", "-p", "no:schemathesis")  # a start without the latter takes a third less
    asked = ("-m", "pytest", "-x", "-q", *without, "--hypothesis-seed=1", *tests)
    # Without compiling, numbers that are meant to overflow do so with a warning.
    quietly = ("-W", "ignore::RuntimeWarning") if interpreted else ()
    try:
        done = _python(folder, *asked, *quietly, interpreted=interpreted)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode not in (0, 1):
        raise CannotPlant(f"{what}: pytest ended with {done.returncode}\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return done.returncode == 0


def _python(folder: Path, *arguments: str, interpreted: bool = False) -> subprocess.CompletedProcess[str]:
    facts = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "TOURNEE_SHARED": str(SHARED)}
    facts.pop("PYTHONPATH", None)
    if interpreted:
        facts["NUMBA_DISABLE_JIT"] = "1"
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=facts, capture_output=True, text=True, timeout=SECONDS
    )
