"""A program that calls the API: what it hears, or that it heard nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

SECONDS = 40


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer; status 0 when none came."""

    status: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was acknowledged."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether it was refused for good: not an answer that says to come again."""
        return 400 <= self.status < 500 and self.facts.get("code") != "still-running"


class Caller:
    """Asks one process as the owner of one token; each time on a new connection, for it may be another process."""

    def __init__(self, base: str, token: str) -> None:
        self._base, self._token = base, token

    def ask(
        self, method: str, path: str, *, key: str = "", version: str = "", body: object = None, text: str = ""
    ) -> Heard:
        """Ask once and listen."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": version} if version else {}
        headers |= {"Content-Type": "text/csv"} if text else {}
        try:
            answer = requests.request(
                method, f"{self._base}/api/v1{path}", headers=headers, json=body, data=text.encode() or None,
                timeout=SECONDS,
            )  # fmt: skip
            return Heard(answer.status_code, answer.json(), answer.headers.get("ETag", ""))
        except (requests.RequestException, ValueError):
            return Heard()
