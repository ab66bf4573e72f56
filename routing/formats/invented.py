"""Small instances of every format, made by a seeded generator: `python -m routing.formats.invented FOLDER`.

The files in `data/instances` come from here, so that engines can be compared where no published set is at hand. Every
customer can be served alone: windows close late enough to arrive, and open early enough to be back.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

#: Side of the square all places lie in, length of the day, and what a service takes.
SIDE, DAY, SERVICE = 100, 600, 10
SIZES = (20, 40)


@dataclass(frozen=True, slots=True)
class Place:
    """A customer or depot as every format has it."""

    x: int
    y: int
    load: int
    opens: int
    closes: int
    service: int


def _depot(random: Random) -> Place:
    return Place(random.randint(40, 60), random.randint(40, 60), 0, 0, DAY, 0)


def _customers(random: Random, depot: Place, count: int, *, width: int) -> list[Place]:
    """Half of them in clusters, half anywhere; windows so wide."""
    middles = [(random.randint(10, 90), random.randint(10, 90)) for _ in range(3)]
    found = []
    for number in range(count):
        x, y = random.choice(middles) if number % 2 else (random.randint(0, SIDE), random.randint(0, SIDE))
        x = min(SIDE, max(0, x + random.randint(-8, 8)))
        y = min(SIDE, max(0, y + random.randint(-8, 8)))
        away = math.ceil(math.dist((x, y), (depot.x, depot.y)))
        closes = random.randint(away + 1, DAY - SERVICE - away - 1)
        found.append(Place(x, y, random.randint(1, 9), max(0, closes - width), closes, SERVICE))
    return found


def solomon(random: Random, name: str, count: int) -> str:
    """Deliveries with windows."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=120)]
    rows = [
        f"{n:5d} {p.x:6d} {p.y:6d} {p.load:6d} {p.opens:6d} {p.closes:6d} {p.service:6d}" for n, p in enumerate(places)
    ]
    head = [name, "", "VEHICLE", "NUMBER     CAPACITY", f"{count:4d} {40:8d}", "", "CUSTOMER"]
    columns = "CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME"
    return _joined([*head, columns, "", *rows])


def _pairs(random: Random, depot: Place, count: int) -> list[tuple[Place, int, int]]:
    """Places with their pickup and delivery siblings; every delivery can be reached from its pickup."""
    places = _customers(random, depot, count, width=200)
    rows: list[tuple[Place, int, int]] = [(depot, 0, 0)]
    for first in range(0, count, 2):
        a, b = places[first], places[first + 1]
        way = math.ceil(math.dist((a.x, a.y), (b.x, b.y))) + SERVICE
        last = DAY - SERVICE - math.ceil(math.dist((b.x, b.y), (depot.x, depot.y))) - 1
        home = math.ceil(math.dist((a.x, a.y), (depot.x, depot.y)))
        closes = random.randint(home, last - way)
        pickup = Place(a.x, a.y, a.load, max(0, closes - 150), closes, SERVICE)
        due = random.randint(closes + way, last)
        delivery = Place(b.x, b.y, -a.load, max(0, due - 150), due, SERVICE)
        rows += [(pickup, 0, first + 2), (delivery, first + 1, 0)]
    return rows


def lilim(random: Random, name: str, count: int) -> str:
    """Pairs with windows; the name stands only in the file's own."""
    rows = [
        f"{n}\t{p.x}\t{p.y}\t{p.load}\t{p.opens}\t{p.closes}\t{p.service}\t{pickup}\t{delivery}"
        for n, (p, pickup, delivery) in enumerate(_pairs(random, _depot(random), count))
    ]
    return _joined([f"{count // 2}\t30\t1", *rows])


def sartori(random: Random, name: str, count: int) -> str:
    """Pairs on roads that are not alike in both directions; coordinates somewhere in the Gulf of Guinea."""
    rows = _pairs(random, _depot(random), count)
    nodes, edges = [], []
    for n, (p, pickup, delivery) in enumerate(rows):
        degrees = f"{p.y / 1000:.8f} {p.x / 1000:.8f}"
        nodes.append(f"{n} {degrees} {p.load} {p.opens} {p.closes} {p.service} {pickup} {delivery}")
        ways = [math.ceil(math.dist((p.x, p.y), (q.x, q.y)) * random.uniform(0.8, 1.0)) for q, _, _ in rows]
        edges.append(" ".join("0" if n == other else f"{way}" for other, way in enumerate(ways)))
    head = [
        f"NAME: {name}", "LOCATION: invented", "COMMENT: made by routing.formats.invented", "TYPE: PDPTW",
        f"SIZE: {len(rows)}", "DISTRIBUTION: cluster-random", "DEPOT: central", f"ROUTE-TIME: {DAY}",
        "TIME-WINDOW: 150", "CAPACITY: 30",
    ]  # fmt: skip
    return _joined([*head, "NODES", *nodes, "EDGES", *edges, "EOF"])


def wang_chen(random: Random, name: str, count: int) -> str:
    """Deliveries and collections at each stop, with windows."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=150)]
    stops = [f"{n} 0 {p.opens} {p.closes} {p.service} {random.randint(0, 9) if n > 1 else 0} {p.load}"
             for n, p in enumerate(places, 1)]  # fmt: skip
    head = _head(name, "VRPSPDTW", len(places), way="EXACT_2D", vehicles=count, capacity=40)
    return _joined([*head, *_coordinates(places), "PICKUP_AND_DELIVERY_SECTION", *stops, *_depots(1), "EOF"])


def mdvrptw(random: Random, name: str, count: int) -> str:
    """Three depots, a limit on the tour's time, vehicles that belong to a depot."""
    depots = [_depot(random), Place(20, 80, 0, 0, DAY, 0), Place(80, 20, 0, 0, DAY, 0)]
    places = [*depots, *_customers(random, depots[0], count, width=150)]
    head = _head(name, "MDVRPTW", len(places), vehicles=12, capacity=60)
    at = [f"{number}\t{1 + (number - 1) % 3}" for number in range(1, 13)]
    return _joined([
        *head, "VEHICLES_MAX_DURATION: 400", *_coordinates(places), *_loads(places), *_services(places),
        *_windows(places), "VEHICLES_DEPOT_SECTION", *at, *_depots(3), "EOF",
    ])  # fmt: skip


def sdvrptw(random: Random, name: str, count: int) -> str:
    """Two kinds of vehicles: the small ones may come to everybody, the big ones to every second customer."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=150)]
    small = " ".join(str(number) for number in range(2, count + 2))
    big = " ".join(str(number) for number in range(2, count + 2, 2))
    fleet = [(30, small)] * 8 + [(80, big)] * 4
    return _joined([
        *_head(name, "SDVRPTW", len(places), vehicles=len(fleet)), "VEHICLES_MAX_DURATION: 450",
        *_coordinates(places), *_loads(places), *_services(places), *_windows(places),
        "CAPACITY_SECTION", *(f"{n}\t{room}" for n, (room, _) in enumerate(fleet, 1)),
        "VEHICLES_ALLOWED_CLIENTS_SECTION", *(f"{n} {who}" for n, (_, who) in enumerate(fleet, 1)), "EOF",
    ])  # fmt: skip


def pcvrptw(random: Random, name: str, count: int) -> str:
    """Customers who may be left out for their prize."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=100)]
    prizes = [f"{n} {random.randint(5, 60) if n > 1 else 0}" for n in range(1, len(places) + 1)]
    head = _head(name, "PCVRPTW", len(places), vehicles=5, capacity=60)
    return _joined([
        *head, f"SERVICE_TIME : {SERVICE}", *_coordinates(places), *_loads(places), *_windows(places),
        "PRIZE_SECTION", *prizes, *_depots(1), "EOF",
    ])  # fmt: skip


def mtvrptwr(random: Random, name: str, count: int) -> str:
    """Several trips of few vehicles, with goods that arrive at the depot through the day."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=400)]
    releases = []
    for number, p in enumerate(places, 1):
        away = math.ceil(math.dist((p.x, p.y), (depot.x, depot.y)))
        releases.append(f"{number}\t{random.randint(0, max(0, min(p.closes - away - 1, 150))) if number > 1 else 0}")
    vans = max(3, count // 4)
    return _joined([
        *_head(name, "MTVRPTWR", len(places), vehicles=vans, capacity=25), f"SERVICE_TIME: {SERVICE}",
        *_coordinates(places), *_loads(places), *_windows(places), "RELEASE_TIME_SECTION", *releases,
        "VEHICLES_RELOAD_DEPOT_SECTION", *(f"{number}\t1" for number in range(1, vans + 1)), *_depots(1), "EOF",
    ])  # fmt: skip


def vrpb(random: Random, name: str, count: int) -> str:
    """Deliveries first, then collections: every fourth customer gives something back."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=100)]
    gives = [p.load if n % 4 == 0 else 0 for n, p in enumerate(places)]
    loads = [f"{n}\t{0 if give else p.load}" for n, (p, give) in enumerate(zip(places, gives, strict=True), 1)]
    backhauls = [f"{n}\t{give}" for n, give in enumerate(gives, 1)]
    return _joined([
        *_head(name, "VRPB", len(places), capacity=30), *_coordinates(places), "DEMAND_SECTION", *loads,
        "BACKHAUL_SECTION", *backhauls, *_depots(1), "EOF",
    ])  # fmt: skip


def hfvrp(random: Random, name: str, count: int) -> str:
    """Vehicles of three kinds, each with its capacity, fixed cost and cost of distance."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=100)]
    fleet = [(20, 4000, 80)] * (count // 2) + [(40, 7000, 100)] * (count // 4) + [(80, 13000, 130)] * (count // 8)
    return _joined([
        *_head(name, "HFVRP", len(places), vehicles=len(fleet)), *_coordinates(places), *_loads(places),
        "CAPACITY_SECTION", *(f"{n}\t{kind[0]}" for n, kind in enumerate(fleet, 1)),
        "VEHICLES_FIXED_COST_SECTION", *(f"{n}\t{kind[1]}" for n, kind in enumerate(fleet, 1)),
        "VEHICLES_UNIT_DISTANCE_COST_SECTION", *(f"{n}\t{kind[2]}" for n, kind in enumerate(fleet, 1)),
        *_depots(1), "EOF",
    ])  # fmt: skip


def cvrp(random: Random, name: str, count: int) -> str:
    """Nothing but loads."""
    depot = _depot(random)
    places = [depot, *_customers(random, depot, count, width=100)]
    head = _head(name, "CVRP", len(places), capacity=35)
    return _joined([*head, *_coordinates(places), *_loads(places), *_depots(1), "EOF"])


def _head(
    name: str, kind: str, size: int, *, way: str = "EUC_2D", vehicles: int | None = None, capacity: int | None = None
) -> list[str]:
    fleet = [] if vehicles is None else [f"VEHICLES : {vehicles}"]
    room = [] if capacity is None else [f"CAPACITY : {capacity}"]
    return [f"NAME : {name}", "COMMENT : made by routing.formats.invented", f"TYPE : {kind}", f"DIMENSION : {size}",
            *fleet, *room, f"EDGE_WEIGHT_TYPE : {way}"]  # fmt: skip


def _coordinates(places: Iterable[Place]) -> list[str]:
    return ["NODE_COORD_SECTION", *(f"{n}\t{p.x}\t{p.y}" for n, p in enumerate(places, 1))]


def _loads(places: Iterable[Place]) -> list[str]:
    return ["DEMAND_SECTION", *(f"{n}\t{p.load}" for n, p in enumerate(places, 1))]


def _services(places: Iterable[Place]) -> list[str]:
    return ["SERVICE_TIME_SECTION", *(f"{n}\t{p.service}" for n, p in enumerate(places, 1))]


def _windows(places: Iterable[Place]) -> list[str]:
    return ["TIME_WINDOW_SECTION", *(f"{n}\t{p.opens}\t{p.closes}" for n, p in enumerate(places, 1))]


def _depots(count: int) -> list[str]:
    return ["DEPOT_SECTION", *(str(number) for number in range(1, count + 1)), "-1"]


def _joined(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])


#: What makes each set, by folder, with the ending of its files.
SETS: dict[str, tuple[Callable[[Random, str, int], str], str]] = {
    "solomon_vrptw": (solomon, ".txt"),
    "lilim_pdptw": (lilim, ".txt"),
    "sartori_buriol_pdptw": (sartori, ".txt"),
    "wang_chen_vrpspdtw": (wang_chen, ".vrpspdtw"),
    "mdvrptw": (mdvrptw, ".vrp"),
    "sdvrptw": (sdvrptw, ".vrp"),
    "pcvrptw": (pcvrptw, ".vrp"),
    "mtvrptwr": (mtvrptwr, ".vrp"),
    "vrpb": (vrpb, ".vrp"),
    "hfvrp": (hfvrp, ".vrp"),
    "cvrp": (cvrp, ".vrp"),
}


def write(folder: Path, *, sizes: Iterable[int] = SIZES, seed: int = 1) -> list[Path]:
    """Write every set below the folder; the same seed writes the same files."""
    written = []
    for name, (make, ending) in SETS.items():
        for size in sizes:
            title = f"{name.split('_')[0]}-n{size}"
            path = folder / name / f"{title}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(Random(f"{seed} {name} {size}"), title, size), encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    for written_file in write(Path(sys.argv[1])):
        print(written_file)
