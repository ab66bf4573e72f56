"""Files that a viewer brings in: looked at first, then written; theirs alone until then."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from .. import imports as service
from .. import rights, scope, uploads
from ..errors import UnknownRecord
from ..imports.report import ImportReport
from ..models import Upload
from ..system import System
from ..viewer import Viewer


def take(system: System, viewer: Viewer, kind: str, stream: BinaryIO) -> str:
    """Keep a file of the viewer's to look at; our name for it.

    Raises:
        NotAllowed: not for this role.
        FileRefused: too large, or no text that we read.
        UnknownRecord: no such kind of file.
    """
    rights.must(viewer, "imports.use")
    if kind not in service.KINDS:
        raise UnknownRecord("kind of file", kind)
    taken = uploads.take(system, stream)
    with system.sessions.begin() as session:
        session.add(
            Upload(
                id=_id(taken.name), user_id=viewer.user_id, kind=kind, size_bytes=taken.size_bytes,
                digest=sha256(uploads.path(system, taken.name).read_bytes()).hexdigest(), made_at=system.now(),
            )
        )  # fmt: skip
    return taken.name


def preview(system: System, viewer: Viewer, name: str, *, today: date) -> ImportReport:
    """What bringing the file in would do; nothing is written.

    Raises:
        NotAllowed, UnknownRecord: not for this role; no such file of theirs.
        FileRefused: it cannot be read as a table.
    """
    kind = _kind(system, viewer, name)
    return service.import_file(
        system, kind, uploads.path(system, name), dry_run=True, today=today, actor=viewer.login,
        errors_to=_errors(system, name),
    )  # fmt: skip


def bring_in(system: System, viewer: Viewer, name: str, *, whole: bool, today: date) -> ImportReport:
    """Write the good rows, or none unless all are good when `whole`.

    Raises:
        NotAllowed, UnknownRecord: not for this role; no such file of theirs.
        FileRefused: it cannot be read as a table.
    """
    kind = _kind(system, viewer, name)
    return service.import_file(
        system, kind, uploads.path(system, name), all_or_nothing=whole, today=today, actor=viewer.login,
        errors_to=_errors(system, name),
    )  # fmt: skip


def error_file(system: System, viewer: Viewer, name: str) -> Path:
    """Where the refused rows of the viewer's file lie.

    Raises:
        NotAllowed, UnknownRecord: not for this role; no such file of theirs, or it has no refused rows.
    """
    _kind(system, viewer, name)
    file = _errors(system, name)
    if not file.exists():
        raise UnknownRecord("file", name)
    return file


def kind_of(system: System, viewer: Viewer, name: str) -> str:
    """What the viewer said the file holds.

    Raises:
        NotAllowed, UnknownRecord: not for this role; no such file of theirs.
    """
    return _kind(system, viewer, name)


def _kind(system: System, viewer: Viewer, name: str) -> str:
    rights.must(viewer, "imports.use")
    with system.sessions() as session:
        found = scope.upload(session, viewer, _id(name))
    if not uploads.path(system, name).exists():
        raise UnknownRecord("file", name)
    return found.kind


def _id(name: str) -> str:
    return name.partition(".")[0][:32]


def _errors(system: System, name: str) -> Path:
    return uploads.path(system, f"{_id(name)}.errors.csv")
