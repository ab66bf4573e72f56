"""A slice of `python -m tests.campaigns.malformed`: nonsense is refused by name, extremes have a plan."""

from __future__ import annotations

import numpy as np
import pytest

import routing
from tests.campaigns import malformed as campaign
from tests.routing import malformed

#: What kills the bare library or comes back from it as a false optimum, through the whole engine.
ONCE_DEADLY = (
    "no capacity", "no stop allowed", "no road anywhere", "a one-way island", "no dimension",
    "prices and vans as dear as can be", "a shift of years",
)  # fmt: skip


@pytest.mark.parametrize("kind", malformed.REFUSED)
def test_nonsense_is_refused_by_what_and_where(kind):
    told = {malformed.judged(kind, seed).partition(":")[0] for seed in range(3)}

    assert told == {"refused"}


@pytest.mark.parametrize("kind", malformed.SOLVED)
def test_an_extreme_has_a_plan_the_checker_accepts(kind):
    told = malformed.judged(kind, 1, engine="nearest")

    assert told.startswith("solved"), told


@pytest.mark.parametrize("kind", ONCE_DEADLY)
def test_what_kills_the_bare_library_has_a_plan(kind):
    told = malformed.judged(kind, 2)

    assert told.startswith("solved"), told


def test_there_are_more_than_forty_kinds():
    assert len(set(malformed.KINDS)) == len(malformed.KINDS) > 100


def test_the_same_seed_asks_the_same_problem():
    kind = malformed.SOLVED["windows of one second"]

    first, second = (kind(malformed.Draw("7"))[0] for _ in range(2))

    assert first.jobs == second.jobs


def test_the_judge_of_the_trial_tells_a_problem_that_was_not_refused(monkeypatch):
    monkeypatch.setitem(malformed.REFUSED, "harmless", malformed.town)
    monkeypatch.setitem(malformed.REFUSED, "unnamed", lambda draw: np.zeros(3)[9])

    assert malformed.judged("harmless", 1) == "FAULT: was not refused"
    assert malformed.judged("unnamed", 1) == "FAULT: IndexError instead of a refusal"


def test_the_judge_of_the_trial_tells_a_plan_that_lies(monkeypatch):
    class Liar:
        name = "liar"

        def __call__(self, problem, **_facts):
            jobs = problem.jobs
            return routing.Plan((), tuple(routing.Unassigned(job.id, routing.Reason("x")) for job in jobs[1:]),
                                routing.Costs())  # fmt: skip

    monkeypatch.setattr(routing, "engine", lambda name: Liar())

    with pytest.raises(routing.EngineLied):
        malformed.judged("all must go", 1)


def test_the_campaign_tells_a_process_that_died_and_goes_on(monkeypatch, capsys):
    real = campaign._Solver.ask
    asked = []

    def ask(self, kind, seed):
        asked.append(kind)
        if len(asked) == 2:
            self.process.kill()
        return real(self, kind, seed)

    monkeypatch.setattr(campaign._Solver, "ask", ask)

    code = campaign.main(["--count", "3"])

    said = capsys.readouterr().out
    assert code == 1
    assert "DIED: the asking process ended with -9" in said
    assert "2 refused" in said
