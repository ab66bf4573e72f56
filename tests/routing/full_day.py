"""One small day with everything the model knows, and a plan of it, timed by hand, that keeps every rule."""

from __future__ import annotations

import numpy as np

import routing
from routing.model import RELOAD, Balance, Break, Kept, Period, Previous, Shipment, Stock, WorkRule
from tests.routing import by_hand

PLACES = 10
DEPOT, OTHER_DEPOT = 0, 8


def a_problem() -> routing.Problem:
    """A van that loads twice, a bike that ends where it is, a cart, a spare van; jobs and shipments of every kind."""
    apart = np.abs(np.arange(PLACES)[:, None] - np.arange(PLACES)[None, :])
    seconds = apart * 100 + (apart > 0) * 60
    return routing.Problem(
        matrices={
            "car": routing.Matrix(seconds, apart * 1_000),
            "bike": routing.Matrix(seconds * 2, apart * 900),
        },
        jobs=tuple(_jobs()),
        vehicles=(_van(), _bike(), _cart(), _spare()),
        balance=Balance(target_seconds=6_000, second_cost=3),
        shipments=(
            Shipment("chairs", _job("chairs-from", 6, "pickup", pickup=(20, 10)),
                     _job("chairs-to", 2, "delivery", delivery=(20, 10), setup_seconds=120)),
            Shipment("desk", _job("desk-from", 9, "pickup", pickup=(30, 10)),
                     _job("desk-to", 8, "delivery", delivery=(30, 10)), price=5_000_000),
            Shipment("piano", _job("piano-from", 3, "pickup", pickup=(500, 1)),
                     _job("piano-to", 4, "delivery", delivery=(500, 1)), price=7_000_000),
        ),
        stocks=(Stock(DEPOT, "laptop", 5), Stock(OTHER_DEPOT, "laptop", 3)),
        incompatible=(("food", "paint"),),
        previous=Previous(
            (Kept("begun", "van", 20), Kept("near", "bike"), Kept("far", "van", 0), Kept("bulky", "van")),
            change_cost=1_000_000,
            tolerance_seconds=300,
        ),
        periods=(Period(-300, 110), Period(6_000, 150), Period(14_000, 80)),
    )  # fmt: skip


def a_plan(problem: routing.Problem) -> routing.Plan:
    """Three tours; the bulky job, the crate and the piano are left out."""
    return by_hand.plan(problem, the_choices())


def the_choices() -> tuple[by_hand.Chosen, ...]:
    """What was decided."""
    van = by_hand.Chosen(
        "van",
        ("begun", "near", "chairs-from", "chairs-to", "back", "twin", RELOAD, "far", "swap", "late", RELOAD, "kit"),
        departure=-500,
        wishes=(
            by_hand.Wish(3_600, 900),  # at the door, while the window is not open yet
            by_hand.Wish(7_000, 1_800, "lunch"),  # at the depot, while others load
            by_hand.Wish(10_000, 900),  # on the way
        ),
        idle={"near": 40, f"{RELOAD}6": 700},
    )
    bike = by_hand.Chosen(
        "bike", ("paint", "desk-from", "desk-to", "old"), departure=1_000, wishes=(by_hand.Wish(2_100, 600, "rest"),)
    )
    return van, bike, by_hand.Chosen("cart", ("letter",), departure=100)


def _job(name: str, place: int, kind: str, **facts: object) -> routing.Job:
    return routing.Job(**{"id": name, "place": place, "kind": kind, "windows": (routing.Window(-1_000, 30_000),),
                          "service_seconds": 300} | facts)  # fmt: skip


def _jobs() -> list[routing.Job]:
    return [
        _job("begun", 1, "delivery", delivery=(20, 10), setup_seconds=60, second_price=2),
        _job("near", 2, "delivery", delivery=(10, 5), goods=(("laptop", 2), ("mouse", 9)),
             skills=frozenset({"config"})),
        _job("far", 5, "delivery", delivery=(30, 20), vehicles=frozenset({"van", "bike"}), due=9_000,
             late_second_cost=7, release=800, windows=(routing.Window(0, 4_000), routing.Window(8_000, 15_000))),
        _job("back", 4, "pickup", pickup=(15, 5), windows=(routing.Window(5_000, 9_000),), setup_seconds=200),
        _job("twin", 4, "delivery", delivery=(5, 5), setup_seconds=200, traits=frozenset({"food"})),
        _job("swap", 3, "swap", delivery=(40, 30), pickup=(45, 30), second_price=11, price=100),
        _job("late", 3, "delivery", delivery=(25, 0), due=5_000, late_second_cost=3, setup_seconds=100),
        # At the place of the stop before, but of another trip: it is parked for anew.
        _job("kit", 3, "delivery", delivery=(1, 1), goods=(("laptop", 3),), release=6_000, traits=frozenset({"glass"}),
             setup_seconds=50),
        _job("paint", 9, "delivery", delivery=(10, 10), goods=(("laptop", 1),), traits=frozenset({"paint", "glue"})),
        _job("old", 7, "pickup", pickup=(9, 9), due=1_500, late_second_cost=2, second_price=1),
        _job("letter", 1, "delivery", delivery=(1, 0)),
        _job("bulky", 6, "delivery", delivery=(900, 1), price=3_000_000),
        _job("crate", 6, "delivery", delivery=(1, 900)),
    ]  # fmt: skip


def _van() -> routing.Vehicle:
    return routing.Vehicle(
        id="van", profile="car", start=DEPOT, end=DEPOT, shift=routing.Window(-600, 30_000), capacity=(100, 60),
        skills=frozenset({"config"}), max_stops=12, max_metres=90_000, max_driving_seconds=15_000, max_seconds=25_000,
        fixed_cost=1_000, metre_cost=3, second_cost=2, overtime_after=9_000, overtime_second_cost=5, trips=4,
        reload_seconds=600, prefix=("begun",), order=("near", "far"),
        breaks=(Break("lunch", routing.Window(6_500, 10_500), 1_800),
                Break("tea", routing.Window(25_000, 28_000), 300)),
        rule=WorkRule(work_seconds=5_000, break_seconds=900),
    )  # fmt: skip


def _bike() -> routing.Vehicle:
    return routing.Vehicle(
        id="bike", profile="bike", start=OTHER_DEPOT, end=None, shift=routing.Window(0, 20_000), capacity=(60, 60),
        skills=frozenset({"config"}), metre_cost=1, second_cost=1, deliveries_first=True,
        breaks=(Break("early", routing.Window(0, 500), 100),
                Break("rest", routing.Window(2_000, 3_000), 600, always=True)),
    )  # fmt: skip


def _cart() -> routing.Vehicle:
    return routing.Vehicle(
        id="cart", profile="car", start=DEPOT, end=DEPOT, shift=routing.Window(0, 20_000), capacity=(1, 1), metre_cost=2
    )


def _spare() -> routing.Vehicle:
    return routing.Vehicle(
        id="spare", profile="car", start=DEPOT, end=OTHER_DEPOT, shift=routing.Window(0, 20_000), capacity=(50, 50)
    )
