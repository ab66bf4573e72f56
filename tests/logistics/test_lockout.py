"""Guessing is slowed down, whatever process is asked."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from logistics import lockout
from logistics.database import open_sessions
from logistics.models import SignInFailure
from tests.logistics.systems import a_system

TRIES = lockout.LIMITS["login"].tries


@pytest.fixture
def system(sessions, tmp_path, clock):
    return a_system(sessions, tmp_path / "home", now=clock)


def fail(system, times=1, **facts):
    for _ in range(times):
        lockout.begin_try(system, **facts)


def test_so_many_failures_of_a_login_are_judged_and_no_more(system):
    fail(system, TRIES, login="lea", address="192.0.2.1")

    with pytest.raises(lockout.TooManyTries) as refusal:
        lockout.begin_try(system, login="LEA", address="192.0.2.2")

    assert refusal.value.kind == "login"
    lockout.begin_try(system, login="ada", address="192.0.2.1")


def test_waiting_helps_and_asking_meanwhile_does_not_lengthen_the_wait(system, clock):
    fail(system, TRIES, login="lea")
    for _ in range(5):
        clock.wind(minutes=1)
        if clock.now.minute < 5:
            with pytest.raises(lockout.TooManyTries):
                lockout.begin_try(system, login="lea")

    lockout.begin_try(system, login="lea")


def test_an_address_may_fail_more_often_than_a_login(system):
    most = lockout.LIMITS["address"].tries
    for number in range(most):
        lockout.begin_try(system, login=f"user{number}", address="2001:db8:1:2::1")

    with pytest.raises(lockout.TooManyTries) as refusal:
        lockout.begin_try(system, login="another", address="2001:db8:1:2:ffff::9")

    assert refusal.value.kind == "address"
    lockout.begin_try(system, login="another", address="2001:db8:1:3::1")


def test_getting_in_forgets_the_logins_failures_but_not_the_addresss(system):
    fail(system, TRIES - 1, login="lea", address="192.0.2.1")

    lockout.succeeded(system, lockout.begin_try(system, login="lea", address="192.0.2.1"), login="lea")

    fail(system, TRIES, login="lea")
    assert count(system) == TRIES - 1 + TRIES


def count(system):
    with system.sessions() as session:
        return session.scalar(select(func.count()).select_from(SignInFailure))


def test_of_many_tries_at_once_no_more_are_judged_than_allowed(system, database_url, tmp_path, clock):
    others = [a_system(open_sessions(database_url), tmp_path / "home", now=clock) for _ in range(4)]
    judged, gate = [], threading.Barrier(12)

    def one(number):
        gate.wait()
        try:
            lockout.begin_try(others[number % 4], login="lea")
            judged.append(number)
        except lockout.TooManyTries:
            pass

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.sessions.close()

    assert len(judged) <= TRIES


def test_neither_login_nor_address_is_kept(system):
    fail(system, login="lea", address="192.0.2.1")

    with system.sessions() as session:
        kept = session.scalars(select(SignInFailure.subject)).all()

    assert len(set(kept)) == 2
    assert all(len(subject) == 64 for subject in kept)


def test_what_no_window_reaches_is_swept(system, clock):
    fail(system, 3, login="lea")
    clock.wind(seconds=lockout.LONGEST_SECONDS - 1)
    fail(system, 1, login="ada")
    lockout.sweep(system)
    before = count(system)

    clock.wind(seconds=2)
    lockout.sweep(system)

    assert (before, count(system)) == (4, 1)


@pytest.mark.parametrize(("address", "known"), [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::/64"), ("unix:", "unix:"),
])  # fmt: skip
def test_one_reader_is_one_address(address, known):
    assert lockout.network(address) == known
