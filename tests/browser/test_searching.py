"""Searching by keyboard: the name is in the box, in the answer, and in no address the browser keeps."""

from __future__ import annotations

from tests.campaigns import xss
from tests.campaigns.hostile import LOGINS, PASSWORD


def test_a_search_by_key_leaves_no_name_in_the_history(chromium, tmp_path):
    with xss.served(("Ana",), tmp_path) as found:
        page = chromium.new_context().new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{found.url}/sign-in")
        page.fill("#login", LOGINS["agent"])
        page.fill("#password", PASSWORD)
        page.click(".sign-in .btn-primary")
        page.wait_for_url("**/people")

        page.locator("h1").click()
        page.keyboard.press("/")
        page.keyboard.type("Zinzolin")
        with page.expect_navigation(url="**/people?find=*"):
            page.keyboard.press("Enter")
        nobody = page.locator("main").inner_text()
        page.locator("header [name=q]").fill("Ana")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.go_back()

        assert page.locator("main [name=q]").input_value() == "Zinzolin"
        assert page.locator("main").inner_text() == nobody
        assert [url for url in asked if "Zinzolin" in url or "Ana" in url] == []
        page.context.close()
