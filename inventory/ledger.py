"""Writing the ledger: a movement, the two balances it changes and the piece's holder, together or not at all.

Only `stock` and its parts (`reserving`, `supply`) call this. Locks are always taken in the same order: promise,
movement key, balances by holder, asset. The balance of (holder, product, grade) is also the turnstile for the exact
pieces there: whoever names or moves one has updated or locked that row before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Executable,
    Table,
    and_,
    bindparam,
    case,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from . import records
from .db import add_unless_there
from .errors import Conflict, InvalidFact, NeedsWiping, NotEnoughStock, NotHeld, Promised, UnknownRecord
from .models import COUNTABLE_KINDS, GRADES, ISSUABLE_STATES, Asset, Balance, Holder, Movement, Product, Reservation

#: The grade of what is bought and issued, unless somebody says otherwise.
NEW = "A"

# Hot statements are built once and speak of tables, not of rows: half of a movement's time went into building them.
_balance = cast(Table, Balance.__table__).c
_asset = cast(Table, Asset.__table__).c
_promise = cast(Table, Reservation.__table__).c

_SHELF = and_(
    _balance.holder_id == bindparam("holder"),
    _balance.product_id == bindparam("product"),
    _balance.grade == bindparam("of_grade"),
)
_PIECES = bindparam("pieces", type_=_balance.on_hand.type)
_LOCK = select(_balance.on_hand).where(_SHELF).with_for_update()
_FREE = select(_balance.on_hand - _balance.reserved).where(_SHELF)
_ADD = update(_balance.on_hand.table).where(_SHELF).values(on_hand=_balance.on_hand + _PIECES)
_TAKE_FREE = (
    update(_balance.on_hand.table)
    .where(_SHELF, _balance.on_hand - _balance.reserved >= _PIECES)
    .values(on_hand=_balance.on_hand - _PIECES)
)
_TAKE_PROMISED = (
    update(_balance.on_hand.table)
    .where(_SHELF, _balance.on_hand >= _PIECES, _balance.reserved >= _PIECES)
    .values(on_hand=_balance.on_hand - _PIECES, reserved=_balance.reserved - _PIECES)
)
#: Whoever had the piece at home may have left data on it, until somebody wipes it.
_DATA_STATE_AFTER = case(
    (_asset.data_state == "not-data-bearing", _asset.data_state),
    (bindparam("to_kind") == "employee", "holds-data"),
    (bindparam("from_kind") == "employee", "wipe-due"),
    else_=_asset.data_state,
)
_HAND_OVER = (
    update(_asset.id.table)
    .where(
        _asset.id == bindparam("piece"),
        # Only the world outside gives a piece that nobody had before.
        or_(_asset.holder_id == bindparam("source"), and_(_asset.holder_id.is_(None), bindparam("from_outside"))),
        ~exists().where(_promise.asset_id == _asset.id, _promise.state == "open"),
        or_(bindparam("to_kind") != "site", _DATA_STATE_AFTER.in_(ISSUABLE_STATES)),
    )
    .values(holder_id=bindparam("target"), data_state=_DATA_STATE_AFTER)
    .returning(_asset.data_state)
)


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


def fact_of(
    session: Session,
    *,
    product_id: int,
    quantity: int,
    asset_id: int | None,
    grade: str | None,
    source: Holder,
    target: Holder,
    cause: str,
) -> Fact:
    """What moving this would say, once it makes sense; the grade is the asset's own, or `A`, when none is told.

    Raises:
        InvalidFact, UnknownRecord: as `stock.move`.
    """
    records.whole("quantity", quantity, low=1)
    if source.id == target.id:
        raise InvalidFact("target", "is the source")
    product = session.get(Product, product_id)
    if product is None:
        raise UnknownRecord("product", f"id {product_id}")
    own_grade = None
    if asset_id is not None:
        own = session.execute(select(Asset.product_id, Asset.grade).where(Asset.id == asset_id)).one_or_none()
        if own is None:
            raise UnknownRecord("asset", f"id {asset_id}")
        if own.product_id != product_id:
            raise InvalidFact("asset", "is of another product")
        if quantity != 1:
            raise InvalidFact("quantity", "of an exact piece is 1")
        own_grade = own.grade
    elif product.tracking == "serial":
        raise InvalidFact("asset", "is missing: the product is tracked by serial number")
    grade = grade or own_grade or NEW
    records.one_of("grade", grade, GRADES)
    if own_grade is not None and grade != own_grade:
        raise InvalidFact("grade", "is not the asset's")
    return Fact(product_id, asset_id, grade, quantity, source.id, target.id, cause_of(cause))


def cause_of(cause: str) -> str:
    """The cause as the books keep it; refused (InvalidFact) when it is empty or overlong."""
    kept = records.clean("cause", cause, limit=120)
    if not kept:
        raise InvalidFact("cause", "is missing")
    return kept


def key_of(key: str) -> str:
    """The key as the books keep it; refused (InvalidFact) when it is empty or overlong."""
    kept = records.clean("key", key, limit=160)
    if not kept:
        raise InvalidFact("key", "is missing")
    return kept


def shelf_of(holder_id: int, product_id: int, grade: str) -> tuple[ColumnElement[bool], ...]:
    """The condition that finds one balance."""
    return Balance.holder_id == holder_id, Balance.product_id == product_id, Balance.grade == grade


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
                    _add(session, target, fact, fact.quantity)
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
        session.execute(_LOCK, _shelf(holder.id, product_id, grade))


def changed(session: Session, statement: Executable, facts: dict[str, Any] | None = None) -> int:
    """Run an UPDATE and say how many rows it changed; rows already loaded are not looked at."""
    result = session.execute(statement, facts, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)  # noqa: S101 (an UPDATE gives nothing else)
    return result.rowcount


def shortage(session: Session, holder_id: int, product_id: int, grade: str, *, wanted: int) -> NotEnoughStock:
    """The refusal, with both numbers."""
    free = session.scalar(_FREE, _shelf(holder_id, product_id, grade)) or 0
    sku = session.scalars(select(Product.sku).where(Product.id == product_id)).one()
    return NotEnoughStock(sku, wanted=wanted, free=free, holder=session.get_one(Holder, holder_id).name)


def _shelf(holder_id: int, product_id: int, grade: str) -> dict[str, Any]:
    return {"holder": holder_id, "product": product_id, "of_grade": grade}


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


def _add(session: Session, holder: Holder, fact: Fact, pieces: int) -> None:
    told = _shelf(holder.id, fact.product_id, fact.grade) | {"pieces": pieces}
    if not changed(session, _ADD, told):
        _ensure_balance(session, holder, fact.product_id, fact.grade)
        changed(session, _ADD, told)


def _take(session: Session, source: Holder, fact: Fact, *, promised: bool) -> None:
    if source.kind not in COUNTABLE_KINDS:
        _add(session, source, fact, -fact.quantity)
        return
    told = _shelf(source.id, fact.product_id, fact.grade) | {"pieces": fact.quantity}
    if not changed(session, _TAKE_PROMISED if promised else _TAKE_FREE, told):
        if fact.asset_id is not None:
            _explain(session, fact.asset_id, source)
        raise shortage(session, source.id, fact.product_id, fact.grade, wanted=fact.quantity)


def _hand_over(session: Session, asset_id: int, source: Holder, target: Holder) -> None:
    told = {
        "piece": asset_id,
        "source": source.id,
        "target": target.id,
        "from_kind": source.kind,
        "to_kind": target.kind,
        "from_outside": source.kind not in COUNTABLE_KINDS,
    }
    state = session.scalar(_HAND_OVER, told)
    if state is None:
        _explain(session, asset_id, source)
        tag = session.scalars(select(Asset.asset_tag).where(Asset.id == asset_id)).one()
        raise NeedsWiping(tag, holder=target.name)
    loaded = session.identity_map.get(session.identity_key(Asset, asset_id))
    if loaded is not None:
        set_committed_value(loaded, "holder_id", target.id)
        set_committed_value(loaded, "data_state", state)


def _explain(session: Session, asset_id: int, source: Holder) -> None:
    """Raise why the exact piece cannot leave `source`, if the piece is the reason."""
    tag, holder_id = session.execute(select(Asset.asset_tag, Asset.holder_id).where(Asset.id == asset_id)).one()
    if holder_id != source.id and (holder_id is not None or source.kind in COUNTABLE_KINDS):
        raise NotHeld(f"asset {tag}", holder=source.name)
    open_promise = Reservation.asset_id == asset_id, Reservation.state == "open"
    cause = session.scalar(select(Reservation.cause).where(*open_promise))
    if cause is not None:
        raise Promised(tag, cause=cause)
