"""A process killed in the middle of an import leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select

from inventory.models import Address, Employee, Movement
from tests.logistics.imports.files import EMPLOYEES

#: Imports the file, says so on its first breath, and then waits in the open transaction to be killed.
VICTIM = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, {checkout!r})
from logistics import database, imports
from logistics.imports import run
from tests.logistics.systems import a_system

def breathe(facts):
    print("written", facts["rows"], flush=True)
    time.sleep(60)

run.BREATH = 20
system = a_system(database.open_sessions({url!r}), Path({home!r}))
imports.import_file(system, "employees", Path({file!r}), actor="test", on_progress=breathe)
"""


@pytest.mark.parametrize("stroke", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_import_leaves_nothing_and_can_be_told_again(sessions, database_url, system, bring, tmp_path, stroke):
    from tests.conftest import CHECKOUT

    rows = "".join(f"E{n},A,R{n},,,fr,Rue {n},06240,Beausoleil,FR,43.74,7.42\n" for n in range(50))
    told = EMPLOYEES.split("\n")[0] + "\nbad,A,R,nobody,,fr,Rue,06240,Beausoleil,FR,43.74,7.42\n" + rows
    file = tmp_path / "employees.csv"
    file.write_text(told)
    script = VICTIM.format(checkout=str(CHECKOUT), url=database_url, home=str(tmp_path / "home"), file=str(file))
    victim = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert next(line for line in victim.stdout if line.startswith("written")) == "written 20\n"

    os.kill(victim.pid, stroke)
    assert victim.wait(10) != 0

    deadline = time.monotonic() + 10
    while counted(sessions, Employee) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [counted(sessions, table) for table in (Employee, Address, Movement)] == [0, 0, 0]
    assert not (tmp_path / "employees.errors.csv").exists()
    report = bring("employees", told)
    assert (report.created, report.refused) == (50, 1)
    assert [file.name for file in tmp_path.glob("*.part")] == []


def counted(sessions, table):
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table))
