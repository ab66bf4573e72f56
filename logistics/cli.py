"""The command `tournee`. Exit codes: 0 done, 1 refused with reasons, 2 not understood."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .commands import background, books, data, house, orders, people, serving, tokens, tours
from .commands.console import Refused, complain
from .errors import InvalidRequest, LogisticsError
from .settings import Settings

#: Commands that other rooms bring along, so that nothing here imports upward.
GROUP = "tournee.commands"

#: What to do next when something is refused, by stable code; in words a person can follow.
NEXT_STEPS = {
    "no-plan": "Make one with: tournee plan DAY",
    "nothing-to-plan": "Import orders and vans for that day first.",
    "plan-is-stale": "Plan again: tournee plan DAY",
    "unknown-record": "Check the spelling; `tournee --help` names the commands that list things.",
    "header-missing": "The columns of each kind are in docs/reference.",
    "already-exists": "Choose another, or change the one that is there.",
    "archive-refused": "Nothing was changed. Take another backup; `tournee restore FILE --check` judges one.",
    "no-mail": "Leave --mail out to print the link, or set TOURNEE_MAIL_URL, TOURNEE_BASE_URL and the user's e-mail.",
    "last-administrator": "Open or add another administrator first.",
    "no-region": "Build one with: tournee region add FILE.osm.pbf --name NAME",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and say its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    plugins = {point.name: point for point in entry_points(group=GROUP)}
    if arguments and arguments[0] in plugins:
        return _guarded(lambda: _plugin(plugins[arguments[0]], arguments[1:]))
    parsed = _parser(plugins).parse_args(arguments)
    return _guarded(lambda: _command(parsed))


def _parser(plugins: dict[str, EntryPoint]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tournee",
        description="Remote-work equipment logistics: stock, homes and delivery tours in one ledger.",
        epilog="Everything is kept under TOURNEE_HOME. `tournee COMMAND --help` says more.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (data, tours, orders, house, background, serving, books, people, tokens):
        module.add(commands)
    for name in sorted(plugins):
        commands.add_parser(name, help="serve the web app" if name == "serve" else f"{name} (see its --help)")
    return parser


def _command(parsed: argparse.Namespace) -> int:
    from . import observation

    settings = Settings.from_environment()
    # A command speaks for itself; its log is for what is wrong, and never mixes with the result.
    observation.set_up(settings, level=logging.WARNING)
    return int(parsed.run(parsed, settings))


def _plugin(point: EntryPoint, arguments: list[str]) -> int:
    command: Callable[[list[str]], int | None] = point.load()
    return int(command(arguments) or 0)


def _guarded(run: Callable[[], int]) -> int:
    """Turn what may go wrong into one clear sentence; the words of foreign errors may quote a row and are left out."""
    try:
        return run()
    except Refused as refusal:
        return _refuse(refusal.sentence, refusal.next_step)
    except InvalidRequest as error:
        return _refuse(str(error), NEXT_STEPS.get(error.code, ""))
    except LogisticsError as error:
        return _refuse(str(error), NEXT_STEPS.get(error.code, ""))
    except KeyboardInterrupt:
        complain("tournee: stopped")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _unexpected(error)


def _refuse(sentence: str, next_step: str) -> int:
    complain(f"tournee: {sentence}")
    if next_step:
        complain(next_step)
    return 1


def _unexpected(error: Exception) -> int:
    code: Any = getattr(error, "code", None)
    if isinstance(code, str) and code and type(error).__module__.partition(".")[0] in ("inventory", "routing"):
        return _refuse(str(error), NEXT_STEPS.get(code, ""))
    from . import observation
    from .database import unavailable

    if (found := unavailable(error)) is not None:
        return _refuse(str(found), "Look whether the last step is there, then try again.")
    observation.logger("command").error("command-broke", exc_info=error)
    return _refuse(
        f"something unexpected went wrong ({type(error).__name__}); nothing was half done",
        "`tournee doctor` says what may be missing; the line above says where it happened.",
    )


if __name__ == "__main__":
    raise SystemExit(main())
