"""Signing in through an identity provider that is nobody's stand-in: its own pages, its own keys, its own opinions."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from logistics import users
from tests.conftest import CHECKOUT
from tests.webapp import an_identity_provider as there
from webapp import create_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """The provider in a process of its own; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    told = tmp_path_factory.mktemp("provider")
    with (told / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.webapp.an_identity_provider", str(port)], cwd=CHECKOUT, text=True,
            stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert running.stdout.readline() == "ready\n", (told / "log").read_text()
        yield f"http://localhost:{port}"
    finally:
        running.terminate()
        running.wait(20)
        running.stdout.close()


@pytest.fixture
def system(system, provider):
    with system.sessions.begin() as session:
        users.set_email(session, "cora", there.EMAIL)
    settings = replace(
        system.settings, base_url="https://tournee.example", oidc_issuer=provider, oidc_client_id=there.CLIENT,
        oidc_client_secret=there.SECRET, internal_hosts=provider, secure_cookies="never",
    )  # fmt: skip
    return replace(system, settings=settings)


def browser_of(system, **settings):
    """A browser before an app with these settings."""
    app = create_app(replace(system, settings=replace(system.settings, **settings)))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app.test_client()


def bound(system, provider):
    """Cora's account belongs to the person of the provider."""
    with system.sessions.begin() as session:
        users.user(session, "cora").sign_in_subject = f"{provider}#{there.LOGIN}"


def at_the_provider(address, *, agree="accept"):
    """What somebody does there: login, password, consent; the address that they are sent back to."""
    person = requests.Session()
    # Asked every time, although the provider remembers what was agreed to.
    page = person.get(f"{address}&prompt=consent", timeout=20)
    page = person.post(page.url, data=_hidden(page) | {"login": there.LOGIN}, timeout=20)
    page = person.post(
        page.url, data=_hidden(page) | {"password": there.PASSWORD}, timeout=20, allow_redirects=False
    )  # fmt: skip
    while page.is_redirect and urlsplit(page.headers["Location"]).hostname in (None, "localhost"):
        page = person.get(urljoin(page.url, page.headers["Location"]), timeout=20, allow_redirects=False)
    if not page.is_redirect:
        page = person.post(page.url, data=_hidden(page) | {"answer": agree}, timeout=20, allow_redirects=False)
    return page.headers["Location"]


def _hidden(page):
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)) | dict(
        re.findall(r'<input id="csrf_token" name="(csrf_token)" type="hidden" value="([^"]*)"', page.text)
    )


def come_back(client, address):
    assert address.startswith(there.BACK)
    return client.get(urlsplit(address).path + "?" + urlsplit(address).query)


def signed_in_as(client):
    page = client.get("/account")
    return page.text.partition("</dt><dd>")[2].partition("<")[0] if page.status_code == 200 else None


def test_whom_the_provider_knows_as_ours_is_signed_in_once(system, company, provider):
    bound(system, provider)
    client = browser_of(system)
    address = at_the_provider(client.get("/sign-in/service").headers["Location"])

    assert signed_in_as(client) is None
    assert come_back(client, address).headers["Location"] == "/"
    assert signed_in_as(client) == "cora"

    another = browser_of(system)
    another.get("/sign-in/service")
    come_back(another, address)
    assert signed_in_as(another) is None


def test_who_does_not_agree_there_is_not_signed_in_here(system, company, provider):
    bound(system, provider)
    client = browser_of(system)

    come_back(client, at_the_provider(client.get("/sign-in/service").headers["Location"], agree="deny"))

    assert signed_in_as(client) is None


@pytest.mark.parametrize(("policy", "who"), [("refuse", None), ("trust", "cora")])
def test_an_address_nobody_calls_verified_counts_where_a_setting_says_so(system, company, policy, who):
    client = browser_of(system, oidc_unverified_email=policy)

    come_back(client, at_the_provider(client.get("/sign-in/service").headers["Location"]))

    assert signed_in_as(client) == who


def test_with_another_secret_the_provider_tells_us_nothing(system, company, provider):
    bound(system, provider)
    client = browser_of(system, oidc_client_secret="another-secret-of-the-test")

    come_back(client, at_the_provider(client.get("/sign-in/service").headers["Location"]))

    assert signed_in_as(client) is None
