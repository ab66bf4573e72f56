"""What happens at the door: a number for every request, one line in the log, figures for whoever watches.

The line and the figures name the route by its template (`/orders/<reference>`), never the address that was asked for:
what stands after a `?` is nobody's business, and what stands in a path is told by the books.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.middleware.proxy_fix import ProxyFix

from logistics import readiness
from logistics.errors import InvalidRequest
from logistics.observation import logger

if TYPE_CHECKING:
    from logistics.settings import Settings
    from logistics.system import System

HEADER = "X-Request-Id"
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: What tells that a request came through somebody else's hands.
_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

log = logger("web")


def watch(app: Flask, system: System) -> None:
    """Number, log and count every request from now on, and believe the proxies that the settings name."""
    app.extensions["metrics"] = Metrics(system)
    app.wsgi_app = TrustedProxies(app.wsgi_app, system.settings)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


class TrustedProxies:
    """Takes over who asked, by which scheme and host, from the proxies of the settings; from nobody else."""

    def __init__(self, app: Callable[..., Iterable[bytes]], settings: Settings) -> None:
        self._app = app
        self._networks = tuple(_network(one) for one in settings.trusted_proxies.replace(",", " ").split())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        trusted = self._is_trusted(environ.get("REMOTE_ADDR", ""))
        environ["tournee.proxied"] = trusted
        if not trusted:
            return self._app(environ, start_response)
        # Each proxy adds whom it was asked by; the first who is none of ours, from the end, is who asks.
        told = [one.strip() for one in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        ours = sum(1 for _ in takewhile(self._is_trusted, reversed(told)))
        fixed = ProxyFix(self._app, x_for=min(ours + 1, len(told)), x_proto=1, x_host=1)
        return fixed(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


def _network(written: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(written)
    except ValueError:
        raise InvalidRequest("TOURNEE_TRUSTED_PROXIES", "holds what is no address") from None


class Metrics:
    """The figures of this app; of all processes together where `PROMETHEUS_MULTIPROC_DIR` names their folder."""

    def __init__(self, system: System) -> None:
        self._several = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._own = CollectorRegistry()
        self.requests = Counter(
            "tournee_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._own
        )
        self.seconds = Histogram(
            "tournee_http_request_seconds", "Seconds until the answer.", ("method", "route"), buckets=_SECONDS,
            registry=self._own,
        )  # fmt: skip
        if not self._several:
            ProcessCollector(registry=self._own)
        self._books = CollectorRegistry()
        self._books.register(_Books(system))

    def written(self) -> bytes:
        """All figures in the text format of Prometheus."""
        shown = self._own
        if self._several:
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        return generate_latest(shown) + generate_latest(self._books)


class _Books(Collector):
    """Figures that the database tells, the same from every process."""

    def __init__(self, system: System) -> None:
        self._system = system

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("tournee_database_up", "Whether the database answers.")
        try:
            with self._system.sessions() as session:
                found = readiness.figures(session, now=self._system.now())
        except Exception as error:
            log.warning("figures-not-read", exc_info=error)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _families(found)


def _families(found: readiness.Figures) -> Iterator[Metric]:
    tasks = GaugeMetricFamily("tournee_tasks", "Tasks by kind and state.", labels=("kind", "state"))
    for labels, count in found.tasks.items():
        tasks.add_metric(labels, count)
    yield tasks
    yield GaugeMetricFamily(
        "tournee_queue_oldest_seconds", "How long the oldest queued task has waited.", value=found.oldest_task_seconds
    )
    plans = CounterMetricFamily("tournee_plans", "Plans made.", labels=("engine",))
    seconds = CounterMetricFamily("tournee_solve_seconds", "Seconds of search for them.", labels=("engine",))
    for engine, (count, spent) in found.plans.items():
        plans.add_metric([engine], count)
        seconds.add_metric([engine], spent)
    yield plans
    yield seconds
    messages = GaugeMetricFamily("tournee_outbox_messages", "Messages by state.", labels=("state",))
    for state, count in found.messages.items():
        messages.add_metric([state], count)
    yield messages


def may_read_metrics(settings: Settings) -> bool:
    """From this machine itself, or with the token of the settings; a forwarded request is from nowhere near."""
    told = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.metrics_token and hmac.compare_digest(told.encode(), settings.metrics_token.encode()):
        return True
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _begin() -> None:
    told = request.headers.get(HEADER, "")
    trusted = request.environ.get("tournee.proxied") and _NUMBER.fullmatch(told)
    g.request_number = told if trusted else secrets.token_hex(8)
    g.request_began = time.monotonic()
    structlog.contextvars.bind_contextvars(request=g.request_number)


def _end(response: Response) -> Response:
    if "request_number" not in g:
        return response
    response.headers[HEADER] = g.request_number
    seconds = time.monotonic() - g.request_began
    method = request.method if request.method in _METHODS else "OTHER"
    route = request.url_rule.rule if request.url_rule else "none"
    metrics: Metrics = current_app.extensions["metrics"]
    metrics.requests.labels(method, route, str(response.status_code)).inc()
    metrics.seconds.labels(method, route).observe(seconds)
    account = getattr(g.get("_login_user"), "account", None)
    # Our own files are asked for by every page: their lines would bury the others.
    write = log.debug if request.endpoint == "static" else log.info
    write(
        "request", method=method, route=route, status=response.status_code, ms=round(seconds * 1000),
        user=getattr(account, "id", None),
    )  # fmt: skip
    return response


def _forget(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request")
