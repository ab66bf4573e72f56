"""A folder to build something big in, gone afterwards; what a killed process left is cleared by the next one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

if os.name == "posix":
    import fcntl

PREFIX = ".tournee-building-"


@contextlib.contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """A new folder under `parent` that only we can read."""
    _clear(parent)
    folder = parent / f"{PREFIX}{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.name == "posix":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _clear(parent: Path) -> None:
    """Remove folders whose owner is dead: the kernel has freed their lock."""
    if os.name != "posix":
        return
    for left in parent.glob(f"{PREFIX}*"):
        try:
            lock = os.open(left / "lock", os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(lock)


def flush(path: Path) -> None:
    """Make a file or a folder's entries survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
