"""Problems and plans drawn by chance, tight enough to bite: small places, small vans, windows that often collide.

Drawn from a seed and not by hypothesis, which would take a hundred times as long; each job and vehicle has a source of
its own, so that a problem with one job fewer is otherwise the same. `tests.strategies` wraps what is here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import routing
from routing.model import RELOAD, Break, Kept, Period, Previous, Shipment, Stock, WorkRule
from tests.routing import by_hand, by_hand_judge

PROFILES = ("car", "bike")
SKILLS = ("config", "lift")
PRODUCTS = ("laptop", "screen")
TRAITS = ("food", "paint", "seed")
DIMENSIONS = ("weight", "volume", "pieces")
#: What a problem may have beside jobs with windows, loads, skills and prices, a fleet with shifts, limits and costs,
#: and a wish for balance.
FEATURES = (
    "shipments", "reloads", "open ends", "breaks", "work rule", "periods", "before zero", "delay", "due", "release",
    "stocks", "incompatible", "previous", "deliveries first", "prefix", "order", "max seconds", "overtime",
    "dimensions",
)  # fmt: skip


class Chance(random.Random):
    """A source of chance that likes the edges."""

    def between(self, least: int, most: int) -> int:
        """A whole number, now and then one of the two themselves."""
        return self.choice((least, least, most)) if self.random() < 0.12 else self.randint(least, most)

    def maybe(self, value: Any, share: float = 0.5) -> Any:
        """The value or None."""
        return value if self.random() < share else None


@dataclass(frozen=True)
class Wanted:
    """What is to be drawn. In a roomy problem most jobs can be served by somebody; otherwise many cannot."""

    seed: int
    jobs: int
    vehicles: int
    features: frozenset[str] = frozenset()
    roomy: bool = False

    def source(self, name: str) -> Chance:
        """The source for one part of the problem."""
        return Chance(f"{self.seed} {name}")

    def has(self, feature: str) -> bool:
        """Whether the problem is to have that feature."""
        return feature in self.features


def problem(wanted: Wanted) -> routing.Problem:
    """The problem."""
    chance = wanted.source("whole")
    places = chance.randint(2, 5)
    dimensions = chance.randint(0, 3) if wanted.has("dimensions") else 2
    count = wanted.jobs if wanted.vehicles else 0
    pairs = chance.randint(0, count // 2) if wanted.has("shipments") else 0
    alone = tuple(_job(wanted, f"j{n}", places, dimensions) for n in range(count - 2 * pairs))
    paired = tuple(_shipment(wanted, n, places, dimensions) for n in range(pairs))
    ids = [job.id for job in alone] + [half.id for pair in paired for half in pair.halves]
    vehicles = _locked(wanted, tuple(_vehicle(wanted, n, places, dimensions) for n in range(wanted.vehicles)), ids)
    opens = sorted({chance.between(-500, 6_000) for _ in range(3)}) if wanted.has("periods") else []
    return routing.Problem(
        matrices={profile: _matrix(wanted.source(profile), places) for profile in PROFILES},
        jobs=alone,
        vehicles=vehicles,
        balance=chance.maybe(routing.Balance(chance.between(0, 5_000), chance.between(0, 7_500))),
        dimensions=DIMENSIONS[:dimensions],
        shipments=paired,
        stocks=_stocks(chance, places) if wanted.has("stocks") else (),
        incompatible=(("food", "paint"), ("seed", "paint")) if wanted.has("incompatible") else (),
        previous=_previous(chance, ids) if wanted.has("previous") else None,
        periods=tuple(Period(moment, chance.between(50, 200)) for moment in opens),
    )


def _matrix(chance: Chance, places: int) -> routing.Matrix:
    """Not symmetric, here and there with no way between two places, now and then without a road."""
    cells = [[0 if chance.random() < 0.1 else chance.randint(1, 900) for _ in range(places)] for _ in range(places)]
    if chance.random() < 0.2 and places > 2:
        cells[chance.randrange(places)][chance.randrange(places)] = routing.UNREACHABLE
    seconds = np.array(cells, dtype=np.int64)
    np.fill_diagonal(seconds, 0)
    return routing.Matrix(seconds, np.minimum(seconds, 10_000) * 7)


def _windows(chance: Chance, least: int, *, roomy: bool) -> tuple[routing.Window, ...]:
    edges = sorted(chance.sample(range(least, 9_001), 4))
    if roomy:
        opens = chance.between(least, 4_000)
        edges = [opens, opens + chance.randint(500, 3_000), 0, 9_000]
        edges[2] = edges[1] + chance.between(1, 1_900)
    found = routing.Window(edges[0], edges[1]), routing.Window(edges[2], edges[3])
    return found if chance.random() < 0.5 else found[:1]


def _load(chance: Chance, dimensions: int, least: int, most: int) -> tuple[int, ...]:
    return tuple(chance.between(least, most) for _ in range(dimensions))


def _job(wanted: Wanted, name: str, places: int, dimensions: int) -> routing.Job:
    chance = wanted.source(name)
    kind = chance.choice(("delivery", "pickup", "swap"))
    gives, takes = (_load(chance, dimensions, 0, 40) for _ in range(2))
    some = frozenset(f"v{n}" for n in range(wanted.vehicles) if chance.random() < 0.6)
    goods = tuple((product, chance.randint(1, 3)) for product in PRODUCTS if chance.random() < 0.5)
    moment = chance.between(0, 9_000)
    release = chance.maybe(chance.between(0, 3_000))
    trait = chance.maybe(chance.choice(TRAITS))
    return routing.Job(
        id=name,
        place=chance.randrange(places),
        kind=kind,
        windows=_windows(chance, -2_000 if wanted.has("before zero") else 0, roomy=wanted.roomy),
        service_seconds=chance.between(0, 900),
        setup_seconds=chance.choice((0, 0, 300, 600)),
        delivery=gives if kind != "pickup" else (),
        pickup=takes if kind != "delivery" else (),
        skills=frozenset(chance.sample(SKILLS, chance.randint(0, 1))),
        vehicles=chance.maybe(some, 0.2 if wanted.roomy else 0.4) or None,
        price=chance.maybe(chance.between(0, 40_000_000)),
        second_price=chance.between(0, 9_000) if wanted.has("delay") else 0,
        due=chance.maybe(moment) if wanted.has("due") else None,
        late_second_cost=chance.between(0, 9_000) if wanted.has("due") else 0,
        release=release if wanted.has("release") else None,
        goods=goods if wanted.has("stocks") else (),
        traits=frozenset({trait}) if trait and wanted.has("incompatible") else frozenset(),
    )


def _shipment(wanted: Wanted, number: int, places: int, dimensions: int) -> Shipment:
    chance = wanted.source(f"s{number}")
    load = _load(chance, dimensions, 0, 40)
    here, there = (
        replace(
            _job(wanted, f"{name}{number}", places, dimensions),
            kind=kind, delivery=(), pickup=(), price=None, goods=(), release=None,
        )
        for name, kind in (("from", "pickup"), ("to", "delivery"))
    )  # fmt: skip
    price = chance.maybe(chance.between(0, 40_000_000))
    return Shipment(f"s{number}", replace(here, pickup=load), replace(there, delivery=load), price)


def _vehicle(wanted: Wanted, number: int, places: int, dimensions: int) -> routing.Vehicle:
    chance, roomy = wanted.source(f"v{number}"), wanted.roomy
    opens = chance.between(-2_000 if wanted.has("before zero") else 0, 3_000)
    limits = {
        "max_stops": chance.maybe(chance.between(2 if roomy else 0, 5 if roomy else 3)),
        "max_metres": chance.maybe(chance.between(10_000 if roomy else 0, 30_000 if roomy else 20_000)),
        "max_driving_seconds": chance.maybe(chance.between(2_000 if roomy else 0, 4_500 if roomy else 3_000)),
        "max_seconds": chance.maybe(chance.between(3_000 if roomy else 1_000, 9_000)),
        "overtime_after": chance.maybe(chance.between(0, 4_000)),
    }
    if not wanted.has("max seconds"):
        del limits["max_seconds"]
    if not wanted.has("overtime"):
        del limits["overtime_after"]
    rule = WorkRule(chance.between(1_500, 5_000), chance.between(1, 900))
    ends = (None, chance.randrange(places)) if wanted.has("open ends") else (chance.randrange(places),)
    return routing.Vehicle(
        id=f"v{number}",
        profile=chance.choice(PROFILES),
        start=chance.randrange(places),
        end=chance.choice(ends),
        shift=routing.Window(opens, opens + (chance.between(6_000, 12_000) if roomy else chance.between(0, 9_000))),
        capacity=_load(chance, dimensions, 40 if roomy else 0, 120),
        skills=frozenset(skill for skill in SKILLS if roomy or chance.random() < 0.5),
        fixed_cost=chance.between(0, 3_000_000),
        metre_cost=chance.between(0, 700),
        second_cost=chance.between(0, 12_500),
        overtime_second_cost=chance.between(0, 9_000) if wanted.has("overtime") else 0,
        trips=chance.randint(1, 3) if wanted.has("reloads") else 1,
        reload_seconds=chance.choice((0, 300, 900)) if wanted.has("reloads") else 0,
        deliveries_first=wanted.has("deliveries first") and chance.random() < 0.6,
        breaks=_breaks(chance, max(0, opens)) if wanted.has("breaks") else (),
        rule=chance.maybe(rule) if wanted.has("work rule") else None,
        **limits,
    )


def _breaks(chance: Chance, opens: int) -> tuple[Break, ...]:
    found = []
    for number in range(chance.randint(0, 2)):
        opens += chance.between(0, 2_500)
        window = routing.Window(opens, opens + chance.between(0, 2_500))
        found.append(Break(f"b{number}", window, chance.between(1, 900), always=chance.random() < 0.4))
    return tuple(found)


def _locked(wanted: Wanted, vehicles: tuple[routing.Vehicle, ...], ids: list[str]) -> tuple[routing.Vehicle, ...]:
    """The vehicles, with some of the jobs locked to some of them."""
    chance, found = wanted.source("locks"), []
    free = chance.sample(ids, len(ids))
    for vehicle in vehicles:
        first, later = chance.choice((0, 0, 1, 2)), chance.choice((0, 2, 3))
        prefix = [free.pop() for _ in range(min(first, len(free)))] if wanted.has("prefix") else []
        order = [free.pop() for _ in range(min(later, len(free)))] if wanted.has("order") else []
        found.append(replace(vehicle, prefix=tuple(prefix), order=tuple(order)))
    return tuple(found)


def _stocks(chance: Chance, places: int) -> tuple[Stock, ...]:
    lie = [(place, product) for product in PRODUCTS for place in range(places) if chance.random() < 0.6]
    return tuple(Stock(place, product, chance.between(0, 6)) for place, product in lie)


def _previous(chance: Chance, ids: list[str]) -> Previous:
    kept = [
        Kept(one, chance.choice(("v0", "v1", "gone")), chance.maybe(chance.between(0, 9_000), 0.7))
        for one in ids
        if chance.random() < 0.6
    ]
    return Previous(tuple(kept), chance.between(0, 9_000_000), chance.choice((0, 600, 3_000)))


# --- plans ------------------------------------------------------------------------------------------------------------


def any_tours(asked: routing.Problem, seed: int) -> list[by_hand.Chosen]:
    """Some tours of the problem's vehicles, drawn without asking whether they keep any rule."""
    chance = Chance(seed)
    ids = [job.id for job in asked.visits]
    chance.shuffle(ids)
    found = []
    for vehicle in asked.vehicles:
        mine = [one for one in vehicle.prefix if one in ids] if chance.random() < 0.7 else []
        ids = [one for one in ids if one not in mine]
        mine, ids = mine + ids[: (taken := chance.randint(0, len(ids)))], ids[taken:]
        if mine:
            most = vehicle.trips - 1 if chance.random() < 0.7 else 2
            turns = set(chance.sample(range(1, len(mine)), min(most, len(mine) - 1, chance.randint(0, 2))))
            found.append(_driven(chance, vehicle, _with_reloads(mine, turns)))
    return found


def _with_reloads(order: list[str], turns: set[int]) -> tuple[str, ...]:
    found: list[str] = []
    for number, one in enumerate(order):
        found.extend((RELOAD, one) if number in turns else (one,))
    return tuple(found)


def _driven(chance: Chance, vehicle: routing.Vehicle, order: Sequence[str]) -> by_hand.Chosen:
    """A way to drive this order, often a sensible one: it leaves in the shift and would like to hold its breaks."""
    shift = vehicle.shift
    departure = chance.choice((shift.opens, shift.opens, chance.randint(shift.opens - 100, shift.closes)))
    wishes = [
        by_hand.Wish(chance.between(held.window.opens, held.window.closes), held.seconds, held.id)
        for held in vehicle.breaks
        if chance.random() < 0.8
    ]
    if vehicle.rule is not None:
        moment = departure
        for _ in range(chance.randint(0, 4)):
            moment += chance.randint(vehicle.rule.work_seconds // 2, vehicle.rule.work_seconds)
            wishes.append(by_hand.Wish(moment, vehicle.rule.break_seconds + chance.choice((0, 0, 100))))
            moment += vehicle.rule.break_seconds
    idle: dict[str, int] = {}
    if chance.random() < 0.3:
        idle = {one: chance.between(0, 400) for one in order if one != RELOAD}
        idle |= {f"{RELOAD}{number}": chance.between(0, 400) for number in range(len(order))}
    return by_hand.Chosen(vehicle.id, tuple(order), departure, tuple(wishes), idle)


def good_plan(asked: routing.Problem, seed: int) -> routing.Plan | None:
    """Put job after job where nothing breaks, until none fits; None when what is locked cannot be kept."""
    chance = Chance(seed)
    tours: dict[str, routing.Tour] = {}
    for vehicle in asked.vehicles:
        if vehicle.prefix:
            begun = _try(asked, chance, vehicle, vehicle.prefix)
            if begun is None:
                return None
            tours[vehicle.id] = begun
    wanted = [(pair.pickup.id, pair.delivery.id) for pair in asked.shipments]
    wanted += [(job.id,) for job in asked.jobs]
    for ids in chance.sample(wanted, len(wanted)):
        for vehicle in chance.sample(asked.vehicles, len(asked.vehicles)):
            before = tours[vehicle.id].order() if vehicle.id in tours else ()
            order = _inserted(chance, before, [one for one in ids if one not in before], vehicle)
            tour = _try(asked, chance, vehicle, order)
            if tour is None:
                continue
            # Half a shipment may stand in a prefix and wait for the other half.
            if not by_hand_judge.broken(asked, by_hand.of_tours(asked, (tours | {vehicle.id: tour}).values())) - {
                "job-once"
            }:
                tours[vehicle.id] = tour
                break
    plan = by_hand.of_tours(asked, [tours[one] for one in chance.sample(sorted(tours), len(tours))])
    return None if by_hand_judge.broken(asked, plan) else plan


def _inserted(chance: Chance, order: tuple[str, ...], ids: list[str], vehicle: routing.Vehicle) -> tuple[str, ...]:
    at = len(vehicle.prefix)
    for one in ids:
        at = chance.randint(min(at, len(order)), len(order))
        again = vehicle.trips > 1 and len(ids) == 1 and at > 0 and RELOAD not in order[at - 1 : at + 1]
        order = (*order[:at], *((RELOAD,) if again and chance.random() < 0.5 else ()), one, *order[at:])
        at = order.index(one) + 1
    return order


def _try(
    asked: routing.Problem, chance: Chance, vehicle: routing.Vehicle, order: tuple[str, ...]
) -> routing.Tour | None:
    """A way to drive the order that breaks no rule of a tour, if a few draws find one."""
    for _ in range(4):
        tour = by_hand.timed(asked, _driven(chance, vehicle, order))
        if not by_hand_judge.broken_by_tour(asked, tour):
            return tour
    return None
