"""From the text of a cell to a value, or to the reason why it cannot be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from ..errors import LogisticsError

Reader: TypeAlias = Callable[[str], object]

LARGEST_NUMBER = 2_000_000_000
#: Blanks that people and spreadsheets put between thousands: blank, no-break blank, narrow no-break blank, thin blank.
GROUPING = " \u00a0\u202f\u2009"
#: Marks that change the reading direction or show nothing: two keys that differ by one look the same.
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DAMAGED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_YES = frozenset({"yes", "true", "1", "oui", "vrai", "y", "o"})
_NO = frozenset({"no", "false", "0", "non", "faux", "n", ""})


class CellRefused(LogisticsError):
    """A cell that cannot be read; `code` and `facts` make the sentence (see `messages`)."""

    code = "cell-refused"

    def __init__(self, code: str, **facts: object) -> None:
        self.code, self.facts = code, facts
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the file says it: a date, or so many working days after the import."""

    date: date | None = None
    working_days: int | None = None


def text(longest: int) -> Reader:
    """One line of text; inner line breaks become blanks, invisible control characters are refused."""

    def read(cell: str) -> str:
        value = unicodedata.normalize("NFC", " ".join(cell.split()))
        for position, letter in enumerate(value, start=1):
            if unicodedata.category(letter) in ("Cc", "Cs"):
                raise CellRefused("control-character", position=position, character=f"U+{ord(letter):04X}")
        if len(value) > longest:
            raise CellRefused("too-long", length=len(value), longest=longest)
        return value

    return read


def key(longest: int) -> Reader:
    """A code, number, tag or reference: kept as text with its leading zeros; no blanks, no `:`, `#`, `|`, `/`."""

    def read(cell: str) -> str:
        value = unicodedata.normalize("NFKC", cell.strip())
        if found := _HIDDEN.search(value):
            raise CellRefused("control-character", position=found.start() + 1, character=f"U+{ord(found[0]):04X}")
        for position, letter in enumerate(value, start=1):
            if letter.isspace() or not letter.isprintable() or letter in ":#|/\\":
                shown = f"U+{ord(letter):04X}" if not letter.isprintable() else repr(letter)
                raise CellRefused("not-in-a-key", position=position, character=shown)
        if _DAMAGED.fullmatch(value):
            raise CellRefused("damaged-number")
        if len(value) > longest:
            raise CellRefused("too-long", length=len(value), longest=longest)
        return value

    return read


def serial(longest: int) -> Reader:
    """A maker's serial number: any printable text, but not one that a spreadsheet turned into `1.23E+11`."""
    plain = text(longest)

    def read(cell: str) -> object:
        value = plain(cell)
        if _DAMAGED.fullmatch(str(value)):
            raise CellRefused("damaged-number")
        return value

    return read


def number(least: int = 0, most: int = LARGEST_NUMBER) -> Reader:
    """A whole number from `least` to `most`; blanks between thousands are allowed, units and decimals are not."""

    def read(cell: str) -> int:
        digits = cell.strip()
        for blank in GROUPING:
            digits = digits.replace(blank, "")
        if not re.fullmatch(r"[+-]?[0-9]+", digits):
            raise CellRefused("not-a-number")
        if len(digits) > 18 or not least <= int(digits) <= most:
            raise CellRefused("out-of-range", least=least, most=most)
        return int(digits)

    return read


def coordinate(limit: int) -> Reader:
    """Degrees from -`limit` to `limit`, with a point or a comma."""

    def read(cell: str) -> float:
        digits = cell.strip().replace(",", ".")
        if not re.fullmatch(r"[+-]?[0-9]{1,6}(\.[0-9]*)?", digits):
            raise CellRefused("not-a-coordinate")
        if abs(float(digits)) > limit:
            raise CellRefused("coordinate-out-of-range", limit=limit)
        return float(digits)

    return read


def clock(cell: str) -> time:
    """A time of day, HH:MM; seconds must be zero."""
    found = re.fullmatch(r"([0-9]{1,2})[:hH]([0-9]{2})(?::00)?", cell.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise CellRefused("not-a-time")
    return time(int(found[1]), int(found[2]))


def calendar_day(cell: str) -> date:
    """An ISO date."""
    value = cell.strip()
    if re.fullmatch(r"[0-9]{5}", value):
        raise CellRefused("spreadsheet-date")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise CellRefused("not-a-date")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise CellRefused("no-such-date") from None
    if not 1990 <= found.year <= 2100:
        raise CellRefused("date-out-of-range")
    return found


def order_day(cell: str) -> Day:
    """An ISO date, or `+N` working days after the import; a spreadsheet that saves the file leaves `N` of it."""
    value = cell.strip()
    if found := re.fullmatch(r"\+?([0-9]{1,3})", value):
        if int(found[1]) > 365:
            raise CellRefused("out-of-range", least=0, most=365)
        return Day(working_days=int(found[1]))
    if not re.fullmatch(r"[0-9]+|.*-.*", value):
        raise CellRefused("not-an-order-day")
    return Day(date=calendar_day(value))


def moment(cell: str) -> datetime:
    """An ISO date and time; without a zone it is left naive, for the caller to place in the site's."""
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise CellRefused("not-a-moment") from None
    if len(cell.strip()) < 16 or not 1990 <= found.year <= 2100:
        raise CellRefused("not-a-moment")
    return found.astimezone(UTC) if found.tzinfo else found


def words(longest: int) -> Reader:
    """A set of words separated by `|`."""
    one = key(40)

    def read(cell: str) -> frozenset[str]:
        found = frozenset(str(one(word)) for word in cell.split("|") if word.strip())
        if len("|".join(found)) > longest:
            raise CellRefused("too-long", length=len("|".join(found)), longest=longest)
        return found

    return read


def choice(allowed: Mapping[str, str]) -> Reader:
    """One of a few words; `allowed` gives for each accepted spelling the word that is kept."""

    def read(cell: str) -> str:
        found = allowed.get(folded(cell).replace(" ", "_"))
        if found is None:
            raise CellRefused("not-one-of", allowed=", ".join(dict.fromkeys(allowed.values())))
        return found

    return read


def yes_or_no(cell: str) -> bool:
    """`yes` or `no`, in English, French or digits; an empty cell is no."""
    word = folded(cell)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellRefused("not-one-of", allowed="yes, no")


def zone(cell: str) -> str:
    """A time zone by its IANA name."""
    value = cell.strip()
    if value not in available_timezones():
        raise CellRefused("not-a-zone")
    return ZoneInfo(value).key


def country(cell: str) -> str:
    """A country by its two letters."""
    value = cell.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise CellRefused("not-a-country")
    return value


def language(cell: str) -> str:
    """A language by its two or three letters, small."""
    value = cell.strip().lower()
    if not re.fullmatch(r"[a-z]{2,3}", value):
        raise CellRefused("not-a-language")
    return value


def email(cell: str) -> str:
    """An electronic address: one @ with something on both sides and no blanks."""
    value = str(text(200)(cell))
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", value):
        raise CellRefused("not-an-email")
    return value


def holder(cell: str) -> tuple[str, str]:
    """`site:CODE` or `employee:NUMBER`, as (kind, key)."""
    kind, colon, rest = cell.strip().partition(":")
    known = {"site": "site", "employee": "employee", "employe": "employee", "salarie": "employee"}.get(folded(kind))
    if not colon or known is None or not rest.strip():
        raise CellRefused("not-a-holder")
    return known, str(key(40)(rest))


def folded(value: str) -> str:
    """Small letters without accents, for comparing words that people write."""
    plain = unicodedata.normalize("NFKD", value.strip().casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def excerpt(value: str, longest: int = 40) -> str:
    """What the cell said, short enough to print: control characters shown by number."""
    shown = "".join(letter if letter.isprintable() else f"<U+{ord(letter):04X}>" for letter in value)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
