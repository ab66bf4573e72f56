"""The browser fixtures see what they are there to see."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
PAGE = """<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,"></head>
<body><main><h1>Hello</h1>%s</main></body></html>"""
BODIES = {
    "/good": "<p>All is well.</p>",
    "/unlabelled": '<input type="text">',
    "/inline": "<script>document.title = 'changed'</script>",
    "/elsewhere": '<img alt="" src="http://tiles.invalid/1.png">',
}


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (PAGE % BODIES.get(self.path, "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_good_page_brings_no_trouble_and_passes_the_accessibility_check(pages, desktop, troubles, accessibility):
    desktop.goto(f"{pages}/good")

    assert desktop.title() == "A page"
    assert accessibility(desktop) == []
    assert troubles == []


def test_a_field_without_a_label_is_seen_on_a_phone(pages, phone, accessibility):
    phone.goto(f"{pages}/unlabelled")

    assert [violation.partition(":")[0] for violation in accessibility(phone)] == ["label"]


def test_an_inline_script_is_refused_and_told(pages, desktop, troubles):
    desktop.goto(f"{pages}/inline")

    assert desktop.title() == "A page"
    assert any("Content Security Policy" in trouble for trouble in troubles)


def test_a_request_that_leaves_the_machine_is_told(pages, desktop, troubles):
    desktop.goto(f"{pages}/elsewhere")

    assert any("tiles.invalid" in trouble for trouble in troubles)
