"""A slice of `tests.campaigns.xss`: one company of a few payloads, every page once, in a real browser."""

from __future__ import annotations

from tests.campaigns import xss
from tests.campaigns.hostile import PAYLOADS

#: A tag, an attribute, a template string with a template of Jinja, and an element nobody knows.
SLICE = (PAYLOADS[1], PAYLOADS[5], PAYLOADS[7] + PAYLOADS[10], PAYLOADS[23])


def test_the_list_of_payloads_is_long_enough():
    assert len(set(PAYLOADS)) == 24


def test_no_text_of_a_hostile_company_runs_or_is_refused(chromium, tmp_path):
    with xss.served(SLICE, tmp_path) as found:
        seen = xss.walk(chromium, found, roles=("coordinator",), fill=SLICE, once=True)

    assert seen.troubles == []
    assert seen.pages >= 8
    assert seen.forms >= 3


def test_the_walk_sees_a_text_that_becomes_markup(chromium, tmp_path):
    with xss.served(SLICE, tmp_path) as found:
        loader = found.app.jinja_env.loader
        source = loader.get_source(found.app.jinja_env, "people.html")[0]
        careless = source.replace("{{ one.given_name }}", "{{ one.given_name|safe }}")
        found.app.jinja_env.cache.clear()
        found.app.jinja_loader.get_source = lambda env, name, real=found.app.jinja_loader.get_source: (
            (careless, None, lambda: True) if name == "people.html" else real(env, name)
        )
        seen = xss.walk(chromium, found, roles=("agent",), fill=SLICE, only=("/people",))

    assert careless != source
    assert [trouble for trouble in seen.troubles if "became markup" in trouble], seen.troubles
    assert [trouble for trouble in seen.troubles if "policy refused script-src" in trouble], seen.troubles
