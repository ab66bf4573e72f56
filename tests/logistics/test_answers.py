"""Asking twice under one key is asking once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from logistics import answers, users
from logistics.errors import InvalidRequest
from logistics.models import StoredAnswer
from tests.fakes import MORNING

FIRST = answers.fingerprint("POST", "/api/v1/orders", b"{}")
OTHER = answers.fingerprint("POST", "/api/v1/orders", b'{"a": 1}')
SAID = answers.Answer(201, '{"reference": "O-9"}', {"ETag": '"1"'})


@pytest.fixture
def user_id(sessions):
    with sessions.begin() as session:
        return users.put_user(session, login="ada", role="admin", name="A")[1].id


def claim(sessions, user_id, *, digest=FIRST, at=MORNING, key="k-1"):
    with sessions.begin() as session:
        return answers.claim(session, user_id=user_id, key=key, digest=digest, now=at)


def answered(sessions, user_id, **facts):
    held = claim(sessions, user_id, **facts)
    with sessions.begin() as session:
        answers.keep(session, held, SAID)
    return held


def test_the_same_request_gets_the_first_answer_and_another_is_refused(sessions, user_id):
    answered(sessions, user_id)

    assert claim(sessions, user_id, at=MORNING + timedelta(hours=47)) == SAID
    with pytest.raises(answers.KeyReused):
        claim(sessions, user_id, digest=OTHER)


def test_a_key_belongs_to_its_user(sessions, user_id):
    answered(sessions, user_id)
    with sessions.begin() as session:
        eve = users.put_user(session, login="eve", role="admin", name="E")[1].id

    assert isinstance(claim(sessions, eve, digest=OTHER), answers.Claim)


def test_a_request_that_still_runs_is_not_run_again_until_it_is_taken_for_dead(sessions, user_id):
    first = claim(sessions, user_id)

    with pytest.raises(answers.StillRunning):
        claim(sessions, user_id, at=MORNING + timedelta(seconds=59))
    second = claim(sessions, user_id, at=MORNING + timedelta(seconds=60))

    assert isinstance(second, answers.Claim)
    with pytest.raises(answers.StillRunning), sessions.begin() as late:
        answers.keep(late, first, SAID)


def test_a_refused_request_may_be_mended_under_the_same_key(sessions, user_id):
    held = claim(sessions, user_id)
    with sessions.begin() as session:
        answers.release(session, held)

    assert isinstance(claim(sessions, user_id, digest=OTHER), answers.Claim)


def test_after_two_days_the_key_is_new_and_the_answer_is_swept(sessions, user_id):
    answered(sessions, user_id)
    answered(sessions, user_id, key="k-2", at=MORNING + timedelta(hours=1))
    later = MORNING + timedelta(hours=48)

    assert isinstance(claim(sessions, user_id, digest=OTHER, at=later), answers.Claim)
    with sessions.begin() as session:
        assert answers.sweep(session, now=later + timedelta(hours=1)) == 1
        assert session.scalars(select(StoredAnswer.key)).all() == ["k-1"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "clé"])
def test_a_key_is_up_to_255_printable_characters(sessions, user_id, key):
    with pytest.raises(InvalidRequest):
        claim(sessions, user_id, key=key)


def test_of_eight_at_once_one_gets_the_key(sessions, user_id):
    told, gate = [], threading.Barrier(8)

    def ask():
        gate.wait()
        try:
            told.append(type(claim(sessions, user_id)).__name__)
        except answers.StillRunning:
            told.append("running")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(told) == ["Claim"] + ["running"] * 7
