"""Orders on their pages: found, changed, called off, kept off the road, given to a van; and homes put on the map."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from inventory import addresses, people
from logistics import queries, users
from tests.webapp.scenes import TODAY, TOMORROW


def order(system, reference):
    """The order as the books have it."""
    with system.sessions() as session:
        return queries.order_view(session, reference)


def rows(client, **asked):
    """The references that the list shows."""
    page = BeautifulSoup(client.get("/orders", query_string=asked).text, "html.parser")
    return [link.text for link in page.select("table.list td:first-child a")]


def test_the_list_is_filtered_by_state_day_and_text_and_says_so(browse, company):
    client = browse("coordinator")
    page = BeautifulSoup(client.get("/orders?state=planned").text, "html.parser")

    assert set(rows(client)) == {"O-1", "O-2", "O-3", "O-4", "O-5"}
    assert set(rows(client, state="planned")) == {"O-1", "O-2", "O-3"}
    assert rows(client, day=TOMORROW.isoformat()) == ["O-5"]
    assert rows(client, state="nonsense", day="nonsense", page="nonsense") == rows(client)
    assert page.select_one('select[name="state"] option[selected]')["value"] == "planned"


def test_an_order_is_changed_with_what_was_typed(browse, company, system):
    client = browse("coordinator")
    version = order(system, "O-5").version

    client.post("/orders/O-5/change", data={
        "day": TOMORROW.isoformat(), "window_start": "09:30", "window_end": "11:00", "priority": "2",
        "note": "ring twice", "version": version,
    })  # fmt: skip

    changed = order(system, "O-5")
    assert (f"{changed.window_start:%H:%M}", f"{changed.window_end:%H:%M}") == ("09:30", "11:00")
    assert (changed.priority, changed.note) == (2, "ring twice")


def test_a_change_over_somebody_elses_is_refused_and_nothing_typed_is_lost(browse, company, system):
    client = browse("coordinator")
    facts = {
        "day": TOMORROW.isoformat(),
        "window_start": "09:30",
        "window_end": "11:00",
        "priority": "2",
        "note": "mine",
    }
    stale = order(system, "O-5").version
    client.post("/orders/O-5/change", data={**facts, "note": "theirs", "version": stale})

    answer = client.post("/orders/O-5/change", data={**facts, "version": stale})

    assert answer.status_code == 409
    assert "Somebody changed order O-5 meanwhile." in answer.text
    assert 'value="mine"' in answer.text
    assert order(system, "O-5").note == "theirs"


@pytest.mark.parametrize(
    ("field", "typed"),
    [("day", "soon"), ("window_start", "25:00"), ("window_end", ""), ("priority", "9"), ("note", "x" * 401)],
)
def test_what_cannot_be_read_is_marked_at_its_field(browse, company, system, field, typed):
    facts = {"day": TOMORROW.isoformat(), "window_start": "09:00", "window_end": "11:00", "priority": "1", "note": "",
             "version": order(system, "O-5").version}  # fmt: skip

    answer = browse("coordinator").post("/orders/O-5/change", data={**facts, field: typed})
    page = BeautifulSoup(answer.text, "html.parser")

    assert answer.status_code == 422
    assert page.select_one(f'.notice.danger a[href="#{field}"]')
    assert order(system, "O-5").version == facts["version"]


def test_what_was_just_done_is_undone_once_and_only_while_nothing_changed_since(browse, company, system):
    client = browse("coordinator")

    def deed(address, form):
        client.post(address, data=form)
        page = BeautifulSoup(client.get("/orders/O-5").text, "html.parser")
        return page.select_one('form[data-undo] input[name="handle"]')["value"]

    def undo(handle, by=client):
        by.post("/undo", data={"handle": handle})
        seen = order(system, "O-5")
        return seen.left_out, seen.wanted_van

    left = deed("/orders/O-5/leave-out", {"flag": "yes"})
    assert order(system, "O-5").left_out
    assert undo(left + "x") == undo("") == undo(left, by=browse("agent")) == (True, "")
    assert undo(left) == (False, "")
    client.post("/orders/O-5/leave-out", data={"flag": "yes"})
    assert undo(left) == (True, "")
    assert "Nothing was changed" in client.get("/orders/O-5").text
    given = deed("/orders/O-5/van", {"van": "V2"})
    assert undo(given) == (True, "")
    assert "data-undo" not in client.get("/orders/O-5").text


def test_an_account_closed_by_mistake_is_opened_again_by_undo(browse, company, system):
    client = browse("admin")
    client.post("/admin/users/wim/active", data={"active": "no"})
    page = BeautifulSoup(client.get("/admin/users").text, "html.parser")

    client.post("/undo", data={"handle": page.select_one('form[data-undo] input[name="handle"]')["value"]})

    with system.sessions() as session:
        assert users.account_of(session, "wim").is_active


def test_cancelling_frees_the_order(browse, company, system):
    browse("agent").post("/orders/O-5/cancel", data={"reason": "called back"})

    assert order(system, "O-5").state == "cancelled"


def test_leaving_out_and_letting_back(browse, company, system):
    client = browse("coordinator")

    client.post("/orders/O-5/leave-out", data={"flag": "yes"})
    left = order(system, "O-5").left_out
    client.post("/orders/O-5/leave-out", data={"flag": "no"})

    assert (left, order(system, "O-5").left_out) == (True, False)


def test_giving_to_a_van_and_taking_back(browse, company, system):
    client = browse("coordinator")

    client.post("/orders/O-5/van", data={"van": "V2"})
    given = order(system, "O-5").wanted_van
    answer = client.post("/orders/O-5/van", data={"van": "NONE"}, follow_redirects=True)
    client.post("/orders/O-5/van", data={"van": ""})

    assert given == "V2"
    assert "There is no" in answer.text
    assert not order(system, "O-5").wanted_van


def test_an_agent_may_not_decide_about_the_road(browse, company):
    client = browse("agent")

    assert [client.post(f"/orders/O-5/{deed}").status_code for deed in ("leave-out", "van", "move")] == [403] * 3


def test_an_order_that_does_not_exist_is_a_page_that_does_not_exist(browse, company):
    answer = browse("coordinator").get("/orders/O-404")

    assert answer.status_code == 404
    assert "There is no order O-404." in BeautifulSoup(answer.text, "html.parser").text


def test_a_clicked_pin_becomes_the_home(browse, company, system):
    browse("coordinator").post("/people/E5/pin", data={"lat": "43.741234", "lon": "7.421234"})

    with system.sessions() as session:
        home = addresses.current(session, people.employee(session, "E5").id)
    assert (home.lat, home.lon, home.accuracy) == (43.741234, 7.421234, "pin")


@pytest.mark.parametrize("point", [{}, {"lat": "x", "lon": "1"}, {"lat": "91", "lon": "7"}, {"lat": "nan", "lon": "7"}])
def test_a_point_that_is_none_changes_nothing(browse, company, system, point):
    answer = browse("coordinator").post("/people/E5/pin", data=point)

    with system.sessions() as session:
        home = addresses.current(session, people.employee(session, "E5").id)
    assert answer.status_code in (302, 422)
    assert home.accuracy == "given"


def test_a_new_order_is_placed_from_the_employees_page(browse, company, system):
    answer = browse("agent").post("/people/E5/order", data={
        "kind": "issue", "sku": "MOU", "quantity": "2", "day": TODAY.isoformat(), "window_start": "13:00",
        "window_end": "15:00", "priority": "1", "note": "",
    })  # fmt: skip

    placed = order(system, answer.headers["Location"].rpartition("/")[2])
    assert (placed.employee_number, placed.kind, placed.site_code) == ("E5", "issue", "NCE")


def test_an_order_that_lacks_something_keeps_what_was_typed(browse, company):
    answer = browse("agent").post("/people/E5/order", data={
        "kind": "swap", "sku": "MOU", "quantity": "2", "day": "2026-11-30", "window_start": "13:00",
        "window_end": "12:00", "priority": "1", "note": "third floor",
    })  # fmt: skip

    assert answer.status_code == 422
    assert 'value="third floor"' in answer.text
    assert 'value="2026-11-30"' in answer.text
