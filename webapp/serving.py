"""Two ways to serve the app from one command: waitress in this process, or gunicorn where TLS is wanted.

waitress speaks no TLS; gunicorn's threaded worker does, with the same threads in one worker process. Both end softly:
what was begun is answered, what is new is refused, and background work is handed back to the queue.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import re
import signal
import socket
import ssl
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from flask.helpers import get_debug_flag
from waitress.server import create_server
from werkzeug.wsgi import ClosingIterator

from logistics import observation
from logistics.errors import LogisticsError
from logistics.wiring import wire

from . import create_app

if TYPE_CHECKING:
    from flask import Flask

    from logistics.settings import Settings
    from logistics.system import System

#: How long requests that were begun may take once the server is told to stop.
GRACE_SECONDS = 10
#: Time for the last bytes of an answer to leave.
FLUSH_SECONDS = 0.3
#: Connections that may be open at once; a phone keeps a few.
CONNECTIONS = 500

#: What gunicorn takes for "the app cannot be loaded".
APP_LOAD_ERROR = 4

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class CannotServe(Exception):
    """The server cannot be started as asked: one sentence, and what to do next."""

    def __init__(self, sentence: str, *, next_step: str = "") -> None:
        self.sentence, self.next_step = sentence, next_step
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate chain and its key, as PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and how. `redirect_port` answers plain HTTP with the way to the TLS address."""

    host: str
    port: int
    threads: int
    certificate: Certificate | None = None
    redirect_port: int | None = None

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        scheme = "https" if self.certificate else "http"
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}.get(self.host)  # noqa: S104
        return f"{scheme}://{host or _bracketed(self.host)}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def check(place: Place, settings: Settings) -> tuple[str, ...]:
    """Look at everything that would go wrong later, or be dangerous.

    Returns:
        Warnings for whoever starts the server.

    Raises:
        CannotServe: debug mode on an address others can reach, a port that is taken, a certificate that does not work.
    """
    refuse_debug(private=place.is_private)
    warnings = list(_certificate(place.certificate)) if place.certificate else []
    for port in (place.port, place.redirect_port):
        if port is not None:
            _free(place.host, port)
    if not place.is_private and not place.certificate and not settings.trusted_proxies:
        warnings.append(
            f"{place.host or 'every address'} can be reached by others, and without TLS they can read passwords on the "
            "way. Give --tls-cert and --tls-key (see `tournee certificate`), or put a reverse proxy in front and name "
            "it in TOURNEE_TRUSTED_PROXIES."
        )
    return tuple(warnings)


def refuse_debug(*, private: bool) -> None:
    """Stop a server that would show its insides to others.

    Raises:
        CannotServe: FLASK_DEBUG is set and the address is not this machine's own.
    """
    if get_debug_flag() and not private:
        raise CannotServe(
            "debug mode (FLASK_DEBUG) is for this machine alone",
            next_step="Unset FLASK_DEBUG, or serve on 127.0.0.1.",
        )


def run(place: Place, settings: Settings, *, system: System | None = None) -> int:
    """Serve until SIGTERM, SIGINT or Ctrl-C; says 0.

    Args:
        system: one that is wired already; with TLS the worker process wires its own.

    Raises:
        CannotServe: the address cannot be listened on.
    """
    if place.certificate:
        return _gunicorn(place, place.certificate, settings)
    return _waitress(place, system or wire(settings))


# --- waitress ---------------------------------------------------------------------------------------------------------


class Draining:
    """Counts what is being answered; once told to, refuses what is new."""

    def __init__(self, app: Wsgi) -> None:
        self._app, self._lock, self._open = app, threading.Lock(), 0
        self.stopping = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.stopping.is_set():
            start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Length", "0")])
            return [b""]
        self._count(1)
        try:
            answer = self._app(environ, start_response)
        except BaseException:
            self._count(-1)
            raise
        return ClosingIterator(answer, lambda: self._count(-1))

    def wait(self, seconds: float) -> bool:
        """Refuse what is new and wait until all that was begun is answered; whether it was in time."""
        self.stopping.set()
        until = time.monotonic() + seconds
        while self._open and time.monotonic() < until:
            time.sleep(0.02)
        return self._open == 0

    def _count(self, change: int) -> None:
        with self._lock:
            self._open += change


def _waitress(place: Place, system: System) -> int:
    app = Draining(create_app(system))
    try:
        server = create_server(
            app, host=place.host, port=place.port, threads=place.threads, ident="tournee",
            max_request_body_size=system.settings.upload_limit_bytes + 1_000_000, connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            # Who is believed about forwarded headers is one setting of ours, whatever server is in front of the app.
            clear_untrusted_proxy_headers=False,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise _not_there(place.host, place.port, error) from error
    if system.settings.worker == "inside":
        system.queue.start(system)
    print(f"Tournée is at {place.url}  (stop with Ctrl-C)", flush=True)
    try:
        with _told_to_stop(lambda: _drain(app)):
            server.run()
    finally:
        server.close()
        system.queue.stop()
    return 0


def _drain(app: Draining) -> None:
    app.wait(GRACE_SECONDS)
    time.sleep(FLUSH_SECONDS)
    # The loop of waitress leaves at an interruption of the main thread.
    signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def _told_to_stop(leave: Callable[[], None]) -> Iterator[None]:
    """At the first SIGTERM or SIGINT leave softly, in a thread; at the second at once."""

    def soft(_number: int, _frame: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        threading.Thread(target=leave, daemon=True).start()

    before = {number: signal.signal(number, soft) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- gunicorn ---------------------------------------------------------------------------------------------------------


def _gunicorn(place: Place, certificate: Certificate, settings: Settings) -> int:
    if sys.platform == "win32":
        raise CannotServe(
            "gunicorn, which speaks TLS here, does not run on this system",
            next_step="Put a reverse proxy in front: docs/how-to/reverse-proxy.md.",
        )
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    if settings.secure_cookies == "auto":
        settings = replace(settings, secure_cookies="always")
    wired: list[System] = []

    def begin(_worker: object) -> None:
        if settings.worker == "inside":
            wired[0].queue.start(wired[0])
        if place.redirect_port is not None:
            _show_the_way(place)

    def end(_server: object, _worker: object) -> None:
        for system in wired:
            system.queue.stop()

    class Served(BaseApplication):
        def load_config(self) -> None:
            for name, value in {
                "bind": f"{_bracketed(place.host) or '0.0.0.0'}:{place.port}",  # noqa: S104
                "certfile": str(certificate.chain), "keyfile": str(certificate.key),
                "ssl_context": _modern, "do_handshake_on_connect": False,
                "worker_class": "gthread", "workers": 1, "threads": place.threads, "worker_connections": CONNECTIONS,
                "timeout": 60, "graceful_timeout": GRACE_SECONDS, "keepalive": 5, "preload_app": False,
                "forwarded_allow_ips": "", "control_socket_disable": True, "loglevel": "warning",
                "logger_class": _logger(), "proc_name": "tournee",
                "when_ready": lambda _server: print(f"Tournée is at {place.url}  (stop with Ctrl-C)", flush=True),
                "post_worker_init": begin, "worker_exit": end,
            }.items():  # fmt: skip
                self.cfg.set(name, value)

        def load(self) -> Wsgi:
            # In the worker: connections and threads must not be carried over a fork.
            return booted(settings, wired.append)

    try:
        Served().run()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def booted(settings: Settings, tell: Callable[[System], None] = lambda _system: None) -> Flask:
    """The app over a system of its own, in a process that gunicorn began.

    Args:
        tell: is given the system.

    Raises:
        SystemExit: the home, the database or the secret cannot be used; one line says why. Its code tells gunicorn that
            beginning again is of no use.
    """
    try:
        observation.set_up(settings, keep=True)
        system = wire(settings)
        tell(system)
        return create_app(system)
    except LogisticsError as refusal:
        print(f"tournee: {refusal}", file=sys.stderr, flush=True)
        raise SystemExit(APP_LOAD_ERROR) from refusal


def _modern(_config: object, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = make()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _logger() -> type:
    from gunicorn.glogging import Logger  # type: ignore[import-untyped]

    class Quiet(Logger):
        """Our log has its own lines for requests; gunicorn's would quote addresses."""

        def setup(self, cfg: Any) -> None:
            super().setup(cfg)
            self.error_log.propagate = False
            self.access_log.disabled = True
            logging.captureWarnings(True)

    return Quiet


def _show_the_way(place: Place) -> None:
    """Answer plain HTTP on a port of its own with the way to the TLS address, in a thread."""
    server = create_server(
        TheWay(place), host=place.host, port=place.redirect_port, threads=2, ident="tournee"
    )
    threading.Thread(target=server.run, name="http-to-https", daemon=True).start()


class TheWay:
    """Sends readers to the same page over https, and hands out the local authority's certificate when there is one."""

    AUTHORITY = "/authority.pem"
    _NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+|\[[0-9A-Fa-f:]+\]")

    def __init__(self, place: Place) -> None:
        self._place = place
        beside = place.certificate.chain.with_name("authority.pem") if place.certificate else None
        self._authority = beside.read_bytes() if beside is not None and beside.is_file() else None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == self.AUTHORITY and self._authority is not None:
            start_response("200 OK", [("Content-Type", "application/x-x509-ca-cert"),
                                      ("Content-Length", str(len(self._authority)))])  # fmt: skip
            return [self._authority]
        named = re.sub(r":\d+$", "", environ.get("HTTP_HOST", ""))
        host = named if self._NAME.fullmatch(named) else _bracketed(self._place.host)
        # The path is left out: whoever typed an address by hand begins at the front page.
        address = f"https://{host}:{self._place.port}/"
        words = f"This address speaks https: {address}\n".encode()
        status = "308 Permanent Redirect" if environ["REQUEST_METHOD"] in ("GET", "HEAD") else "426 Upgrade Required"
        start_response(status, [("Location", address), ("Content-Type", "text/plain; charset=utf-8"),
                                ("Content-Length", str(len(words))), ("Cache-Control", "no-store")])  # fmt: skip
        return [words]


# --- looking before leaping -------------------------------------------------------------------------------------------


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _free(host: str, port: int) -> None:
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(address)
    except (OSError, OverflowError) as error:
        raise _not_there(host, port, error) from error


def _not_there(host: str, port: int, error: Exception) -> CannotServe:
    why = getattr(error, "strerror", None) or str(error)
    return CannotServe(
        f"cannot listen on {_bracketed(host)}:{port} ({why})",
        next_step="Choose another port with --port, or another address with --host.",
    )


def _certificate(files: Certificate) -> Iterator[str]:
    for what, file in (("certificate", files.chain), ("key", files.key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise CannotServe(
                f"the {what} {file} cannot be read ({error.strerror})",
                next_step="Make both for this network with: tournee certificate",
            ) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.chain, files.key, password="")
        found = x509.load_pem_x509_certificate(files.chain.read_bytes())
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None)
        together = reason == "KEY_VALUES_MISMATCH"
        raise CannotServe(
            f"{files.chain} and {files.key} do not belong together" if together
            else f"{files.chain} and {files.key} are not a certificate and an open key in PEM form",
            next_step="Make both for this network with: tournee certificate",
        ) from error  # fmt: skip
    if found.not_valid_after_utc < datetime.now(UTC):
        yield f"the certificate ended on {found.not_valid_after_utc:%Y-%m-%d}; browsers will refuse it."
    if sys.platform != "win32" and files.key.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield f"the key {files.key} can be read by everybody on this machine. Make it yours alone: chmod 600"
