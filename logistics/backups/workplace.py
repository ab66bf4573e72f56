"""Where something big is built, gone afterwards; what a killed process left is cleared by the next one."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

if os.name == "posix":
    import fcntl

PREFIX = ".tournee-building-"
#: What a file is called until it is whole: its name to be and twelve signs of chance.
PART = re.compile(r"\..+\.[0-9a-f]{12}\.part")
#: A part is held from its first moment on, almost; one so old that nobody holds has no owner.
PART_SECONDS = 60


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


def open_part(path: Path) -> tuple[Path, int]:
    """A new file beside `path` that only we can read, held until it is closed; parts without an owner go first.

    Raises:
        OSError: it cannot be made.
    """
    for left in path.parent.iterdir():
        if PART.fullmatch(left.name):
            with contextlib.suppress(OSError):
                _clear_part(left)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    if os.name == "posix":
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return part, descriptor


def _clear_part(left: Path) -> None:
    if os.name != "posix" or time.time() - left.lstat().st_mtime < PART_SECONDS:
        return
    held = os.open(left, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left.unlink()
    finally:
        os.close(held)


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
