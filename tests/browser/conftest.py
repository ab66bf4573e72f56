"""A real browser and the real app: a system Chromium, and pages served by the command a user would run."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from run import find_chromium
from tests.campaigns import canaries

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHECKOUT = Path(__file__).resolve().parents[2]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
#: Every address that pages asked for in this run.
ASKED: list[str] = []
REQUIRED = os.environ.get("TOURNEE_REQUIRE_BROWSER") == "1"


@dataclass(frozen=True, slots=True)
class Served:
    """A running app: where it answers and where it keeps its state."""

    url: str
    home: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder is a browser test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run; each test opens its own context in it."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium: install one, or name it in TOURNEE_CHROMIUM"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def troubles() -> list[str]:
    """What went wrong in this test's pages: script errors, refused resources, requests that left the machine."""
    return []


@pytest.fixture
def desktop(chromium: Browser, troubles: list[str]) -> Iterator[Page]:
    """A page on a desk, 1440 x 900, in English."""
    yield from _page(chromium, troubles, width=1440, height=900)


@pytest.fixture
def phone(chromium: Browser, troubles: list[str]) -> Iterator[Page]:
    """A page on a phone held upright, 390 x 844, with touch, in English."""
    yield from _page(chromium, troubles, width=390, height=844, phone=True)


def _page(browser: Browser, troubles: list[str], *, width: int, height: int, phone: bool = False) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if phone else 1,
        has_touch=phone,
        is_mobile=phone,
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    watch(page, troubles)
    yield page
    context.close()


def watch(page: Page, troubles: list[str]) -> None:
    """Add to the list whatever goes wrong in the page from now on."""
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if _is_ours(request.url) else troubles.append(f"left: {request.url}"))
    page.on("request", lambda request: ASKED.append(request.url) if request.url.startswith("http") else None)


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:", "blob:"))


@pytest.fixture
def accessibility() -> Callable[[Page], list[str]]:
    """Asks axe about a page; gives back each violation with the element it is about, none when all is well."""

    def violations(page: Page) -> list[str]:
        # Through the browser's own protocol: a script tag would be refused by the page's Content-Security-Policy.
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then(r => r.violations)"
        )
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    return violations


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State of a demo that `tournee demo --no-serve` has set up: region, company, a planned and published day."""
    home = tmp_path_factory.mktemp("demo")
    done = tournee("demo", "--no-serve", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture(scope="session")
def served_demo(demo_home: Path) -> Iterator[Served]:
    """The demo, served on a free port by `tournee serve` until the run ends; its tests share one state."""
    with serve(demo_home) as served:
        yield served
        # Whoever used the demo in these tests left nobody's name behind.
        assert ASKED, "no page told what it asked for"
        assert canaries.scan(demo_home, served_at=served.url, asked=ASKED) == []


@contextlib.contextmanager
def serve(home: Path) -> Iterator[Served]:
    """`tournee serve` over a home, answering; stopped at the end.

    Raises:
        AssertionError: the app did not answer within two minutes, or stopped; carries what it said.
    """
    port = _free_port()
    log = home / "serve.log"
    with log.open("w") as out:
        command = [*COMMAND, "serve", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, env=_environment(home), stdout=out, stderr=out)
    try:
        _wait(f"http://127.0.0.1:{port}/", process, log)
        yield Served(f"http://127.0.0.1:{port}", home)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def tournee(*arguments: str, home: Path, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one `tournee` command over a home, to its end; `typed` is its standard input."""
    return subprocess.run(
        [*COMMAND, *arguments], env=_environment(home), capture_output=True, text=True, timeout=300, input=typed
    )


COMMAND = (sys.executable, "-m", "tests.browser.a_working_day")


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
    return {**kept, "TOURNEE_HOME": str(home), "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + 120
    while time.monotonic() < ends and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the app does not answer at {url}: {log.read_text()}")
