"""The file of a backup: a zip whose manifest names every member with its size and checksum, and nothing else.

Members: `manifest.json`, `tables/NAME.jsonl` (one line per row, see `cells`), `home/PATH` (files of the home).
Reading trusts nothing: names, kinds, sizes and checksums are judged before the first row is looked at, and nothing in
an archive is ever executed, unpickled or unpacked to a path of its own choosing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from .cells import BadCell, row_of
from .errors import ArchiveRefused
from .shape import Shape, Table
from .tables import Digest, digest

FORMAT = "tournee-backup/1"
MANIFEST = "manifest.json"
#: What a manifest, a line and a number of members may come to at most.
MOST_MANIFEST_BYTES = 16 * 2**20
MOST_LINE_BYTES = 16 * 2**20
MOST_MEMBERS = 100_000
#: An honest archive unpacks to far less than this many times its size; a bomb to a thousand times.
MOST_TIMES = 200
#: Below this, whatever an archive unpacks to fits everywhere.
FREE_BYTES = 64 * 2**20
#: Files of the home that a backup holds: uploads under names of our own making, the demo's note, and the key.
HOME_FILE = re.compile(r"uploads/[A-Za-z0-9][A-Za-z0-9._-]{0,199}|demo\.json|secret\.key")
SECRETS = ("secret.key",)

#: Told now and then: what is being done, and how far it is.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the manifest names it: a table's rows (with its columns), or a file of the home."""

    name: str
    size: int
    sha256: str
    rows: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    product: str
    revision: str
    database: str
    made_at: str
    tables: tuple[Member, ...]
    files: tuple[Member, ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(member.rows for member in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all members, unpacked."""
        return sum(member.size for member in (*self.tables, *self.files))

    @property
    def with_secrets(self) -> bool:
        """Whether the installation's key is in it."""
        return any(member.name.removeprefix("home/") in SECRETS for member in self.files)

    def as_json(self) -> dict[str, Any]:
        """As it stands in the archive."""
        return {"format": FORMAT, **asdict(self)}


class Writer:
    """Writes an archive member by member; the manifest last."""

    def __init__(self, stream: IO[bytes], made_at: datetime) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=6)
        self._date = made_at.timetuple()[:6]

    def member(self, name: str, chunks: Iterable[bytes], on_chunk: Callable[[int], None] = lambda _: None) -> Digest:
        """Write a member and say what went in; lines count as rows."""
        with self._zip.open(self._entry(name), "w", force_zip64=True) as out:
            done = 0

            def keep(chunk: bytes) -> None:
                nonlocal done
                out.write(chunk)
                done += 1
                on_chunk(done)

            return digest(chunks, keep)

    def close(self, manifest: Manifest) -> None:
        """Write the manifest and end the archive."""
        text = json.dumps(manifest.as_json(), indent=1, ensure_ascii=False)
        self._zip.writestr(self._entry(MANIFEST), text)
        self._zip.close()

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._date)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (stat.S_IFREG | 0o600) << 16
        return entry


class Archive:
    """An archive whose every member is what its manifest says."""

    def __init__(self, opened: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip, self.manifest = opened, manifest

    def rows(
        self, table: Table, dialect: str, on_row: Callable[[int], None] = lambda _: None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, for the database of this dialect.

        Raises:
            ArchiveRefused: a line that is no row of this table, or another number of rows than the manifest says.
        """
        expected = next(member for member in self.manifest.tables if member.name == table_member(table.name))
        number = 0
        with self._zip.open(expected.name) as stream:
            while line := stream.readline(MOST_LINE_BYTES + 1):
                number += 1
                try:
                    if len(line) > MOST_LINE_BYTES:
                        raise BadCell("line")
                    yield row_of(table, line, dialect)
                except BadCell as error:
                    raise ArchiveRefused("wrong-rows", f"{table.name}, row {number}, {error}") from None
                on_row(number)
        if number != expected.rows:
            raise ArchiveRefused("wrong-rows", f"{table.name} has {number} of {expected.rows}")

    def open(self, name: str) -> IO[bytes]:
        """A member as a stream."""
        return self._zip.open(name)


def table_member(table: str) -> str:
    """The name of the member that holds a table's rows."""
    return f"tables/{table}.jsonl"


def check(path: Path, *, room: int | None = None, on_progress: Progress = lambda _text, _done: None) -> Manifest:
    """Judge an archive without touching anything else.

    Raises:
        ArchiveRefused: it is not whole, not ours, or not what it says.
    """
    with opened(path, room=room, on_progress=on_progress) as archive:
        return archive.manifest


@contextlib.contextmanager
def opened(
    path: Path, *, room: int | None = None, on_progress: Progress = lambda _text, _done: None
) -> Iterator[Archive]:
    """The archive, judged; it stays open, so that nobody can change it between judging and reading.

    Args:
        room: bytes that fit where it is unpacked to; None = not asked.

    Raises:
        ArchiveRefused: it is not whole, not ours, or not what it says.
    """
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(path.open("rb"))
        size = stream.seek(0, 2)
        try:
            found = stack.enter_context(zipfile.ZipFile(stream))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError, EOFError):
            raise ArchiveRefused("not-an-archive") from None
        entries = _entries(found)
        manifest = _manifest(found, entries)
        _same_members(manifest, entries)
        _fits(manifest, size, room)
        for member in (*manifest.tables, *manifest.files):
            on_progress(f"checking {member.name}", 0)
            _same_bytes(found, member)
        yield Archive(found, manifest)


def _entries(found: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    listed = found.infolist()
    if len(listed) > MOST_MEMBERS:
        raise ArchiveRefused("too-large", f"{len(listed)} members")
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        # `orig_filename` is what is really written there; `filename` has been made harmless for this machine.
        name = entry.orig_filename
        if name.startswith("/") or "\\" in name or "\0" in name or ":" in name or ".." in name.split("/"):
            raise ArchiveRefused("unsafe-name")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        packed = entry.compress_type in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & 0x1 or entry.is_dir() or not packed:
            raise ArchiveRefused("unsafe-kind")
        if name in entries:
            raise ArchiveRefused("unlisted-member", "a name comes twice")
        entries[name] = entry
    return entries


def _manifest(found: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Manifest:
    entry = entries.pop(MANIFEST, None)
    if entry is None:
        raise ArchiveRefused("no-manifest")
    if entry.file_size > MOST_MANIFEST_BYTES:
        raise ArchiveRefused("too-large", "the manifest")
    try:
        told = json.loads(found.read(entry))
    except (ValueError, RecursionError, zipfile.BadZipFile, OSError, EOFError, zlib.error):
        raise ArchiveRefused("no-manifest") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ArchiveRefused("unknown-format")
    try:
        return Manifest(
            product=_word(told["product"]),
            revision=_word(told["revision"]),
            database=_word(told["database"]),
            made_at=_word(told["made_at"]),
            tables=tuple(_member(one, r"tables/[a-z_]{1,63}\.jsonl") for one in _list(told["tables"])),
            files=tuple(_member(one, rf"home/(?:{HOME_FILE.pattern})") for one in _list(told["files"])),
        )
    except (KeyError, TypeError, ValueError):
        raise ArchiveRefused("no-manifest") from None


def _member(told: Any, pattern: str) -> Member:
    name, size, sha256, rows, columns = (told[key] for key in ("name", "size", "sha256", "rows", "columns"))
    if not re.fullmatch(pattern, _word(name)) or not re.fullmatch(r"[0-9a-f]{64}", _word(sha256)):
        raise ArchiveRefused("unlisted-member", "the manifest names what we do not keep")
    return Member(name, _count(size), sha256, _count(rows), tuple(_word(one) for one in _list(columns)))


def _word(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 300:
        raise TypeError
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _same_members(manifest: Manifest, entries: dict[str, zipfile.ZipInfo]) -> None:
    named = [member.name for member in (*manifest.tables, *manifest.files)]
    if len(set(named)) != len(named):
        raise ArchiveRefused("unlisted-member", "a name comes twice")
    if set(entries) - set(named):
        raise ArchiveRefused("unlisted-member")
    if missing := set(named) - set(entries):
        raise ArchiveRefused("missing-member", min(missing))
    for member in (*manifest.tables, *manifest.files):
        if entries[member.name].file_size != member.size:
            raise ArchiveRefused("wrong-checksum", member.name)


def _fits(manifest: Manifest, size: int, room: int | None) -> None:
    if manifest.size > max(FREE_BYTES, size * MOST_TIMES):
        raise ArchiveRefused("too-large", f"{manifest.size:,} bytes out of {size:,}")
    if room is not None and manifest.size > room:
        raise ArchiveRefused("too-large", f"{manifest.size:,} bytes, {room:,} are free")


def _same_bytes(found: zipfile.ZipFile, member: Member) -> None:
    total, size = hashlib.sha256(), 0
    try:
        with found.open(member.name) as stream:
            while chunk := stream.read(1 << 20):
                total.update(chunk)
                size += len(chunk)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, zlib.error):
        raise ArchiveRefused("wrong-checksum", member.name) from None
    if size != member.size or total.hexdigest() != member.sha256:
        raise ArchiveRefused("wrong-checksum", member.name)


def same_tables(manifest: Manifest, shape: Shape) -> None:
    """Refuse tables or columns other than those of the archive's revision.

    Raises:
        ArchiveRefused: something is missing, too much, or called otherwise.
    """
    told = {member.name: member.columns for member in manifest.tables}
    expected = {table_member(one.name): tuple(column.name for column in one.columns) for one in shape.tables}
    if told != expected:
        different = sorted(name for name in told.keys() | expected.keys() if told.get(name) != expected.get(name))
        raise ArchiveRefused("wrong-tables", different[0])
