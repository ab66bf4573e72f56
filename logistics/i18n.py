"""Words, numbers and dates for people, in their language: English (24-hour clock, day before month) or French.

The catalogues are `translations/<language>/LC_MESSAGES/messages.po`, read as they are: nothing has to be compiled.
English sentences are their own keys; `context` parts words that are written alike and meant otherwise.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from babel import dates, numbers
from babel.messages.pofile import read_po

LANGUAGES = ("en", "fr")
#: What dates and numbers follow: British, so that the clock has 24 hours and the day stands before the month.
LOCALES = {"en": "en_GB", "fr": "fr_FR"}
#: No line may break between a number and its unit.
NBSP = "\N{NO-BREAK SPACE}"


def language_of(*wanted: str | None) -> str:
    """The first of these that we speak (`fr`, `fr-FR`, `fr_CA` all mean `fr`), else `en`."""
    for one in wanted:
        short = (one or "").replace("_", "-").partition("-")[0].lower()
        if short in LANGUAGES:
            return short
    return "en"


def text(language: str, message: str, *, context: str | None = None, **facts: Any) -> str:
    """The message in this language with the facts filled in; a message without translation stays English.

    Facts stand in the message as `{name}` and are written as they come.
    """
    found = catalogue(language_of(language)).get((context, message)) or message
    return found.format(**facts) if facts else found


def number(language: str, value: float, *, decimals: int = 0) -> str:
    """`1,234.5` or `1 234,5`."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(numbers.format_decimal(value, format=pattern, locale=_locale(language)))


def euros(language: str, cents: int) -> str:
    """`€12.50` or `12,50 €`."""
    return str(numbers.format_currency(cents / 100, "EUR", locale=_locale(language)))


def kilometres(language: str, metres: int) -> str:
    """`12.3 km`."""
    return f"{number(language, metres / 1000, decimals=1)}{NBSP}km"


def kilograms(language: str, grams: int) -> str:
    """`12.3 kg`."""
    return f"{number(language, grams / 1000, decimals=1)}{NBSP}kg"


def litres(language: str, millilitres: int) -> str:
    """`12 l`."""
    return f"{number(language, millilitres / 1000, decimals=0 if millilitres >= 10_000 else 1)}{NBSP}l"


def duration(language: str, seconds: int) -> str:
    """`4 h 05` or `12 min`: rounded to the minute, and up when it is less than one."""
    minutes = max(round(abs(seconds) / 60), 1 if seconds else 0)
    sign = "\N{MINUS SIGN}" if seconds < 0 else ""
    if minutes < 60:
        return f"{sign}{minutes}{NBSP}min"
    hours = minutes // 60
    return f"{sign}{hours if hours < 1000 else number(language, hours)}{NBSP}h{NBSP}{minutes % 60:02d}"


def long_date(language: str, day: date) -> str:
    """`Tuesday, 24 November 2026` or `mardi 24 novembre 2026`."""
    return str(dates.format_date(day, format="full", locale=_locale(language)))


def short_date(language: str, day: date) -> str:
    """`24 Nov 2026` or `24 nov. 2026`."""
    return str(dates.format_date(day, format="medium", locale=_locale(language)))


def clock(language: str, moment: datetime) -> str:
    """`14:05`, in the zone the moment carries."""
    # The same in both languages; Babel takes fifty times as long, and a full day shows thousands.
    return f"{moment:%H:%M}"


def moment(language: str, when: datetime) -> str:
    """`24 Nov 2026, 14:05`, in the zone it carries."""
    return f"{short_date(language, when.date())}, {clock(language, when)}"


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> dict[tuple[str | None, str], str]:
    """Every translated message of a language, by context and English text; nothing for English."""
    if language == "en":
        return {}
    file = resources.files("logistics") / "translations" / language / "LC_MESSAGES" / "messages.po"
    with file.open("rb") as stream:
        return {
            (message.context, str(message.id)): str(message.string)
            for message in read_po(stream, locale=language)
            if message.id and message.string and not message.fuzzy
        }


def _locale(language: str) -> str:
    return LOCALES[language_of(language)]
