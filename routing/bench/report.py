"""Means by set and engine, and who leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from .peers import settings_of
from .rows import Row

HEAD = f"  {'engine':<16}{'gap %':>10}{'vehicles':>11}{'valid':>10}{'cpu s':>9}"


@dataclass(frozen=True, slots=True)
class Means:
    """One engine on one set: mean gap and vehicles above the best known over its valid rows, None without any."""

    engine: str
    gap: float | None
    more_vehicles: float | None
    vehicles: float | None
    valid: int
    rows: int
    cpu_seconds: float
    cannot: str | None


def means(rows: Sequence[Row]) -> list[Means]:
    """Of each engine over these rows, in the order in which engines appear."""
    return [_means(engine, [row for row in rows if row.engine == engine]) for engine in _engines(rows)]


def _means(engine: str, rows: list[Row]) -> Means:
    good = [row for row in rows if row.valid]
    gaps = [row.gap_percent for row in good if row.gap_percent is not None]
    used = [row.vehicles for row in good if row.vehicles is not None]
    more = [
        row.vehicles - row.best_known_vehicles
        for row in good
        if row.vehicles is not None and row.best_known_vehicles is not None
    ]
    refusals = {row.error for row in rows if row.error and " cannot state: " in row.error}
    return Means(
        engine=engine,
        gap=mean(gaps) if gaps else None,
        more_vehicles=mean(more) if more else None,
        vehicles=mean(used) if used else None,
        valid=len(good),
        rows=len(rows),
        cpu_seconds=mean(row.cpu_seconds for row in rows),
        cannot=min(refusals).partition(" cannot state: ")[2] if refusals and not good else None,
    )


def leader(found: Sequence[Means], *, vehicles_first: bool) -> Means | None:
    """The best mean among the engines with the most valid rows; None when nobody has a gap to compare."""
    most = max((one.valid for one in found), default=0)
    field = [one for one in found if one.valid == most > 0 and one.gap is not None]
    return min(field, key=lambda one: _rank(one, vehicles_first), default=None)


def _rank(one: Means, vehicles_first: bool) -> tuple[float, float]:
    return (one.more_vehicles or 0.0) if vehicles_first else 0.0, one.gap or 0.0


def table(rows: Sequence[Row], *, vehicles_first: Sequence[str] = ()) -> str:
    """Everything a reader wants to know, as text; `vehicles_first` names the sets that count vehicles before cost."""
    lines: list[str] = []
    for name in dict.fromkeys(row.set for row in rows):
        of_set = [row for row in rows if row.set == name]
        instances = len({row.instance for row in of_set})
        rule = ", vehicles first" if name in vehicles_first else ""
        limits = " and ".join(f"{limit:g} s" for limit in sorted({row.time_limit for row in of_set}))
        lines += [f"{name}: {instances} instance{'s' * (instances != 1)}, {limits}{rule}", HEAD]
        found = means(of_set)
        best = leader(found, vehicles_first=name in vehicles_first)
        lines += [_line(one, leads=one is best) for one in found]
        lines.append("")
    lines += [f"{name}: {settings}" for name in _engines(rows) if (settings := settings_of(name))]
    return "\n".join(lines).rstrip()


def _line(one: Means, *, leads: bool) -> str:
    if one.cannot:
        return f"  {one.engine:<16}cannot state {one.cannot}"
    gap = "-" if one.gap is None else f"{one.gap:.3f}"
    vehicles = "-" if one.vehicles is None else f"{one.vehicles:.1f}"
    if one.more_vehicles is not None:
        vehicles = f"{one.more_vehicles:+.2f}"
    valid = f"{one.valid}/{one.rows}"
    return f"  {one.engine:<16}{gap:>10}{vehicles:>11}{valid:>10}{one.cpu_seconds:>9.2f}{'  leads' if leads else ''}"


def _engines(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.engine for row in rows))
