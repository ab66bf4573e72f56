"""No page, export, document or map tells a role more of a person than the access matrix grants."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from inventory import addresses, people
from logistics import personal, rights, tokens, viewer
from logistics.counter import cuts, days
from logistics.counter import orders as counter_orders
from logistics.counter import people as desk
from logistics.states import ROLES
from tests.fakes import MORNING
from tests.webapp.scenes import LOGINS, TODAY, TOMORROW
from tests.webapp.test_access import readable
from webapp.api.operations import OPERATIONS

#: What is known of E1, who is visited today; each text is found nowhere else.
GIVEN, FAMILY = "Philibertine", "Courtepaille"
PHONE, EMAIL = "0639980777", "philibertine@azurelle.example"
STREET, NOTE, ORDER_NOTE = "77 sentier Inconnu", "code 4711A", "ring at the Kowalskis"
LAT, LON = 43.712345, 7.254321
#: The beginnings of the two that tell the house: four decimals are eleven metres. Maps carry them as text, too.
POINT = ("43.7123", "7.2543")
MAY_SEE_POINT = ("coordinator", "courier")

#: Of those, what each role may read somewhere. The employee who looks is somebody else, E5.
MAY_READ = {
    "coordinator": {GIVEN, FAMILY, PHONE, EMAIL, STREET, NOTE, ORDER_NOTE},
    "agent": {GIVEN, FAMILY, EMAIL, ORDER_NOTE},
    "courier": {GIVEN, PHONE, STREET, NOTE, ORDER_NOTE},
    "warehouse": set(), "employee": set(), "admin": set(), "auditor": set(),
}  # fmt: skip
#: What each role must be able to read, or it cannot do its work.
MUST_READ = {
    "coordinator": {GIVEN, FAMILY, PHONE, STREET, NOTE}, "agent": {GIVEN, FAMILY},
    "courier": {GIVEN, PHONE, STREET, NOTE, ORDER_NOTE},
}  # fmt: skip
EVERYTHING = MAY_READ["coordinator"]
FORMS = ("json", "csv", "geojson", "gpx", "pdf")


@pytest.fixture
def known(company, system):
    """E1 with a name, a phone, a mail, a street, an access note and a point that are found nowhere else."""
    from logistics.models import Order, Stop

    with system.sessions.begin() as session:
        person = people.employee(session, "E1")
        person.given_name, person.family_name, person.phone, person.email = GIVEN, FAMILY, PHONE, EMAIL
        home = addresses.current(session, person.id)
        home.line, home.access_note, home.lat, home.lon = STREET, NOTE, LAT, LON
        for stop in session.query(Stop).where(Stop.employee_id == person.id):
            assert stop.address_id == home.id
        session.query(Order).where(Order.reference == "O-1").one().note = ORDER_NOTE
    return company


def told(answer) -> str:
    """What an answer says, whatever it is made of."""
    if answer.mimetype == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    return answer.get_data(as_text=True)


def leaks(role, read):
    """Addresses and what they tell though the role may not read it: words of the person, or the point of their home."""
    hidden = EVERYTHING - MAY_READ[role] | (set() if role in MAY_SEE_POINT else set(POINT))
    return {(address, secret) for address, text in read.items() for secret in hidden if secret in text}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_by_the_api_what_the_matrix_grants_and_nothing_else(role, app, known, system):
    with system.sessions.begin() as session:
        token, _ = tokens.make(
            session, LOGINS[role], name="t", scopes=frozenset(rights.SCOPES), now=MORNING, actor="x"
        )  # fmt: skip
    facts = {
        "day": TODAY.isoformat(), "reference": "O-1", "number": "E1", "tour_id": known.tour_id, "login": "wim",
        "stop_id": known.stop_ids[0], "task_id": "none", "upload_id": "none",
    }  # fmt: skip
    with app.test_request_context():
        paths = [
            app.url_for(rule.endpoint, **{name: {**facts, "form": form}[name] for name in rule.arguments})
            for rule in app.url_map.iter_rules()
            if rule.endpoint in OPERATIONS and "GET" in rule.methods
            for form in (FORMS if "form" in rule.arguments else ("",))
        ]
    client = app.test_client(use_cookies=False)

    answers = {path: client.get(path, headers={"Authorization": f"Bearer {token}"}) for path in paths}

    read = {path: told(answer) for path, answer in answers.items() if answer.status_code == 200}
    assert {answer.status_code for answer in answers.values()} <= {200, 403, 404}
    assert read
    assert leaks(role, read) == set()
    if role == "coordinator":
        assert any(part in text for text in read.values() for part in POINT)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_what_the_matrix_grants_and_nothing_else(role, app, browse, known):
    client = browse(role)
    pages = [address for endpoint, address in readable(app, known) if endpoint not in ("maps.tiles", "home.metrics")]
    pages += [f"/day/{TODAY}/export/{form}" for form in FORMS] + [f"/people/{'E1'}/pin"]

    read = {address: told(answer) for address in pages if (answer := client.get(address)).status_code == 200}

    assert leaks(role, read) == set()
    if role == "coordinator":
        assert any(part in text for text in read.values() for part in POINT), "nobody shows the point; look elsewhere"
    missing = {secret for secret in MUST_READ.get(role, ()) if not any(secret in text for text in read.values())}
    assert missing == set()


def test_an_employee_reads_their_own_home_which_is_no_look_to_be_logged(app, browse, known, system):
    from inventory.models import AddressView
    from logistics import users

    with system.sessions.begin() as session:
        users.user(session, LOGINS["employee"]).employee_id = people.employee(session, "E1").id
        token, _ = tokens.make(
            session, LOGINS["employee"], name="t", scopes=frozenset(rights.SCOPES), now=MORNING, actor="x"
        )  # fmt: skip

    page = browse("employee").get("/my/kit").get_data(as_text=True)
    home = app.test_client(use_cookies=False).get("/api/v1/me/home", headers={"Authorization": f"Bearer {token}"})

    assert {secret for secret in (STREET, NOTE, PHONE) if secret in page} == {STREET, NOTE, PHONE}
    assert (home.get_json()["line"], home.get_json()["phone"], home.get_json()["lat"]) == (STREET, PHONE, LAT)
    with system.sessions() as session:
        assert session.query(AddressView).count() == 0


def test_an_agent_reads_the_home_for_a_reason(browse, known):
    client = browse("agent")

    answer = client.post("/people/E1/home", data={"purpose": "call"})

    revealed = answer.get_data(as_text=True)
    assert {secret for secret in (STREET, NOTE, PHONE) if secret in revealed} == {STREET, NOTE, PHONE}
    assert (answer.headers["Refresh"], answer.headers["Cache-Control"]) == ("300; url=/people/E1", "no-store")


@pytest.mark.parametrize(("role", "point"), [("agent", (43.71, 7.25)), ("coordinator", (LAT, LON))])
def test_a_program_reads_the_point_as_its_role_may(role, point, known, system, clock):
    who = viewer.Viewer(role, role)
    with system.sessions.begin() as session:
        home = desk.reveal_home(session, who, "E1", purpose="api:call", now=clock())

    assert (home.lat, home.lon) == point


@pytest.mark.parametrize(("role", "reads"), [("agent", True), ("admin", False), ("auditor", False)])
def test_why_an_order_was_called_off_is_read_by_those_who_read_its_note(role, reads, known, system, clock):
    somebody = viewer.Viewer("cora", "coordinator")
    with system.sessions.begin() as session:
        counter_orders.cancel(session, somebody, "O-5", reason="moved in with Aurelie", now=clock())
        page = counter_orders.show(session, viewer.Viewer(role, role), "O-5")

    (told_off,) = [event for event in page.events if event.kind == "cancelled"]
    assert (told_off.sentence("en") == "moved in with Aurelie") is reads


@pytest.mark.parametrize("role", ["admin", "auditor", "warehouse", "courier", "employee"])
def test_for_others_there_is_nothing_to_reveal(role, browse, known):
    answer = browse(role).post("/people/E1/home", data={"purpose": "call"})

    assert answer.status_code == 403
    assert STREET not in answer.get_data(as_text=True)


def test_a_courier_reads_no_door_in_the_evening_after_the_tour(browse, known, clock):
    client, door = browse("courier"), f"/courier/stops/{known.stop_ids[0]}"
    during = told(client.get(door))

    clock.wind(hours=13)
    after = told(client.get(door))

    assert STREET in during
    assert STREET not in after
    assert "Stop 1" in after


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_a_map_for_the_technical_roles_knows_sectors_only(role, system, known):
    with system.sessions() as session:
        seen = days.show(session, viewer.Viewer("x", role), TODAY, visit_minutes=10)

    stops = [stop for tour in seen.tours for stop in tour.stops]
    assert stops
    assert all((stop.lat, stop.lon) == personal.sector(stop.lat, stop.lon) for stop in stops)
    assert all(tour.geometry == () for tour in seen.tours)
    assert all(left.lat is None or left.lat == round(left.lat, 2) for left in seen.unserved)


def test_whoever_works_for_the_house_sees_the_day_as_it_is(system, known):
    with system.sessions() as session:
        seen = days.show(session, viewer.HOUSE, TODAY, visit_minutes=10)

    assert cuts.day(viewer.HOUSE, seen) is seen
    assert any(stop.lat == LAT for tour in seen.tours for stop in tour.stops)


def test_saving_an_order_whose_note_is_hidden_keeps_the_note(browse, known, system):
    from logistics.models import Order

    with system.sessions.begin() as session:
        order = session.query(Order).where(Order.reference == "O-5").one()
        order.note = ORDER_NOTE
        session.flush()
        version = order.version
    form = {"day": TOMORROW, "window_start": "10:00", "window_end": "12:00", "priority": "1", "version": version}

    answer = browse("admin").post("/orders/O-5/change", data=form)

    assert answer.status_code == 302
    with system.sessions() as session:
        kept = session.query(Order).where(Order.reference == "O-5").one()
        assert (kept.note, kept.window_start.hour) == (ORDER_NOTE, 10)


@pytest.mark.parametrize("address", ["/people/search", "/orders/search"])
def test_a_name_finds_nobody_for_who_may_not_see_names(address, browse, known):
    def found(role):
        return browse(role).post(address, data={"q": FAMILY}, follow_redirects=True).get_data(as_text=True)

    assert "E1" in found("coordinator")
    assert "E1<" not in found("admin")
    assert "O-1" not in found("admin")


def test_a_courier_who_is_late_keeps_the_doors_of_the_tour_on_the_road(browse, known, system, clock):
    from logistics.models import Tour

    with system.sessions.begin() as session:
        session.get_one(Tour, known.tour_id).state = "departed"

    clock.wind(hours=13)

    assert STREET in told(browse("courier").get(f"/courier/stops/{known.stop_ids[0]}"))
