"""Nothing that a person or a setting names makes us ask a machine inside the house."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from logistics import outgoing
from logistics.errors import InvalidRequest
from logistics.settings import Settings

PUBLIC = "93.184.215.14"
#: Names that stand for addresses inside, as a hostile name server would have it.
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "ip6-localhost": ["::1"],
    "inside.example": ["10.0.0.5"],
    "half-inside.example": [PUBLIC, "192.168.1.1"],
    "half-inside-6.example": ["2606:4700::1111", "fd00::1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nobody.example": [],
    "public.example": [PUBLIC],
}
INSIDE = (
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://0/", "https://0.0.0.0/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://2130706433/", "https://017700000001/", "https://0177.0.0.1/", "https://127.0.0.1./",
    "https://127.255.255.254/", "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://ip6-localhost/",
    "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b::a00:1]/",
    "https://[64:ff9b:1::a00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/", "https://[fe80::1]/",
    "https://[fe80::1%25lo]/", "https://[fc00::1]/", "https://[fd12:3456::1]/", "https://[fec0::1]/", "https://[ff02::1]/",
    "https://[2001:db8::1]/", "https://[100::1]/", "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/",
    "https://192.168.0.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://100.127.255.255/",
    "https://192.0.0.8/", "https://192.0.2.1/", "https://192.88.99.1/", "https://198.18.0.1/", "https://198.51.100.7/",
    "https://203.0.113.9/", "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/",
    "https://255.255.255.255/", "https://inside.example/", "https://half-inside.example/", "https://half-inside-6.example/",
    "https://metadata.example/", "https://mapped.example/", "https://nat64.example/", "https://nobody.example/",
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://ｌｏｃａｌｈｏｓｔ/",
)  # fmt: skip
#: Addresses outside that are asked in a way we do not ask.
ODD = (
    "http://public.example/", "http://public.example:443/", "https://public.example:80/", "https://public.example:8443/",
    "https://public.example:22/", "https://public.example:0/", "https://public.example:99999/",
    "https://name@public.example/", "https://name:word@public.example/", "https://public.example\\@127.0.0.1/",
    "https://public.example\t/", "https://public.example/ a", "https:///public.example/", "https:public.example",
    "//public.example/", "public.example", "", "https://", "ftp://public.example/", "file:///etc/passwd",
    "gopher://127.0.0.1:70/_x", "dict://127.0.0.1:11211/", "data:text/plain,x", "javascript:alert(1)",
    "unix:///var/run/docker.sock", "https://public.example/" + "a" * 3_000,
)  # fmt: skip


class Listener:
    """A server that counts who came; every dial ends here, wherever it was meant to go."""

    def __init__(
        self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", tls: ssl.SSLContext | None = None
    ):
        self.answer, self.tls = answer, tls
        self.asked: list[tuple[str, int]] = []
        self.came = 0
        self.heard = b""
        self.named: list[str | None] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def dial(self, address, seconds):
        self.asked.append(address)
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def _serve(self) -> None:
        while True:
            try:
                found, _ = self.server.accept()
            except OSError:
                return
            self.came += 1
            threading.Thread(target=self._talk, args=(found,), daemon=True).start()

    def _talk(self, found: socket.socket) -> None:
        with found:
            try:
                if self.tls is not None:
                    found = self.tls.wrap_socket(found, server_side=True)
                self.heard += found.recv(65_536)
                found.sendall(self.answer)
                found.close()
            except OSError:
                return


def resolve(host: str, port: int) -> list[str]:
    if host.rstrip(".") in NAMES:
        return NAMES[host.rstrip(".")]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(one[4][0]) for one in found]


@contextmanager
def listening(**facts) -> Iterator[Listener]:
    opened = Listener(**facts)
    try:
        yield opened
    finally:
        opened.server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as opened:
        yield opened


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `public.example`, and a server's context that shows it."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "public.example")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("public.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return file, context


def settings(hosts: str = "") -> Settings:
    return Settings(home=Path("unused"), database_url="sqlite://", internal_hosts=hosts)


def test_the_lists_of_this_file_are_long_enough():
    assert len(set(INSIDE)) >= 60
    assert len(set(ODD)) >= 24


@pytest.mark.parametrize("url", [*INSIDE, *ODD], ids=ascii)
def test_a_url_that_leads_inside_or_is_odd_opens_no_connection(url, listener):
    session = outgoing.session(settings(), resolve=resolve, dial=listener.dial)

    with pytest.raises(outgoing.OutgoingFailed) as refusal:
        session.get(url)

    assert (listener.came, listener.asked) == (0, [])
    assert str(refusal.value) == str(outgoing.OutgoingFailed())
    assert refusal.value.__cause__ is None


def test_a_public_host_is_asked_at_the_address_that_was_looked_at(certificate):
    file, context = certificate
    with listening(tls=context) as listener:
        session = outgoing.session(settings(), resolve=resolve, dial=listener.dial)

        answer = session.get("https://public.example/path?q=1", verify=str(file))

    assert (answer.status_code, answer.text) == (200, "ok")
    assert listener.asked == [(PUBLIC, 443)]
    assert listener.heard.startswith(b"GET /path?q=1 HTTP/1.1\r\nHost: public.example\r\n")


def test_a_certificate_for_another_name_is_refused(certificate):
    file, context = certificate
    with listening(tls=context) as listener:
        session = outgoing.session(settings(), resolve=lambda _host, _port: [PUBLIC], dial=listener.dial)

        with pytest.raises(outgoing.OutgoingFailed):
            session.get("https://other.example/", verify=str(file))

    assert listener.heard == b""


def test_a_name_that_changes_its_answer_is_asked_once_and_kept_to_it(certificate, listener):
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    session = outgoing.session(settings(), resolve=rebinding, dial=listener.dial)

    with pytest.raises(outgoing.OutgoingFailed):
        session.get("https://public.example/")

    assert asked == ["public.example"]
    assert [address for address, _ in listener.asked] == [PUBLIC]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("follow", [False, True])
def test_a_redirect_is_a_failure_and_is_not_followed(status, follow):
    with listening() as target:
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{target.port}/\r\nContent-Length: 0\r\n\r\n"
        with listening(answer=answer.encode()) as first:
            session = outgoing.session(
                settings(f"http://hop.example:{first.port} http://127.0.0.1:{target.port}"),
                resolve=lambda host, _port: ["127.0.0.1"],
            )

            with pytest.raises(outgoing.OutgoingFailed):
                session.get(f"http://hop.example:{first.port}/", allow_redirects=follow)

        assert (first.came, target.came) == (1, 0)


def test_a_named_inside_host_is_asked_by_its_port_and_scheme_only(listener):
    session = outgoing.session(
        settings(f"http://sso.local:{listener.port}"), resolve=lambda _host, _port: ["127.0.0.1"]
    )

    answer = session.get(f"http://sso.local:{listener.port}/")

    assert answer.text == "ok"
    for url in (
        f"https://sso.local:{listener.port}/", "http://sso.local/", f"http://127.0.0.1:{listener.port}/",
        f"http://sub.sso.local:{listener.port}/", f"http://sso.local:{listener.port}@other/",
    ):  # fmt: skip
        with pytest.raises(outgoing.OutgoingFailed):
            session.get(url)
    assert listener.came == 1


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.1", "::", "224.0.0.1", "fe80::1", "fe80::1%1", "::ffff:169.254.1.1"]
)
def test_no_setting_opens_the_addresses_where_machines_keep_their_keys(address, listener):
    session = outgoing.session(
        settings("http://sso.local:8080"), resolve=lambda _host, _port: [address], dial=listener.dial
    )

    with pytest.raises(outgoing.OutgoingFailed):
        session.get("http://sso.local:8080/")

    assert listener.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_001,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"",
    ],
    ids=["endless", "announced", "packed", "not http", "cut", "silent"],
)
def test_an_answer_that_is_not_as_it_should_be_is_a_failure(answer):
    with listening(answer=answer) as listener:
        door = f"http://sso.local:{listener.port}"
        session = outgoing.session(settings(door), resolve=lambda _host, _port: ["127.0.0.1"])

        with pytest.raises(outgoing.OutgoingFailed):
            session.get(door)


def test_an_answer_of_just_the_limit_is_read():
    with listening(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000) as listener:
        door = f"http://sso.local:{listener.port}"
        session = outgoing.session(settings(door), resolve=lambda _host, _port: ["127.0.0.1"])

        assert len(session.get(door).content) == 1_000_000


def test_an_answer_that_drips_is_cut_when_the_time_is_over(monkeypatch):
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_drip, args=(server,), daemon=True).start()
        door = f"http://sso.local:{server.getsockname()[1]}"
        session = outgoing.session(settings(door), resolve=lambda _host, _port: ["127.0.0.1"])
        began = dt.datetime.now(dt.UTC)

        with pytest.raises(outgoing.OutgoingFailed):
            session.get(door)

    assert (dt.datetime.now(dt.UTC) - began).total_seconds() < 3


def _drip(server: socket.socket) -> None:
    found, _ = server.accept()
    with found:
        try:
            for letter in b"HTTP/1.1 200 OK\r\nA: " + b"x" * 400:
                found.sendall(bytes([letter]))
                threading.Event().wait(0.05)
        except OSError:
            return


def test_a_name_server_that_does_not_answer_is_not_waited_for(monkeypatch, listener):
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)
    asleep = threading.Event()
    session = outgoing.session(settings(), resolve=lambda _h, _p: [str(asleep.wait(5))], dial=listener.dial)

    with pytest.raises(outgoing.OutgoingFailed):
        session.get("https://public.example/")

    asleep.set()
    assert listener.came == 0


def test_no_proxy_of_the_environment_is_used(monkeypatch, certificate, listener):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    dialled = []

    def refuse(address, _seconds):
        dialled.append(address)
        raise OSError

    session = outgoing.session(settings(), resolve=resolve, dial=refuse)

    with pytest.raises(outgoing.OutgoingFailed):
        session.get("https://public.example/", proxies={"https": f"http://127.0.0.1:{listener.port}"})

    assert dialled == [(PUBLIC, 443)]
    assert listener.came == 0


@pytest.mark.parametrize("entry", ["https://", "ftp://host", "name@host", "host:99999999", "ho st\\"])
def test_a_setting_that_names_no_host_is_refused(entry):
    with pytest.raises(InvalidRequest):
        outgoing.Doors.of(entry)


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_an_address_of_the_public_internet_is_public(address):
    assert outgoing.is_public(address)
