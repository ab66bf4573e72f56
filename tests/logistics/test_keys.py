"""Secrets that others know stop the start."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import replace

import pytest

from logistics import cli, keys
from logistics.settings import Settings

STRONG = "4b1f0c9e7a2d5836" * 3


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 't.db'}")


def test_the_first_look_makes_a_key_that_its_owner_alone_may_read(settings):
    made = keys.secret(settings)

    file = settings.home / "secret.key"
    assert (len(made), keys.secret(settings)) == (64, made)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(settings.home) == ["secret.key"]


def test_of_several_processes_that_look_first_all_get_one_key(settings):
    found, gate = [], threading.Barrier(8)

    def look():
        gate.wait()
        found.append(keys.secret(settings))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize(("given", "what"), [
    ("short", "shorter than 32"), ("x" * 64, "repeats"),
    ("abab" * 16, "repeats"), ("changeme-changeme-changeme-1234567", "default"),
    ("django-insecure-1a2b3c4d5e6f7a8b9c0d", "default"), ("REPLACE-ME-with-a-secret-of-yours-please", "default"),
])  # fmt: skip
def test_a_weak_secret_stops_the_start(settings, given, what):
    with pytest.raises(keys.WeakSecret, match=what):
        keys.guard(replace(settings, secret_key=given))


def test_a_strong_secret_is_taken_before_the_file(settings):
    assert keys.secret(replace(settings, secret_key=STRONG)) == STRONG
    assert not (settings.home / "secret.key").exists()


def test_a_key_file_that_others_may_read_stops_the_start(settings):
    keys.secret(settings)
    (settings.home / "secret.key").chmod(0o644)

    with pytest.raises(keys.WeakSecret, match="chmod 600"):
        keys.guard(settings)


def test_a_weak_key_file_stops_the_start(settings):
    file = settings.home / "secret.key"
    file.write_text("secret")
    file.chmod(0o600)

    with pytest.raises(keys.WeakSecret, match="shorter"):
        keys.guard(settings)


@pytest.mark.parametrize(("url", "refused"), [
    ("postgresql://postgres:postgres@db.example/tournee", True), ("postgresql://tournee:tournee@10.0.0.5/t", True),
    ("postgresql://u:changeme@db/t", True),
    ("postgresql+psycopg://u:Password@db/t", True), ("postgresql://u:@db/t", True),
    ("postgresql://u:9fKq2_vLx7@db.example/t", False), ("postgresql://postgres:postgres@localhost/t", False),
    ("postgresql://postgres:postgres@127.0.0.1/t", False), ("postgresql://postgres:postgres@[::1]/t", False),
    ("postgresql://u@db/t", False), ("sqlite:////tmp/t.db", False),
])  # fmt: skip
def test_a_known_database_password_stops_the_start_unless_the_database_is_here(settings, url, refused):
    chosen = replace(settings, database_url=url)

    if refused:
        with pytest.raises(keys.WeakSecret, match="TOURNEE_DATABASE_URL"):
            keys.guard(chosen)
    else:
        keys.guard(chosen)


def test_a_command_says_in_one_line_what_is_weak_and_how_to_mend_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOURNEE_SECRET_KEY", "changeme")

    code = cli.main(["user", "list"])

    told = capsys.readouterr().err.strip().split("\n")
    assert code == 1
    assert len(told) == 1
    assert "TOURNEE_SECRET_KEY is shorter than 32 characters. Set a random one" in told[0]
    assert "changeme" not in told[0]


def test_settings_do_not_show_their_secrets(settings):
    told = replace(
        settings, secret_key=STRONG, mail_url="mailto://u:pw-mail@h", oidc_client_secret="pw-oidc",
        database_url="postgresql://u:pw-db@h/t",
    )  # fmt: skip

    assert not [secret for secret in (STRONG, "pw-mail", "pw-oidc", "pw-db") if secret in repr(told)]


def test_each_use_has_a_key_of_its_own(settings):
    assert len({keys.derived(settings, use) for use in ("sessions", "seal", "tries:login")}) == 3
