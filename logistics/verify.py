"""Reads the whole database and says what does not add up. It shares no code with the writers, on purpose.

SQL text and its own arithmetic only: a mistake in a service or a row class cannot hide itself here. Rules and what they
hold stand in `RULES`; each violation names its rule, the table and the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

RULES: Mapping[str, str] = {
    "ledger-adds-up": "Every movement goes from a known holder to another; over all holders a product sums to zero.",
    "balance-equals-fold": "A balance is what came in less what went out; where something lies is a balance.",
    "balance-not-negative": "A countable holder never has less than nothing, nothing is promised below zero.",
    "asset-has-one-holder": "Each movement of a piece begins where the one before ended; the last is its holder.",
    "serial-balance-equals-assets": "What a holder has of a serial product are exactly the pieces that are there.",
    "no-reservation-beyond-stock": "What is promised is the sum of the open promises, never more than there is.",
    "one-promise-per-asset": "A piece is named in one open promise at most.",
    "promised-asset-is-there": "A piece named in an open promise lies there, is of that product and fit to go.",
    "address-current": "One current address per employee; a stop's is the employee's, located, current at publication.",
    "order-job": "An open, planned or underway order has one job in that state, any other has no live job.",
    "line-state": "A line's state fits its order's; an order that is not cancelled has a line in its own state.",
    "order-events": "An order begins with `signalled`; its state has its event; nothing is recorded before it happens.",
    "stop-events": "A closed stop, a departed and an ended tour have their event, recorded after it happened.",
    "plan-line": "The versions of a day count from 1 without a gap; one draft and one published at most, dated.",
    "plan-tours": "A plan's tours are of its day and in a state that fits; a live tour is in a live plan.",
    "plan-partition": "In one version a job is on one tour or unserved, never both and never twice.",
    "stop-jobs": "A job is on one live tour at most, at its employee's door; its state fits its stop and tour.",
    "tour-sites": "A tour brings only what is served from its own site.",
    "tour-times": "Nobody arrives before the road allows, serves before arriving, leaves before serving; legs sum up.",
    "tour-window": "Service begins inside the stop's window.",
    "tour-shift": "A tour lies inside its shift.",
    "tour-load": "Loads follow from the order lines and the products, and never exceed the van.",
    "pick-lines": "Pick lines are for a line of an order at that stop, of its product, and add up to its quantity.",
    "pick-promise": "A line still to be loaded has its open promise, of the same piece.",
    "custody": "What was loaded is in the van; what a done line says changed hands did.",
}

#: How far a phone's clock may run ahead of ours.
SKEW = timedelta(minutes=5)
COUNTABLE = "('site', 'employee', 'vehicle', 'carrier', 'repairer', 'quarantine')"
FIT_TO_GO = "('not-data-bearing', 'clean', 'sanitised')"
LIVE_JOB = "('open', 'planned', 'underway')"


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A rule that does not hold, and for which row; `detail` has ids and numbers, nothing personal."""

    rule: str
    table: str
    row: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Query:
    """A rule as SQL: each row it gives is a violation, its first column the row's key, the others for the detail."""

    rule: str
    table: str
    detail: str
    sql: str


def verify(session: Session) -> tuple[Violation, ...]:
    """Every violation of every rule in the database, sorted; empty when all is well. Reads only."""
    found = {violation for query in QUERIES for violation in _ask(session, query)}
    for check in (_asset_chains, _event_times, _plan_versions, _tours, _custody_of_done_lines):
        found.update(check(session))
    return tuple(sorted(found))


def _ask(session: Session, query: _Query) -> Iterator[Violation]:
    for row in _rows(session, query.sql):
        yield Violation(query.rule, query.table, str(row[0]), query.detail.format(*row))


def _rows(session: Session, sql: str, **facts: Any) -> Iterator[Any]:
    yield from session.execute(text(sql), facts, execution_options={"yield_per": 1000})


def _shelf(name: str) -> str:
    return f"'holder ' || {name}.holder_id || ', product ' || {name}.product_id || ', grade ' || {name}.grade"


#: What every movement adds to and takes from a shelf.
_FOLD = """
    SELECT holder_id, product_id, grade, SUM(pieces) AS pieces FROM (
        SELECT to_holder_id AS holder_id, product_id, grade, quantity AS pieces FROM movement
        UNION ALL SELECT from_holder_id, product_id, grade, -quantity FROM movement
    ) AS sides GROUP BY holder_id, product_id, grade"""
_PROMISED = """
    SELECT holder_id, product_id, grade, SUM(quantity) AS pieces FROM reservation WHERE state = 'open'
    GROUP BY holder_id, product_id, grade"""
_JOBS_ON_TOURS = """
    SELECT job.id AS job_id, job.state AS job_state, job.order_id, stop.id AS stop_id, stop.state AS stop_state,
           stop.employee_id, tour.id AS tour_id, tour.state AS tour_state, tour.site_id
    FROM stop_job JOIN job ON job.id = stop_job.job_id JOIN stop ON stop.id = stop_job.stop_id
    JOIN tour ON tour.id = stop.tour_id"""

QUERIES: tuple[_Query, ...] = (
    _Query("ledger-adds-up", "movement", "from holder {1} to holder {2}, {3} pieces", """
        SELECT movement.id, from_holder_id, to_holder_id, quantity FROM movement
        LEFT JOIN holder AS source ON source.id = from_holder_id LEFT JOIN holder AS target ON target.id = to_holder_id
        WHERE source.id IS NULL OR target.id IS NULL OR from_holder_id = to_holder_id OR quantity < 1"""),
    _Query("ledger-adds-up", "product", "{1} pieces over all holders", """
        SELECT product_id, SUM(on_hand) FROM balance GROUP BY product_id HAVING SUM(on_hand) <> 0"""),
    _Query("balance-equals-fold", "balance", "{1} on hand, {2} by the movements", f"""
        SELECT {_shelf("balance")}, balance.on_hand, COALESCE(fold.pieces, 0) FROM balance
        LEFT JOIN ({_FOLD}) AS fold ON fold.holder_id = balance.holder_id
            AND fold.product_id = balance.product_id AND fold.grade = balance.grade
        WHERE balance.on_hand <> COALESCE(fold.pieces, 0)
        UNION ALL
        SELECT {_shelf("fold")}, 0, fold.pieces FROM ({_FOLD}) AS fold
        LEFT JOIN balance ON fold.holder_id = balance.holder_id
            AND fold.product_id = balance.product_id AND fold.grade = balance.grade
        WHERE balance.holder_id IS NULL AND fold.pieces <> 0"""),
    _Query("balance-not-negative", "balance", "{1} on hand, {2} promised", f"""
        SELECT {_shelf("balance")}, on_hand, reserved FROM balance JOIN holder ON holder.id = balance.holder_id
        WHERE reserved < 0 OR (holder.kind IN {COUNTABLE} AND on_hand < 0)
           OR (CASE WHEN countable THEN 1 ELSE 0 END) <> (CASE WHEN holder.kind IN {COUNTABLE} THEN 1 ELSE 0 END)"""),
    _Query("asset-has-one-holder", "movement", "asset {1} of product {2}, moved as product {3}, {4} pieces", """
        SELECT movement.id, asset.id, asset.product_id, movement.product_id, movement.quantity
        FROM movement JOIN product ON product.id = movement.product_id LEFT JOIN asset ON asset.id = movement.asset_id
        WHERE (product.tracking = 'serial' AND movement.asset_id IS NULL)
           OR (movement.asset_id IS NOT NULL AND (asset.id IS NULL OR asset.product_id <> movement.product_id
               OR movement.quantity <> 1 OR product.tracking <> 'serial'))"""),
    _Query("serial-balance-equals-assets", "balance", "{1} on hand, {2} pieces there", f"""
        SELECT {_shelf("balance")}, balance.on_hand, COUNT(asset.id) FROM balance
        JOIN product ON product.id = balance.product_id JOIN holder ON holder.id = balance.holder_id
        LEFT JOIN asset ON asset.holder_id = balance.holder_id AND asset.product_id = balance.product_id
            AND asset.grade = balance.grade
        WHERE product.tracking = 'serial' AND holder.kind IN {COUNTABLE}
        GROUP BY balance.holder_id, balance.product_id, balance.grade, balance.on_hand
        HAVING balance.on_hand <> COUNT(asset.id)"""),
    _Query("serial-balance-equals-assets", "asset", "at holder {1}, which has no balance of it", f"""
        SELECT asset.id, asset.holder_id FROM asset JOIN holder ON holder.id = asset.holder_id
        LEFT JOIN balance ON balance.holder_id = asset.holder_id AND balance.product_id = asset.product_id
            AND balance.grade = asset.grade
        WHERE holder.kind IN {COUNTABLE} AND balance.holder_id IS NULL"""),
    _Query("no-reservation-beyond-stock", "balance", "{1} promised, {2} in open promises, {3} on hand", f"""
        SELECT {_shelf("balance")}, balance.reserved, COALESCE(promised.pieces, 0), balance.on_hand FROM balance
        LEFT JOIN ({_PROMISED}) AS promised ON promised.holder_id = balance.holder_id
            AND promised.product_id = balance.product_id AND promised.grade = balance.grade
        WHERE balance.reserved <> COALESCE(promised.pieces, 0)
           OR (balance.reserved > balance.on_hand AND balance.reserved > 0)"""),
    _Query("no-reservation-beyond-stock", "reservation", "{1} pieces promised where none ever lay", """
        SELECT reservation.id, reservation.quantity FROM reservation
        LEFT JOIN balance ON reservation.holder_id = balance.holder_id
            AND reservation.product_id = balance.product_id AND reservation.grade = balance.grade
        WHERE reservation.state = 'open' AND balance.holder_id IS NULL"""),
    _Query("one-promise-per-asset", "asset", "named in {1} open promises", """
        SELECT asset_id, COUNT(*) FROM reservation WHERE state = 'open' AND asset_id IS NOT NULL
        GROUP BY asset_id HAVING COUNT(*) > 1"""),
    _Query("promised-asset-is-there", "reservation", "asset {1} at holder {2}, promised at holder {3}, data {4}", f"""
        SELECT reservation.id, asset.id, asset.holder_id, reservation.holder_id, asset.data_state
        FROM reservation JOIN asset ON asset.id = reservation.asset_id
        WHERE reservation.state = 'open' AND (asset.holder_id IS NULL OR asset.holder_id <> reservation.holder_id
            OR asset.product_id <> reservation.product_id OR asset.grade <> reservation.grade
            OR reservation.quantity <> 1 OR asset.data_state NOT IN {FIT_TO_GO})"""),
    _Query("address-current", "employee", "{1} current addresses", """
        SELECT employee_id, COUNT(*) FROM address WHERE valid_to IS NULL GROUP BY employee_id HAVING COUNT(*) > 1"""),
    _Query("address-current", "address", "ends before it begins", """
        SELECT id FROM address WHERE valid_to IS NOT NULL AND valid_to < valid_from"""),
    _Query("address-current", "stop", "address {1} is of employee {2}, the stop of employee {3}, or has no point", """
        SELECT stop.id, address.id, address.employee_id, stop.employee_id FROM stop
        LEFT JOIN address ON address.id = stop.address_id
        WHERE address.id IS NULL OR address.employee_id <> stop.employee_id OR address.lat IS NULL"""),
    _Query("address-current", "stop", "address {1} was not current when tour {2} was published", """
        SELECT stop.id, address.id, stop.tour_id FROM stop JOIN address ON address.id = stop.address_id
        JOIN (SELECT plan_tour.tour_id, MIN(plan.published_at) AS at FROM plan_tour
              JOIN plan ON plan.id = plan_tour.plan_id WHERE plan.published_at IS NOT NULL
              GROUP BY plan_tour.tour_id) AS first ON first.tour_id = stop.tour_id
        WHERE address.valid_from > first.at OR (address.valid_to IS NOT NULL AND address.valid_to < first.at)"""),
    _Query("order-job", "equipment_order", "{1}, with {2} live jobs, {3} of them {1}", f"""
        SELECT equipment_order.id, equipment_order.state, COUNT(job.id),
               SUM(CASE WHEN job.state = equipment_order.state THEN 1 ELSE 0 END)
        FROM equipment_order LEFT JOIN job ON job.order_id = equipment_order.id AND job.state IN {LIVE_JOB}
        GROUP BY equipment_order.id, equipment_order.state
        HAVING (equipment_order.state IN {LIVE_JOB}
                AND (COUNT(job.id) <> 1 OR SUM(CASE WHEN job.state = equipment_order.state THEN 1 ELSE 0 END) <> 1))
            OR (equipment_order.state NOT IN {LIVE_JOB} AND COUNT(job.id) > 0)
            OR equipment_order.state NOT IN ('open', 'planned', 'underway', 'done', 'cancelled')"""),
    _Query("line-state", "order_line", "line is {1}, its order {2} is {3}", """
        SELECT order_line.id, order_line.state, equipment_order.id, equipment_order.state
        FROM order_line LEFT JOIN equipment_order ON equipment_order.id = order_line.order_id
        WHERE equipment_order.id IS NULL OR order_line.state NOT IN ('done', 'cancelled') AND order_line.state <>
            CASE equipment_order.state WHEN 'underway' THEN 'out' ELSE equipment_order.state END"""),
    _Query("line-state", "equipment_order", "{1}, but none of its lines is", """
        SELECT equipment_order.id, equipment_order.state FROM equipment_order
        WHERE equipment_order.state <> 'cancelled' AND NOT EXISTS (
            SELECT 1 FROM order_line WHERE order_line.order_id = equipment_order.id AND order_line.state =
                CASE equipment_order.state WHEN 'underway' THEN 'out' ELSE equipment_order.state END)"""),
    _Query("order-events", "equipment_order", "begins with {1}", """
        SELECT equipment_order.id, COALESCE(first.kind, 'nothing') FROM equipment_order
        LEFT JOIN (SELECT order_id, MIN(id) AS id FROM order_event GROUP BY order_id) AS opening
            ON opening.order_id = equipment_order.id
        LEFT JOIN order_event AS first ON first.id = opening.id
        WHERE first.id IS NULL OR first.kind <> 'signalled'"""),
    _Query("order-events", "equipment_order", "{1} without the event {2}", """
        SELECT equipment_order.id, equipment_order.state, wanted.kind FROM equipment_order JOIN (
            SELECT 'planned' AS state, 'promised' AS kind UNION ALL SELECT 'planned', 'published'
            UNION ALL SELECT 'underway', 'departed' UNION ALL SELECT 'done', 'done'
            UNION ALL SELECT 'cancelled', 'cancelled') AS wanted ON wanted.state = equipment_order.state
        WHERE NOT EXISTS (SELECT 1 FROM order_event WHERE order_event.order_id = equipment_order.id
                          AND order_event.kind = wanted.kind)"""),
    _Query("stop-events", "stop", "{1} without the event", """
        SELECT stop.id, stop.state FROM stop JOIN tour ON tour.id = stop.tour_id
        WHERE (stop.state = 'done' OR (stop.state = 'failed' AND stop.failure NOT IN ('cancelled', 'missing-item')))
        AND NOT EXISTS (
            SELECT 1 FROM stop_event WHERE stop_event.stop_id = stop.id AND stop_event.kind = stop.state)"""),
    _Query("stop-events", "tour", "{1} without the event {2}", """
        SELECT tour.id, tour.state, wanted.kind FROM tour JOIN (
            SELECT 'departed' AS state, 'started' AS kind UNION ALL SELECT 'ended', 'started'
            UNION ALL SELECT 'ended', 'ended') AS wanted ON wanted.state = tour.state
        WHERE NOT EXISTS (SELECT 1 FROM stop_event WHERE stop_event.tour_id = tour.id
                          AND stop_event.kind = wanted.kind)"""),
    _Query("plan-tours", "tour", "{1} in plan {2}, which is {3}, for another day or in a state that does not fit", """
        SELECT tour.id, tour.state, plan.id, plan.status FROM plan_tour JOIN plan ON plan.id = plan_tour.plan_id
        JOIN tour ON tour.id = plan_tour.tour_id
        WHERE tour.day <> plan.day
           OR (plan.status = 'published' AND tour.state NOT IN ('published', 'departed', 'ended'))
           OR (plan.status = 'draft' AND tour.state NOT IN ('draft', 'published', 'departed', 'ended'))
           OR (plan.status IN ('superseded', 'discarded') AND tour.state = 'draft' AND NOT EXISTS (
                SELECT 1 FROM plan_tour AS other JOIN plan AS later ON later.id = other.plan_id
                WHERE other.tour_id = tour.id AND later.status = 'draft'))"""),
    _Query("plan-tours", "tour", "{1}, in no plan that is live", """
        SELECT tour.id, tour.state FROM tour WHERE tour.state <> 'withdrawn' AND NOT EXISTS (
            SELECT 1 FROM plan_tour JOIN plan ON plan.id = plan_tour.plan_id WHERE plan_tour.tour_id = tour.id
            AND plan.status = CASE tour.state WHEN 'draft' THEN 'draft' ELSE 'published' END)"""),
    _Query("plan-partition", "plan", "job {1} is on tour {2} and unserved", """
        SELECT plan_tour.plan_id, stop_job.job_id, plan_tour.tour_id FROM plan_tour
        JOIN stop ON stop.tour_id = plan_tour.tour_id JOIN stop_job ON stop_job.stop_id = stop.id
        JOIN unserved ON unserved.plan_id = plan_tour.plan_id AND unserved.job_id = stop_job.job_id"""),
    _Query("plan-partition", "plan", "job {1} is on {2} stops", """
        SELECT plan_tour.plan_id, stop_job.job_id, COUNT(*) FROM plan_tour
        JOIN stop ON stop.tour_id = plan_tour.tour_id JOIN stop_job ON stop_job.stop_id = stop.id
        GROUP BY plan_tour.plan_id, stop_job.job_id HAVING COUNT(*) > 1"""),
    _Query("stop-jobs", "job", "on {1} published tours", """
        SELECT stop_job.job_id, COUNT(*) FROM stop_job JOIN stop ON stop.id = stop_job.stop_id
        JOIN tour ON tour.id = stop.tour_id WHERE tour.state IN ('published', 'departed', 'ended')
        GROUP BY stop_job.job_id HAVING COUNT(*) > 1"""),
    _Query("stop-jobs", "job", "{1}, on no tour that is {2}", """
        SELECT job.id, job.state, wanted.tour_state FROM job JOIN (
            SELECT 'planned' AS state, 'published' AS tour_state UNION ALL SELECT 'underway', 'departed') AS wanted
            ON wanted.state = job.state
        WHERE NOT EXISTS (SELECT 1 FROM stop_job JOIN stop ON stop.id = stop_job.stop_id
            JOIN tour ON tour.id = stop.tour_id WHERE stop_job.job_id = job.id AND tour.state = wanted.tour_state)"""),
    _Query("stop-jobs", "job", "{1} at stop {2}, which is {3}, of tour {4}, which is {5}", f"""
        SELECT job_id, job_state, stop_id, stop_state, tour_id, tour_state FROM ({_JOBS_ON_TOURS}) AS on_tours
        WHERE (tour_state = 'published' AND job_state NOT IN ('planned', 'cancelled'))
           OR (tour_state = 'departed' AND stop_state IN ('planned', 'arrived')
               AND job_state NOT IN ('underway', 'failed', 'cancelled'))
           OR (tour_state IN ('departed', 'ended') AND stop_state = 'done'
               AND job_state NOT IN ('done', 'failed', 'cancelled'))
           OR (tour_state IN ('departed', 'ended') AND stop_state = 'failed'
               AND job_state NOT IN ('failed', 'cancelled'))
           OR (tour_state = 'ended' AND stop_state NOT IN ('done', 'failed'))
           OR (tour_state IN ('draft', 'published') AND stop_state <> 'planned')"""),
    _Query("stop-jobs", "stop", "for employee {1}, but order {2} is for employee {3}", f"""
        SELECT on_tours.stop_id, on_tours.employee_id, equipment_order.id, equipment_order.employee_id
        FROM ({_JOBS_ON_TOURS}) AS on_tours JOIN equipment_order ON equipment_order.id = on_tours.order_id
        WHERE equipment_order.employee_id <> on_tours.employee_id"""),
    _Query("stop-jobs", "stop", "serves no job", """
        SELECT stop.id FROM stop LEFT JOIN stop_job ON stop_job.stop_id = stop.id WHERE stop_job.job_id IS NULL"""),
    _Query("tour-sites", "stop", "on a tour of site {1}, order {2} is served from site {3}", f"""
        SELECT on_tours.stop_id, on_tours.site_id, equipment_order.id, equipment_order.site_id
        FROM ({_JOBS_ON_TOURS}) AS on_tours JOIN equipment_order ON equipment_order.id = on_tours.order_id
        WHERE on_tours.tour_state IN ('published', 'departed') AND on_tours.job_state IN ('planned', 'underway')
          AND (equipment_order.site_id IS NULL OR equipment_order.site_id <> on_tours.site_id)"""),
    _Query("pick-lines", "pick_line", "is for line {1} at stop {2} of tour {3}", """
        SELECT pick_line.id, pick_line.order_line_id, pick_line.stop_id, pick_line.tour_id FROM pick_line
        JOIN order_line ON order_line.id = pick_line.order_line_id JOIN stop ON stop.id = pick_line.stop_id
        WHERE stop.tour_id <> pick_line.tour_id OR order_line.product_id <> pick_line.product_id
           OR order_line.direction <> 'out' OR pick_line.quantity < 1
           OR (pick_line.asset_id IS NOT NULL AND pick_line.quantity <> 1)
           OR NOT EXISTS (SELECT 1 FROM stop_job JOIN job ON job.id = stop_job.job_id
                          WHERE stop_job.stop_id = stop.id AND job.order_id = order_line.order_id)"""),
    _Query("pick-lines", "order_line", "{1} wanted, {2} on the pick list", """
        SELECT order_line.id, order_line.quantity, COALESCE(SUM(pick_line.quantity), 0) FROM order_line
        JOIN job ON job.order_id = order_line.order_id AND job.state IN ('planned', 'underway')
        JOIN stop_job ON stop_job.job_id = job.id JOIN stop ON stop.id = stop_job.stop_id
        JOIN tour ON tour.id = stop.tour_id AND tour.state IN ('published', 'departed')
        LEFT JOIN pick_line ON pick_line.order_line_id = order_line.id AND pick_line.stop_id = stop.id
            AND pick_line.state <> 'released'
        WHERE order_line.direction = 'out' AND order_line.state IN ('planned', 'out')
        GROUP BY order_line.id, order_line.quantity
        HAVING COALESCE(SUM(pick_line.quantity), 0) <> order_line.quantity"""),
    _Query("pick-promise", "pick_line", "promise {1} is {2} and names asset {3}, the line asset {4}", """
        SELECT pick_line.id, reservation.id, reservation.state, reservation.asset_id, pick_line.asset_id
        FROM pick_line JOIN reservation ON reservation.id = pick_line.reservation_id
        JOIN order_line ON order_line.id = pick_line.order_line_id JOIN tour ON tour.id = pick_line.tour_id
        WHERE tour.state = 'published' AND pick_line.state IN ('to-pick', 'picked', 'missing')
          AND order_line.state = 'planned' AND (reservation.state <> 'open'
              OR reservation.product_id <> pick_line.product_id OR reservation.quantity <> pick_line.quantity
              OR COALESCE(reservation.asset_id, 0) <> COALESCE(pick_line.asset_id, 0))"""),
    _Query("custody", "pick_line", "asset {1} was loaded and is at holder {2}", """
        SELECT pick_line.id, asset.id, asset.holder_id FROM pick_line
        JOIN tour ON tour.id = pick_line.tour_id JOIN van ON van.id = tour.van_id
        JOIN asset ON asset.id = pick_line.asset_id
        LEFT JOIN holder ON holder.id = asset.holder_id AND holder.kind = 'vehicle' AND holder.key = van.code
        WHERE tour.state = 'departed' AND pick_line.state = 'loaded' AND holder.id IS NULL"""),
    _Query("custody", "tour", "{2} pieces of product {1} were loaded, {3} are in the van", """
        SELECT tour.id, pick_line.product_id, SUM(pick_line.quantity), COALESCE(MAX(aboard.pieces), 0) FROM pick_line
        JOIN tour ON tour.id = pick_line.tour_id JOIN van ON van.id = tour.van_id
        LEFT JOIN (SELECT holder.key, balance.product_id, SUM(balance.on_hand) AS pieces FROM balance
                   JOIN holder ON holder.id = balance.holder_id WHERE holder.kind = 'vehicle'
                   GROUP BY holder.key, balance.product_id) AS aboard
            ON aboard.key = van.code AND aboard.product_id = pick_line.product_id
        WHERE tour.state = 'departed' AND pick_line.state = 'loaded' AND pick_line.asset_id IS NULL
        GROUP BY tour.id, pick_line.product_id
        HAVING SUM(pick_line.quantity) > COALESCE(MAX(aboard.pieces), 0)"""),
)  # fmt: skip


def _asset_chains(session: Session) -> Iterator[Violation]:
    """Fold the movements of each piece: every one starts where the last ended."""
    rule = "asset-has-one-holder"
    at: dict[int, int] = {}
    outside = {row[0] for row in _rows(session, f"SELECT id FROM holder WHERE kind NOT IN {COUNTABLE}")}
    moved = "SELECT id, asset_id, from_holder_id, to_holder_id FROM movement WHERE asset_id IS NOT NULL ORDER BY id"
    for movement, asset, source, target in _rows(session, moved):
        if asset not in at and source not in outside:
            yield Violation(rule, "movement", str(movement), f"asset {asset} begins at our own holder {source}")
        if at.get(asset, source) != source:
            yield Violation(rule, "movement", str(movement), f"asset {asset} left {source}, it was at {at[asset]}")
        at[asset] = target
    for asset, holder in _rows(session, "SELECT id, holder_id FROM asset"):
        if at.get(asset) != holder:
            yield Violation(rule, "asset", str(asset), f"at holder {holder}, at {at.get(asset)} by its movements")


def _event_times(session: Session) -> Iterator[Violation]:
    """Nothing is written down before it happened, a running-ahead clock allowed for."""
    for rule, table in (("order-events", "order_event"), ("stop-events", "stop_event")):
        for row, occurred, recorded in _rows(session, f"SELECT id, occurred_at, recorded_at FROM {table}"):
            if _moment(occurred) > _moment(recorded) + SKEW:
                yield Violation(rule, table, str(row), f"occurred {_moment(occurred) - _moment(recorded)} too late")


def _plan_versions(session: Session) -> Iterator[Violation]:
    versions: dict[str, list[tuple[int, int, str, Any]]] = defaultdict(list)
    for plan, day, version, status, published in _rows(
        session, "SELECT id, day, version, status, published_at FROM plan ORDER BY day, version"
    ):
        versions[str(day)].append((plan, version, status, published))
    for day, plans in versions.items():
        for place, (plan, version, status, published) in enumerate(plans, 1):
            if version != place:
                yield Violation("plan-line", "plan", str(plan), f"version {version} of {day}, {place} was expected")
            if (published is not None) != (status in ("published", "superseded")):
                yield Violation("plan-line", "plan", str(plan), f"{status}, published at {published}")
        for status in ("draft", "published"):
            for plan, *_ in [one for one in plans if one[2] == status][1:]:
                yield Violation("plan-line", "plan", str(plan), f"another {status} version of {day}")


def _tours(session: Session) -> Iterator[Violation]:
    """Drive every tour that is not withdrawn once more, stop by stop."""
    stops: dict[int, list[Any]] = defaultdict(list)
    for stop in _rows(session, """
        SELECT stop.* FROM stop JOIN tour ON tour.id = stop.tour_id WHERE tour.state <> 'withdrawn'
        ORDER BY stop.tour_id, stop.sequence"""):  # fmt: skip
        stops[stop.tour_id].append(stop)
    changes = _load_changes(session)
    for tour in _rows(session, "SELECT * FROM tour WHERE state <> 'withdrawn' ORDER BY id"):
        yield from _times(tour, stops[tour.id])
        yield from _loads(tour, stops[tour.id], changes)


def _times(tour: Any, stops: list[Any]) -> Iterator[Violation]:
    starts, ends = _moment(tour.starts_at), _moment(tour.ends_at)
    if starts < _moment(tour.shift_opens_at) or ends > _moment(tour.shift_closes_at):
        yield Violation("tour-shift", "tour", str(tour.id), "begins before its shift or ends after it")
    left = starts
    for place, stop in enumerate(stops, 1):
        arrives, serves, leaves = (_moment(at) for at in (stop.arrives_at, stop.service_starts_at, stop.departs_at))
        row = str(stop.id)
        if stop.sequence != place:
            yield Violation("tour-times", "stop", row, f"is number {stop.sequence}, {place} was expected")
        if min(stop.drive_s, stop.distance_m, stop.service_s) < 0:
            yield Violation("tour-times", "stop", row, "a leg or a service below zero")
        if arrives < (earliest := left + timedelta(seconds=stop.drive_s)):
            yield Violation("tour-times", "stop", row, f"arrives {earliest - arrives} before the road allows")
        if serves < arrives or leaves < serves + timedelta(seconds=stop.service_s):
            yield Violation("tour-times", "stop", row, "serves before arriving or leaves before serving")
        if not _moment(stop.window_opens_at) <= serves <= _moment(stop.window_closes_at):
            yield Violation("tour-window", "stop", row, "service begins outside the window")
        left = leaves
    if ends < left + timedelta(seconds=tour.return_drive_s):
        yield Violation("tour-times", "tour", str(tour.id), "is back before the road allows")
    for named, total, back, legs in (
        ("driving_s", tour.driving_s, tour.return_drive_s, [stop.drive_s for stop in stops]),
        ("distance_m", tour.distance_m, tour.return_distance_m, [stop.distance_m for stop in stops]),
    ):
        if total != sum(legs) + back:
            yield Violation("tour-times", "tour", str(tour.id), f"{named} is {total}, its legs {sum(legs) + back}")


def _loads(tour: Any, stops: list[Any], changes: Mapping[int, tuple[int, int, int, int] | None]) -> Iterator[Violation]:
    """From the site on: what is given leaves the van, what is taken joins it."""
    weight, volume = tour.start_weight_g, tour.start_volume_ml
    capacity = tour.weight_capacity_g, tour.volume_capacity_ml
    if not (0 <= weight <= capacity[0] and 0 <= volume <= capacity[1]):
        yield Violation("tour-load", "tour", str(tour.id), f"starts with {weight} g and {volume} ml of {capacity}")
    known = [changes.get(stop.id) for stop in stops]
    if all(known):
        given = sum(one[0] for one in known if one), sum(one[1] for one in known if one)
        if given != (weight, volume):
            yield Violation("tour-load", "tour", str(tour.id), f"starts with {weight} g, its lines weigh {given[0]} g")
    for stop, change in zip(stops, known, strict=True):
        aboard = stop.load_weight_g, stop.load_volume_ml
        if not (0 <= aboard[0] <= capacity[0] and 0 <= aboard[1] <= capacity[1]):
            yield Violation("tour-load", "stop", str(stop.id), f"{aboard[0]} g and {aboard[1]} ml aboard of {capacity}")
        if change is not None:
            should = weight - change[0] + change[2], volume - change[1] + change[3]
            if aboard != should:
                yield Violation("tour-load", "stop", str(stop.id), f"{aboard} aboard, {should} by the order lines")
        weight, volume = aboard


def _load_changes(session: Session) -> dict[int, tuple[int, int, int, int] | None]:
    """Per stop, grams and millilitres out and back by the order lines; None where an order has changed since.

    An order that was tried again or called off has other lines now than when its tour was planned.
    """
    found: dict[int, tuple[int, int, int, int] | None] = {}
    changed = {row[0] for row in _rows(session, """
        SELECT stop_job.stop_id FROM stop_job JOIN job ON job.id = stop_job.job_id
        WHERE job.state = 'cancelled' OR EXISTS (
            SELECT 1 FROM job AS other WHERE other.order_id = job.order_id AND other.attempt > 1)""")}  # fmt: skip
    for stop, direction, weight, volume in _rows(session, """
        SELECT stop_job.stop_id, order_line.direction, SUM(order_line.quantity * product.weight_g),
               SUM(order_line.quantity * product.volume_ml)
        FROM stop_job JOIN job ON job.id = stop_job.job_id JOIN order_line ON order_line.order_id = job.order_id
        JOIN product ON product.id = order_line.product_id JOIN stop ON stop.id = stop_job.stop_id
        JOIN tour ON tour.id = stop.tour_id
        WHERE order_line.state <> 'cancelled' AND tour.state IN ('published', 'departed')
        GROUP BY stop_job.stop_id, order_line.direction"""):  # fmt: skip
        out_g, out_ml, back_g, back_ml = found.get(stop) or (0, 0, 0, 0)
        if direction == "out":
            out_g, out_ml = int(weight), int(volume)
        else:
            back_g, back_ml = int(weight), int(volume)
        found[stop] = (out_g, out_ml, back_g, back_ml)
    return found | dict.fromkeys(changed)


def _custody_of_done_lines(session: Session) -> Iterator[Violation]:
    """A done line's pieces went to the employee, or came from them, at one of its stops."""
    handed: dict[tuple[int, str, int], int] = defaultdict(int)
    for cause, quantity, source, target in _rows(session, """
        SELECT movement.cause, movement.quantity, source.employee_id, target.employee_id FROM movement
        JOIN holder AS source ON source.id = from_holder_id JOIN holder AS target ON target.id = to_holder_id
        WHERE movement.cause LIKE 'stop:%#%' AND (source.kind = 'vehicle' OR target.kind = 'vehicle')"""):  # fmt: skip
        line = int(cause.rpartition("#")[2])
        if target is not None:
            handed[line, "out", target] += quantity
        elif source is not None:
            handed[line, "back", source] += quantity
    for line, direction, quantity, employee in _rows(session, """
        SELECT order_line.id, direction, quantity, equipment_order.employee_id FROM order_line
        JOIN equipment_order ON equipment_order.id = order_line.order_id
        WHERE order_line.state = 'done'"""):  # fmt: skip
        there = handed[line, direction, employee]
        if there != quantity:
            yield Violation("custody", "order_line", str(line), f"{quantity} changed hands, {there} by the movements")


def _moment(value: Any) -> datetime:
    """A stored moment: PostgreSQL gives one, SQLite its text in UTC."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
