"""Problems over which a solver process died, kept under the home so that the death can be looked into.

A problem is place numbers, seconds, metres, loads and order references: nothing personal. Each file is one JSON object,
gzipped; the newest `MOST_FILES` of them are kept, as long as together they stay below `MOST_BYTES`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import routing

from .errors import InvalidRequest
from .observation import logger

#: How many problems are kept, and how many bytes they may take together.
MOST_FILES = 20
MOST_BYTES = 100_000_000
FORMAT = "tournee-problem/1"

log = logger("replays")


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept problem, how the engine ended over it, and when."""

    problem: routing.Problem
    ending: str
    at: str


def folder(home: Path) -> Path:
    """Where they are kept."""
    return home / "replays"


def keep(home: Path, problem: routing.Problem, ending: str, *, now: datetime) -> Path | None:
    """Keep a problem and how the engine ended over it; the same problem once.

    Trouble with the disk is noted and goes no further: the plan matters more than its post-mortem.

    Returns:
        The file, or None when it could not be kept.
    """
    facts = _stated(problem)
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    place = folder(home)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for older in place.glob(f"*-{digest}.json.gz"):
            older.unlink(missing_ok=True)
        file = place / f"{now:%Y%m%dT%H%M%S}-{digest}.json.gz"
        whole = {"format": FORMAT, "at": now.isoformat(), "ending": ending, "problem": facts}
        part = file.with_suffix(".part")
        part.write_bytes(gzip.compress(json.dumps(whole).encode()))
        part.replace(file)
        _rotate(place)
    except OSError as error:
        log.warning("replay-not-kept", exc_info=error)
        return None
    log.warning("replay-kept", file=file.name, ending=ending, jobs=len(problem.jobs), vehicles=len(problem.vehicles))
    return file


def kept(home: Path) -> tuple[Path, ...]:
    """The files, newest first."""
    return tuple(sorted(folder(home).glob("*.json.gz"), reverse=True))


def read(file: Path) -> Replay:
    """The problem of a file, stated anew and so checked again.

    Raises:
        InvalidRequest: not a file of ours.
        routing.InvalidProblem: the problem in it cannot be.
    """
    try:
        whole = json.loads(gzip.decompress(file.read_bytes()))
        if whole["format"] != FORMAT:
            raise ValueError(whole["format"])
        return Replay(_problem(whole["problem"]), str(whole["ending"]), str(whole["at"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest("file", "is not a kept problem") from error


def solve_again(replay: Replay, *, seconds: float, memory_mib: int, seed: int = 0) -> str:
    """How the engine's process ends over the kept problem now; empty when it lives.

    Raises:
        routing.InvalidProblem: limits that cannot be.
    """
    endings: list[str] = []
    engine = routing.engine("or-tools", on_death=lambda _problem, death: endings.append(str(death)))
    limits = routing.Limits(seconds=seconds, memory_bytes=memory_mib * 2**20)
    try:
        routing.solve(replay.problem, engine, limits=limits, seed=seed)
    except (routing.EngineLied, routing.EngineFailed) as error:
        return str(error)
    return endings[0] if endings else ""


def _rotate(place: Path) -> None:
    files = sorted(place.glob("*.json.gz"), reverse=True)
    taken = 0
    for number, file in enumerate(files):
        taken += file.stat().st_size
        if number >= MOST_FILES or (number and taken > MOST_BYTES):
            file.unlink(missing_ok=True)


def _stated(problem: routing.Problem) -> dict[str, Any]:
    matrices = {
        profile: {"seconds": matrix.seconds.tolist(), "metres": matrix.metres.tolist()}
        for profile, matrix in problem.matrices.items()
    }
    return {
        "matrices": matrices,
        "jobs": [_plain(asdict(job)) for job in problem.jobs],
        "vehicles": [_plain(asdict(vehicle)) for vehicle in problem.vehicles],
        "balance": asdict(problem.balance) if problem.balance else None,
        "dimensions": list(problem.dimensions),
    }


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in facts.items()}


def _problem(facts: Mapping[str, Any]) -> routing.Problem:
    return routing.Problem(
        {name: routing.Matrix(grids["seconds"], grids["metres"]) for name, grids in facts["matrices"].items()},
        tuple(_job(one) for one in facts["jobs"]),
        tuple(_vehicle(one) for one in facts["vehicles"]),
        routing.Balance(**facts["balance"]) if facts["balance"] else None,
        tuple(facts["dimensions"]),
    )


def _job(facts: Mapping[str, Any]) -> routing.Job:
    vehicles = facts["vehicles"]
    return routing.Job(**{
        **facts,
        "windows": tuple(routing.Window(**window) for window in facts["windows"]),
        "delivery": tuple(facts["delivery"]),
        "pickup": tuple(facts["pickup"]),
        "skills": frozenset(facts["skills"]),
        "vehicles": None if vehicles is None else frozenset(vehicles),
    })  # fmt: skip


def _vehicle(facts: Mapping[str, Any]) -> routing.Vehicle:
    return routing.Vehicle(**{
        **facts,
        "shift": routing.Window(**facts["shift"]),
        "capacity": tuple(facts["capacity"]),
        "skills": frozenset(facts["skills"]),
    })  # fmt: skip
