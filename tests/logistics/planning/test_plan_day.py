"""Planning a day from rows to rows, with a real search."""

from __future__ import annotations

from tests.logistics.planning.scenes import Company


def test_a_day_becomes_tours_that_serve_every_order_from_its_own_site(company: Company):
    company.order("O-1")
    company.order("O-2", where=(43.7050, 7.2800))
    company.order("O-3", where=(43.58, 7.12), site=company.antibes)

    summary = company.plan()

    assert {van: set(orders) for van, orders in company.served(summary.plan_id).items()} == {
        "V1": {"O-1", "O-2"}, "V2": {"O-3"},
    }  # fmt: skip
    assert (summary.tours, summary.stops, summary.unserved, summary.version) == (2, 3, 0, 1)
    assert company.plans() == [(1, "draft")]
