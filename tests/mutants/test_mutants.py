"""A slice of `python -m tests.mutants`: mutants fit the code, some are killed, and one that changes nothing is not."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from tests.conftest import CHECKOUT
from tests.mutants import __main__ as command
from tests.mutants import planting
from tests.mutants.catalogue import MUTANTS

#: One test is enough to kill these, so that the slice is quick; by command they meet all of theirs.
QUICK = {
    "checker: window": "tests/routing/test_check.py::test_a_mistake_in_a_full_day_is_found_as_the_rule_it_breaks",
    "checker: pair": "tests/routing/test_check.py::test_a_wrong_decision_is_found_as_the_rule_it_breaks",
}


def _named(name):
    return next(mutant for mutant in MUTANTS if mutant.name == name)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_code_as_it_is(mutant):
    source = (CHECKOUT / mutant.file).read_text(encoding="utf-8")

    changed = planting.patched(mutant, source)

    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
    assert [test for test in mutant.tests if not (CHECKOUT / test.partition("::")[0]).exists()] == []


def test_at_least_twenty_five_rules_are_broken_by_name():
    names = [mutant.name for mutant in MUTANTS]

    assert len(names) == len(set(names)) >= 25


@pytest.mark.slow
def test_mutants_die_and_what_changes_nothing_lives():
    harmless = replace(_named("checker: window"), was='"window", miss, job.id)', becomes='"window", miss, job.id, "")')
    chosen = [replace(_named(name), tests=(test,)) for name, test in QUICK.items()]

    with planting.a_copy() as folder:
        lives = [planting.survives(folder, mutant) for mutant in chosen]
        after = planting.survives(folder, replace(harmless, tests=(QUICK["checker: window"],)))

    assert lives == [False, False]
    assert after


def test_a_mutant_that_does_not_fit_is_told(monkeypatch, capsys):
    stale = replace(_named("checker: window"), was="nobody wrote this")
    monkeypatch.setattr(planting, "passes", lambda *_, **__: True)

    code = command._plant([stale])

    assert code == 1
    assert "its text stands 0 times" in capsys.readouterr().out


def test_a_survivor_is_told(monkeypatch, capsys):
    monkeypatch.setattr(planting, "passes", lambda *_, **__: True)

    code = command._plant([_named("checker: window")])

    assert code == 1
    assert "survived checker: window" in capsys.readouterr().out


def test_tests_that_cannot_be_asked_are_no_kill(tmp_path):
    with pytest.raises(planting.CannotPlant, match="pytest ended with 4"):
        planting.passes(tmp_path, ("no_such_test.py",), "some mutant")
