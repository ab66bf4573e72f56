"""A certificate for trying the product in one's own network: a small authority that vouches for this machine alone.

The authority's key is never written: once it has signed, nobody can make another certificate that a phone would trust
for its sake. It also says in itself for which names it may speak. Not meant for the open internet: there a reverse
proxy gets a certificate that every browser knows.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .errors import AlreadyExists, InvalidRequest

#: Phones refuse a server's certificate that is good for longer.
VALID = timedelta(days=397)
AUTHORITY, CHAIN, KEY = "authority.pem", "certificate.pem", "key.pem"
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Made:
    """Where the files are, for which names they speak, and the fingerprint to compare on the phone."""

    authority: Path
    chain: Path
    key: Path
    hosts: tuple[str, ...]
    fingerprint: str
    ends_at: datetime


def make(folder: Path, hosts: Sequence[str], *, now: datetime) -> Made:
    """Write an authority, a certificate for these names and its key (readable by its owner only) into the folder.

    Args:
        hosts: names and IP addresses by which the machine is reached; those of this machine are not added.

    Raises:
        AlreadyExists: one of the files is there; nothing was written.
        InvalidRequest: no host, or one that is neither a name nor an address.
        OSError: the folder cannot be written.
    """
    names = tuple(dict.fromkeys(_clean(host) for host in hosts))
    if not names:
        raise InvalidRequest("host", "is missing")
    files = {name: folder / name for name in (AUTHORITY, CHAIN, KEY)}
    for file in files.values():
        if file.exists():
            raise AlreadyExists("file", str(file))
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    begins_at, ends_at = now - timedelta(hours=1), now + VALID
    authority = _authority(authority_key, names, begins_at, ends_at)
    leaf = _leaf(key, authority_key, authority, names, begins_at, ends_at)
    folder.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    # The key first, and each file anew: what somebody put there meanwhile is never written into.
    _write(files[KEY], private, mode=0o600)
    _write(files[CHAIN], leaf.public_bytes(pem) + authority.public_bytes(pem), mode=0o644)
    _write(files[AUTHORITY], authority.public_bytes(pem), mode=0o644)
    fingerprint = ":".join(f"{byte:02X}" for byte in authority.fingerprint(hashes.SHA256()))
    return Made(files[AUTHORITY], files[CHAIN], files[KEY], names, fingerprint, ends_at)


def own_names() -> tuple[str, ...]:
    """The names and addresses by which this machine is reached, the address in its network first when it has one."""
    name = socket.gethostname()
    found = [*_network_addresses(), "localhost", "127.0.0.1", "::1", name]
    if name and "." not in name:
        # What phones in the same network call it.
        found.append(f"{name}.local")
    return tuple(dict.fromkeys(one for one in found if _is_address(one) or _HOST.fullmatch(one)))


def _network_addresses() -> list[str]:
    """The address that packets to elsewhere would bear; a documentation address is named and nothing is sent."""
    found = []
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((elsewhere, 9))
            address = str(asked.getsockname()[0])
            if not ipaddress.ip_address(address).is_loopback:
                found.append(address)
    return found


def _authority(key: _Key, names: Sequence[str], begins_at: datetime, ends_at: datetime) -> x509.Certificate:
    subject = _named(f"Tournée, local authority for {names[0]}"[:64])
    return (
        _begun(subject, subject, key, begins_at, ends_at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints([_allowed(name) for name in names], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    key: _Key, authority_key: _Key, authority: x509.Certificate, names: Sequence[str], begins_at: datetime,
    ends_at: datetime,
) -> x509.Certificate:  # fmt: skip
    said = x509.SubjectAlternativeName([_said(name) for name in names])
    return (
        _begun(_named("Tournée"), authority.subject, key, begins_at, ends_at)
        .add_extension(said, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )  # fmt: skip


def _begun(
    subject: x509.Name, issuer: x509.Name, key: _Key, begins_at: datetime, ends_at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(ends_at)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _clean(host: str) -> str:
    bare = host.strip().removeprefix("[").removesuffix("]").rstrip(".").lower()
    if _is_address(bare):
        return str(ipaddress.ip_address(bare))
    # What looks like an address and is none would be taken for a name that nobody can have.
    if len(bare) > 253 or not _HOST.fullmatch(bare) or re.fullmatch(r"[\d.]+", bare):
        raise InvalidRequest("host", "is neither a name nor an address")
    return bare


def _said(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if _is_address(name) else x509.DNSName(name)


def _allowed(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_network(name)) if _is_address(name) else x509.DNSName(name)


def _write(file: Path, content: bytes, *, mode: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
