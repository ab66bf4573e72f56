"""Many callers at the same moment: each race has the winners it should have, and the others a plain refusal."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from inventory import addresses, catalogue, stock
from inventory.errors import Conflict, InventoryError, NotEnoughStock, NotHeld
from inventory.models import Address, Asset, Balance, Holder, Movement, Reservation, Site
from logistics.database import open_sessions
from tests.builders import a_laptop, a_product, a_shelf, a_site, an_employee
from tests.fakes import MORNING

CALLERS = 6


def race(sessions, deeds):
    """Run every deed in its own thread and transaction, all let go at once; answers or refusals, in order."""
    gate = threading.Barrier(len(deeds))

    def run(deed):
        gate.wait()
        try:
            with sessions.begin() as session:
                return deed(session)
        except InventoryError as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds))


def outcomes(answers) -> Counter[str]:
    return Counter(type(one).__name__ if isinstance(one, InventoryError) else "done" for one in answers)


def given(sessions, build):
    with sessions.begin() as session:
        return build(session)


def move(session, shelf, to, key, *, asset_id=None, cause="desk:1"):
    return stock.move(
        session, product_id=shelf["product_id"], asset_id=asset_id, source=session.get_one(Holder, shelf["holder_id"]),
        target=stock.holder(session, *to), cause=cause, key=key, occurred_at=MORNING, now=MORNING, actor="test",
    ).id  # fmt: skip


def reserve_last(url: str, number: int, gate, answers) -> None:
    """What each process of the race below does; the gate opens when all of them have started."""
    sessions = open_sessions(url)
    gate.wait()
    try:
        with sessions.begin() as session:
            shelf = session.execute(select(Balance.holder_id, Balance.product_id).where(Balance.countable)).one()
            stock.reserve(
                session, holder_id=shelf.holder_id, product_id=shelf.product_id, quantity=1, cause=f"order:{number}#1",
                now=MORNING,
            )  # fmt: skip
        answers.put("done")
    except Exception as error:
        answers.put(type(error).__name__)
    finally:
        sessions.close()


def test_of_several_processes_reaching_for_the_last_laptop_one_gets_it(sessions, database_url):
    given(sessions, lambda session: a_shelf(session, on_hand=1, product=a_laptop(session)))
    # Forked where that exists: starting Python afresh eight times would take longer than all other races together.
    start = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    gate, answers = start.Barrier(4), start.Queue()
    callers = [start.Process(target=reserve_last, args=(database_url, n, gate, answers)) for n in range(4)]

    for caller in callers:
        caller.start()
    told = Counter(answers.get(timeout=60) for _ in callers)
    for caller in callers:
        caller.join()

    assert told == {"done": 1, "NotEnoughStock": 3}


def test_the_last_piece_is_promised_once(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=CALLERS - 2))

    def reserve(number):
        return lambda session: stock.reserve(session, **shelf, quantity=1, cause=f"order:{number}#1", now=MORNING)

    told = race(sessions, [reserve(number) for number in range(CALLERS)])

    assert outcomes(told) == {"done": CALLERS - 2, "NotEnoughStock": 2}
    with sessions() as session:
        assert session.execute(select(Balance.on_hand, Balance.reserved).filter_by(**shelf)).one() == (4, 4)


def test_the_last_piece_is_either_promised_or_moved(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=1))

    def reserve(session):
        return stock.reserve(session, **shelf, quantity=1, cause="order:1#1", now=MORNING)

    told = race(sessions, [reserve, lambda session: move(session, shelf, ("vehicle", "V"), "k")] * 2)

    assert outcomes(told)["done"] in (1, 2)
    with sessions() as session:
        promised = session.scalar(select(func.count()).where(Reservation.state == "open"))
        moved = session.scalar(select(func.count()).where(Movement.key == "k"))
        assert promised + moved == 1


def test_a_piece_goes_one_way(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=3, product=a_laptop(session)))
    with sessions() as session:
        piece = session.scalars(select(Asset.id).order_by(Asset.id).limit(1)).one()

    told = race(
        sessions,
        [
            lambda session, n=n: move(session, shelf, ("vehicle", f"V{n}"), f"k{n}", asset_id=piece)
            for n in range(CALLERS)
        ],
    )

    assert outcomes(told) == {"done": 1, NotHeld.__name__: CALLERS - 1}
    with sessions() as session:
        assert session.scalar(select(Balance.on_hand).filter_by(**shelf)) == 2


def test_one_fact_told_by_many_at_once_is_one_movement(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=1))

    told = race(sessions, [lambda session: move(session, shelf, ("vehicle", "V"), "k")] * CALLERS)

    assert outcomes(told) == {"done": CALLERS}
    assert len(set(told)) == 1


def test_one_key_with_two_facts_is_told_once(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=5))

    told = race(
        sessions,
        [lambda session, n=n: move(session, shelf, ("vehicle", "V"), "k", cause=f"c{n}") for n in range(CALLERS)],
    )

    assert outcomes(told) == {"done": 1, Conflict.__name__: CALLERS - 1}


def test_every_promise_is_allocated_another_piece(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=CALLERS, product=a_laptop(session)))

    def build(session):
        return [
            stock.reserve(session, **shelf, quantity=1, cause=f"order:{n}#1", now=MORNING).id for n in range(CALLERS)
        ]

    promises = given(sessions, build)

    told = race(
        sessions,
        [lambda session, p=p: stock.allocate(session, p, now=MORNING)[0].asset_id for p in promises],
    )

    assert outcomes(told) == {"done": CALLERS}
    assert len(set(told)) == CALLERS


def test_a_piece_is_either_allocated_or_gone(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=2, product=a_laptop(session)))
    promise = given(sessions, lambda session: stock.reserve(session, **shelf, quantity=1, cause="o#1", now=MORNING).id)
    with sessions() as session:
        first = session.scalars(select(Asset.id).order_by(Asset.asset_tag).limit(1)).one()

    race(
        sessions,
        [
            lambda session: stock.allocate(session, promise, now=MORNING)[0].asset_id,
            lambda session: move(session, shelf, ("vehicle", "V"), "k", asset_id=first),
        ],
    )

    with sessions() as session:
        named = session.scalars(select(Reservation.asset_id)).one()
        assert session.scalars(select(Asset.holder_id).where(Asset.id == named)).one() == shelf["holder_id"]


def test_a_promise_is_fulfilled_once_however_often_it_is_told(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=3))
    promise = given(sessions, lambda session: stock.reserve(session, **shelf, quantity=2, cause="o#1", now=MORNING).id)

    def fulfil(key):
        return lambda session: stock.fulfil(
            session, promise, target=stock.holder(session, "vehicle", "V"), cause="tour:1", key=key,
            occurred_at=MORNING, now=MORNING, actor="test",
        ).id  # fmt: skip

    told = race(
        sessions, [fulfil("a"), fulfil("a"), fulfil("a"), fulfil("b"), lambda s: stock.release(s, "o#1", now=MORNING)]
    )

    assert len({one for one in told[:4] if isinstance(one, int)}) <= 1
    with sessions() as session:
        on_hand, reserved = session.execute(select(Balance.on_hand, Balance.reserved).filter_by(**shelf)).one()
        state = session.scalars(select(Reservation.state)).one()
        assert (on_hand, reserved, state) in ((1, 0, "fulfilled"), (3, 0, "released"))


def test_pieces_going_both_ways_at_once_do_not_wait_for_each_other_for_ever(sessions):
    def build(session):
        mouse = a_product(session)
        return [a_shelf(session, on_hand=50, product=mouse, site=a_site(session, code)) for code in ("A", "B")]

    one, two = given(sessions, build)

    def back_and_forth(number):
        shelf, to = ((one, ("site", "B")), (two, ("site", "A")))[number % 2]
        return lambda session: [move(session, shelf, to, f"k{number}-{n}") for n in range(5)]

    told = race(sessions, [back_and_forth(number) for number in range(4)])

    assert outcomes(told) == {"done": 4}


def test_what_two_people_create_at_once_is_created_once(sessions):
    facts = given(sessions, lambda session: (a_laptop(session).sku, a_site(session).code, an_employee(session).id))
    sku, code, employee_id = facts

    def tell(session):
        site, _ = catalogue.put_site(
            session, code="NEW", name="New", lat=1.0, lon=1.0, timezone="UTC",
            opens=session.scalars(select(Site.opens)).first(), closes=session.scalars(select(Site.closes)).first(),
        )  # fmt: skip
        home, _ = addresses.replace_address(
            session,
            employee_id,
            line="1",
            postal_code="",
            city="",
            country="",
            lat=1.0,
            lon=1.0,
            accuracy="given",
            now=MORNING,
        )
        piece, _ = stock.open_asset(
            session, asset_tag="T", serial="S", sku=sku, holder_kind="site", holder_key=code, now=MORNING, actor="t"
        )
        received = stock.post_receipt(
            session, site_code=code, sku=sku, quantity=1, assets=(("T2", "S2"),), receipt_id="R", now=MORNING, actor="t"
        )
        return site, home, piece, received[0].id

    told = race(sessions, [tell] * 4)

    assert outcomes(told) == {"done": 4}
    assert sorted(one[:3] for one in told)[0] == ("created",) * 3
    assert Counter(one[:3] for one in told)["unchanged", "unchanged", "unchanged"] == 3
    assert len({one[3] for one in told}) == 1
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Address)) == 1


def test_a_refusal_under_pressure_is_still_the_plain_one(sessions):
    shelf = given(sessions, lambda session: a_shelf(session, on_hand=1))

    told = race(
        sessions, [lambda session, n=n: move(session, shelf, ("vehicle", f"V{n}"), f"k{n}") for n in range(CALLERS)]
    )

    refusals = [one for one in told if isinstance(one, NotEnoughStock)]
    assert len(refusals) == CALLERS - 1
    assert {(one.wanted, one.free) for one in refusals} == {(1, 0)}
