"""Signing in and out, form tokens, and the language."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from logistics import lockout
from tests.webapp.scenes import PASSWORD, TODAY

#: What is tried here is in the pages and cookies; the database behind them makes no difference.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def enter(client, login="cora", password=PASSWORD, **more):
    """Send the sign-in form."""
    return client.post("/sign-in", data={"login": login, "password": password, **more})


def test_a_right_password_opens_the_roles_first_page(app, company):
    client = app.test_client()

    entered = enter(client)

    assert entered.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/day/today"
    assert client.get("/day/today").headers["Location"] == f"/day/{TODAY}"


@pytest.mark.parametrize(
    ("login", "password"), [("cora", "wrong-password"), ("nobody", PASSWORD), ("", ""), ("a b", "zebra")]
)
def test_a_wrong_password_and_an_unknown_login_look_alike(app, company, login, password):
    answer = enter(app.test_client(), login, password)

    assert answer.status_code == 422
    assert "The login or the password is wrong" in answer.text
    assert password not in answer.text or not password


def test_after_too_many_tries_even_the_right_password_waits(app, company):
    client = app.test_client()
    for _ in range(lockout.LIMITS["login"].tries):
        enter(client, password="wrong-password")

    assert enter(client).status_code == 429


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
def test_signing_in_never_leads_to_another_host(app, company, target):
    entered = enter(app.test_client(), next=target)

    assert entered.headers["Location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_wanted(app, company):
    entered = enter(app.test_client(), next=f"/day/{TODAY}?site=NCE")

    assert entered.headers["Location"] == f"/day/{TODAY}?site=NCE"


def test_signing_out_ends_the_session(app, company):
    client = app.test_client()
    enter(client)

    client.post("/sign-out")

    assert client.get(f"/day/{TODAY}").headers["Location"].startswith("/sign-in")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app, company):
    cookie = enter(app.test_client()).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_form_without_its_token_changes_nothing(app, company, browse, system):
    app.config["WTF_CSRF_ENABLED"] = True
    client = browse("coordinator")

    answer = client.post(
        "/orders/O-5/cancel", data={"reason": "no"}, headers={"Referer": "http://localhost/orders/O-5"}
    )

    assert answer.status_code in (302, 400)
    with system.sessions() as session:
        from logistics import queries

        assert queries.order_view(session, "O-5").state == "open"


def test_a_token_in_the_header_is_as_good_as_one_in_the_form(app, company, browse, bell):
    app.config["WTF_CSRF_ENABLED"] = True
    client = browse("coordinator")
    page = client.get(f"/day/{TODAY}").text
    token = page.partition('"X-CSRFToken": "')[2].partition('"')[0]

    answer = client.post(f"/day/{TODAY}/plan", headers={"X-CSRFToken": token, "HX-Request": "true"})

    assert answer.status_code == 200
    assert len(bell.rung) == 1


def test_the_browsers_language_is_spoken_until_the_reader_switches(app, company, browse):
    client = browse("coordinator")
    french = {"Accept-Language": "fr-FR,fr;q=0.9"}
    before = client.get(f"/day/{TODAY}", headers=french).text

    client.post("/language/en", headers={"Referer": f"http://localhost/day/{TODAY}"})

    assert 'lang="fr"' in before
    assert "Non desservies" in before
    assert {"mardi 24 novembre", "Livraison"} <= words(before)
    after = words(client.get(f"/day/{TODAY}", headers=french).text)
    assert {"Tuesday 24 November", "Delivery"} <= after
    assert "Livraison" not in after


def words(page):
    """The texts of a page, one by one."""
    return set(BeautifulSoup(page, "html.parser").stripped_strings)


def test_switching_the_language_leads_back_to_ones_own_page_only(app, company):
    client = app.test_client()

    own = client.post("/language/fr", data={"back": "/sign-in?next=/orders"})
    foreign = client.post("/language/fr", headers={"Referer": "http://localhost/sign-in?next=/orders"})

    assert own.headers["Location"] == "/sign-in?next=/orders"
    assert foreign.headers["Location"] == "/"
