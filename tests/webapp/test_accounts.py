"""Links, forgotten passwords, second factors, one's own account, and the users page."""

from __future__ import annotations

import re
from dataclasses import replace

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from logistics import factors, invitations, lockout, outbox, users
from logistics.models import OutboxMessage
from tests.webapp.scenes import LOGINS, PASSWORD
from webapp import auth, create_app

#: What is tried here is in the pages and cookies; the services behind them have tests on both engines.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW = "quiet river stone"


@pytest.fixture(autouse=True)
def _quick_hashes(system, monkeypatch):
    """Hashes that cost nothing: what they are worth is tried elsewhere."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(users, "_hasher", lambda: quick)
    monkeypatch.setattr(users, "_nobodys_hash", lambda: quick.hash("nobody"))
    hashed = quick.hash(PASSWORD)
    with system.sessions.begin() as session:
        for login in LOGINS.values():
            users.user(session, login).password_hash = hashed


class Carrier:
    sends = True

    def __init__(self):
        self.carried = []

    def send(self, recipient, subject, text):
        self.carried.append((recipient, subject, text))


@pytest.fixture
def mailing(system):
    """The system with mail set up, and Cora's address."""
    told = {"base_url": "https://t.example", "mail_url": "mailto://localhost", "secure_cookies": "never"}
    settings = replace(system.settings, **told)
    with system.sessions.begin() as session:
        users.set_email(session, "cora", "cora@example.org")
    return replace(system, settings=settings, notifier=Carrier())


def app_over(system):
    made = create_app(system)
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return made


def enter(client, login="cora", password=PASSWORD, **more):
    return client.post("/sign-in", data={"login": login, "password": password, **more})


def body(answer):
    """The page without its form token, which tells the second."""
    return re.sub(r'(X-CSRFToken": |csrf_token" value=)"[^"]+"', "", answer.text)


def is_in(client):
    return client.get("/account").status_code == 200


def a_link(system, login="cora", purpose="reset"):
    make = invitations.invite if purpose == "invite" else invitations.reset
    with system.sessions.begin() as session:
        return make(session, system.settings, login, made_by="ada", now=system.now()).path


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_leads_to_a_password_and_then_to_the_sign_in_form(app, company, system):
    client, path = app.test_client(), a_link(system, purpose="invite")

    page = client.get(path).text
    done = client.post(path, data={"password": NEW, "again": NEW})

    assert "at least 10 characters" in page.lower()
    assert done.headers["Location"] == "/sign-in"
    assert 'value="cora"' in client.get("/sign-in").text
    assert not is_in(client)
    assert enter(client, password=NEW).headers["Location"] == "/"


@pytest.mark.parametrize(("password", "again", "told"), [
    ("short", "short", "10 to 200 characters"), (NEW, NEW + "x", "not alike"),
    ("Password-2026", "Password-2026", "guessed"), ("cora-cora-cora", "cora-cora-cora", "guessed"),
    ("x" * 201, "x" * 201, "10 to 200"),
])  # fmt: skip
def test_a_password_that_cannot_be_taken_leaves_the_link_whole(app, company, system, password, again, told):
    client, path = app.test_client(), a_link(system)

    refused = client.post(path, data={"password": password, "again": again})

    assert refused.status_code == 422
    assert told in refused.text
    assert password not in refused.text
    assert client.post(path, data={"password": NEW, "again": NEW}).status_code == 302


def test_links_that_do_not_hold_all_look_the_same(app, company, system, clock):
    client = app.test_client()
    spent, replaced, other, closed = (a_link(system, login) for login in ("cora", "wim", "agnes", "otto"))
    client.post(spent, data={"password": NEW, "again": NEW})
    a_link(system, "wim")
    with system.sessions.begin() as session:
        users.set_active(session, "otto", active=False)
    expired = a_link(system, "v1")
    clock.wind(hours=73)
    unknown = "/reset/" + "A" * 43
    misused = other.replace("/reset/", "/welcome/")
    paths = (spent, replaced, misused, closed, expired, unknown, "/reset/x")
    form = {"password": NEW, "again": NEW}

    got = {(one.status_code, body(one)) for one in map(client.get, paths)}
    sent = {(one.status_code, body(one)) for one in (client.post(path, data=form) for path in paths)}

    assert len(got) == len(sent) == 1
    assert next(iter(got))[0] == 404


def test_guessing_links_is_slowed_down_with_the_same_answer(app, company, system):
    client = app.test_client()
    wrong = {
        client.post(f"/reset/{number:043}", data={"password": NEW, "again": NEW}).status_code
        for number in range(lockout.LIMITS["address"].tries + 2)
    }

    assert wrong == {404}
    assert enter(client).status_code == 429


# --- forgotten passwords ----------------------------------------------------------------------------------------------


def test_a_forgotten_password_brings_a_link_by_mail(mailing, company):
    client = app_over(mailing).test_client()

    client.post("/forgot", data={"login": "cora"}, headers={"Host": "evil.example"})
    outbox.send_due(mailing)
    outbox.send_due(mailing)

    ((recipient, _, text),) = mailing.notifier.carried
    link = re.search(r"https://\S+", text)[0]
    assert recipient == "cora@example.org"
    assert link.startswith("https://t.example/reset/")
    assert "evil" not in text
    path = link.removeprefix("https://t.example")
    assert client.post(path, data={"password": NEW, "again": NEW}).status_code == 302


def test_the_answer_is_the_same_whether_there_is_such_an_account_and_the_work_too(mailing, company):
    answers, said, client = set(), [], app_over(mailing).test_client()
    for typed in ("cora", "nobody", "cora@example.org", "wim", "x@example.org"):
        answers.add(body(client.post("/forgot", data={"login": typed})))
        with mailing.sessions() as session:
            said.append(session.scalars(select(OutboxMessage.kind)).all()[-1])

    assert len(answers) == 1
    assert said == ["forgot"] * 5


def test_asking_again_and_again_sends_no_more_than_a_few(mailing, company):
    client = app_over(mailing).test_client()

    answers = [client.post("/forgot", data={"login": " CORA "}).status_code for _ in range(11)]

    with mailing.sessions() as session:
        asked = len(session.scalars(select(OutboxMessage)).all())
    assert asked == lockout.LIMITS["forgot"].tries
    assert answers == [200] * lockout.LIMITS["forgot-address"].tries + [429]


def test_where_no_mail_is_set_up_the_page_says_whom_to_ask(app, company):
    page = app.test_client().get("/forgot").text

    assert "Ask an administrator" in page
    assert "<button" not in page.partition("</main>")[0].partition("<main")[2]


# --- tries ------------------------------------------------------------------------------------------------------------


def test_tries_are_counted_by_all_processes_together(system, company):
    apps = [app_over(system) for _ in range(2)]
    for number in range(lockout.LIMITS["login"].tries):
        enter(apps[number % 2].test_client(), password="wrong-password")

    assert [enter(one.test_client()).status_code for one in apps] == [429, 429]


def test_no_other_spelling_of_a_login_is_counted_by_itself(app, company):
    for spelled in ("cora", "CORA", " cora", "ｃora", "Cora ", "cOra", "ＣＯＲＡ", "corA"):
        assert enter(app.test_client(), login=spelled, password="wrong-password").status_code == 422

    assert enter(app.test_client()).status_code == 429


def test_a_forwarded_address_is_ignored_unless_the_proxy_is_named(system, company):
    most = lockout.LIMITS["address"].tries

    def fails(proxies, forwarded):
        app = app_over(replace(system, settings=replace(system.settings, trusted_proxies=proxies)))
        answer = app.test_client().post(
            "/sign-in", data={"login": f"u{fails.count}", "password": "wrong-password"},
            headers={"X-Forwarded-For": forwarded},
        )  # fmt: skip
        fails.count += 1
        return answer.status_code

    fails.count = 0
    direct = [lockout.network(f"198.51.100.{number}") for number in range(3)]
    assert [fails("", one) for one in direct] == [422] * 3
    for _ in range(most - 3):
        lockout.begin_try(system, address="127.0.0.1")
    assert fails("", "203.0.113.1") == 429
    assert fails("10.9.9.9", "203.0.113.1") == 429
    assert fails("127.0.0.1", "203.0.113.1") == 422
    assert fails("127.0.0.0/8", "1.2.3.4, 127.0.0.1") == 422


# --- second factors ---------------------------------------------------------------------------------------------------


def enrolled(system, client, clock):
    """Add a code generator by the pages; its secret and the printed codes."""
    client.post("/account/generator", data={"name": "phone"})
    shown = client.get("/account/generator").text
    secret = re.sub(r"\s", "", re.search(r'class="secret">([^<]+)<', shown)[1])
    client.post("/account/generator/confirm", data={"code": pyotp.TOTP(secret).at(clock.now)})
    codes = re.findall(r"<li><code>([^<]+)<", client.post("/account/codes").text)
    clock.wind(minutes=1)
    return secret, codes


def test_with_a_code_generator_the_password_alone_opens_nothing(app, company, system, clock):
    owner = app.test_client()
    enter(owner)
    secret, _ = enrolled(system, owner, clock)
    client = app.test_client()

    half = enter(client, next="/orders")

    assert half.headers["Location"] == "/sign-in/second"
    assert not is_in(client)
    assert client.post("/sign-in/second", data={"code": "000000"}).status_code == 422
    entered = client.post("/sign-in/second", data={"code": pyotp.TOTP(secret).at(clock.now)})
    assert entered.headers["Location"] == "/orders"
    assert is_in(client)
    assert is_in(owner), "who added it stays signed in"


def test_a_printed_code_opens_once(app, company, system, clock):
    owner = app.test_client()
    enter(owner)
    _, codes = enrolled(system, owner, clock)
    answers = []
    for _ in range(2):
        client = app.test_client()
        enter(client)
        answers.append(client.post("/sign-in/second", data={"code": codes[0]}).status_code)

    assert len(codes) == 10
    assert answers == [302, 422]


def test_codes_are_counted_with_the_passwords(app, company, system, clock):
    owner = app.test_client()
    enter(owner)
    enrolled(system, owner, clock)
    client = app.test_client()
    for _ in range(lockout.LIMITS["login"].tries):
        enter(client)
        client.post("/sign-in/second", data={"code": "000000"})

    enter(client)
    assert client.post("/sign-in/second", data={"code": "000000"}).status_code in (302, 429)
    assert enter(app.test_client()).status_code == 429


def test_the_second_step_ends_after_ten_minutes_and_with_a_new_password(app, company, system, clock):
    owner = app.test_client()
    enter(owner)
    secret, _ = enrolled(system, owner, clock)
    late, changed = app.test_client(), app.test_client()
    enter(late)
    clock.wind(seconds=auth.HALF_SECONDS + 1)
    enter(changed)
    with system.sessions.begin() as session:
        users.set_password(session, "cora", NEW)

    for client in (late, changed):
        code = pyotp.TOTP(secret).at(clock.now)
        assert client.post("/sign-in/second", data={"code": code}).headers["Location"] == "/sign-in"
        assert not is_in(client)


def test_where_the_staff_must_have_one_nothing_else_opens_before(system, company, clock):
    strict = app_over(replace(system, settings=replace(system.settings, second_factor="staff")))
    client, employee = strict.test_client(), strict.test_client()
    enter(client)
    enter(employee, login="emil")

    before = client.get("/orders").headers["Location"]
    deed = client.post("/orders/O-5/cancel", data={"reason": "x"}).headers["Location"]
    _, codes = enrolled(system, client, clock)

    assert (before, deed) == ("/account", "/account")
    assert employee.get("/").headers["Location"] not in ("/account", "/sign-in")
    assert client.get("/orders").status_code == 200
    assert len(codes) == 10


def test_who_signed_in_long_ago_proves_it_again_before_changing_the_proofs(app, company, system, clock):
    client = app.test_client()
    enter(client)
    clock.wind(seconds=auth.PROVED_SECONDS + 1)

    asked = client.post("/account/generator", data={"name": "x"})
    wrong = client.post("/account/prove", data={"current": "wrong-password"})
    client.post("/account/prove", data={"current": PASSWORD})

    assert asked.headers["Location"] == "/account/prove"
    assert wrong.status_code == 422
    assert client.post("/account/generator", data={"name": "x"}).headers["Location"] == "/account/generator"


def test_a_factor_that_is_removed_is_asked_no_more_and_other_sign_ins_end(app, company, system, clock):
    owner, other = app.test_client(), app.test_client()
    enter(owner)
    secret, _ = enrolled(system, owner, clock)
    enter(other)
    other.post("/sign-in/second", data={"code": pyotp.TOTP(secret).at(clock.now)})
    with system.sessions() as session:
        (factor,) = factors.factors(session, users.account_of(session, "cora").id)

    owner.post(f"/account/factors/{factor.id}/remove")

    assert (is_in(owner), is_in(other)) == (True, False)
    assert enter(app.test_client()).headers["Location"] == "/"


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_sessions_end_with_whatever_the_account_loses(app, company, system):
    def deeds(session):
        return {
            "closed": lambda: users.set_active(session, "cora", active=False),
            "password": lambda: users.set_password(session, "cora", NEW),
            "role": lambda: users.put_user(session, login="cora", role="agent", name="C"),
            "everywhere": lambda: users.end_sessions(session, "cora"),
            "factors": lambda: factors.remove_all(session, system.settings, "cora", now=system.now()),
        }

    for name in deeds(None):
        with system.sessions.begin() as session:
            users.set_active(session, "cora", active=True)
            users.set_password(session, "cora", PASSWORD)
            users.put_user(session, login="cora", role="coordinator", name="C")
        client = app.test_client()
        enter(client)
        assert is_in(client), name
        with system.sessions.begin() as session:
            deeds(session)[name]()
        assert not is_in(client), name


def test_signing_out_everywhere_ends_the_other_browsers_too(app, company):
    here, there = app.test_client(), app.test_client()
    enter(here)
    enter(there)

    here.post("/account/end-sessions")

    assert (is_in(here), is_in(there)) == (False, False)


def test_a_new_password_keeps_this_session_and_ends_the_others(app, company):
    here, there = app.test_client(), app.test_client()
    enter(here)
    enter(there)

    wrong = here.post("/account/password", data={"current": "wrong-password", "password": NEW, "again": NEW})
    here.post("/account/password", data={"current": PASSWORD, "password": NEW, "again": NEW})

    assert wrong.status_code == 422
    assert (is_in(here), is_in(there)) == (True, False)
    assert enter(app.test_client(), password=NEW).headers["Location"] == "/"


def test_a_session_ends_after_its_hours_however_busy(app, company, system, clock):
    client = app.test_client()
    enter(client)
    hours = system.settings.session_hours
    clock.wind(hours=hours - 0.1)
    before = is_in(client)

    clock.wind(hours=0.2)

    assert (before, is_in(client)) == (True, False)


def test_signing_in_begins_a_new_session(app, company):
    client = app.test_client()
    client.get("/sign-in")
    with client.session_transaction() as kept:
        kept["left_behind"], kept["language"] = "by somebody else", "fr"
    before = client.get_cookie("tournee").value

    enter(client)

    assert client.get_cookie("tournee").value != before
    with client.session_transaction() as kept:
        assert "left_behind" not in kept
        assert kept["language"] == "fr"


# --- the users page ---------------------------------------------------------------------------------------------------


def test_an_administrator_adds_somebody_who_chooses_the_password(app, browse, company, system):
    typed = {"login": "lea", "name": "Léa", "role": "agent", "email": "l@e.example"}
    page = browse("admin").post("/admin/users", data=typed)

    path = re.search(r"/welcome/[\w-]+", page.text)[0]
    assert "This is only the path" in page.text
    client = app.test_client()
    client.post(path, data={"password": NEW, "again": NEW})
    assert enter(client, login="lea", password=NEW).headers["Location"] == "/"
    with system.sessions() as session:
        assert users.account_of(session, "lea").email == "l@e.example"


def test_a_link_is_printed_or_mailed_and_the_old_password_holds_until_then(mailing, company):
    app = app_over(mailing)
    admin = app.test_client()
    enter(admin, login="ada")

    printed = admin.post("/admin/users/cora/link").text
    mailed = admin.post("/admin/users/cora/link", data={"mail": "yes"})
    nowhere = admin.post("/admin/users/wim/link", data={"mail": "yes"}, follow_redirects=True).text
    outbox.send_due(mailing)

    assert "https://t.example/reset/" in printed
    assert mailed.status_code == 302
    assert "wim has no e-mail address" in nowhere
    assert [recipient for recipient, _, _ in mailing.notifier.carried] == ["cora@example.org"]
    assert enter(app.test_client()).headers["Location"] == "/"


def test_a_wrong_e_mail_is_told_beside_the_field_and_kept(browse, company):
    page = browse("admin").post("/admin/users/cora/email", data={"email": "no address"})

    assert page.status_code == 422
    assert 'value="no address"' in page.text
    assert "Is not an e-mail address" in page.text


def test_the_last_administrator_stays(browse, company, system):
    page = browse("admin").post("/admin/users/ada/active", data={"active": "no"}, follow_redirects=True).text

    assert "ada is the last administrator" in page
    with system.sessions() as session:
        assert users.account_of(session, "ada").is_active


def test_an_administrator_takes_lost_factors_away(app, browse, company, system, clock):
    owner = app.test_client()
    enter(owner)
    enrolled(system, owner, clock)

    browse("admin").post("/admin/users/cora/factors")

    assert not is_in(owner)
    assert enter(app.test_client()).headers["Location"] == "/"
