"""`python -m tests.webapp.a_slow_server PORT HOME`: waitress as `tournee serve` runs it, over an app that is slow.

`/slow` takes a second and a half and answers with a body large enough not to fit into one packet.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

from logistics.settings import Settings
from logistics.system import System
from webapp import serving

BODY = b"x" * 300_000


def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer `/slow` slowly and the rest at once."""
    if environ["PATH_INFO"] == "/slow":
        print("begun", flush=True)
        time.sleep(1.5)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]


class _Queue:
    def start(self, system: object) -> None:
        print("queue started", flush=True)

    def stop(self) -> None:
        print("queue stopped", flush=True)


def main(port: str, home: str) -> int:
    """Serve until a signal."""
    serving.create_app = lambda _system: slow  # type: ignore[assignment, return-value]
    settings = Settings(home=Path(home), database_url="sqlite://")
    absent = cast(Any, None)
    system = System(settings, absent, absent, absent, cast(Any, _Queue()), absent)
    return serving.run(serving.Place("127.0.0.1", int(port), threads=4), settings, system=system)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
