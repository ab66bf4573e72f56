"""Every rule of `verify` is shown to bite: damage is written straight into both databases, past all their guards."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import logistics.verify
from logistics import database, migrations
from logistics.verify import RULES, verify
from tests import postgres
from tests.logistics.scenes import a_week


@dataclass(frozen=True)
class Damage:
    """What is written, and which rule must name which row of which table.

    `row` is SQL that finds the row's key before the damage is done; `writes` may use it as `:row`.
    """

    rule: str
    table: str
    row: str
    writes: tuple[str, ...]
    told: str = "{row}"


def a_shelf_key(where: str) -> str:
    key = "'holder ' || holder_id || ', product ' || product_id || ', grade ' || grade"
    return f"SELECT {key} FROM balance WHERE {where}"


def of_order(reference: str, column: str = "id") -> str:
    return f"(SELECT {column} FROM equipment_order WHERE reference = '{reference}')"


def stop_of(reference: str, attempt: int = 1) -> str:
    return (
        "(SELECT MAX(stop_job.stop_id) FROM stop_job JOIN job ON job.id = stop_job.job_id "
        f"WHERE job.order_id = {of_order(reference)} AND job.attempt = {attempt})"
    )


def tour_of(reference: str, attempt: int = 1) -> str:
    return f"(SELECT tour_id FROM stop WHERE id = {stop_of(reference, attempt)})"


def line_of(reference: str, number: int = 1) -> str:
    return f"(SELECT id FROM order_line WHERE order_id = {of_order(reference)} AND number = {number})"


MOUSE_SHELF = (
    "product_id = (SELECT id FROM product WHERE sku = 'MOU') "
    "AND holder_id = (SELECT id FROM holder WHERE kind = 'site')"
)
LAPTOP_SHELF = MOUSE_SHELF.replace("MOU", "LAP")
PUBLISHED = "(SELECT MIN(id) FROM tour WHERE state = 'published')"
A_PIECE_AT_HOME = "SELECT MIN(id) FROM asset WHERE holder_id IN (SELECT id FROM holder WHERE kind = 'employee')"

DAMAGES = {
    "a movement to nobody": Damage(
        "ledger-adds-up", "movement", "SELECT MAX(id) FROM movement",
        ("UPDATE movement SET to_holder_id = 99999 WHERE id = :row",)),
    "a piece out of nothing": Damage(
        "ledger-adds-up", "product", "SELECT id FROM product WHERE sku = 'MOU'",
        (f"UPDATE balance SET on_hand = on_hand + 1 WHERE {MOUSE_SHELF}",)),
    "a balance that counts one too many": Damage(
        "balance-equals-fold", "balance", a_shelf_key(MOUSE_SHELF),
        (f"UPDATE balance SET on_hand = on_hand + 1 WHERE {MOUSE_SHELF}",)),
    "a balance that was lost": Damage(
        "balance-equals-fold", "balance", a_shelf_key(MOUSE_SHELF), (f"DELETE FROM balance WHERE {MOUSE_SHELF}",)),
    "less than nothing on a shelf": Damage(
        "balance-not-negative", "balance", a_shelf_key(MOUSE_SHELF),
        (f"UPDATE balance SET on_hand = -1 WHERE {MOUSE_SHELF}",)),
    "a shelf that need not count": Damage(
        "balance-not-negative", "balance", a_shelf_key(MOUSE_SHELF),
        (f"UPDATE balance SET countable = (1 = 0) WHERE {MOUSE_SHELF}",)),
    "a promise below zero": Damage(
        "balance-not-negative", "balance", a_shelf_key(MOUSE_SHELF),
        (f"UPDATE balance SET reserved = -2 WHERE {MOUSE_SHELF}",)),
    "a piece in two places": Damage(
        "asset-has-one-holder", "asset", A_PIECE_AT_HOME,
        ("UPDATE asset SET holder_id = (SELECT id FROM holder WHERE kind = 'site') WHERE id = :row",)),
    "a piece that jumps": Damage(
        "asset-has-one-holder", "movement",
        "SELECT MAX(id) FROM movement WHERE asset_id = (SELECT MIN(id) FROM asset WHERE holder_id IN "
        "(SELECT id FROM holder WHERE kind = 'employee') AND asset_tag LIKE 'T%')",
        ("UPDATE movement SET from_holder_id = (SELECT id FROM holder WHERE kind = 'quarantine') WHERE id = :row",)),
    "a piece that begins with us": Damage(
        "asset-has-one-holder", "movement",
        "SELECT id FROM movement WHERE asset_id = (SELECT id FROM asset WHERE asset_tag = 'OLD-E3')",
        ("UPDATE movement SET from_holder_id = (SELECT id FROM holder WHERE kind = 'site') WHERE id = :row",)),
    "a piece moved as another product": Damage(
        "asset-has-one-holder", "movement", "SELECT MAX(id) FROM movement WHERE asset_id IS NOT NULL",
        ("UPDATE movement SET product_id = (SELECT id FROM product WHERE sku = 'MOU') WHERE id = :row",)),
    "a laptop that moved without a tag": Damage(
        "asset-has-one-holder", "movement", "SELECT MAX(id) FROM movement WHERE asset_id IS NOT NULL",
        ("UPDATE movement SET asset_id = NULL WHERE id = :row",)),
    "a shelf with a laptop too many": Damage(
        "serial-balance-equals-assets", "balance", a_shelf_key(LAPTOP_SHELF),
        (f"UPDATE balance SET on_hand = on_hand + 1 WHERE {LAPTOP_SHELF}",)),
    "a laptop where no balance is": Damage(
        "serial-balance-equals-assets", "asset",
        "SELECT MIN(asset.id) FROM asset JOIN holder ON holder.id = asset.holder_id WHERE holder.kind = 'employee'",
        ("DELETE FROM balance WHERE holder_id = (SELECT holder_id FROM asset WHERE id = :row)",)),
    "more promised than there is": Damage(
        "no-reservation-beyond-stock", "balance", a_shelf_key(MOUSE_SHELF),
        (f"UPDATE balance SET reserved = on_hand + 5 WHERE {MOUSE_SHELF}",)),
    "a promise nobody counted": Damage(
        "no-reservation-beyond-stock", "balance", a_shelf_key(MOUSE_SHELF),
        ("UPDATE reservation SET quantity = quantity + 1 WHERE id = (SELECT MAX(id) FROM reservation WHERE "
         "state = 'open' AND product_id = (SELECT id FROM product WHERE sku = 'MOU'))",)),
    "a promise where nothing ever lay": Damage(
        "no-reservation-beyond-stock", "reservation", "SELECT MAX(id) FROM reservation WHERE state = 'open'",
        ("UPDATE reservation SET grade = 'D' WHERE id = :row",)),
    "a piece promised twice": Damage(
        "one-promise-per-asset", "asset",
        "SELECT MAX(asset_id) FROM reservation WHERE state = 'open' AND asset_id IS NOT NULL",
        ("UPDATE reservation SET asset_id = :row WHERE id = (SELECT MIN(id) FROM reservation WHERE state = 'open' "
         "AND asset_id IS NOT NULL AND asset_id <> :row)",)),
    "a promised piece that is elsewhere": Damage(
        "promised-asset-is-there", "reservation",
        "SELECT MAX(id) FROM reservation WHERE state = 'open' AND asset_id IS NOT NULL",
        ("UPDATE reservation SET asset_id = (SELECT MIN(id) FROM asset WHERE asset_tag LIKE 'OLD%') WHERE id = :row",)),
    "a promised piece with somebody's data": Damage(
        "promised-asset-is-there", "reservation",
        "SELECT MAX(id) FROM reservation WHERE state = 'open' AND asset_id IS NOT NULL",
        ("UPDATE asset SET data_state = 'wipe-due' WHERE id = (SELECT asset_id FROM reservation WHERE id = :row)",)),
    "two current homes": Damage(
        "address-current", "employee", f"SELECT employee_id FROM equipment_order WHERE id = {of_order('planned')}",
        ("UPDATE address SET valid_to = NULL WHERE employee_id = :row",)),
    "a home that ended before it began": Damage(
        "address-current", "address", "SELECT MIN(id) FROM address WHERE valid_to IS NOT NULL",
        ("UPDATE address SET valid_to = '2020-01-01 00:00:00' WHERE id = :row",)),
    "a stop at somebody else's home": Damage(
        "address-current", "stop", f"SELECT {stop_of('whole')}",
        ("UPDATE stop SET address_id = (SELECT MAX(id) FROM address) WHERE id = :row",)),
    "a stop nobody can find": Damage(
        "address-current", "stop", f"SELECT {stop_of('underway')}",
        ("UPDATE address SET lat = NULL, lon = NULL, accuracy = 'unlocated' WHERE id = "
         "(SELECT address_id FROM stop WHERE id = :row)",)),
    "a tour published to a home that had ended": Damage(
        "address-current", "stop", f"SELECT {stop_of('planned')}",
        ("UPDATE address SET valid_to = valid_from WHERE id = (SELECT address_id FROM stop WHERE id = :row)",)),
    "an open order without a job": Damage(
        "order-job", "equipment_order", f"SELECT {of_order('waiting')}",
        ("UPDATE job SET state = 'failed' WHERE order_id = :row",)),
    "a planned order whose job is open": Damage(
        "order-job", "equipment_order", f"SELECT {of_order('planned')}",
        ("UPDATE job SET state = 'open' WHERE order_id = :row",)),
    "a done order with a live job": Damage(
        "order-job", "equipment_order", f"SELECT {of_order('whole')}",
        ("UPDATE job SET state = 'open' WHERE order_id = :row",)),
    "an order in a state nobody knows": Damage(
        "order-job", "equipment_order", f"SELECT {of_order('whole')}",
        ("UPDATE equipment_order SET state = 'lost' WHERE id = :row",)),
    "a line that forgot to leave": Damage(
        "line-state", "order_line", f"SELECT {line_of('underway')}",
        ("UPDATE order_line SET state = 'planned' WHERE id = :row",)),
    "a line of no order": Damage(
        "line-state", "order_line", f"SELECT {line_of('waiting')}",
        ("UPDATE order_line SET order_id = 99999 WHERE id = :row",)),
    "an open order with nothing open": Damage(
        "line-state", "equipment_order", f"SELECT {of_order('waiting')}",
        ("UPDATE order_line SET state = 'cancelled' WHERE order_id = :row",)),
    "an order nobody asked for": Damage(
        "order-events", "equipment_order", f"SELECT {of_order('waiting')}",
        ("DELETE FROM order_event WHERE order_id = :row AND kind = 'signalled'",)),
    "a done order that never was done": Damage(
        "order-events", "equipment_order", f"SELECT {of_order('whole')}",
        ("DELETE FROM order_event WHERE order_id = :row AND kind = 'done'",)),
    "a planned order without its promise": Damage(
        "order-events", "equipment_order", f"SELECT {of_order('planned')}",
        ("DELETE FROM order_event WHERE order_id = :row AND kind = 'promised'",)),
    "an order's fact from the future": Damage(
        "order-events", "order_event", "SELECT MAX(id) FROM order_event",
        ("UPDATE order_event SET occurred_at = '2030-01-01 00:00:00' WHERE id = :row",)),
    "a stop done by nobody": Damage(
        "stop-events", "stop", f"SELECT {stop_of('whole')}",
        ("DELETE FROM stop_event WHERE stop_id = :row AND kind = 'done'",)),
    "a stop that failed by itself": Damage(
        "stop-events", "stop", f"SELECT {stop_of('absent')}",
        ("DELETE FROM stop_event WHERE stop_id = :row AND kind = 'failed'",)),
    "a tour that ended unsaid": Damage(
        "stop-events", "tour", f"SELECT {tour_of('whole')}",
        ("DELETE FROM stop_event WHERE tour_id = :row AND kind = 'ended'",)),
    "a courier's word from the future": Damage(
        "stop-events", "stop_event", "SELECT MAX(id) FROM stop_event",
        ("UPDATE stop_event SET occurred_at = '2030-01-01 00:00:00' WHERE id = :row",)),
    "a version that is left out": Damage(
        "plan-line", "plan", "SELECT id FROM plan WHERE status = 'draft'",
        ("UPDATE plan SET version = version + 1 WHERE id = :row",)),
    "a published plan without its date": Damage(
        "plan-line", "plan", "SELECT MIN(id) FROM plan WHERE status = 'published'",
        ("UPDATE plan SET published_at = NULL WHERE id = :row",)),
    "two published versions of a day": Damage(
        "plan-line", "plan", "SELECT id FROM plan WHERE status = 'draft'",
        ("UPDATE plan SET status = 'published', published_at = made_at WHERE id = :row",)),
    "two drafts of a day": Damage(
        "plan-line", "plan", "SELECT id FROM plan WHERE status = 'draft'",
        ("UPDATE plan SET status = 'draft', published_at = NULL WHERE day = (SELECT day FROM plan WHERE id = :row)",)),
    "a tour of another day": Damage(
        "plan-tours", "tour", f"SELECT {PUBLISHED}", ("UPDATE tour SET day = '2026-12-24' WHERE id = :row",)),
    "a published plan with a withdrawn tour": Damage(
        "plan-tours", "tour", f"SELECT {PUBLISHED}", ("UPDATE tour SET state = 'withdrawn' WHERE id = :row",)),
    "a tour on the road that no plan knows": Damage(
        "plan-tours", "tour", "SELECT MIN(id) FROM tour WHERE state = 'departed'",
        ("DELETE FROM plan_tour WHERE tour_id = :row",)),
    "a draft tour of a plan that is over": Damage(
        "plan-tours", "tour", "SELECT MIN(id) FROM tour WHERE state = 'draft'",
        ("UPDATE plan SET status = 'discarded' WHERE status = 'draft'",)),
    "a job served and unserved": Damage(
        "plan-partition", "plan", "SELECT MIN(plan_id) FROM plan_tour",
        ("INSERT INTO unserved (plan_id, job_id, code, facts) SELECT :row, MIN(stop_job.job_id), 'too-dear', '{}' FROM "
         "stop_job JOIN stop ON stop.id = stop_job.stop_id JOIN plan_tour ON plan_tour.tour_id = stop.tour_id "
         "WHERE plan_tour.plan_id = :row",)),
    "a job on two stops of a version": Damage(
        "plan-partition", "plan", "SELECT MIN(plan_id) FROM plan_tour",
        (f"INSERT INTO stop_job (stop_id, job_id) SELECT {stop_of('swap')}, job_id FROM stop_job "
         f"WHERE stop_id = {stop_of('whole')}",)),
    "a job on two published tours": Damage(
        "stop-jobs", "job", f"SELECT id FROM job WHERE order_id = {of_order('whole')}",
        (f"INSERT INTO stop_job (stop_id, job_id) VALUES ({stop_of('planned')}, :row)",)),
    "a planned job on no tour": Damage(
        "stop-jobs", "job", f"SELECT id FROM job WHERE order_id = {of_order('planned')}",
        ("DELETE FROM stop_job WHERE job_id = :row",)),
    "a stop without a job": Damage(
        "stop-jobs", "stop", f"SELECT {stop_of('planned')}", ("DELETE FROM stop_job WHERE stop_id = :row",)),
    "a stop done whose job goes on": Damage(
        "stop-jobs", "job", f"SELECT id FROM job WHERE order_id = {of_order('early')}",
        ("UPDATE job SET state = 'underway' WHERE id = :row",)),
    "a tour that ended with a stop to come": Damage(
        "stop-jobs", "job", f"SELECT id FROM job WHERE order_id = {of_order('whole')}",
        (f"UPDATE stop SET state = 'arrived' WHERE id = {stop_of('whole')}",)),
    "a stop at the wrong employee": Damage(
        "stop-jobs", "stop", f"SELECT {stop_of('planned')}",
        ("UPDATE stop SET employee_id = (SELECT MIN(id) FROM employee) WHERE id = :row",)),
    "a stop served from another site": Damage(
        "tour-sites", "stop", f"SELECT {stop_of('planned')}",
        (f"UPDATE equipment_order SET site_id = NULL WHERE id = {of_order('planned')}",)),
    "an arrival faster than the road": Damage(
        "tour-times", "stop", f"SELECT {stop_of('planned')}",
        ("UPDATE stop SET drive_s = drive_s + 3600 WHERE id = :row",)),
    "a service before the arrival": Damage(
        "tour-times", "stop", f"SELECT {stop_of('planned')}",
        ("UPDATE stop SET service_starts_at = departs_at WHERE id = :row",)),
    "a stop out of sequence": Damage(
        "tour-times", "stop", f"SELECT {stop_of('planned')}", ("UPDATE stop SET sequence = 9 WHERE id = :row",)),
    "a negative leg": Damage(
        "tour-times", "stop", f"SELECT {stop_of('planned')}", ("UPDATE stop SET distance_m = -1 WHERE id = :row",)),
    "a tour back before the road allows": Damage(
        "tour-times", "tour", f"SELECT {PUBLISHED}", ("UPDATE tour SET return_drive_s = 36000 WHERE id = :row",)),
    "driving that does not sum up": Damage(
        "tour-times", "tour", f"SELECT {PUBLISHED}", ("UPDATE tour SET driving_s = driving_s + 1 WHERE id = :row",)),
    "kilometres that do not sum up": Damage(
        "tour-times", "tour", f"SELECT {PUBLISHED}", ("UPDATE tour SET distance_m = distance_m - 1 WHERE id = :row",)),
    "a stop after its window": Damage(
        "tour-window", "stop", f"SELECT {stop_of('planned')}",
        ("UPDATE stop SET window_closes_at = window_opens_at WHERE id = :row",)),
    "a tour beyond its shift": Damage(
        "tour-shift", "tour", f"SELECT {PUBLISHED}",
        ("UPDATE tour SET shift_closes_at = shift_opens_at WHERE id = :row",)),
    "a van with too much aboard": Damage(
        "tour-load", "stop", f"SELECT {stop_of('absent', 2)}",
        ("UPDATE tour SET weight_capacity_g = 100 WHERE id = (SELECT tour_id FROM stop WHERE id = :row)",)),
    "a van that is full before it starts": Damage(
        "tour-load", "tour", f"SELECT {PUBLISHED}", ("UPDATE tour SET volume_capacity_ml = 1 WHERE id = :row",)),
    "a load that is not that of the lines": Damage(
        "tour-load", "stop", f"SELECT {stop_of('early')}",
        ("UPDATE stop SET load_weight_g = load_weight_g + 1 WHERE id = :row",)),
    "a start that is not the sum of the lines": Damage(
        "tour-load", "tour", f"SELECT {tour_of('early')}",
        ("UPDATE tour SET start_weight_g = start_weight_g + 1 WHERE id = :row",)),
    "a pick line for another stop's order": Damage(
        "pick-lines", "pick_line", f"SELECT MIN(id) FROM pick_line WHERE stop_id = {stop_of('planned')}",
        (f"UPDATE pick_line SET stop_id = {stop_of('absent', 2)} WHERE id = :row",)),
    "a pick line of another product": Damage(
        "pick-lines", "pick_line", f"SELECT MIN(id) FROM pick_line WHERE stop_id = {stop_of('planned')}",
        ("UPDATE pick_line SET product_id = (SELECT id FROM product WHERE sku = 'DOC') WHERE id = :row",)),
    "a line that is not picked": Damage(
        "pick-lines", "order_line", f"SELECT {line_of('planned')}",
        ("DELETE FROM pick_line WHERE order_line_id = :row",)),
    "a pick line whose promise is over": Damage(
        "pick-promise", "pick_line", f"SELECT MIN(id) FROM pick_line WHERE stop_id = {stop_of('planned')}",
        ("UPDATE reservation SET state = 'released' WHERE id = (SELECT reservation_id FROM pick_line WHERE id = :row)",
         )),
    "a pick line of another piece than promised": Damage(
        "pick-promise", "pick_line",
        f"SELECT MIN(id) FROM pick_line WHERE asset_id IS NOT NULL AND stop_id = {stop_of('planned')}",
        ("UPDATE pick_line SET asset_id = (SELECT MIN(id) FROM asset) WHERE id = :row",)),
    "a loaded piece that is not in the van": Damage(
        "custody", "pick_line",
        "SELECT MIN(pick_line.id) FROM pick_line JOIN tour ON tour.id = pick_line.tour_id "
        "WHERE tour.state = 'departed'",
        ("UPDATE pick_line SET state = 'loaded' WHERE id = :row",)),
    "mice that left the van": Damage(
        "custody", "tour", f"SELECT {tour_of('underway')}",
        ("UPDATE balance SET on_hand = 0 WHERE holder_id = "
         "(SELECT id FROM holder WHERE kind = 'vehicle' AND key = 'V1')",)),
    "a delivery that moved nothing": Damage(
        "custody", "order_line", f"SELECT {line_of('whole')}",
        ("UPDATE movement SET cause = 'nothing' WHERE cause LIKE 'stop:%#' || :row",)),
    "a delivery to somebody else": Damage(
        "custody", "order_line", f"SELECT {line_of('swap', 2)}",
        (f"UPDATE equipment_order SET employee_id = (SELECT MAX(id) FROM employee) WHERE id = {of_order('swap')}",)),
}  # fmt: skip


def build(url: str) -> None:
    migrations.upgrade(url)
    sessions = database.open_sessions(url)
    with sessions.begin() as session:
        a_week(session)
    sessions.close()


@pytest.fixture(scope="module")
def sqlite_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("week") / "week.sqlite"
    build(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="module")
def postgresql_week(postgresql_server: postgres.Server) -> str:
    name = postgresql_server.create()
    build(postgresql_server.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def week(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Sessions on a database of one's own in which a whole week has happened."""
    if request.param == "sqlite":
        file = tmp_path / "week.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_week"), file)
        opened = database.open_sessions(f"sqlite:///{file}")
        yield opened
        opened.close()
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.create(template=request.getfixturevalue("postgresql_week"))
        opened = database.open_sessions(server.url(name))
        yield opened
        opened.close()
        server.drop(name)


def past_all_guards(sessions: Any, statements: tuple[str, ...], row: Any) -> None:
    """Write as somebody with the database's password could: no trigger, constraint or unique index refuses."""
    with sessions.engine.connect() as connection:
        if sessions.dialect == "sqlite":
            raw = connection.connection.cursor()
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("PRAGMA ignore_check_constraints = ON")
            guards = "SELECT 'DROP ' || type || ' ' || name FROM sqlite_master WHERE sql IS NOT NULL AND " \
                "(type = 'trigger' OR (type = 'index' AND sql LIKE '%UNIQUE%'))"  # fmt: skip
            for (drop,) in raw.execute(guards).fetchall():
                raw.execute(drop)
            raw.close()
        else:
            connection.execute(text("SET session_replication_role = replica"))
            constraints = connection.execute(text(
                "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname) "
                "FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            ))  # fmt: skip
            indexes = connection.execute(text(
                "SELECT 'DROP INDEX ' || quote_ident(indexname) FROM pg_indexes WHERE schemaname = 'public' "
                "AND indexdef LIKE 'CREATE UNIQUE INDEX%WHERE%'"
            ))  # fmt: skip
            for (drop,) in [*constraints, *indexes]:
                connection.execute(text(drop))
        for statement in statements:
            facts = {"row": row} if ":row" in statement else {}
            assert connection.execute(text(statement), facts).rowcount > 0, "the damage hits a row"
        connection.commit()


def test_a_week_of_work_breaks_no_rule(week):
    with week() as session:
        assert verify(session) == ()


@pytest.mark.parametrize("name", DAMAGES)
def test_planted_damage_is_named_by_its_rule_and_row(week, name):
    damage = DAMAGES[name]
    with week() as session:
        row = session.execute(text(damage.row)).scalar_one()
    assert row is not None, "the week has such a row"

    past_all_guards(week, damage.writes, row)

    with week() as session:
        found = {(one.rule, one.table, one.row) for one in verify(session)}
    assert (damage.rule, damage.table, damage.told.format(row=row)) in found


def test_every_rule_has_its_damage():
    assert {damage.rule for damage in DAMAGES.values()} == set(RULES)


def test_every_violation_is_of_a_listed_rule_and_sorted(week):
    with week() as session:
        row = session.execute(text(a_shelf_key(MOUSE_SHELF))).scalar_one()
    past_all_guards(week, DAMAGES["less than nothing on a shelf"].writes, row)

    with week() as session:
        found = verify(session)

    assert list(found) == sorted(found)
    assert {one.rule for one in found} <= set(RULES)
    assert len({one.rule for one in found}) > 2


def test_the_reader_shares_no_code_with_the_writers():
    tree = ast.parse(Path(logistics.verify.__file__).read_text())

    imported = {node.module if isinstance(node, ast.ImportFrom) else name.name
                for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
                for name in node.names}  # fmt: skip
    assert {module.partition(".")[0] for module in imported} <= {
        "__future__", "collections", "dataclasses", "datetime", "typing", "sqlalchemy"
    }  # fmt: skip
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def test_reading_changes_nothing(week):
    with week.begin() as session:
        verify(session)

        assert not session.new
        assert not session.dirty
