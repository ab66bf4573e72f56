"""Every route and method, for every role, on one's own, another site's, missing and odd objects."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select

from inventory import people
from inventory.db import Base
from inventory.models import Site
from logistics import users
from logistics.database import open_sessions
from logistics.models import PickLine
from logistics.rights import RIGHTS
from logistics.states import ROLES
from tests.fakes import FakeRoads
from tests.webapp.scenes import LOGINS, TODAY, TOMORROW
from webapp import access, access_table, create_app

LIMITED = ("coordinator", "warehouse", "agent", "auditor")
#: What stands in an address for each argument: something of the site NCE, and something that does not exist.
THERE = {
    "reference": "O-1", "number": "E1", "login": "wim", "task_id": "none", "name": "a" * 32 + ".csv",
    "day": TODAY.isoformat(), "form": "json",
}  # fmt: skip
MISSING = {"reference": "O-404", "number": "E404", "tour_id": 999_999, "stop_id": 999_999, "line_id": 999_999}
#: Names in an address that are nobody's site: one's own factor or token, a link from a mail, a language, a file.
OWN_OR_PUBLIC = {"factor_id", "token_id", "token", "purpose", "chosen", "filename"}
#: Deeds on a site's object that take no form: nothing is told, or what is told is a phone's own events.
NO_FORM = {"courier.arrived", "courier.done", "courier.failed", "day.plan", "day.publish"}
ODD = ("0", "-1", str(2**63), "1 or 1=1", "..%2f", "%00", "%F0%9F%92%A3", "x" * 300)
#: A form that the route takes when everything is one's own; a deed with no form has none.
FORMS: dict[str, dict[str, Any]] = {
    "orders.change": {
        "day": TOMORROW, "window_start": "09:00", "window_end": "12:00", "priority": "2", "note": "n", "version": "1",
    },
    "orders.cancel": {"reason": "no need"},
    "orders.leave_out": {"flag": "yes"},
    "orders.van": {"van": "V2"},
    "orders.move": {"plan_day": TOMORROW, "van": "V2", "position": "1"},
    "orders.working": {},
    "people.home": {"purpose": "call"},
    "people.order": {
        "kind": "issue", "sku": "MOU", "quantity": "1", "day": TOMORROW, "window_start": "09:00",
        "window_end": "12:00", "priority": "1",
    },
    "people.pin": {"lat": "43.7", "lon": "7.25"},
    "warehouse.mark": {"state": "picked"},
}  # fmt: skip


@pytest.fixture
def parted(company, system):
    """The company, its people and everybody's pieces looked after by NCE; E6 alone by MCM."""
    with system.sessions.begin() as session:
        sites = {site.code: site.id for site in session.scalars(select(Site))}
        for number in range(1, 7):
            people.employee(session, f"E{number}").site_id = sites["MCM" if number == 6 else "NCE"]
        line = session.scalar(select(PickLine.id).order_by(PickLine.id))
    return {**THERE, "tour_id": company.tour_id, "stop_id": company.stop_ids[0], "line_id": line}


def dump(sessions, *, but=("address_view", "sign_in_failure"), without=()):
    """Every row of every table, to see whether anything changed; left out are tables and columns of these names."""
    with sessions() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.execute(
                    select(*(one for one in table.columns if one.name not in without)).order_by(
                        *table.primary_key.columns
                    )
                )
            ]
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }


def limit(system, role, *sites):
    """Limit the role's user to sites."""
    with system.sessions.begin() as session:
        users.user(session, LOGINS[role]).sites = frozenset(sites)


def addressed(app, facts, *, method):
    """Endpoint, address and the arguments of every route of the method that names an object in its address."""
    with app.test_request_context():
        return [
            (rule.endpoint, app.url_for(rule.endpoint, **{name: facts[name] for name in rule.arguments}))
            for rule in app.url_map.iter_rules()
            if method in rule.methods and rule.arguments and rule.arguments <= set(facts)
        ]


def difference(one, other):
    """Status codes and the first lines in which two answers differ."""
    lines = zip(one[1].splitlines(), other[1].splitlines(), strict=False)
    return one[0], other[0], next(((left, right) for left, right in lines if left != right), None)


def plain(answer, names):
    """What an answer says and where it leads, with the objects' own names and ids taken out."""
    text = answer.headers.get("Location", "") + answer.get_data(as_text=True)
    for value in sorted(names, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(value)}\b", "#", text)
    # Form tokens and references of failures are new each time.
    return answer.status_code, re.sub(r"\b[0-9a-f]{8,32}\b|\bI[\w-]+\.[\w-]+\.[\w-]+", "", text)


def test_every_route_says_which_action_it_is_for_or_that_it_needs_none(app):
    silent = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "action", None) not in RIGHTS
        and access.who(app, rule.endpoint) not in (access.PUBLIC, access.EVERYBODY)
    ]

    assert silent == []


def test_every_route_with_an_object_in_its_address_stands_in_this_matrix(app):
    pages = [rule for rule in app.url_map.iter_rules() if access.who(app, rule.endpoint) != access.BEARER]
    of_a_site = {"reference", "number", "day", "tour_id", "stop_id", "line_id"}
    deeds = {rule.endpoint for rule in pages if "POST" in rule.methods and rule.arguments & of_a_site}

    assert set().union(*(rule.arguments for rule in pages)) - set(THERE) - set(MISSING) - OWN_OR_PUBLIC == set()
    assert deeds - set(FORMS) - NO_FORM == set(), "give it a form that it takes"


def test_the_table_in_the_docs_is_the_table_of_the_rules(app):
    assert access_table.PAGE.read_text() == access_table.page(app), "run: python -m webapp.access_table"


@pytest.mark.parametrize("role", LIMITED)
def test_another_sites_object_answers_as_one_that_does_not_exist(role, app, browse, parted, system):
    limit(system, role, "MCM")
    absent = parted | MISSING
    names = {*map(str, parted.values()), *map(str, absent.values())}
    before = dump(system.sessions)

    told_apart, asked = [], 0
    for method in ("GET", "POST"):
        there, gone = addressed(app, parted, method=method), dict(addressed(app, absent, method=method))
        for endpoint, address in there:
            if address == gone[endpoint] or role not in (access.who(app, endpoint) or ()):
                continue
            asked += 1
            form = FORMS.get(endpoint, {})
            other, missing = (browse(role).open(one, method=method, data=form) for one in (address, gone[endpoint]))
            if plain(other, names) != plain(missing, names) or other.status_code not in (302, 404):
                told_apart.append((method, endpoint, *difference(plain(other, names), plain(missing, names))))

    assert asked or role == "auditor"
    assert told_apart == []
    assert dump(system.sessions) == before


@pytest.mark.parametrize("role", LIMITED)
def test_no_list_map_or_export_tells_of_another_site(role, app, browse, parted, system):
    limit(system, role, "MCM")
    client = browse(role)
    pages = ["/people", "/orders", "/warehouse/stock", "/warehouse/picking", f"/day/{TODAY}", f"/day/{TODAY}/map.js"]
    pages += [f"/day/{TODAY}/export/{form}" for form in ("json", "csv", "geojson", "gpx")] + [f"/day/{TODAY}/print"]

    told = {page: client.get(page) for page in pages}

    read = {page: answer.get_data(as_text=True) for page, answer in told.items() if answer.status_code == 200}
    assert read
    leaks = {
        (page, secret)
        for page, text in read.items()
        for secret in ("O-1", "O-2", "O-3", "O-4", "O-5", "E1", "E2", "OLD-E2", "V1", "V2")
        if re.search(rf"\b{secret}\b", text)
    }
    assert leaks == set()


@pytest.mark.parametrize("role", LIMITED)
def test_what_is_ones_own_opens(role, app, browse, parted, system):
    limit(system, role, "NCE")
    client = browse(role)

    shut = {
        endpoint: status
        for endpoint, address in addressed(app, parted, method="GET")
        if role in (access.who(app, endpoint) or ())
        and endpoint not in ("tasks.show", "admin.errors", "day.left_popup")
        if (status := client.get(address).status_code) not in (200, 302)
    }

    assert shut == {}


@pytest.mark.parametrize(
    ("role", "address", "form"),
    [
        ("agent", "/people/E6/order", {"kind": "return", "return_asset_tag": "OLD-E2", "return_sku": "LAP"}),
        ("coordinator", "/people/E6/order", {"kind": "swap", "sku": "LAP", "return_asset_tag": "OLD-E2",
                                             "return_sku": "LAP"}),
        ("coordinator", "/orders/O-9/van", {"van": "V2"}),
        ("coordinator", "/orders/O-9/move", {"plan_day": TOMORROW, "van": "V2", "position": "1", "save": "yes"}),
        ("warehouse", "/warehouse/receive", {"site": "NCE", "sku": "MOU", "quantity": "3", "receipt_id": "r1"}),
        ("coordinator", f"/day/{TOMORROW}/plan", {"site": "NCE"}),
        ("coordinator", f"/day/{TOMORROW}/publish", {}),
    ],
)  # fmt: skip
def test_what_a_form_names_of_another_site_is_refused_and_nothing_changes(role, address, form, browse, parted, system):
    limit(system, role, "MCM")
    client = browse(role)
    usual = {"quantity": "1", "day": TOMORROW, "window_start": "09:00", "window_end": "12:00", "priority": "1"}
    if "O-9" in address:
        client.post("/people/E6/order", data=usual | {"kind": "issue", "sku": "MOU"})
        with system.sessions() as session:
            from logistics.models import Order

            placed = session.scalar(select(Order.reference).order_by(Order.id.desc()))
        address = address.replace("O-9", placed)
        assert client.get(f"/orders/{placed}").status_code == 200
    before = dump(system.sessions)

    answer = client.post(address, data=usual | form)

    assert answer.status_code in (302, 403, 404, 422)
    assert dump(system.sessions) == before


@pytest.mark.parametrize("role", ROLES)
def test_an_odd_name_for_an_object_is_never_found_and_never_breaks(role, app, browse, parted, system):
    client = browse(role)
    let_in = {
        (method, re.sub(r"<[^>]*>", "{}", rule.rule)): _roles(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in ("GET", "POST")
        if method in rule.methods and rule.arguments and rule.endpoint not in ("static", "sign_in.language")
    }
    before = dump(system.sessions)

    wrong = []
    for method, pattern in sorted(let_in):
        # Who may not come in is refused before the name is read: one name tells that.
        for odd in ODD if role in let_in[method, pattern] else ODD[:1]:
            status = client.open(pattern.replace("{}", odd), method=method).status_code
            if status >= 500 or (status == 200 and method == "POST"):
                wrong.append((method, pattern, odd[:10], status))

    assert wrong == []
    assert dump(system.sessions) == before


def _roles(app, endpoint):
    """Roles that the route lets in; a program's token is not tried here, a public page by one role is enough."""
    who = access.who(app, endpoint)
    return set(ROLES) if who == access.EVERYBODY else {"coordinator"} if who in (access.PUBLIC, access.BEARER) else who


def test_fields_that_a_form_does_not_have_change_nothing(company, system, tmp_path):
    columns = {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    deeds = [
        ("coordinator", "/orders/O-5/change", FORMS["orders.change"]),
        ("coordinator", "/orders/O-5/leave-out", FORMS["orders.leave_out"]),
        ("coordinator", "/orders/O-5/van", {"van": "V2"}),
        ("coordinator", "/orders/O-4/cancel", FORMS["orders.cancel"]),
        ("agent", "/people/E5/order", FORMS["people.order"]),
        ("coordinator", "/people/E5/pin", FORMS["people.pin"]),
        ("warehouse", "/warehouse/receive", {"site": "NCE", "sku": "MOU", "quantity": "3", "receipt_id": "r1"}),
        ("admin", "/admin/users/wim/email", {"email": "wim@azurelle.example"}),
        ("admin", "/admin/users/wim/active", {"active": "no"}),
    ]  # fmt: skip
    if system.sessions.dialect != "sqlite":
        pytest.skip("the two databases are copied as files; what a form may change does not depend on the engine")

    for number, (role, address, form) in enumerate(deeds):
        asked = []
        for extra in ({}, dict.fromkeys(columns - set(form), "1")):
            told = fresh(system, tmp_path / f"{number}-{len(asked)}")
            answer = signed_in(told, role).post(address, data=extra | form)
            asked.append((answer.status_code, dump(told.sessions, but=("account_link",))))
            told.sessions.close()
        assert asked[0][0] in (200, 302), (address, asked[0][0])
        assert asked[0] == asked[1], address


def fresh(system, folder):
    """A system over a copy of the database as it is now."""
    folder.mkdir()
    with system.sessions.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(system.sessions.engine.url.database, folder / "tournee.sqlite")
    return replace(
        system, sessions=open_sessions(f"sqlite:///{folder / 'tournee.sqlite'}"), roads=cast(Any, FakeRoads())
    )


def signed_in(system, role):
    """A browser in which somebody of the role is signed in."""
    app = create_app(system)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    client = app.test_client()
    with system.sessions() as session:
        account = next(one for one in users.accounts(session) if one.login == LOGINS[role])
    with client.session_transaction() as kept:
        kept["_user_id"], kept["_fresh"], kept["stamp"] = str(account.id), True, account.stamp
    return client
