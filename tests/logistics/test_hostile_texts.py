"""What people are called stands in a mail as text: no template, no second line, no markup."""

from __future__ import annotations

import pytest

from logistics import mails
from tests.campaigns.hostile import PAYLOADS

MORE = ("{0.__class__}", "{name.__init__.__globals__}", "%(name)s%n", "Ana\r\nBcc: all@example.com", "Ana\nSubject: x")


@pytest.mark.parametrize("kind", mails.KINDS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_name_stands_in_a_mail_as_it_is(kind, language):
    for name in PAYLOADS:
        facts = {"language": language, "first_name": name, "link": "https://tournee.example/l", "hours": 24}

        subject, text = mails.written(kind, facts)

        assert name in text.split("\n\n")[0]
        assert name not in subject


@pytest.mark.parametrize("name", MORE)
def test_a_name_begins_no_header_and_fills_in_nothing(name):
    class Somebody:
        language, first_name = "en", name

    class Settings:
        language = "en"

    subject, text = mails.written("reset", mails.facts_of(Somebody, Settings) | {"link": "x", "hours": 1})

    assert "\n" not in subject
    assert text.startswith(f"Hello {' '.join(name.split())[:40]},\n")
