"""Accounts in a real browser: a link, a passkey in a virtual authenticator, and pages everybody can read."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import serve, tournee

PASSWORD = "quiet river stone"
LOGINS = ("ada", "lea")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """An app with two accounts, by a name: browsers know no passkeys for numbers."""
    home = tmp_path_factory.mktemp("accounts")
    for login, role in (("ada", "admin"), ("lea", "agent")):
        done = tournee("user", "add", login, "--role", role, "--stdin", home=home, typed=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr
    with serve(home) as served:
        yield served.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose device holds passkeys and unlocks them by itself."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    opened = context.new_page()
    yield opened
    context.close()


def authenticator(page: Page, *, verifies: bool = True) -> Any:
    """A virtual device with a lock of its own."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return device, made["authenticatorId"]


def sign_in(page: Page, address: str, login: str = "lea") -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_passkey_is_added_and_opens_the_next_sign_in_once_for_each_challenge(page: Page, address: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Content Security" in told.text else None)
    device, device_id = authenticator(page)
    sign_in(page, address)
    page.goto(f"{address}/account")
    page.get_by_label("Name of the device").fill("Léa's laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Show the codes").click()
    expect(page.locator("ol.codes code")).to_have_count(10)
    codes = page.locator("ol.codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Léa's laptop")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()

    sign_in(page, address)
    expect(page).to_have_url(re.compile("/sign-in/second$"))
    with page.expect_request("**/sign-in/passkey") as sent:
        page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/people"))

    assert len(codes) == 10
    assert errors == []
    (kept,) = device.send("WebAuthn.getCredentials", {"authenticatorId": device_id})["credentials"]
    assert kept["rpId"] == "localhost"

    # The same signed answer again, from a browser that holds the session of the moment before it was used.
    answer, cookie = sent.value.post_data, sent.value.all_headers()["cookie"]
    token = sent.value.headers["x-csrftoken"]
    again = urllib.request.Request(  # noqa: S310 - our own address
        f"{address}/sign-in/passkey", data=answer.encode(), method="POST",
        headers={"Cookie": cookie, "X-CSRFToken": token, "Content-Type": "application/json"},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(again, timeout=10)  # noqa: S310
    assert refused.value.code == 422

    page.goto(f"{address}/account")
    page.get_by_role("button", name="Remove Léa's laptop").click()
    expect(page.get_by_text("It is removed.")).to_be_visible()


def test_a_device_without_the_passkey_is_told_and_a_code_still_opens(page: Page, address: str) -> None:
    device, device_id = authenticator(page)
    sign_in(page, address)
    page.goto(f"{address}/account")
    page.get_by_label("Name of the device").fill("Phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Show the codes").click()
    code = page.locator("ol.codes code").first.inner_text()
    page.get_by_role("button", name="Sign out", exact=True).click()
    device.send("WebAuthn.clearCredentials", {"authenticatorId": device_id})

    sign_in(page, address)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("The passkey was not accepted.")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/people"))

    page.goto(f"{address}/account")
    page.get_by_role("button", name="Remove Phone").click()
    expect(page.get_by_text("It is removed.")).to_be_visible()


def test_an_invitation_printed_by_the_administrator_leads_in_by_keyboard(page: Page, address: str) -> None:
    sign_in(page, address, "ada")
    page.goto(f"{address}/admin/users")
    page.get_by_label("Login", exact=False).first.fill("nora")
    page.get_by_label("Name", exact=True).fill("Nora Vidal")
    page.get_by_label("Role").select_option("agent")
    page.get_by_role("button", name="Add", exact=True).click()
    path = page.locator(".notice code").inner_text()
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.goto(address + path)
    expect(page.get_by_label("New password")).to_be_focused()
    page.keyboard.type("seven green kites")
    page.keyboard.press("Tab")
    page.keyboard.type("seven green kites")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sign-in$"))
    expect(page.get_by_label("Login")).to_have_value("nora")
    page.goto(address + path)
    expect(page.get_by_role("heading", name="This link does not hold")).to_be_visible()


def test_everybody_can_read_the_pages_of_accounts_in_both_themes(page: Page, address: str, accessibility) -> None:
    found = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for path in ("/sign-in", "/forgot", "/reset/none"):
            page.goto(address + path)
            found[theme, path] = accessibility(page)
    sign_in(page, address, "ada")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for path in ("/account", "/admin/users", "/account/prove", "/account/codes"):
            page.goto(address + path)
            found[theme, path] = accessibility(page)

    assert {place: wrong for place, wrong in found.items() if wrong} == {}
