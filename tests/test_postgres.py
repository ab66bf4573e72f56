"""The test server itself: fresh databases, and no trace of runs that were killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg

from tests import memory, postgres

_RUN_THAT_IS_KILLED = """
import os, signal
from tests import postgres
with postgres.server() as server:
    print(server.create(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_empty_database_is_fresh_for_each_test(empty_database_url):
    assert "empty" in empty_database_url or f"{postgres.PREFIX}{os.getpid()}_" in empty_database_url


def test_a_killed_test_run_leaves_no_database_to_the_next(postgresql_server):
    killed = subprocess.run([sys.executable, "-c", _RUN_THAT_IS_KILLED], capture_output=True, text=True)
    left_behind = killed.stdout.strip()

    postgresql_server.prepare()

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert left_behind.startswith(postgres.PREFIX)
    with psycopg.connect(postgresql_server.url("postgres").replace("+psycopg", "")) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
    assert left_behind not in names


def test_the_list_of_users_forgets_the_dead(tmp_path):
    note = tmp_path / "users.json"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    alive = psutil.Process().parent().pid
    note.write_text(json.dumps([dead.pid, alive]))

    postgres._forget_the_dead(note)

    assert json.loads(note.read_text()) == [alive]


def test_where_memory_has_no_room_the_temporary_folder_does(monkeypatch, tmp_path):
    has_room = memory._will_do(tmp_path)
    monkeypatch.setattr(memory, "ROOM", 10**18)

    assert has_room == (shutil.disk_usage(tmp_path).free >= 3 * 2**30)
    assert not memory._will_do(tmp_path)
    assert not memory._will_do(tmp_path / "absent")
    assert memory.folder.__wrapped__() == Path(tempfile.gettempdir())
