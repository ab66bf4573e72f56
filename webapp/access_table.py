"""The table of who may use what: `python -m webapp.access_table` writes docs/reference/access.md from the rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from logistics import personal, rights
from logistics.states import ROLES

from . import access

if TYPE_CHECKING:
    from flask import Flask

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "access.md"
HEAD = """# Who may do what

The rules stand in one place, `logistics/rights.py`; every page and every call of the API names the action it is for,
and one that names none stops the app from starting. This page is written from them by `python -m webapp.access_table`.

Beside the action, the object must be the viewer's: somebody limited to sites sees those sites' orders, tours, vans and
stock, and the employees whom those sites look after; couriers see their own tours, employees themselves,
whoever brought a file in that file. What is not yours answers exactly as what does not exist.

## Actions

A program's token needs the scope beside its owner's role.

"""


def page(app: Flask) -> str:
    """The page as it should stand for this app."""
    marks = {True: "yes", False: ""}
    lines = [HEAD + "| Action | Scope | " + " | ".join(ROLES) + " |", "| --- | --- |" + " --- |" * len(ROLES)]
    for action, right in sorted(rights.RIGHTS.items()):
        who = " | ".join(marks[role in right.roles] for role in ROLES)
        lines.append(f"| `{action}` | `{right.scope}` | {who} |")
    lines += ["", "## Routes", "", "| Method | Route | Action |", "| --- | --- | --- |"]
    lines += [f"| {method} | `{route}` | {action} |" for route, method, action in routes(app)]
    lines += ["", "## What of a person", "", *_personal()]
    return "\n".join(lines) + "\n"


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Route, method and what it needs, of every route."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        needed = access.who(app, rule.endpoint)
        action = getattr(view, "action", None)
        words = {access.PUBLIC: "nobody needs to sign in", access.EVERYBODY: "everybody who is signed in"}
        told = f"`{action}`" if action else words.get(needed or frozenset(), "")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            # Which word is no name is a matter of the address alone.
            found.append((re.sub(r"<string\([^)]*\):", "<", rule.rule), method, told))
    return sorted(found)


def _personal() -> list[str]:
    return [
        "`full`; `self` = one's own and nobody else's; `short` = first name and initial; `initials`; `own` = on one's",
        "own tours, from twelve hours before until two hours after; `reveal` = hidden until asked for with a reason,",
        "which is written down; `sector` = to a kilometre; `none`.",
        "",
        "| Field | " + " | ".join(ROLES) + " |",
        "| --- |" + " --- |" * len(ROLES),
        *(
            f"| {field} | " + " | ".join(personal.ACCESS[role][field] for role in ROLES) + " |"
            for field in personal.FIELDS
        ),
    ]


if __name__ == "__main__":
    import tempfile

    from logistics.settings import Settings
    from logistics.wiring import wire

    from . import create_app

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made = wire(Settings(home=home, database_url=f"sqlite:///{home / 'tournee.db'}"))
        PAGE.write_text(page(create_app(made)), encoding="utf-8")
        made.sessions.close()
