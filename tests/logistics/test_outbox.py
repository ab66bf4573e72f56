"""Messages leave after the deed, at least once, and nothing about anybody stays behind."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from logistics import forgotten, invitations, mails, outbox, users
from logistics.adapters.notifiers import MailNotifier, open_notifier
from logistics.errors import InvalidRequest
from logistics.models import AccountLink, OutboxMessage
from logistics.ports import NotSent
from logistics.system import Keeper
from tests.logistics.adapters import mail_server
from tests.logistics.systems import a_system

FACTS = {"language": "en", "first_name": "Léa", "link": "https://t.example/welcome/abc", "hours": 72}


class Carrier:
    """Keeps what it is handed; fails as often as it is told."""

    sends = True

    def __init__(self, fails=0):
        self.fails, self.carried = fails, []

    def send(self, recipient, subject, text):
        if self.fails:
            self.fails -= 1
            raise NotSent("mail-refused")
        self.carried.append((recipient, subject, text))


@pytest.fixture
def system(sessions, tmp_path, clock):
    made = a_system(sessions, tmp_path / "home", now=clock)
    settings = replace(made.settings, base_url="https://t.example", mail_url="mailto://localhost")
    with sessions.begin() as session:
        users.put_user(session, login="lea", role="agent", name="Léa Roux", language="fr")
        users.set_email(session, "lea", "lea@example.org")
    return replace(made, settings=settings, notifier=Carrier())


def say(system, key="one", recipient="lea@example.org", kind="invite", **facts):
    with system.sessions.begin() as session:
        return outbox.say(
            session, key=key, kind=kind, recipient=recipient, payload=FACTS | facts, now=system.now()
        )


def rows(system):
    with system.sessions() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def test_a_message_is_sent_once_and_emptied(system):
    say(system)

    sent = [outbox.send_due(system), outbox.send_due(system)]

    assert sent == [1, 0]
    ((recipient, subject, text),) = system.notifier.carried
    assert (recipient, subject) == ("lea@example.org", "Your account in Tournée")
    assert "Hello Léa," in text
    assert "https://t.example/welcome/abc" in text
    (row,) = rows(system)
    assert (row.state, row.recipient, row.payload) == ("sent", "", {})


def test_the_same_key_is_one_message(system):
    assert [say(system), say(system)] == [True, False]
    assert len(rows(system)) == 1


def test_what_is_said_in_a_transaction_that_fails_is_not_sent(system):
    with pytest.raises(ZeroDivisionError), system.sessions.begin() as session:
        outbox.say(session, key="k", kind="invite", recipient="a@b.example", payload=FACTS, now=system.now())
        raise ZeroDivisionError

    assert outbox.send_due(system) == 0
    assert rows(system) == []


def test_failures_are_tried_again_later_and_later_and_then_given_up(system, clock):
    say(system)
    system.notifier.fails = 99
    pauses = []

    while rows(system)[0].state == "waiting":
        outbox.send_due(system)
        if rows(system)[0].state == "waiting":
            pause = rows(system)[0].next_try_at - clock.now
            clock.wind(seconds=-1)
            clock.wind(seconds=pause.total_seconds())
            assert outbox.send_due(system) == 0
            pauses.append(int(pause.total_seconds()))
            clock.wind(seconds=1)

    (row,) = rows(system)
    assert tuple(pauses) == outbox.PAUSES_SECONDS
    assert (row.state, row.error_code, row.recipient, row.payload) == ("failed", "mail-refused", "", {})
    with system.sessions() as session:
        assert (outbox.backlog(session).failed, outbox.backlog(session).last_error) == (1, "mail-refused")


def test_one_that_fails_does_not_keep_the_others_back(system, clock):
    say(system, "one")
    say(system, "two")
    system.notifier.fails = 1

    went = [outbox.send_due(system), outbox.send_due(system)]

    assert went == [0, 1]
    assert [row.state for row in rows(system)] == ["waiting", "sent"]


def test_a_worker_that_died_over_a_message_leaves_it_to_the_next(system, clock):
    say(system)
    dying = replace(system, notifier=type("Dying", (), {"sends": True, "send": lambda *_: _die()})())
    with pytest.raises(KeyboardInterrupt):
        outbox.send_due(dying)

    at_once = outbox.send_due(system)
    clock.wind(minutes=5)
    later = outbox.send_due(system)

    assert (at_once, later) == (0, 1)


def _die():
    raise KeyboardInterrupt


def test_two_workers_do_not_send_the_same_message(system):
    for number in range(6):
        say(system, f"key-{number}")
    threads = [threading.Thread(target=outbox.send_due, args=(system,)) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(system.notifier.carried) == 6


def test_without_mail_messages_wait_and_expire_emptied(system, clock):
    say(system)
    alone = replace(system, notifier=Keeper())

    outbox.send_due(alone)
    assert rows(system)[0].state == "waiting"
    clock.wind(hours=72, seconds=1)
    outbox.send_due(alone)

    assert (rows(system)[0].state, rows(system)[0].error_code, rows(system)[0].recipient) == ("failed", "expired", "")
    clock.wind(days=31)
    outbox.send_due(alone)
    assert rows(system) == []


@pytest.mark.parametrize("recipient", ["a@b.example\r\nBcc: c@d.example", "a@b.example\nx", "a@b.example\x00"])
def test_a_recipient_that_would_begin_a_second_line_is_refused(system, recipient):
    with pytest.raises(InvalidRequest):
        say(system, recipient=recipient)

    assert rows(system) == []


def test_a_kind_nobody_knows_is_refused(system):
    with pytest.raises(InvalidRequest):
        say(system, kind="poem")


@pytest.mark.parametrize("kind", mails.KINDS)
def test_a_mail_holds_the_first_name_and_no_line_that_a_name_could_add(kind):
    subject, text = mails.written(kind, FACTS | {"language": "fr", "first_name": "Léa"})

    assert "\n" not in subject
    assert text.startswith("Bonjour Léa,\n")
    assert subject != mails.written(kind, FACTS)[0]


def test_a_name_with_line_ends_stays_on_its_line(system):
    with system.sessions.begin() as session:
        users.user(session, "lea").name = "Lea\r\nBcc:x@y.example"
        facts = mails.facts_of(users.account_of(session, "lea"), system.settings)

    assert facts["first_name"] == "Lea"


# --- a real mail server ----------------------------------------------------------------------------------------------


def by_mail(system, port):
    return replace(system, notifier=MailNotifier(f"mailto://127.0.0.1:{port}?from=tournee@example.org"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_is_down_refuses_or_is_slow_gets_the_mail_once_it_is_well(system, clock, monkeypatch):
    monkeypatch.setattr("logistics.adapters.notifiers.ANSWER_SECONDS", 1)
    port, taker = mail_server.free_port(), mail_server.Taker()
    mailing = by_mail(system, port)
    with system.sessions.begin() as session:
        link = invitations.invite(session, system.settings, "lea", made_by="ada", now=clock(), by_mail=True)

    down = outbox.send_due(mailing)
    clock.wind(hours=1)
    with mail_server.running(taker, port):
        taker.refuses = True
        refused = outbox.send_due(mailing)
        clock.wind(hours=1)
        taker.refuses, taker.waits_seconds = False, 2.5
        slow = outbox.send_due(mailing)
        clock.wind(hours=1)
        taker.waits_seconds = 0
        well = outbox.send_due(mailing)

    assert (down, refused, slow, well) == (0, 0, 0, 1)
    recipients, message = taker.taken[-1]
    assert recipients == ["lea@example.org"]
    assert link.url in mail_server.text_of(message)
    assert "Bonjour Léa," in mail_server.text_of(message)
    assert "Roux" not in message.as_string() + mail_server.text_of(message)
    assert rows(system)[0].recipient == ""


@pytest.mark.parametrize("url", ["http://example.org", "mailto://", "nonsense", "mailto://:99999999"])
def test_an_address_that_is_no_mail_server_is_refused_at_the_start(system, url):
    with pytest.raises(InvalidRequest):
        open_notifier(replace(system.settings, mail_url=url))


# --- forgotten passwords ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["lea", " LEA ", "lea@example.org", "Lea@Example.org"])
def test_who_forgot_the_password_gets_a_link_by_login_or_address(system, typed):
    with system.sessions.begin() as session:
        forgotten.ask(session, typed, now=system.now())

    outbox.send_due(system)
    outbox.send_due(system)

    ((recipient, subject, text),) = system.notifier.carried
    assert (recipient, subject) == ("lea@example.org", "Un nouveau mot de passe pour Tournée")
    assert "/reset/" in text
    assert all((row.recipient, row.payload) == ("", {}) for row in rows(system))


@pytest.mark.parametrize("typed", ["nobody", "nobody@example.org", "closed", "shared@example.org", "nomail", "a b"])
def test_nobody_else_gets_one_and_nothing_is_said(system, typed):
    with system.sessions.begin() as session:
        for login, email in (("closed", "c@example.org"), ("nomail", ""), ("x", "shared@example.org"),
                             ("y", "shared@example.org")):  # fmt: skip
            users.put_user(session, login=login, role="agent", name=login, is_active=login != "closed")
            users.set_email(session, login, email)
        forgotten.ask(session, typed, now=system.now())

    outbox.send_due(system)
    outbox.send_due(system)

    assert system.notifier.carried == []
    assert [row.state for row in rows(system)] == ["sent"]
    with system.sessions() as session:
        assert session.scalars(select(AccountLink)).all() == []
