"""Any history of the stock, told to the services and to a plain model side by side: both agree after every step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from inventory import stock
from inventory.errors import (
    Conflict,
    InvalidFact,
    InventoryError,
    NeedsWiping,
    NotEnoughStock,
    NotHeld,
    Promised,
)
from inventory.models import Asset, Balance, Movement, Reservation
from tests.builders import a_laptop, a_product, a_site, an_employee
from tests.fakes import MORNING

OUTSIDE = ("supplier", "lost")
SHELVES = ("nice", "cannes")
PLACES = (*SHELVES, "van", "home", "quarantine", *OUTSIDE)
WIPED = ("clean", "sanitised")
PRODUCTS = st.sampled_from(["mouse", "laptop"])
DEEDS = (
    *["receive"], *["reserve"] * 3, *["allocate"] * 3, *["deallocate"], *["fulfil"] * 4, *["move"] * 5, *["release"],
    *["reverse"] * 2, *["tell_again"] * 2,
)  # fmt: skip


@dataclass
class Promise:
    place: str
    product: str
    quantity: int
    cause: str
    asset: int | None = None
    state: str = "open"


@dataclass
class Books:
    """What the books should say, in plain dictionaries."""

    on_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    asset_at: dict[int, str] = field(default_factory=dict)
    data: dict[int, str] = field(default_factory=dict)
    promises: dict[int, Promise] = field(default_factory=dict)

    def reserved(self, place: str, product: str) -> int:
        return sum(p.quantity for p in self.open() if (p.place, p.product) == (place, product))

    def open(self) -> list[Promise]:
        return [promise for promise in self.promises.values() if promise.state == "open"]

    def promised(self, asset: int | None) -> bool:
        return any(promise.asset == asset for promise in self.open())

    def free(self, place: str, product: str) -> int:
        return self.on_hand[place, product] - self.reserved(place, product)

    def state_after(self, asset: int, source: str, target: str) -> str:
        if target == "home":
            return "holds-data"
        return "wipe-due" if source == "home" else self.data[asset]

    def refusal(self, product: str, quantity: int, asset: int | None, source: str, target: str) -> type | None:
        """Which error a movement that nobody was promised should meet, or None."""
        if source == target or (product == "laptop") != (asset is not None):
            return InvalidFact
        if asset is not None and self.asset_at[asset] != source:
            return NotHeld
        if asset is not None and self.promised(asset):
            return Promised
        if source not in OUTSIDE and self.free(source, product) < quantity:
            return NotEnoughStock
        if asset is not None and target in SHELVES and self.state_after(asset, source, target) not in WIPED:
            return NeedsWiping
        return None

    def move(self, product: str, quantity: int, asset: int | None, source: str, target: str) -> None:
        self.on_hand[source, product] -= quantity
        self.on_hand[target, product] += quantity
        if asset is not None:
            self.data[asset] = self.state_after(asset, source, target)
            self.asset_at[asset] = target


class History(RuleBasedStateMachine):
    """One history, in one transaction that is thrown away at the end."""

    sessions = None

    def __init__(self) -> None:
        super().__init__()
        self.opened = self.sessions.begin()
        self.session = self.opened.__enter__()
        self.books = Books()
        self.told: dict[str, dict[str, object]] = {}
        self.moved: list[Movement] = []
        self.count = 0
        sites = [a_site(self.session) for _ in SHELVES]
        who = an_employee(self.session)
        keys = (
            ("site", sites[0].code), ("site", sites[1].code), ("vehicle", "V"), ("employee", who.number),
            ("quarantine", sites[0].code), ("supplier", "any"), ("lost", "x"),
        )  # fmt: skip
        self.holders = dict(zip(PLACES, (stock.holder(self.session, *key) for key in keys), strict=True))
        self.place_of = {holder.id: place for place, holder in self.holders.items()}
        self.site_codes = {place: site.code for place, site in zip(SHELVES, sites, strict=True)}
        self.products = {"mouse": a_product(self.session), "laptop": a_laptop(self.session)}
        self.name_of = {product.id: name for name, product in self.products.items()}
        for place in SHELVES:
            for product in self.products:
                self.deliver(place, product, 4)

    def teardown(self) -> None:
        self.session.rollback()
        self.opened.__exit__(None, None, None)

    def number(self) -> int:
        self.count += 1
        return self.count

    def met(self, expected: type | None, deed) -> object:
        """Do it; the error met must be the expected one, exactly."""
        try:
            result = deed()
        except InventoryError as error:
            assert type(error) is expected, f"{error!r} instead of {expected}"
            return None
        assert expected is None, f"done, instead of {expected}"
        return result

    def post(self, facts: dict[str, object]) -> Movement:
        return stock.move(self.session, occurred_at=MORNING, now=MORNING, actor="test", **facts)

    # One rule: as rules of their own, deeds that need one another (promise, allocate, fulfil) would seldom meet.
    @rule(data=st.data(), deed=st.sampled_from(DEEDS))
    def act(self, data, deed):
        getattr(self, deed)(data.draw)

    def receive(self, draw):
        self.deliver(draw(st.sampled_from(SHELVES)), draw(PRODUCTS), draw(st.integers(1, 3)))

    def deliver(self, place: str, product: str, quantity: int) -> None:
        numbers = [self.number() for _ in range(quantity)]
        # Tags descend, so that the order of tags and the order of coming differ.
        pieces = tuple((f"T{9999 - n}", f"S{n}") for n in numbers) if product == "laptop" else ()

        movements = stock.post_receipt(
            self.session, site_code=self.site_codes[place], sku=self.products[product].sku, quantity=quantity,
            assets=pieces, receipt_id=str(numbers[0]), now=MORNING, actor="test",
        )  # fmt: skip

        for movement in movements:
            if movement.asset_id is not None:
                self.books.asset_at[movement.asset_id], self.books.data[movement.asset_id] = "supplier", "clean"
            self.books.move(product, movement.quantity, movement.asset_id, "supplier", place)
        self.moved += movements

    def reserve(self, draw):
        place, product = draw(st.sampled_from((*SHELVES, *SHELVES, "lost"))), draw(PRODUCTS)
        quantity = draw(st.integers(1, 3))
        short = place == "lost" or self.books.free(place, product) < quantity
        cause = f"order:O-{self.number()}#1"

        made = self.met(
            NotEnoughStock if short else None,
            lambda: stock.reserve(
                self.session, holder_id=self.holders[place].id, product_id=self.products[product].id, quantity=quantity,
                cause=cause, now=MORNING,
            ),
        )  # fmt: skip

        if made is not None:
            self.books.promises[made.id] = Promise(place, product, quantity, cause)

    def allocate(self, draw):
        if not self.books.open():
            return
        number, promise = draw(st.sampled_from([(n, p) for n, p in self.books.promises.items() if p.state == "open"]))
        tags = {asset.id: asset.asset_tag for asset in self.session.scalars(select(Asset))}
        fit = [a for a, at in self.books.asset_at.items() if at == promise.place and not self.books.promised(a)]
        expected = sorted(fit, key=tags.__getitem__)[: promise.quantity]

        named = stock.allocate(self.session, number, now=MORNING)

        if promise.product == "mouse" or promise.asset is not None:
            assert [one.id for one in named] == [number]
            return
        assert [one.asset_id for one in named] == expected
        for one in named:
            self.books.promises[one.id] = Promise(promise.place, "laptop", 1, promise.cause, one.asset_id)

    def deallocate(self, draw):
        if not self.books.open():
            return
        number = draw(st.sampled_from([n for n, p in self.books.promises.items() if p.state == "open"]))

        stock.deallocate(self.session, number)

        self.books.promises[number].asset = None

    def fulfil(self, draw):
        if not self.books.promises:
            return
        to = draw(st.sampled_from(PLACES))
        # Promises that are open, and now and then one that is closed.
        likely = [(n, p) for n, p in self.books.promises.items() if p.state == "open" or not draw(st.integers(0, 3))]
        number, promise = draw(st.sampled_from(likely or list(self.books.promises.items())))
        expected: type | None = None
        if to == promise.place or (promise.product == "laptop" and promise.asset is None):
            expected = InvalidFact
        elif promise.state != "open":
            expected = Conflict

        moved = self.met(
            expected,
            lambda: stock.fulfil(
                self.session, number, target=self.holders[to], cause="tour:1", key=f"load:{self.number()}",
                occurred_at=MORNING, now=MORNING, actor="test",
            ),
        )  # fmt: skip

        if moved is not None:
            promise.state = "fulfilled"
            self.books.move(promise.product, promise.quantity, promise.asset, promise.place, to)
            self.moved.append(moved)

    def move(self, draw):
        source, to, quantity = draw(st.sampled_from(PLACES)), draw(st.sampled_from(PLACES)), draw(st.integers(1, 3))
        asset = draw(st.sampled_from([None, *self.books.asset_at]))
        if asset is not None and draw(st.integers(0, 3)):
            # Most of the time the piece is where it is said to be.
            source = self.books.asset_at[asset]
        product, quantity = ("mouse", quantity) if asset is None else ("laptop", 1)
        facts = {
            "product_id": self.products[product].id, "quantity": quantity, "asset_id": asset, "cause": "desk:1",
            "source": self.holders[source], "target": self.holders[to], "key": f"desk:{self.number()}",
        }  # fmt: skip

        moved = self.met(self.books.refusal(product, quantity, asset, source, to), lambda: self.post(facts))

        if moved is not None:
            self.books.move(product, quantity, asset, source, to)
            self.told[moved.key] = facts
            self.moved.append(moved)

    def release(self, draw):
        if not self.books.open():
            return
        cause = draw(st.sampled_from(sorted({promise.cause for promise in self.books.open()})))
        freed = [promise for promise in self.books.open() if promise.cause == cause]

        assert stock.release(self.session, cause, now=MORNING) == sum(promise.quantity for promise in freed)

        for promise in freed:
            promise.state = "released"

    def reverse(self, draw):
        wrong = draw(st.sampled_from(self.moved[-6:]))
        product, source, target = (
            self.name_of[wrong.product_id], self.place_of[wrong.to_holder_id], self.place_of[wrong.from_holder_id]
        )  # fmt: skip
        before = next((one for one in self.moved if one.reverses_id == wrong.id), None)
        expected = InvalidFact if wrong.reverses_id else None
        if expected is None and before is None:
            expected = self.books.refusal(product, wrong.quantity, wrong.asset_id, source, target)

        moved = self.met(
            expected, lambda: stock.reverse(self.session, wrong.id, reason="mistake", now=MORNING, actor="boss")
        )

        if moved is not None and before is not None:
            assert moved is before
        elif moved is not None:
            self.books.move(product, wrong.quantity, wrong.asset_id, source, target)
            self.moved.append(moved)

    def tell_again(self, draw):
        if not self.told:
            return
        other = draw(st.booleans())
        key, facts = draw(st.sampled_from(list(self.told.items())))

        again = self.met(Conflict if other else None, lambda: self.post(facts | ({"cause": "desk:2"} if other else {})))

        assert again is None or again in self.moved
        assert key in self.told

    @invariant()
    def the_books_say_what_the_model_says(self):
        on_hand = Counter(dict.fromkeys(self.books.on_hand, 0))
        for row in self.session.execute(
            select(Balance.holder_id, Balance.product_id, Balance.on_hand, Balance.reserved)
        ):
            place, product = self.place_of[row.holder_id], self.name_of[row.product_id]
            on_hand[place, product] = row.on_hand
            assert row.reserved == self.books.reserved(place, product)
            assert place in OUTSIDE or 0 <= row.reserved <= row.on_hand
        assert on_hand == self.books.on_hand

    @invariant()
    def all_holders_add_up_to_zero_and_balances_are_the_fold_of_the_ledger(self):
        fold: Counter[tuple[int, int, str]] = Counter()
        last: dict[int, int] = {}
        for one in self.session.scalars(select(Movement).order_by(Movement.id)):
            fold[one.from_holder_id, one.product_id, one.grade] -= one.quantity
            fold[one.to_holder_id, one.product_id, one.grade] += one.quantity
            if one.asset_id is not None:
                assert last.get(one.asset_id, one.from_holder_id) == one.from_holder_id
                last[one.asset_id] = one.to_holder_id
        rows = self.session.execute(select(Balance.holder_id, Balance.product_id, Balance.grade, Balance.on_hand)).all()
        assert {row[:3]: row.on_hand for row in rows if row.on_hand} == {key: n for key, n in fold.items() if n}
        for product_id in self.name_of:
            assert sum(row.on_hand for row in rows if row.product_id == product_id) == 0
        assert dict(self.session.execute(select(Asset.id, Asset.holder_id)).all()) == last

    @invariant()
    def every_piece_is_where_the_model_says_in_the_state_it_says(self):
        found = self.session.execute(select(Asset.id, Asset.holder_id, Asset.data_state)).all()

        assert {asset: self.place_of[at] for asset, at, _ in found} == self.books.asset_at
        assert {asset: state for asset, _, state in found} == self.books.data
        # What the session had loaded before must not be older than the rows.
        assert all(self.session.get_one(Asset, asset).holder_id == at for asset, at, _ in found)

    @invariant()
    def every_promise_is_in_the_state_the_model_says(self):
        asked = select(Reservation.id, Reservation.quantity, Reservation.asset_id, Reservation.state)
        found = {number: tuple(rest) for number, *rest in self.session.execute(asked)}

        assert found == {n: (p.quantity, p.asset, p.state) for n, p in self.books.promises.items()}


@pytest.mark.slow
def test_services_and_model_agree_on_every_history(sessions):
    machine = type("HistoryHere", (History,), {"sessions": sessions})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
