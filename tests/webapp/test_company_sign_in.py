"""Signing in through the company's service, shown against a provider that really runs."""

from __future__ import annotations

import warnings
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from inventory.models import Employee
from logistics import service_accounts, users
from logistics.adapters import sign_in_services
from webapp import create_app

with warnings.catch_warnings():
    # The provider's own imports are out of date.
    warnings.simplefilter("ignore")
    import oidc_provider_mock

OURS = "https://tournee.example"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def person(subject, **claims):
    return oidc_provider_mock.User(sub=subject, claims={"email_verified": True, "name": "Some One"} | claims)


PEOPLE = (
    person("s-cora", email="Cora@Example.org"),
    person("s-unverified", email="cora@example.org", email_verified=False),
    person("s-word", email="cora@example.org", email_verified="true"),
    person("s-new", email="new@example.org"),
    person("s-closed", email="closed@example.org"),
    person("s-twice", email="twice@example.org"),
    person("s-other", email="cora@example.org"),
    person("s-emp", email="e6@example.org"),
    person("s-none"),
)


@pytest.fixture(scope="module")
def provider():
    """A provider on this machine; its address."""
    with oidc_provider_mock.run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def system(system, provider):
    settings = replace(
        system.settings, base_url=OURS, oidc_issuer=provider, oidc_client_id="tournee",
        oidc_client_secret="a-secret-of-the-test", oidc_name="Example", internal_hosts=provider, secure_cookies="never",
    )  # fmt: skip
    with system.sessions.begin() as session:
        users.set_email(session, "cora", "cora@example.org")
        for login, email in (("closed", "closed@example.org"), ("one", "twice@example.org"),
                             ("two", "twice@example.org")):  # fmt: skip
            users.put_user(session, login=login, role="agent", name=login, is_active=login != "closed")
            users.set_email(session, login, email)
        session.query(Employee).filter_by(number="E6").one().email = "e6@example.org"
    return replace(system, settings=settings)


@pytest.fixture
def app(system):
    made = create_app(system)
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return made


def away(client, **query):
    """To the service; what was asked of it."""
    left = client.get("/sign-in/service", query_string=query)
    return left.headers["Location"]


def agreed(address, subject):
    """The person agrees at the service; the address it sends the browser back to."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
    return answer.headers["Location"]


def come_back(client, address):
    back = urlsplit(address)
    return client.get(f"{back.path}?{back.query}")


def sign_in(app, subject):
    client = app.test_client()
    return client, come_back(client, agreed(away(client), subject))


def signed_in_as(app, client):
    page = client.get("/account")
    return page.text.partition("</dt><dd>")[2].partition("<")[0] if page.status_code == 200 else None


def test_whom_the_service_vouches_for_is_signed_in(app, company):
    client, answer = sign_in(app, "s-cora")

    assert answer.headers["Location"] == "/"
    assert signed_in_as(app, client) == "cora"


def test_the_page_has_a_button_for_it_and_the_password_form_stays(app, company):
    page = app.test_client().get("/sign-in").text

    assert "Sign in with Example" in page
    assert 'name="password"' in page


def test_state_nonce_and_a_challenge_go_along_and_our_own_address(app, company):
    asked = parse_qs(urlsplit(away(app.test_client())).query)

    assert asked["redirect_uri"] == [f"{OURS}/sign-in/service/return"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))


def test_an_answer_works_once_and_only_where_it_was_asked_for(app, company):
    client = app.test_client()
    back = agreed(away(client), "s-cora")

    elsewhere = come_back(app.test_client(), back)
    first = come_back(client, back)
    client.post("/sign-out")
    again = come_back(client, back)

    assert [one.headers["Location"] for one in (elsewhere, first, again)] == ["/sign-in", "/", "/sign-in"]
    assert signed_in_as(app, client) is None


def test_another_state_opens_nothing(app, company):
    client = app.test_client()
    back = agreed(away(client), "s-cora")

    answer = come_back(client, back.replace("state=", "state=x"))

    assert answer.headers["Location"] == "/sign-in"
    assert signed_in_as(app, client) is None


def test_an_answer_to_another_nonce_opens_nothing(app, company):
    client = app.test_client()
    back = agreed(away(client), "s-cora")
    with client.session_transaction() as kept:
        kept["away"] = kept["away"] | {"nonce": "b" * 43}

    answer = come_back(client, back)

    assert answer.headers["Location"] == "/sign-in"
    assert signed_in_as(app, client) is None


@pytest.mark.parametrize("subject", ["s-unverified", "s-word", "s-new", "s-closed", "s-twice", "s-none"])
def test_who_is_not_known_for_sure_gets_no_session_and_no_account(app, company, system, subject):
    before = logins(system)

    client, answer = sign_in(app, subject)

    assert answer.headers["Location"] == "/sign-in"
    assert "there is no account for you here" in client.get("/sign-in").text
    assert signed_in_as(app, client) is None
    assert logins(system) == before


def logins(system):
    with system.sessions() as session:
        return [one.login for one in users.accounts(session)]


def test_an_account_stays_bound_whoever_gets_the_address_later(app, company, system):
    sign_in(app, "s-cora")
    with system.sessions.begin() as session:
        users.set_email(session, "cora", "moved@example.org")
        users.set_email(session, "agnes", "cora@example.org")

    bound, _ = sign_in(app, "s-cora")
    other, _ = sign_in(app, "s-other")

    assert signed_in_as(app, bound) == "cora"
    assert signed_in_as(app, other) == "agnes"


def test_somebody_else_with_the_same_address_does_not_get_a_bound_account(app, company):
    sign_in(app, "s-cora")

    client, _ = sign_in(app, "s-other")

    assert signed_in_as(app, client) is None


@pytest.mark.parametrize(("role", "subject", "login"), [
    ("agent", "s-new", "new@example.org"), ("employee", "s-emp", "e6@example.org"), ("employee", "s-new", None),
    ("agent", "s-closed", None), ("agent", "s-unverified", None),
])  # fmt: skip
def test_accounts_are_made_when_a_setting_says_so_for_addresses_that_hold(system, company, role, subject, login):
    making = create_app(replace(system, settings=replace(system.settings, oidc_new_role=role)))

    client, _ = sign_in(making, subject)

    assert signed_in_as(making, client) == login
    with system.sessions() as session:
        found = [one.role for one in users.accounts(session) if one.login == login]
    assert found == ([role] if login else [])


def test_the_service_stands_in_for_the_second_factor(system, company):
    strict = create_app(replace(system, settings=replace(system.settings, second_factor="staff")))

    client, _ = sign_in(strict, "s-cora")

    assert client.get("/orders").status_code == 200


def test_a_service_that_is_away_or_another_one_signs_nobody_in(system, company, provider):
    for issuer in ("http://localhost:1", provider + "/elsewhere"):
        settings = replace(system.settings, oidc_issuer=issuer, internal_hosts=f"{provider} http://localhost:1")
        client = create_app(replace(system, settings=settings)).test_client()

        assert client.get("/sign-in/service").headers["Location"] == "/sign-in"
        assert "did not work" in client.get("/sign-in").text


def test_a_service_inside_is_asked_only_when_a_setting_names_it(system, company):
    closed = create_app(replace(system, settings=replace(system.settings, internal_hosts="")))

    assert closed.test_client().get("/sign-in/service").headers["Location"] == "/sign-in"


def test_without_settings_there_is_no_such_page(system, company):
    plain = create_app(replace(system, settings=replace(system.settings, oidc_issuer="")))

    assert plain.test_client().get("/sign-in/service").status_code == 404
    assert "Sign in with" not in plain.test_client().get("/sign-in").text


def test_a_bound_subject_belongs_to_its_issuer(system, company):
    with system.sessions.begin() as session:
        facts = {"subject": "s-1", "email": "cora@example.org", "name": "C"}
        service_accounts.account_for(session, system.settings, issuer="https://a.example", **facts)
        with pytest.raises(service_accounts.NoAccount):
            service_accounts.account_for(session, system.settings, issuer="https://b.example", **facts)


def test_only_signatures_by_a_key_pair_are_taken(database_url):
    assert not {"none", "HS256", "HS384", "HS512"} & set(sign_in_services.ALGORITHMS)
