"""A planned day as files: the contract, the formats, the route sheets, and what none of them may tell."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime, time
from xml.etree import ElementTree

import pypdf
import pytest
from sqlalchemy import text

from logistics import dispatch, exports
from logistics.documents.overview import overview
from logistics.errors import InvalidRequest, NoPlan
from tests.builders import a_laptop, a_piece, a_product, a_site, an_address, an_employee, pieces, received, stock
from tests.fakes import MORNING, FakeRoads
from tests.logistics.builders import TOMORROW, a_draft, a_tour, a_van, an_order, back, out
from tests.logistics.systems import a_system

CANARIES = ("Canaribert", "Zinzolin", "rue du Secret", "+33 1 99 00 12 34")


@pytest.fixture
def company(sessions, tmp_path):
    """One van with three stops (a delivery, a swap, a pickup) and one order that could not be located, as a draft."""
    with sessions.begin() as session:
        site = a_site(session, "NCE")
        laptop, mouse = a_laptop(session, "LAP-14"), a_product(session, "MOU", name="=Mouse")
        pieces(session, laptop, 3, site=site)
        received(session, mouse, 10, site=site)
        van = a_van(session, site, "V1")
        people = []
        for number in range(4):
            who = an_employee(session, f"E{number}", given_name="Canaribert", family_name="Zinzolin", phone=CANARIES[3])
            an_address(session, who, line="12 rue du Secret", lat=43.66 + number / 500, lon=7.15 + number / 400)
            people.append(who)
        old = a_piece(session, laptop, who=stock.holder(session, "employee", "E1"), tag="OLD-1")
        orders = [
            an_order(session, people[0], site, out(laptop), out(mouse, 2), reference="O-1"),
            an_order(session, people[1], site, out(laptop), back(laptop, 1, old), reference="O-2"),
            an_order(session, people[2], site, back(mouse), reference="O-3"),
        ]
        left = an_order(session, people[3], site, out(mouse), reference="O-4")
        tour = a_tour(session, van, orders)
        a_draft(session, tour, unserved=[left])
    return replace(a_system(sessions, tmp_path / "home", now=lambda: MORNING), roads=FakeRoads())


def _document(system, **how):
    return json.loads(exports.export(system, TOMORROW, "json", **how))


def test_the_contract_has_every_documented_field_and_adds_up(company):
    day = _document(company)

    assert day["format"] == "tournee-plan/1"
    assert day["day"] == TOMORROW.isoformat()
    assert day["plan"]["status"] == "draft"
    assert set(day["plan"]) == {"id", "version", "status", "engine", "solve_seconds"}
    (tour,) = day["tours"]
    promised = {"van", "site", "start", "end", "distance_m", "driving_s", "travel_source", "cost_cents", "geometry"}
    assert promised <= set(tour)
    assert [stop["sequence"] for stop in tour["stops"]] == [1, 2, 3]
    assert [stop["kind"] for stop in tour["stops"]] == ["delivery", "swap", "pickup"]
    assert tour["cost_cents"]["total"] == sum(tour["cost_cents"][term] for term in ("fixed", "distance", "time"))
    assert day["totals"]["stops"] == 3
    assert day["totals"]["unserved"] == 1
    assert day["totals"]["cost_cents"] == tour["cost_cents"]


def test_moments_carry_the_offset_of_the_site(company):
    stop = _document(company)["tours"][0]["stops"][0]

    arrival = datetime.fromisoformat(stop["arrival"])
    assert arrival.utcoffset().total_seconds() == 3_600
    assert datetime.fromisoformat(stop["window_start"]) <= datetime.fromisoformat(stop["service_start"])
    assert datetime.fromisoformat(stop["service_start"]).time() < time(18)


def test_exact_pieces_are_named_from_publication_on(company):
    before = _document(company)
    assert {item["asset_tag"] for stop in before["tours"][0]["stops"] for item in stop["items"]} == {None}

    dispatch.publish(company, TOMORROW, now=MORNING, actor="test")

    after = _document(company)
    items = [item for stop in after["tours"][0]["stops"] for item in stop["items"]]
    assert after["plan"]["status"] == "published"
    assert all(item["asset_tag"] for item in items if item["sku"] == "LAP-14")
    assert {item["asset_tag"] for item in items if item["direction"] == "back" and item["sku"] == "LAP-14"} == {"OLD-1"}


def test_the_reason_of_an_order_left_out_is_told_in_the_readers_language(company):
    english = _document(company)["unserved"][0]
    french = _document(company, language="fr")["unserved"][0]

    assert english["order"] == "O-4"
    assert english["reason"]["code"] == "no-capacity-left"
    assert english["reason"]["text"] != french["reason"]["text"]


def test_geojson_has_longitude_first_and_says_whose_data_it_is(company):
    found = json.loads(exports.export(company, TOMORROW, "geojson"))

    stops = [one for one in found["features"] if one["properties"]["kind"] == "stop"]
    assert "OpenStreetMap" in found["attribution"]
    assert len(stops) == 3
    longitude, latitude = stops[0]["geometry"]["coordinates"]
    assert 7 < longitude < 8
    assert 43 < latitude < 44


def test_csv_has_a_row_per_stop_and_disarms_formulas(company, sessions):
    with sessions.begin() as session:
        session.execute(text("UPDATE van SET code = '=V1'"))

    found = exports.export(company, TOMORROW, "csv")

    assert found.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(found.decode("utf-8-sig"))))
    assert [row["sequence"] for row in rows] == ["1", "2", "3"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_gpx_can_be_read_and_has_a_route_point_per_stop(company):
    root = ElementTree.fromstring(exports.export(company, TOMORROW, "gpx"))

    space = {"g": "http://www.topografix.com/GPX/1/1"}
    assert len(root.findall("g:trk", space)) == 1
    assert len(root.findall("g:rte/g:rtept", space)) == 3


@pytest.mark.parametrize("form", ["json", "geojson", "csv", "gpx"])
def test_no_text_format_tells_a_name_a_phone_or_a_home(company, form):
    found = exports.export(company, TOMORROW, form).decode()

    assert [canary for canary in CANARIES if canary in found] == []


def test_the_route_sheet_has_homes_the_load_in_reverse_and_page_numbers(company):
    dispatch.publish(company, TOMORROW, now=MORNING, actor="test")

    pages = pypdf.PdfReader(io.BytesIO(exports.export(company, TOMORROW, "pdf"))).pages
    found = "\n".join(page.extract_text() for page in pages)

    assert "rue du Secret" in found
    assert "Zinzolin" in found
    assert f"1 of {len(pages)}" in " ".join(found.split())
    assert "OpenStreetMap" in found
    loading = found[found.index("Loading list") : found.index("Signature")]
    assert loading.index("\n2") < loading.index("\n1")


def test_the_route_sheet_speaks_french(company):
    found = pypdf.PdfReader(io.BytesIO(exports.export(company, TOMORROW, "pdf", language="fr"))).pages[0].extract_text()

    assert "Feuille de route" in found
    assert "Brouillon" in found.title()


def test_a_van_alone_can_be_asked_for_and_one_without_a_tour_is_refused(company):
    assert len(_document(company, van="V1")["tours"]) == 1

    with pytest.raises(InvalidRequest):
        exports.export(company, TOMORROW, "json", van="V9")


def test_a_day_without_a_plan_and_an_unknown_format_are_refused(company):
    with pytest.raises(NoPlan):
        exports.export(company, TOMORROW, "json", status="published")
    with pytest.raises(InvalidRequest):
        exports.export(company, TOMORROW, "docx")


def test_the_overview_keeps_every_mark_inside_the_drawing():
    svg = ElementTree.fromstring(
        overview([(43.7, 7.4), (43.72, 7.45)], [(1, "delivery", 43.71, 7.41), (2, "swap", 43.72, 7.45)], (43.7, 7.4))
    )

    circles = [one for one in svg.iter() if one.tag.endswith("circle")]
    assert len(circles) == 1
    assert 0 < float(circles[0].get("cx")) < 760
    assert 0 < float(circles[0].get("cy")) < 330




@pytest.fixture
def guessed(company):
    """The same day where no road graph covers the tour."""
    with company.sessions.begin() as session:
        session.execute(text("UPDATE tour SET travel_source = 'estimate'"))
    return company


def _pages(made):
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)


@pytest.mark.parametrize("form", exports.FORMATS)
def test_every_export_says_whose_data_it_is(company, form):
    made = exports.export(company, TOMORROW, form)

    told = _pages(made) if form == "pdf" else made.decode()
    assert "OpenStreetMap contributors" in told
    assert "ODbL" in told or "odbl" in told


@pytest.mark.parametrize("form", exports.FORMATS)
def test_every_export_says_where_times_are_an_estimate_and_only_there(company, form, request):
    exact = exports.export(company, TOMORROW, form)
    guess = exports.export(request.getfixturevalue("guessed"), TOMORROW, form)

    if form == "pdf":
        assert "estimate" not in _pages(exact)
        assert "travel times: estimate" in _pages(guess)
        assert _pages(guess).count("≈") == 3
    elif form == "json":
        (tour,) = json.loads(guess)["tours"]
        assert [tour["estimate"], *(stop["estimate"] for stop in tour["stops"])] == [True] * 4
        assert json.loads(guess)["estimate"] and json.loads(guess)["totals"]["estimate"]
        assert "true" not in exact.decode()
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(guess.decode("utf-8-sig"))))
        assert {row["estimate"] for row in rows} == {"yes"}
        assert {row["estimate"] for row in csv.DictReader(io.StringIO(exact.decode("utf-8-sig")))} == {"no"}
    elif form == "geojson":
        marked = [one["properties"]["estimate"] for one in json.loads(guess)["features"] if "van" in one["properties"]]
        assert marked == [True] * 4
        assert '"estimate": true' not in exact.decode()
    else:
        assert guess.decode().count("arrival: estimate") == 3
        assert "travel times: estimate" in guess.decode()
        assert "estimate" not in exact.decode()
