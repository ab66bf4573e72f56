"""Keys for programs: shown once, kept as a hash, ended by time, by hand and with their owner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logistics import tokens, users
from logistics.errors import InvalidRequest, UnknownRecord
from logistics.models import ApiToken
from tests.fakes import MORNING

SCOPES = frozenset({"orders:read", "account"})


@pytest.fixture
def ada(session):
    _, row = users.put_user(session, login="ada", role="coordinator", name="A", sites=frozenset({"NCE"}))
    return row


def a_token(session, login="ada", **facts):
    given = {"name": "help desk", "scopes": SCOPES, "now": MORNING, "actor": "ada"} | facts
    return tokens.make(session, login, **given)


def test_a_token_is_told_once_and_only_its_hash_is_kept(session, ada):
    text, row = a_token(session)

    kept = session.get(ApiToken, row.id)
    stored = " ".join(str(getattr(kept, column.key)) for column in ApiToken.__table__.columns)
    assert text.startswith("trn_")
    assert len(text) >= 4 + 43
    assert text not in stored
    assert text[4 + 6 :] not in stored
    assert kept.digest == tokens.digest(text)
    assert (row.prefix, row.scopes) == (text[:10], ("account", "orders:read"))


def test_a_token_acts_as_its_owner_is_at_that_moment(session, ada):
    text, row = a_token(session)
    ada.role, ada.sites = "agent", frozenset({"MCM"})
    session.flush()

    known = tokens.recognise(session, text, now=MORNING)

    assert (known.token_id, known.scopes, known.account.role) == (row.id, SCOPES, "agent")
    assert known.account.sites == {"MCM"}


def test_a_token_ends_with_its_day_by_hand_and_with_its_account(session, ada):
    text, row = a_token(session, days=1)
    other, _ = a_token(session)
    ended, gone = a_token(session)
    tokens.revoke(session, gone.id, now=MORNING)

    assert tokens.recognise(session, text, now=MORNING + timedelta(hours=23, minutes=59)).token_id == row.id
    assert _refused(session, text, MORNING + timedelta(days=1)) == "expired"
    assert _refused(session, ended, MORNING) == "revoked"
    assert _refused(session, other[:-1] + "~", MORNING) == "unknown"
    ada.is_active = False
    session.flush()
    assert _refused(session, other, MORNING) == "closed"


def _refused(session, text, at):
    with pytest.raises(tokens.TokenRefused) as refused:
        tokens.recognise(session, text, now=at)
    return refused.value.problem


@pytest.mark.parametrize("wrong", [
    {"name": "  "}, {"name": "x" * 81}, {"scopes": frozenset()}, {"scopes": frozenset({"everything"})}, {"days": 0},
    {"days": 367},
])  # fmt: skip
def test_a_token_without_name_scope_or_end_is_refused(session, ada, wrong):
    with pytest.raises(InvalidRequest):
        a_token(session, **wrong)

    assert tokens.of_user(session, ada.id) == ()


def test_nobody_revokes_anothers_token(session, ada):
    _, row = a_token(session)
    _, eve = users.put_user(session, login="eve", role="coordinator", name="E")

    with pytest.raises(UnknownRecord):
        tokens.revoke(session, row.id, now=MORNING, user_id=eve.id)

    assert tokens.revoke(session, row.id, now=MORNING, user_id=ada.id).revoked_at == MORNING


def test_the_last_use_is_noted_to_the_minute(session, ada):
    _, row = a_token(session)

    tokens.note_use(session, row.id, now=MORNING)
    tokens.note_use(session, row.id, now=MORNING + timedelta(seconds=30))

    assert tokens.of_user(session, ada.id)[0].last_used_at == MORNING
    assert not tokens.use_is_due(session, row.id, now=MORNING + timedelta(seconds=30))
    assert tokens.use_is_due(session, row.id, now=MORNING + timedelta(seconds=60))


def test_an_account_has_at_most_fifty_open_tokens(session, ada):
    for _ in range(tokens.MOST_TOKENS):
        _, last = a_token(session)

    with pytest.raises(InvalidRequest):
        a_token(session)

    tokens.revoke(session, last.id, now=MORNING)
    assert a_token(session)[1].id > last.id
