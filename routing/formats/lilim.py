"""Li and Lim's text format: pairs of pickup and delivery with time windows; vehicles first, then distance."""

from __future__ import annotations

from ..model import Vehicle, Window
from .distances import EXACT
from .instance import Instance
from .pairs import Node, paired, planned
from .text import Row, Text

HEAD = "number of vehicles, capacity and speed"
COLUMNS = "task number, x, y, demand, earliest and latest time, service time, pickup and delivery sibling"


def matches(text: Text) -> bool:
    """Whether the file looks like this format: three numbers, then rows of nine."""
    return len(text.rows[0].words) == 3 and len(text.rows) > 1 and len(text.rows[1].words) == 9


def read(text: Text, objective: str) -> Instance:
    """The instance of a file; its speed is 1 by definition and not looked at."""
    head = text.rows[0]
    text.numbers(head, 3, HEAD)
    count, capacity = text.whole(head, head.words[0], HEAD, least=1), text.whole(head, head.words[1], HEAD)
    nodes = [node(text, row) for row in text.rows[1:] if row.text.upper() != "EOF"]
    if len(nodes) < 3:
        text.refuse(f"{COLUMNS} of the depot and a pair expected, but the file is over")
    convention = EXACT.fitting(max(one.closes + one.service for one in nodes))
    points = tuple((one.x, one.y) for one in nodes)
    grid = convention.grid(points)
    depot = nodes[0]
    shift = Window(convention.from_below(depot.opens), convention.from_above(depot.closes))
    van = Vehicle("1", "van", 0, 0, shift, capacity=(capacity,), metre_cost=1)
    problem = planned(paired(text, nodes, convention), van, grid, most=count, objective=objective)
    return Instance(
        name=text.stem,
        dialect="lilim",
        problem=problem,
        objective=objective,
        money_per_unit=convention.scale,
        points=points,
        exact=True,
        kinds=(0,) * count,
    )


def node(text: Text, row: Row) -> Node:
    """A row of nine numbers: where, how much, when, and with whom."""
    values = text.numbers(row, 9, COLUMNS)
    if values[4] > values[5]:
        text.refuse(f"a latest time not before the earliest {row.words[4]} expected, not {row.words[5]}", row)
    if values[6] < 0:
        text.refuse(f"a service time from 0 expected, not {row.words[6]}", row)
    return Node(
        row=row,
        number=text.whole(row, row.words[0], "a task number"),
        x=values[1],
        y=values[2],
        demand=text.whole(row, row.words[3], "a demand", least=-(2**30), most=2**30),
        opens=values[4],
        closes=values[5],
        service=values[6],
        pickup=text.whole(row, row.words[7], "a pickup sibling"),
        delivery=text.whole(row, row.words[8], "a delivery sibling"),
    )
