"""One backup amid the work of the backup campaign, and its judge shown to bite."""

from __future__ import annotations

import pytest

from logistics import migrations
from logistics.database import open_sessions
from tests.campaigns.backups import Drill, differences
from tests.campaigns.company import a_company
from tests.campaigns.judging import Said
from tests.campaigns.writers import trial


def test_a_backup_amid_the_work_restores_into_the_other_database_as_one_picture(tmp_path, starter, postgresql_server):
    url = f"sqlite:///{tmp_path / 'tournee.db'}"
    drill = Drill(tmp_path, url, 3, postgresql_server)

    found = trial(
        url, tmp_path, starter, processes=1, servers=1, seconds=0, seed=3, meanwhile=lambda logs: drill.run(logs, 1)
    )

    assert (drill.wrong, found.wrong) == ([], [])
    assert len(drill.restored) == 1


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Books in which one order was placed and no event told."""
    url = f"sqlite:///{tmp_path_factory.mktemp('judged') / 'books.db'}"
    migrations.upgrade(url)
    sessions = open_sessions(url)
    with sessions.begin() as session:
        a_company(session, 0)
        session.connection().exec_driver_sql(
            "UPDATE equipment_order SET reference = 'O-1', note = 'k1' WHERE reference = 'SHARED-1'"
        )
    sessions.close()
    return url


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (["k1"], ["k1"], []),
        ([], ["k1", "k2"], []),
        (["k1", "k2"], ["k1", "k2"], ["place k2 was acknowledged before and is not there"]),
        ([], [], ["place k1 is there and nobody had asked for it"]),
    ],
)
def test_the_judge_tells_what_a_backup_lacks_and_what_it_has_too_much(books, before, after, told):
    asked = {key: Said("place", key, "ok", {}) for key in ("k1", "k2")}

    assert differences([asked[one] for one in before], [asked[one] for one in after], books) == told


def test_the_judge_tells_a_lost_event(books):
    told = [Said("place", "k1", "ok", {}), Said("event", "e", "ok", {})]

    assert differences(told, told, books) == ["event e was acknowledged before and is not there"]
