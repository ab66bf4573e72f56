"""Why an order is not served: a closed list, in both languages."""

from __future__ import annotations

import re

import pytest

from logistics import i18n, reasons, words
from routing import explain

#: Facts as they come, for every code that has some.
FACTS = {
    "not-enough-stock": {"sku": "LAP", "wanted": 3, "free": 1, "site": "NCE"},
    "asset-not-held": {"asset": "T-1"},
    "not-located": {"reason": "not-found"},
    "not-precise": {"accuracy": "commune"},
    "no-vehicle": {"vehicles": 0},
    "no-skill": {"vehicle": "V1", "excess": 0, "vehicles": 2, "skills": ["assembly"]},
    "too-heavy": {"vehicle": "V1", "excess": 100_500, "vehicles": 2},
    "too-large": {"vehicle": "V1", "excess": 2_500, "vehicles": 2},
    "too-much": {"vehicle": "V1", "excess": 1, "vehicles": 2},
    "off-road-network": {"vehicle": "V1", "excess": 0, "vehicles": 2},
    "window-closed": {"vehicle": "V1", "excess": 720, "vehicles": 2},
    "shift-too-short": {"vehicle": "V1", "excess": 4_000, "vehicles": 2},
    "too-far": {"vehicle": "V1", "excess": 1_000, "vehicles": 2},
    "no-capacity-left": {
        "tours": [
            {"vehicle": "V1", "rule": "shift", "excess": 900}, {"vehicle": "V2", "rule": "window", "excess": 60},
            {"vehicle": "B1", "rule": "load", "excess": 300}, {"vehicle": "V9", "rule": "vehicle", "excess": 0},
        ],
    },
    "too-dear": {"vehicle": "V1", "cost_cents": 25_000, "price_cents": 20_000},
    "search-ran-out": {"vehicle": "V1", "cost_cents": 900},
}  # fmt: skip


@pytest.mark.parametrize("code", reasons.CODES)
def test_every_reason_has_a_sentence_in_both_languages(code):
    english, french = (reasons.sentence(code, FACTS.get(code, {}), language) for language in ("en", "fr"))

    assert english != french
    for sentence in (english, french):
        assert sentence.endswith(".") and sentence[:1].isupper()
        assert "{" not in sentence and code not in sentence and "?" not in sentence


@pytest.mark.parametrize("code", reasons.CODES)
def test_a_sentence_survives_without_its_facts(code):
    assert reasons.sentence(code, {}, "fr").endswith(".")


def test_every_reason_of_routing_is_on_the_list():
    assert set(explain.REASON_CODES) <= set(reasons.CODES)


def test_a_code_from_elsewhere_is_told_as_it_is():
    assert reasons.sentence("eclipse", {}, "en") == "It was not served (eclipse)."


def test_the_facts_are_in_the_sentence():
    assert reasons.sentence("not-enough-stock", FACTS["not-enough-stock"], "en") == (
        "NCE has 1 × LAP free; 3 are needed."
    )
    assert "12\N{NO-BREAK SPACE}min" in reasons.sentence("window-closed", FACTS["window-closed"], "en")
    assert "100,5\N{NO-BREAK SPACE}kg" in reasons.sentence("too-heavy", FACTS["too-heavy"], "fr")
    assert "250,00" in reasons.sentence("too-dear", FACTS["too-dear"], "fr")


def test_a_full_day_names_the_nearest_misses_and_not_the_vans_that_may_not():
    told = reasons.sentence("no-capacity-left", FACTS["no-capacity-left"], "en")

    assert told == (
        "It fits into no tour: V2 comes 1\N{NO-BREAK SPACE}min after the window, "
        "V1 is back 15\N{NO-BREAK SPACE}min after the end of the shift, B1 is full."
    )


@pytest.mark.parametrize(
    "rule",
    ["window", "shift", "load", "max-driving", "max-metres", "vehicle", "skill", "road", "max-stops", "something new"],
)
def test_a_broken_rule_is_told_in_both_languages(rule):
    english, french = (reasons.rule_words(rule, 600, language, "weight") for language in ("en", "fr"))

    assert english != french


def test_the_list_is_in_the_reference_of_words_nobody_else_uses():
    assert all(re.fullmatch(r"[a-z-]+", code) and meaning for code, meaning in reasons.CODES.items())
    assert "eclipse" not in reasons.CODES
    assert i18n.language_of("xx") == "en"
    assert words.word("fr", "priority", 3) == "critique"
