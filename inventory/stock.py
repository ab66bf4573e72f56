"""Stock: pieces move from one holder to another, and are promised to a cause before they do.

`move` is the one door to the ledger; the other deeds go through it. Nothing here commits. Callers import this module
alone: promises (`reserving`) and what comes in (`supply`) are offered here too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import ledger, records
from .errors import InvalidFact, UnknownRecord
from .holders import holder
from .ledger import NEW, Fact, Note
from .models import Balance, Holder, Movement
from .reserving import allocate, deallocate, fulfil, issuable, name_piece, promises, release, reserve
from .supply import open_asset, open_stock, post_receipt

__all__ = [
    "NEW", "allocate", "deallocate", "free", "fulfil", "holder", "issuable", "move", "name_piece", "open_asset",
    "open_stock", "post_receipt", "promises", "release", "reserve", "reverse",
]  # fmt: skip


def move(
    session: Session,
    *,
    product_id: int,
    quantity: int = 1,
    asset_id: int | None = None,
    grade: str | None = None,
    source: Holder,
    target: Holder,
    cause: str,
    key: str,
    occurred_at: datetime,
    now: datetime,
    actor: str,
    reason: str = "",
) -> Movement:
    """Move pieces that nobody was promised, or change nothing.

    Told again with the same `key` and the same facts, it moves nothing and gives the movement of the first time; when
    it happened and who says so may differ. An exact piece of a data-bearing product `holds-data` once an employee has
    it and is `wipe-due` when it leaves them. The grade is the asset's own, or `A`, when none is told.

    Raises:
        Conflict: the key was told before with other facts.
        NotEnoughStock: fewer pieces are at the source, free of promises.
        NotHeld: the exact piece is not at the source.
        Promised: the exact piece is promised to a cause; only `fulfil` moves it.
        NeedsWiping: the exact piece may hold data and cannot lie at a site.
        InvalidFact: a quantity below 1, an asset of another product, a serial product without its asset.
        UnknownRecord: no such product or asset.
    """
    fact = ledger.fact_of(
        session, product_id=product_id, quantity=quantity, asset_id=asset_id, grade=grade,
        source=source, target=target, cause=cause,
    )  # fmt: skip
    return ledger.post(session, fact, key=ledger.key_of(key), note=Note(occurred_at, now, actor, reason))


def free(session: Session, holder_id: int, product_id: int, grade: str = NEW) -> int:
    """How many pieces of this grade lie there promised to nobody."""
    left = select(Balance.on_hand - Balance.reserved).where(*ledger.shelf_of(holder_id, product_id, grade))
    return session.scalar(left) or 0


def reverse(session: Session, movement_id: int, *, reason: str, now: datetime, actor: str) -> Movement:
    """Post the opposite of a movement, linked to it and with a reason: the way to mend a mistake, once at most.

    Told again, it gives the reversal of the first time.

    Raises:
        UnknownRecord: no such movement.
        InvalidFact: no reason, or the movement is itself a reversal.
        NotEnoughStock, NotHeld, Promised, NeedsWiping: the pieces are not there any more, or may not go back.
    """
    movement = session.get(Movement, movement_id)
    if movement is None:
        raise UnknownRecord("movement", f"id {movement_id}")
    if movement.reverses_id is not None:
        raise InvalidFact("movement", "is a reversal; tell the fact anew instead")
    reason = records.clean("reason", reason, limit=200)
    if not reason:
        raise InvalidFact("reason", "is missing")
    fact = Fact(
        product_id=movement.product_id,
        asset_id=movement.asset_id,
        grade=movement.grade,
        quantity=movement.quantity,
        from_holder_id=movement.to_holder_id,
        to_holder_id=movement.from_holder_id,
        cause=movement.cause,
    )
    note = Note(now, now, actor, reason, movement.id)
    return ledger.post(session, fact, key=f"reverse:{movement.id}", note=note)
