"""A signed-in person in a real browser's stead: forms over HTTP, and what the answer means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.campaigns.names import PASSWORD

TOKEN = re.compile(r'"X-CSRFToken": "([^"]+)"|name="csrf_token" value="([^"]+)"')
SECONDS = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """`ok`, `refused`, `later` (the books do not answer), or `unknown` (no answer came); and what it said."""

    kind: str
    status: int = 0
    place: str = ""
    text: str = ""


class Browser:
    """One person's session; it may talk to several processes of the same installation."""

    def __init__(self, login: str) -> None:
        self.login = login
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = ""

    def sign_in(self, base: str) -> None:
        """By login and password, as a person does."""
        page = self._session.get(f"{base}/sign-in", timeout=SECONDS).text
        facts = {"login": self.login, "password": PASSWORD, "csrf_token": _token(page)}
        answer = self._session.post(f"{base}/sign-in", data=facts, allow_redirects=False, timeout=SECONDS)
        assert answer.status_code == 302, (self.login, answer.status_code)
        self._token = ""

    def get(self, url: str) -> Answer:
        """A page."""
        try:
            answer = self._session.get(url, timeout=SECONDS)
        except requests.RequestException:
            return Answer("unknown")
        return Answer(_kind(answer.status_code), answer.status_code, text=answer.text)

    def post(self, base: str, path: str, facts: dict[str, Any]) -> Answer:
        """A form; a refusal is told by the status, or by the notice on the page that follows."""
        try:
            if not self._token:
                self._token = _token(self._session.get(f"{base}/account", timeout=SECONDS).text)
            headers = {"X-CSRFToken": self._token, "Referer": f"{base}{path}"}
            answer = self._session.post(
                f"{base}{path}", data=facts, headers=headers, allow_redirects=False, timeout=SECONDS
            )
        except (requests.RequestException, LookupError):
            return Answer("unknown")
        if answer.status_code != 302:
            return Answer(_kind(answer.status_code), answer.status_code, text=answer.text)
        place = answer.headers["Location"]
        try:
            follow = self._session.get(place if "://" in place else f"{base}{place}", timeout=SECONDS)
        except requests.RequestException:
            # It was done or refused; the notice that would tell is lost.
            return Answer("unknown", 302, place)
        refused = 'class="notice danger' in follow.text or "alert-danger" in follow.text
        kind = "refused" if refused else "later" if follow.status_code == 503 else "ok"
        return Answer("unknown" if kind == "later" else kind, 302, urlsplit(place).path, follow.text)


def _kind(status: int) -> str:
    if status == 503:
        return "later"
    return "ok" if status < 400 else "refused" if status < 500 else "broken"


def _token(page: str) -> str:
    found = TOKEN.search(page)
    if found is None:
        raise LookupError("no token on the page")
    return found.group(1) or found.group(2)
