"""Look at every page for barriers: `python -m tests.campaigns.barriers`, in both languages, themes and sizes.

Each page is opened as each role that may, what is folded is unfolded, and axe is asked about it in the light and in the
dark theme; on a phone it may not go sideways, and no script may stumble. Pages that stand only after a deed (a courier
on the way, a preview, a code generator, a refused form) are reached by doing the deed. Exit code 1 when one is found.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
from flask import template_rendered

import webapp
from run import find_chromium
from tests.campaigns import xss
from tests.campaigns.hostile import LOGINS, PASSWORD, TODAY
from tests.fakes import MORNING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = (Path(__file__).parents[1] / "browser" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
TEMPLATES = Path(webapp.__file__).parent / "templates"
#: All that axe knows but the size of targets: a block on the lanes is as wide as its minutes, and told again in tables.
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}"
#: What another theme can spoil.
COLOURS = "{runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}}"
_SITES = b"code,name,address_line,postal_code,city,country,lat,lon\nXYZ,A site,A street,06000,Nice,FR,43.7,7.2\n"
_SAID_NO = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@dataclass(slots=True)
class Seen:
    """What was looked at and what was in the way."""

    pages: int = 0
    templates: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)
    where: str = ""

    def trouble(self, words: str) -> None:
        """Note a barrier and where it stands."""
        self.troubles.append(f"{self.where}: {words}")


def whole_pages() -> set[str]:
    """The templates that are pages of their own; all others are parts of one."""
    return {file.name for file in TEMPLATES.glob("*.html") if file.read_text(encoding="utf-8").startswith("{% extends")}


def walk(browser: Browser, found: xss.Served, *, languages: Sequence[str], sizes: Sequence[str], once: bool) -> Seen:
    """Look at everything as everybody.

    Args:
        once: look at an address as the first role only that may open it, and do each deed in one language only.
    """
    seen = Seen()

    def rendered(_app: Any, template: Any, **_facts: Any) -> None:
        seen.templates.add(template.name)

    with template_rendered.connected_to(rendered, found.app):
        for size in sizes:
            for language in languages:
                _everybody(browser, found, seen, language, size, once)
        _deeds(browser, found, seen, languages[-1], sizes[0])
    return seen


def _everybody(browser: Browser, found: xss.Served, seen: Seen, language: str, size: str, once: bool) -> None:
    looked: set[str] = set()
    for role in (*LOGINS, ""):
        wanted = ["/sign-in", "/forgot", "/welcome/nothing", "/nowhere"]
        if role:
            wanted = [*xss.addresses(found, role), "/nowhere", "/orders?state=failed", "/day/2031-01-01"]
        left = [address for address in wanted if not (once and role and address in looked)]
        looked.update(left)
        look_as(browser, found, seen, role, language=language, size=size, addresses=left)


def look_as(
    browser: Browser, found: xss.Served, seen: Seen, role: str, *, language: str, size: str, addresses: Sequence[str]
) -> None:
    """Look at these addresses as somebody of the role; as a stranger when it is empty."""
    with _opened(browser, seen, language, size) as page:
        seen.where = f"{language} {size} {role} /sign-in"
        if role:
            _sign_in(page, found, role)
        for address in addresses:
            seen.where = f"{language} {size} {role} {address}"
            if "<!doctype html>" in page.context.request.get(found.url + address, max_redirects=0).text()[:40].lower():
                page.goto(found.url + address)
                _judge(page, seen)


@contextlib.contextmanager
def _opened(browser: Browser, seen: Seen, language: str, size: str) -> Iterator[Page]:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=size == "phone", has_touch=size == "phone",
        locale={"fr": "fr-FR"}.get(language, "en-GB"), reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("pageerror", lambda error: seen.trouble(f"script {error}"))
    page.on("console", lambda told: _console(seen, told))
    yield page
    context.close()


def _console(seen: Seen, told: Any) -> None:
    if told.type == "error" and not _SAID_NO.search(told.text):
        seen.trouble(f"console {told.text}")


def _sign_in(page: Page, found: xss.Served, role: str) -> None:
    page.goto(f"{found.url}/sign-in")
    page.fill("#login", LOGINS[role])
    page.fill("#password", PASSWORD)
    page.click(".sign-in .btn-primary")
    page.wait_for_load_state("networkidle")


def _judge(page: Page, seen: Seen) -> None:
    page.wait_for_load_state("load")
    seen.pages += 1
    page.evaluate("for (const one of document.querySelectorAll('details:not(.drop)')) one.open = true")
    # Through the browser's own protocol: a script tag would be refused by the page's Content-Security-Policy.
    page.evaluate(AXE)
    for theme, asked in (("light", RULES), ("dark", COLOURS)):
        page.evaluate("(theme) => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
        for one in page.evaluate(f"axe.run(document, {asked}).then((told) => told.violations)"):
            for node in one["nodes"]:
                why = node["any"][0]["message"][:160] if node["any"] else ""
                seen.trouble(f"{theme} {one['id']}: {node['html'][:160]} {why}")
    for drop in page.locator("details.drop:visible").all():
        # The same sheet hangs on every page of a role: once is enough.
        told = drop.evaluate("(one) => document.documentElement.lang + innerWidth + one.textContent")
        if told in seen.dropped:
            continue
        seen.dropped.add(told)
        drop.evaluate("(one) => { one.open = true; }")
        for one in page.evaluate(f"axe.run('details.drop[open]', {COLOURS}).then((told) => told.violations)"):
            seen.trouble(f"dropped down {one['id']}: {one['nodes'][0]['html'][:160]}")
        drop.evaluate("(one) => { one.open = false; }")
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if wide[0] > wide[1]:
        seen.trouble(f"goes sideways, {wide[0]} pixels")


# --- pages that stand only after a deed -------------------------------------------------------------------------------


def _deeds(browser: Browser, found: xss.Served, seen: Seen, language: str, size: str) -> None:
    for role, deeds in (
        ("coordinator", _coordinator), ("agent", _agent), ("warehouse", _warehouse), ("courier", _courier),
        ("admin", _admin),
    ):  # fmt: skip
        with _opened(browser, seen, language, size) as page:
            _sign_in(page, found, role)
            for told in deeds(page, found):
                seen.where = f"{language} {size} {role}: {told}"
                _judge(page, seen)


def _send(page: Page, form: str) -> None:
    """Send a form past what the browser itself would refuse."""
    with page.expect_navigation():
        page.locator(form).first.evaluate("(one) => { one.noValidate = true; one.requestSubmit(); }")


def _coordinator(page: Page, found: xss.Served) -> Iterator[str]:
    page.goto(f"{found.url}/day/{TODAY}")
    for mark in (".stop-mark.delivery, .stop-mark.swap", ".stop-mark.unserved"):
        page.locator(mark).first.dispatch_event("click")
        page.locator(".popup h2").first.wait_for()
        yield f"popup of {mark}"
    page.locator("form[hx-post] button").first.click()
    page.locator("#task").wait_for()
    yield "a plan that waits"
    page.goto(f"{found.url}/orders/O-5")
    page.fill("#window_start", "17:00", force=True)
    _send(page, "form[action$='/change']")
    yield "a refused change"


def _agent(page: Page, found: xss.Served) -> Iterator[str]:
    page.goto(f"{found.url}/people/E1/order")
    page.fill("#day", "")
    _send(page, "[data-order-form]")
    yield "a refused order"
    page.goto(f"{found.url}/people/E1")
    page.locator("form[action$='/home'] button").click()
    page.wait_for_load_state()
    yield "a home that is shown"
    page.goto(f"{found.url}/people")
    page.fill("main [name=q]", "nobody of that name")
    _send(page, "main form[role=search]")
    yield "nobody found"


def _warehouse(page: Page, found: xss.Served) -> Iterator[str]:
    page.goto(f"{found.url}/warehouse/picking/{found.company.facts['tour_id']}")
    page.locator("button[value=missing]").first.click()
    page.wait_for_load_state()
    yield "a piece that is missing"
    page.goto(f"{found.url}/warehouse/receive")
    _send(page, "main form")
    yield "a refused receipt"


def _courier(page: Page, found: xss.Served) -> Iterator[str]:
    page.goto(f"{found.url}/courier")
    _send(page, "main form[action$='/start']")
    yield "on the way"
    while page.locator("form[action$='/arrived']").count():
        _send(page, "form[action$='/arrived']")
        yield "at a door"
        _send(page, "form[action$='/done']")
    yield "back at the depot"
    _send(page, "form[action$='/end']")
    yield "a tour that has ended"


def _admin(page: Page, found: xss.Served) -> Iterator[str]:
    page.goto(f"{found.url}/admin/users")
    _send(page, "#add")
    yield "a refused user"
    page.fill("#login", "nina")
    page.fill("#name", "Nina")
    page.select_option("#role", "courier")
    _send(page, "#add")
    yield "a new user's link"
    link = page.locator("code.secret").inner_text()
    page.goto(f"{found.url}/admin/import")
    _send(page, "main form")
    yield "no file chosen"
    page.select_option("#kind", "sites")
    page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": _SITES})
    _send(page, "main form")
    yield "a preview"
    page.goto(f"{found.url}/account/tokens")
    page.fill("#name", "a program")
    page.locator("[name=scopes]").first.check()
    _send(page, "form[action$='/tokens']")
    yield "a new token"
    page.goto(f"{found.url}/account")
    _send(page, "form[action$='/generator']")
    yield "a new code generator"
    secret = page.locator("code.secret").first.inner_text().replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).at(MORNING))
    _send(page, "form[action$='/confirm']")
    yield "codes to print"
    _send(page, "form[action$='/codes']")
    yield "printed codes"
    page.goto(f"{found.url}/account")
    _send(page, "form[action$='/sign-out']")
    page.fill("#login", LOGINS["admin"])
    page.fill("#password", "wrong")
    _send(page, ".sign-in form")
    yield "a refused sign-in"
    page.fill("#password", PASSWORD)
    _send(page, ".sign-in form")
    yield "the second factor"
    page.goto(link if link.startswith("http") else found.url + link)
    yield "a password to choose"
    for box in ("#password", "#again"):
        page.fill(box, "a long enough phrase 1")
    _send(page, "main form")
    page.goto(f"{found.url}/sign-in")
    page.fill("#login", "nina")
    page.fill("#password", "a long enough phrase 1")
    _send(page, ".sign-in form")
    yield "a courier without a tour"


def main(arguments: list[str] | None = None) -> int:
    """Look, say what is in the way, and answer 1 when anything is."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.barriers", description=__doc__)
    parser.add_argument("--once", action="store_true", help="each address as one role only")
    parser.add_argument("--sizes", default="phone,desk")
    options = parser.parse_args(arguments)
    path = find_chromium()
    if path is None:
        print("no Chromium: install one, or name it in TOURNEE_CHROMIUM")
        return 2
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
        xss.served(("Ana",), Path(folder)) as found,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=list(xss.FLAGS))
        seen = walk(browser, found, languages=("en", "fr"), sizes=options.sizes.split(","), once=options.once)
        browser.close()
    unseen = whole_pages() - seen.templates
    print(f"{seen.pages} looks, {len(seen.troubles)} barriers; not seen: {', '.join(sorted(unseen)) or 'none'}")
    for trouble in sorted(set(seen.troubles)):
        print(f"  {trouble}")
    return 1 if seen.troubles or unseen else 0


if __name__ == "__main__":
    sys.exit(main())
