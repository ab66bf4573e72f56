"""From an order to what the road must do for it: one attempt at a time."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from . import states
from .models import Job, Order, OrderLine

#: States of a job that is still to be done.
LIVE = ("open", "planned", "underway")


def derive(session: Session, order: Order) -> Job:
    """The order's live job, made for its open lines when there is none; attempts count from 1.

    Lines out alone make a delivery, lines back alone a pickup, both a swap.
    """
    if (live := live_job(session, order.id)) is not None:
        return live
    attempts = session.scalar(select(func.max(Job.attempt)).where(Job.order_id == order.id)) or 0
    open_lines = select(OrderLine.direction).where(OrderLine.order_id == order.id, OrderLine.state == "open")
    made = Job(order_id=order.id, attempt=attempts + 1, kind=kind_of(set(session.scalars(open_lines))))
    session.add(made)
    session.flush()
    return made


def live_job(session: Session, order_id: int) -> Job | None:
    """The order's job that is open, planned or underway; an order has one at most."""
    return session.scalar(select(Job).where(Job.order_id == order_id, Job.state.in_(LIVE)))


def kind_of(directions: Collection[str]) -> str:
    """`delivery`, `pickup` or `swap`, by the directions of the lines."""
    if set(directions) == {"out"}:
        return "delivery"
    return "pickup" if set(directions) == {"back"} else "swap"


def follow_lines(session: Session, order: Order) -> Job:
    """Bring the kind of the order's live job up to its open lines, after they were changed."""
    job = derive(session, order)
    open_lines = select(OrderLine.direction).where(OrderLine.order_id == order.id, OrderLine.state == "open")
    job.kind = kind_of(set(session.scalars(open_lines)))
    session.flush()
    return job


def cancel(session: Session, order: Order) -> None:
    """Close the order's live job, if it has one.

    Raises:
        WrongState: it is underway.
    """
    job = live_job(session, order.id)
    if job is not None:
        job.state = states.advance("job", job.id, job.state, "cancelled")
        session.flush()
