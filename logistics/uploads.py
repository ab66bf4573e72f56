"""Files that people send: looked at before they are believed, written again by us, gone after a day.

Nothing of what arrives is kept as it came: not its name, not its bytes, not its encoding. What is kept is text in UTF-8
under a name of ours, in a folder that no page serves, readable by its owner alone.
"""

from __future__ import annotations

import io
import os
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, select

from inventory import tables

from .errors import LogisticsError
from .models import Upload as UploadRow
from .observation import logger
from .system import System

#: How long an upload and the file of its refused rows are kept.
KEPT_HOURS = 24
_PIECE = 1 << 16
#: How files begin that are no text, and the names by which they are refused.
_BEGINNINGS = (
    (b"PK", "XLSX, ODS or ZIP"), (b"\xd0\xcf\x11\xe0", "XLS"), (b"%PDF", "PDF"), (b"\x1f\x8b", "GZIP"),
    (b"BZh", "BZIP2"), (b"\xfd7zXZ", "XZ"), (b"7z\xbc\xaf", "7Z"), (b"Rar!", "RAR"),
    (b"\x28\xb5\x2f\xfd", "ZSTD"), (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"RIFF", "RIFF"), (b"\x7fELF", "program"), (b"MZ", "program"),
    (b"SQLite format 3", "SQLite"), (b"{\\rtf", "RTF"), (b"#!", "script"),
)  # fmt: skip
#: The same for text that browsers act upon.
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<?php")
#: Their places are the last two letters of an upload's name.
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was taken in: our name for it, how it was encoded, and its bytes as they came."""

    name: str
    encoding: str
    size_bytes: int


def take(system: System, stream: BinaryIO) -> Upload:
    """Keep a file of text under a name of ours, in UTF-8; rows are judged later, by the import.

    Raises:
        FileRefused: larger than the limit (`too-large`), no text (`not-csv`), empty, or in no encoding we read.
    """
    size = _size(stream)
    if size > system.settings.upload_limit_bytes:
        raise _refused("too-large", limit=system.settings.upload_limit_bytes)
    _look(stream)
    encoding = _encoding(stream)
    name = f"{secrets.token_hex(15)}{_ENCODINGS.index(encoding):02x}.csv"
    _write_again(stream, encoding, path(system, name))
    return Upload(name, encoding, size)


def path(system: System, name: str) -> Path:
    """Where the upload of this name lies.

    Raises:
        FileRefused: `file-not-found`: not a name that we give.
    """
    stem, dot, ending = name.partition(".")
    if not stem.isascii() or not stem.isalnum() or not dot or ending not in ("csv", "errors.csv"):
        raise _refused("file-not-found", file="?")
    return system.settings.home / "uploads" / name


def encoding_of(name: str) -> str:
    """How the file was encoded when it came."""
    told = name.partition(".")[0][30:]
    return next((one for number, one in enumerate(_ENCODINGS) if f"{number:02x}" == told), "utf-8")


def sweep(system: System, *, now: float | None = None) -> None:
    """Delete what is older than `KEPT_HOURS`: uploads with their rows, and the error files of imports."""
    oldest = (time.time() if now is None else now) - KEPT_HOURS * 3600
    gone = 0
    for folder in ("uploads", "imports"):
        for file in (system.settings.home / folder).glob("*"):
            try:
                if file.is_file() and file.stat().st_mtime < oldest:
                    file.unlink()
                    gone += 1
            except FileNotFoundError:
                # Another process sweeps too.
                continue
    gone += _forget(system, before=system.now() - timedelta(hours=KEPT_HOURS))
    if gone:
        logger("uploads").info("uploads-swept", gone=gone)


def _forget(system: System, *, before: datetime) -> int:
    old = UploadRow.made_at < before
    with system.sessions() as session:
        found = session.scalars(select(UploadRow.id).where(old)).all()
    if found:
        with system.sessions.begin() as session:
            session.execute(delete(UploadRow).where(old))
    return len(found)


def _size(stream: BinaryIO) -> int:
    stream.seek(0, io.SEEK_END)
    return stream.tell()


def _look(stream: BinaryIO) -> None:
    stream.seek(0)
    head = stream.read(512)
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            raise _refused("not-csv", found=kind)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKUP):
        raise _refused("not-csv", found="HTML, SVG or XML")


def _encoding(stream: BinaryIO) -> str:
    try:
        return tables.encoding_of(stream)
    except tables.TableRefused as refusal:
        raise _refused(refusal.error.code, **refusal.error.facts) from refusal


def _write_again(stream: BinaryIO, encoding: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    stream.seek(0)
    # Bytes that mean nothing in the encoding stay as they are: the import names their rows, nothing is guessed.
    errors = "strict" if encoding.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as kept:
            while piece := text.read(_PIECE):
                kept.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        text.detach()


def _refused(code: str, **facts: object) -> LogisticsError:
    # Loaded when it is needed: the sweep alone must not bring in everything that an import needs.
    from .imports import FileRefused

    return FileRefused(code, **facts)
