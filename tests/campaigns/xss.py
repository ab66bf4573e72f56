"""Let every page, map, form and file show a hostile company in a real browser: `python -m tests.campaigns.xss`.

Nothing may run, nothing may be refused by the Content-Security-Policy, and no script of ours may stumble. With
`--payloads N` only the first N texts are tried, with `--each` each one in a company of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pypdf
import waitress
from playwright.sync_api import Error as PageGone
from werkzeug.routing import Rule

from logistics import migrations
from logistics.database import open_sessions
from run import find_chromium
from tests.campaigns.hostile import ELEMENT, LOGINS, PASSWORD, PAYLOADS, TODAY, TOMORROW, Hostile, a_hostile_company
from tests.fakes import Clock, FakeRoads
from tests.logistics.systems import a_system
from webapp import access, create_app

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
)
#: A page that says "no" with a status of four hundred is told by the browser as an error; that is no trouble.
_SAID_NO = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
#: Forms that would end the walk.
_LEAVES = ("/sign-out", "/sign-in", "/language/", "/account")


class Bell:
    """A queue that is never answered."""

    def ring(self, task_id: Any) -> None:
        """Nobody comes."""


class Nowhere:
    """A gazetteer that knows no place; a region would only slow the walk down."""

    def suggest(self, text: str, *, limit: int) -> list[Any]:
        """Nothing."""
        return []

    def geocode(self, query: Any, **_facts: Any) -> None:
        """Nothing."""

    reverse = geocode


@dataclass(slots=True)
class Walk:
    """What was seen on the way."""

    pages: int = 0
    popups: int = 0
    forms: int = 0
    files: int = 0
    troubles: list[str] = field(default_factory=list)
    where: str = ""

    def trouble(self, words: str) -> None:
        """Note what went wrong and where."""
        self.troubles.append(f"{self.where}: {words}")


@dataclass(frozen=True, slots=True)
class Served:
    """A hostile company behind a running app."""

    url: str
    app: Flask
    company: Hostile


@contextlib.contextmanager
def served(payloads: Sequence[str], folder: Path) -> Iterator[Served]:
    """The app over a company of these payloads, on a free port until the end."""
    url = f"sqlite:///{folder / 'tournee.db'}"
    migrations.upgrade(url)
    sessions = open_sessions(url)
    with sessions.begin() as session:
        company = a_hostile_company(session, payloads)
    bare = a_system(sessions, folder / "home", queue=cast(Any, Bell()), now=Clock())
    system = replace(bare, roads=cast(Any, FakeRoads()), geocoder=cast(Any, Nowhere()))
    app = create_app(system)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.effective_port}", app, company)
    finally:
        server.close()
        thread.join(5)
        sessions.close()


def walk(
    browser: Browser, found: Served, *, roles: Sequence[str], fill: Sequence[str], only: Sequence[str] = (),
    once: bool = False,
) -> Walk:  # fmt: skip
    """Open everything as each role, press what can be pressed, send every form with the texts of `fill`.

    Args:
        only: the addresses to open, instead of all.
        once: send a form that stands on several pages only once.
    """
    seen, sent = Walk(), set[str]()
    for role in roles:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(15_000)
        context.expose_function("canary", lambda *told: seen.trouble(f"ran {told}"))
        context.expose_function("tellRefused", lambda told: seen.trouble(f"policy refused {told}"))
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => window.tellRefused("
            "event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ' ' + event.sample));"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: seen.trouble(f"script {error}"))
        page.on("dialog", lambda dialog: (seen.trouble(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda message: _console(seen, message))
        _enter(page, found, role, seen)
        chosen = only or addresses(found, role)
        for address in chosen:
            _look(page, found, role, address, seen)
        for address in chosen:
            _fill(page, found, address, fill, seen, sent if once else set())
        context.close()
    return seen


def _console(seen: Walk, message: Any) -> None:
    if message.type == "error" and not _SAID_NO.search(message.text):
        seen.trouble(f"console {message.text}")


def _enter(page: Page, found: Served, role: str, seen: Walk) -> None:
    seen.where = f"{role} /sign-in"
    page.goto(f"{found.url}/sign-in")
    page.fill("#login", LOGINS[role])
    page.fill("#password", PASSWORD)
    page.click(".sign-in .btn-primary")
    page.wait_for_load_state("networkidle")
    if "/sign-in" in page.url:
        raise AssertionError(f"{role} could not sign in")


def addresses(found: Served, role: str) -> list[str]:
    """Every page that the role may open, today's and tomorrow's day, and pages that do not exist."""
    app, made = found.app, []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
                continue
            who = access.who(app, rule.endpoint) or frozenset()
            if who not in (access.EVERYBODY, access.PUBLIC) and role not in who:
                continue
            facts = {name: _fact(found, rule, name) for name in rule.arguments}
            made.append(app.url_for(rule.endpoint, **facts))
            if "day" in facts:
                made.append(app.url_for(rule.endpoint, **(facts | {"day": TOMORROW.isoformat()})))
        made.append(app.url_for("people.show", number=PAYLOADS[1]))
        made += [
            app.url_for("day.export", day=TODAY.isoformat(), form=form) for form in ("csv", "gpx", "pdf", "geojson")
        ]
    return list(dict.fromkeys(made))


def _fact(found: Served, rule: Rule, name: str) -> Any:
    """What stands in an address: of the company, one of the words the route knows, or a one."""
    if name in (rule.defaults or {}):
        return rule.defaults[name]
    words = sorted(getattr(rule._converters[name], "items", ()))
    return found.company.facts.get(name) if name in found.company.facts else (words or ["1"])[0]


def _look(page: Page, found: Served, role: str, address: str, seen: Walk) -> None:
    seen.where = f"{role} {address}"
    answer = page.context.request.get(f"{found.url}{address}", max_redirects=0)
    kind = answer.headers.get("content-type", "")
    if answer.status >= 500 and address != "/readyz":
        seen.trouble(f"answered {answer.status}")
    if not kind.startswith("text/html"):
        seen.files += 1
        _file(answer.body(), kind, seen)
        return
    page.goto(f"{found.url}{address}")
    seen.pages += 1
    _judge(page, seen)
    marks = page.locator(".leaflet-marker-icon")
    for number in range(min(marks.count(), 12)):
        # Pressed by its own event: one mark may lie over another.
        marks.nth(number).dispatch_event("click")
        seen.popups += page.locator(".leaflet-popup-content").count()
        _judge(page, seen)
    for summary in page.locator("summary").all()[:6]:
        summary.dispatch_event("click")
    _judge(page, seen)


def _judge(page: Page, seen: Walk) -> None:
    if made := _asked(page, f"[...document.querySelectorAll({ELEMENT!r})].map((one) => one.outerHTML.slice(0, 160))"):
        seen.trouble(f"became markup: {made}")
    text = _asked(page, "document.body.innerText")
    if "49" in text and "{{7*7}}" not in text and "7*7" in text:
        seen.trouble("a template was filled in")
    if "root:x:" in text:
        seen.trouble("a file of the machine is shown")


def _asked(page: Page, expression: str) -> Any:
    """What the page answers once it has stopped going elsewhere."""
    for _ in range(20):
        try:
            page.wait_for_load_state()
            return page.evaluate(expression)
        except PageGone as error:
            if "navigation" not in str(error):
                raise
            page.wait_for_timeout(100)
    raise AssertionError("the page never came to rest")


def _file(body: bytes, kind: str, seen: Walk) -> None:
    if "csv" in kind:
        for line in body.decode("utf-8-sig").splitlines():
            if re.search(r"(^|,)\"?[=+@]", line):
                seen.trouble("a formula stands in a file")
    if "pdf" in kind:
        shown = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
        if "root:x:" in shown:
            seen.trouble("a file of the machine is in a PDF")
        if "canary" not in shown:
            seen.trouble("a PDF holds none of the texts: nothing was tried")


def _fill(page: Page, found: Served, address: str, texts: Sequence[str], seen: Walk, sent: set[str]) -> None:
    """Send each form of a page with the texts in its fields, past what the browser itself would refuse."""
    answer = page.context.request.get(f"{found.url}{address}", max_redirects=0)
    if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/html"):
        return
    page.goto(f"{found.url}{address}")
    actions = page.evaluate("[...document.forms].map((form) => form.getAttribute('action') || '')")
    for place, action in enumerate(actions):
        if action in sent or any(part in action for part in _LEAVES):
            continue
        sent.add(action)
        seen.where = f"form {action} on {address}"
        page.goto(f"{found.url}{address}")
        if page.evaluate(_SEND, [place, list(texts)]):
            page.wait_for_timeout(150)
            page.wait_for_load_state()
            seen.forms += 1
            _judge(page, seen)


_SEND = """([place, texts]) => {
  const form = document.forms[place];
  if (!form || form.method !== "post") return false;
  let next = 0;
  form.noValidate = true;
  for (const field of form.elements) {
    if (!["text", "search", "email", "tel", "password", "url", "textarea"].includes(field.type)) continue;
    field.removeAttribute("maxlength");
    field.value = texts[next++ % texts.length];
  }
  if (!next) return false;
  form.requestSubmit();
  return true;
}"""


def main(arguments: list[str] | None = None) -> int:
    """Walk, say what was seen, and answer 1 when there was trouble."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payloads", type=int, default=len(PAYLOADS))
    parser.add_argument("--each", action="store_true", help="each payload in a company of its own")
    parser.add_argument("--roles", default=",".join(LOGINS))
    options = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    chosen = PAYLOADS[: options.payloads]
    groups = [(one,) for one in chosen] if options.each else [chosen]
    troubles = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for group in groups:
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder, served(group, Path(folder)) as found:
                seen = walk(browser, found, roles=options.roles.split(","), fill=group)
            print(
                f"{len(group)} payloads, {found.company.columns} columns: {seen.pages} pages, {seen.popups} popups, "
                f"{seen.forms} forms, {seen.files} files in {time.monotonic() - began:.0f} s; "
                f"{len(seen.troubles)} troubles",
                flush=True,
            )
            for trouble in sorted(set(seen.troubles)):
                print(f"  {trouble}")
            troubles += len(seen.troubles)
        browser.close()
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
