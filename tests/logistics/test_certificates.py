"""A certificate for one's own network: it says what it should, and can vouch for nothing else."""

from __future__ import annotations

import ipaddress
import json
import os
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from logistics import certificates, cli
from logistics.errors import AlreadyExists, InvalidRequest

HOSTS = ["192.168.1.7", "fd00::7", "Depot.local", "localhost"]


@pytest.fixture
def made(tmp_path, clock):
    return certificates.make(tmp_path / "out", HOSTS, now=clock())


def read(file):
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_it_speaks_for_the_names_and_addresses_it_was_made_for(made):
    said = read(made.chain).extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert said.get_values_for_type(x509.DNSName) == ["depot.local", "localhost"]
    assert [str(one) for one in said.get_values_for_type(x509.IPAddress)] == ["192.168.1.7", "fd00::7"]


def test_the_key_is_its_owners_alone_and_that_of_the_authority_is_nowhere(made):
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert sorted(file.name for file in made.key.parent.iterdir()) == ["authority.pem", "certificate.pem", "key.pem"]
    assert made.key.read_bytes().count(b"PRIVATE KEY-----") == 2
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.chain, made.key)


def test_the_authority_may_speak_for_these_names_alone(made):
    extensions = read(made.authority).extensions
    limits = extensions.get_extension_for_class(x509.NameConstraints)
    allowed = [one.value for one in limits.value.permitted_subtrees]

    assert limits.critical
    assert allowed == [ipaddress.ip_network("192.168.1.7"), ipaddress.ip_network("fd00::7"), "depot.local", "localhost"]
    assert extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert not read(made.chain).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_it_is_not_good_for_longer_than_phones_accept(made, clock):
    leaf = read(made.chain)

    assert leaf.not_valid_before_utc < clock() < leaf.not_valid_after_utc
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days <= 398
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)


@pytest.mark.parametrize("there", ["authority.pem", "certificate.pem", "key.pem"])
def test_nothing_that_is_there_is_overwritten(tmp_path, clock, there):
    (tmp_path / there).write_text("mine")

    with pytest.raises(AlreadyExists):
        certificates.make(tmp_path, HOSTS, now=clock())

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(there, "mine")]


@pytest.mark.parametrize("host", ["", "a b", "-x", "x..y", "http://depot", "256.1.1.1", "*.local", "x" * 64, "é.fr"])
def test_a_host_that_is_none_is_refused(tmp_path, clock, host):
    with pytest.raises(InvalidRequest):
        certificates.make(tmp_path, [host], now=clock())

    assert list(tmp_path.iterdir()) == []


def test_the_machines_own_names_hold_the_loopback_and_are_all_good(tmp_path, clock):
    names = certificates.own_names()

    assert {"localhost", "127.0.0.1", "::1"} <= set(names)
    assert certificates.make(tmp_path, names, now=clock()).hosts


def test_the_command_says_what_to_do_and_shows_the_address_as_a_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))

    assert cli.main(["certificate", "--host", "127.0.0.1", "--host", "depot.local", "--port", "8443"]) == 0

    told = capsys.readouterr().out
    assert "https://depot.local:8443/" in told
    assert "--tls-cert" in told
    assert "\N{FULL BLOCK}" in told
    assert (tmp_path / "home" / "certificates" / "key.pem").exists()


def test_the_command_refuses_a_second_time(tmp_path, capsys):
    words = ["certificate", "--host", "depot.local", "--out", str(tmp_path / "out"), "--json"]
    assert cli.main(words) == 0
    first = json.loads(capsys.readouterr().out)
    before = (tmp_path / "out" / "key.pem").read_bytes()

    assert cli.main(words) == 1

    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "out" / "key.pem").read_bytes() == before
    assert first["hosts"] == ["depot.local"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path, capsys):
    (tmp_path / "file").write_text("")

    assert cli.main(["certificate", "--host", "depot.local", "--out", str(tmp_path / "file" / "x")]) == 1

    assert os.linesep not in capsys.readouterr().err.splitlines()[0]
