"""Solomon's text format, also used by Gehring and Homberger: deliveries with time windows from one depot.

`distance` counts as DIMACS does (tenths, cut off); `vehicles` counts vehicles first and distance in double precision.
The two tables of best known solutions must never be mixed.
"""

from __future__ import annotations

from ..matrix import Matrix
from ..model import Job, Problem, Vehicle, Window
from .distances import EXACT, TRUNCATED
from .instance import Instance, enough, vehicles_first
from .text import Row, Text

COLUMNS = "customer number, x, y, demand, ready time, due date and service time"
PROFILE = "van"


def matches(text: Text) -> bool:
    """Whether the file looks like this format: a name, then the word VEHICLE."""
    return any(row.text.upper() == "VEHICLE" for row in text.rows[:3])


def read(text: Text, objective: str) -> Instance:
    """The instance of a file."""
    start = next(number for number, row in enumerate(text.rows) if row.text.upper() == "VEHICLE")
    count, capacity = _fleet(text, start)
    rows = _customers(text, start + 3)
    nodes = [text.numbers(row, 7, COLUMNS) for row in rows]
    for number, (row, node) in enumerate(zip(rows, nodes, strict=True)):
        if node[0] != number:
            text.refuse(f"customer {number} expected, this is {row.words[0]}", row)
        if node[4] > node[5]:
            text.refuse(f"a due date not before the ready time {row.words[4]} expected, not {row.words[5]}", row)
    convention = (EXACT if objective == "vehicles" else TRUNCATED).fitting(max(node[5] + node[6] for node in nodes))
    points = tuple((node[1], node[2]) for node in nodes)
    grid = convention.grid(points)
    depot, customers = nodes[0], list(zip(rows, nodes, strict=True))[1:]
    jobs = tuple(
        Job(
            id=str(number),
            place=number,
            kind="delivery",
            windows=(Window(convention.from_below(node[4]), convention.from_above(node[5])),),
            service_seconds=convention.from_below(node[6]),
            delivery=(text.whole(row, row.words[3], "a demand"),),
        )
        for number, (row, node) in enumerate(customers, 1)
    )
    shift = Window(convention.from_below(depot[4]), convention.from_above(depot[5]))
    one = Vehicle("1", PROFILE, 0, 0, shift, capacity=(capacity,), metre_cost=1)
    first = objective == "vehicles"
    used = enough(jobs, one, grid, count) if first else min(count, len(jobs))
    fixed = vehicles_first(grid, len(jobs), used) if first else 0
    vehicles = tuple(
        Vehicle(str(number), PROFILE, 0, 0, shift, capacity=(capacity,), metre_cost=1, fixed_cost=fixed)
        for number in range(1, used + 1)
    )
    return Instance(
        name=text.rows[0].text if start else text.stem,
        dialect="solomon",
        problem=Problem({PROFILE: Matrix(grid, grid)}, jobs, vehicles, dimensions=("load",)),
        objective=objective,
        money_per_unit=convention.scale,
        points=points,
        exact=first,
        kinds=(0,) * count,
    )


def _fleet(text: Text, start: int) -> tuple[int, int]:
    """Number of vehicles and capacity, two rows below the word VEHICLE."""
    row = text.row(start + 2, "number of vehicles and capacity")
    text.numbers(row, 2, "number of vehicles and capacity")
    return text.whole(row, row.words[0], "a number of vehicles", least=1), text.whole(row, row.words[1], "a capacity")


def _customers(text: Text, start: int) -> list[Row]:
    """The rows below CUSTOMER and its headings."""
    if text.row(start, "the word CUSTOMER").text.upper() != "CUSTOMER":
        text.refuse("the word CUSTOMER expected", text.rows[start])
    rows = [row for row in text.rows[start + 1 :] if row.text.upper() != "EOF"]
    if rows and not rows[0].words[0].lstrip("+-").isdigit():
        rows = rows[1:]
    if len(rows) < 2:
        text.refuse(f"{COLUMNS} of the depot and a customer expected, but the file is over")
    return rows
