"""What mails say: plain text in the reader's language, with the first name and nothing else about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import i18n
from .errors import LogisticsError
from .settings import Settings
from .users import Account

#: Every mail there is.
KINDS = ("invite", "reset", "password-changed", "factors-changed")


class NoMail(LogisticsError):
    """The account cannot be reached by mail: `mail-not-set`, `base-url-not-set` or `no-email`."""

    code = "no-mail"

    def __init__(self, login: str, why: str) -> None:
        self.login, self.why = login, why
        super().__init__(f"{login} cannot be reached by mail ({why})")

    def sentence(self, language: str) -> str:
        """For people."""
        if self.why == "no-email":
            return i18n.text(language, "{login} has no e-mail address. Print the link instead.", login=self.login)
        return i18n.text(language, "Mail is not set up here. Print the link instead.")


def ready(settings: Settings) -> bool:
    """Whether mails can go out: somewhere to hand them in, and an address for their links to lead to."""
    return bool(settings.mail_url and settings.base_url)


def must_reach(settings: Settings, account: Account) -> None:
    """Make sure that a mail could go to the account.

    Raises:
        NoMail: says why not.
    """
    if not settings.mail_url:
        raise NoMail(account.login, "mail-not-set")
    if not settings.base_url:
        raise NoMail(account.login, "base-url-not-set")
    if not account.email:
        raise NoMail(account.login, "no-email")


def facts_of(account: Account, settings: Settings) -> dict[str, Any]:
    """What every mail to the account needs: its language and the first name."""
    language = i18n.language_of(account.language, settings.language)
    return {"language": language, "first_name": " ".join(account.first_name.split())[:40]}


def written(kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail."""
    language, hours = str(facts["language"]), int(facts.get("hours") or 0)
    subject, *lines = _words(kind, language, str(facts.get("link") or ""), hours)
    name = str(facts.get("first_name") or "")
    greeting = i18n.text(language, "Hello {name},", name=name) if name else i18n.text(language, "Hello,")
    return subject, "\n\n".join([greeting, *lines, "Tournée"]) + "\n"


def _words(kind: str, language: str, link: str, hours: int) -> tuple[str, ...]:
    once = i18n.text(language, "The link works once, for {hours} hours.", hours=hours)
    if kind == "invite":
        return (
            i18n.text(language, "Your account in Tournée"),
            i18n.text(language, "an account was made for you. Choose your password here:"),
            link,
            once,
        )
    if kind == "reset":
        return (
            i18n.text(language, "A new password for Tournée"),
            i18n.text(language, "choose a new password here:"),
            link,
            once,
            i18n.text(language, "If you did not ask for it, do nothing: your password stays as it is."),
        )
    changed = {
        "password-changed": i18n.text(language, "the password of your account was changed."),
        "factors-changed": i18n.text(language, "how you prove who you are at sign-in was changed."),
    }
    return (
        i18n.text(language, "Your account in Tournée was changed"),
        changed[kind],
        i18n.text(language, "If that was not you, tell an administrator now."),
    )
