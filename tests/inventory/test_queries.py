"""Read models: the right figures, in a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from inventory import queries, stock
from inventory.errors import UnknownRecord
from tests.builders import a_laptop, a_piece, a_product, a_shelf, a_site, an_address, an_employee, pieces, received
from tests.fakes import MORNING


@pytest.fixture
def statements(session):
    """The SQL sent while the test runs; clear it before what is to be counted."""
    sent: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note := lambda *args: sent.append(args[2]))
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def _moved(session, product, source, target, key, **facts):
    return stock.move(
        session, product_id=product.id, source=source, target=target, key=key, now=MORNING, actor="test",
        **({"cause": "desk:1", "occurred_at": MORNING} | facts),
    )  # fmt: skip


def test_stock_by_site_counts_shelf_promises_and_quarantine_apart(session):
    nice, cannes = a_site(session, "NCE"), a_site(session, "CEQ")
    mouse, laptop = a_product(session, "MOU"), a_laptop(session, "LAP")
    shelf = a_shelf(session, on_hand=5, product=mouse, site=nice)
    a_shelf(session, on_hand=2, product=mouse, site=cannes)
    (first, _second) = pieces(session, laptop, 2, site=nice)
    stock.reserve(session, **shelf, quantity=2, cause="order:O-1#1", now=MORNING)
    here, aside = stock.holder(session, "site", "NCE"), stock.holder(session, "quarantine", "NCE")
    _moved(session, laptop, here, aside, "q", asset_id=first.id)

    everywhere = queries.stock_by_site(session)
    at_nice = queries.stock_by_site(session, ["NCE"])

    figures = {
        (line.site_code, line.sku): (line.on_hand, line.reserved, line.free, line.quarantined) for line in everywhere
    }
    assert figures == {("CEQ", "MOU"): (2, 0, 2, 0), ("NCE", "LAP"): (1, 0, 1, 1), ("NCE", "MOU"): (5, 2, 3, 0)}
    assert [line.sku for line in at_nice] == ["LAP", "MOU"]
    assert queries.stock_by_site(session, []) == ()


def test_holdings_tell_pieces_with_their_tag_and_the_rest_by_count(session):
    site, laptop, mouse, cable = (
        a_site(session),
        a_laptop(session, "LAP"),
        a_product(session, "MOU"),
        a_product(session),
    )
    who = an_employee(session)
    home, shelf = stock.holder(session, "employee", who.number), stock.holder(session, "site", site.code)
    piece = a_piece(session, laptop, who=shelf, tag="T-1", serial="S-1")
    received(session, mouse, 4, site=site)
    received(session, cable, 1, site=site)
    _moved(session, laptop, shelf, home, "a", asset_id=piece.id, occurred_at=MORNING - timedelta(hours=1))
    _moved(session, mouse, shelf, home, "b", quantity=3)
    _moved(session, cable, shelf, home, "c")
    _moved(session, cable, home, shelf, "d")

    held = queries.holdings(session, who.id)

    assert [(one.sku, one.asset_tag, one.serial, one.quantity, one.data_state) for one in held] == [
        ("LAP", "T-1", "S-1", 1, "holds-data"), ("MOU", None, None, 3, None)
    ]  # fmt: skip
    assert held[0].since == MORNING - timedelta(hours=1)
    assert queries.held_by(session, home.id) == held


def test_a_card_tells_how_well_the_home_is_known_and_nothing_of_it(session):
    who = an_employee(session, "E-77", given_name="Zoé", family_name="Lefèvre")
    home = an_address(session, who, line="3 rue Secrète", city="Vence")

    card = queries.employee_card(session, "E-77")

    assert (card.name, card.address_id, card.accuracy, card.held) == ("Zoé Lefèvre", home.id, "given", ())
    assert not any(word in repr(card) for word in ("Secrète", "Vence", str(home.lat)))


def test_a_card_without_a_home_says_so(session):
    an_employee(session, "E-78")

    assert queries.employee_card(session, "E-78").address_id is None


def test_there_is_no_card_of_a_stranger(session):
    with pytest.raises(UnknownRecord):
        queries.employee_card(session, "nobody")


def test_the_ledger_is_read_newest_first_page_by_page(session):
    site, mouse = a_site(session), a_product(session)
    received(session, mouse, 9, site=site)
    shelf, van = stock.holder(session, "site", site.code), stock.holder(session, "vehicle", "V1")
    for number in range(5):
        _moved(session, mouse, shelf, van, f"k{number}", cause=f"c{number}")

    first = queries.movements_of(session, site_code=site.code, limit=4)
    second = queries.movements_of(session, site_code=site.code, limit=4, older_than=first.older_than)

    assert [line.cause for line in first.lines] == ["c4", "c3", "c2", "c1"]
    assert [line.cause.partition(":")[0] for line in second.lines] == ["c0", "receipt"]
    assert second.older_than is None
    assert (first.lines[0].source, first.lines[0].target) == (f"site:{site.code}", "vehicle:V1")


def test_the_ledger_is_narrowed_by_whatever_is_asked(session):
    site, laptop = a_site(session), a_laptop(session)
    who, other = an_employee(session), an_employee(session)
    shelf = stock.holder(session, "site", site.code)
    one, two = (a_piece(session, laptop, who=shelf) for _ in range(2))
    mine = _moved(session, laptop, shelf, stock.holder(session, "employee", who.number), "1", asset_id=one.id)
    theirs = _moved(
        session, laptop, shelf, stock.holder(session, "employee", other.number), "2", asset_id=two.id, cause="x"
    )

    def ids(**asked):
        return [line.id for line in queries.movements_of(session, **asked).lines]

    assert ids(employee_id=who.id) == [mine.id]
    assert ids(asset_tag=two.asset_tag)[0] == theirs.id
    assert ids(cause="x") == [theirs.id]
    assert ids(sku=laptop.sku, employee_id=other.id) == [theirs.id]


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow_with_the_rows(session, statements, count):
    site, laptop = a_site(session), a_laptop(session)
    who = an_employee(session)
    for _ in range(count):
        a_piece(session, laptop, who=stock.holder(session, "employee", who.number))
    a_shelf(session, on_hand=count, site=site)
    session.expunge_all()
    statements.clear()

    queries.stock_by_site(session)
    queries.employee_card(session, who.number)
    queries.movements_of(session, employee_id=who.id)

    assert len(statements) == 5
