"""Find every message of the pages and bring the catalogues up to date: `python -m webapp.extraction`.

Translations already made are kept; new messages come in empty, and messages that no page says any more go.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOM = Path(__file__).parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None}
READERS = (("*.py", "python"), ("templates/*.html", "jinja2.ext:babel_extract"))

#: One moment for every run: what nobody changed is written as it was.
WRITTEN = datetime(2026, 11, 23, tzinfo=UTC)


def messages() -> Catalog:
    """Every message of templates and Python, with the files that say it; lines are left out, they only make noise."""
    found = Catalog(charset="utf-8")
    for file, message in sorted(_said(), key=lambda one: (one[0], str(one[1]))):
        found.add(message, locations=[(file, 0)])
    return found


def _said() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for pattern, reader in READERS:
        for file in ROOM.rglob(pattern):
            text = io.BytesIO(file.read_bytes())
            for _line, message, _comments, _context in extract(
                reader, text, keywords=KEYWORDS, options={"trimmed": "true"}
            ):
                yield file.relative_to(ROOM).as_posix(), message


def catalogue_file(language: str) -> Path:
    """Where a language's words lie."""
    return ROOM / "translations" / language / "LC_MESSAGES" / "messages.po"


def bring_up_to_date(language: str) -> tuple[int, int]:
    """Write the language's catalogue anew; how many messages there are, and how many still have no translation."""
    file = catalogue_file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = read_po(io.BytesIO(file.read_bytes()), locale=language) if file.exists() else Catalog(locale=language)
    made = Catalog(
        locale=language, charset="utf-8", fuzzy=False, header_comment="# Words of the pages.", project="Tournée",
        version="1", creation_date=WRITTEN, revision_date=WRITTEN,
    )  # fmt: skip
    empty = 0
    for message in messages():
        if not message.id:
            continue
        before = kept.get(message.id)
        string = before.string if before is not None and not before.fuzzy else ""
        made.add(message.id, string, locations=message.locations, flags=message.flags)
        empty += not (all(string) if isinstance(string, tuple | list) else string)
    with file.open("wb") as stream:
        write_po(stream, made, width=110, omit_header=False, sort_output=True, include_lineno=False)
    return len(made), empty


if __name__ == "__main__":
    for spoken in ("fr",):
        total, missing = bring_up_to_date(spoken)
        print(f"{spoken}: {total} messages, {missing} without translation")
