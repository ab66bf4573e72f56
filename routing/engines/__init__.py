"""Who can answer a problem, by name."""

from __future__ import annotations

from ..errors import UnknownEngine
from ..solve import Engine
from .nearest import Nearest
from .or_tools import OrTools

ENGINES: dict[str, type[Nearest] | type[OrTools]] = {engine.name: engine for engine in (OrTools, Nearest)}


def engine(name: str) -> Engine:
    """The engine of that name: `or-tools` or `nearest`.

    Raises:
        UnknownEngine: there is none.
    """
    if name not in ENGINES:
        raise UnknownEngine(f"no engine {name}; there are {', '.join(ENGINES)}")
    return ENGINES[name]()
