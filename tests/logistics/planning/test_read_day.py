"""A day as values: what is planned, what is set aside and why, and when it counts as changed."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import update

from inventory import stock
from inventory.models import Asset, Employee, Site
from logistics.models import Job, OrderLine
from tests.builders import a_piece, an_employee, someone_at_home
from tests.logistics.builders import TOMORROW, back, out
from tests.logistics.planning.scenes import NEAR_ANTIBES, NEAR_NICE, Company


def aside(company: Company, **facts) -> dict[str, tuple[str, dict]]:
    return {one.reference: (one.code, dict(one.facts)) for one in company.work(**facts).aside}


def references(company: Company, **facts) -> list[str]:
    return [job.reference for job in company.work(**facts).jobs]


# --- what is planned --------------------------------------------------------------------------------------------------


def test_a_visit_carries_what_the_road_needs(company: Company):
    company.order("O-1", out(company.laptop), out(company.mouse, 3), window=(time(9), time(11)), priority=2)

    (job,) = company.work().jobs

    assert (job.reference, job.kind, job.site_code, job.priority) == ("O-1", "delivery", "NCE", 2)
    assert (job.point.lat, job.point.lon) == NEAR_NICE
    assert (job.window_start, job.window_end) == (time(9), time(11))
    assert (job.out.weight_g, job.out.volume_ml) == (1800 + 3 * 200, 4000 + 3 * 800)
    assert (job.back.weight_g, job.service_minutes, job.van_code) == (0, 10 + 3 * 2, None)


def test_what_comes_back_is_weighed_apart(company: Company):
    with company.sessions.begin() as session:
        ana = someone_at_home(session, "ANA", lat=NEAR_NICE[0], lon=NEAR_NICE[1])
        old = a_piece(session, company.laptop, who=stock.holder(session, "employee", "ANA"))
    company.order("O-1", out(company.mouse), back(company.laptop, 1, old), employee=ana)

    (job,) = company.work().jobs

    assert (job.kind, job.out.weight_g, job.back.weight_g) == ("swap", 200, 1800)


def test_homes_at_one_point_share_a_place(company: Company):
    company.order("O-1")
    company.order("O-2")
    company.order("O-3", where=NEAR_ANTIBES, site=company.antibes)

    work = company.work()

    assert [site.code for site in work.sites] == ["ATB", "NCE"]
    assert len(work.points) == 2 + 2
    assert work.points[0] == work.sites[0].point


@pytest.mark.parametrize(
    ("days", "wound", "planned"),
    [(0, 0, True), (-1, 0, False), (-1, 1, True), (-3, 1, True), (1, 0, False), (1, 3, False)],
)
def test_a_day_takes_its_own_orders_and_those_that_are_overdue(company: Company, days, wound, planned):
    company.order("O-1", day=TOMORROW + timedelta(days=days))
    company.clock.wind(days=wound)

    assert references(company) == (["O-1"] if planned else [])


@pytest.mark.parametrize("state", ["underway", "done", "cancelled"])
def test_what_is_on_the_road_or_over_is_not_planned(company: Company, state):
    company.order("O-1")
    with company.sessions.begin() as session:
        session.execute(update(Job).values(state=state))

    work = company.work()

    assert (work.jobs, work.aside) == ((), ())


def test_one_site_alone_takes_its_orders_and_vans(company: Company):
    company.order("O-1")
    company.order("O-2", where=NEAR_ANTIBES, site=company.antibes)

    work = company.work(site="ATB")

    assert [job.reference for job in work.jobs] == ["O-2"]
    assert [van.code for van in work.vans] == ["V2"]
    assert work.site_code == "ATB"


def test_an_order_given_to_a_van_goes_with_it(company: Company):
    company.order("O-1")
    company.change("O-1", wanted_van_id=company.van_id("V1"))

    assert company.work().job("O-1").van_code == "V1"


@pytest.mark.parametrize(
    "facts",
    [
        {"is_active": False},
        {"shift_start": time(18), "shift_end": time(22)},
        {"shift_start": time(3), "shift_end": time(8)},
    ],
)
def test_a_van_that_does_not_work_while_its_site_is_open_does_not_drive(company: Company, facts):
    company.van("V1", **facts)

    assert [van.code for van in company.work().vans] == ["V2"]


# --- what is set aside ------------------------------------------------------------------------------------------------


def test_an_order_left_out_is_set_aside(company: Company):
    company.order("O-1", left_out=True)

    assert aside(company) == {"O-1": ("left-out", {})}


def test_who_has_left_by_that_day_gets_no_visit_but_gives_back(company: Company):
    with company.sessions.begin() as session:
        ana = someone_at_home(session, "ANA", lat=NEAR_NICE[0], lon=NEAR_NICE[1])
        old = a_piece(session, company.laptop, who=stock.holder(session, "employee", "ANA"))
    company.order("O-1", employee=ana)
    company.order("O-2", back(company.laptop, 1, old), employee=ana)
    with company.sessions.begin() as session:
        session.execute(update(Employee).values(end_date=TOMORROW - timedelta(days=1)))

    assert aside(company) == {"O-1": ("employee-left", {})}
    assert references(company) == ["O-2"]


@pytest.mark.parametrize("change", [{"is_open": False}, {"lat": None, "lon": None}])
def test_without_an_open_site_that_is_somewhere_an_order_waits(company: Company, change):
    company.order("O-1")
    with company.sessions.begin() as session:
        session.execute(update(Site).where(Site.code == "NCE").values(**change))

    assert aside(company) == {"O-1": ("no-open-site", {})}


def test_an_order_without_its_pieces_says_how_many_are_missing(company: Company):
    company.order("O-1", out(company.mouse, 2))
    company.order("O-2", out(company.mouse, 3))
    with company.sessions.begin() as session:
        stock.release(session, "order:O-2#1", now=company.clock())
        session.execute(update(OrderLine).where(OrderLine.quantity == 3).values(quantity=60))

    assert aside(company) == {
        "O-2": ("not-enough-stock", {"sku": "MOUSE", "wanted": 60, "free": 48, "site": "NCE"}),
    }  # fmt: skip
    assert references(company) == ["O-1"]


def test_a_promise_at_another_site_is_no_promise(company: Company):
    company.order("O-1")
    company.change("O-1", site_id=company.antibes.id)

    assert aside(company)["O-1"][0] == "not-enough-stock"


def test_a_piece_that_is_not_with_the_employee_any_more_is_not_fetched(company: Company):
    with company.sessions.begin() as session:
        ana = someone_at_home(session, "ANA", lat=NEAR_NICE[0], lon=NEAR_NICE[1])
        an_employee(session, "BEN")
        old = a_piece(session, company.laptop, who=stock.holder(session, "employee", "ANA"), tag="T-1")
    company.order("O-1", back(company.laptop, 1, old), employee=ana)
    with company.sessions.begin() as session:
        ben = stock.holder(session, "employee", "BEN")
        session.execute(update(Asset).where(Asset.id == old.id).values(holder_id=ben.id))

    assert aside(company) == {"O-1": ("asset-not-held", {"asset": "T-1"})}


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ({"unlocated_reason": "ambiguous"}, ("not-located", {"reason": "ambiguous"})),
        ({"unlocated_reason": ""}, ("not-located", {"reason": "not-found"})),
    ],
)
def test_a_home_that_was_not_found_is_set_aside_with_why(company: Company, address, reason):
    company.order("O-1", where=None, address=address)

    assert aside(company) == {"O-1": reason}


def test_an_employee_without_any_address_is_set_aside(company: Company):
    with company.sessions.begin() as session:
        ana = an_employee(session, "ANA")
    company.order("O-1", employee=ana)

    assert aside(company) == {"O-1": ("not-located", {"reason": "no-address"})}


@pytest.mark.parametrize(
    ("accuracy", "planned"),
    [("pin", True), ("given", True), ("house", True), ("street", True), ("locality", False), ("commune", False)],
)
def test_a_home_known_only_roughly_wants_a_pin(company: Company, accuracy, planned):
    company.order("O-1", address={"accuracy": accuracy})

    assert references(company) == (["O-1"] if planned else [])
    assert aside(company) == ({} if planned else {"O-1": ("not-precise", {"accuracy": accuracy})})


def test_the_first_true_reason_is_told(company: Company):
    company.order("O-1", where=None, left_out=True)

    assert aside(company)["O-1"][0] == "left-out"


# --- the basis --------------------------------------------------------------------------------------------------------


def test_the_same_day_has_the_same_basis_and_no_home_in_it(company: Company):
    company.order("O-1")

    assert company.work().basis == company.work().basis
    assert len(company.work().basis) == 64


@pytest.mark.parametrize(
    "change", [{"window_end": time(16)}, {"priority": 3}, {"left_out": True}, {"day": TOMORROW + timedelta(days=1)}]
)
def test_an_order_that_changes_changes_the_basis(company: Company, change):
    company.order("O-1")
    before = company.work().basis

    company.change("O-1", **change)

    assert company.work().basis != before


def test_an_order_of_another_day_changes_nothing(company: Company):
    company.order("O-1")
    before = company.work().basis

    company.order("O-2", day=TOMORROW + timedelta(days=1))

    assert company.work().basis == before


def test_a_note_for_the_courier_does_not_make_a_plan_stale(company: Company):
    company.order("O-1")
    before = company.work().basis

    company.change("O-1", note="ring twice")

    assert company.work().basis == before


def test_reading_asks_the_same_number_of_questions_however_long_the_day(company: Company):
    company.order("O-1")
    few = company.statements(company.work)
    for number in range(2, 7):
        company.order(f"O-{number}")

    assert company.statements(company.work) == few
