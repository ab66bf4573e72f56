"""What a body or a query names of another site, or of another courier, is as good as absent."""

from __future__ import annotations

import re
import sys

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from inventory import people
from inventory.models import Product, Site
from logistics import dispatch, tasks, users
from logistics.models import PickLine, Tour
from tests.builders import pieces
from tests.fakes import MORNING
from tests.logistics.builders import a_draft, a_tour, a_van, an_order, out, stops_of
from tests.webapp.scenes import LOGINS, TODAY, TOMORROW
from tests.webapp.test_matrix import dump
from tests.webapp.test_token_matrix import _MOVE, _ORDER, BODIES, MISSING, _plain, ask, made, named, operations, parted

__all__ = ["parted"]
#: Fields that name something which belongs to a site or to somebody.
NAMING = {
    "site", "van", "employee_number", "asset_tag", "tour_id", "stop_id", "line", "loaded", "tag", "sites", "login",
}  # fmt: skip
_RETURN = _ORDER | {"kind": "return", "employee_number": "E6"}
_THEIRS, _NOWHERE = {"tour_id": "other tour"}, {"tour_id": 999_999}


def _back(tag):
    return {"lines": [{"direction": "back", "sku": "LAP", "asset_tag": tag}]}


def _given(line):
    return {"kind": "done", "tour_id": "own tour", "stop_id": "own stop", "given": [{"line": line}]}


#: For each of them: who asks, what they send of another's, and the same with something that does not exist.
CASES = {
    ("plan_day", "site"): ("coordinator", {"site": "NCE"}, {"site": "XXX"}),
    ("get_day", "site"): ("coordinator", {"site": "NCE"}, {"site": "XXX"}),
    ("export_day", "van"): ("coordinator", {"van": "V1"}, {"van": "V9"}),
    ("list_stock", "site"): ("warehouse", {"site": "NCE"}, {"site": "XXX"}),
    ("place_order", "employee_number"): ("agent", _ORDER, _ORDER | {"employee_number": "E404"}),
    ("place_order", "asset_tag"): ("agent", _RETURN | _back("OLD-E2"), _RETURN | _back("NONE")),
    ("give_order_to_van", "van"): ("coordinator", {"van": "V1"}, {"van": "V9"}),
    ("preview_move", "van"): ("coordinator", _MOVE, _MOVE | {"van": "V9"}),
    ("move_order", "van"): ("coordinator", _MOVE, _MOVE | {"van": "V9"}),
    ("receive", "site"): ("warehouse", BODIES["receive"], BODIES["receive"] | {"site": "XXX"}),
    ("substitute_pick", "asset_tag"): ("warehouse", {"asset_tag": "OLD-E2"}, {"asset_tag": "NONE"}),
    ("tell_event", "tour_id"): ("courier", {"kind": "started"} | _THEIRS, {"kind": "started"} | _NOWHERE),
    ("tell_event", "stop_id"): (
        "courier", {"kind": "arrived", "tour_id": "own tour", "stop_id": "other stop"},
        {"kind": "arrived", "tour_id": "own tour", "stop_id": 999_999},
    ),
    ("tell_event", "line"): ("courier", _given("other line"), _given(999_999)),
    ("tell_event", "loaded"): (
        "courier", {"kind": "started", "tour_id": "own tour", "loaded": ["other pick"]},
        {"kind": "started", "tour_id": "own tour", "loaded": [999_999]},
    ),
    ("tell_event", "asset_tag"): (
        "courier", _given("own line") | {"given": [{"line": "own line", "asset_tag": "OLD-E2"}]},
        _given("own line") | {"given": [{"line": "own line", "asset_tag": "NONE"}]},
    ),
}  # fmt: skip
#: Fields that can name nothing of another's, and why.
NOT_ANOTHERS = {
    ("receive", "tag"): "a new piece's tag; one that is taken is refused wherever it is taken",
    ("add_user", "employee_number"): "administrators are limited to no site",
    ("add_user", "van"): "administrators are limited to no site",
    ("add_user", "sites"): "administrators are limited to no site",
    ("add_user", "login"): "administrators are limited to no site",
}


def _fields(model):
    """Names of all fields of a model and of the models within it."""
    found = set(model.model_fields)
    for field in model.model_fields.values():
        for part in re.findall(r"\w+", repr(field.annotation)):
            inner = getattr(sys.modules[model.__module__], part, None)
            if isinstance(inner, type) and issubclass(inner, BaseModel) and inner is not model:
                found |= _fields(inner)
    return found


def test_every_field_that_names_something_is_tried_with_what_is_anothers(app):
    found = {
        (named(operation), field)
        for operation, _, _ in operations(app, MISSING)
        for model in (operation.takes, operation.asks)
        if model is not None
        for field in _fields(model) & NAMING
    }

    assert ("place_order", "asset_tag") in found, "fields of lines are not seen"
    assert found == set(CASES) | set(NOT_ANOTHERS)


@pytest.fixture
def things(company, parted, system):
    """Beside what is NCE's, a published tour of MCM's with an order, a pick line and a courier of its own."""
    with system.sessions.begin() as session:
        site = session.scalars(select(Site).where(Site.code == "MCM")).one()
        laptop = session.scalars(select(Product).where(Product.sku == "LAP")).one()
        pieces(session, laptop, 2, site=site)
        van = a_van(session, site, "V3", courier="v3")
        order = an_order(session, people.employee(session, "E6"), site, out(laptop), reference="O-6", day=TODAY)
        tour = a_tour(session, van, [order], day=TODAY)
        a_draft(session, session.get_one(Tour, company.tour_id), tour, day=TODAY)
        dispatch.publish_day(session, TODAY, now=MORNING, actor="cora")
        pick = session.scalars(select(PickLine).where(PickLine.tour_id == tour.id)).one()
        own = session.scalars(select(PickLine).where(PickLine.stop_id == company.stop_ids[0])).first()
        return {
            "reference": "O-6", "number": "E6", "own tour": company.tour_id, "own stop": company.stop_ids[0],
            "own line": own.order_line_id, "other tour": tour.id, "other stop": stops_of(session, tour)[0].id,
            "other line": pick.order_line_id, "other pick": pick.id, "tour_id": tour.id, "line_id": pick.id,
        }  # fmt: skip


def _filled(body, things):
    if isinstance(body, dict):
        return {name: _filled(part, things) for name, part in body.items()}
    if isinstance(body, list):
        return [_filled(part, things) for part in body]
    return things.get(body, body) if isinstance(body, str) else body


@pytest.mark.parametrize(("name", "field"), CASES)
def test_what_is_anothers_answers_as_what_does_not_exist(name, field, app, system, things):
    role, *bodies = CASES[name, field]
    with system.sessions.begin() as session:
        if role != "courier":
            users.user(session, LOGINS[role]).sites = frozenset({"MCM"})
    text = made(system, role)[0]
    facts = {key: things[key] for key in ("reference", "number", "tour_id", "line_id")} | {"stop_id": 1}
    operation, path, _ = next(one for one in operations(app, facts) if named(one[0]) == name)
    if role == "courier" and field not in ("tour_id", "loaded"):
        started = {"kind": "started", "tour_id": things["own tour"]}
        assert ask(app, text, "PUT", path, started).status_code == 200
        path = path.replace("0" * 32, "1" * 32)
    seen = ask(app, text, "GET", f"/api/v1/orders/{things['reference']}")
    mark = {"If-Match": seen.headers["ETag"]} if operation.versioned else {}
    before = dump(system.sessions, but=("api_token",))

    def send(body):
        if operation.asks is not None:
            return app.test_client(use_cookies=False).get(
                path, query_string=body, headers={"Authorization": f"Bearer {text}"}
            )
        return ask(app, text, operation.method, path, _filled(body, things), **mark)

    other, missing = (send(body) for body in bodies)

    names = {"1": "NCE", "2": "XXX", "3": "OLD-E2", "4": "NONE", "5": "V1", "6": "V2", "7": "V9", "8": "E1"}
    names |= {f"other {key}": things[f"other {key}"] for key in ("tour", "stop", "line", "pick")}
    assert _plain(other, names) == _plain(missing, names)
    assert other.status_code in ((200,) if name == "list_stock" else (403, 404, 422))
    assert dump(system.sessions, but=("api_token",)) == before


def test_a_day_that_is_planned_for_other_sites_is_no_unknown_record(app, system, parted, browse):
    with system.sessions.begin() as session:
        users.user(session, "cora").sites = frozenset({"MCM"})
        asked = {"day": TOMORROW.isoformat(), "site": "NCE"}
        running = tasks.ask(session, "plan-day", asked, actor="somebody", now=MORNING)
    text = made(system, "coordinator")[0]

    answer = ask(app, text, "POST", f"/api/v1/days/{TOMORROW}/plan", {"site": "MCM"})
    page = browse("coordinator")
    sent_back = page.post(f"/day/{TOMORROW}/plan")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "planning-runs")
    assert sent_back.headers["Location"] == f"/day/{TOMORROW}"
    shown = page.get(f"/day/{TOMORROW}").get_data(as_text=True)
    assert "This day is being planned at the moment." in shown
    assert running not in shown
