"""Files of the research world in and out: benchmark instances, their solutions, and maps of tours.

`read` makes an `Instance` of any known file: a `Problem`, and how its set counts the cost of a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import BadFile, InvalidProblem
from . import lilim, sartori, solomon, vroom, vrplib, wang_chen
from .geojson import geojson_text
from .instance import OBJECTIVES, Instance, Orders
from .sol import Solution, read_solution, sol_text
from .text import Text, read_bytes, read_text

__all__ = [
    "DIALECTS", "OBJECTIVES", "VROOM", "Instance", "Orders", "Solution", "detect", "geojson_text", "read",
    "read_bytes", "read_solution", "sol_text", "usual_objective", "vroom",
]  # fmt: skip

Matches = Callable[[Text], bool]
Reader = Callable[[Text, str], Instance]

#: By the name that `--format` takes, in the order in which a file is tried; each with the objective of its tables.
DIALECTS: dict[str, tuple[Matches, Reader, str]] = {
    "solomon": (solomon.matches, solomon.read, "distance"),
    "wang-chen": (wang_chen.matches, wang_chen.read, "vehicles"),
    "sartori": (sartori.matches, sartori.read, "vehicles"),
    "vrplib": (vrplib.matches, vrplib.read, "distance"),
    "lilim": (lilim.matches, lilim.read, "vehicles"),
}


#: What `detect` calls a JSON document, which `vroom.question` reads.
VROOM = "vroom"


def detect(path: Path | str) -> str:
    """The dialect a file is written in, by its first lines: one of `DIALECTS`, or `VROOM` for a JSON object.

    Raises:
        BadFile: it is none of ours.
    """
    if read_bytes(Path(path)).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return VROOM
    return _dialect(read_text(Path(path)))


def usual_objective(dialect: str) -> str:
    """What the tables of a dialect's sets minimise."""
    return DIALECTS[dialect][2]


def _dialect(text: Text) -> str:
    for name, (matches, _, _) in DIALECTS.items():
        if matches(text):
            return name
    text.refuse(f"an instance in one of the formats {', '.join(DIALECTS)} expected", text.rows[0])


def read(path: Path | str, objective: str | None = None, *, dialect: str = "auto") -> Instance:
    """The instance of a file.

    Args:
        objective: one of `OBJECTIVES`; the one of the file's set by default.
        dialect: one of `DIALECTS`, or `auto` to look.

    Raises:
        BadFile: the file is not what it should be; names file, line and what is expected.
        InvalidProblem: no such objective or dialect.
    """
    if objective is not None and objective not in OBJECTIVES:
        raise InvalidProblem(f"objective {objective} is none of {', '.join(OBJECTIVES)}")
    if dialect != "auto" and dialect not in DIALECTS:
        raise InvalidProblem(f"format {dialect} is none of auto, {', '.join(DIALECTS)}")
    text = read_text(Path(path))
    _, reader, usual = DIALECTS[_dialect(text) if dialect == "auto" else dialect]
    try:
        return reader(text, objective or usual)
    except InvalidProblem as error:
        raise BadFile(text.name, str(error)) from error
