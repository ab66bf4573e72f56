"""Every operation keeps its document's word with every role's token: a slice of what `api_fuzz` does at length."""

from __future__ import annotations

import logging

import pytest

from logistics.states import ROLES
from tests.webapp import api_fuzz
from webapp.api.operations import OPERATIONS

EXAMPLES = 20


@pytest.fixture
def aimed(tmp_path):
    """The app over a company of its own; thousands of request lines would tell nothing."""
    logging.disable(logging.CRITICAL)
    yield api_fuzz.target(tmp_path)
    logging.disable(logging.NOTSET)


def test_every_operation_keeps_its_word_whatever_is_sent_with_whoevers_token(aimed):
    done = api_fuzz.fuzz(aimed, examples=EXAMPLES, say=lambda _: None)

    too_few = {(name, role) for name in OPERATIONS for role in ROLES if done.carried[name, role] < EXAMPLES}
    assert too_few == set()
    assert {name for name in OPERATIONS if done.edges[name] < 5} == set()


def test_no_check_is_switched_off():
    assert [
        name for name, one in api_fuzz.CHECKS.items() if isinstance(one, dict) and one.get("enabled") is False
    ] == []


@pytest.mark.parametrize(
    ("name", "broken", "word"),
    [
        ("api_orders.get_order", lambda *facts: {"reference": "O-1"}, "ServerError"),
        ("api_me.me", None, "IgnoredAuth"),
    ],
)
def test_an_operation_that_breaks_its_word_is_told(aimed, monkeypatch, name, broken, word):
    if broken is None:
        monkeypatch.setattr("webapp.api.bearer.caller", lambda: aimed.viewers["admin"])
    else:
        monkeypatch.setattr("logistics.counter.orders.show", broken)

    with pytest.raises(AssertionError, match=word):
        api_fuzz.fuzz(aimed, examples=EXAMPLES, only=name, say=lambda _: None)
