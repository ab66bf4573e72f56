"""What people do on pages and programs by the API is the same deed: the same function of the counter."""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cache

import pytest

from logistics import rights, tokens
from logistics.models import Order
from tests.fakes import MORNING
from tests.webapp.scenes import LOGINS
from webapp import access
from webapp.api.operations import OPERATIONS

#: Every deed of a page and the operation that does the same; a page's deed that is not here fails the test below.
SAME = {
    "admin.add": "api_users.add_user", "admin.link": "api_users.make_link", "admin.email": "api_users.set_email",
    "admin.remove_factors": "api_users.remove_factors", "admin.active": "api_users.set_active",
    "admin.preview": "api_imports.upload", "admin.bring_in": "api_imports.commit",
    "courier.start": "api_tours.tell_event", "courier.arrived": "api_tours.tell_event",
    "courier.done": "api_tours.tell_event", "courier.failed": "api_tours.tell_event",
    "courier.end": "api_tours.tell_event", "day.plan": "api_days.plan_day", "day.publish": "api_days.publish_day",
    "orders.change": "api_orders.change_order", "orders.cancel": "api_orders.cancel_order",
    "orders.leave_out": "api_orders.leave_out_order", "orders.van": "api_orders.give_order_to_van",
    "orders.move": "api_orders.move_order", "orders.working": "api_orders.confirm_order",
    "orders.search": "api_orders.search_orders", "people.search": "api_people.search_people",
    "people.home": "api_people.reveal_home", "people.order": "api_orders.place_order",
    "people.pin": "api_people.set_pin", "tasks.cancel": "api_tasks.cancel_task", "tasks.retry": "api_tasks.retry_task",
    "warehouse.mark": "api_warehouse.mark_pick", "warehouse.search": "api_warehouse.list_stock",
    "warehouse.receive": "api_warehouse.receive", "tokens.make": "api_me.make_token",
    "tokens.revoke": "api_me.revoke_token",
}  # fmt: skip
#: Deeds about the browser's own session, its sign-in and its form helpers: there is nothing in them for a program.
#: A program undoes with the operation itself, told the other way round under the version that it was answered.
OF_A_BROWSER = {"undo", "sign_in", "links", "passkeys", "account", "service", "home", "maps"}
#: Searches by a form that leads to the page with what was found.
SHOWN_BY = {"orders.search": "orders.index", "people.search": "people.index", "warehouse.search": "warehouse.stock"}
#: Functions of the counter that pages call and no operation does, and why.
OF_PAGES = {
    "undo.take_back": "the opposite operation, under the version that the first one answered",
    "people.home_to_correct": "the point under the pin: a program asks for the home with the reason `correction`",
    "imports.kind_of": "which form the page shows again",
    "orders.vans": "the choices of a form: `GET /vans`",
    "tokens.useful_scopes": "the choices of a form: the document names the scopes",
}


@cache
def called(module_name):
    """For each function of a module: functions of the counter that it calls itself, and functions of the module."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module_name)))
    rooms = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "logistics.counter"
        for alias in node.names
    }  # fmt: skip
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    told = {}
    for name, function in own.items():
        uses = {
            f"{rooms[node.value.id]}.{node.attr}"
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms
        }
        names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        told[name] = uses, names & set(own) - {name}
    return told


def reached(view):
    """Functions of the counter that a view reaches, through functions of its own module, too."""
    deed = inspect.unwrap(view)
    functions, seen, waiting = called(deed.__module__), set(), [deed.__name__]
    found = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            found |= functions[name][0]
            waiting += functions[name][1]
    return {one for one in found if callable(_of_the_counter(one))}


def _of_the_counter(name):
    room, _, function = name.partition(".")
    found = getattr(importlib.import_module(f"logistics.counter.{room}"), function)
    # Errors and constants are named, too.
    return None if inspect.isclass(found) else found


def test_every_deed_of_a_page_is_an_operation_of_the_api(app):
    deeds = {
        rule.endpoint for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and access.who(app, rule.endpoint) != access.BEARER
        and rule.endpoint.partition(".")[0] not in OF_A_BROWSER
    }  # fmt: skip

    assert deeds == set(SAME)
    assert set(SAME.values()) - set(OPERATIONS) == set()


@pytest.mark.parametrize("page", SAME)
def test_a_deed_of_a_page_and_its_operation_call_the_same_function(page, app):
    of_page = reached(app.view_functions[SHOWN_BY.get(page, page)])
    of_operation = reached(app.view_functions[SAME[page]])

    assert of_page & of_operation, (of_page, of_operation)


def test_what_pages_may_ask_of_the_counter_programs_may_too(app):
    pages, operations = set(), set()
    for endpoint, view in app.view_functions.items():
        if endpoint != "static":
            (operations if endpoint in OPERATIONS else pages).update(reached(view))

    assert pages - operations == set(OF_PAGES)


@pytest.fixture
def call(app, system):
    """Calls the API as an administrator."""
    with system.sessions.begin() as writing:
        text, _ = tokens.make(
            writing, LOGINS["admin"], name="t", scopes=frozenset(rights.SCOPES), now=MORNING, actor="x"
        )  # fmt: skip
    client = app.test_client(use_cookies=False)

    def ask(method, path, body=None, **headers):
        sent = {"Authorization": f"Bearer {text}", **{name.replace("_", "-"): told for name, told in headers.items()}}
        return client.open(f"/api/v1{path}", method=method, json=body, headers=sent)

    return ask


@pytest.mark.parametrize(("seen", "method", "path", "there", "back"), [
    ("/orders/O-5", "POST", "/orders/O-5/leave-out", {"left_out": True}, {"left_out": False}),
    ("/orders/O-5", "POST", "/orders/O-5/van", {"van": "V2"}, {"van": None}),
    ("/users/wim", "PUT", "/users/wim/active", {"active": False}, {"active": True}),
])  # fmt: skip
def test_a_program_takes_back_what_a_page_offers_to_undo(call, company, system, seen, method, path, there, back):
    before = call("GET", seen)

    done = call(method, path, there, If_Match=before.headers["ETag"])
    undone = call(method, path, back, If_Match=done.headers["ETag"])
    late = call(method, path, back, If_Match=done.headers["ETag"])

    assert (done.status_code, undone.status_code, late.status_code) == (200, 200, 412)
    name = next(iter(there))
    field = {"left_out": "left_out", "van": "wanted_van", "active": "is_active"}[name]
    assert (done.get_json()[field] or None) != (before.get_json()[field] or None) == (undone.get_json()[field] or None)
    with system.sessions() as reading:
        assert reading.query(Order).count() == 5
