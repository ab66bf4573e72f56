"""The commands `solve`, `check` and `bench`: one implementation behind `python -m routing` and `tournee`.

Results go to standard output, progress and complaints to standard error. Exit codes: 0 done, 1 refused with reasons,
2 not understood.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import bench, engines, formats
from .errors import BadFile, InvalidProblem
from .model import Plan
from .papers import Benchmark, Paper, failure, figure, judged, paper
from .solve import Limits, Progress, solve

#: The first of these that the registry has is the default.
PREFERRED = ("portfolio", "ruin-recreate", "or-tools", "nearest")
DEFAULT_ENGINE = next(name for name in PREFERRED if name in engines.ENGINES)
#: Seconds between two lines of progress where no terminal rewrites one.
CALM_SECONDS = 1.0
#: Broken rules that are listed in full.
SHOWN = 20


def main(argv: Sequence[str] | None = None, *, prog: str = "python -m routing") -> int:
    """Run one command and say its exit code; what a file or problem is refused for is raised as a RoutingError."""
    parsed = parser(prog).parse_args(argv)
    return int(parsed.run(parsed))


def parser(prog: str) -> argparse.ArgumentParser:
    """All commands and their arguments."""
    whole = argparse.ArgumentParser(prog=prog, description="Plan tours, judge plans, compare engines.")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_solve(commands.add_parser("solve", help="plan an instance file", description=SOLVE))
    _add_check(commands.add_parser("check", help="judge a plan of an instance file", description=CHECK))
    _add_bench(commands.add_parser("bench", help="compare engines on folders of instances", description=BENCH))
    return whole


SOLVE = (
    "Plan a benchmark instance or a VROOM document; the plan goes to standard output or to OUT: .sol or .geojson for "
    "an instance, .json for a document."
)
CHECK = "Judge the tours of a solution file by every rule of the instance, and compute what they cost."
BENCH = (
    "Compare engines on instance files, folders of them (with bks.csv for the best known solutions) and folders of "
    "folders. Engines take turns instance by instance; every plan is judged."
)


def _add_solve(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    _file_options(command)
    command.add_argument("--engine", default=DEFAULT_ENGINE, help=f"{', '.join(engines.ENGINES)} (default %(default)s)")
    _search_options(command)
    command.add_argument(
        "--iterations", type=int, metavar="N", help="stop after so many steps: the same plan each time"
    )
    command.add_argument("--seed", type=int, default=1, metavar="N", help="(default %(default)s)")
    command.add_argument("-o", "--output", type=Path, metavar="OUT", help="file to write: .sol, .geojson or .json")
    command.set_defaults(run=run_solve)


def _add_check(command: argparse.ArgumentParser) -> None:
    command.add_argument("problem", type=Path, metavar="PROBLEM", help="instance or VROOM document")
    command.add_argument("solution", type=Path, metavar="SOLUTION", help="its .sol file, or an answer of VROOM")
    _file_options(command)
    command.set_defaults(run=run_check)


def _add_bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    usual = ",".join(bench.DEFAULT_ENGINES)
    command.add_argument("--engines", type=_words, default=usual, metavar="NAMES", help="(default %(default)s)")
    _search_options(command)
    command.add_argument("--seeds", type=_seeds, default="1", metavar="NUMBERS", help="such as 1,2,3 (default 1)")
    command.add_argument("--objective", choices=formats.OBJECTIVES, help="by default that of each set")
    command.add_argument("--json", type=Path, metavar="OUT", help="write every row to this file as it comes")
    command.add_argument("--resume", action="store_true", help="go on with the rows that OUT already has")
    command.set_defaults(run=run_bench)


def _file_options(command: argparse.ArgumentParser) -> None:
    names = ("auto", *formats.DIALECTS, formats.VROOM)
    command.add_argument("--format", choices=names, default="auto", metavar="NAME", help=", ".join(names))
    command.add_argument("--objective", choices=formats.OBJECTIVES, help="by default that of the format")


def _search_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--time-limit", type=float, default=10.0, metavar="SECONDS", help="(default %(default)g)")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="processors to use (default %(default)s)")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in _words(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1,2,3") from None


def run_solve(arguments: argparse.Namespace) -> int:
    """Plan a file."""
    limits = Limits(arguments.time_limit, iterations=arguments.iterations, threads=arguments.threads)
    engine = engines.engine(arguments.engine)
    asked = _paper(arguments)
    ending = asked.endings[0] if arguments.output is None else arguments.output.suffix
    if ending not in asked.endings:
        raise BadFile(arguments.output.name, f"a name that ends with {' or '.join(asked.endings)} expected")
    line = _Line(asked)
    plan = solve(asked.problem, engine, limits=limits, seed=arguments.seed, on_progress=line)
    line.end()
    _write(asked.text(plan, ending), arguments.output)
    _tell(asked, plan)
    return 0


def _paper(arguments: argparse.Namespace) -> Paper:
    """The paper to be solved; a client of VROOM reads in the answer, too, why it has none."""
    try:
        return paper(arguments.file, dialect=arguments.format, objective=arguments.objective)
    except BadFile as error:
        if arguments.format == formats.VROOM or arguments.file.suffix == ".json":
            _write(failure(error), arguments.output)
        raise


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadFile(output.name, f"cannot be written ({error.strerror})") from error


def _tell(asked: Paper, plan: Plan) -> None:
    orders = plan.orders()
    facts = f"cost {figure(asked.cost(orders))}, {_vehicles(len(plan.tours))}, {plan.seconds:.1f} s"
    _complain(f"{asked.name}: {facts}, by {plan.engine}")
    must = set(asked.missing(orders)) if isinstance(asked, Benchmark) else None
    for left in plan.unassigned:
        if must is None or left.job in must:
            _complain(f"left out: {left.job} ({left.reason.code})")


class _Line:
    """The progress line: cost, vehicles, seconds; rewritten on a terminal, now and then a new one elsewhere."""

    def __init__(self, asked: Paper) -> None:
        self.asked = asked
        self.rewrites = sys.stderr.isatty()
        self.said = -CALM_SECONDS

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self.rewrites and now - self.said < CALM_SECONDS:
            return
        self.said = now
        problem = self.asked.problem
        cost = figure(self.asked.cost_so_far(progress))
        served = "" if progress.served == len(problem.visits) else f", {progress.served} of {len(problem.visits)} jobs"
        text = f"cost {cost}, {_vehicles(progress.tours)}{served}, {progress.seconds:.1f} s"
        sys.stderr.write(f"\r{text:<72}" if self.rewrites else f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.rewrites:
            sys.stderr.write("\n")


def run_check(arguments: argparse.Namespace) -> int:
    """Judge a solution file; 1 when it breaks a rule or states a wrong cost."""
    asked = paper(arguments.problem, dialect=arguments.format, objective=arguments.objective)
    orders, stated = asked.read_orders(arguments.solution)
    wrong = judged(asked, orders, stated)
    for sentence in wrong[:SHOWN]:
        print(sentence)
    if len(wrong) > SHOWN:
        print(f"and {len(wrong) - SHOWN} more")
    used = _vehicles(sum(1 for order in orders.values() if order))
    told = f"cost {figure(asked.cost(orders))}, {used}" if not wrong or isinstance(asked, Benchmark) else used
    print(f"{'not valid' if wrong else 'valid'}: {told}")
    return 1 if wrong else 0


def run_bench(arguments: argparse.Namespace) -> int:
    """Compare engines; 0 when every row was made, whatever came of it."""
    wish = bench.Wish(arguments.engines, arguments.time_limit, arguments.threads, arguments.seeds)
    Limits(wish.time_limit, threads=wish.threads)
    for name in wish.engines:
        bench.engine(name)
    if arguments.resume and arguments.json is None:
        raise InvalidProblem("bench: --resume goes with --json OUT")
    found = bench.cases(arguments.paths, arguments.objective)
    if not found:
        raise InvalidProblem("bench: no instance in what was named")
    rows = bench.Rows(arguments.json, resume=arguments.resume)
    all_of_them = len(found) * len(wish.engines) * len(wish.seeds)

    def say(row: bench.Row) -> None:
        gap = "" if row.gap_percent is None else f", {row.gap_percent:+.3f} %"
        cost = "-" if row.cost is None else f"{figure(row.cost)}, {_vehicles(row.vehicles or 0)}{gap}"
        wrong = "" if row.error is None else f"  {row.error}"
        _complain(f"{row.set}/{row.instance} {row.engine} {cost}, {row.cpu_seconds:.1f} s{wrong}")

    _complain(f"{len(found)} instances, {all_of_them} rows, {sum(row.valid for row in rows.all)} valid rows are there")
    bench.run(found, wish, rows, on_row=say)
    print(bench.table(rows.all, vehicles_first=[case.set for case in found if case.objective == "vehicles"]))
    return 0


def _vehicles(count: int) -> str:
    return f"{count} vehicle{'' if count == 1 else 's'}"


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
