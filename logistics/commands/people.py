"""`tournee user add | invite | reset | disable | enable | password | list`: who may sign in."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Any

from .console import Refused, complain, say, say_json

if TYPE_CHECKING:
    from ..settings import Settings

ROLES = ("admin", "coordinator", "warehouse", "agent", "courier", "employee", "auditor")


def add(commands: Any) -> None:
    """Declare the command."""
    user = commands.add_parser("user", help="who may sign in", description="Users, their roles and passwords.")
    deeds = user.add_subparsers(dest="part", metavar="DEED", required=True)

    new = deeds.add_parser("add", help="create a user", description="Create a user. The password is asked for.")
    new.add_argument("login", metavar="LOGIN")
    new.add_argument("--role", required=True, choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
    new.add_argument("--name", default="", metavar="NAME", help="by default the login")
    new.add_argument("--employee", metavar="NUMBER", help="whose kit an employee's account shows")
    new.add_argument("--van", metavar="CODE", help="whose tours a courier drives")
    new.add_argument("--site", action="append", default=[], metavar="CODE", help="may be given several times")
    new.add_argument("--email", default="", metavar="ADDRESS", help="where invitations and resets are sent")
    _password(new).add_argument("--invite", action="store_true", help="no password: print a link to choose one")
    new.set_defaults(run=run_add)

    change = deeds.add_parser(
        "password", help="give a user a new password", description="Old sign-ins of the user end."
    )
    change.add_argument("login", metavar="LOGIN")
    _password(change)
    change.set_defaults(run=run_password)

    for name, words in (
        ("invite", "print or mail a link that lets a user choose the first password"),
        ("reset", "print or mail a link that lets a user choose a new password"),
    ):
        link = deeds.add_parser(name, help=words, description=f"{words.capitalize()}. It works once, for 72 hours.")
        link.add_argument("login", metavar="LOGIN")
        link.add_argument("--mail", action="store_true", help="mail it to the user instead of printing it")
        link.set_defaults(run=run_link, purpose=name)
        if name == "reset":
            link.add_argument(
                "--factors", action="store_true", help="take the user's second factors away instead; no link is made"
            )

    for name, words in (("disable", "close an account; its sign-ins end"), ("enable", "open an account again")):
        switch = deeds.add_parser(name, help=words, description=f"{words.capitalize()}.")
        switch.add_argument("login", metavar="LOGIN")
        switch.set_defaults(run=run_switch, opens=name == "enable")

    known = deeds.add_parser("list", help="every user")
    known.add_argument("--json", action="store_true", help="the result as JSON")
    known.set_defaults(run=run_list)


def run_add(arguments: argparse.Namespace, settings: Settings) -> int:
    """Create a user."""
    from .. import invitations, users
    from ..wiring import wire

    system = wire(settings)
    password, shown = ("", False) if arguments.invite else _chosen(arguments)
    login = users.normal_login(arguments.login)
    facts = {
        "login": login, "role": arguments.role, "name": arguments.name or arguments.login,
        "employee_number": arguments.employee, "van_code": arguments.van, "sites": frozenset(arguments.site),
    }  # fmt: skip
    with system.sessions.begin() as session:
        if arguments.invite:
            users.add_user_without_password(session, **facts)
        else:
            users.add_user(session, password=password, **facts)
        users.set_email(session, login, arguments.email)
        link = invitations.invite(session, settings, login, made_by="command", now=system.now()) if (
            arguments.invite) else None  # fmt: skip
    say(f"{login} may sign in as {arguments.role}")
    if shown:
        say(f"password: {password}")
    if link is not None:
        _say_link(login, link)
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


def run_link(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make an invitation or a reset, or take second factors away."""
    from .. import factors, invitations, users
    from ..wiring import wire

    system = wire(settings)
    login = users.normal_login(arguments.login)
    if getattr(arguments, "factors", False):
        with system.sessions.begin() as session:
            gone = factors.remove_all(session, settings, login, now=system.now())
        say(f"{login} has no second factor any more ({gone} removed); every sign-in of the account has ended")
        return 0
    make = invitations.invite if arguments.purpose == "invite" else invitations.reset
    with system.sessions.begin() as session:
        link = make(session, settings, login, made_by="command", now=system.now(), by_mail=arguments.mail)
    if link.mailed_to:
        say(f"a link for {login} will be mailed; it works once, for {link.hours} hours")
        return 0
    _say_link(login, link)
    return 0


def _say_link(login: str, link: Any) -> None:
    say(f"{login} chooses a password here, once, within {link.hours} hours:")
    say(link.url or link.path)
    if link.url is None:
        complain("This is only the path: put your web app's address before it, or set TOURNEE_BASE_URL.")


def run_switch(arguments: argparse.Namespace, settings: Settings) -> int:
    """Close an account, or open it again."""
    from .. import users
    from ..wiring import wire

    system = wire(settings)
    with system.sessions.begin() as session:
        users.set_active(session, arguments.login, active=arguments.opens)
    login = users.normal_login(arguments.login)
    say(f"{login} may sign in again" if arguments.opens else f"{login} is closed; every sign-in has ended")
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
        notes = [word for word, true in (("closed", not one.is_active), ("no password", not one.has_password),
                                    ("second factor", one.has_second_factor)) if true]  # fmt: skip
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
        "has_second_factor": one.has_second_factor,
    }


def _password(parser: argparse.ArgumentParser) -> Any:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--random", action="store_true", help="draw a password and print it once")
    how.add_argument("--stdin", action="store_true", help="read the password from standard input, one line")
    return how


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
