"""The bell and the workers behind it: what is asked for is done, whoever dies on the way."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from logistics import task_kinds, tasks
from logistics.adapters.queues import open_queue
from logistics.models import Task
from tests.logistics.adapters import a_worker
from tests.logistics.systems import a_system

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "notes.txt"


@pytest.fixture
def system(sessions, tmp_path, notes, monkeypatch):
    for name in ("LEASE_SECONDS", "RENEW_SECONDS", "SWEEP_SECONDS"):
        monkeypatch.setattr(tasks, name, getattr(tasks, name))
    monkeypatch.setattr(tasks, "KINDS", dict(tasks.KINDS))
    a_worker.hurry()
    a_worker.teach_mark(notes)
    made = a_system(sessions, tmp_path / "home")
    made = replace(made, queue=open_queue(made.settings))
    yield made
    made.queue.stop()


@pytest.fixture
def start_worker(database_url, tmp_path, notes):
    """Starts a real worker process and waits until it hears the bell."""
    started = []

    def start():
        command = [sys.executable, "-m", "tests.logistics.adapters.a_worker", database_url, tmp_path / "home", notes]
        with (tmp_path / "worker.log").open("a") as log:
            worker = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=log, text=True)
        started.append(worker)
        assert worker.stdout.readline() == "ready\n", (tmp_path / "worker.log").read_text()
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            worker.kill()
        worker.communicate(timeout=10)


def asked(system):
    with system.sessions.begin() as session:
        return tasks.ask(session, "mark", {}, actor="eva", now=system.now())


def row(system, task_id):
    with system.sessions() as session:
        return session.scalar(select(Task).where(Task.id == task_id))


def wait_until(true, *, seconds=15):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.02)


def freeze(worker, system):
    """Stop the process between two of its transactions; inside one it would stop every writer."""
    while True:
        os.kill(worker.pid, signal.SIGSTOP)
        if not holds_a_lock(system):
            return
        os.kill(worker.pid, signal.SIGCONT)
        time.sleep(0.05)


def holds_a_lock(system):
    if system.sessions.dialect == "sqlite":
        with Path(f"{system.sessions.engine.url.database}.queue").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
    with system.sessions.begin() as session:
        try:
            session.execute(text("LOCK TABLE task IN SHARE MODE NOWAIT"))
        except OperationalError:
            session.rollback()
            return True
    return False


def test_a_rung_task_is_done_in_this_process(system, notes):
    notes.with_suffix(".go").touch()
    system.queue.start(system)
    task_id = asked(system)

    system.queue.ring(task_id)

    wait_until(lambda: row(system, task_id).state == "done")
    assert notes.read_text() == f"{os.getpid()} 1\n"


def test_a_task_whose_bell_was_lost_is_done_all_the_same(system, notes):
    notes.with_suffix(".go").touch()
    task_id = asked(system)

    system.queue.start(system)

    wait_until(lambda: row(system, task_id).state == "done")


def test_a_sweep_that_failed_is_made_again_at_once_and_not_at_the_next_turn(system, notes, monkeypatch):
    notes.with_suffix(".go").touch()
    sweeps, real = [], tasks.sweep

    def away_at_first(of):
        sweeps.append(of)
        if len(sweeps) == 1:
            raise OperationalError("SELECT 1", {}, Exception("the database is away"))
        return real(of)

    monkeypatch.setattr(tasks, "sweep", away_at_first)
    monkeypatch.setattr(tasks, "SWEEP_SECONDS", 600)
    task_id = asked(system)

    system.queue.start(system)

    wait_until(lambda: row(system, task_id).state == "done")


def test_a_bell_rung_three_times_does_the_work_once(system, notes):
    notes.with_suffix(".go").touch()
    task_id = asked(system)
    for _ in range(3):
        system.queue.ring(task_id)

    system.queue.start(system)

    wait_until(lambda: row(system, task_id).state == "done")
    last = asked(system)
    system.queue.ring(last)
    wait_until(lambda: row(system, last).state == "done")
    assert len(notes.read_text().splitlines()) == 2


def test_periodic_work_is_done_again_and_again_until_the_queue_stops(system, monkeypatch):
    calls = []
    monkeypatch.setattr(tasks, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(task_kinds, "PERIODIC", (calls.append,))
    system.queue.start(system)
    wait_until(lambda: len(calls) >= 3)

    system.queue.stop()

    told = len(calls)
    time.sleep(0.2)
    assert len(calls) == told
    assert calls[0] is system


def test_slow_periodic_work_keeps_nothing_else_waiting(system, monkeypatch):
    over, calls = threading.Event(), []
    monkeypatch.setattr(tasks, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(task_kinds, "PERIODIC", (lambda _system: over.wait(20), calls.append))

    system.queue.start(system)

    wait_until(lambda: len(calls) >= 3)
    over.set()


def test_stopping_hands_running_work_back_to_the_queue(system, notes):
    task_id = asked(system)
    system.queue.start(system)
    wait_until(notes.exists)

    system.queue.stop()

    assert (row(system, task_id).state, row(system, task_id).attempts) == ("queued", 0)


def test_a_bell_that_cannot_ring_is_no_error_of_the_asker(system, tmp_path, monkeypatch):
    queue = open_queue(replace(system.settings, home=tmp_path / "gone", database_url="sqlite:///nowhere.db"))

    queue.ring("t1")

    assert not (tmp_path / "gone").exists()


def test_killing_the_worker_puts_its_task_back_and_another_worker_ends_it(system, start_worker, notes):
    worker = start_worker()
    task_id = asked(system)
    system.queue.ring(task_id)
    wait_until(notes.exists)

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(5)
    assert row(system, task_id).state == "running"
    notes.with_suffix(".go").touch()
    heir = start_worker()

    wait_until(lambda: row(system, task_id).state == "done")
    done = row(system, task_id)
    assert (done.attempts, done.result) == (2, {"attempt": 2})
    assert notes.read_text().splitlines() == [f"{worker.pid} 1", f"{heir.pid} 2"]


def test_a_worker_told_to_stop_leaves_softly_and_its_task_waits_for_the_next(system, start_worker, notes):
    worker = start_worker()
    task_id = asked(system)
    system.queue.ring(task_id)
    wait_until(notes.exists)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(10) == 0
    assert (row(system, task_id).state, row(system, task_id).attempts) == ("queued", 0)


def test_a_worker_that_was_frozen_past_its_lease_writes_nothing(system, start_worker, notes):
    worker = start_worker()
    task_id = asked(system)
    system.queue.ring(task_id)
    wait_until(lambda: row(system, task_id).progress == {"waiting": True})
    freeze(worker, system)
    time.sleep(a_worker.LEASE_SECONDS + 0.5)
    notes.with_suffix(".go").touch()
    system.queue.start(system)
    wait_until(lambda: row(system, task_id).state == "done")

    os.kill(worker.pid, signal.SIGCONT)
    time.sleep(1)

    assert row(system, task_id).result == {"attempt": 2}
