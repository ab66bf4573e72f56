"""`python -m tests.campaigns.map1000 --stops 1000 --rounds 5`: how long a very full day takes to stand on its map.

Builds a home with the shipped region and one planned day of so many stops on real streets, serves it, opens the day in
a browser so many times, and prints medians: what the server takes for the page and for the map's script, how many bytes
they are, and how long after the click every mark stands. Exit code 1 when that is a second or more.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import requests

from logistics import migrations, regions, users
from logistics.adapters.roads import RegionRoads
from logistics.database import open_sessions
from logistics.ports import Point
from logistics.regions.graph import Graph
from run import find_chromium
from tests.browser.conftest import CHECKOUT, FLAGS, serve, tournee
from tests.builders import a_product, a_site, received, someone_at_home
from tests.fakes import MORNING
from tests.logistics.builders import a_draft, a_tour, a_van, an_order, out

LIMIT_MILLISECONDS = 1000
PER_TOUR = 18
DAY = MORNING.date()
LOGIN, PASSWORD = "cora", "a long enough phrase 1"


def main(arguments: list[str] | None = None) -> int:
    """Build, serve, open, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.map1000", description=__doc__)
    parser.add_argument("--stops", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    path = find_chromium()
    if path is None:
        print("no Chromium: install one, or name it in TOURNEE_CHROMIUM")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        seed(home, stops=options.stops, seed_number=options.seed)
        with serve(home) as served:
            page, script = (_server(served.url, options.rounds, at) for at in (f"/day/{DAY}", f"/day/{DAY}/map.js"))
            browser = _browser(served.url, options.rounds, path)
    print(f"{options.stops} stops, {options.rounds} rounds, medians")
    print(f"  page     {page[0]:6.0f} ms  {page[1] / 1000:8.1f} kB")
    print(f"  script   {script[0]:6.0f} ms  {script[1] / 1000:8.1f} kB")
    print(f"  drawing  {browser[0]:6.0f} ms")
    print(f"  from the click until every mark stands {browser[1]:6.0f} ms")
    return 0 if browser[1] < LIMIT_MILLISECONDS else 1


def seed(home: Path, *, stops: int, seed_number: int) -> None:
    """A home with the shipped region, a coordinator, and a draft of one day."""
    extract = CHECKOUT / "data" / "regions" / "riviera.osm.pbf"
    done = tournee("region", "add", "--name", "riviera", str(extract), home=home)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    (region,) = regions.installed(home)
    graph = Graph.load(region.graph_file)
    chance = random.Random(seed_number)
    roads = RegionRoads(lambda: (region,))
    url = f"sqlite:///{home / 'tournee.db'}"
    migrations.upgrade(url)
    opened = open_sessions(url)
    with opened.begin() as session:
        site = a_site(session, "MCM", name="Depot", lat=43.7398, lon=7.4272)
        mouse = a_product(session, "MOU", name="Mouse")
        received(session, mouse, stops, site=site)
        tours = []
        for first in range(0, stops, PER_TOUR):
            # A tour stays in its part of the town: the points nearest to one of them.
            middle = chance.randrange(len(graph.lat))
            near = sorted(
                chance.sample(range(len(graph.lat)), 800),
                key=lambda at: abs(graph.lat[at] - graph.lat[middle]) + abs(graph.lon[at] - graph.lon[middle]),
            )
            own = [(float(graph.lat[at]), float(graph.lon[at])) for at in near[: min(PER_TOUR, stops - first)]]
            people = [someone_at_home(session, lat=lat, lon=lon) for lat, lon in own]
            orders = [an_order(session, one, site, out(mouse), day=DAY) for one in people]
            tour: Any = a_tour(session, a_van(session, site, courier=None), orders, day=DAY)
            tour.geometry = [list(at) for at in roads.geometry([Point(*at) for at in own], "car")]
            tours.append(tour)
        a_draft(session, *tours, day=DAY)
        users.put_user(session, login=LOGIN, role="coordinator", name="Cora")
    opened.close()
    tournee("user", "password", LOGIN, "--stdin", home=home, typed=f"{PASSWORD}\n")


def _server(url: str, rounds: int, path: str) -> tuple[float, int]:
    """Milliseconds until the whole answer is there, and its bytes."""
    reader = requests.Session()
    form = reader.get(f"{url}/sign-in", timeout=60).text
    token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
    typed = {"login": LOGIN, "password": PASSWORD, "csrf_token": token}
    reader.post(f"{url}/sign-in", typed, headers={"Referer": url}, timeout=60).raise_for_status()
    times, size = [], 0
    for _round in range(rounds + 1):
        began = time.perf_counter()
        size = len(reader.get(url + path, timeout=60).content)
        times.append((time.perf_counter() - began) * 1000)
    return median(times[1:]), size


def _browser(url: str, rounds: int, path: str) -> tuple[float, float]:
    """Milliseconds of the drawing alone, and from the click until a frame with every mark has been painted."""
    from playwright.sync_api import sync_playwright

    drawn, stood = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/sign-in")
        page.fill("#login", LOGIN)
        page.fill("#password", PASSWORD)
        page.click(".sign-in .btn-primary")
        page.wait_for_load_state("networkidle")
        for _round in range(rounds + 1):
            page.goto(f"{url}/orders", wait_until="networkidle")
            page.goto(f"{url}/day/{DAY}", wait_until="commit")
            # Not `wait_for_function`: the page's policy refuses the eval it needs.
            while not page.evaluate("performance.getEntriesByName('tournee-marks-painted').length"):
                page.wait_for_timeout(20)
            drawn.append(float(page.evaluate("Number(document.documentElement.dataset.marksReady)")))
            marks = page.evaluate(
                "[...document.querySelectorAll('.stop-group b')].reduce((n, one) => n + Number(one.dataset.count), 0)"
                " + document.querySelectorAll('.stop-mark:not(.depot)').length"
            )
            if not marks:
                raise SystemExit("the map shows no mark")
            stood.append(
                float(page.evaluate("performance.getEntriesByName('tournee-marks-painted')[0].startTime"))
            )
        tables = page.locator(".tour-detail")
        if tables.count():
            tables.first.locator("summary").click()
            tables.first.locator(".stop-table tbody tr").first.wait_for(timeout=5000)
        browser.close()
    return median(drawn[1:]), median(stood[1:])


if __name__ == "__main__":
    sys.exit(main())
