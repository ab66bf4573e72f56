"""What comes in: receipts from suppliers, and what was there before the books began."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from inventory import assets, stock
from inventory.errors import AlreadyExists, Conflict, InvalidFact, NeedsWiping, UnknownRecord
from inventory.models import Asset, Movement
from tests.builders import a_laptop, a_piece, a_product, a_site, an_employee, received
from tests.fakes import MORNING


def receive(session, site, product, quantity, *, pieces=(), receipt="R-1"):
    return stock.post_receipt(
        session, site_code=site.code, sku=product.sku, quantity=quantity, assets=pieces, receipt_id=receipt,
        now=MORNING, actor="test",
    )  # fmt: skip


def open_stock(session, site, product, quantity):
    return stock.open_stock(session, site_code=site.code, sku=product.sku, quantity=quantity, now=MORNING, actor="test")


def open_asset(session, product, who, *, tag="T-1", serial="S-1"):
    return stock.open_asset(
        session, asset_tag=tag, serial=serial, sku=product.sku, holder_kind=who.kind, holder_key=who.key, now=MORNING,
        actor="test",
    )  # fmt: skip


def on_shelf(session, site, product):
    return stock.free(session, stock.holder(session, "site", site.code).id, product.id)


def movements(session):
    return session.scalar(select(func.count()).select_from(Movement))


def test_a_receipt_told_twice_is_booked_once(session):
    site, mouse = a_site(session), a_product(session)

    first, again = receive(session, site, mouse, 5), receive(session, site, mouse, 5)

    assert first == again
    assert (on_shelf(session, site, mouse), first[0].cause) == (5, "receipt:R-1")


def test_a_receipt_with_other_contents_is_a_contradiction(session):
    site, mouse = a_site(session), a_product(session)
    receive(session, site, mouse, 5)

    for other in (
        {"quantity": 6},
        {"quantity": 5, "site": a_site(session)},
        {"quantity": 5, "product": a_product(session)},
    ):
        facts = {"site": site, "product": mouse} | other
        with pytest.raises(Conflict):
            receive(session, facts["site"], facts["product"], facts["quantity"])

    assert on_shelf(session, site, mouse) == 5


def test_received_pieces_are_on_the_shelf_clean_and_under_their_tags(session):
    site, laptop = a_site(session), a_laptop(session)

    booked = receive(session, site, laptop, 2, pieces=(("T-1", "S-1"), ("T-2", "S-2")))
    again = receive(session, site, laptop, 2, pieces=(("T-2", "S-2"), ("T-1", "S-1")))

    assert booked == again
    piece = assets.asset(session, "T-2")
    assert (piece.serial, piece.data_state, piece.grade) == ("S-2", "clean", "A")
    assert assets.held_by(session, stock.holder(session, "site", site.code).id) == (assets.asset(session, "T-1"), piece)
    assert on_shelf(session, site, laptop) == 2


def test_the_same_receipt_with_other_pieces_is_a_contradiction(session):
    site, laptop = a_site(session), a_laptop(session)
    receive(session, site, laptop, 1, pieces=(("T-1", "S-1"),))

    with pytest.raises(Conflict):
        receive(session, site, laptop, 1, pieces=(("T-2", "S-2"),))


@pytest.mark.parametrize("pieces", [(("T-9", "S-8"), ("T-1", "S-9")), (("T-9", "S-8"), ("T-8", "S-1"))])
def test_one_taken_tag_or_serial_keeps_the_whole_receipt_out(session, pieces):
    site, laptop = a_site(session), a_laptop(session)
    receive(session, site, laptop, 1, pieces=(("T-1", "S-1"),), receipt="R-0")

    with pytest.raises(AlreadyExists):
        receive(session, site, laptop, 2, pieces=pieces)

    assert session.scalar(select(Asset.id).where(Asset.asset_tag == "T-9")) is None
    assert on_shelf(session, site, laptop) == 1


def test_a_receipt_agrees_with_its_pieces(session):
    site, laptop, mouse = a_site(session), a_laptop(session), a_product(session)

    for product, quantity, told in ((laptop, 2, (("T-1", "S-1"),)), (mouse, 1, (("T-1", "S-1"),)), (mouse, 0, ())):
        with pytest.raises(InvalidFact):
            receive(session, site, product, quantity, pieces=told)


def test_opening_stock_is_booked_once_and_told_again_it_changes_nothing(session):
    site, mouse = a_site(session), a_product(session)

    (first, booked), (second, told) = (open_stock(session, site, mouse, 10) for _ in range(2))

    assert (first, second) == ("created", "unchanged")
    assert told is booked
    assert booked.key == f"import:stock:{site.code}:{mouse.sku}"
    assert on_shelf(session, site, mouse) == 10


def test_opening_stock_that_the_books_contradict_moves_nothing(session):
    site, mouse = a_site(session), a_product(session)
    open_stock(session, site, mouse, 10)
    received(session, mouse, 2, site=site)
    before = movements(session)

    for quantity in (10, 11, 0):
        with pytest.raises(Conflict) as refusal:
            open_stock(session, site, mouse, quantity)
        assert (refusal.value.told, refusal.value.recorded) == (str(quantity), "12")

    assert movements(session) == before
    assert open_stock(session, site, mouse, 12)[0] == "unchanged"


def test_what_was_received_before_the_opening_is_not_counted_twice(session):
    site, mouse = a_site(session), a_product(session)
    received(session, mouse, 4, site=site)

    assert open_stock(session, site, mouse, 4)[0] == "unchanged"
    with pytest.raises(Conflict):
        open_stock(session, site, mouse, 5)


def test_an_opening_of_nothing_needs_no_movement(session):
    site, mouse = a_site(session), a_product(session)

    assert open_stock(session, site, mouse, 0) == ("unchanged", None)
    assert open_stock(session, site, mouse, 3)[0] == "created"


def test_opening_stock_of_a_serial_product_is_told_by_its_assets(session):
    with pytest.raises(InvalidFact):
        open_stock(session, a_site(session), a_laptop(session), 1)


def test_an_opening_asset_is_booked_once_with_whoever_has_it(session):
    laptop, who = a_laptop(session), an_employee(session)
    home = stock.holder(session, "employee", who.number)

    (first, piece), (second, again) = (open_asset(session, laptop, home) for _ in range(2))

    assert (first, second) == ("created", "unchanged")
    assert again is piece
    assert (piece.holder_id, piece.data_state) == (home.id, "holds-data")
    assert session.scalars(select(Movement.key).where(Movement.asset_id == piece.id)).all() == ["import:asset:T-1"]


def test_an_opening_asset_that_the_books_contradict_moves_nothing(session):
    laptop, other, who, site = a_laptop(session), a_laptop(session), an_employee(session), a_site(session)
    home, shelf = stock.holder(session, "employee", who.number), stock.holder(session, "site", site.code)
    open_asset(session, laptop, home)
    before = movements(session)

    for facts in ({"who": shelf}, {"product": other}, {"serial": "S-2"}):
        told = {"product": laptop, "who": home, "serial": "S-1"} | facts
        with pytest.raises(Conflict):
            open_asset(session, told["product"], told["who"], serial=told["serial"])

    assert movements(session) == before


def test_a_serial_number_belongs_to_one_piece_of_a_product(session):
    laptop, other, site = a_laptop(session), a_laptop(session), a_site(session)
    shelf = stock.holder(session, "site", site.code)
    open_asset(session, laptop, shelf)

    with pytest.raises(AlreadyExists):
        open_asset(session, laptop, shelf, tag="T-2")

    assert open_asset(session, other, shelf, tag="T-3")[0] == "created"
    assert session.scalar(select(Asset.id).where(Asset.asset_tag == "T-2")) is None


def test_a_counted_product_has_no_assets(session):
    with pytest.raises(InvalidFact):
        open_asset(session, a_product(session), stock.holder(session, "site", a_site(session).code))


def test_a_piece_needs_a_tag_and_a_serial_that_fit(session):
    laptop, shelf = a_laptop(session), stock.holder(session, "site", a_site(session).code)

    for tag, serial in (("", "S"), ("T", " "), ("T" * 41, "S"), ("T", "S" * 81), ("T\0", "S")):
        with pytest.raises(InvalidFact):
            open_asset(session, laptop, shelf, tag=tag, serial=serial)

    assert assets.held_by(session, shelf.id) == ()


def test_a_tag_nobody_gave_is_unknown(session):
    with pytest.raises(UnknownRecord):
        assets.asset(session, "T-0")
    with pytest.raises(UnknownRecord):
        assets.set_data_state(session, 999_999, "clean")


def test_a_wiped_piece_may_be_issued_again_and_one_on_the_shelf_is_never_marked_dirty(session):
    laptop, site, who = a_laptop(session), a_site(session), an_employee(session)
    shelf, aside = stock.holder(session, "site", site.code), stock.holder(session, "quarantine", site.code)
    piece = a_piece(session, laptop, who=stock.holder(session, "employee", who.number))
    facts = {
        "product_id": laptop.id,
        "asset_id": piece.id,
        "cause": "care:1",
        "occurred_at": MORNING,
        "now": MORNING,
        "actor": "t",
    }
    stock.move(session, source=stock.holder(session, "employee", who.number), target=aside, key="1", **facts)

    assets.set_data_state(session, piece.id, "sanitised")
    stock.move(session, source=aside, target=shelf, key="2", **facts)

    with pytest.raises(NeedsWiping):
        assets.set_data_state(session, piece.id, "wipe-due")
    assert on_shelf(session, site, laptop) == 1
    assert piece.data_state == "sanitised"


def test_a_data_state_fits_the_product(session):
    laptop, screen, site = a_laptop(session), a_laptop(session, data_bearing=False), a_site(session)
    shelf = stock.holder(session, "site", site.code)
    machine, glass = a_piece(session, laptop, who=shelf), a_piece(session, screen, who=shelf)

    for piece, state in ((machine, "not-data-bearing"), (glass, "clean"), (glass, "shiny")):
        with pytest.raises(InvalidFact):
            assets.set_data_state(session, piece.id, state)
