"""A company every text of which tries to become a script, and the texts it is made of."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import String, Text, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper

from inventory import stock
from inventory.db import Base
from logistics import dispatch, orders, users
from tests.builders import a_laptop, a_piece, a_product, a_site, an_address, an_employee, pieces, received
from tests.fakes import MORNING
from tests.logistics.builders import a_draft, a_tour, a_van, an_order, back, out, stops_of

TODAY = MORNING.date()
TOMORROW = TODAY + timedelta(days=1)
PASSWORD = "correct-horse-9"

#: What is typed: each calls `canary` with its number if a page, a popup or a script lets it run.
PAYLOADS = (
    "<script>canary(1)</script>",
    "<img src=x onerror=canary(2)>",
    "<svg onload=canary(3)>",
    '"><script>canary(4)</script>',
    "' onmouseover='canary(5)' autofocus onfocus='canary(5)",
    '" autofocus onfocus="canary(6)" x="',
    "</script><script>canary(7)</script>",
    "${canary(8)}",
    "`+canary(9)+`",
    "{{constructor.constructor('canary(10)')()}}",
    "{{7*7}}{{cycler.__init__.__globals__}}{%print(1)%}",
    "javascript:canary(12)",
    "<a href=javascript:canary(13) autofocus onfocus=canary(13)>x</a>",
    "<iframe srcdoc='<script>parent.canary(14)</script>'></iframe>",
    "<style>@import'x'</style><p style=color:red id=painted>",
    "<details open ontoggle=canary(16)>",
    "</textarea></title></select><input autofocus onfocus=canary(17)>",
    "<video><source onerror=canary(18)></video>",
    "<math><mtext><table><mglyph><style><img src=x onerror=canary(19)>",
    "\\u003cimg src=x onerror=canary(20)\\u003e",
    "&lt;img src=x onerror=canary(21)&gt;&#60;img src=x onerror=canary(21)&#62;",
    "\"-canary(22)-\"';canary(22)//\\';canary(22)//",
    "<b hx-on:click=canary(23) hx-on::load=canary(23) hx-get=/healthz hx-trigger=load>\u2028canary(23)",
    '<!--><xss-x onpointerrawupdate=canary(24) tabindex=1 #read("/etc/passwd") #panic()',
)
#: What codes, numbers and tags may hold: no blank and no slash, and no more than twenty letters.
IN_A_KEY = ("\"><xss-x>'", "${canary(8)}", '"onfocus="canary(6)', "`+canary(9)+`")
#: An element that is on a page only when a text became markup.
ELEMENT = ", ".join(
    (
        "xss-x",
        "#painted",
        "[onerror]",
        "[onload]",
        "[onfocus]",
        "[ontoggle]",
        "[onmouseover]",
        "main style",
        "main script",
    )
)

LOGINS = {
    "admin": "ada", "coordinator": "cora", "warehouse": "wim", "agent": "agnes", "courier": "v1", "employee": "emil",
    "auditor": "otto",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hostile:
    """What the walk needs to know of the company, and how many columns hold a payload."""

    facts: dict[str, Any]
    columns: int


class Texts:
    """Payloads in an order of chance that is the same each time, so that no field meets the same one in every row."""

    def __init__(self, payloads: Sequence[str]) -> None:
        self._all = tuple(payloads)
        self._draw = Random(24)

    def __call__(self, longest: int = 80) -> str:
        """One that fits into so many letters; the shortest kind of mischief where none does."""
        fitting = [one for one in self._all if len(one) <= longest]
        return self._draw.choice(fitting) if fitting else IN_A_KEY[0][:longest]


def a_hostile_company(session: Any, payloads: Sequence[str]) -> Hostile:
    """Write it into an empty database through the services, then put payloads into every text they do not reach."""
    text = Texts(payloads)
    key = itertools.cycle(IN_A_KEY)
    site = a_site(session, "NCE", name=text(), address_line=text(), city=text(), postal_code=text(20))
    a_site(session, "M" + next(key), name=text())
    laptop = a_laptop(session, "LAP" + next(key), name=text())
    mouse = a_product(session, "MOU" + next(key), name=text())
    pieces(session, laptop, 6, site=site)
    received(session, mouse, 30, site=site)
    people = []
    for number in range(1, 7):
        who = an_employee(
            session, f"E{number}" + (next(key) if number > 1 else ""), given_name=text(), family_name=text(),
            email=text(200), phone=text(40), department=text(120),
        )  # fmt: skip
        an_address(session, who, line=text(200), city=text(120), postal_code=text(20)).access_note = text(400)
        people.append(who)
    who = stock.holder(session, "employee", people[1].number)
    old = a_piece(session, laptop, who=who, tag="OLD" + next(key), serial=text(80))
    van = a_van(session, site, "V1" + next(key)[:18], courier="v1", name=text(120))
    second = a_van(session, site, "V2", courier=None, name=text(120))
    planned = [
        an_order(session, people[0], site, out(laptop), out(mouse, 2), reference="O-1", day=TODAY, note=text(400)),
        an_order(session, people[1], site, out(laptop), back(laptop, 1, old), day=TODAY, note=text(400),
                 reference="O-2" + next(key)),
        an_order(session, people[2], site, back(mouse), reference="O-3", day=TODAY, severity=text(40)),
    ]  # fmt: skip
    missed = an_order(session, people[3], site, out(mouse), reference="O-4", day=TODAY, priority=3, note=text(400))
    tour = a_tour(session, van, planned, day=TODAY)
    a_draft(session, tour, day=TODAY, unserved=[missed])
    dispatch.publish_day(session, TODAY, now=MORNING, actor="cora")
    later = an_order(session, people[4], site, out(mouse), reference="O-5", day=TOMORROW, note=text(400))
    a_draft(session, a_tour(session, second, [later], day=TOMORROW), day=TOMORROW)
    given_up = an_order(session, people[0], site, out(mouse), reference="O-6", day=TOMORROW)
    session.flush()
    orders.cancel(session, given_up.reference, now=MORNING, actor=text(80), reason=text(200))
    _accounts(session, text, van=van.code, number=people[0].number)
    columns = _everywhere_else(session, text)
    return Hostile(
        {
            "day": TODAY.isoformat(), "reference": "O-1", "number": "E1", "form": "json", "name": "nothing.csv",
            "task_id": "none", "chosen": "fr", "filename": "app.css", "login": "ada", "tour_id": tour.id,
            "stop_id": stops_of(session, tour)[0].id, "line_id": 1,
        },
        columns,
    )  # fmt: skip


def _accounts(session: Any, text: Texts, *, van: str, number: str) -> None:
    hashed = users.hash_password(PASSWORD)
    for role, login in LOGINS.items():
        row = users.put_user(
            session, login=login, role=role, name=text(120), employee_number=number if role == "employee" else None,
            van_code=van if role == "courier" else None,
        )[1]  # fmt: skip
        row.password_hash = hashed
    users.put_user(session, login="x" + IN_A_KEY[0], role="agent", name=text(120), employee_number=None, van_code=None)
    session.flush()


_MISCHIEF = re.compile(r"canary\(|xss-x|7\*7|painted")
#: Columns that are words of ours, numbers of keys, or secrets: nobody's typed text.
_OURS = frozenset(
    {
        "id", "code", "sku", "number", "reference", "login", "key", "kind", "state", "status", "role", "language",
        "day", "timezone", "country", "tracking", "direction", "accuracy", "unlocated_reason", "grade",
        "data_state", "cause", "password_hash", "digest", "lease_token", "basis", "purpose",
        "asset_tag", "folded_name", "credential_id",
        "public_key", "secret", "prefix", "sign_in_subject", "subject", "version_num", "stamp", "severity", "failure",
        "manager_number", "holder",
    }
)  # fmt: skip


def _everywhere_else(session: Any, text: Texts) -> int:
    """Put a payload into every text that holds none and that no guard of the database protects.

    Returns:
        How many columns hold payloads now.
    """
    held = 0
    for mapper in sorted(Base.registry.mappers, key=lambda one: one.local_table.name):
        table = inspect(mapper).local_table
        for column in _text_columns(mapper):
            length = getattr(column.type, "length", None) or 200
            rows = session.execute(select(column, *table.primary_key.columns)).all()
            for value, *keys in rows:
                if _MISCHIEF.search(value or ""):
                    continue
                alike = [one == key for one, key in zip(table.primary_key.columns, keys, strict=True)]
                try:
                    with session.begin_nested():
                        session.execute(update(table).where(*alike).values({column.name: text(length)}))
                except DBAPIError:
                    # Append-only tables keep what the services wrote, which are payloads where people type them.
                    break
            else:
                held += bool(rows)
    session.expire_all()
    return held


def _text_columns(mapper: Mapper[Any]) -> list[Any]:
    return [
        column
        for column in inspect(mapper).local_table.columns
        if isinstance(column.type, String | Text) and column.name not in _OURS and not column.foreign_keys
    ]
