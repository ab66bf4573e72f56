"""`tournee plan | publish | status | export | verify`: the day, from jobs to published tours."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import (
    DAY_HELP,
    SEARCH_SECONDS,
    Progress,
    Refused,
    actor,
    clock,
    complain,
    day_word,
    euros,
    kilometres,
    read_day,
    say,
    say_json,
)

if TYPE_CHECKING:
    from datetime import date

    from ..settings import Settings
    from ..system import System

#: As `logistics.exports.FORMATS`, told again so that `--help` need not load it; a test compares them.
FORMATS = ("json", "geojson", "csv", "gpx", "pdf")


def add(commands: Any) -> None:
    """Declare the commands."""
    plan = commands.add_parser(
        "plan",
        help="plan the tours of a day",
        description="Plan the tours of a day and store them as a draft. What is published holds until `publish`.",
    )
    _day(plan)
    plan.add_argument("--site", metavar="CODE", help="plan this site's tours again and keep the others")
    plan.add_argument("--time-limit", type=SEARCH_SECONDS, metavar="SECONDS", help="seconds to search (default 10)")
    plan.add_argument("--seed", type=int, default=0, metavar="N", help="for the same plan twice (default 0)")
    _json(plan)
    plan.set_defaults(run=run_plan)

    publish = commands.add_parser(
        "publish",
        help="freeze a day's draft",
        description="Freeze the draft's tours: exact assets are allocated, couriers assigned, pick lists made.",
    )
    _day(publish)
    _json(publish)
    publish.set_defaults(run=run_publish)

    status = commands.add_parser("status", help="say how a day stands", description="Tours and what is unserved.")
    _day(status)
    _json(status)
    status.set_defaults(run=run_status)

    export = commands.add_parser(
        "export", help="write a day as a file", description="Write the day's live plan as a file."
    )
    _day(export)
    export.add_argument("--format", choices=FORMATS, default="json", metavar="FORMAT", help=", ".join(FORMATS))
    export.add_argument("--status", choices=("draft", "published"), help="by default the draft when there is one")
    export.add_argument("--van", metavar="CODE", help="this van's tour alone")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default standard output)")
    export.set_defaults(run=run_export)

    verify = commands.add_parser(
        "verify",
        help="check the whole database",
        description="Check the ledger, stock, assets, reservations, tours and orders. Exit code 1 with violations.",
    )
    _json(verify)
    verify.set_defaults(run=run_verify)


def run_plan(arguments: argparse.Namespace, settings: Settings) -> int:
    """Plan a day; exit code 0 also when orders stay unserved."""
    from .. import planning
    from ..wiring import wire

    system = wire(settings)
    day = read_day(system, arguments.day)
    progress = Progress(f"plan {day}", silent=arguments.json)
    summary = planning.plan_day(
        system,
        day,
        site=arguments.site,
        time_limit=arguments.time_limit or settings.time_limit_seconds,
        seed=arguments.seed,
        on_progress=lambda facts: progress(progress_words(facts)),
        actor=actor(),
    )
    progress.done()
    if arguments.json:
        say_json(summary.as_json())
    else:
        tell_day(system, day, "draft")
    return 0


def run_publish(arguments: argparse.Namespace, settings: Settings) -> int:
    """Publish a day's draft."""
    from .. import dispatch
    from ..wiring import wire

    system = wire(settings)
    day = read_day(system, arguments.day)
    summary = dispatch.publish(system, day, now=system.now(), actor=actor())
    if arguments.json:
        say_json(summary.as_json())
    else:
        tell_day(system, day, "published")
    return 0


def run_status(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tours and unserved orders of a day's live plan."""
    from ..wiring import wire

    system = wire(settings)
    day = read_day(system, arguments.day)
    if arguments.json:
        say_json(document(system, day))
    else:
        tell_day(system, day, None)
    return 0


def run_export(arguments: argparse.Namespace, settings: Settings) -> int:
    """A day as a file, or on standard output."""
    from .. import exports
    from ..wiring import wire

    system = wire(settings)
    day = read_day(system, arguments.day)
    made = exports.export(system, day, arguments.format, status=arguments.status, van=arguments.van)
    if arguments.output is not None:
        _write(arguments.output, made)
        complain(f"wrote {arguments.output} ({len(made):,} bytes)")
    elif arguments.format == "pdf" and sys.stdout.isatty():
        raise Refused("a PDF cannot be shown on a terminal", next_step="Add -o FILE.pdf.")
    else:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    return 0


def run_verify(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0 when every rule holds, else 1 and the list of violations."""
    from .. import verify
    from ..wiring import wire

    system = wire(settings)
    # Rows are compared with each other: on books that are being written to, one moment's rows alone can be.
    with system.sessions.snapshot() as session:
        found = verify.verify(session)
    if arguments.json:
        violations = [{"rule": one.rule, "table": one.table, "row": one.row, "detail": one.detail} for one in found]
        say_json({"ok": not found, "violations": violations})
    elif found:
        for one in found:
            complain(f"{one.rule}: {one.table} {one.row}: {one.detail}")
        complain(f"{len(found)} violations")
    else:
        say("every rule holds")
    return 1 if found else 0


def tell_day(system: System, day: date, status: str | None) -> None:
    """The live plan of a day as a table, with the reasons of what is unserved."""
    for text in day_lines(document(system, day, status)):
        say(text)


def document(system: System, day: date, status: str | None = None) -> dict[str, Any]:
    """The day's draft or published plan (by default the draft when there is one) as the documented contract.

    Raises:
        NoPlan: the day has no such plan.
    """
    from .. import exports

    with system.sessions() as session:
        sheet = exports.read_sheet(session, day, status=status)
    return exports.plan_document(sheet, system.settings.language)


def day_lines(told: dict[str, Any]) -> list[str]:
    """A plan document as lines for a terminal."""
    plan, totals = told["plan"], told["totals"]
    lines = [
        f"{told['day']}: version {plan['version']}, {plan['status']} ({plan['engine']}, {plan['solve_seconds']:.1f} s)"
    ]
    for tour in told["tours"]:
        hours = f"{tour['start'][11:16]}-{tour['end'][11:16]}"
        lines.append(
            f"  {tour['van']:<8} {tour['site']:<6} {hours}  {len(tour['stops']):>3} stops  "
            f"{kilometres(tour['distance_m']):>9}  driving {clock(tour['driving_s'])}  "
            f"{euros(tour['cost_cents']['total'])}"
        )
    lines.append(
        f"  total: {len(told['tours'])} tours, {totals['stops']} stops, {kilometres(totals['distance_m'])}, "
        f"driving {clock(totals['driving_s'])}, {euros(totals['cost_cents']['total'])}, {totals['unserved']} unserved"
    )
    lines += [
        f"  unserved {one['order']}: {one['reason']['code']}: {one['reason']['text']}" for one in told["unserved"]
    ]
    return lines


def progress_words(facts: Any) -> str:
    """What the planner says of itself, in a few words."""
    told = dict(facts)
    words = [str(told[name]) for name in ("step", "phase") if told.get(name)]
    if told.get("seconds") is not None:
        words.append(f"{float(told['seconds']):.0f} s")
    cost = told.get("best_cost_cents", told.get("cost_cents"))
    if cost is not None:
        words.append(f"best {euros(int(cost))}")
    return ", ".join(words) or "working"


def _write(target: Path, made: bytes) -> None:
    try:
        part = target.with_name(f"{target.name}.part")
        part.write_bytes(made)
        os.replace(part, target)
    except OSError as error:
        raise Refused(f"cannot write {target} ({error.strerror})", next_step="Choose another place with -o.") from error


def _day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("day", type=day_word, metavar="DAY", help=DAY_HELP)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the result as JSON")
