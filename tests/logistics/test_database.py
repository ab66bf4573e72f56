"""How the database is opened: what a reader sees while others write."""

from __future__ import annotations

from sqlalchemy import func, select

from inventory.models import Product
from logistics import cli
from logistics.verify import verify
from tests.builders import a_product


def products(session):
    return session.scalar(select(func.count()).select_from(Product))


def test_a_snapshot_shows_one_moment_whatever_is_committed_meanwhile(sessions):
    with sessions.snapshot() as reading:
        before = products(reading)
        with sessions.begin() as writing:
            a_product(writing)

        assert products(reading) == before

    with sessions() as reading:
        assert products(reading) == before + 1
    assert not sessions.engine.pool.checkedout()


def test_verify_is_told_of_one_moment_by_its_command(sessions, database_url, tmp_path, monkeypatch):
    seen = []

    def looks_twice(session):
        seen.append(products(session))
        with sessions.begin() as writing:
            a_product(writing)
        seen.append(products(session))
        return verify(session)

    monkeypatch.setattr("logistics.verify.verify", looks_twice)
    monkeypatch.setenv("TOURNEE_DATABASE_URL", database_url)
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))

    assert cli.main(["verify"]) == 0

    assert seen[0] == seen[1]
