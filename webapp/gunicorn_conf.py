"""gunicorn's settings: `gunicorn -c webapp/gunicorn_conf.py "webapp.wsgi:app()"`, from the checkout's folder.

Read as a file and not as part of the package: the folder of the shared figures must be known before any of our code is
loaded. Where to listen is `TOURNEE_BIND`; how many processes and threads, `TOURNEE_WEB_WORKERS` and `_WEB_THREADS`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from logistics.settings import Settings

_settings = Settings.from_environment()
_figures = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_settings.home / "metrics")))
# Pages are answered here; tours are planned and messages sent by `tournee worker`.
os.environ["TOURNEE_WORKER"] = "worker"

bind = _settings.bind
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = "gthread"
worker_connections = 500
#: Each worker wires its own system: connections and threads must not be carried over a fork.
preload_app = False
#: Seconds without a sign of life after which a worker is replaced. A slow request is no reason: threads answer those.
timeout = 60
#: Seconds for what was begun, once the server is told to stop or a worker is replaced.
graceful_timeout = 20
keepalive = 5
#: A worker is renewed now and then, so that a leak somewhere in our parts never grows for months.
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 4_094
limit_request_fields = 100
limit_request_field_size = 8_190
#: Who is believed about forwarded headers is TOURNEE_TRUSTED_PROXIES, in the app, whatever server is in front of it.
forwarded_allow_ips = ""
control_socket_disable = True
#: Our log has its own line for each request, without addresses that somebody asked for.
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "tournee"


def on_starting(_server: Any) -> None:
    """Figures of former processes are of no use to the new ones."""
    shutil.rmtree(_figures, ignore_errors=True)
    _figures.mkdir(parents=True, exist_ok=True)


def child_exit(_server: Any, worker: Any) -> None:
    """The figures of a worker that is gone no longer count as present."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
