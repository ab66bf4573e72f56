"""Who can answer a problem, by name."""

from __future__ import annotations

from ..errors import UnknownEngine
from ..solve import Engine
from .nearest import Nearest
from .or_tools import OnDeath, OrTools

ENGINES: dict[str, type[Nearest] | type[OrTools]] = {engine.name: engine for engine in (OrTools, Nearest)}


def engine(name: str, *, on_death: OnDeath | None = None) -> Engine:
    """The engine of that name: `or-tools` or `nearest`.

    Args:
        on_death: told of each problem over which a process of the engine died, and how; the plan goes on without it.

    Raises:
        UnknownEngine: there is none.
    """
    if name not in ENGINES:
        raise UnknownEngine(f"no engine {name}; there are {', '.join(ENGINES)}")
    return OrTools(on_death=on_death) if name == OrTools.name else ENGINES[name]()
