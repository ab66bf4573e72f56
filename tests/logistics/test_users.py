"""Who may sign in."""

from __future__ import annotations

import time

import pytest

from inventory.errors import InventoryError
from logistics import users
from logistics.errors import AlreadyExists, InvalidRequest, UnknownRecord
from logistics.models import User


def a_user(session, login="ada", password="long enough 1", **facts):
    return users.add_user(
        session, login=login, role=facts.pop("role", "coordinator"), name="A", password=password, **facts
    )


def test_the_right_password_signs_in_and_the_wrong_one_does_not(session):
    a_user(session)

    account = users.sign_in(session, " ADA ", "long enough 1")

    assert (account.login, account.role, account.has_password) == ("ada", "coordinator", True)
    with pytest.raises(users.SignInRefused):
        users.sign_in(session, "ada", "long enough 2")


def test_a_stored_password_cannot_be_read_back(session):
    made, twin = a_user(session), a_user(session, login="eve")

    assert made.password_hash.startswith("$argon2id$")
    assert "long enough" not in made.password_hash
    assert made.password_hash != twin.password_hash


def test_unknown_login_wrong_password_and_closed_account_look_alike(session):
    a_user(session)
    closed = a_user(session, login="old")
    closed.is_active = False
    session.flush()
    said = set()

    for login, password in (("ada", "wrong wrong 1"), ("nobody", "long enough 1"), ("old", "long enough 1"), ("", "x")):
        with pytest.raises(users.SignInRefused) as refusal:
            users.sign_in(session, login, password)
        said.add(str(refusal.value))

    assert len(said) == 1


def test_an_unknown_login_takes_as_long_as_a_wrong_password(session):
    a_user(session)

    def seconds(login):
        best = 9.0
        for _ in range(3):
            began = time.perf_counter()
            with pytest.raises(users.SignInRefused):
                users.sign_in(session, login, "wrong wrong 1")
            best = min(best, time.perf_counter() - began)
        return best

    seconds("nobody")  # the stand-in hash is made once
    assert seconds("nobody") > seconds("ada") / 3


def test_an_account_without_password_cannot_sign_in(session):
    users.put_user(session, login="new", role="agent", name="N")

    with pytest.raises(users.SignInRefused):
        users.sign_in(session, "new", "")


def test_a_new_password_changes_the_stamp_so_that_old_sign_ins_end(session):
    before = users.account(session, a_user(session).id)

    users.set_password(session, "ada", "another long one")

    after = users.sign_in(session, "ada", "another long one")
    assert after.stamp != before.stamp
    with pytest.raises(users.SignInRefused):
        users.sign_in(session, "ada", "long enough 1")


def test_telling_the_same_user_twice_changes_nothing(session):
    first, _ = users.put_user(session, login="ada", role="agent", name="A", sites=frozenset({"BEA"}))
    second, _ = users.put_user(session, login="ADA", role="agent", name="A", sites=frozenset({"BEA"}))
    third, row = users.put_user(session, login="ada", role="auditor", name="A", sites=frozenset({"BEA"}))

    assert (first, second, third) == ("created", "unchanged", "updated")
    assert row.role == "auditor"
    assert session.query(User).count() == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"role": "king"}, "role"),
        ({"login": "two words"}, "login"),
        ({"login": "  "}, "login"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 201}, "password"),
        ({"role": "employee"}, "employee_number"),
        ({"role": "admin", "sites": frozenset({"BEA"})}, "sites"),
    ],
)
def test_a_user_that_cannot_be_is_refused_by_field(session, facts, field):
    with pytest.raises(InvalidRequest) as refusal:
        a_user(session, **facts)

    assert refusal.value.field == field
    assert refusal.value.code == ("sites-not-for-role" if field == "sites" else "invalid-request")
    assert session.query(User).count() == 0


def test_taken_logins_and_unknown_records_are_named(session):
    a_user(session)

    with pytest.raises(AlreadyExists):
        a_user(session, login="Ada")
    with pytest.raises((UnknownRecord, InventoryError)):
        a_user(session, login="bob", role="courier", van_code="V9")
    with pytest.raises((UnknownRecord, InventoryError)):
        a_user(session, login="bob", role="employee", employee_number="E9")


def test_random_passwords_are_accepted_and_differ():
    made = {users.random_password() for _ in range(50)}

    assert len(made) == 50
    assert all(users.hash_password(one) for one in list(made)[:2])
