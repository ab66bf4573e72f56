"""What the formats of paired pickups and deliveries share: rows of nine numbers, each naming its sibling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..matrix import Matrix
from ..model import Job, Problem, Shipment, Vehicle, Window
from .distances import Convention, Grid
from .instance import enough, vehicles_first
from .text import Row, Text


@dataclass(frozen=True, slots=True)
class Node:
    """One row: a pickup names its delivery, a delivery its pickup, the depot nobody (0)."""

    row: Row
    number: int
    x: float
    y: float
    demand: int
    opens: float
    closes: float
    service: float
    pickup: int
    delivery: int


def paired(text: Text, nodes: Sequence[Node], convention: Convention) -> tuple[Shipment, ...]:
    """The pairs of all rows but the first, in the order of their pickups."""
    for number, node in enumerate(nodes):
        if node.number != number:
            text.refuse(f"task {number} expected, this is {node.number}", node.row)
    found = []
    for node in nodes[1:]:
        if (node.pickup == 0) == (node.delivery == 0):
            text.refuse("either a pickup or a delivery sibling expected", node.row)
        sibling = node.delivery or node.pickup
        if not 0 < sibling < len(nodes):
            text.refuse(f"a sibling from 1 to {len(nodes) - 1} expected, not {sibling}", node.row)
        other = nodes[sibling]
        if (other.pickup if node.delivery else other.delivery) != node.number:
            text.refuse(f"task {sibling} is named as sibling and names another", node.row)
        if node.demand != -other.demand or (node.demand < 0 if node.delivery else node.demand > 0):
            text.refuse(f"a demand expected that task {sibling} takes back, not {node.demand}", node.row)
        if node.delivery:
            pickup, delivery = _job(node, "pickup", convention), _job(other, "delivery", convention)
            found.append(Shipment(str(node.number), pickup, delivery))
    return tuple(found)


def _job(node: Node, kind: str, convention: Convention) -> Job:
    amount = (abs(node.demand),)
    return Job(
        id=str(node.number),
        place=node.number,
        kind=kind,
        windows=(Window(convention.from_below(node.opens), convention.from_above(node.closes)),),
        service_seconds=convention.from_below(node.service),
        pickup=amount if kind == "pickup" else (),
        delivery=amount if kind == "delivery" else (),
    )


def planned(pairs: tuple[Shipment, ...], van: Vehicle, grid: Grid, *, most: int, objective: str) -> Problem:
    """The problem of these pairs with as many vans like this one as can matter."""
    first = objective == "vehicles"
    used = enough(pairs, van, grid, most) if first else min(most, len(pairs))
    fixed = vehicles_first(grid, 2 * len(pairs), used) if first else 0
    vans = tuple(replace(van, id=str(number), fixed_cost=fixed) for number in range(1, used + 1))
    return Problem({van.profile: Matrix(grid, grid)}, (), vans, dimensions=("load",), shipments=pairs)
