"""`python -m routing.bench.best ROWS.json FOLDER`: the best costs that rows hold become the tables of their sets.

For sets without published solutions, such as `data/instances`: each set below the folder gets a `bks.csv` with the best
valid row of our own engines for each instance. What a table already has and is better stays.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from .. import engines
from .rows import Row, Rows
from .sets import Case, cases

COLUMNS = ("instance", "best_known_cost", "best_known_vehicles", "source")
#: A gain below this is noise of the last digits.
NOISE = 1e-6


def write(folder: Path, rows: Sequence[Row]) -> list[Path]:
    """Write the tables of all sets below the folder that the rows speak of."""
    written = []
    of_folder: dict[Path, list[Case]] = {}
    for case in cases([folder]):
        of_folder.setdefault(case.path.parent, []).append(case)
    for place, those in of_folder.items():
        found = [(case, _best(case, rows)) for case in those]
        if any(row is not None for _, row in found):
            path = place / "bks.csv"
            path.write_text(_table(path, found), encoding="utf-8")
            written.append(path)
    return written


def _best(case: Case, rows: Sequence[Row]) -> Row | None:
    """The best valid row of an engine of ours, if it is better than what is known."""
    mine = [
        row for row in rows if (row.set, row.instance) == (case.set, case.instance) and row.engine in engines.ENGINES
    ]
    ranked = sorted((row for row in mine if row.valid and row.cost is not None), key=lambda row: _rank(case, row))
    if not ranked:
        return None
    best, known = ranked[0], case.best
    if known is None:
        return best
    before = (known.vehicles or 0) if case.objective == "vehicles" else 0
    return best if _rank(case, best) < (before, known.cost - NOISE) else None


def _rank(case: Case, row: Row) -> tuple[int, float]:
    return (row.vehicles or 0) if case.objective == "vehicles" else 0, row.cost or 0.0


def _table(path: Path, found: Sequence[tuple[Case, Row | None]]) -> str:
    old = {}
    if path.is_file():
        old = {row["instance"]: row for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}
    out = StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    for case, row in found:
        if row is not None:
            source = f"no published solution; the best our engines found, by {row.engine} in {row.time_limit:g} s"
            table.writerow(dict(zip(COLUMNS, (case.instance, row.cost, row.vehicles, source), strict=True)))
        elif case.instance in old:
            table.writerow(old[case.instance])
    return out.getvalue()


if __name__ == "__main__":
    for table_file in write(Path(sys.argv[2]), Rows(Path(sys.argv[1]), resume=True).all):
        print(table_file)
