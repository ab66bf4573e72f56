"""Background work: one holder at a time, a result stored once, nothing lost when a worker dies."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from logistics import task_kinds, tasks
from logistics.errors import InvalidRequest, LogisticsError, UnknownRecord, WrongState
from logistics.models import Task
from tests.logistics.systems import a_system

AN_HOUR = 3600


@pytest.fixture
def system(sessions, tmp_path, clock):
    return a_system(sessions, tmp_path / "home", now=clock)


@pytest.fixture
def a_kind(monkeypatch):
    """Teaches the tasks a kind of work for one test."""

    def teach(name, work):
        monkeypatch.setitem(tasks.KINDS, name, work)

    return teach


def asked(system, kind="plan-day", arguments=None):
    with system.sessions.begin() as session:
        return tasks.ask(session, kind, arguments or {}, actor="eva", now=system.now())


def row(system, task_id):
    with system.sessions() as session:
        return session.scalar(select(Task).where(Task.id == task_id))


def claimed(system, task_id):
    with system.sessions.begin() as session:
        return tasks.claim(session, task_id, now=system.now())


def test_a_kind_nobody_knows_is_refused(system):
    with pytest.raises(InvalidRequest):
        asked(system, "tidy-up")


def test_only_one_of_two_workers_gets_a_task(system):
    task_id = asked(system)

    first, second = claimed(system, task_id), claimed(system, task_id)

    assert first is not None
    assert second is None
    assert (row(system, task_id).state, row(system, task_id).attempts) == ("running", 1)


def test_a_task_runs_to_its_stored_result(system, a_kind):
    a_kind("count", lambda running: {"counted": running.claim.arguments["upto"]})
    task_id = asked(system, "count", {"upto": 3})

    ending = tasks.run(system, task_id)

    assert ending == "done"
    done = row(system, task_id)
    assert (done.state, done.result, done.finished_at) == ("done", {"counted": 3}, system.now())


def test_a_task_that_is_over_is_not_run_again(system, a_kind):
    runs = []
    a_kind("count", lambda running: runs.append(1) or {})
    task_id = asked(system, "count")
    tasks.run(system, task_id)

    again = tasks.run(system, task_id)

    assert again == "not-ours"
    assert runs == [1]


def test_a_refusal_is_stored_with_its_code_and_sentence(system, a_kind):
    def refuse(running):
        raise UnknownRecord("site", "NOWHERE")

    a_kind("refuse", refuse)
    task_id = asked(system, "refuse")

    tasks.run(system, task_id)

    failed = row(system, task_id)
    assert (failed.state, failed.error_code, failed.error) == ("failed", "unknown-record", "no site NOWHERE")


def test_the_words_of_an_unexpected_error_stay_out_of_the_row(system, a_kind):
    def break_down(running):
        raise ValueError("12 rue de la Paix")

    a_kind("break", break_down)
    task_id = asked(system, "break")

    tasks.run(system, task_id)

    failed = row(system, task_id)
    assert (failed.state, failed.error_code) == ("failed", "unexpected")
    assert "Paix" not in failed.error
    assert task_id in failed.error


def test_a_drivers_error_is_no_refusal_of_ours_and_its_words_stay_out_of_the_row(system, a_kind):
    """It carries a code of its own, the statement and the values it was given."""

    def break_down(running):
        with running.system.sessions() as session:
            session.execute(text("SELECT :street FROM nowhere"), {"street": "12 rue de la Paix"})

    a_kind("break", break_down)
    task_id = asked(system, "break")

    tasks.run(system, task_id)

    failed = row(system, task_id)
    assert (failed.state, failed.error_code) == ("failed", "unexpected")
    assert "Paix" not in failed.error


def test_a_task_whose_database_was_away_is_tried_again_and_told_of_without_its_words(system, a_kind):
    words = OperationalError("UPDATE address SET line = ?", ("12 rue de la Paix",), OSError("server closed"))
    words.connection_invalidated = True
    turns = iter([words, words])

    def stumble(running):
        if (trouble := next(turns, None)) is not None:
            raise trouble
        return {"tours": 2}

    a_kind("stumble", stumble)
    task_id = asked(system, "stumble")

    assert tasks.run(system, task_id) == "queued"
    struck = row(system, task_id)
    assert (struck.error_code, struck.error) == ("database-unavailable", "the database does not answer at the moment")
    assert [tasks.run(system, task_id) for _ in range(2)] == ["queued", "done"]
    assert row(system, task_id).result == {"tours": 2}


@pytest.mark.parametrize("moment", ["before_cursor_execute", "commit"])
def test_a_database_that_is_away_for_a_moment_does_not_end_the_work(system, a_kind, monkeypatch, moment):
    def gone(*_facts):
        raise OperationalError("COMMIT", {}, OSError("server closed"))

    def work(running):
        event.listen(system.sessions.engine, moment, gone)
        running.say({"tours": 1})
        wanted = running.should_stop()
        event.remove(system.sessions.engine, moment, gone)
        return {"wanted": wanted}

    monkeypatch.setattr(tasks, "PROGRESS_SECONDS", 0)
    a_kind("work", work)
    task_id = asked(system, "work")

    assert tasks.run(system, task_id) == "done"
    assert (row(system, task_id).result, row(system, task_id).progress) == ({"wanted": False}, {})


@pytest.fixture
def ending_fails(monkeypatch):
    """Lets the database be away so many times when a task is to be finished."""

    def so_often(times):
        real, left = tasks.finish, [times]

        def finish(*facts, **more):
            left[0] -= 1
            if left[0] >= 0:
                raise OperationalError("UPDATE task", {}, OSError("server closed"))
            real(*facts, **more)

        monkeypatch.setattr(tasks, "finish", finish)

    return so_often


def test_what_was_found_is_stored_once_the_database_is_back(system, a_kind, ending_fails):
    done = []
    a_kind("count", lambda running: done.append(1) or {"counted": len(done)})
    task_id = asked(system, "count")
    ending_fails(2)

    assert tasks.run(system, task_id) == "done"
    assert (row(system, task_id).result, row(system, task_id).attempts) == ({"counted": 1}, 1)


def test_a_task_whose_end_cannot_be_written_is_taken_up_again(system, a_kind, clock, monkeypatch, ending_fails):
    a_kind("count", lambda running: {"counted": 1})
    task_id = asked(system, "count")
    monkeypatch.setattr(tasks, "PATIENCE_SECONDS", 0)
    ending_fails(1)
    with pytest.raises(DBAPIError):
        tasks.run(system, task_id)
    clock.wind(seconds=tasks.LEASE_SECONDS + 1)

    assert tasks.sweep(system) == (task_id,)
    assert tasks.run(system, task_id) == "done"


def test_a_dead_workers_task_is_queued_again_when_its_lease_is_over(system, clock):
    task_id = asked(system)
    claimed(system, task_id)
    clock.wind(seconds=tasks.LEASE_SECONDS - 1)
    assert tasks.sweep(system) == ()

    clock.wind(seconds=2)
    waiting = tasks.sweep(system)

    assert waiting == (task_id,)
    assert row(system, task_id).attempts == 1


def test_a_renewed_lease_is_not_reaped(system, clock):
    task_id = asked(system)
    held = claimed(system, task_id)
    clock.wind(seconds=tasks.LEASE_SECONDS - 1)
    with system.sessions.begin() as session:
        tasks.renew(session, task_id, held.token, now=clock())

    clock.wind(seconds=tasks.LEASE_SECONDS - 1)

    assert tasks.sweep(system) == ()
    assert row(system, task_id).state == "running"


def killed_three_workers(system, clock):
    task_id = asked(system)
    for _ in range(tasks.ATTEMPTS):
        assert claimed(system, task_id) is not None
        clock.wind(hours=1)
        tasks.sweep(system)
    return task_id


def put_back(system, task_id):
    with system.sessions.begin() as session:
        tasks.retry(session, task_id, now=system.now(), actor="cora")


def test_a_task_that_killed_three_workers_is_parked_with_its_reason(system, clock):
    task_id = killed_three_workers(system, clock)

    over = row(system, task_id)

    assert (over.state, over.error_code, over.attempts) == ("parked", "worker-lost", tasks.ATTEMPTS)
    assert "attempt 3 of 3" in over.error
    assert claimed(system, task_id) is None


def test_a_dead_workers_task_is_queued_again_within_a_minute_however_the_sweeps_fall(system, clock):
    task_id = asked(system)
    claimed(system, task_id)
    begun = clock()
    # The worker dies at once after it took the lease; the sweep before its end comes one instant too early.
    clock.wind(seconds=tasks.LEASE_SECONDS)
    assert tasks.sweep(system) == ()

    clock.wind(seconds=tasks.SWEEP_SECONDS)

    assert tasks.sweep(system) == (task_id,)
    assert (clock() - begun).total_seconds() < 60


def test_a_living_worker_renews_three_times_before_its_lease_is_over():
    assert 3 * tasks.RENEW_SECONDS < tasks.LEASE_SECONDS


@pytest.mark.parametrize("code", sorted(tasks.STRIKES))
def test_an_engine_that_dies_is_tried_again_and_the_third_time_the_task_is_parked(system, a_kind, code):
    class EngineDied(LogisticsError):
        pass

    def die(running):
        error = EngineDied("killed by signal 9")
        error.code = code
        raise error

    a_kind("die", die)
    task_id = asked(system, "die")

    endings = [tasks.run(system, task_id) for _ in range(tasks.ATTEMPTS)]

    assert endings == ["queued", "queued", "parked"]
    assert (row(system, task_id).error_code, row(system, task_id).error) == (code, "killed by signal 9")


def test_a_task_that_succeeds_after_a_strike_tells_of_no_error(system, a_kind, clock):
    a_kind("count", lambda running: {})
    task_id = asked(system, "count")
    claimed(system, task_id)
    clock.wind(hours=1)
    tasks.sweep(system)

    tasks.run(system, task_id)

    assert (row(system, task_id).state, row(system, task_id).error_code) == ("done", "")


def test_a_person_puts_a_parked_task_back_with_all_its_attempts(system, clock, a_kind):
    task_id = killed_three_workers(system, clock)
    a_kind("plan-day", lambda running: {"planned": True})

    put_back(system, task_id)

    assert (row(system, task_id).state, row(system, task_id).attempts, row(system, task_id).error) == ("queued", 0, "")
    assert tasks.run(system, task_id) == "done"


def test_only_a_parked_task_is_put_back(system):
    task_id = asked(system)

    with pytest.raises(WrongState):
        put_back(system, task_id)
    with pytest.raises(UnknownRecord):
        put_back(system, "no-such-task")

    assert row(system, task_id).state == "queued"


def test_a_parked_task_can_be_cancelled(system, clock):
    task_id = killed_three_workers(system, clock)

    with system.sessions.begin() as session:
        state = tasks.cancel(session, task_id, now=system.now())

    assert state == "cancelled"


def test_periodic_work_that_breaks_keeps_the_rest_going(system):
    done = []

    def broken(_system):
        raise ValueError("12 rue de la Paix")

    def sound(given):
        done.append(given)

    for work in (broken, sound):
        tasks.tend(system, work)

    assert done == [system]


@pytest.mark.parametrize("deed", ["renew", "progress", "finish", "fail", "hand_back", "stop_cancelled"])
def test_a_worker_that_lost_its_lease_writes_nothing(system, clock, deed):
    task_id = asked(system)
    late = claimed(system, task_id)
    clock.wind(hours=1)
    tasks.sweep(system)
    holder = claimed(system, task_id)
    facts = {
        "renew": {"now": clock()},
        "progress": {"facts": {"step": 1}},
        "finish": {"result": {"late": True}, "now": clock()},
        "fail": {"code": "late", "error": "late", "now": clock()},
        "hand_back": {},
        "stop_cancelled": {"now": clock()},
    }[deed]

    with pytest.raises(tasks.LeaseLost), system.sessions.begin() as session:
        getattr(tasks, deed)(session, task_id, late.token, **facts)

    kept = row(system, task_id)
    assert (kept.state, kept.lease_token, kept.result, kept.progress) == ("running", holder.token, {}, {})


def test_a_worker_that_wakes_after_the_task_is_done_changes_nothing(system, clock, a_kind):
    def sleep_through_the_lease(running):
        clock.wind(hours=1)
        if running.claim.attempts == 1:
            tasks.sweep(system)
            assert tasks.run(system, running.claim.id) == "done"
        return {"attempt": running.claim.attempts}

    a_kind("doze", sleep_through_the_lease)
    task_id = asked(system, "doze")

    ending = tasks.run(system, task_id)

    assert ending == "not-ours"
    assert row(system, task_id).result == {"attempt": 2}


def test_a_queued_task_is_cancelled_at_once(system):
    task_id = asked(system)

    with system.sessions.begin() as session:
        state = tasks.cancel(session, task_id, now=system.now())

    assert state == "cancelled"
    assert tasks.run(system, task_id) == "not-ours"


def test_a_running_task_hears_that_it_should_stop(system, a_kind):
    def wait_for_the_word(running):
        with system.sessions.begin() as session:
            assert tasks.cancel(session, running.claim.id, now=system.now()) == "running"
        assert running.should_stop()
        raise tasks.Cancelled(running.claim.id)

    a_kind("wait", wait_for_the_word)
    task_id = asked(system, "wait")

    ending = tasks.run(system, task_id)

    assert ending == "cancelled"
    assert (row(system, task_id).state, row(system, task_id).error) == ("cancelled", "")


def test_cancelling_what_is_done_changes_nothing(system, a_kind):
    a_kind("count", lambda running: {})
    task_id = asked(system, "count")
    tasks.run(system, task_id)

    with system.sessions.begin() as session:
        assert tasks.cancel(session, task_id, now=system.now()) == "done"

    assert not row(system, task_id).cancel_wanted


def test_a_stopping_worker_hands_its_task_back_without_losing_an_attempt(system, a_kind):
    def give_up(running):
        assert running.should_stop()
        raise tasks.Cancelled(running.claim.id)

    a_kind("long", give_up)
    task_id = asked(system, "long")

    ending = tasks.run(system, task_id, stopping=lambda: True)

    assert ending == "queued"
    assert (row(system, task_id).state, row(system, task_id).attempts) == ("queued", 0)


def test_progress_is_written_but_not_at_every_word(system, a_kind, monkeypatch):
    written = []
    real = tasks.progress
    monkeypatch.setattr(tasks, "progress", lambda *args: written.append(args[3]["step"]) or real(*args))

    def chatter(running):
        for step in range(50):
            running.say({"step": step})
        time.sleep(tasks.PROGRESS_SECONDS + 0.05)
        running.say({"step": 99})
        return {}

    a_kind("chatter", chatter)
    task_id = asked(system, "chatter")

    tasks.run(system, task_id)

    assert written == [0, 99]
    assert row(system, task_id).progress == {"step": 99}


def test_the_lease_is_renewed_while_the_work_goes_on(system, a_kind, monkeypatch, clock):
    monkeypatch.setattr(tasks, "RENEW_SECONDS", 0.05)
    renewed = threading.Event()
    real = tasks.renew

    def renew(*args, **facts):
        real(*args, **facts)
        renewed.set()

    monkeypatch.setattr(tasks, "renew", renew)

    def long_work(running):
        clock.wind(seconds=10)
        assert renewed.wait(5)
        return {"until": row(system, running.claim.id).lease_until.isoformat()}

    a_kind("long", long_work)
    begun = clock()
    task_id = asked(system, "long")

    tasks.run(system, task_id)

    assert row(system, task_id).result["until"] > begun.isoformat()


@pytest.mark.parametrize("name", ["", "../tournee.db", "/etc/passwd", ".hidden", "a/b.csv"])
def test_an_upload_is_named_never_reached_by_a_path(system, name):
    with pytest.raises(InvalidRequest):
        task_kinds.upload_path(system, name)
