"""The log: one line per event, as text or JSON, without personal data.

Log ids and numbers: `log.info("plan-written", day="2026-11-23", tours=7)`. Two nets hold what slips through: values
under a personal name (see `PERSONAL`) are masked, and of an exception only its type, its code and the places in our
code are kept, because the words of a foreign exception may quote a row.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from .settings import Settings

#: Names of fields whose values never reach the log.
PERSONAL = frozenset(
    {
        "address", "address_line", "city", "email", "family_name", "given_name", "lat", "latitude", "line", "lon",
        "longitude", "name", "note", "password", "phone", "point", "points", "postal_code", "secret", "street", "token",
    }
)  # fmt: skip
MASK = "***"
LOG_BYTES = 5_000_000
LOG_FILES = 5
#: Parts that tell each of their steps as news; of these only warnings are.
TALKATIVE = ("alembic", "huey")


def set_up(settings: Settings, *, level: int = logging.INFO, stream: TextIO | None = None, keep: bool = False) -> None:
    """Send every log line of ours and of our parts to `stream` (standard error), and to a file when `keep`.

    The file is `logs/tournee.log` under the home; five older ones of 5 MB are kept. Calling again replaces the first.
    """
    final = _renderer(settings.log_format)
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if keep:
        handlers.append(_log_file(settings.home))
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, final],
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_shared()],
    )
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if getattr(handler, "tournee", False)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        handler.tournee = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(level)
    for part in TALKATIVE:
        logging.getLogger(part).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def logger(area: str) -> structlog.stdlib.BoundLogger:
    """The log of one area: `logger("planning").info("plan-written", tours=7)`."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(f"tournee.{area}")
    return bound


def without_personal_data(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every value kept under a personal name, at any depth."""
    for key in list(event):
        event[key] = _masked(key, event[key])
    return event


def without_exception_words(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type, its code and the places it passed through; its words may quote a row."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    elif isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        event["error"] = type(found).__name__
        if code := getattr(found, "code", None):
            event["error_code"] = str(code)
        steps = traceback.extract_tb(found.__traceback__)[-8:]
        event["at"] = " < ".join(f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in reversed(steps))
    return event


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_exception_words,
        without_personal_data,
    ]


def _masked(key: str, value: Any) -> Any:
    if key.lower() in PERSONAL:
        return MASK
    if isinstance(value, dict):
        return {inner: _masked(str(inner), found) for inner, found in value.items()}
    return value


def _renderer(kind: str) -> Any:
    if kind == "json":
        return structlog.processors.JSONRenderer()
    return structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], drop_missing=True)


def _log_file(home: Path) -> logging.Handler:
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return logging.handlers.RotatingFileHandler(
        folder / "tournee.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
