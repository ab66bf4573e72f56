"""Take the pictures of the README: a maintainer's tool, never run by set-up, demo or tests.

    .venv/bin/python .ci/pictures.py              a fresh demo in a temporary folder, then the pictures in docs/pictures
    .venv/bin/python .ci/pictures.py --home DIR   the same from a demo that is set up there; its passwords are replaced

Needs the test extras and a system Chromium. Each picture is a PNG under 400 kB.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from run import find_chromium  # noqa: E402  (the checkout has to be found first)
from tests.browser.conftest import FLAGS, serve, tournee  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = CHECKOUT / "docs" / "pictures"
LIMIT_BYTES = 400_000


@dataclass(frozen=True)
class Reader:
    """Who looks at a page, and on what."""

    login: str
    width: int
    height: int
    language: str = "en-GB"
    scheme: str = "light"
    phone: bool = False


COORDINATOR = Reader("coordination", 1440, 900)
COURIER = Reader("courier-v1", 390, 844, phone=True)


def main() -> int:
    """Take every picture; says how large each is."""
    parser = argparse.ArgumentParser(description="Take the pictures of the README.")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        home = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        done = tournee("demo", "--no-serve", home=home)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        passwords = {one.login: _new_password(one.login, home) for one in (COORDINATOR, COURIER)}
        served = stack.enter_context(serve(home))
        browser = stack.enter_context(_browser())
        with _page(browser, COORDINATOR, served.url, passwords) as page:
            page.wait_for_timeout(3000)
            _save(page, "day")
        dark = Reader("coordination", 1440, 900, language="fr-FR", scheme="dark")
        with _page(browser, dark, served.url, passwords) as page:
            page.wait_for_timeout(3000)
            page.locator(".lane button.stop").nth(3).hover()
            _save(page, "lanes-dark-fr")
        with _page(browser, COURIER, served.url, passwords) as page:
            if page.get_by_role("button", name="Start the tour").count():
                page.get_by_role("button", name="Start the tour").click()
            page.get_by_text("Stop 1").first.wait_for()
            _save(page, "courier")
    return 0


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
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    print(f"{file.relative_to(CHECKOUT)}: {file.stat().st_size:,} bytes")
    if file.stat().st_size > LIMIT_BYTES:
        sys.exit(f"{file.name} is over {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
