"""`tournee token make | list | revoke`: keys for programs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .console import say, say_json

if TYPE_CHECKING:
    from ..settings import Settings


def add(commands: Any) -> None:
    """Declare the command."""
    token = commands.add_parser("token", help="keys for programs", description="Bearer tokens of the API.")
    deeds = token.add_subparsers(dest="part", metavar="make | list | revoke", required=True)

    new = deeds.add_parser("make", help="make a token", description="Make a token; it is printed this once.")
    new.add_argument("login", metavar="LOGIN", help="whose rights it has")
    new.add_argument("--name", required=True, metavar="NAME", help="what it is for")
    new.add_argument("--scope", action="append", required=True, metavar="SCOPE", help="may be given several times")
    new.add_argument("--days", type=int, default=90, metavar="N", help="1 to 366; 90 by default")
    new.set_defaults(run=run_make)

    known = deeds.add_parser("list", help="every token, never its text")
    known.add_argument("--login", metavar="LOGIN", help="those of one account")
    known.add_argument("--json", action="store_true", help="the result as JSON")
    known.set_defaults(run=run_list)

    end = deeds.add_parser("revoke", help="end a token at once")
    end.add_argument("id", type=int, metavar="ID", help="as `tournee token list` shows it")
    end.set_defaults(run=run_revoke)


def run_make(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make a token."""
    from .. import tokens
    from ..wiring import wire

    system = wire(settings)
    with system.sessions.begin() as session:
        text, made = tokens.make(
            session, arguments.login, name=arguments.name, scopes=frozenset(arguments.scope), days=arguments.days,
            now=system.now(), actor="command",
        )  # fmt: skip
    say(f"token {made.id} acts as {made.login} until {made.expires_at:%Y-%m-%d}; it is shown this once:")
    say(text)
    return 0


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    """Every token, without its text."""
    from .. import tokens
    from ..wiring import wire

    system = wire(settings)
    with system.sessions() as session:
        found = tokens.all_tokens(session, arguments.login)
    if arguments.json:
        say_json({"tokens": [_row(one, one.state(system.now())) for one in found]})
        return 0
    for one in found:
        state, until = one.state(system.now()), f"until {one.expires_at:%Y-%m-%d}"
        said = [f"{one.id:>6}", f"{one.login:<20}", f"{one.prefix}...", f"{state:<8}", until]
        say("  ".join([*said, one.name, " ".join(one.scopes)]))
    return 0


def run_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    """End a token."""
    from .. import tokens
    from ..wiring import wire

    system = wire(settings)
    with system.sessions.begin() as session:
        ended = tokens.revoke(session, arguments.id, now=system.now())
    say(f"token {ended.id} of {ended.login} is revoked")
    return 0


def _row(one: Any, state: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "prefix": one.prefix,
        "scopes": list(one.scopes),
        "state": state,
        "made_at": one.made_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
    }
