"""Wang and Chen's instances in the text format of LKH-3 (VRPSPDTW): each stop gets something and gives something back.

Vehicles first, then distance in double precision. The file's `VEHICLES` is the number of the best known solution, a
mark to reach and no limit of the problem: there are as many vehicles as can matter.
"""

from __future__ import annotations

from dataclasses import replace

from ..matrix import Matrix
from ..model import Job, Problem, Vehicle, Window
from .distances import EXACT, Convention
from .instance import Instance, enough, vehicles_first
from .sections import MOST_NODES, Frame, frame
from .text import Text

FACTS = ("NAME", "COMMENT", "TYPE", "DIMENSION", "VEHICLES", "CAPACITY", "EDGE_WEIGHT_TYPE")
SECTIONS = ("NODE_COORD_SECTION", "PICKUP_AND_DELIVERY_SECTION", "DEPOT_SECTION")
STOPS = "PICKUP_AND_DELIVERY_SECTION"
COLUMNS = "a demand, earliest and latest time, service time, pickup and delivery"


def matches(text: Text) -> bool:
    """Whether the file says it is of this type."""
    return any(row.text.replace(" ", "").upper() == "TYPE:VRPSPDTW" for row in text.rows[:12])


def read(text: Text, objective: str) -> Instance:
    """The instance of a file."""
    found = frame(text)
    found.refuse_unknown(FACTS, SECTIONS)
    if (kind := found.word("EDGE_WEIGHT_TYPE")) != "EXACT_2D":
        text.refuse(f"EDGE_WEIGHT_TYPE : EXACT_2D expected, not {kind or 'none'}", text.rows[0])
    size, capacity = found.whole("DIMENSION", least=2, most=MOST_NODES), found.whole("CAPACITY")
    points = tuple((x, y) for x, y in found.table("NODE_COORD_SECTION", size, 2, "x and y"))
    stops = found.table(STOPS, size, 6, COLUMNS)
    for stop, row in zip(stops, found.sections[STOPS], strict=True):
        if stop[1] > stop[2] or stop[3] < 0:
            text.refuse("a window that opens before it closes and a service time from 0 expected", row)
    if found.depots(size) != [0]:
        text.refuse("node 1 as the only depot expected", found.heads["DEPOT_SECTION"])
    convention = EXACT.fitting(max(stop[2] + stop[3] for stop in stops))
    grid = convention.grid(points)
    jobs = tuple(_job(found, number, stops[number], convention) for number in range(1, size))
    shift = Window(convention.from_below(stops[0][1]), convention.from_above(stops[0][2]))
    van = Vehicle("1", "van", 0, 0, shift, capacity=(capacity,), metre_cost=1)
    first = objective == "vehicles"
    used = enough(jobs, van, grid, len(jobs)) if first else len(jobs)
    fixed = vehicles_first(grid, len(jobs), used) if first else 0
    vans = tuple(replace(van, id=str(number), fixed_cost=fixed) for number in range(1, used + 1))
    return Instance(
        name=found.word("NAME", text.stem),
        dialect="wang-chen",
        problem=Problem({"van": Matrix(grid, grid)}, jobs, vans, dimensions=("load",)),
        objective=objective,
        money_per_unit=convention.scale,
        points=points,
        exact=True,
        kinds=(0,) * len(jobs),
    )


def _job(found: Frame, number: int, stop: tuple[float, ...], convention: Convention) -> Job:
    row = found.sections[STOPS][number]
    return Job(
        id=str(number),
        place=number,
        kind="swap",
        windows=(Window(convention.from_below(stop[1]), convention.from_above(stop[2])),),
        service_seconds=convention.from_below(stop[3]),
        pickup=(found.text.whole(row, row.words[5], "a pickup"),),
        delivery=(found.text.whole(row, row.words[6], "a delivery"),),
    )
