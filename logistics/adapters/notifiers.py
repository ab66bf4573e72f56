"""Who carries messages out: mail through apprise, or nobody."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import apprise

from ..errors import InvalidRequest
from ..ports import Notifier, NotSent
from ..settings import Settings
from ..system import Keeper

#: Seconds to wait for the mail server: to connect, and for each of its answers. The library knows one time for both.
ANSWER_SECONDS = 10
SCHEMES = ("mailto", "mailtos")


def open_notifier(settings: Settings) -> Notifier:
    """Mail where `TOURNEE_MAIL_URL` says so, else a notifier that leaves messages where they are."""
    return MailNotifier(settings.mail_url) if settings.mail_url else Keeper()


class MailNotifier:
    """Hands mails in at the server of a `mailto://` or `mailtos://` address."""

    sends = True

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        if self._url.scheme not in SCHEMES or not self._url.hostname or _server(url) is None:
            raise InvalidRequest("TOURNEE_MAIL_URL", "is not the address of a mail server")

    def send(self, recipient: str, subject: str, text: str) -> None:
        """Hand one mail in.

        Raises:
            NotSent: `mail-refused`: the server is away, too slow, or did not take it.
        """
        told = dict(parse_qsl(self._url.query)) | {
            "to": recipient, "format": "text", "cto": str(ANSWER_SECONDS),
        }  # fmt: skip
        server = _server(urlunsplit(self._url._replace(query=urlencode(told, quote_via=quote))))
        if server is None:
            raise NotSent("address-refused")
        if not server.notify(body=text, title=subject, body_format=apprise.NotifyFormat.TEXT):
            raise NotSent("mail-refused")


def _server(url: str) -> Any:
    """The library's sender, kept from logging: it would name recipients."""
    for name in ("apprise", "apprise.url", "apprise.plugins"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return apprise.Apprise.instantiate(url, suppress_exceptions=True)
