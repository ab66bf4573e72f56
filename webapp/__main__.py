"""`tournee serve`: the web app on waitress, with background work inside unless a worker does it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import waitress

from logistics import observation
from logistics.settings import Settings
from logistics.wiring import wire

from . import create_app

if TYPE_CHECKING:
    from logistics.system import System

#: Every open progress page holds a thread now and then; the rest answers.
THREADS = 16


def serve(arguments: list[str] | None = None, *, system: System | None = None) -> int:
    """Serve until interrupted. `--host` and `--port` say where; 127.0.0.1:8000 by default."""
    parser = argparse.ArgumentParser(prog="tournee serve", description="Serve the web app.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    made = system or wire(Settings.from_environment())
    observation.set_up(made.settings, keep=True)
    if made.settings.worker == "inside":
        made.queue.start(made)
    print(f"Tournée is at http://{options.host}:{options.port}  (stop with Ctrl-C)", flush=True)
    try:
        waitress.serve(create_app(made), host=options.host, port=options.port, threads=THREADS, ident="tournee",
                       max_request_body_size=made.settings.upload_limit_bytes + 1_000_000)  # fmt: skip
    except OSError as error:
        print(f"tournee: cannot listen on {options.host}:{options.port} ({error.strerror}). "
              "Choose another port with --port.", file=sys.stderr)  # fmt: skip
        return 1
    finally:
        made.queue.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(serve())
