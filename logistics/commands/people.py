"""`tournee user add | password | list`: who may sign in."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Any

from .console import Refused, say, say_json

if TYPE_CHECKING:
    from ..settings import Settings

ROLES = ("admin", "coordinator", "warehouse", "agent", "courier", "employee", "auditor")


def add(commands: Any) -> None:
    """Declare the command."""
    user = commands.add_parser("user", help="who may sign in", description="Users, their roles and passwords.")
    deeds = user.add_subparsers(dest="part", metavar="add | password | list", required=True)

    new = deeds.add_parser("add", help="create a user", description="Create a user. The password is asked for.")
    new.add_argument("login", metavar="LOGIN")
    new.add_argument("--role", required=True, choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
    new.add_argument("--name", default="", metavar="NAME", help="by default the login")
    new.add_argument("--employee", metavar="NUMBER", help="whose kit an employee's account shows")
    new.add_argument("--van", metavar="CODE", help="whose tours a courier drives")
    new.add_argument("--site", action="append", default=[], metavar="CODE", help="may be given several times")
    _password(new)
    new.set_defaults(run=run_add)

    change = deeds.add_parser(
        "password", help="give a user a new password", description="Old sign-ins of the user end."
    )
    change.add_argument("login", metavar="LOGIN")
    _password(change)
    change.set_defaults(run=run_password)

    known = deeds.add_parser("list", help="every user")
    known.add_argument("--json", action="store_true", help="the result as JSON")
    known.set_defaults(run=run_list)


def run_add(arguments: argparse.Namespace, settings: Settings) -> int:
    """Create a user."""
    from .. import users
    from ..wiring import wire

    system = wire(settings)
    password, shown = _chosen(arguments)
    with system.sessions.begin() as session:
        users.add_user(
            session,
            login=arguments.login,
            role=arguments.role,
            name=arguments.name or arguments.login,
            password=password,
            employee_number=arguments.employee,
            van_code=arguments.van,
            sites=frozenset(arguments.site),
        )
    say(f"{users.normal_login(arguments.login)} may sign in as {arguments.role}")
    if shown:
        say(f"password: {password}")
    return 0


def run_password(arguments: argparse.Namespace, settings: Settings) -> int:
    """Change a password."""
    from .. import users
    from ..wiring import wire

    system = wire(settings)
    with system.sessions() as session:
        users.user(session, arguments.login)
    password, shown = _chosen(arguments)
    with system.sessions.begin() as session:
        users.set_password(session, arguments.login, password)
    say(f"{users.normal_login(arguments.login)} has a new password")
    if shown:
        say(f"password: {password}")
    return 0


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    """Every user, without passwords."""
    from .. import users
    from ..wiring import wire

    system = wire(settings)
    with system.sessions() as session:
        found = users.accounts(session)
    if arguments.json:
        say_json({"users": [_row(one) for one in found]})
        return 0
    for one in found:
        notes = [word for word, true in (("closed", not one.is_active), ("no password", not one.has_password)) if true]
        say("  ".join([f"{one.login:<24}", f"{one.role:<12}", one.van_code or "", *notes]).rstrip())
    return 0


def _row(one: Any) -> dict[str, Any]:
    return {
        "login": one.login,
        "role": one.role,
        "sites": sorted(one.sites),
        "van": one.van_code,
        "employee_number": one.employee_number,
        "active": one.is_active,
        "has_password": one.has_password,
    }


def _password(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--random", action="store_true", help="draw a password and print it once")
    how.add_argument("--stdin", action="store_true", help="read the password from standard input, one line")


def _chosen(arguments: argparse.Namespace) -> tuple[str, bool]:
    """The password, and whether it must be shown. It is never an argument: others can read those."""
    from .. import users

    if arguments.random:
        return users.random_password(), True
    if arguments.stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        raise Refused("there is no terminal to ask for the password", next_step="Add --random or --stdin.")
    first = getpass.getpass("password (10 characters or more): ")
    if first != getpass.getpass("once more: "):
        raise Refused("the two passwords differ", next_step="Try again.")
    return first, False
