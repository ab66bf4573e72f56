"""French and English: words from the catalogues, numbers and dates in the reader's own way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from babel import dates
from babel.messages.pofile import read_po
from flask import Flask, current_app, g, has_request_context, request, session
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context

from logistics import i18n, words

LANGUAGES = i18n.LANGUAGES
FOLDER = Path(__file__).parent / "translations"


def speak(app: Flask, *, default: str) -> None:
    """Give templates and views the words of the reader's language."""
    app.config["DEFAULT_LANGUAGE"] = i18n.language_of(default)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_plain, _plural, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(language=language)
    in_ours: dict[str, Callable[..., str]] = {
        "clock": i18n.clock, "day": i18n.short_date, "moment": i18n.moment, "euros": i18n.euros,
        "kilometres": i18n.kilometres, "kilograms": i18n.kilograms, "litres": i18n.litres, "duration": i18n.duration,
        "number": i18n.number,
    }  # fmt: skip
    ours: dict[str, Callable[..., str]] = {name: partial(_spoken, write) for name, write in in_ours.items()}
    ours |= {"word": word, "long_day": long_day, "setback": setback, "weekday": weekday}
    app.jinja_env.filters.update({name: _in_the_readers_language(write) for name, write in ours.items()})


def language() -> str:
    """The reader's language: what they switched to, what their account says, what their browser asks for."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        own = getattr(current_user, "language", "") if current_user else ""
        asked = request.accept_languages.best_match(LANGUAGES)
        wanted = (session.get("language"), own, asked, current_app.config["DEFAULT_LANGUAGE"])
        g.language = next(one for one in wanted if one in LANGUAGES)
    return str(g.language)


@cache
def catalogue(chosen: str) -> dict[str, str]:
    """The pages' words in a language, read from its text file; English needs none."""
    file = FOLDER / chosen / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return {}
    with file.open("rb") as stream:
        read = [message for message in read_po(stream, locale=chosen) if message.id and not message.fuzzy]
    plain = {str(one.id): str(one.string) for one in read if isinstance(one.id, str) and one.string}
    for one in read:
        if isinstance(one.id, tuple | list) and isinstance(one.string, tuple | list) and all(one.string):
            plain |= {str(key): str(value) for key, value in zip(one.id, one.string, strict=True)}
    return plain


def gettext(message: str, **facts: object) -> str:
    """The message in the reader's language, `%(name)s` filled in."""
    return _plain(message) % facts if facts else _plain(message)


def _plain(message: str) -> str:
    return catalogue(language()).get(message, message)


def _plural(one: str, many: str, count: int) -> str:
    # French counts zero among the single ones, English among the many.
    single = count < 2 if language() == "fr" else count == 1
    return _plain(one if single else many)


def ngettext(one: str, many: str, count: int, **facts: object) -> str:
    """The message for so many, `%(num)s` and the other facts filled in."""
    return _plural(one, many, count) % {"num": count, **facts}


def marked(message: str) -> str:
    """Mark a message for translation where it is only written down; `gettext` speaks it later."""
    return message


def _in_the_readers_language(write: Callable[..., str]) -> Callable[..., str]:
    """A filter asked at every reading; Jinja would else keep a constant in its first reader's language for ever."""

    @pass_context
    def filtered(_context: Context, value: Any, *more: Any, **facts: Any) -> str:
        return write(value, *more, **facts)

    return filtered


def _spoken(write: Callable[..., str], value: Any, *more: Any, **facts: Any) -> str:
    return write(language(), value, *more, **facts)


def word(code: str | int, family: str) -> str:
    """The word of a state, kind, role or reason of a family, with a capital letter."""
    try:
        told = words.word(language(), family, code)
    except KeyError:
        return str(code)
    return told[:1].upper() + told[1:]


def refusal(error: Exception) -> str:
    """A refusal as one sentence for the person who asked."""
    return words.refusal(language(), error)


def setback(code: str) -> str:
    """Why background work failed, and what to do; codes that only a programmer knows get a plain sentence."""
    sentence = words.REFUSALS.get(code, "")
    if sentence and "{" not in sentence:
        return i18n.text(language(), sentence)
    return gettext("It did not work out. What was there before still holds; try again.")


def long_day(when: date | datetime) -> str:
    """Monday 23 November · lundi 23 novembre."""
    return str(dates.format_date(when, "EEEE d MMMM", locale=i18n.LOCALES[language()]))


def weekday(when: date | datetime) -> str:
    """Monday · lundi."""
    return str(dates.format_date(when, "EEEE", locale=i18n.LOCALES[language()]))
