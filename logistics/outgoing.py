"""The one way out: requests to addresses that people or settings name, sent so that they reach nothing inside.

A name is resolved once; unless every address it stands for is public the request is refused, and the connection is
made to one of those very addresses, so that a second answer of the name server changes nothing. Only https, only port
443, no redirect, no proxy, at most 1 MB and 15 seconds. `TOURNEE_INTERNAL_HOSTS` names the exceptions.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
import requests.adapters
import urllib3
import urllib3.connection
import urllib3.connectionpool
import urllib3.exceptions

from . import observation
from .errors import InvalidRequest, LogisticsError
from .settings import Settings

CONNECT_SECONDS = 5
TOTAL_SECONDS = 15
ANSWER_BYTES = 1_000_000
#: Characters of a URL we ask; longer ones are nobody's.
URL_CHARACTERS = 2_000

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]
Dialler = Callable[[tuple[str, int], float], socket.socket]
S = TypeVar("S", bound=requests.Session)
T = TypeVar("T")

#: IPv4 that is not the public internet, beyond what `ipaddress` calls not global in every Python we run on.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
#: The part of IPv6 that is given out, and what of it is for tunnels, examples and experiments.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "3ffe::/16")
)
#: Not even by a setting: this machine by no name, link-local (where cloud machines keep their keys), multicast.
_NEVER = tuple(
    ipaddress.ip_network(net)
    for net in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/128", "fe80::/10", "ff00::/8")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class OutgoingFailed(LogisticsError):
    """The other side could not be asked. Never says why: the reason would tell what there is inside."""

    code = "outgoing-failed"

    def __init__(self) -> None:
        super().__init__("the other side could not be reached or did not answer as it should")


@dataclass(frozen=True, slots=True)
class Doors:
    """Hosts inside that may be asked, by scheme, name and port: `https://sso.company.example:8443`."""

    open: frozenset[tuple[str, str, int]] = frozenset()

    @classmethod
    def of(cls, setting: str) -> Doors:
        """From the setting: hosts between blanks or commas, each `HOST`, `HOST:PORT` or `http://HOST[:PORT]`.

        Raises:
            InvalidRequest: an entry that cannot be read.
        """
        return cls(frozenset(_door(entry) for entry in setting.replace(",", " ").split()))

    def admits(self, scheme: str, host: str, port: int) -> bool:
        """Whether this host may be asked although it lies inside, or by this port."""
        return (scheme, host.lower().rstrip("."), port) in self.open


def session(settings: Settings, *, resolve: Resolver | None = None, dial: Dialler | None = None) -> requests.Session:
    """A session whose every request keeps the rules above and fails as `OutgoingFailed`, whatever went wrong."""
    return guard(_Session(), settings, resolve=resolve, dial=dial)


def guard(found: S, settings: Settings, *, resolve: Resolver | None = None, dial: Dialler | None = None) -> S:
    """Put the rules on a session that somebody else's code made, and hand it back."""
    doors = Doors.of(settings.internal_hosts)
    found.trust_env = False
    found.adapters.clear()
    adapter = Adapter(doors, resolve=resolve or _resolve, dial=dial or _dial)
    found.mount("https://", adapter)
    found.mount("http://", adapter)
    return found


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet; wrapped ones (mapped, NAT64) as what they wrap."""
    found = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if "%" in address:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in net for net in _NOT_PUBLIC)
    return found in _GIVEN_OUT and not any(found in net for net in _NOT_PUBLIC_6)


class Adapter(requests.adapters.HTTPAdapter):
    """Sends one request by the rules; reads the whole answer before it hands it on."""

    def __init__(self, doors: Doors, *, resolve: Resolver, dial: Dialler) -> None:
        self._doors, self._resolve, self._dial = doors, resolve, dial
        super().__init__(max_retries=0)

    def init_poolmanager(self, *_args: Any, **_facts: Any) -> None:
        """One pool for each request (see `send`), so that a deadline belongs to one request alone."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **facts: Any) -> requests.Response:
        """Ask, within the deadline.

        Raises:
            OutgoingFailed: refused, unreachable, too slow, too long, a redirect, or not http at all.
        """
        try:
            return self._ask(request, verify=facts.get("verify", True), cert=facts.get("cert"))
        except Exception as error:
            reason = str(error) if isinstance(error, _Refused) else type(error).__name__
            observation.logger("outgoing").info("outgoing-failed", reason=reason)
            raise OutgoingFailed from None

    def _ask(self, request: requests.PreparedRequest, *, verify: Any, cert: Any) -> requests.Response:
        way = self._way(request.url or "")
        request.headers["Accept-Encoding"] = "identity"
        request.headers["Connection"] = "close"
        with way:
            pool = way.pool()
            self.cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
            raw = pool.urlopen(
                request.method or "GET", request.path_url, body=request.body, headers=request.headers,
                redirect=False, assert_same_host=False, preload_content=False, decode_content=False,
                retries=urllib3.Retry(0, read=False, redirect=False), chunked=_is_chunked(request),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=TOTAL_SECONDS),
            )  # fmt: skip
            answer: requests.Response = self.build_response(request, raw)
            try:
                _read_all(answer, raw, way)
            finally:
                raw.close()
            return answer

    def _way(self, url: str) -> _Way:
        scheme, host, port = _parts(url)
        inside = self._doors.admits(scheme, host, port)
        if not inside and (scheme != "https" or port != 443):
            raise _Refused("scheme-or-port")
        return _Way(scheme, host, port, inside=inside, resolve=self._resolve, dial=self._dial)


class _Refused(Exception):
    """Why a request is not made, for our log alone."""


class _Session(requests.Session):
    def request(self, method: str | bytes, url: str | bytes, *args: Any, **facts: Any) -> requests.Response:
        facts["allow_redirects"] = False
        try:
            # Looked at as it was written: requests mends what it can, so that the adapter sees less.
            _parts(url.decode() if isinstance(url, bytes) else url)
            return super().request(method, url, *args, **facts)
        except (requests.RequestException, urllib3.exceptions.HTTPError, _Refused, ValueError):
            raise OutgoingFailed from None


class _Way:
    """The way to one host for one request: resolved once, and cut when the time is over."""

    def __init__(self, scheme: str, host: str, port: int, *, inside: bool, resolve: Resolver, dial: Dialler) -> None:
        self.scheme, self.host, self.port, self.inside = scheme, host, port, inside
        self.resolve, self.dial = resolve, dial
        self.ends = time.monotonic() + TOTAL_SECONDS
        self._open: list[socket.socket] = []
        self._timer = threading.Timer(TOTAL_SECONDS, self._cut)
        self._timer.daemon = True
        self._pool: urllib3.HTTPConnectionPool | None = None

    def __enter__(self) -> _Way:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._pool is not None:
            self._pool.close()

    def pool(self) -> urllib3.HTTPConnectionPool:
        kind = _Secured if self.scheme == "https" else _Plain
        self._pool = type("Pool", (kind.pool,), {"ConnectionCls": type("Connection", (kind,), {"way": self})})(
            self.host, self.port, maxsize=1, block=True
        )
        return self._pool

    def connect(self) -> socket.socket:
        """A connection to one of the addresses that the name stood for, all of them looked at first."""
        addresses = _within(CONNECT_SECONDS, lambda: self.resolve(self.host, self.port))
        if not addresses or not all(self._is_allowed(address) for address in addresses):
            raise _Refused("address")
        ends = time.monotonic() + CONNECT_SECONDS
        for address in addresses:
            try:
                found = self.dial((address, self.port), max(0.1, ends - time.monotonic()))
            except OSError:
                continue
            self._open.append(found)
            return found
        raise _Refused("no-connection")

    def _is_allowed(self, address: str) -> bool:
        if is_public(address):
            return True
        found = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        never = any(found in net for net in _NEVER) or "%" in address
        return self.inside and not never

    def _cut(self) -> None:
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Plain(urllib3.connection.HTTPConnection):
    way: _Way
    pool = urllib3.connectionpool.HTTPConnectionPool

    def _new_conn(self) -> socket.socket:
        return self.way.connect()


class _Secured(urllib3.connection.HTTPSConnection):
    way: _Way
    pool = urllib3.connectionpool.HTTPSConnectionPool

    def _new_conn(self) -> socket.socket:
        return self.way.connect()


def _read_all(answer: requests.Response, raw: urllib3.BaseHTTPResponse, way: _Way) -> None:
    if 300 <= answer.status_code < 400:
        raise _Refused("redirect")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise _Refused("encoding")
    read = bytearray()
    for piece in raw.stream(16_384, decode_content=False):
        read += piece
        if len(read) > ANSWER_BYTES:
            raise _Refused("size")
    if time.monotonic() > way.ends:
        # A cut connection can look like an answer without a length that simply ended.
        raise _Refused("time")
    answer._content = bytes(read)
    answer._content_consumed = True  # type: ignore[attr-defined]


def _parts(url: str) -> tuple[str, str, int]:
    if len(url) > URL_CHARACTERS or any(letter <= " " or letter in "\\\x7f" for letter in url):
        raise _Refused("url")
    found = urllib3.util.parse_url(url)
    if found.auth is not None or not found.host or found.scheme not in ("http", "https") or found.port == 0:
        raise _Refused("url")
    host = found.host.removeprefix("[").removesuffix("]").lower()
    usual = 443 if found.scheme == "https" else 80
    return found.scheme, host, usual if found.port is None else found.port


def _door(entry: str) -> tuple[str, str, int]:
    try:
        scheme, host, port = _parts(entry if "://" in entry else f"https://{entry}")
    except (_Refused, urllib3.exceptions.LocationParseError):
        raise InvalidRequest("TOURNEE_INTERNAL_HOSTS", "names no host") from None
    return scheme, host.rstrip("."), port


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _within(seconds: float, work: Callable[[], T]) -> T:
    """The result of work that itself knows no deadline; left to itself when it takes longer."""
    done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        found, error = done.get(timeout=seconds)
    except queue.Empty:
        raise _Refused("resolving") from None
    if error is not None:
        raise error
    return found  # type: ignore[return-value]


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _dial(address: tuple[str, int], seconds: float) -> socket.socket:
    return socket.create_connection(address, timeout=seconds)


def _is_chunked(request: requests.PreparedRequest) -> bool:
    return request.body is not None and "Content-Length" not in request.headers
