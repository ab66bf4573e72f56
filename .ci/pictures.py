"""Take the pictures of the README and of the how-to pages: a maintainer's tool, never run by set-up, demo or tests.

    .venv/bin/python .ci/pictures.py              a fresh demo in a temporary folder, then all of docs/pictures
    .venv/bin/python .ci/pictures.py order start  only these
    .venv/bin/python .ci/pictures.py --home DIR   the same from a demo that is set up there; its passwords are replaced

Needs the test extras and a system Chromium. The pictures are taken in the order of `PICTURES`: a tour has to be started
before its next stop can be shown. Each is a PNG under 400 kB.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from run import find_chromium  # noqa: E402  (the checkout has to be found first)
from tests.browser.conftest import FLAGS, serve, tournee  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = CHECKOUT / "docs" / "pictures"
LIMIT_BYTES = 400_000
#: Until a map has its tiles.
MAP_MILLISECONDS = 3000


@dataclass(frozen=True)
class Reader:
    """Who looks at a page, and on what."""

    login: str
    width: int = 1280
    height: int = 800
    language: str = "en-GB"
    scheme: str = "light"
    phone: bool = False


def on_phone(login: str) -> Reader:
    """The same person with a phone held upright."""
    return Reader(login, 390, 844, phone=True)


@dataclass(frozen=True)
class Picture:
    """One picture: who looks, and what they do on their first page until it shows what it should."""

    name: str
    reader: Reader
    steps: Callable[[Page], None]


def day(page: Page) -> None:
    """The map with its tiles."""
    page.wait_for_timeout(MAP_MILLISECONDS)


def lanes(page: Page) -> None:
    """One stop pointed at, lit in map and lanes."""
    day(page)
    page.locator(".lane button.stop").nth(3).hover()


def unserved(page: Page) -> None:
    """What is left out, with its reasons."""
    page.locator("#unserved").scroll_into_view_if_needed()


def order(page: Page) -> None:
    """The first order that is left out."""
    page.locator("#unserved .why a").first.click()
    page.wait_for_load_state("networkidle")


def pin(page: Page) -> None:
    """The map on which a home that was not found is shown."""
    page.locator("#unserved a[href$='/pin']").first.click()
    day(page)


def people(page: Page) -> None:
    """Everybody, by name."""
    page.get_by_role("heading", name="People").wait_for()


def person(page: Page) -> None:
    """One employee with what they hold."""
    people(page)
    page.locator("table.list tbody a").first.click()
    page.wait_for_load_state("networkidle")


def replace(page: Page) -> None:
    """The short form with all that is known filled in."""
    person(page)
    page.get_by_role("link", name="Replace").first.click()
    page.wait_for_load_state("networkidle")


def picking(page: Page) -> None:
    """The tours of the day with how far their picking is."""
    _on_planned_day(page, "picking")


def pick_list(page: Page) -> None:
    """One tour's list."""
    picking(page)
    page.locator("table.list tbody a").first.click()
    page.wait_for_load_state("networkidle")


def receive(page: Page) -> None:
    """The form of a receipt."""
    page.goto(f"{_origin(page)}/warehouse/receive")


def users(page: Page) -> None:
    """Everybody who may sign in."""
    page.goto(f"{_origin(page)}/admin/users")


def preview(page: Page) -> None:
    """A file looked at before anything is written."""
    page.goto(f"{_origin(page)}/admin/import")
    page.select_option("#kind", "employees")
    page.set_input_files("#file", CHECKOUT / "data" / "demo" / "employees.csv")
    page.locator("form[enctype] button").click()
    page.wait_for_load_state("networkidle")


def start(page: Page) -> None:
    """The load to confirm."""
    page.get_by_role("button", name="Start the tour").wait_for()


def next_stop(page: Page) -> None:
    """The next stop, the tour being on the road."""
    if page.get_by_role("button", name="Start the tour").count():
        page.get_by_role("button", name="Start the tour").click()
    page.get_by_text("Stop 1").first.wait_for()


def hand_over(page: Page) -> None:
    """At the door: what to give and what to take back."""
    if page.get_by_role("button", name="I have arrived").count():
        page.get_by_role("button", name="I have arrived").click()
    else:
        page.get_by_role("link", name="Hand over").click()
    page.get_by_role("button", name="Done").wait_for()


def kit(page: Page) -> None:
    """What an employee has at home."""
    page.wait_for_load_state("networkidle")


COORDINATOR = Reader("coordination", 1440, 900)
PICTURES = (
    Picture("day", COORDINATOR, day),
    Picture("lanes-dark-fr", Reader("coordination", 1440, 900, language="fr-FR", scheme="dark"), lanes),
    Picture("unserved", COORDINATOR, unserved),
    Picture("order", COORDINATOR, order),
    Picture("pin", COORDINATOR, pin),
    Picture("people", Reader("support"), people),
    Picture("person", Reader("support"), person),
    Picture("replace", Reader("support"), replace),
    Picture("picking", Reader("entrepot-bea"), picking),
    Picture("pick-list", on_phone("entrepot-bea"), pick_list),
    Picture("receive", Reader("entrepot-bea"), receive),
    Picture("users", Reader("admin"), users),
    Picture("import", Reader("admin"), preview),
    Picture("start", on_phone("courier-v1"), start),
    Picture("courier", on_phone("courier-v1"), next_stop),
    Picture("hand-over", on_phone("courier-v1"), hand_over),
    Picture("my-kit", on_phone("employee"), kit),
)


def main() -> int:
    """Take the pictures; says how large each is."""
    parser = argparse.ArgumentParser(description="Take the pictures of the README and of the how-to pages.")
    parser.add_argument("--home", type=Path)
    parser.add_argument("names", nargs="*", help="only these (default: all)")
    options = parser.parse_args()
    wanted = [one for one in PICTURES if not options.names or one.name in options.names]
    FOLDER.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        home = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        done = tournee("demo", "--no-serve", home=home)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        passwords = {login: _new_password(login, home) for login in sorted({one.reader.login for one in wanted})}
        served = stack.enter_context(serve(home))
        browser = stack.enter_context(_browser())
        for one in wanted:
            with _page(browser, one.reader, served.url, passwords) as page:
                one.steps(page)
                _save(page, one.name)
    return 0


def _on_planned_day(page: Page, room: str) -> None:
    """The warehouse's page of the demo's day, which is the next working day on a weekend."""
    page.goto(f"{_origin(page)}/warehouse/{room}")
    if not page.locator("table.list").count():
        for _ahead in range(4):
            page.evaluate(
                "days => { const at = document.querySelector('input[name=day]'); const day = new Date(at.value);"
                "day.setDate(day.getDate() + days); location.search = '?day=' + day.toISOString().slice(0, 10) }",
                1,
            )
            page.wait_for_load_state("networkidle")
            if page.locator("table.list").count():
                break


def _origin(page: Page) -> str:
    found: str = page.evaluate("location.origin")
    return found


def _new_password(login: str, home: Path) -> str:
    password = secrets.token_urlsafe(12)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
    subprocess.run(
        [sys.executable, "-m", "logistics.cli", "user", "password", login, "--stdin"], cwd=CHECKOUT, check=True,
        env={**kept, "TOURNEE_HOME": str(home)}, input=password + "\n", text=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return password


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        sys.exit("no Chromium: install one, or name it in TOURNEE_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextlib.contextmanager
def _page(browser: Browser, reader: Reader, url: str, passwords: dict[str, str]) -> Iterator[Page]:
    """The reader's first page, signed in."""
    context = browser.new_context(
        viewport={"width": reader.width, "height": reader.height}, locale=reader.language, is_mobile=reader.phone,
        has_touch=reader.phone, color_scheme="dark" if reader.scheme == "dark" else "light", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#login", reader.login)
    page.fill("#password", passwords[reader.login])
    page.press("#password", "Enter")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def _save(page: Page, name: str) -> None:
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    print(f"{file.relative_to(CHECKOUT)}: {file.stat().st_size:,} bytes", flush=True)
    if file.stat().st_size > LIMIT_BYTES:
        sys.exit(f"{file.name} is over {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
