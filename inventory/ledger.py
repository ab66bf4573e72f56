"""Writing the ledger: a movement, the two balances it changes and the piece's holder, together or not at all.

Only `stock` calls this. Locks are always taken in the same order: promise, movement key, balances by holder, asset.
The balance of (holder, product, grade) is also the turnstile for the exact pieces there: whoever names or moves one
has updated or locked that row before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, case, exists, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from .db import add_unless_there
from .errors import Conflict, NeedsWiping, NotEnoughStock, NotHeld, Promised
from .models import COUNTABLE_KINDS, ISSUABLE_STATES, Asset, Balance, Holder, Movement, Product, Reservation


@dataclass(frozen=True, slots=True)
class Fact:
    """What a movement says; telling it again under the same key must say exactly this."""

    product_id: int
    asset_id: int | None
    grade: str
    quantity: int
    from_holder_id: int
    to_holder_id: int
    cause: str

    def __str__(self) -> str:
        what = f"asset id {self.asset_id}" if self.asset_id else f"{self.quantity} of product id {self.product_id}"
        return f"{what} from holder id {self.from_holder_id} to {self.to_holder_id} for {self.cause}"

    @classmethod
    def of(cls, movement: Movement) -> Fact:
        """What a movement in the books says."""
        return cls(**{field: getattr(movement, field) for field in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Note:
    """When a fact happened, when and by whom it was written down, and why."""

    occurred_at: datetime
    recorded_at: datetime
    actor: str
    reason: str = ""
    reverses_id: int | None = None


def known(session: Session, key: str, fact: Fact) -> Movement | None:
    """The movement already told under this key, or None.

    Raises:
        Conflict: another fact was told under it.
    """
    found = session.scalar(select(Movement).where(Movement.key == key))
    if found is not None and Fact.of(found) != fact:
        raise Conflict(key, told=str(fact), recorded=str(Fact.of(found)))
    return found


def post(session: Session, fact: Fact, *, key: str, note: Note, promised: bool = False) -> Movement:
    """Write one movement with all it changes, or nothing; a key told before gives the movement of that time.

    Args:
        promised: the pieces were promised to this cause: their promise, already closed, is taken off the shelf's sum.

    Raises:
        Conflict: the key was told before with another fact.
        NotEnoughStock, NotHeld, Promised, NeedsWiping: the source cannot give them, or the target may not take them.
    """
    with session.begin_nested():
        made = add_unless_there(session, Movement.id, key=key, **asdict(fact), **asdict(note))
        if made is not None:
            source = session.get_one(Holder, fact.from_holder_id)
            target = session.get_one(Holder, fact.to_holder_id)
            for holder in sorted((source, target), key=lambda one: one.id):
                if holder is source:
                    _take(session, source, fact, promised=promised)
                else:
                    change_balance(session, target, fact.product_id, fact.grade, fact.quantity)
            if fact.asset_id is not None:
                _hand_over(session, fact.asset_id, source, target)
    if made is not None:
        return session.get_one(Movement, made)
    told = known(session, key, fact)
    if told is None:
        raise RuntimeError(f"movement {key} is in the books and cannot be read")
    return told


def lock_shelves(session: Session, holders: Iterable[Holder], product_id: int, grade: str) -> None:
    """Nobody else takes, gives, promises or names pieces of this product at these holders until the end."""
    for holder in sorted(holders, key=lambda one: one.id):
        _ensure_balance(session, holder, product_id, grade)
        session.execute(select(Balance.on_hand).where(*_shelf(holder.id, product_id, grade)).with_for_update())


def change_balance(session: Session, holder: Holder, product_id: int, grade: str, by: int) -> None:
    """Add `by` pieces (or take them, below zero) without a guard of its own."""
    change = update(Balance).where(*_shelf(holder.id, product_id, grade)).values(on_hand=Balance.on_hand + by)
    if not changed(session, change):
        _ensure_balance(session, holder, product_id, grade)
        changed(session, change)


def changed(session: Session, statement: object) -> int:
    """Run an UPDATE and say how many rows it changed; rows already loaded are not looked at."""
    result = session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)  # noqa: S101 (an UPDATE gives nothing else)
    return result.rowcount


def shortage(session: Session, holder_id: int, product_id: int, grade: str, wanted: int) -> NotEnoughStock:
    """The refusal, with both numbers."""
    numbers = select(Balance.on_hand - Balance.reserved).where(*_shelf(holder_id, product_id, grade))
    sku = session.scalars(select(Product.sku).where(Product.id == product_id)).one()
    holder = session.get_one(Holder, holder_id)
    return NotEnoughStock(sku, wanted=wanted, free=session.scalar(numbers) or 0, holder=holder.name)


def _shelf(holder_id: int, product_id: int, grade: str) -> tuple[ColumnElement[bool], ...]:
    return Balance.holder_id == holder_id, Balance.product_id == product_id, Balance.grade == grade


def _ensure_balance(session: Session, holder: Holder, product_id: int, grade: str) -> None:
    add_unless_there(
        session,
        Balance.holder_id,
        holder_id=holder.id,
        product_id=product_id,
        grade=grade,
        on_hand=0,
        reserved=0,
        countable=holder.kind in COUNTABLE_KINDS,
    )


def _take(session: Session, source: Holder, fact: Fact, *, promised: bool) -> None:
    if source.kind not in COUNTABLE_KINDS:
        change_balance(session, source, fact.product_id, fact.grade, -fact.quantity)
        return
    enough: tuple[ColumnElement[bool], ...]
    if promised:
        enough = (Balance.on_hand >= fact.quantity, Balance.reserved >= fact.quantity)
        left = Balance.reserved - fact.quantity
    else:
        enough = (Balance.on_hand - Balance.reserved >= fact.quantity,)
        left = Balance.reserved + 0
    shelf = _shelf(source.id, fact.product_id, fact.grade)
    taking = update(Balance).where(*shelf, *enough).values(on_hand=Balance.on_hand - fact.quantity, reserved=left)
    if not changed(session, taking):
        if fact.asset_id is not None:
            _explain(session, fact.asset_id, source)
        raise shortage(session, source.id, fact.product_id, fact.grade, fact.quantity)


def _hand_over(session: Session, asset_id: int, source: Holder, target: Holder) -> None:
    here: ColumnElement[bool] = Asset.holder_id == source.id
    if source.kind not in COUNTABLE_KINDS:
        here = or_(here, Asset.holder_id.is_(None))
    promise = aliased(Reservation)
    free = ~exists().where(promise.asset_id == Asset.id, promise.state == "open")
    after = _data_state_after(source, target)
    wiped = [after.in_(ISSUABLE_STATES)] if target.kind == "site" else []
    handing = (
        update(Asset)
        .where(Asset.id == asset_id, here, free, *wiped)
        .values(holder_id=target.id, data_state=after)
        .returning(Asset.data_state)
    )
    state = session.scalar(handing, execution_options={"synchronize_session": False})
    if state is None:
        _explain(session, asset_id, source)
        tag = session.scalars(select(Asset.asset_tag).where(Asset.id == asset_id)).one()
        raise NeedsWiping(tag, holder=target.name)
    loaded = session.identity_map.get(session.identity_key(Asset, asset_id))
    if loaded is not None:
        set_committed_value(loaded, "holder_id", target.id)
        set_committed_value(loaded, "data_state", state)


def _data_state_after(source: Holder, target: Holder) -> ColumnElement[str]:
    """Whoever had the piece at home may have left data on it, until somebody wipes it."""
    state: ColumnElement[str] = Asset.__table__.c.data_state
    if target.kind == "employee":
        return case((state == "not-data-bearing", state), else_="holds-data")
    if source.kind == "employee":
        return case((state == "not-data-bearing", state), else_="wipe-due")
    return state


def _explain(session: Session, asset_id: int, source: Holder) -> None:
    """Raise why the exact piece cannot leave `source`, if the piece is the reason."""
    tag, holder_id = session.execute(select(Asset.asset_tag, Asset.holder_id).where(Asset.id == asset_id)).one()
    if holder_id != source.id and (holder_id is not None or source.kind in COUNTABLE_KINDS):
        raise NotHeld(f"asset {tag}", holder=source.name)
    open_promise = Reservation.asset_id == asset_id, Reservation.state == "open"
    cause = session.scalar(select(Reservation.cause).where(*open_promise))
    if cause is not None:
        raise Promised(tag, cause=cause)
