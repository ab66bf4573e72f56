"""From spreadsheets to a driven day by the commands a user would type, on real streets."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

from inventory import tables
from logistics import cli
from tests.conftest import CHECKOUT, SHARED
from tests.logistics.regions.extracts import riviera_home

DEMO = CHECKOUT / "data" / "demo"
ORDER = ("sites", "products", "stock", "employees", "assets", "vans", "users", "orders")


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("TOURNEE_HOME", str(folder))
    monkeypatch.delenv("TOURNEE_DATABASE_URL", raising=False)
    return folder


def run(capsys, *words, expect=0):
    """Type a command; its standard output."""
    code = cli.main([str(word) for word in words])
    told = capsys.readouterr()
    assert code == expect, told.err
    return told.out


def test_the_demo_company_is_planned_published_and_verified(home, capsys):
    (home / "regions").symlink_to(riviera_home() / "regions")
    for kind in ORDER:
        run(capsys, "import", kind, DEMO / f"{kind}.csv")

    planned = json.loads(run(capsys, "plan", "+1", "--time-limit", "6", "--json"))
    draft = json.loads(run(capsys, "export", "+1", "--format", "json"))
    run(capsys, "publish", "+1")
    published = json.loads(run(capsys, "export", "+1", "--format", "json"))

    assert "every rule holds" in run(capsys, "verify")
    assert planned["unserved"] == len(draft["unserved"])
    assert draft["plan"]["status"] == "draft"
    assert published["plan"]["status"] == "published"
    assert _order_of_stops(published) == _order_of_stops(draft)
    _keeps_every_promise(published)


def _order_of_stops(day):
    return {tour["van"]: [stop["orders"] for stop in tour["stops"]] for tour in day["tours"]}


def _keeps_every_promise(day):
    """What a customer would check by hand in the file."""
    vans = {row["code"]: row for row in _rows(DEMO / "vans.csv")}
    for tour in day["tours"]:
        van = vans[tour["van"]]
        assert tour["travel_source"] == "graph:riviera"
        assert van["shift_start"] <= tour["start"][11:16] <= tour["end"][11:16] <= van["shift_end"]
        for stop in tour["stops"]:
            assert stop["window_start"] <= stop["service_start"] <= stop["window_end"]
            assert stop["load"]["weight_g"] <= int(van["weight_capacity_g"])
            assert stop["load"]["volume_ml"] <= int(van["volume_capacity_ml"])
    served = [order for tour in day["tours"] for stop in tour["stops"] for order in stop["orders"]]
    assert len(served) == len(set(served))
    assert not set(served) & {left["order"] for left in day["unserved"]}


def _rows(file):
    with tables.open_table(file) as table:
        return [dict(zip(table.headers, row.cells, strict=True)) for row in table.rows]


@pytest.mark.skipif(
    not (SHARED / "osm" / "liechtenstein.osm.pbf").exists(), reason=f"no extract of Liechtenstein under {SHARED}/osm"
)
def test_a_day_in_another_country_is_planned_from_own_files(home, tmp_path, capsys):
    run(capsys, "region", "add", SHARED / "osm" / "liechtenstein.osm.pbf", "--name", "liechtenstein")
    files = _a_company_in_vaduz(tmp_path)
    for kind in ("sites", "products", "stock", "employees", "vans", "orders"):
        run(capsys, "import", kind, files / f"{kind}.csv")

    run(capsys, "plan", "+1", "--time-limit", "3")
    run(capsys, "publish", "+1")
    day = json.loads(run(capsys, "export", "+1", "--format", "json"))

    assert "every rule holds" in run(capsys, "verify")
    assert {tour["travel_source"] for tour in day["tours"]} == {"graph:liechtenstein"}
    assert day["totals"]["stops"] + day["totals"]["unserved"] == 12
    assert {left["reason"]["code"] for left in day["unserved"]} <= {"not-located", "not-precise", "no-capacity-left"}
    assert "house" in {stop["location_accuracy"] for tour in day["tours"] for stop in tour["stops"]}


def _a_company_in_vaduz(folder: Path) -> Path:
    """One site, one van, twelve people: ten with coordinates around Vaduz, two with a house address alone."""
    draw = random.Random(7)
    homes = [
        ("", f"{47.141 + draw.uniform(-0.01, 0.01):.6f}", f"{9.5215 + draw.uniform(-0.004, 0.006):.6f}")
        for _ in range(10)
    ]
    homes += [("Landstrasse 1", "", ""), ("Austrasse 5", "", "")]
    files = {
        "sites": [
            "code,name,address_line,postal_code,city,country,lat,lon,opens,closes,timezone",
            "VAD,Vaduz,Städtle 1,9490,Vaduz,LI,47.1393,9.5217,07:00,18:00,Europe/Vaduz",
        ],
        "products": [
            "sku,name,tracking,weight_g,volume_ml,service_minutes,data_bearing,skills",
            "KIT,Headset kit,quantity,900,4000,5,no,",
        ],
        "stock": ["site,sku,quantity", "VAD,KIT,40"],
        "employees": [
            "employee_number,given_name,family_name,email,phone,language,address_line,postal_code,city,country,lat,lon",
            *(
                f"L{n},Nina,Beispiel {n},,,de,{line},9490,Vaduz,LI,{lat},{lon}"
                for n, (line, lat, lon) in enumerate(homes)
            ),
        ],
        "vans": [
            "code,name,site,kind,weight_capacity_g,volume_capacity_ml,shift_start,shift_end,skills,cost_per_km_cents,"
            "cost_per_hour_cents,fixed_cost_cents",
            "V1,Van,VAD,van,500000,3000000,08:00,17:00,,40,2500,2000",
        ],
        "orders": [
            "reference,kind,employee_number,sku,quantity,return_asset_tag,day,window_start,window_end",
            *(f"O-{n},issue,L{n},KIT,1,,+1,08:00,17:00" for n in range(12)),
        ],
    }
    for kind, lines in files.items():
        (folder / f"{kind}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_the_demo_company_is_what_its_readme_promises():
    orders, employees = _rows(DEMO / "orders.csv"), _rows(DEMO / "employees.csv")
    today = {row["reference"]: row for row in orders if row["day"] == "0"}

    narrow = [row for row in today.values() if _hours(row["window_end"]) - _hours(row["window_start"]) <= 2]
    assert len(employees) >= 390
    assert 80 <= len(today) <= 130
    assert len(narrow) / len(today) >= 0.6
    assert {"swap", "return", "issue"} == {row["kind"] for row in today.values()}
    assert any(not row["lat"] for row in employees)
    assert not any(row["address_line"][:1].isdigit() for row in employees if row["lat"])


def test_no_cell_of_our_example_files_needs_disarming():
    armed = {
        (file.name, cell)
        for file in sorted(DEMO.glob("*.csv"))
        for row in csv.reader(file.read_text(encoding="utf-8").splitlines())
        for cell in row
        if cell.startswith(("'", "=", "+", "-", "@"))
    }

    assert armed == set()


def _hours(clock):
    hours, minutes = clock.split(":")
    return int(hours) + int(minutes) / 60
