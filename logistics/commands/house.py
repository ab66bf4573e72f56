"""`tournee doctor | demo | worker | db`, and the regions: keeping the house running."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import PORT, Progress, Refused, complain, say, say_json

if TYPE_CHECKING:
    from ..settings import Settings


def add(commands: Any) -> None:
    """Declare the commands."""
    region = commands.add_parser("region", help="streets to plan on", description="Streets, addresses and maps.")
    parts = region.add_subparsers(dest="part", metavar="add | list", required=True)
    new = parts.add_parser("add", help="build a region from an OpenStreetMap extract")
    new.add_argument("file", type=Path, metavar="FILE", help="an extract, FILE.osm.pbf")
    new.add_argument("--name", required=True, metavar="NAME", help="small letters, digits and -")
    new.set_defaults(run=run_region_add)
    known = parts.add_parser("list", help="the regions that are there")
    known.add_argument("--json", action="store_true", help="the result as JSON")
    known.set_defaults(run=run_region_list)

    doctor = commands.add_parser(
        "doctor",
        help="say what is set up, what is missing and how to mend it",
        description="Say what is set up, what is missing and how to mend it. Exit code 1 when something is missing.",
    )
    doctor.add_argument("--json", action="store_true", help="the result as JSON")
    doctor.set_defaults(run=run_doctor)

    demo = commands.add_parser(
        "demo",
        help="a company to try it with",
        description="Bring the demo company in, plan and publish a day, and serve it.",
    )
    demo.add_argument("--no-serve", action="store_true", help="stop before serving and print the summary")
    demo.add_argument("--port", type=PORT, default=8000, metavar="N", help="default 8000")
    demo.add_argument("--host", default="127.0.0.1", metavar="H", help="default 127.0.0.1")
    demo.add_argument("--fresh", action="store_true", help="delete what the demo made and start over")
    demo.set_defaults(run=run_demo)

    company = commands.add_parser(
        "demo-company",
        help="write the demo company's files again",
        description="Write the CSV files of the invented demo company; the same seed gives the same files.",
    )
    company.add_argument("folder", type=Path, metavar="FOLDER", help="where the CSV files go")
    company.add_argument("--extract", type=Path, metavar="FILE", help="default: the shipped region's extract")
    company.add_argument("--seed", type=int, default=None, metavar="N", help="for other people and orders")
    company.set_defaults(run=run_company)

    worker = commands.add_parser(
        "worker", help="do background work", description="Do background work until SIGTERM or Ctrl-C."
    )
    worker.set_defaults(run=run_worker)

    database = commands.add_parser("db", help="the database", description="Look after the database.")
    deeds = database.add_subparsers(dest="part", metavar="upgrade", required=True)
    upgrade = deeds.add_parser("upgrade", help="bring the database to this version's shape")
    upgrade.set_defaults(run=run_upgrade)


def run_region_add(arguments: argparse.Namespace, settings: Settings) -> int:
    """Build a region under the home; an older one of the same name is replaced when the new one is complete."""
    from ..wiring import prepare_home

    if not arguments.file.is_file():
        raise Refused(f"there is no file {arguments.file}", next_step="Give an OpenStreetMap extract, FILE.osm.pbf.")
    prepare_home(settings.home)
    add_region(settings, arguments.file, arguments.name)
    return 0


def add_region(settings: Settings, extract: Path, name: str) -> None:
    """Build a region with a progress line.

    Raises:
        RegionError: a name or an extract that is of no use; nothing half built is left behind.
    """
    from .. import regions

    progress = Progress(f"region {name}")
    regions.build_region(extract, name, regions.folder(settings.home, name), progress=_region_words(progress))
    progress.done(f"built in {progress.seconds:.1f} s")


def run_region_list(arguments: argparse.Namespace, settings: Settings) -> int:
    """The regions under the home."""
    from .. import regions

    found = regions.installed(settings.home)
    if arguments.json:
        say_json({"regions": [region.name for region in found]})
        return 0
    for region in found:
        say(region.name)
    if not found:
        complain("no region yet; build one with: tournee region add FILE.osm.pbf --name NAME")
    return 0


def run_doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0 when everything needed is there."""
    from .. import doctor

    findings = doctor.examine(settings)
    if arguments.json:
        say_json({"ok": all(one.ok for one in findings), "findings": [one.as_json() for one in findings]})
    else:
        for one in findings:
            say(one.line())
    return 0 if all(one.ok for one in findings) else 1


def run_demo(arguments: argparse.Namespace, settings: Settings) -> int:
    """The demo, from an empty home to the served pages."""
    from .. import demo

    chosen = demo.Wishes(arguments.host, arguments.port, serve=not arguments.no_serve, fresh=arguments.fresh)
    return demo.run(settings, chosen)


def run_company(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Write the demo company's files."""
    from .. import demo_company, regions

    extract = arguments.extract or regions.shipped()
    if not extract.is_file():
        raise Refused(f"there is no extract {extract}", next_step="Give one with --extract.")
    seed = demo_company.SEED if arguments.seed is None else arguments.seed
    for name, rows in demo_company.write(extract, arguments.folder, seed=seed).items():
        say(f"{name}: {rows} rows")
    return 0


def run_worker(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Work until stopped."""
    from .. import observation
    from ..wiring import wire
    from ..worker import run_worker as work

    observation.set_up(settings, keep=True)
    return work(wire(settings), on_ready=lambda: complain("worker: ready, stop with Ctrl-C"))


def run_upgrade(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Migrate the database."""
    from ..wiring import upgrade_database

    say("the database is up to date now" if upgrade_database(settings) else "the database was up to date already")
    return 0


def _region_words(progress: Progress) -> Callable[[str, int, int], None]:
    """A bar of the steps done and the name of the one under way."""

    def told(step: str, done: int, steps: int) -> None:
        progress(f"[{'#' * done}{'.' * (steps - done)}] {step}")

    return told
