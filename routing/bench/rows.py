"""What a run leaves behind: one row for each instance, engine and seed, kept as it comes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..errors import BadFile


@dataclass(frozen=True, slots=True)
class Row:
    """One engine on one instance. Costs are in the unit of the set's table; `cost` is None when there is no plan.

    `valid` is False when the plan breaks a rule, leaves out what must go, or took more than it was given; `error` says
    which. `gap_percent` compares costs alone, so on vehicles-first sets it means something only at equal vehicles.
    """

    set: str
    instance: str
    engine: str
    seed: int
    time_limit: float
    cost: float | None
    vehicles: int | None
    best_known_cost: float | None
    best_known_vehicles: int | None
    gap_percent: float | None
    seconds: float
    cpu_seconds: float
    valid: bool
    error: str | None

    @property
    def key(self) -> tuple[str, str, str, int, float]:
        """What makes a row the same work."""
        return self.set, self.instance, self.engine, self.seed, self.time_limit


class Rows:
    """The rows of a run, written to a file after each one when there is a file."""

    def __init__(self, file: Path | None = None, *, resume: bool = False) -> None:
        """Start anew, or go on with what is in the file.

        Raises:
            BadFile: the file is there and is not to be gone on with, or holds no rows.
        """
        self.file = file
        self.all: list[Row] = []
        if file is not None and file.exists():
            if not resume:
                raise BadFile(file.name, "a new file expected, this one is there; --resume goes on with it")
            self.all = _read(file)

    def __contains__(self, key: object) -> bool:
        return any(row.key == key for row in self.all)

    def add(self, row: Row) -> None:
        """Keep a row; the file is whole at every moment."""
        self.all.append(row)
        if self.file is not None:
            beside = self.file.with_name(f".{self.file.name}.{os.getpid()}")
            beside.write_text(json.dumps({"rows": [asdict(one) for one in self.all]}, indent=1), encoding="utf-8")
            beside.replace(self.file)


def _read(file: Path) -> list[Row]:
    names = {field.name for field in fields(Row)}
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
        return [Row(**{name: row[name] for name in names}) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadFile(file.name, f"the rows of a bench expected ({type(error).__name__}: {error})") from error
