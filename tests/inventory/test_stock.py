"""Moving, promising and handing over pieces."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from inventory import stock
from inventory.errors import Conflict, InvalidFact, NeedsWiping, NotEnoughStock, NotHeld, Promised, UnknownRecord
from inventory.models import Asset, Balance, Holder, Movement, Reservation
from tests.builders import a_laptop, a_piece, a_product, a_shelf, a_site, an_employee, pieces
from tests.fakes import MORNING

LATER = MORNING + timedelta(hours=2)


def move(session, **facts):
    usual = {"cause": "desk:1", "key": "k1", "occurred_at": MORNING, "now": MORNING, "actor": "test"}
    return stock.move(session, **(usual | facts))


def fulfil(session, reservation, **facts):
    usual = {"cause": "tour:1", "key": "load:1", "occurred_at": MORNING, "now": MORNING, "actor": "test"}
    return stock.fulfil(session, reservation.id, **(usual | facts))


def promise(session, shelf, quantity=1, cause="order:O-1#1"):
    return stock.reserve(session, **shelf, quantity=quantity, cause=cause, now=MORNING)


def balance(session, shelf):
    return session.execute(select(Balance.on_hand, Balance.reserved).filter_by(**shelf)).one()


def holder_of(session, shelf):
    return session.get_one(Holder, shelf["holder_id"])


def a_van(session):
    return stock.holder(session, "vehicle", "V1")


def movements(session):
    return session.scalar(select(func.count()).select_from(Movement))


# --- holders ----------------------------------------------------------------------------------------------------------


def test_a_holder_is_made_once_and_knows_its_site_or_employee(session):
    site, who = a_site(session), an_employee(session)

    shelf, aside = stock.holder(session, "site", site.code), stock.holder(session, "quarantine", site.code)
    home = stock.holder(session, "employee", who.number)

    assert (shelf.site_id, aside.site_id, home.employee_id) == (site.id, site.id, who.id)
    assert stock.holder(session, "site", site.code) is shelf
    assert shelf.name == f"site:{site.code}"


def test_a_holder_needs_its_record(session):
    for kind in ("site", "quarantine", "employee"):
        with pytest.raises(UnknownRecord):
            stock.holder(session, kind, "nowhere")


def test_a_holder_of_no_kind_or_key_is_refused(session):
    for kind, key in (("bin", "1"), ("vehicle", " "), ("vehicle", "x" * 61), ("vehicle", "a\0b")):
        with pytest.raises(InvalidFact):
            stock.holder(session, kind, key)


# --- moving -----------------------------------------------------------------------------------------------------------


def test_what_leaves_one_holder_reaches_another(session):
    shelf = a_shelf(session, on_hand=5)
    van = a_van(session)

    moved = move(session, product_id=shelf["product_id"], quantity=3, source=holder_of(session, shelf), target=van)

    assert balance(session, shelf).on_hand == 2
    assert balance(session, {"holder_id": van.id, "product_id": shelf["product_id"]}).on_hand == 3
    assert (moved.quantity, moved.cause, moved.actor) == (3, "desk:1", "test")


def test_more_than_there_is_cannot_leave_and_nothing_is_written(session):
    shelf = a_shelf(session, on_hand=2)
    before = movements(session)

    with pytest.raises(NotEnoughStock) as refusal:
        move(
            session, product_id=shelf["product_id"], quantity=3, source=holder_of(session, shelf), target=a_van(session)
        )

    assert (refusal.value.wanted, refusal.value.free) == (3, 2)
    assert (movements(session), balance(session, shelf).on_hand) == (before, 2)


def test_what_was_promised_cannot_leave_by_the_side_door(session):
    shelf = a_shelf(session, on_hand=3)
    promise(session, shelf, 2)

    with pytest.raises(NotEnoughStock) as refusal:
        move(
            session, product_id=shelf["product_id"], quantity=2, source=holder_of(session, shelf), target=a_van(session)
        )

    assert refusal.value.free == 1
    assert balance(session, shelf) == (3, 2)


def test_the_world_outside_may_owe_us_pieces(session):
    product, supplier, lost = (
        a_product(session),
        stock.holder(session, "supplier", "any"),
        stock.holder(session, "lost", "x"),
    )

    move(session, product_id=product.id, quantity=7, source=supplier, target=lost)

    assert balance(session, {"holder_id": supplier.id, "product_id": product.id}).on_hand == -7


def test_a_fact_told_twice_moves_once(session):
    shelf = a_shelf(session, on_hand=5)
    facts = {"product_id": shelf["product_id"], "source": holder_of(session, shelf), "target": a_van(session)}

    first = move(session, **facts)
    again = move(session, **facts, now=LATER, occurred_at=LATER, actor="somebody else")

    assert again is first
    assert balance(session, shelf).on_hand == 4


def test_a_fact_told_again_after_the_shelf_ran_empty_is_still_the_same_fact(session):
    shelf = a_shelf(session, on_hand=1)
    facts = {"product_id": shelf["product_id"], "source": holder_of(session, shelf), "target": a_van(session)}

    first = move(session, **facts)

    assert move(session, **facts) is first


def test_a_key_with_other_facts_is_a_contradiction(session):
    shelf = a_shelf(session, on_hand=5)
    facts = {"product_id": shelf["product_id"], "source": holder_of(session, shelf), "target": a_van(session)}
    other = {
        "quantity": 2, "target": stock.holder(session, "vehicle", "V2"), "cause": "desk:2",
        "source": stock.holder(session, "supplier", "any"), "grade": "B",
    }  # fmt: skip
    move(session, **facts)

    for change, value in other.items():
        with pytest.raises(Conflict) as refusal:
            move(session, **(facts | {change: value}))
        assert refusal.value.key == "k1"

    assert balance(session, shelf).on_hand == 4


def test_a_movement_that_says_nothing_is_refused(session):
    shelf = a_shelf(session, on_hand=5)
    facts = {"product_id": shelf["product_id"], "source": holder_of(session, shelf), "target": a_van(session)}
    wrongs = [
        {"quantity": 0}, {"quantity": -1}, {"quantity": 2**31}, {"quantity": True}, {"grade": "F"}, {"cause": " "},
        {"key": ""}, {"key": "k" * 161}, {"cause": "c" * 121},
    ]  # fmt: skip

    for wrong in wrongs:
        with pytest.raises(InvalidFact):
            move(session, **(facts | wrong))

    assert balance(session, shelf).on_hand == 5


def test_nothing_moves_to_where_it_is(session):
    shelf = a_shelf(session, on_hand=5)

    with pytest.raises(InvalidFact):
        move(
            session, product_id=shelf["product_id"], source=holder_of(session, shelf), target=holder_of(session, shelf)
        )


# --- exact pieces -----------------------------------------------------------------------------------------------------


def test_a_piece_has_the_holder_the_ledger_says(session):
    laptop, site = a_laptop(session), a_site(session)
    (piece,) = pieces(session, laptop, 1, site=site)
    shelf, van = stock.holder(session, "site", site.code), a_van(session)

    move(session, product_id=laptop.id, asset_id=piece.id, source=shelf, target=van)

    assert piece.holder_id == van.id
    session.expire_all()
    assert piece.holder_id == van.id


def test_a_piece_leaves_only_where_it_is(session):
    laptop, site = a_laptop(session), a_site(session)
    piece, _other = pieces(session, laptop, 2, site=site)
    shelf, van = stock.holder(session, "site", site.code), a_van(session)
    move(session, product_id=laptop.id, asset_id=piece.id, source=shelf, target=van)

    with pytest.raises(NotHeld):
        move(
            session,
            product_id=laptop.id,
            asset_id=piece.id,
            source=shelf,
            target=stock.holder(session, "lost", "x"),
            key="k2",
        )

    assert balance(session, {"holder_id": shelf.id, "product_id": laptop.id}).on_hand == 1


def test_not_even_the_world_outside_gives_a_piece_that_somebody_has(session):
    laptop, site = a_laptop(session), a_site(session)
    (piece,) = pieces(session, laptop, 1, site=site)

    with pytest.raises(NotHeld):
        move(
            session,
            product_id=laptop.id,
            asset_id=piece.id,
            source=stock.holder(session, "supplier", "any"),
            target=a_van(session),
        )


def test_a_serial_product_moves_piece_by_piece(session):
    laptop = a_laptop(session)
    shelf = a_shelf(session, on_hand=2, product=laptop)
    piece = session.scalars(select(Asset).order_by(Asset.id)).first()
    facts = {"product_id": laptop.id, "source": holder_of(session, shelf), "target": a_van(session)}

    for wrong in (
        {},
        {"asset_id": piece.id, "quantity": 2},
        {"asset_id": piece.id, "product_id": a_laptop(session).id},
    ):
        with pytest.raises(InvalidFact):
            move(session, **(facts | wrong))


def test_moving_what_nobody_knows_is_refused_by_name(session):
    shelf = a_shelf(session, on_hand=1)
    facts = {"source": holder_of(session, shelf), "target": a_van(session)}

    with pytest.raises(UnknownRecord) as no_product:
        move(session, product_id=999_999, **facts)
    with pytest.raises(UnknownRecord) as no_asset:
        move(session, product_id=shelf["product_id"], asset_id=999_999, **facts)

    assert (no_product.value.kind, no_asset.value.kind) == ("product", "asset")


def test_what_an_employee_had_is_to_be_wiped_before_it_lies_in_free_stock(session):
    laptop, site, who = a_laptop(session), a_site(session), an_employee(session)
    (piece,) = pieces(session, laptop, 1, site=site)
    shelf, van, home = (
        stock.holder(session, *one) for one in (("site", site.code), ("vehicle", "V1"), ("employee", who.number))
    )
    facts = {"product_id": laptop.id, "asset_id": piece.id}

    move(session, **facts, source=shelf, target=van, key="1")
    assert piece.data_state == "clean"
    move(session, **facts, source=van, target=home, key="2")
    assert piece.data_state == "holds-data"
    move(session, **facts, source=home, target=van, key="3")
    assert piece.data_state == "wipe-due"
    with pytest.raises(NeedsWiping):
        move(session, **facts, source=van, target=shelf, key="4")
    move(session, **facts, source=van, target=stock.holder(session, "quarantine", site.code), key="5")

    assert stock.free(session, shelf.id, laptop.id) == 0


def test_what_cannot_hold_data_goes_straight_back_to_the_shelf(session):
    screen, site, who = a_laptop(session, data_bearing=False), a_site(session), an_employee(session)
    home = stock.holder(session, "employee", who.number)
    piece = a_piece(session, screen, who=home)

    move(session, product_id=screen.id, asset_id=piece.id, source=home, target=stock.holder(session, "site", site.code))

    assert piece.data_state == "not-data-bearing"


# --- promises ---------------------------------------------------------------------------------------------------------


def test_a_refused_reservation_leaves_the_shelf_as_it_was(session):
    shelf = a_shelf(session, on_hand=2)

    with pytest.raises(NotEnoughStock) as refusal:
        promise(session, shelf, 3)

    assert (refusal.value.wanted, refusal.value.free) == (3, 2)
    assert stock.free(session, **shelf) == 2


def test_a_shelf_that_never_saw_the_product_has_none(session):
    shelf = a_shelf(session)

    with pytest.raises(NotEnoughStock) as refusal:
        promise(session, shelf, 1)

    assert refusal.value.free == 0


def test_the_world_outside_promises_nothing(session):
    product, scrap = a_product(session), stock.holder(session, "scrap", "x")
    move(session, product_id=product.id, quantity=5, source=stock.holder(session, "supplier", "any"), target=scrap)

    with pytest.raises(NotEnoughStock):
        promise(session, {"holder_id": scrap.id, "product_id": product.id}, 1)


def test_a_promise_asked_for_twice_is_one_promise(session):
    shelf = a_shelf(session, on_hand=5)

    assert promise(session, shelf, 2) is promise(session, shelf, 2)
    assert balance(session, shelf).reserved == 2


def test_a_cause_is_not_promised_two_different_things(session):
    shelf = a_shelf(session, on_hand=5)
    promise(session, shelf, 2)

    with pytest.raises(Conflict):
        promise(session, shelf, 3)

    assert balance(session, shelf).reserved == 2


def test_releasing_frees_everything_promised_to_the_cause_and_nothing_else(session):
    shelf, laptops = a_shelf(session, on_hand=5), a_shelf(session, on_hand=3, product=a_laptop(session))
    kept = promise(session, shelf, 1, cause="order:O-2#1")
    promise(session, shelf, 2)
    taken = promise(session, laptops, 2, cause="order:O-1#2")
    stock.allocate(session, taken.id, now=MORNING)

    freed = [stock.release(session, cause, now=LATER) for cause in ("order:O-1#1", "order:O-1#2", "order:O-1#2")]

    assert freed == [2, 2, 0]
    assert (taken.state, taken.closed_at, kept.state) == ("released", LATER, "open")
    assert (balance(session, shelf).reserved, balance(session, laptops).reserved) == (1, 0)
    assert stock.promises(session, "order:O-1#2") == ()


def test_the_lowest_tags_are_allocated_one_promise_each(session):
    laptop, site = a_laptop(session), a_site(session)
    where = stock.holder(session, "site", site.code)
    c, a, b = (a_piece(session, laptop, who=where, tag=tag) for tag in ("T-C", "T-A", "T-B"))
    asked = promise(session, {"holder_id": where.id, "product_id": laptop.id}, 2)

    named = stock.allocate(session, asked.id, now=MORNING)

    assert [one.asset_id for one in named] == [a.id, b.id]
    assert named[0] is asked
    assert {(one.quantity, one.cause, one.state) for one in named} == {(1, "order:O-1#1", "open")}
    assert stock.promises(session, "order:O-1#1") == named
    assert balance(session, {"holder_id": where.id, "product_id": laptop.id}) == (3, 2)
    assert c.id not in [one.asset_id for one in named]


def test_a_piece_is_allocated_to_one_cause_at_a_time(session):
    shelf = a_shelf(session, on_hand=2, product=a_laptop(session))
    first, second = (promise(session, shelf, 1, cause=f"order:O-{n}#1") for n in (1, 2))

    taken = [stock.allocate(session, one.id, now=MORNING)[0].asset_id for one in (first, second)]

    assert len(set(taken)) == 2
    assert stock.allocate(session, first.id, now=MORNING) == (first,)


def test_a_counted_product_has_no_pieces_to_name(session):
    asked = promise(session, a_shelf(session, on_hand=5), 3)

    assert stock.allocate(session, asked.id, now=MORNING) == (asked,)
    assert (asked.quantity, asked.asset_id) == (3, None)


def test_a_piece_taken_off_a_promise_can_be_named_for_another(session):
    shelf = a_shelf(session, on_hand=2, product=a_laptop(session))
    first, second = (promise(session, shelf, 1, cause=f"order:O-{n}#1") for n in (1, 2))
    (named,) = stock.allocate(session, first.id, now=MORNING)
    piece = named.asset_id

    stock.deallocate(session, first.id)
    (other,) = stock.allocate(session, second.id, now=MORNING)

    assert (first.asset_id, other.asset_id) == (None, piece)
    assert balance(session, shelf).reserved == 2


@pytest.mark.parametrize("deed", ["allocate", "deallocate"])
def test_a_closed_promise_names_no_piece(session, deed):
    shelf = a_shelf(session, on_hand=1, product=a_laptop(session))
    asked = promise(session, shelf)
    stock.release(session, asked.cause, now=MORNING)

    with pytest.raises(UnknownRecord):
        stock.allocate(session, asked.id, now=MORNING) if deed == "allocate" else stock.deallocate(session, asked.id)


def test_a_promised_piece_moves_only_for_its_promise(session):
    shelf = a_shelf(session, on_hand=2, product=a_laptop(session))
    (named,) = stock.allocate(session, promise(session, shelf).id, now=MORNING)
    van = a_van(session)
    by_the_side = {
        "product_id": shelf["product_id"],
        "asset_id": named.asset_id,
        "source": holder_of(session, shelf),
        "target": van,
    }

    with pytest.raises(Promised) as refusal:
        move(session, **by_the_side)
    moved = fulfil(session, named, target=van)

    assert refusal.value.cause == "order:O-1#1"
    assert (moved.asset_id, named.state, named.closed_at) == (named.asset_id, "fulfilled", MORNING)
    assert balance(session, shelf) == (1, 0)


def test_fulfilling_moves_and_closes_in_one_and_only_once(session):
    shelf, van = a_shelf(session, on_hand=5), a_van(session)
    asked = promise(session, shelf, 3)

    first = fulfil(session, asked, target=van)
    again = fulfil(session, asked, target=van, now=LATER)

    assert again is first
    assert balance(session, shelf) == (2, 0)
    assert balance(session, {"holder_id": van.id, "product_id": shelf["product_id"]}) == (3, 0)


def test_a_promise_is_not_fulfilled_under_two_keys(session):
    shelf, van = a_shelf(session, on_hand=5), a_van(session)
    asked = promise(session, shelf, 2)
    fulfil(session, asked, target=van)

    with pytest.raises(Conflict):
        fulfil(session, asked, target=van, key="load:2")

    assert balance(session, shelf) == (3, 0)


def test_a_released_promise_moves_nothing(session):
    shelf = a_shelf(session, on_hand=5)
    asked = promise(session, shelf, 2)
    stock.release(session, asked.cause, now=MORNING)

    with pytest.raises(Conflict) as refusal:
        fulfil(session, asked, target=a_van(session))

    assert refusal.value.recorded == "released"
    assert balance(session, shelf) == (5, 0)


def test_a_promise_of_a_kind_is_not_fulfilled_before_a_piece_is_named(session):
    shelf = a_shelf(session, on_hand=1, product=a_laptop(session))
    asked = promise(session, shelf)

    with pytest.raises(InvalidFact):
        fulfil(session, asked, target=a_van(session))

    assert asked.state == "open"


def test_a_promise_nobody_made_is_unknown(session):
    with pytest.raises(UnknownRecord):
        stock.fulfil(
            session, 999_999, target=a_van(session), cause="c", key="k", occurred_at=MORNING, now=MORNING, actor="t"
        )  # fmt: skip


def test_a_failed_fulfilment_leaves_the_promise_open(session):
    laptop, site, who = a_laptop(session), a_site(session), an_employee(session)
    shelf = a_shelf(session, on_hand=1, product=laptop, site=site)
    (named,) = stock.allocate(session, promise(session, shelf).id, now=MORNING)
    taken = session.get_one(Asset, named.asset_id)
    taken.data_state = "wipe-due"

    with pytest.raises(NeedsWiping):
        fulfil(session, named, target=stock.holder(session, "site", a_site(session).code))

    assert session.scalar(select(Reservation.state).where(Reservation.id == named.id)) == "open"
    assert balance(session, shelf) == (1, 1)
    assert who.id


# --- reversing --------------------------------------------------------------------------------------------------------


def test_a_mistake_is_mended_by_its_opposite_once(session):
    shelf, van = a_shelf(session, on_hand=5), a_van(session)
    wrong = move(session, product_id=shelf["product_id"], quantity=2, source=holder_of(session, shelf), target=van)

    mended = stock.reverse(session, wrong.id, reason="counted twice", now=LATER, actor="boss")
    again = stock.reverse(session, wrong.id, reason="counted twice", now=LATER, actor="boss")

    assert again is mended
    assert (mended.reverses_id, mended.reason, mended.from_holder_id) == (wrong.id, "counted twice", van.id)
    assert balance(session, shelf).on_hand == 5


def test_what_has_gone_on_cannot_be_reversed(session):
    shelf, van = a_shelf(session, on_hand=5), a_van(session)
    wrong = move(session, product_id=shelf["product_id"], quantity=2, source=holder_of(session, shelf), target=van)
    move(session, product_id=shelf["product_id"], source=van, target=stock.holder(session, "lost", "x"), key="k2")

    with pytest.raises(NotEnoughStock):
        stock.reverse(session, wrong.id, reason="mistake", now=LATER, actor="boss")

    assert balance(session, shelf).on_hand == 3


def test_a_reversal_needs_a_reason_and_is_not_reversed(session):
    shelf = a_shelf(session, on_hand=5)
    wrong = move(session, product_id=shelf["product_id"], source=holder_of(session, shelf), target=a_van(session))

    with pytest.raises(InvalidFact):
        stock.reverse(session, wrong.id, reason="  ", now=LATER, actor="boss")
    mended = stock.reverse(session, wrong.id, reason="mistake", now=LATER, actor="boss")
    with pytest.raises(InvalidFact):
        stock.reverse(session, mended.id, reason="no, not a mistake", now=LATER, actor="boss")
    with pytest.raises(UnknownRecord):
        stock.reverse(session, 999_999, reason="x", now=LATER, actor="boss")


# --- naming another piece ---------------------------------------------------------------------------------------------


def test_another_piece_can_be_named_for_a_promise(session):
    shelf = a_shelf(session, on_hand=2, product=a_laptop(session))
    (named,) = stock.allocate(session, promise(session, shelf).id, now=MORNING)
    (other,) = stock.issuable(session, **shelf)

    stock.name_piece(session, named.id, other.id)
    stock.name_piece(session, named.id, other.id)

    assert named.asset_id == other.id
    assert other not in stock.issuable(session, **shelf)
    assert balance(session, shelf) == (2, 1)


def test_a_piece_that_is_elsewhere_or_promised_is_not_named(session):
    laptop = a_laptop(session)
    shelf, elsewhere = a_shelf(session, on_hand=2, product=laptop), a_shelf(session, on_hand=1, product=laptop)
    mine, theirs = (promise(session, shelf, cause=f"order:O-{n}#1") for n in (1, 2))
    for one in (mine, theirs):
        stock.allocate(session, one.id, now=MORNING)
    before = mine.asset_id

    for wrong in (theirs.asset_id, stock.issuable(session, **elsewhere)[0].id):
        with pytest.raises(NotHeld):
            stock.name_piece(session, mine.id, wrong)

    assert mine.asset_id == before


def test_no_piece_is_named_for_a_promise_of_several(session):
    shelf = a_shelf(session, on_hand=2, product=a_laptop(session))
    asked = promise(session, shelf, 2)

    with pytest.raises(InvalidFact):
        stock.name_piece(session, asked.id, stock.issuable(session, **shelf)[0].id)
