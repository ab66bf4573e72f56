"""Orders: rows that share a reference are the lines of one order."""

from __future__ import annotations

from datetime import date, time

import pytest
from sqlalchemy import func, select

from inventory.models import Asset, Product, Reservation
from logistics.models import Job, Order, OrderEvent, OrderLine
from tests.logistics.imports.files import BEFORE

HEAD = (
    "reference,kind,employee_number,sku,quantity,return_asset_tag,day,window_start,window_end,priority,"
    "signalled_at,severity\n"
)
#: A swap of the laptop with a headset, and an issue two working days ahead; the clock says Tuesday 2026-11-24.
ORDERS = (
    HEAD + "O-1,swap,E1,LAP,1,T9,2026-11-24,09:00,11:00,2,2026-11-23T17:30,cannot-work\n"
    "O-2,issue,E2,HEA,2,,+2,08:00,16:00,,,\n"
    "O-1,swap,E1,HEA,1,,2026-11-24,09:00,11:00,2,2026-11-23T17:30,cannot-work\n"
)


@pytest.fixture
def bring(bring):
    for kind in BEFORE["orders"]:
        bring(kind)
    return bring


def counts(report):
    return report.created, report.updated, report.unchanged, report.conflicting, report.refused


def orders(system):
    with system.sessions() as session:
        return {order.reference: order for order in session.scalars(select(Order))}


def lines(system, reference):
    with system.sessions() as session:
        rows = session.execute(
            select(OrderLine.direction, Product.sku, OrderLine.quantity, Asset.asset_tag)
            .select_from(OrderLine)
            .join(Product, Product.id == OrderLine.product_id)
            .join(Asset, Asset.id == OrderLine.asset_id, isouter=True)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.reference == reference)
        )
        return sorted(tuple(row) for row in rows)


def test_rows_of_one_reference_become_one_order_wherever_they_stand(system, bring):
    report = bring("orders", ORDERS)

    # The headset of a swap is counted: it goes out, and one should come back, which Ada does not have.
    assert counts(report) == (1, 0, 0, 0, 2)
    assert {problem.code for problem in report.problems} == {"asset-not-held", "order-refused"}


def test_an_issue_and_a_swap_arrive_with_every_fact(system, bring):
    report = bring("orders", "".join(ORDERS.splitlines(keepends=True)[:3]))

    assert counts(report) == (2, 0, 0, 0, 0)
    found = orders(system)
    assert lines(system, "O-1") == [("back", "LAP", 1, "T9"), ("out", "LAP", 1, None)]
    assert lines(system, "O-2") == [("out", "HEA", 2, None)]
    assert (found["O-1"].day, found["O-2"].day) == (date(2026, 11, 24), date(2026, 11, 26))
    assert (found["O-1"].window_start, found["O-1"].priority, found["O-2"].priority) == (time(9), 2, 1)
    with system.sessions() as session:
        signalled = session.scalars(select(OrderEvent).where(OrderEvent.kind == "signalled").order_by(OrderEvent.id))
        assert signalled.first().occurred_at.isoformat() == "2026-11-23T16:30:00+00:00"
        assert session.scalar(select(func.count()).select_from(Job)) == 2
        assert session.scalar(select(func.sum(Reservation.quantity))) == 3


def test_bringing_orders_twice_changes_nothing_even_on_a_later_day(system, bring, clock):
    told = "".join(ORDERS.splitlines(keepends=True)[:3])
    bring("orders", told)
    with system.sessions() as session:
        before = session.scalar(select(func.count()).select_from(OrderEvent))

    clock.wind(days=1)
    report = bring("orders", told)

    assert counts(report) == (0, 0, 2, 0, 0)
    with system.sessions() as session:
        assert session.scalar(select(func.count()).select_from(OrderEvent)) == before


def test_an_order_that_is_there_with_other_facts_is_a_conflict(system, bring):
    bring("orders", HEAD + "O-2,issue,E2,HEA,2,,+2,08:00,16:00,,,\n")

    report = bring("orders", HEAD + "O-2,issue,E2,HEA,3,,+2,08:00,15:00,,,\n")

    assert counts(report) == (0, 0, 0, 1, 0)
    assert report.conflicts[0].facts["fields"] == "window_end, lines"
    assert lines(system, "O-2") == [("out", "HEA", 2, None)]


def test_an_order_without_stock_is_placed_short_and_said(system, bring):
    report = bring("orders", HEAD + "O-3,issue,E1,HEA,500,,+0,08:00,16:00,,,\n")

    assert counts(report) == (1, 0, 0, 0, 0)
    assert [(notice.code, notice.facts["order"]) for notice in report.notices] == [("placed-short", "O-3")]


def test_a_friday_plus_one_is_a_monday(system, bring, clock):
    clock.wind(days=3)

    bring("orders", HEAD + "O-4,issue,E1,HEA,1,,+1,08:00,16:00,,,\nO-5,issue,E2,HEA,1,,+0,08:00,16:00,,,\n")

    assert [order.day for order in orders(system).values()] == [date(2026, 11, 30), date(2026, 11, 27)]


REFUSED = [
    ("O-1,lend,E1,HEA,1,,+0,09:00,11:00,,,", "kind", "not-one-of", "issue, swap, return"),
    (",issue,E1,HEA,1,,+0,09:00,11:00,,,", "reference", "missing-value", "needed"),
    ("O#1,issue,E1,HEA,1,,+0,09:00,11:00,,,", "reference", "not-in-a-key", "'#'"),
    ("O-1,issue,E99,HEA,1,,+0,09:00,11:00,,,", "employee_number", "unknown-record", "no employee E99"),
    ("O-1,issue,E1,ZZZ,1,,+0,09:00,11:00,,,", "sku", "unknown-record", "no product ZZZ"),
    ("O-1,issue,E1,,1,,+0,09:00,11:00,,,", "sku", "needs-sku", "what is delivered"),
    ("O-1,issue,E1,HEA,0,,+0,09:00,11:00,,,", "quantity", "out-of-range", "from 1"),
    ("O-1,issue,E1,HEA,-1,,+0,09:00,11:00,,,", "quantity", "out-of-range", "from 1"),
    ("O-1,issue,E1,HEA,1.5,,+0,09:00,11:00,,,", "quantity", "not-a-number", "whole number"),
    ("O-1,issue,E1,HEA,9223372036854775808,,+0,09:00,11:00,,,", "quantity", "out-of-range", "from 1"),
    ("O-1,issue,E1,HEA,1,T9,+0,09:00,11:00,,,", "return_asset_tag", "takes-nothing-back", "make it a swap"),
    ("O-1,swap,E1,LAP,1,,+0,09:00,11:00,,,", "return_asset_tag", "needs-return-tag", "tag of the piece"),
    ("O-1,swap,E1,LAP,1,T99,+0,09:00,11:00,,,", "return_asset_tag", "unknown-record", "no asset T99"),
    ("O-1,swap,E2,LAP,1,T9,+0,09:00,11:00,,,", "return_asset_tag", "not-held", "T9 is not with this employee"),
    ("O-1,return,E1,HEA,1,T9,+0,09:00,11:00,,,", "return_asset_tag", "other-product", "product LAP"),
    ("O-1,issue,E1,HEA,1,,yesterday,09:00,11:00,,,", "day", "not-an-order-day", "+2"),
    ("O-1,issue,E1,HEA,1,,24/11/2026,09:00,11:00,,,", "day", "not-an-order-day", "2026-11-23"),
    ("O-1,issue,E1,HEA,1,,2026-02-30,09:00,11:00,,,", "day", "no-such-date", "calendar"),
    ("O-1,issue,E1,HEA,1,,46350,09:00,11:00,,,", "day", "spreadsheet-date", "format the column"),
    ("O-1,issue,E1,HEA,1,,2026-11-20,09:00,11:00,,,", "day", "day-in-the-past", "2026-11-24"),
    ("O-1,issue,E1,HEA,1,,+0,11:00,09:00,,,", "window_end", "closes-before-it-opens", "window_start (11:00)"),
    ("O-1,issue,E1,HEA,1,,+0,11:00,11:00,,,", "window_end", "closes-before-it-opens", "window_start (11:00)"),
    ("O-1,issue,E1,HEA,1,,+0,9h,11:00,,,", "window_start", "not-a-time", "HH:MM"),
    ("O-1,issue,E1,HEA,1,,+0,09:00,11:00,4,,", "priority", "out-of-range", "from 1 to 3"),
    ("O-1,issue,E1,HEA,1,,+0,09:00,11:00,,yesterday,", "signalled_at", "not-a-moment", "2026-11-23T08:30"),
    ("O-1,issue,E1,HEA,1,,+0,09:00,11:00,,2026-11-24T23:00,", "signalled_at", "invalid-request", "not come yet"),
]


def test_a_bad_row_refuses_its_order_alone_and_says_why(system, bring):
    for row, column, code, words in REFUSED:
        report = bring("orders", f"{HEAD}{row}\nO-9,issue,E2,HEA,1,,+0,09:00,11:00,,,\n", dry_run=True)

        assert counts(report) == (1, 0, 0, 0, 1), row
        (problem,) = report.problems
        assert (problem.line, problem.column, problem.code) == (2, column, code), row
        assert words in problem.sentence(), row
        assert problem.sentence("fr") != problem.sentence("en"), row
    assert orders(system) == {}


def test_one_bad_line_keeps_the_whole_order_out_and_the_error_file_holds_every_row_of_it(system, bring):
    told = HEAD + (
        "O-1,issue,E1,HEA,1,,+0,09:00,11:00,,,\n"
        "O-1,issue,E1,ZZZ,1,,+0,09:00,11:00,,,\n"
        "O-2,issue,E2,HEA,1,,+0,09:00,11:00,,,\n"
    )

    report = bring("orders", told)
    again = bring("orders", report.error_file.read_bytes().replace(b"ZZZ", b"LAP"), name="again.csv")

    assert counts(report) == (1, 0, 0, 0, 2)
    assert [(problem.line, problem.code) for problem in report.problems] == [
        (2, "order-refused"),
        (3, "unknown-record"),
    ]
    assert counts(again) == (2, 0, 0, 0, 0)
    assert lines(system, "O-1") == [("out", "HEA", 1, None), ("out", "LAP", 1, None)]


def test_rows_of_one_order_must_agree(bring):
    told = HEAD + "O-1,issue,E1,HEA,1,,+0,09:00,11:00,,,\nO-1,issue,E2,LAP,1,,+0,09:00,12:00,,,\n"

    report = bring("orders", told)

    assert [(problem.line, problem.column) for problem in report.problems if problem.code == "lines-disagree"] == [
        (3, "employee_number"),
        (3, "window_end"),
    ]
    assert report.refused == 2


def test_a_return_needs_only_the_tag(system, bring):
    report = bring("orders", HEAD + "O-1,return,E1,,,T9,+0,09:00,11:00,,,\n")

    assert counts(report) == (1, 0, 0, 0, 0)
    assert lines(system, "O-1") == [("back", "LAP", 1, "T9")]
