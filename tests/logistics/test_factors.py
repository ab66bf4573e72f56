"""Codes beside the password, each good for once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import select

from logistics import factors, keys, users
from logistics.errors import UnknownRecord
from logistics.models import RecoveryCode, SecondFactor
from tests.logistics.systems import a_system


@pytest.fixture
def system(sessions, tmp_path, clock):
    made = a_system(sessions, tmp_path / "home", now=clock)
    with sessions.begin() as session:
        users.put_user(session, login="lea", role="agent", name="Léa Roux")
    return made


@pytest.fixture
def secret(system, clock):
    """The secret of a confirmed generator; its first code was used a minute ago."""
    with system.sessions.begin() as session:
        factors.begin_generator(session, system.settings, lea(session), name="phone", now=clock())
        told, _ = factors.generator_to_confirm(session, system.settings, lea(session))
        factors.confirm_generator(session, system.settings, lea(session), code(told, clock), now=clock())
    clock.wind(minutes=1)
    return told


def lea(session):
    return users.account_of(session, "lea")


def code(secret, clock, steps=0):
    return pyotp.TOTP(secret).at(clock.now, counter_offset=steps)


def check(system, typed, settings=None):
    with system.sessions.begin() as session:
        factors.check_code(session, settings or system.settings, lea(session), typed, now=system.now())


def test_a_generator_counts_once_its_first_code_was_typed(system, clock):
    with system.sessions.begin() as session:
        factors.begin_generator(session, system.settings, lea(session), name="phone", now=clock())
        secret, address = factors.generator_to_confirm(session, system.settings, lea(session))
        before = lea(session)

        with pytest.raises(factors.CodeRefused):
            factors.confirm_generator(session, system.settings, before, "000000", now=clock())
        factors.confirm_generator(session, system.settings, before, code(secret, clock), now=clock())

        assert (before.has_second_factor, lea(session).has_second_factor) == (False, True)
        assert lea(session).stamp != before.stamp
        assert address.startswith("otpauth://totp/")


def test_a_code_opens_once(system, secret, clock):
    check(system, code(secret, clock))

    with pytest.raises(factors.CodeRefused):
        check(system, code(secret, clock))
    clock.wind(seconds=30)
    with pytest.raises(factors.CodeRefused):
        check(system, code(secret, clock, steps=-1))
    check(system, code(secret, clock))


def test_the_code_that_confirmed_the_generator_opens_nothing(system, secret, clock):
    clock.wind(minutes=-1)

    with pytest.raises(factors.CodeRefused):
        check(system, code(secret, clock))


@pytest.mark.parametrize("spell", [
    lambda told: f" {told[:3]} {told[3:]}\t",
    lambda told: f"{told[:3]}-{told[3:]}",
    lambda told: "".join(chr(ord(digit) + 0xFEE0) for digit in told),
])  # fmt: skip
def test_another_spelling_of_a_used_code_opens_nothing_either(system, secret, clock, spell):
    told = code(secret, clock)
    check(system, spell(told))

    for again in (told, spell(told)):
        with pytest.raises(factors.CodeRefused):
            check(system, again)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(system, secret, clock, steps, taken):
    clock.wind(minutes=5)
    if taken:
        check(system, code(secret, clock, steps))
    else:
        with pytest.raises(factors.CodeRefused):
            check(system, code(secret, clock, steps))


def test_of_many_who_send_one_code_at_once_one_gets_in(system, secret, clock):
    told, ended = code(secret, clock), []

    def one():
        try:
            check(system, told)
            ended.append("in")
        except factors.CodeRefused:
            ended.append("out")

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == ["in"] + ["out"] * 5


def test_the_secret_is_sealed_with_the_installations_key(system, secret):
    with system.sessions() as session:
        sealed = session.scalars(select(SecondFactor.secret)).one()
    other = replace(system.settings, secret_key="0f9a" + "3b7c1d5e" * 8)

    assert secret not in sealed
    assert keys.unseal(system.settings, sealed) == secret
    with pytest.raises(keys.NotOurs):
        keys.unseal(other, sealed)


def test_a_printed_code_opens_once_however_it_is_typed(system, secret):
    with system.sessions.begin() as session:
        codes = factors.print_codes(session, system.settings, lea(session))

    check(system, f"  {codes[0].upper().replace('-', ' ')} ")

    with pytest.raises(factors.CodeRefused):
        check(system, codes[0])
    check(system, codes[1])
    with system.sessions() as session:
        assert factors.codes_left(session, lea(session).id) == factors.RECOVERY_CODES - 2
        kept = session.scalars(select(RecoveryCode.digest)).all()
    assert len(set(codes)) == 10
    assert not any(told.replace("-", "") in digest for told in codes for digest in kept)


def test_codes_printed_anew_end_the_earlier_ones(system, secret):
    with system.sessions.begin() as session:
        old = factors.print_codes(session, system.settings, lea(session))
        new = factors.print_codes(session, system.settings, lea(session))

    with pytest.raises(factors.CodeRefused):
        check(system, old[0])
    check(system, new[0])


def test_anothers_printed_code_opens_nothing(system, secret):
    with system.sessions.begin() as session:
        users.put_user(session, login="ada", role="admin", name="Ada")
        theirs = factors.print_codes(session, system.settings, users.account_of(session, "ada"))

    with pytest.raises(factors.CodeRefused):
        check(system, theirs[0])


def test_with_the_last_factor_go_the_printed_codes(system, secret):
    with system.sessions.begin() as session:
        factors.print_codes(session, system.settings, lea(session))
        (only,) = factors.factors(session, lea(session).id)

        factors.remove(session, system.settings, lea(session), only.id, now=system.now())

        assert factors.codes_left(session, lea(session).id) == 0
        assert not lea(session).has_second_factor


def test_nobody_removes_anothers_factor(system, secret):
    with system.sessions.begin() as session:
        users.put_user(session, login="eve", role="agent", name="Eve")
        (theirs,) = factors.factors(session, lea(session).id)

        with pytest.raises(UnknownRecord):
            factors.remove(session, system.settings, users.account_of(session, "eve"), theirs.id, now=system.now())


@pytest.mark.parametrize(("policy", "role", "must"), [
    ("off", "agent", False), ("optional", "agent", False), ("staff", "agent", True), ("staff", "courier", True),
    ("staff", "employee", False),
])  # fmt: skip
def test_the_policy_says_who_must_have_one(system, policy, role, must):
    settings = replace(system.settings, second_factor=policy)
    with system.sessions() as session:
        account = replace(lea(session), role=role)

    assert factors.must_enrol(settings, account) is must
    assert not factors.must_enrol(settings, replace(account, has_second_factor=True))
    assert factors.is_asked(settings, replace(account, has_second_factor=True)) is (policy != "off")
