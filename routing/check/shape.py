"""Whether a plan is made of what a plan is made of: nothing else is read from one that is not.

Plans come from engines, files and other machines, and their values are not guarded. Whatever is odd in one is named
here, so that the rest of the judge may count on whole numbers and texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from ..model import Costs, Pause, Plan, Reason, Reload, Stop, Tour, Unassigned

_Judge = Callable[[object], bool]


def oddities(value: object, kind: type, *, without: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of what is odd in a value that should be of this kind: `stops[3].arrival`, or `""` for itself."""
    if type(value) is not kind:
        yield ""
        return
    for name, wanted in _PARTS[kind]:
        if name in without:
            continue
        part = getattr(value, name, None)
        if not isinstance(wanted, type):
            if not wanted(part):
                yield name
        elif (kind, name) not in _MANY:
            yield from (_path(name, rest) for rest in oddities(part, wanted))
        elif not isinstance(part, tuple):
            yield name
        else:
            for number, one in enumerate(part):
                for rest in oddities(one, wanted):
                    yield _path(f"{name}[{number}]", rest)


def _path(before: str, after: str) -> str:
    return f"{before}.{after}" if after else before


def _whole(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _text(value: object) -> bool:
    return isinstance(value, str)


def _amounts(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_whole, value))


def _facts(value: object) -> bool:
    return isinstance(value, Mapping)


def _duration(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]


_PARTS: dict[type, tuple[tuple[str, type | _Judge], ...]] = {
    Plan: (("tours", Tour), ("unassigned", Unassigned), ("costs", Costs), ("engine", _text), ("seconds", _duration)),
    Tour: (
        ("vehicle", _text), ("departure", _whole), ("arrival", _whole), ("stops", Stop), ("start_load", _amounts),
        ("return_seconds", _whole), ("return_metres", _whole), ("metres", _whole), ("driving_seconds", _whole),
        ("costs", Costs), ("reloads", Reload), ("pauses", Pause),
    ),
    Stop: (
        ("job", _text), ("arrival", _whole), ("service_start", _whole), ("departure", _whole),
        ("drive_seconds", _whole), ("drive_metres", _whole), ("load", _amounts),
    ),
    Reload: (
        ("before", _whole), ("arrival", _whole), ("departure", _whole), ("drive_seconds", _whole),
        ("drive_metres", _whole), ("load", _amounts),
    ),
    Pause: (("before", _whole), ("start", _whole), ("end", _whole), ("name", _text)),
    Unassigned: (("job", _text), ("reason", Reason)),
    Reason: (("code", _text), ("facts", _facts)),
    Costs: tuple((term.name, _whole) for term in fields(Costs)),
}  # fmt: skip
_MANY = {(Plan, "tours"), (Plan, "unassigned"), (Tour, "stops"), (Tour, "reloads"), (Tour, "pauses")}


def legible(values: Any, kind: type, name: str) -> Iterator[Any]:
    """The values of a tuple that are of this kind and name something by a text; nothing when it is no tuple."""
    for value in values if isinstance(values, tuple) else ():
        if type(value) is kind and isinstance(getattr(value, name, None), str):
            yield value
