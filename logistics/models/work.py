"""Vans, orders, saved plans, what happened on the road, and background work."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

import inventory.models  # noqa: F401  (our foreign keys point at its tables)
from inventory.db import APPEND_ONLY, Base, UTCDateTime, WordSet

from .. import states
from .words import one_of


class Van(Base):
    """A vehicle of ours with its usual shift, in the clock of its site."""

    __tablename__ = "van"
    __table_args__ = (
        CheckConstraint(one_of("kind", states.VAN_KINDS), name="known_kind"),
        CheckConstraint("weight_capacity_g >= 0 AND volume_capacity_ml >= 0", name="capacity_not_negative"),
        CheckConstraint(
            "cost_per_km_cents >= 0 AND cost_per_hour_cents >= 0 AND fixed_cost_cents >= 0", name="costs_not_negative"
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    weight_capacity_g: Mapped[int]
    volume_capacity_ml: Mapped[int]
    shift_start: Mapped[time]
    shift_end: Mapped[time]
    skills: Mapped[frozenset[str]] = mapped_column(WordSet, default=frozenset)
    cost_per_km_cents: Mapped[int] = mapped_column(default=0)
    cost_per_hour_cents: Mapped[int] = mapped_column(default=0)
    fixed_cost_cents: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Order(Base):
    """What somebody needs at home, or has to give back. Clock times of the window are the serving site's."""

    __tablename__ = "equipment_order"
    __table_args__ = (
        CheckConstraint(one_of("kind", states.ORDER_KINDS), name="known_kind"),
        CheckConstraint(one_of("state", states.ORDER_STATES), name="known_state"),
        CheckConstraint("priority BETWEEN 1 AND 3", name="known_priority"),
        CheckConstraint("window_end > window_start", name="window_opens_first"),
        Index("ix_equipment_order_day_state", "day", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), default="open")
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    priority: Mapped[int] = mapped_column(default=1)
    severity: Mapped[str] = mapped_column(String(40), default="")
    day: Mapped[date]
    window_start: Mapped[time]
    window_end: Mapped[time]
    note: Mapped[str] = mapped_column(String(400), default="")
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    placed_by: Mapped[str] = mapped_column(String(80))
    #: A coordinator's corrections: not on the road that day, or only in this van.
    left_out: Mapped[bool] = mapped_column(default=False)
    wanted_van_id: Mapped[int | None] = mapped_column(ForeignKey("van.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy reads it once)


class OrderLine(Base):
    """Pieces of one product, out to the employee or back from them; always in exactly one state."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("quantity > 0", name="something_wanted"),
        CheckConstraint(one_of("direction", states.DIRECTIONS), name="known_direction"),
        CheckConstraint(one_of("state", states.LINE_STATES), name="known_state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("equipment_order.id"))
    number: Mapped[int]
    direction: Mapped[str] = mapped_column(String(5))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    #: For a line back: the piece expected. For a line out: the piece handed over, once it is.
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    state: Mapped[str] = mapped_column(String(12), default="open")


class OrderEvent(Base):
    """One dated fact of an order's life. Never changed; the employee's clock starts at the first."""

    __tablename__ = "order_event"
    __table_args__ = (CheckConstraint(one_of("kind", states.ORDER_EVENTS), name="known_kind"), APPEND_ONLY)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("equipment_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Job(Base):
    """One attempt of the road to serve an order at the employee's door."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("order_id", "attempt"),
        CheckConstraint(one_of("kind", states.JOB_KINDS), name="known_kind"),
        CheckConstraint(one_of("state", states.JOB_STATES), name="known_state"),
        Index("one_live_job_per_order", "order_id", unique=True,
              sqlite_where=text("state IN ('open', 'planned', 'underway')"),
              postgresql_where=text("state IN ('open', 'planned', 'underway')")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("equipment_order.id"))
    attempt: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), default="open")


class Plan(Base):
    """One version of a day: which tours drive it and what is left unserved. At most one draft and one published."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("day", "version"),
        CheckConstraint(one_of("status", states.PLAN_STATES), name="known_status"),
        Index("one_draft_per_day", "day", unique=True,
              sqlite_where=text("status = 'draft'"), postgresql_where=text("status = 'draft'")),
        Index("one_published_plan_per_day", "day", unique=True,
              sqlite_where=text("status = 'published'"), postgresql_where=text("status = 'published'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))
    engine: Mapped[str] = mapped_column(String(20))
    solve_seconds: Mapped[float]
    seed: Mapped[int] = mapped_column(default=0)
    basis: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PlanTour(Base):
    """Which tours a version of a day holds. A tour kept by the next version is the same row in both."""

    __tablename__ = "plan_tour"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"), primary_key=True, index=True)


class Tour(Base):
    """One van's work on one day, from its site and back. Moments are UTC; money is whole cents, rounded once."""

    __tablename__ = "tour"
    __table_args__ = (CheckConstraint(one_of("state", states.TOUR_STATES), name="known_state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    van_id: Mapped[int] = mapped_column(ForeignKey("van.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    courier_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    shift_opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    shift_closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    distance_m: Mapped[int]
    driving_s: Mapped[int]
    #: The last leg, from the last stop back to the site.
    return_drive_s: Mapped[int]
    return_distance_m: Mapped[int]
    cost_fixed_cents: Mapped[int]
    cost_distance_cents: Mapped[int]
    cost_time_cents: Mapped[int]
    weight_capacity_g: Mapped[int]
    volume_capacity_ml: Mapped[int]
    start_weight_g: Mapped[int]
    start_volume_ml: Mapped[int]
    travel_source: Mapped[str] = mapped_column(String(80))
    geometry: Mapped[list[list[float]]] = mapped_column(JSON)


class Stop(Base):
    """Where a van halts: one door, one or more jobs, in its place in the tour."""

    __tablename__ = "stop"
    __table_args__ = (
        UniqueConstraint("tour_id", "sequence"),
        CheckConstraint("sequence > 0", name="counted_from_one"),
        CheckConstraint(one_of("kind", states.JOB_KINDS), name="known_kind"),
        CheckConstraint(one_of("state", states.STOP_STATES), name="known_state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), default="planned")
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    #: The home as it was when the tour was planned; addresses are replaced, never edited.
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    arrives_at: Mapped[datetime] = mapped_column(UTCDateTime)
    service_starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    departs_at: Mapped[datetime] = mapped_column(UTCDateTime)
    window_opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    window_closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: The leg from the stop before (or the site) to here.
    drive_s: Mapped[int]
    distance_m: Mapped[int]
    service_s: Mapped[int]
    #: Aboard when leaving this stop.
    load_weight_g: Mapped[int]
    load_volume_ml: Mapped[int]
    failure: Mapped[str] = mapped_column(String(40), default="")


class StopJob(Base):
    """Which jobs a stop serves."""

    __tablename__ = "stop_job"

    stop_id: Mapped[int] = mapped_column(ForeignKey("stop.id"), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True, index=True)


class Unserved(Base):
    """A job this version of the day could not serve, with the true first reason."""

    __tablename__ = "unserved"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True, index=True)
    code: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class PickLine(Base):
    """What the warehouse takes from the shelf for one stop: the exact asset, or a quantity."""

    __tablename__ = "pick_line"
    __table_args__ = (CheckConstraint(one_of("state", states.PICK_STATES), name="known_state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"), index=True)
    stop_id: Mapped[int] = mapped_column(ForeignKey("stop.id"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    quantity: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="to-pick")
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_by: Mapped[str] = mapped_column(String(80), default="")


class StopEvent(Base):
    """What a courier told us, under the phone's own id: saying it twice is saying it once."""

    __tablename__ = "stop_event"
    __table_args__ = (CheckConstraint(one_of("kind", states.STOP_EVENTS), name="known_kind"), APPEND_ONLY)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"), index=True)
    stop_id: Mapped[int | None] = mapped_column(ForeignKey("stop.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Task(Base):
    """Background work and its lease: the row is the truth, the queue only a bell."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint(one_of("state", states.TASK_STATES), name="known_state"),
        Index("ix_task_state_lease_until", "state", "lease_until"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    #: Who holds the lease; a worker that wakes late finds another number here and may not write its result.
    lease_token: Mapped[str] = mapped_column(String(32), default="")
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancel_wanted: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error_code: Mapped[str] = mapped_column(String(40), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by: Mapped[str] = mapped_column(String(80))
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
