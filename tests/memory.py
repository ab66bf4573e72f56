"""Where tests keep files that live no longer than they do: in memory, where the machine has room for them there."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

#: A file system in memory that every Linux has. Databases are made and dropped there for a tenth of the work, and
#: nobody waits for a disk; what a killed process leaves behind is the same.
MEMORY = Path("/dev/shm")
#: Bytes that must be free there; a run takes some hundred million.
ROOM = 3 * 2**30


@cache
def folder() -> Path:
    """The folder in memory, or the temporary folder where there is none, or none that will do."""
    return MEMORY if _will_do(MEMORY) else Path(tempfile.gettempdir())


def _will_do(place: Path) -> bool:
    """Whether the place is there, has room, and lets programs be started that lie in it."""
    try:
        found = os.statvfs(place)
    except (OSError, AttributeError):
        return False
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC and os.access(place, os.W_OK)
