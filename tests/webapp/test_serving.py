"""The servers a person would start, each for real on a free port: they answer, refuse what is unsafe, end softly."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from logistics import certificates
from logistics.settings import Settings
from tests.conftest import CHECKOUT
from tests.webapp.scenes import LOGINS, PASSWORD
from webapp import serving
from webapp.__main__ import serve

#: A server takes seconds to come up and does not know its database; each kind is tried on the one it is made for.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
POSIX = pytest.mark.skipif(os.name != "posix", reason="gunicorn runs on POSIX only")
#: How long a server may take to come up on a busy machine.
PATIENCE = 60


def a_free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


@pytest.fixture
def port():
    return a_free_port()


@pytest.fixture
def made(tmp_path):
    return certificates.make(tmp_path / "certificates", ["127.0.0.1", "localhost"], now=datetime.now(UTC))


@pytest.fixture
def start(tmp_path):
    """Starts a server in a process of its own, without any of our settings but those given."""
    started = []

    def begin(*command, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOURNEE_")}
        environment |= {"TOURNEE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(CHECKOUT)} | settings
        log = (tmp_path / "server.log").open("a")
        with log:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=CHECKOUT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@pytest.fixture
def log(tmp_path):
    return (tmp_path / "server.log").read_text


def answered(process, url, log, **options):
    """The first answer of a server that is coming up."""
    until = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log()
        try:
            return requests.get(url, timeout=5, **options)
        except requests.exceptions.SSLError:
            raise
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < until, log()
            time.sleep(0.1)


def spoken(port, authority):
    """The version of TLS that is agreed on."""
    trusting = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as line,
        trusting.wrap_socket(line, server_hostname="localhost") as covered,
    ):
        return covered.version()


def signed_in(url, **options):
    """A person's session: the sign-in form with its token, sent back."""
    browser = requests.Session()
    browser.verify = options.get("verify", True)
    # A bundle named in the environment would stand in for our authority.
    browser.trust_env = False
    page = browser.get(f"{url}/sign-in", timeout=10)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)
    facts = {"login": LOGINS["coordinator"], "password": PASSWORD, "csrf_token": token}
    answer = browser.post(
        f"{url}/sign-in", data=facts, headers={"Referer": f"{url}/sign-in"}, timeout=10, allow_redirects=False
    )
    assert answer.status_code == 302, answer.text[:500]
    return browser, answer


def ends_softly(process, *, within=20.0):
    process.send_signal(signal.SIGTERM)
    assert process.wait(within) == 0


# --- one machine ------------------------------------------------------------------------------------------------------


@SQLITE
def test_waitress_serves_a_person_and_ends_softly(start, log, port, database_url):
    server = start("-m", "webapp", "--port", str(port), TOURNEE_DATABASE_URL=database_url)
    url = f"http://127.0.0.1:{port}"
    assert answered(server, f"{url}/healthz", log).json() == {"ok": True}

    browser, entered = signed_in(url)

    assert "Secure" not in entered.headers["Set-Cookie"]
    assert browser.get(f"{url}/orders", timeout=10).status_code == 200
    ends_softly(server)


@SQLITE
@POSIX
def test_with_a_certificate_it_serves_https_to_whoever_trusts_our_authority(start, log, port, made, database_url):
    redirect = a_free_port()
    server = start(
        "-m", "webapp", "--port", str(port), "--tls-cert", str(made.chain), "--tls-key", str(made.key),
        "--redirect-port", str(redirect), TOURNEE_DATABASE_URL=database_url,
    )  # fmt: skip
    url = f"https://127.0.0.1:{port}"
    assert answered(server, f"{url}/healthz", log, verify=str(made.authority)).json() == {"ok": True}

    browser, entered = signed_in(url, verify=str(made.authority))

    assert "Secure" in entered.headers["Set-Cookie"]
    assert browser.get(f"{url}/orders", timeout=10).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{url}/healthz", timeout=5)
    assert spoken(port, made.authority) in ("TLSv1.2", "TLSv1.3")
    plain = requests.get(f"http://127.0.0.1:{redirect}/orders?q=secret", timeout=5, allow_redirects=False)
    assert (plain.status_code, plain.headers["Location"]) == (308, f"{url}/")
    assert requests.get(f"http://127.0.0.1:{redirect}/authority.pem", timeout=5).content == made.authority.read_bytes()
    ends_softly(server)


def test_what_was_begun_is_answered_and_what_is_new_refused(start, log, port, tmp_path):
    server = start("-m", "tests.webapp.a_slow_server", str(port), str(tmp_path / "home"))
    answered(server, f"http://127.0.0.1:{port}/", log)
    answers = []
    asked = threading.Thread(
        target=lambda: answers.append(requests.get(f"http://127.0.0.1:{port}/slow", timeout=20)), daemon=True
    )
    asked.start()
    until = time.monotonic() + 20
    while "begun" not in log() and time.monotonic() < until:
        time.sleep(0.02)

    server.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    refused = requests.get(f"http://127.0.0.1:{port}/", timeout=5)

    assert refused.status_code == 503
    asked.join(20)
    assert (answers[0].status_code, len(answers[0].content)) == (200, 300_000)
    assert server.wait(20) == 0
    assert log().strip().endswith("queue stopped")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """The command in this process, as far as it refuses before it serves."""
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TOURNEE_TRUSTED_PROXIES", raising=False)

    def told(*words):
        return serve(list(words)), capsys.readouterr().err

    return told


@pytest.mark.parametrize("covered", [False, True], ids=["plain", "with TLS"])
def test_a_port_that_is_taken_is_said(command, made, covered):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        more = ("--tls-cert", str(made.chain), "--tls-key", str(made.key)) if covered else ()

        code, said = command("--port", str(number), *more)

    assert code == 1
    assert said == (
        f"tournee: cannot listen on 127.0.0.1:{number} (Address already in use). "
        "Choose another port with --port, or another address with --host.\n"
    )


def test_a_host_that_is_not_this_machine_is_said(command, port):
    code, said = command("--host", "192.0.2.77", "--port", str(port))

    assert code == 1
    assert "cannot listen on 192.0.2.77" in said


# --- looking before leaping -------------------------------------------------------------------------------------------


SETTINGS = Settings(home=Path("/nowhere"), database_url="sqlite://")


def a_place(port, **facts):
    return serving.Place(**{"host": "127.0.0.1", "port": port, "threads": 2} | facts)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])  # noqa: S104
def test_passwords_that_others_can_read_are_warned_of(port, made, host):
    bare = serving.check(a_place(port, host=host), SETTINGS)
    covered = serving.check(a_place(port, host=host, certificate=serving.Certificate(made.chain, made.key)), SETTINGS)
    behind = serving.check(a_place(port, host=host), replace(SETTINGS, trusted_proxies="127.0.0.1"))

    assert "without TLS they can read passwords" in bare[0]
    assert (covered, behind) == ((), ())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_on_this_machine_alone_nothing_is_warned_of(port, host):
    assert serving.check(a_place(port, host=host), SETTINGS) == ()


def test_debug_mode_is_for_this_machine_alone(port, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")

    with pytest.raises(serving.CannotServe, match="debug mode"):
        serving.check(a_place(port, host="0.0.0.0"), SETTINGS)  # noqa: S104
    assert serving.check(a_place(port), SETTINGS) == ()


def test_debug_mode_stops_the_start_with_a_sentence(command, port, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")

    code, said = command("--host", "0.0.0.0", "--port", str(port))  # noqa: S104

    assert code == 1
    assert "debug mode (FLASK_DEBUG) is for this machine alone" in said


def test_the_entry_for_other_servers_refuses_debug_mode(monkeypatch):
    from webapp import wsgi

    monkeypatch.setenv("FLASK_DEBUG", "1")

    with pytest.raises(serving.CannotServe, match="debug mode"):
        wsgi.app()


def test_a_key_that_cannot_be_read_is_said(port, made, tmp_path):
    for key in (tmp_path / "nowhere.pem", tmp_path):
        with pytest.raises(serving.CannotServe, match=r"the key .* cannot be read \("):
            serving.check(a_place(port, certificate=serving.Certificate(made.chain, key)), SETTINGS)


def test_a_key_of_somebody_else_is_said(port, made, monkeypatch):
    real = Path.read_bytes

    def read(file):
        if file == made.key:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        return real(file)

    monkeypatch.setattr(Path, "read_bytes", read)

    with pytest.raises(serving.CannotServe, match=r"the key .* cannot be read \(Permission denied\)"):
        serving.check(a_place(port, certificate=serving.Certificate(made.chain, made.key)), SETTINGS)


def test_a_key_of_another_certificate_is_said(port, made, tmp_path):
    other = certificates.make(tmp_path / "other", ["localhost"], now=datetime.now(UTC))

    with pytest.raises(serving.CannotServe, match="do not belong together"):
        serving.check(a_place(port, certificate=serving.Certificate(made.chain, other.key)), SETTINGS)


def test_files_that_are_no_certificate_are_said(port, made, tmp_path):
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")

    with pytest.raises(serving.CannotServe, match="are not a certificate and an open key"):
        serving.check(a_place(port, certificate=serving.Certificate(rubbish, made.key)), SETTINGS)


def test_a_certificate_that_ended_and_a_key_for_everybody_are_warned_of(port, tmp_path):
    ended = datetime.now(UTC) - certificates.VALID - timedelta(days=1)
    old = certificates.make(tmp_path / "old", ["localhost"], now=ended)
    old.key.chmod(0o644)

    warnings = serving.check(a_place(port, certificate=serving.Certificate(old.chain, old.key)), SETTINGS)

    assert ["ended on" in one for one in warnings] == [True, False]
    assert ["can be read by everybody" in one for one in warnings] == [False, True]


@pytest.mark.parametrize(
    "words",
    [("--port", "0"), ("--port", "70000"), ("--port", "http"), ("--threads", "0"), ("--tls-cert", "x"),
     ("--redirect-port", "8080")],
)  # fmt: skip
def test_what_makes_no_sense_is_not_understood(words, monkeypatch, tmp_path):
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path))

    with pytest.raises(SystemExit) as left:
        serve(list(words))
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("host", "location"),
    [("van.local:8080", "https://van.local:8443/"), ("[::1]:80", "https://[::1]:8443/"),
     ("evil.example/@", "https://127.0.0.1:8443/"), ("a b", "https://127.0.0.1:8443/"), ("", "https://127.0.0.1:8443/")],
)  # fmt: skip
def test_the_way_to_https_leads_to_a_host_and_nowhere_else(host, location):
    told = {}
    way = serving.TheWay(a_place(8443))

    body = way({"PATH_INFO": "/authority.pem", "REQUEST_METHOD": "GET", "HTTP_HOST": host},
               lambda status, headers: told.update(dict(headers), status=status))  # fmt: skip

    assert (told["status"], told["Location"]) == ("308 Permanent Redirect", location)
    assert location in b"".join(body).decode()


def test_a_database_that_cannot_be_reached_is_one_line_and_the_end(monkeypatch, tmp_path, capsys):
    from webapp import wsgi

    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOURNEE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nowhere")

    with pytest.raises(SystemExit) as left:
        wsgi.app()

    assert left.value.code == serving.APP_LOAD_ERROR
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("tournee:")]
    assert told == [
        "tournee: the database cannot be reached. Start it, or correct TOURNEE_DATABASE_URL."
    ]


def test_gunicorn_still_means_by_that_code_that_the_app_cannot_be_loaded():
    arbiter = pytest.importorskip("gunicorn.arbiter", reason="gunicorn runs on POSIX only")

    assert arbiter.Arbiter.APP_LOAD_ERROR == serving.APP_LOAD_ERROR


# --- more than one process --------------------------------------------------------------------------------------------


@POSTGRESQL
@POSIX
def test_gunicorn_has_two_processes_replaces_a_dead_one_and_ends_softly(start, log, port, database_url, tmp_path):
    server = start(
        "-m", "gunicorn", "-c", "webapp/gunicorn_conf.py", "webapp.wsgi:app()",
        TOURNEE_DATABASE_URL=database_url, TOURNEE_BIND=f"127.0.0.1:{port}", TOURNEE_WEB_WORKERS="2",
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    assert answered(server, f"{url}/healthz", log).json() == {"ok": True}

    browser, _ = signed_in(url)

    assert {browser.get(f"{url}/orders", timeout=10).status_code for _ in range(8)} == {200}
    assert len(_workers(server.pid)) == 2
    assert "tournee_http_requests" in requests.get(f"{url}/metrics", timeout=10).text
    assert list((tmp_path / "home" / "metrics").glob("*.db"))
    # Nobody here plans tours: a worker does.
    assert not (tmp_path / "home" / "queue.db").exists()
    victim = _workers(server.pid)[0]
    os.kill(victim, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while len(now := set(_workers(server.pid)) - {victim}) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(now) == 2, "a worker that was killed is replaced"
    ends_softly(server, within=40)


def _workers(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
