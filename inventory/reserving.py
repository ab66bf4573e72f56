"""Promising pieces to a cause, naming the exact ones, and moving them for it. Called through `stock`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from . import ledger, records
from .errors import Conflict, InvalidFact, NotEnoughStock, NotHeld, UnknownRecord
from .ledger import NEW, Note
from .models import GRADES, ISSUABLE_STATES, Asset, Balance, Holder, Movement, Product, Reservation


def reserve(
    session: Session, *, holder_id: int, product_id: int, quantity: int, cause: str, now: datetime, grade: str = NEW
) -> Reservation:
    """Promise pieces to a cause, or change nothing.

    The row count decides, not an earlier look: two people reaching for the last laptop get one laptop. A cause has one
    open promise: asking for the same again gives the promise that is there.

    Raises:
        NotEnoughStock: fewer than `quantity` pieces are free; carries both numbers.
        Conflict: the cause was promised something else and that promise is open.
        InvalidFact: a quantity below 1, an unknown grade, an empty or overlong cause.
    """
    records.whole("quantity", quantity, low=1)
    records.one_of("grade", grade, GRADES)
    cause = ledger.cause_of(cause)
    there = promises(session, cause)
    if there:
        return _same_promise(there, Reservation(holder_id=holder_id, product_id=product_id, quantity=quantity))
    enough = Balance.on_hand - Balance.reserved >= quantity
    promising = (
        update(Balance)
        .where(*ledger.shelf_of(holder_id, product_id, grade), Balance.countable, enough)
        .values(reserved=Balance.reserved + quantity)
    )
    if not ledger.changed(session, promising):
        raise ledger.shortage(session, holder_id, product_id, grade, wanted=quantity)
    made = Reservation(
        holder_id=holder_id, product_id=product_id, grade=grade, quantity=quantity, cause=cause, made_at=now
    )
    session.add(made)
    session.flush()
    return made


def promises(session: Session, cause: str) -> tuple[Reservation, ...]:
    """The open promises made to this cause: one, or one per exact piece once allocated."""
    asked = (
        select(Reservation)
        .where(Reservation.cause == records.sought(cause), Reservation.state == "open")
        .order_by(Reservation.id)
    )
    return tuple(session.scalars(asked))


def release(session: Session, cause: str, *, now: datetime) -> int:
    """Take back every open promise made to this cause; says how many pieces became free."""
    closing = (
        update(Reservation)
        .where(Reservation.cause == records.sought(cause), Reservation.state == "open")
        .values(state="released", closed_at=now)
        .returning(Reservation)
    )
    closed = session.scalars(closing, execution_options={"synchronize_session": False, "populate_existing": True}).all()
    per_shelf: dict[tuple[int, int, str], int] = {}
    for one in closed:
        shelf = (one.holder_id, one.product_id, one.grade)
        per_shelf[shelf] = per_shelf.get(shelf, 0) + one.quantity
    for shelf, quantity in sorted(per_shelf.items()):
        ledger.changed(
            session, update(Balance).where(*ledger.shelf_of(*shelf)).values(reserved=Balance.reserved - quantity)
        )
    return sum(per_shelf.values())


def allocate(session: Session, reservation_id: int, *, now: datetime) -> tuple[Reservation, ...]:
    """Name the exact pieces of a promise: one reservation per asset, lowest tag first, only pieces fit to be issued.

    The given reservation keeps its id and takes the first piece. A product counted by quantity, or a promise that
    already names its piece, is left as it is.

    Raises:
        NotEnoughStock: fewer pieces fit to be issued lie there than were promised.
        UnknownRecord: no open promise of this id.
    """
    promise = _open_promise(session, reservation_id)
    product = session.get_one(Product, promise.product_id)
    if product.tracking != "serial" or promise.asset_id is not None:
        return (promise,)
    shelf = session.get_one(Holder, promise.holder_id)
    ledger.lock_shelves(session, [shelf], promise.product_id, promise.grade)
    pieces = issuable(session, shelf.id, product.id, promise.grade)[: promise.quantity]
    if len(pieces) < promise.quantity:
        raise NotEnoughStock(product.sku, wanted=promise.quantity, free=len(pieces), holder=shelf.name)
    promise.quantity, promise.asset_id = 1, pieces[0].id
    others = [_split(promise, piece.id, now) for piece in pieces[1:]]
    session.add_all(others)
    session.flush()
    return (promise, *others)


def deallocate(session: Session, reservation_id: int) -> Reservation:
    """Take the exact piece off an open promise; a piece of its kind stays promised.

    Raises:
        UnknownRecord: no open promise of this id.
    """
    promise = _open_promise(session, reservation_id)
    promise.asset_id = None
    session.flush()
    return promise


def issuable(session: Session, holder_id: int, product_id: int, grade: str = NEW) -> tuple[Asset, ...]:
    """The pieces of a serial product that lie there fit to be issued and named in no open promise, by tag."""
    named = select(Reservation.asset_id).where(Reservation.asset_id.is_not(None), Reservation.state == "open")
    fit = (
        select(Asset)
        .where(Asset.holder_id == holder_id, Asset.product_id == product_id, Asset.grade == grade)
        .where(Asset.data_state.in_(ISSUABLE_STATES), Asset.id.not_in(named))
        .order_by(Asset.asset_tag)
    )
    return tuple(session.scalars(fit))


def name_piece(session: Session, reservation_id: int, asset_id: int) -> Reservation:
    """Let an open promise of one serial piece name this very piece instead of another, or of none.

    Raises:
        UnknownRecord: no open promise of this id.
        InvalidFact: the promise is for several pieces; allocate it first.
        NotHeld: the piece does not lie at the promise's holder fit to be issued, or another promise names it.
    """
    promise = _open_promise(session, reservation_id)
    if promise.asset_id == asset_id:
        return promise
    if promise.quantity != 1:
        raise InvalidFact("reservation", "is for several pieces")
    shelf = session.get_one(Holder, promise.holder_id)
    ledger.lock_shelves(session, [shelf], promise.product_id, promise.grade)
    if asset_id not in {one.id for one in issuable(session, shelf.id, promise.product_id, promise.grade)}:
        raise NotHeld(f"asset id {asset_id}, free and fit to be issued,", holder=shelf.name)
    promise.asset_id = asset_id
    session.flush()
    return promise


def fulfil(
    session: Session,
    reservation_id: int,
    *,
    target: Holder,
    cause: str,
    key: str,
    occurred_at: datetime,
    now: datetime,
    actor: str,
    reason: str = "",
) -> Movement:
    """Move what was promised and close the promise, both or neither; told again, it gives the movement of that time.

    Raises:
        Conflict: the key was told before with other facts, or the promise is closed.
        InvalidFact: a serial product of which no exact piece is allocated.
        UnknownRecord: no such promise.
        NotHeld, NeedsWiping: as `move`.
    """
    promise = session.scalar(
        select(Reservation)
        .where(Reservation.id == reservation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if promise is None:
        raise UnknownRecord("reservation", f"id {reservation_id}")
    source = session.get_one(Holder, promise.holder_id)
    fact = ledger.fact_of(
        session, product_id=promise.product_id, quantity=promise.quantity, asset_id=promise.asset_id,
        grade=promise.grade, source=source, target=target, cause=cause,
    )  # fmt: skip
    if (told := ledger.known(session, ledger.key_of(key), fact)) is not None:
        return told
    if promise.state != "open":
        raise Conflict(f"reservation id {reservation_id}", told="fulfilled", recorded=promise.state)
    with session.begin_nested():
        promise.state, promise.closed_at = "fulfilled", now
        session.flush()
        return ledger.post(session, fact, key=key, note=Note(occurred_at, now, actor, reason), promised=True)


def _same_promise(there: tuple[Reservation, ...], told: Reservation) -> Reservation:
    first = there[0]
    recorded = (first.holder_id, first.product_id, sum(one.quantity for one in there))
    if recorded != (told.holder_id, told.product_id, told.quantity):
        said = [f"{quantity} of product id {what} at holder id {where}" for where, what, quantity in (
            (told.holder_id, told.product_id, told.quantity), recorded)]  # fmt: skip
        raise Conflict(f"promise to {first.cause}", told=said[0], recorded=said[1])
    return first


def _open_promise(session: Session, reservation_id: int) -> Reservation:
    locked = select(Reservation).where(Reservation.id == reservation_id, Reservation.state == "open").with_for_update()
    found = session.scalar(locked.execution_options(populate_existing=True))
    if found is None:
        raise UnknownRecord("open reservation", f"id {reservation_id}")
    return found


def _split(promise: Reservation, asset_id: int, now: datetime) -> Reservation:
    return Reservation(
        holder_id=promise.holder_id,
        product_id=promise.product_id,
        grade=promise.grade,
        quantity=1,
        asset_id=asset_id,
        cause=promise.cause,
        made_at=now,
    )
