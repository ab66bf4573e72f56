"""A form that is sent after the session has ended: whoever signs in again finds what they had typed."""

from __future__ import annotations

import pytest

from tests.campaigns import xss
from tests.campaigns.hostile import LOGINS, PASSWORD


def enter(page, role):
    page.fill("#login", LOGINS[role])
    page.fill("#password", PASSWORD)
    page.click(".sign-in .btn-primary")
    page.wait_for_load_state()


@pytest.mark.parametrize(("again", "note"), [("agent", "third floor, blue door"), ("coordinator", "")])
def test_what_was_typed_is_there_again_for_the_same_person_alone(chromium, tmp_path, again, note):
    with xss.served(("Ana",), tmp_path) as found:
        page = chromium.new_context().new_page()
        page.goto(f"{found.url}/sign-in")
        enter(page, "agent")
        page.goto(f"{found.url}/people/E1/order?kind=issue")
        page.fill("#note", "third floor, blue door")
        page.fill("#quantity", "3")

        page.context.clear_cookies()
        page.locator("[data-order-form] .btn-primary").click()
        page.wait_for_url("**/sign-in?next=**")
        enter(page, again)

        assert page.url.startswith(f"{found.url}/people/E1/order")
        assert page.locator("#note").input_value() == note
        assert page.locator("[data-restored]").is_visible() == bool(note)
        if note:
            assert (page.locator("#quantity").input_value(), page.locator("#kind").input_value()) == ("3", "issue")
        assert page.evaluate("sessionStorage.getItem('tournee-unsent')") is None
        page.context.close()
