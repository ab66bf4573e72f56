"""Sartori and Buriol's format: pairs with time windows on real roads, with a matrix of whole minutes in the file.

Vehicles first, then travel time; service is not part of the cost. There are as many vehicles as one likes.
"""

from __future__ import annotations

import numpy as np

from ..model import Vehicle, Window
from .distances import ROUNDED, Grid
from .instance import Instance
from .lilim import node
from .pairs import paired, planned
from .text import Text

KEYS = ("NAME", "LOCATION", "COMMENT", "TYPE", "SIZE", "DISTRIBUTION", "DEPOT", "ROUTE-TIME", "TIME-WINDOW", "CAPACITY")
#: A year of minutes: no leg takes longer.
LONGEST_LEG = 525_600


def matches(text: Text) -> bool:
    """Whether the file looks like this format: a SIZE or ROUTE-TIME among its first rows, then NODES."""
    words = [row.words[0].upper() for row in text.rows[:14]]
    return "NODES" in words and ("SIZE:" in words or "ROUTE-TIME:" in words)


def read(text: Text, objective: str) -> Instance:
    """The instance of a file."""
    head, start = _head(text)
    size = _fact(text, head, "SIZE", least=3, most=10_000)
    capacity, route_time = _fact(text, head, "CAPACITY"), _fact(text, head, "ROUTE-TIME", least=1)
    nodes = [node(text, text.row(start + 1 + number, f"node {number}")) for number in range(size)]
    edges = text.row(start + 1 + size, "the word EDGES")
    if edges.text.upper() != "EDGES":
        text.refuse(f"the word EDGES expected after {size} nodes", edges)
    grid = _grid(text, start + 2 + size, size)
    pairs = paired(text, nodes, ROUNDED)
    shift = Window(max(0, int(nodes[0].opens)), min(route_time, int(nodes[0].closes)))
    van = Vehicle("1", "van", 0, 0, shift, capacity=(capacity,), metre_cost=1)
    return Instance(
        name=head.get("NAME", (text.stem, 0))[0],
        dialect="sartori",
        problem=planned(pairs, van, grid, most=len(pairs), objective=objective),
        objective=objective,
        money_per_unit=1,
        points=tuple((one.y, one.x) for one in nodes),
        on_earth=True,
        kinds=(0,) * len(pairs),
    )


def _head(text: Text) -> tuple[dict[str, tuple[str, int]], int]:
    """The facts above NODES with the index of their rows, and where NODES stands."""
    found: dict[str, tuple[str, int]] = {}
    for number, row in enumerate(text.rows):
        if row.text.upper() == "NODES":
            return found, number
        key, colon, value = row.text.partition(":")
        if not colon or key.strip().upper() not in KEYS:
            text.refuse(f"one of {', '.join(KEYS)} or the word NODES expected", row)
        found[key.strip().upper()] = (value.strip(), number)
    text.refuse("the word NODES expected, but the file is over")


def _fact(text: Text, head: dict[str, tuple[str, int]], key: str, *, least: int = 0, most: int = 10**9) -> int:
    if key not in head:
        text.refuse(f"{key} expected above NODES", text.rows[0])
    value, number = head[key]
    return text.whole(text.rows[number], value, key, least=least, most=most)


def _grid(text: Text, start: int, size: int) -> Grid:
    grid = np.zeros((size, size), dtype=np.int32)
    for number in range(size):
        row = text.row(start + number, f"row {number} of {size} of the matrix")
        values = text.numbers(row, size, f"minutes from place {number}")
        if any(not 0 <= value <= LONGEST_LEG or value != int(value) for value in values):
            text.refuse(f"whole minutes from 0 to {LONGEST_LEG} expected", row)
        if values[number] != 0:
            text.refuse(f"no way from place {number} to itself expected, not {values[number]:g} minutes", row)
        grid[number] = values
    for row in text.rows[start + size :]:
        if row.text.upper() != "EOF":
            text.refuse(f"{size} rows of the matrix expected, this is one more", row)
    return grid
