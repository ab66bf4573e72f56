"""Reading forms: what was typed becomes values, or words beside the field; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time

from werkzeug.datastructures import MultiDict

from logistics.errors import InvalidRequest

from . import i18n
from .i18n import gettext as _


class Form:
    """The typed texts and the problems found so far, by field."""

    def __init__(self, typed: MultiDict[str, str] | Mapping[str, str]) -> None:
        self.typed = typed
        self.problems: dict[str, str] = {}

    def text(self, name: str, *, limit: int = 400, required: bool = False) -> str:
        """The text without blanks around it."""
        value = (self.typed.get(name) or "").strip()
        if required and not value:
            self.problems[name] = _("This is needed.")
        if len(value) > limit:
            self.problems[name] = _("At most %(limit)s characters.", limit=limit)
        return value[:limit]

    def number(self, name: str, *, least: int = 0, most: int = 1_000_000, default: int = 0) -> int:
        """A whole number between the bounds."""
        typed = self.text(name)
        if not typed:
            return default
        try:
            value = int(typed)
        except ValueError:
            self.problems[name] = _("A whole number, please.")
            return default
        if not least <= value <= most:
            self.problems[name] = _("Between %(least)s and %(most)s.", least=least, most=most)
        return value

    def degrees(self, name: str, *, most: int) -> float:
        """A latitude or longitude, between minus and plus the most."""
        try:
            value = float(self.text(name, required=True, limit=40))
        except ValueError:
            self.problems.setdefault(name, _("A number like 43.7102, please."))
            return 0.0
        if not -most <= value <= most:
            self.problems[name] = _("Between %(least)s and %(most)s.", least=-most, most=most)
        return value

    def day(self, name: str) -> date:
        """A date as the browser's date field sends it."""
        try:
            return date.fromisoformat(self.text(name, required=True))
        except ValueError:
            self.problems.setdefault(name, _("A date, please."))
            return date.min

    def clock(self, name: str) -> time:
        """A time of day as the browser's time field sends it."""
        try:
            return time.fromisoformat(self.text(name, required=True))
        except ValueError:
            self.problems.setdefault(name, _("A time like 14:30, please."))
            return time.min

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        """One of the words; anything else is a problem."""
        value = self.text(name)
        if value not in words:
            self.problems[name] = _("Choose one.")
        return value

    def refuse(self, error: Exception, field: str = "") -> None:
        """Put a refusal beside the field it is about."""
        name = error.field if isinstance(error, InvalidRequest) else field
        self.problems[name or "form"] = i18n.refusal(error)
