"""A slice of `tests.campaigns.barriers`: every page on a phone, in both languages and themes, as one of its roles."""

from __future__ import annotations

from tests.campaigns import barriers, xss


def test_no_page_has_a_barrier_in_either_theme_and_language(chromium, tmp_path):
    with xss.served(("Ana",), tmp_path) as found:
        seen = barriers.walk(chromium, found, languages=("en", "fr"), sizes=("phone",), once=True)

    assert seen.troubles == []
    assert barriers.whole_pages() - seen.templates == set(), "pages that nobody looked at"
    assert seen.pages > 100


def test_the_walk_sees_a_barrier_on_one_page_in_one_theme(chromium, tmp_path):
    with xss.served(("Ana",), tmp_path) as found:
        real = found.app.jinja_loader.get_source
        planted = '<h1><input type="text">'
        found.app.jinja_loader.get_source = lambda env, name: (
            (real(env, name)[0].replace("<h1>", planted if name == "my_kit.html" else "<h1>", 1), None, lambda: True)
        )
        seen = barriers.Seen()
        addresses = ("/my/kit", "/my/orders")
        barriers.look_as(chromium, found, seen, "employee", language="fr", size="phone", addresses=addresses)

    assert {trouble.partition(":")[0] for trouble in seen.troubles} == {"fr phone employee /my/kit"}
    assert [trouble for trouble in seen.troubles if "label" in trouble]
