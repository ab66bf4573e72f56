"""Tables in text files, whatever they are about: encoding, separator, header and rows; and writing them back.

Read are UTF-8 with or without its mark, UTF-16 and Windows-1252, separated by comma, semicolon, tab or bar. ISO-8859-1
reads as Windows-1252, which holds all its letters. A file is read as a stream: its size is not a question of memory.

A cell that a spreadsheet would take for a formula (it begins with = + - @, also full-width, a tab or an end of line) is
written with an apostrophe before it, headers too, and read without one. An apostrophe is only taken away where writing
would have put it, before such a beginning, so that writing and reading give back every cell as it was. Every CSV of the
product is written here.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from .errors import InventoryError
from .folding import fold

SEPARATORS = ",;\t|"
#: Characters of one cell; what a spreadsheet allows.
LONGEST_CELL = 32_767
#: Characters of one line, and cells of one header: beyond this a file is no table.
LONGEST_LINE = 1_000_000
MOST_COLUMNS = 1_000

_CHUNK = 1 << 16
_SAMPLE_LINES = 50
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: With its apostrophes, if it has some; full-width letters too, which spreadsheets of East Asia take for the same.
_LOOKS_LIKE_FORMULA = re.compile("'*[=+\\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20]")


@dataclass(frozen=True, slots=True)
class TableError:
    """What is wrong, where: a stable code, the line (from 1; 0 for the whole file), the header of the column, facts.

    Codes of a whole file: `file-empty`, `not-a-table`, `encoding-unknown`, `header-twice`, `too-many-columns`,
    `line-too-long`, `quote-not-closed` (the line says where it was opened). Codes of one row: `undecodable` (`offset`
    is the byte's place in the file, from 0), `control-character` (`position` from 1, `character` as U+0007),
    `cell-too-long` (`longest`), `stray-quote`.
    """

    code: str
    line: int
    column: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


class TableRefused(InventoryError):
    """The file as a whole cannot be read as a table; `error` says why."""

    code = "table-refused"

    def __init__(self, error: TableError) -> None:
        self.error = error
        super().__init__(f"line {error.line}: {error.code}")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row as text, and the line it begins on. `error` says why it cannot be used, if it cannot.

    A row that could not even be cut into cells has none.
    """

    line: int
    cells: tuple[str, ...]
    error: TableError | None = None


class Table:
    """An open table: `headers`, and `rows` to be read once, in order. Rows without any text are passed over.

    Attributes:
        encoding: `utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be` or `windows-1252`, as found.
        separator: the character found between cells.
        headers: the cells of the first row, trimmed.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.encoding = encoding_of(stream)
        self._lines = _Lines(stream, self.encoding)
        try:
            self.separator, declared = _separator(self._lines)
        finally:
            self.release()
        self._lines = _Lines(stream, self.encoding)
        if declared:
            next(self._lines)
        self._reader = csv.reader(self._lines, delimiter=self.separator, strict=True)
        self.headers: tuple[str, ...] = ()

    def begin(self) -> None:
        """Read the header."""
        self.headers = self._header()

    def release(self) -> None:
        """Let go of the stream, which belongs to whoever opened it."""
        self._lines.release()

    @property
    def rows(self) -> Iterator[Row]:
        """The rows from here on; one that cannot be used carries its error and the next one follows.

        Raises:
            TableRefused: a quote that is never closed has swallowed the rest, or a line beyond every measure.
        """
        while (row := self._next()) is not None:
            if row.error is not None or any(cell.strip() for cell in row.cells):
                yield row

    def _header(self) -> tuple[str, ...]:
        first = next(self.rows, None)
        if first is None:
            raise TableRefused(TableError("file-empty", 0))
        if first.error is not None:
            raise TableRefused(first.error)
        if len(first.cells) > MOST_COLUMNS:
            raise TableRefused(TableError("too-many-columns", first.line, facts={"most": MOST_COLUMNS}))
        headers = tuple(unicodedata.normalize("NFC", cell).strip() for cell in first.cells)
        seen: set[str] = set()
        for header in headers:
            name = fold(header)
            if name and name in seen:
                raise TableRefused(TableError("header-twice", first.line, header, {"column": header}))
            seen.add(name)
        return headers

    def _next(self) -> Row | None:
        line = self._lines.begin_record()
        try:
            cells = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            lines = self._lines.count - line + 1
            too_long = "field limit" in str(error)
            if self._lines.ended or (too_long and lines > 1):
                raise TableRefused(TableError("quote-not-closed", line, facts={"line": line})) from error
            code = "cell-too-long" if too_long else "stray-quote"
            facts = {"line": line, "longest": LONGEST_CELL} if too_long else {}
            return Row(line, (), TableError(code, line, facts=facts))
        return self._judged(line, tuple(_unescaped(cell) for cell in cells))

    def _judged(self, line: int, cells: tuple[str, ...]) -> Row:
        for place, cell in enumerate(cells):
            column = self.headers[place] if place < len(self.headers) else ""
            if len(cell) > LONGEST_CELL:
                facts: dict[str, object] = {"line": line, "longest": LONGEST_CELL}
                return Row(line, cells, TableError("cell-too-long", line, column, facts))
            bad = _UNREADABLE.search(cell)
            if bad is not None and _ESCAPED_BYTE.match(bad[0]):
                return Row(line, cells, TableError("undecodable", line, column, {"offset": self._lines.bad_byte}))
            if bad is not None:
                facts = {"position": bad.start() + 1, "character": f"U+{ord(bad[0]):04X}"}
                return Row(line, cells, TableError("control-character", line, column, facts))
        return Row(line, cells)


@contextmanager
def open_table(source: Path | BinaryIO) -> Iterator[Table]:
    """`with open_table(source) as table:` opens a path or a binary stream; a stream is left open at the end.

    Raises:
        TableRefused: it cannot be read as a table; carries the reason.
        OSError: the path cannot be opened.
    """
    with ExitStack() as opened:
        stream = opened.enter_context(source.open("rb")) if isinstance(source, Path) else source
        if not stream.seekable():
            # What comes through a pipe is looked at twice, so it is laid aside; on disk once it is large.
            kept = cast(BinaryIO, opened.enter_context(tempfile.SpooledTemporaryFile(max_size=1 << 22)))
            shutil.copyfileobj(stream, kept)
            stream = kept
        table = Table(stream)
        opened.callback(table.release)
        table.begin()
        yield table


def write_table(
    stream: TextIO, header: Sequence[str], rows: Iterable[Iterable[object]], *, separator: str = ",", end: str = "\r\n"
) -> None:
    """Write a header and rows so that a spreadsheet shows them and `open_table` gives every text back as it was.

    Texts that look like formulas get an apostrophe; numbers are written as they are, None as an empty cell. Lines end
    with CR LF or `end`: open the stream with `newline=""`, in UTF-8, with its mark where spreadsheets shall read it.
    """
    write_rows(stream, chain([header], rows), separator=separator, end=end)


def write_rows(stream: TextIO, rows: Iterable[Iterable[object]], *, separator: str = ",", end: str = "\r\n") -> None:
    """Write more rows below those that `write_table` wrote, in the same way."""
    writer = csv.writer(stream, delimiter=separator, lineterminator=end)
    for row in rows:
        writer.writerow([_escaped(cell) if isinstance(cell, str) else cell for cell in row])


def _escaped(cell: str) -> str:
    return f"'{cell}" if _LOOKS_LIKE_FORMULA.match(cell) else cell


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _LOOKS_LIKE_FORMULA.match(cell) else cell


class _Lines:
    """The lines of a stream from its beginning, their ends kept, counted; knows where undecodable bytes stand."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        stream.seek(0)
        errors = "strict" if encoding.startswith("utf-16") else "surrogateescape"
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
        # The mark at the start is three bytes that no line holds.
        self._bytes, self._encoding = (3, "utf-8") if encoding == "utf-8-sig" else (0, encoding)
        self.count = 0
        self.ended = False
        self.bad_byte: int | None = None

    def release(self) -> None:
        """A text stream that is merely forgotten would close the bytes below it."""
        self._text.detach()

    def begin_record(self) -> int:
        """Forget the record before; says the line on which the next one begins."""
        self.bad_byte = None
        return self.count + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE + 1)
        if not line:
            self.ended = True
            raise StopIteration
        self.count += 1
        if len(line) > LONGEST_LINE:
            raise TableRefused(TableError("line-too-long", self.count, facts={"longest": LONGEST_LINE}))
        self._measure(line)
        return line

    def _measure(self, line: str) -> None:
        if line.isascii():
            self._bytes += len(line)
            return
        bad = _ESCAPED_BYTE.search(line)
        if bad is not None and self.bad_byte is None:
            self.bad_byte = self._bytes + self._size(line[: bad.start()])
        self._bytes += self._size(line)

    def _size(self, text: str) -> int:
        return len(text.encode(self._encoding, "surrogateescape"))


def encoding_of(stream: BinaryIO) -> str:
    """The encoding of a stream that can be read as a table: one of those of `Table.encoding`.

    Raises:
        TableRefused: empty, no text, or in none of them.
    """
    stream.seek(0)
    head = stream.read(_CHUNK)
    if not head.strip():
        raise TableRefused(TableError("file-empty", 0))
    if head.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise TableRefused(TableError("not-a-table", 0))
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _whole(stream, "utf-16")
    evens, odds = head[0::2].count(0), head[1::2].count(0)
    if max(evens, odds) > len(head) // 8:
        # Latin letters in UTF-16 are zero in every second byte; a file full of zeros elsewhere is something else.
        if min(evens, odds) * 4 > max(evens, odds):
            raise TableRefused(TableError("not-a-table", 0))
        return _whole(stream, "utf-16-le" if odds > evens else "utf-16-be")
    return _one_byte_or_more(stream)


def _whole(stream: BinaryIO, encoding: str) -> str:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise TableRefused(TableError("encoding-unknown", 0)) from error
    return encoding


def _one_byte_or_more(stream: BinaryIO) -> str:
    """UTF-8, or Windows-1252 where most of what lies beyond ASCII is no UTF-8.

    Both may hold bytes that mean nothing there: single damaged rows of a UTF-8 file do not turn it into Windows-1252,
    where every accent of the other rows would be read as two wrong letters without a word.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    letters = strangers = 0
    while chunk := stream.read(_CHUNK):
        text = decoder.decode(chunk)
        if not text.isascii():
            letters += len(_BEYOND_ASCII.findall(text))
            strangers += len(_ESCAPED_BYTE.findall(text))
    strangers += len(_ESCAPED_BYTE.findall(decoder.decode(b"", final=True)))
    return "windows-1252" if strangers > letters else "utf-8"


def _separator(lines: _Lines) -> tuple[str, bool]:
    """The separator, and whether the first line declares it as spreadsheets do (`sep=;`)."""
    sample = [line for line, _ in zip(lines, range(_SAMPLE_LINES), strict=False)]
    declared = re.fullmatch(r"sep=(.)[\r\n]*", sample[0]) if sample else None
    if declared and declared[1] in SEPARATORS:
        return declared[1], True
    return max(SEPARATORS, key=lambda separator: _fits(sample, separator)), False


def _fits(sample: Sequence[str], separator: str) -> float:
    """How well a separator cuts the sample: many headers, and rows as wide as the header."""
    try:
        rows = [row for row in csv.reader(sample, delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0.0
    if not rows or len(rows[0]) == 1:
        return 0.0
    alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
    return len(rows[0]) * (0.1 + alike)
