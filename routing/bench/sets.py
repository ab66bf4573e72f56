"""Folders of instances and their tables of best known solutions."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import formats
from ..errors import BadFile

#: Files beside the instances that are none.
NO_INSTANCES = (".sol", ".csv", ".md", ".json", ".geojson")
COLUMNS = ("instance", "best_known_cost", "best_known_vehicles")


@dataclass(frozen=True, slots=True)
class Best:
    """What a table says of an instance, as it stands there."""

    cost: float
    vehicles: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """One instance to be solved: its file, the set it belongs to, and the best solution known for the objective."""

    set: str
    instance: str
    path: Path
    objective: str
    best: Best | None


def cases(paths: Sequence[Path], objective: str | None = None) -> list[Case]:
    """The instances in files, folders, and folders of folders, in the order of their names.

    A set is called by its folder; with an objective that is not the usual one of its format that stands behind it, so
    that the two tables of a set are never mixed.

    Raises:
        BadFile: a path that is not there, an instance that cannot be read, or a table without its columns.
    """
    found: list[Case] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if not one.name.startswith("."))
            files = [one for one in inside if one.is_file() and one.suffix not in NO_INSTANCES]
            found += _of_folder(path, files, objective)
            found += cases([one for one in inside if one.is_dir()], objective)
        else:
            found += _of_folder(path.parent, [path], objective)
    return found


def _of_folder(folder: Path, files: Sequence[Path], objective: str | None) -> list[Case]:
    found = []
    tables: dict[str, dict[str, Best]] = {}
    for file in files:
        dialect = formats.detect(file)
        usual = formats.usual_objective(dialect)
        wanted = objective or usual
        table = "bks_hierarchical.csv" if wanted == "vehicles" != usual else "bks.csv"
        if table not in tables:
            tables[table] = _table(folder / table)
        known = {} if table == "bks.csv" and wanted != usual else tables[table]
        name = folder.resolve().name if wanted == usual else f"{folder.resolve().name} ({wanted})"
        best = known.get(file.stem.lower())
        found.append(Case(name, file.stem, file, wanted, best))
    return found


def _table(path: Path) -> dict[str, Best]:
    """The rows of a table by instance in lower case; none where there is no table."""
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path.name, f"cannot be read ({type(error).__name__})") from error
    rows = csv.DictReader(lines)
    if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
        raise BadFile(path.name, f"a column {missing[0]} expected", line=1)
    found = {}
    for row in rows:
        try:
            vehicles = int(row["best_known_vehicles"]) if row["best_known_vehicles"] else None
            found[row["instance"].lower()] = Best(float(row["best_known_cost"]), vehicles)
        except (TypeError, ValueError, AttributeError) as error:
            raise BadFile(path.name, "an instance, a cost and a number expected", line=rows.line_num) from error
    return found
