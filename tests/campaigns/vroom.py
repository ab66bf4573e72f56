"""`python -m tests.campaigns.vroom --count 200 [--engine NAME] [--seconds S]`: VROOM documents by chance, both engines.

Each is drawn over every field that both sides know and given to VROOM and to one of our engines; both answers are
judged by our checker and their cost is computed anew. Exit code 1 when an answer breaks a rule or states a wrong cost.
How often ours was better is told, too: fewer left out by priority, then cost.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

from routing import commands, engine
from routing.formats import vroom
from routing.solve import Limits
from tests.routing.formats import documents
from tests.routing.formats.documents import Score


def main(arguments: list[str] | None = None) -> int:
    """Run the trial and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.vroom", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", default=commands.DEFAULT_ENGINE)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args(arguments)
    ends: Counter[str] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.count):
            end, wrong = _one(seed, options.engine, options.seconds, Path(folder))
            ends[end] += 1
            faults += len(wrong)
            for sentence in wrong:
                print(f"  seed {seed}: {sentence}", flush=True)
    print(f"{options.count} documents from seed {options.seed}, {options.engine} in {options.seconds:g} s: "
          + ", ".join(f"{number} {end}" for end, number in sorted(ends.items())))  # fmt: skip
    print(f"{faults} faults")
    return 1 if faults else 0


def _one(seed: int, name: str, seconds: float, folder: Path) -> tuple[str, list[str]]:
    document = documents.drawn(seed)
    theirs = documents.answer_of_vroom(document, folder)
    question = documents.asked(document)
    plan = engine(name)(question.problem, limits=Limits(seconds), seed=seed)
    ours = json.loads(json.dumps(vroom.answered(question, plan)))
    wrong, scores = [], []
    for who, answer, lock in (("VROOM", theirs, False), ("ours", ours, True)):
        found, score = documents.judged(document, answer, steps_lock=lock)
        wrong += [f"{who}: {sentence}" for sentence in found]
        scores.append(score)
    return _end(*scores), wrong


def _end(theirs: Score, ours: Score) -> str:
    mine, other = ((one.priority_left, one.tasks_left, one.cost) for one in (ours, theirs))
    return "equal" if mine == other else "better" if mine < other else "worse"


if __name__ == "__main__":
    raise SystemExit(main())
