"""VRPLIB files as PyVRP's instance collection writes them: one frame of sections for many kinds of problem.

| TYPE | says | counts |
| --- | --- | --- |
| CVRP, VRPB | loads; backhauls after linehauls | whole units |
| VRPTW, PCVRPTW, MTVRPTWR | windows; customers left out for their prize; several trips, releases | tenths, cut off |
| MDVRPTW, SDVRPTW | several depots, a limit on a tour's time; vehicles for some customers only | thousandths |
| HFVRP | vehicles of several kinds, fixed costs and costs of distance in hundredths | thousandths |

A customer's id is its node number less one, as in `.sol` files.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from ..matrix import Matrix
from ..model import Job, Problem, Vehicle, Window
from ..model.guards import MOST_TRIPS, MOST_VEHICLES
from .distances import ROUNDED, THOUSANDTHS, TRUNCATED, Convention, Grid
from .instance import Instance, vehicles_first
from .sections import MOST_NODES, Frame, frame
from .text import Text

CONVENTIONS = {
    "CVRP": ROUNDED, "VRPB": ROUNDED, "HFVRP": THOUSANDTHS, "VRPTW": TRUNCATED, "PCVRPTW": TRUNCATED,
    "MTVRPTWR": TRUNCATED, "MDVRPTW": THOUSANDTHS, "SDVRPTW": THOUSANDTHS,
}  # fmt: skip
FACTS = (
    "NAME", "COMMENT", "TYPE", "DIMENSION", "VEHICLES", "CAPACITY", "EDGE_WEIGHT_TYPE", "SERVICE_TIME",
    "VEHICLES_MAX_DURATION",
)  # fmt: skip
SECTIONS = (
    "NODE_COORD_SECTION", "DEMAND_SECTION", "BACKHAUL_SECTION", "SERVICE_TIME_SECTION", "TIME_WINDOW_SECTION",
    "RELEASE_TIME_SECTION", "PRIZE_SECTION", "CAPACITY_SECTION", "VEHICLES_FIXED_COST_SECTION",
    "VEHICLES_UNIT_DISTANCE_COST_SECTION", "VEHICLES_DEPOT_SECTION", "VEHICLES_RELOAD_DEPOT_SECTION",
    "VEHICLES_ALLOWED_CLIENTS_SECTION", "DEPOT_SECTION",
)  # fmt: skip
#: Instance files of vehicles of several kinds state their costs in hundredths.
HUNDREDTHS = 100


def matches(text: Text) -> bool:
    """Whether the file looks like this format: a TYPE and a DIMENSION above its sections."""
    keys = {row.text.partition(":")[0].strip().upper() for row in text.rows[:16]}
    return {"TYPE", "DIMENSION"} <= keys


@dataclass(frozen=True, slots=True)
class _File:
    """What every step of reading needs."""

    found: Frame
    kind: str
    convention: Convention
    size: int
    depots: list[int]
    points: tuple[tuple[float, float], ...]
    grid: Grid
    windows: list[tuple[float, float]] | None

    @property
    def day(self) -> int:
        """Without windows: the time one vehicle would need for everything, whatever its order."""
        farthest = -(-int(self.grid.max(initial=0)) // self.convention.scale)
        return (self.size + 1) * (farthest + 1)


def read(text: Text, objective: str) -> Instance:
    """The instance of a file."""
    found = frame(text)
    found.refuse_unknown(FACTS, SECTIONS)
    kind = found.word("TYPE").upper()
    if kind not in CONVENTIONS:
        text.refuse(f"TYPE as one of {', '.join(CONVENTIONS)} expected, not {kind or 'none'}", text.rows[0])
    if (way := found.word("EDGE_WEIGHT_TYPE").upper()) != "EUC_2D":
        text.refuse(f"EDGE_WEIGHT_TYPE : EUC_2D expected, not {way or 'none'}", text.rows[0])
    size = found.whole("DIMENSION", least=2, most=MOST_NODES)
    points = tuple((x, y) for x, y in found.table("NODE_COORD_SECTION", size, 2, "x and y"))
    convention = CONVENTIONS[kind]
    depots, windows = found.depots(size), _windows(found, size)
    if windows is None and {"SERVICE_TIME", "SERVICE_TIME_SECTION", "VEHICLES_MAX_DURATION"} & {
        *found.facts,
        *found.sections,
    }:
        text.refuse("TIME_WINDOW_SECTION expected where times are given", text.rows[0])
    file = _File(found, kind, convention, size, depots, points, convention.grid(points), windows)
    if len(file.depots) == size:
        text.refuse("a customer beside the depots expected", found.heads["DEPOT_SECTION"])
    vehicles, kinds = _vehicles(file)
    jobs = _jobs(file, {vehicle.id for vehicle in vehicles}, kinds)
    problem = _stated(file, jobs, vehicles, objective)
    return Instance(
        name=found.word("NAME", text.stem),
        dialect="vrplib",
        problem=problem,
        objective=objective,
        money_per_unit=_money_per_unit(kind),
        points=points,
        solution_units=1000 if kind in ("MDVRPTW", "SDVRPTW") else 1,
        kinds=kinds,
        backhauls=kind == "VRPB",
    )


def _money_per_unit(kind: str) -> int:
    """Tables of prizes and of several trips are in tenths; those of VRPTW in units, though counted in tenths."""
    if kind == "HFVRP":
        return HUNDREDTHS * THOUSANDTHS.scale
    return CONVENTIONS[kind].scale if kind in ("VRPTW", "MDVRPTW", "SDVRPTW") else 1


def _windows(found: Frame, size: int) -> list[tuple[float, float]] | None:
    if "TIME_WINDOW_SECTION" not in found.sections:
        return None
    windows = [(opens, closes) for opens, closes in found.table("TIME_WINDOW_SECTION", size, 2, "opening and closing")]
    for (opens, closes), row in zip(windows, found.sections["TIME_WINDOW_SECTION"], strict=True):
        if opens > closes:
            found.text.refuse("a window that opens before it closes expected", row)
    return windows


def _services(file: _File) -> list[float]:
    """Service times of all nodes; the one fact holds for customers, not for depots."""
    every = file.found.number("SERVICE_TIME") or 0
    if every < 0:
        file.found.text.refuse("SERVICE_TIME from 0 expected", file.found.facts["SERVICE_TIME"][1])
    return file.found.column("SERVICE_TIME_SECTION", file.size, "a service time", usual=every)


def _seconds(file: _File) -> Grid:
    """Travel times are the distances; where no clock runs, whole units do and keep a long day within the model."""
    return ROUNDED.grid(file.points) if file.windows is None else file.grid


def _window(file: _File, node: int) -> Window:
    if file.windows is None:
        return Window(0, file.day)
    opens, closes = file.windows[node]
    return Window(file.convention.from_below(opens), file.convention.from_above(closes))


def _jobs(file: _File, vehicles: set[str], kinds: tuple[int, ...]) -> tuple[Job, ...]:
    found, size, step = file.found, file.size, file.convention
    loads = found.column("DEMAND_SECTION", size, "a demand", whole=True)
    backhauls = found.column("BACKHAUL_SECTION", size, "a backhaul", whole=True)
    releases = found.column("RELEASE_TIME_SECTION", size, "a release time")
    prizes = found.column("PRIZE_SECTION", size, "a prize", whole=True)
    services = _services(file)
    allowed = _allowed(file, vehicles)
    jobs = []
    for node in range(size):
        if node in file.depots:
            continue
        takes = backhauls[node] > 0
        if takes and loads[node] > 0:
            both = found.sections["BACKHAUL_SECTION"][node]
            found.text.refuse(f"node {node + 1} with a demand or a backhaul expected, not both", both)
        jobs.append(
            Job(
                id=str(node),
                place=node,
                kind="pickup" if takes else "delivery",
                windows=(_window(file, node),),
                service_seconds=step.from_below(services[node]),
                delivery=() if takes else (int(loads[node]),),
                pickup=(int(backhauls[node]),) if takes else (),
                vehicles=allowed.get(node),
                price=int(prizes[node]) * step.scale if prizes[node] > 0 else None,
                release=step.from_below(releases[node]) if "RELEASE_TIME_SECTION" in found.sections else None,
            )
        )
    return tuple(jobs)


def _allowed(file: _File, vehicles: set[str]) -> dict[int, frozenset[str]]:
    """Which vehicles may serve a customer, where not all may."""
    found = file.found
    if "VEHICLES_ALLOWED_CLIENTS_SECTION" not in found.sections:
        return {}
    section = found.sections["VEHICLES_ALLOWED_CLIENTS_SECTION"]
    table = found.table("VEHICLES_ALLOWED_CLIENTS_SECTION", found.whole("VEHICLES", least=1), None, "customers")
    may: dict[int, set[str]] = {node: set() for node in range(file.size)}
    for number, (nodes, row) in enumerate(zip(table, section, strict=True), 1):
        for node in nodes:
            if node != int(node) or not 1 <= node <= file.size:
                found.text.refuse(f"customers from 1 to {file.size} expected, not {node:g}", row)
            if str(number) in vehicles:
                may[int(node) - 1].add(str(number))
    return {node: frozenset(some) for node, some in may.items() if some != vehicles}


def _vehicles(file: _File) -> tuple[tuple[Vehicle, ...], tuple[int, ...]]:
    """The vehicles that can matter, called by their number in the file, and the kind of each number."""
    found = file.found
    customers = file.size - len(file.depots)
    count = found.whole("VEHICLES", least=1, most=MOST_NODES) if "VEHICLES" in found.facts else customers
    usual = 0 if "CAPACITY_SECTION" in found.sections else found.whole("CAPACITY")
    rooms = found.column("CAPACITY_SECTION", count, "a capacity", usual=usual, whole=True)
    fixed = found.column("VEHICLES_FIXED_COST_SECTION", count, "a fixed cost", whole=True)
    has_rates = "VEHICLES_UNIT_DISTANCE_COST_SECTION" in found.sections
    plain = HUNDREDTHS if file.kind == "HFVRP" else 1
    rates = found.column("VEHICLES_UNIT_DISTANCE_COST_SECTION", count, "a cost of distance", usual=plain, whole=True)
    starts = _depots_of_vehicles(file, count)
    trips = _trips(file, starts, customers)
    longest = found.number("VEHICLES_MAX_DURATION")
    clients = "VEHICLES_ALLOWED_CLIENTS_SECTION"
    who = [row.words[1:] for row in found.sections[clients]] if clients in found.sections else [()] * count
    if len(who) != count:
        found.text.refuse(f"{clients} with {count} rows expected, there are {len(who)}", found.heads[clients])
    alike = list(zip(rooms, fixed, rates, starts, who, strict=True))
    numbers = {one: number for number, one in enumerate(dict.fromkeys(alike))}
    kinds = tuple(numbers[one] for one in alike)
    loads = ("DEMAND_SECTION", "BACKHAUL_SECTION")
    totals = tuple(sum(found.column(section, file.size, "a demand", whole=True)) for section in loads)
    seen: Counter[int] = Counter()
    vehicles = []
    for number, kind in enumerate(kinds):
        seen[kind] += 1
        if seen[kind] > _most_of_a_kind(file, int(rooms[number]), totals):
            continue
        vehicles.append(
            Vehicle(
                id=str(number + 1),
                profile="van",
                start=starts[number],
                end=starts[number],
                shift=_window(file, starts[number]),
                capacity=(int(rooms[number]),),
                max_seconds=None if longest is None else file.convention.from_above(longest),
                fixed_cost=int(fixed[number]) * file.convention.scale,
                metre_cost=int(rates[number]) if has_rates else plain,
                trips=trips,
                deliveries_first="BACKHAUL_SECTION" in found.sections,
            )
        )
    if len(vehicles) > MOST_VEHICLES:
        found.text.refuse(f"at most {MOST_VEHICLES} vehicles that can matter expected", found.text.rows[0])
    return tuple(vehicles), kinds


def _most_of_a_kind(file: _File, room: int, totals: tuple[float, ...]) -> int:
    """How many vehicles of a kind can be of use, by their capacity.

    Where nothing but load limits a tour, two tours of one kind that fit into one vehicle together cost no less than
    the one they can be joined to (distances keep the triangle inequality, but for rounding). So in some best plan any
    two tours carry more than one capacity, and with a total load of D in vehicles of capacity Q there are at most
    2 D / Q + 1 of them. With backhauls that many for either side are allowed; that is no proof, but twice what any
    published plan uses.
    """
    customers = file.size - len(file.depots)
    if file.windows is not None or room == 0:
        return customers
    return min(customers, sum(2 * int(total) // room + 1 for total in totals if total))


def _depots_of_vehicles(file: _File, count: int) -> list[int]:
    found = file.found
    if "VEHICLES_DEPOT_SECTION" not in found.sections:
        return [file.depots[0]] * count
    starts = [int(one) - 1 for one in found.column("VEHICLES_DEPOT_SECTION", count, "a depot", least=1, whole=True)]
    for start, row in zip(starts, found.sections["VEHICLES_DEPOT_SECTION"], strict=True):
        if start not in file.depots:
            found.text.refuse(f"one of the depots expected, not {row.words[1]}", row)
    return starts


def _trips(file: _File, starts: list[int], customers: int) -> int:
    """Vehicles that may load again may do so after every customer, at the depot they started from."""
    found, section = file.found, "VEHICLES_RELOAD_DEPOT_SECTION"
    if section not in found.sections:
        return 1
    for number, depots in enumerate(found.table(section, len(starts), None, "depots")):
        if depots != (starts[number] + 1,):
            found.text.refuse("a reload at the vehicle's own depot expected", found.sections[section][number])
    return min(customers, MOST_TRIPS)


def _stated(file: _File, jobs: tuple[Job, ...], vehicles: tuple[Vehicle, ...], objective: str) -> Problem:
    """The problem; for backhauls, a tour that begins with one is dearer than any plan without."""
    metres = file.grid
    if objective == "vehicles":
        fixed = vehicles_first(file.grid, len(jobs), len(vehicles))
        vehicles = tuple(replace(vehicle, fixed_cost=fixed) for vehicle in vehicles)
    if file.kind == "VRPB":
        metres = metres.copy()
        backhauls = [job.place for job in jobs if job.kind == "pickup"]
        metres[np.ix_(file.depots, backhauls)] += 2 * int(metres[file.depots[0]].sum())
    return Problem({"van": Matrix(_seconds(file), metres)}, jobs, vehicles, dimensions=("load",))
