"""`tournee serve`: the web app for one machine, with background work inside unless a worker does it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from logistics import observation
from logistics.commands import console
from logistics.settings import Settings

from . import serving

if TYPE_CHECKING:
    from logistics.system import System


def serve(arguments: list[str] | None = None, *, system: System | None = None) -> int:
    """Serve until interrupted. `--host` and `--port` say where; 127.0.0.1:8000 by default."""
    settings = system.settings if system else Settings.from_environment()
    place = _place(arguments, settings)
    try:
        warnings = serving.check(place, settings)
        for warning in warnings:
            print(f"tournee: {warning}", file=sys.stderr, flush=True)
        observation.set_up(settings, keep=True)
        return serving.run(place, settings, system=system)
    except serving.CannotServe as refusal:
        print(f"tournee: {refusal.sentence}. {refusal.next_step}".rstrip(), file=sys.stderr)
        return 1


def parser(settings: Settings) -> argparse.ArgumentParser:
    """What can be said to `tournee serve`."""
    made = argparse.ArgumentParser(
        prog="tournee serve",
        description="Serve the web app on this machine. Larger installations: docs/how-to/serving.md.",
    )
    made.add_argument("--host", default="127.0.0.1", metavar="H", help="default 127.0.0.1: this machine alone")
    made.add_argument("--port", type=console.PORT, default=8000, metavar="N", help="default 8000")
    made.add_argument("--threads", type=console.whole(1, 512), default=settings.web_threads, metavar="N",
                        help="requests answered at once, default TOURNEE_WEB_THREADS")  # fmt: skip
    made.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain (PEM); with it, https")
    made.add_argument("--tls-key", type=Path, metavar="FILE", help="its key (PEM)")
    made.add_argument("--redirect-port", type=console.PORT, metavar="N",
                        help="with TLS: a port that shows plain http the way")  # fmt: skip
    return made


def _place(arguments: list[str] | None, settings: Settings) -> serving.Place:
    understood = parser(settings)
    options = understood.parse_args(arguments)
    if (options.tls_cert is None) != (options.tls_key is None):
        understood.error("--tls-cert and --tls-key go together")
    if options.redirect_port is not None and options.tls_cert is None:
        understood.error("--redirect-port needs --tls-cert and --tls-key")
    certificate = serving.Certificate(options.tls_cert, options.tls_key) if options.tls_cert else None
    return serving.Place(options.host, options.port, options.threads, certificate, options.redirect_port)


if __name__ == "__main__":
    raise SystemExit(serve())
