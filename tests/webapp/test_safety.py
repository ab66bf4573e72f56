"""Pages run no script but ours, leak no home, and write what people typed as text."""

from __future__ import annotations

import io
import json
import re

import pytest
from bs4 import BeautifulSoup

from tests.conftest import CHECKOUT
from tests.webapp.scenes import LOGINS, QUOTES, STREET, TAG, TEMPLATE, TICK, TODAY, TOMORROW
from tests.webapp.test_access import readable
from webapp import access, create_app

#: What is tried here is in the pages and cookies; the database behind them makes no difference.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: A role that may open each page; the admin where it may, for it may most.
PREFERRED = ("coordinator", "admin", "warehouse", "agent", "courier", "employee", "auditor")


@pytest.fixture
def pages(app, browse, company):
    """Every page that can be read, by endpoint, with its answer."""
    clients = {role: browse(role) for role in LOGINS}
    answers = {}
    for endpoint, address in readable(app, company):
        rule = access.who(app, endpoint)
        roles = PREFERRED if rule in (access.EVERYBODY, access.PUBLIC) else [one for one in PREFERRED if one in rule]
        answers[endpoint] = clients[roles[0]].get(address)
    answers["sign_in.form"] = app.test_client().get("/sign-in")
    return answers


def html(answers):
    """The parsed pages among the answers."""
    return {
        endpoint: BeautifulSoup(answer.text, "html.parser")
        for endpoint, answer in answers.items()
        if answer.mimetype == "text/html" and answer.status_code != 302
    }


def test_every_answer_carries_the_policy_and_is_not_kept(pages):
    loose = {
        endpoint: dict(answer.headers)
        for endpoint, answer in pages.items()
        if answer.headers.get("Content-Security-Policy") != POLICY
        or answer.headers.get("X-Content-Type-Options") != "nosniff"
        or answer.headers.get("Referrer-Policy") != "same-origin"
        or answer.headers.get("Cache-Control") != "no-store"
        or answer.headers.get("X-Frame-Options") != "DENY"
        or answer.headers.get("Cross-Origin-Opener-Policy") != "same-origin"
        or answer.headers.get("Cross-Origin-Resource-Policy") != "same-origin"
        or "Strict-Transport-Security" in answer.headers
    }

    assert loose == {}


def test_files_that_everybody_gets_may_be_kept(app):
    answer = app.test_client().get("/static/app.css")

    assert "no-store" not in answer.headers.get("Cache-Control", "")


def test_no_page_has_a_script_or_style_of_its_own(pages):
    parsed = html(pages)

    guilty = {
        endpoint: [str(tag)[:80] for tag in page.find_all(_is_inline)]
        for endpoint, page in parsed.items()
        if page.find_all(_is_inline)
    }

    assert len(parsed) > 15
    assert guilty == {}


def _is_inline(tag):
    handlers = any(name.lower().startswith(("on", "hx-on")) for name in tag.attrs)
    runs = any(str(tag.get(name, "")).strip().lower().startswith("javascript:") for name in ("href", "src", "action"))
    inline = (tag.name == "script" and not tag.get("src")) or tag.name == "style" or tag.get("style") is not None
    return inline or handlers or runs


def test_no_page_asks_another_host(pages):
    asked = {
        (endpoint, tag.get("src") or tag.get("href"))
        for endpoint, page in html(pages).items()
        for tag in page.find_all(["script", "link", "img", "iframe", "use", "source"])
        if re.match(r"(?:https?:)?//", str(tag.get("src") or tag.get("href") or ""))
    }

    assert asked == set()


def test_what_people_typed_stands_on_pages_as_text(pages):
    parsed = html(pages)

    assert [page.find_all("img", src="x") for page in parsed.values() if page.find_all("img", src="x")] == []
    assert all(
        "alert(4)" not in (script.string or "") for page in parsed.values() for script in page.find_all("script")
    )
    # It was there to be escaped in the first place.
    assert TAG in parsed["people.show"].text
    assert QUOTES in parsed["day.show"].text


def test_the_maps_script_carries_nothing_that_people_typed(browse, company):
    script = browse("coordinator").get(f"/day/{TODAY}/map.js").text

    assert "tourneeDay(map_day)" in script
    assert [typed for typed in (TAG, TEMPLATE, TICK, QUOTES, "alert(", "<script", "</script") if typed in script] == []


def test_what_people_typed_stands_in_popups_as_text(browse, company):
    client = browse("coordinator")
    stops = [BeautifulSoup(client.get(f"/day/{TODAY}/stops/{one}").text, "html.parser") for one in company.stop_ids]
    left = BeautifulSoup(client.get(f"/day/{TODAY}/left/O-4").text, "html.parser")

    assert [told.find_all(["img", "script"]) for told in (*stops, left)] == [[], [], [], []]
    assert TAG in stops[0].h2.text
    assert TEMPLATE in stops[0].dl.text
    assert QUOTES in left.h2.text
    assert all(STREET not in str(told) for told in (*stops, left))


@pytest.mark.parametrize("typed", ["{{7*7}}", "{{ cycler.__init__ }}", "{% raise %}", "{# #}", "{{{7*7}}}", "{"])
def test_what_people_typed_is_no_template_to_the_map(browse, company, system, typed):
    from logistics.models import Order, Van

    with system.sessions.begin() as session:
        session.query(Order).filter_by(reference="O-4").one().reference = typed
        session.query(Van).filter_by(code="V1").one().code = typed[:20]

    answer = browse("coordinator").get(f"/day/{TODAY}/map.js")
    page = BeautifulSoup(browse("coordinator").get(f"/day/{TODAY}").text, "html.parser")
    told = json.loads(page.select_one("#map_day")["data-facts"])

    assert answer.status_code == 200
    assert not re.search(r"\{[{%#]", answer.text)
    assert told["left"][0][0] == typed
    assert told["tours"][0]["van"] == typed[:20]


def test_no_home_address_is_in_the_maps_script_or_on_the_day_page(browse, company):
    client = browse("coordinator")

    for address in (f"/day/{TODAY}", f"/day/{TODAY}/map.js", f"/day/{TOMORROW}", f"/day/{TOMORROW}/map.js"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert STREET not in answer.text
        assert "06800" not in answer.text


def test_a_home_is_shown_for_a_purpose_only_and_the_look_is_logged(browse, company, system):
    from sqlalchemy import select

    from inventory.models import AddressView

    client = browse("agent")
    before = client.get("/people/E5").text
    refused = client.post("/people/E5/home", data={"purpose": "curiosity"}).text
    shown = client.post("/people/E5/home", data={"purpose": "call"}).text

    assert STREET not in before
    assert STREET not in refused
    assert STREET in shown
    with system.sessions() as session:
        (look,) = session.scalars(select(AddressView).where(AddressView.actor == "agnes"))
        assert look.purpose == "desk:call"


def test_the_map_is_never_blank_without_a_region(browse, company):
    page = BeautifulSoup(browse("coordinator").get(f"/day/{TODAY}").text, "html.parser")

    assert page.select_one(".folium-map")
    assert "no street map" in page.select_one("[data-map]").text


def test_a_failure_shows_a_reference_and_nothing_of_the_request(app, company, caplog):
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    @app.get("/breaks")
    @access.public
    def breaks():
        raise RuntimeError("broken")

    answer = app.test_client().get("/breaks?name=Ana")

    assert answer.status_code == 500
    (record,) = [one for one in caplog.records if one.name == "webapp.errors"]
    assert record.args[0] in answer.text
    assert "Ana" not in caplog.text


@pytest.mark.parametrize(
    "data", [{f"f{number}": "x" for number in range(1_001)}, {"note": "x" * 2_000_001}], ids=["fields", "bytes"]
)
def test_a_form_beyond_every_measure_is_refused(browse, company, data):
    answer = browse("coordinator").post("/orders/O-5/cancel", data=data, content_type="multipart/form-data")

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_body_over_the_limit_is_refused_by_its_announced_length(app, browse, company):
    client = browse("admin")

    announced = {"CONTENT_LENGTH": "20000001"}
    answer = client.post("/admin/import", environ_overrides=announced, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 413


def test_a_forgotten_debug_switch_changes_nothing(system, company, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")

    assert create_app(system).debug is False


HOSTILE_QUERIES = (
    "page=-1", "page=99999999999999999999", "page=NaN", "page=1&page=2", "limit=1000000000", "sort=password_hash",
    "order=(SELECT 1)", "state=' OR 1=1 --", "day=0000-00-00", "day=9999-99-99", "find=../../etc/passwd", "find=%00",
    "employee__password__startswith=a", "filter[password]=a", "q=" + "x" * 10_000, "%ff=%fe", "van=%F0%9F%92%A9",
)  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=lambda query: query[:30])
def test_a_hostile_query_is_read_as_none_or_refused(app, browse, company, query):
    client = browse("admin")

    broken = [
        (address, status)
        for _, address in readable(app, company)
        if (status := client.get(f"{address}?{query}").status_code) >= 500
    ]

    assert broken == []


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"PK\x03\x04....", "XLSX"), (b"%PDF-1.7", "PDF"), (b"<svg onload=alert(1)>", "SVG"), (b"", "empty")],
)
def test_an_upload_of_another_kind_is_refused_by_its_name_and_kept_nowhere(browse, company, system, content, told):
    client = browse("admin")

    answer = client.post(
        "/admin/import",
        data={"kind": "products", "file": (io.BytesIO(content), "<img src=x onwheel=alert(1)>.csv")},
        content_type="multipart/form-data",
        follow_redirects=True,
    )

    assert told in BeautifulSoup(answer.text, "html.parser").select_one(".notice").text
    assert list((system.settings.home / "uploads").glob("*")) == []
    assert "onwheel" not in answer.text


MARKUP = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|\|\s*safe\b")
SCRIPTED = re.compile(r"\.(?:inner|outer)HTML|insertAdjacentHTML|document\.write|setAttribute\(.style|cssText|\beval\(")
#: Attributes that our own templates hand to a field, word for word.
REVIEWED = "{{ extra|safe }}"


@pytest.mark.parametrize(
    ("files", "forbidden"), [("templates/*.html", MARKUP), ("static/js/*.js", SCRIPTED)], ids=["templates", "scripts"]
)
def test_nothing_of_ours_writes_what_the_policy_is_there_to_refuse(database_url, files, forbidden):
    found = {
        f"{file.name}: {line.strip()[:80]}"
        for file in (CHECKOUT / "webapp").glob(files)
        for line in file.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line.replace(REVIEWED, ""))
    }

    assert found == set()


def test_the_reviewed_attributes_hold_no_data(database_url):
    handed = [
        extra
        for file in (CHECKOUT / "webapp/templates").glob("*.html")
        for extra in re.findall(r"extra=('[^']*'|[^\s,)]+)", file.read_text(encoding="utf-8"))
    ]

    assert handed
    assert [extra for extra in handed if not re.fullmatch(r"""'[\w\s=".:-]*'|""|''""", extra)] == []
