"""The files of docs/serving: what they name is there, what they run runs, and they agree with the settings.

No image is built here and no unit is started: that needs a machine of one's own. Whatever can be held without one is.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from logistics import cli
from logistics.settings import Settings
from run import python, script
from tests.conftest import CHECKOUT

FOLDER = CHECKOUT / "docs" / "serving"
UNITS = sorted((*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")))
SERVICES = sorted(FOLDER.glob("*.service"))
#: Every file that can be handed on: none names where packages come from.
FILES = sorted(file for file in FOLDER.iterdir() if file.is_file())
SECTIONS = {"Unit", "Service", "Timer", "Install"}
#: What each service must say to be of no use to whoever breaks into it.
HARDENING = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes",
    "SystemCallFilter": "@system-service", "UMask": "0077", "User": "tournee",
}  # fmt: skip


class Repeated(dict):
    """A section in which a key may stand several times."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def unit(file):
    parser = configparser.RawConfigParser(strict=False, dict_type=Repeated, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str
    parser.read_string(file.read_text())
    return {name: {key: value.split("\n") for key, value in parser[name].items()} for name in parser.sections()}


def instructions():
    """The steps of the container file: a word and its arguments."""
    joined = re.sub(r"\\\n\s*", " ", (FOLDER / "Containerfile").read_text())
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def commands_of(service):
    return [shlex.split(one) for one in unit(service)["Service"]["ExecStart"] if one]


def test_there_are_units_for_pages_work_and_backup():
    assert {file.name for file in UNITS} == {
        "tournee-web.service", "tournee-worker.service", "tournee-backup.service", "tournee-backup.timer"
    }  # fmt: skip


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_is_written_as_systemd_reads_it(file):
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]

    assert [line for line in lines if not re.fullmatch(r"\[\w+\]|[A-Z]\w*=.*", line)] == []
    assert set(unit(file)) <= SECTIONS


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_itself_finds_nothing_but_what_is_not_installed(file, tmp_path):
    copy = tmp_path / file.name
    for one in UNITS:
        (tmp_path / one.name).write_text(one.read_text())

    told = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False, timeout=60
    )

    ours = [line for line in told.stderr.splitlines() if "tournee" in line]
    assert [line for line in ours if "is not executable: No such file" not in line] == []


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_service_is_of_no_use_to_whoever_breaks_in(file):
    said = unit(file)["Service"]

    assert {key: said.get(key, ["missing"])[-1] for key in HARDENING} == HARDENING


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_service_runs_commands_of_ours_that_exist(file):
    for command in commands_of(file):
        words = shlex.split(command[-1]) if command[:2] == ["/bin/sh", "-c"] else command
        words = words[1:] if words[0] == "exec" else words
        if not words[0].startswith("/opt/tournee/"):
            assert shutil.which(Path(words[0]).name), words[0]
            continue
        name = Path(words[0]).name
        assert words[0] == f"/opt/tournee/.venv/bin/{name}"
        assert Path(script(name)).exists() or Path(sys.executable).with_name(name).exists()
        if name == "tournee":
            # The parser leaves with 2 when it does not know the command.
            with pytest.raises(SystemExit) as left:
                cli.main([words[1], "--help"])
            assert left.value.code == 0


def test_the_stop_of_a_unit_is_longer_than_what_it_waits_for():
    from logistics.adapters import queues

    conf = _gunicorn_conf()
    web, worker = (unit(FOLDER / f"tournee-{name}.service")["Service"] for name in ("web", "worker"))

    assert int(web["TimeoutStopSec"][0]) > conf["graceful_timeout"]
    assert int(worker["TimeoutStopSec"][0]) > 2 * queues.GRACE_SECONDS
    assert web["KillMode"] == worker["KillMode"] == ["mixed"]


def test_the_settings_that_files_name_exist():
    known = {f"TOURNEE_{field.name.upper()}" for field in fields(Settings)}
    named = {name for file in FILES for name in re.findall(r"\bTOURNEE_[A-Z_]+\b", file.read_text())}

    assert named - known == set()


def test_the_example_of_settings_is_understood_and_leaves_the_work_to_the_worker(tmp_path):
    lines = [line for line in (FOLDER / "tournee.env.example").read_text().splitlines() if not line.startswith("#")]
    read = Settings.from_environment(dict(line.split("=", 1) for line in lines))

    assert (read.worker, read.secure_cookies) == ("worker", "always")
    assert read.trusted_proxies == "127.0.0.1"
    assert read.bind.startswith("127.0.0.1:")


def test_the_proxies_let_every_allowed_upload_through_and_set_what_the_app_believes():
    nginx, caddy = (FOLDER / "nginx.conf").read_text(), (FOLDER / "Caddyfile").read_text()
    allowed = Settings.from_environment({}).upload_limit_bytes
    bind = Settings.from_environment({}).bind

    assert int(re.search(r"client_max_body_size (\d+)m;", nginx)[1]) * 2**20 > allowed
    assert int(re.search(r"max_size (\d+)MB", caddy)[1]) * 10**6 > allowed
    assert f"http://{bind};" in nginx
    assert f"reverse_proxy {bind} {{" in caddy
    for header, value in {"X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme", "Host": "$host"}.items():
        assert re.search(rf"proxy_set_header {header} +{re.escape(value)};", nginx)


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_the_blocks_of_a_proxy_file_close(name):
    text = re.sub(r"#.*", "", (FOLDER / name).read_text())
    text = re.sub(r"\{http\.request\.uuid\}", "", text)

    assert text.count("{") == text.count("}") > 0
    if name == "nginx.conf":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert [line for line in lines if not line.endswith((";", "{", "}"))] == []


# --- the container ----------------------------------------------------------------------------------------------------


def test_every_path_the_image_copies_is_in_the_repository():
    tracked = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    files = tracked.stdout.splitlines()
    copied = []
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            copied += shlex.split(rest)[:-1]

    assert [path for path in copied if not any(f == path or f.startswith(f"{path}/") for f in files)] == []
    assert {"routing", "inventory", "logistics", "webapp", "requirements.lock", "run.py"} <= set(copied)


def test_the_image_copies_all_that_its_set_up_reads():
    from run import RUNTIME, UV_LOCK

    copied = " ".join(rest for word, rest in instructions() if word == "COPY")

    for needed in (RUNTIME, UV_LOCK, "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md"):
        assert needed in copied
    ignored = (FOLDER / "Containerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            assert [path for path in shlex.split(rest)[:-1] if f"!{path}" not in ignored] == []


def test_every_command_of_the_image_exists_and_is_understood(tmp_path):
    run = [json.loads(rest) for word, rest in instructions() if word == "RUN"]
    start = next(json.loads(rest) for word, rest in instructions() if word == "CMD")

    assert run[0] == ["python3", "run.py", "setup"]
    assert all(shutil.which(words[0]) for words in run)
    checked = subprocess.run(
        [python() if Path(python()).exists() else sys.executable, "-m", *start, "--check-config"], cwd=CHECKOUT,
        env=os.environ | {"TOURNEE_HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_lives():
    words = [word for word, _ in instructions()]
    by_word = dict(instructions())

    assert by_word["USER"] == "10001"
    assert words.index("USER") < words.index("HEALTHCHECK") < len(words) - 1
    assert "/healthz" in by_word["HEALTHCHECK"]
    assert not any(word == "ADD" for word in words)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_names_where_packages_come_from(file):
    text = file.read_text().lower()

    assert re.findall(r"\b(?:[a-z0-9-]+\.)*(?:docker|pypi|npmjs|ghcr|quay)\.(?:io|org|com)\b", text) == []


def _gunicorn_conf():
    told = subprocess.run(
        [sys.executable, "-c", "import runpy, json; c = runpy.run_path('webapp/gunicorn_conf.py');"
         "print(json.dumps({k: v for k, v in c.items() if isinstance(v, (int, str, bool, type(None)))}))"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    return json.loads(told.stdout)


def test_gunicorn_leaves_solving_to_the_worker_and_loads_nothing_before_it_forks():
    conf = _gunicorn_conf()

    assert (conf["worker_class"], conf["preload_app"], conf["accesslog"]) == ("gthread", False, None)
    assert conf["timeout"] > 0
    assert conf["graceful_timeout"] > 0
    assert conf["forwarded_allow_ips"] == ""
    assert conf["workers"] == Settings.from_environment({}).web_workers
