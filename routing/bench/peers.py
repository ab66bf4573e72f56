"""Who is compared: our engines, those of the registry that are peers, and VROOM, which only the bench knows."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from .. import engines
from ..errors import UnknownEngine
from ..solve import Engine
from . import vroom_peer

#: The usual field, those of it that are there.
FIELD = ("portfolio", "ruin-recreate", "or-tools", "pyvrp", "vroom")
#: Best documented settings of the peers, as the table names them.
SETTINGS = {
    "or-tools": ("ortools", "guided local search from the best of its first plans, with whole matrices"),
    "pyvrp": ("pyvrp", "its default parameters"),
    "vroom": ("pyvroom", "exploration level 5"),
}


def engine(name: str) -> Engine:
    """The engine of that name, VROOM included.

    Raises:
        UnknownEngine: there is none, or its package is not installed.
    """
    if name != vroom_peer.Vroom.name:
        return engines.engine(name)
    if not vroom_peer.is_installed():
        raise UnknownEngine("vroom is not installed; it comes with the extra `bench`")
    return vroom_peer.Vroom()


def _present(name: str) -> bool:
    return vroom_peer.is_installed() if name == vroom_peer.Vroom.name else name in engines.ENGINES


DEFAULT_ENGINES = tuple(name for name in FIELD if _present(name))


def settings_of(name: str) -> str | None:
    """Version and settings of a peer; None for an engine of our own."""
    if name not in SETTINGS:
        return None
    package, settings = SETTINGS[name]
    try:
        return f"{package} {version(package)}, {settings}"
    except PackageNotFoundError:
        return f"{package} is not installed"
