"""The dated facts of an order's life: each says when it happened and when we learned of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Order, OrderEvent


def tell(
    session: Session,
    order: Order,
    kind: str,
    *,
    now: datetime,
    actor: str,
    occurred_at: datetime | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Add one fact; it happened `now` unless another moment is told. `facts` are JSON values, nothing personal."""
    session.add(
        OrderEvent(
            order_id=order.id, kind=kind, occurred_at=occurred_at or now, recorded_at=now, actor=actor,
            facts=facts or {},
        )
    )  # fmt: skip
    session.flush()


def told(session: Session, order: Order, kind: str) -> bool:
    """Whether the order has a fact of this kind."""
    there = select(OrderEvent.id).where(OrderEvent.order_id == order.id, OrderEvent.kind == kind).limit(1)
    return session.scalar(there) is not None
