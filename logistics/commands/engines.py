"""`tournee solve | check | bench`: the commands of the routing library, at this door, too.

Their arguments are declared where they are understood, in `routing.commands`, which is loaded only when one of them
is called: it brings the engines along.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..settings import Settings

COMMANDS = {
    "solve": "plan a benchmark or VROOM file",
    "check": "judge a plan of such a file",
    "bench": "compare engines on folders of instances",
}


def add(commands: Any) -> None:
    """Declare the commands; everything behind their name, `--help` included, is handed on as it stands."""
    for name, words in COMMANDS.items():
        command = commands.add_parser(name, help=words, add_help=False, prefix_chars="\0")
        command.add_argument("words", nargs="*")
        command.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Hand on to the routing library."""
    from routing import commands

    return commands.main([arguments.command, *arguments.words], prog="tournee")
