"""Links by which somebody chooses a password."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from logistics import invitations, outbox, users
from logistics.errors import WrongState
from logistics.mails import NoMail
from logistics.models import AccountLink, OutboxMessage
from tests.logistics.systems import a_system

NEW = users.hash_password("quiet river stone")


@pytest.fixture
def system(sessions, tmp_path, clock):
    made = a_system(sessions, tmp_path / "home", now=clock)
    with sessions.begin() as session:
        users.put_user(session, login="lea", role="agent", name="Léa Roux")
        users.set_email(session, "lea", "lea@example.org")
    return made


def a_link(system, purpose="invite", **facts):
    make = invitations.invite if purpose == "invite" else invitations.reset
    with system.sessions.begin() as session:
        return make(session, system.settings, "lea", made_by="ada", now=system.now(), **facts)


def token_of(link):
    return link.path.rpartition("/")[2]


def redeem(system, link, purpose=None, token=None):
    with system.sessions.begin() as session:
        return invitations.redeem(
            session, purpose or link.purpose, token or token_of(link), NEW, now=system.now()
        )


def test_a_link_sets_the_password_once(system):
    link = a_link(system)

    redeem(system, link)

    with system.sessions() as session:
        assert users.sign_in(session, "lea", "quiet river stone").login == "lea"
    with pytest.raises(invitations.LinkRefused):
        redeem(system, link)


def test_a_token_has_256_bits_and_only_a_hash_of_it_is_kept(system):
    tokens = {token_of(a_link(system)) for _ in range(20)}

    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens)
    with system.sessions() as session:
        kept = " ".join(session.scalars(select(AccountLink.digest)))
    assert not any(token in kept for token in tokens)


def expired(system, clock, link):
    clock.wind(hours=72, seconds=1)


def spent(system, clock, link):
    redeem(system, link)


def replaced(system, clock, link):
    a_link(system, "reset")


def closed(system, clock, link):
    with system.sessions.begin() as session:
        users.set_active(session, "lea", active=False)


def password_changed_by_another_link(system, clock, link):
    redeem(system, a_link(system, "reset"))


@pytest.mark.parametrize("how", [expired, spent, replaced, closed, password_changed_by_another_link])
def test_a_link_that_does_not_hold_is_refused_alike_whatever_the_reason(system, clock, how):
    link = a_link(system)
    how(system, clock, link)

    with pytest.raises(invitations.LinkRefused) as refusal, system.sessions() as session:
        invitations.holder(session, "invite", token_of(link), now=system.now())

    assert str(refusal.value) == "the link does not hold"


def test_a_link_holds_until_its_last_second(system, clock):
    link = a_link(system)
    clock.wind(hours=71, minutes=59, seconds=59)

    assert redeem(system, link).has_password


def test_an_invitation_is_unknown_to_resets(system):
    link = a_link(system, "invite")

    with pytest.raises(invitations.LinkRefused):
        redeem(system, link, purpose="reset")
    assert redeem(system, link).login == "lea"


def test_of_several_who_use_a_link_at_once_one_gets_in(system):
    link, ended = a_link(system), []

    def use():
        try:
            redeem(system, link)
            ended.append("in")
        except invitations.LinkRefused:
            ended.append("out")

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == ["in"] + ["out"] * 5


def test_using_a_link_ends_every_sign_in(system):
    with system.sessions() as session:
        before = users.account_of(session, "lea").stamp

    after = redeem(system, a_link(system, "reset")).stamp

    assert after != before


def test_a_closed_account_gets_no_link(system):
    closed(system, None, None)

    with pytest.raises(WrongState):
        a_link(system)


def test_the_address_comes_from_the_settings_or_is_left_out(system):
    away = replace(system, settings=replace(system.settings, base_url="https://tournee.example.org/"))

    near, far = a_link(system), a_link(away)

    assert near.url is None
    assert far.url == f"https://tournee.example.org{far.path}"


def test_a_mail_is_said_in_the_same_transaction(system):
    settings = replace(system.settings, base_url="https://t.example", mail_url="mailto://localhost")
    reaching = replace(system, settings=settings)

    with pytest.raises(ZeroDivisionError), reaching.sessions.begin() as session:
        invitations.invite(session, settings, "lea", made_by="ada", now=system.now(), by_mail=True)
        raise ZeroDivisionError
    assert waiting(system) == []
    link = a_link(reaching, by_mail=True)

    assert link.mailed_to == "lea@example.org"
    (message,) = waiting(system)
    assert (message.recipient, message.payload["link"]) == ("lea@example.org", link.url)


def waiting(system):
    with system.sessions() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.state == "waiting")).all()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "mail-not-set"),
        ({"mail_url": "mailto://localhost"}, "base-url-not-set"),
        ({"mail_url": "mailto://localhost", "base_url": "https://t.example"}, "no-email"),
    ],
)
def test_a_mail_that_cannot_go_is_refused_and_makes_no_link(system, settings, why):
    with system.sessions.begin() as session:
        users.set_email(session, "lea", "" if why == "no-email" else "lea@example.org")
    changed = replace(system, settings=replace(system.settings, **settings))

    with pytest.raises(NoMail) as refusal:
        a_link(changed, by_mail=True)

    assert refusal.value.why == why
    with system.sessions() as session:
        assert session.scalars(select(AccountLink)).all() == []
        assert outbox.backlog(session).waiting == 0
