"""Stock: pieces move from one holder to another, and are promised to a cause before they do.

`move` is the one door to the ledger; the other deeds go through it. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from . import catalogue, ledger, records
from .db import add_unless_there
from .errors import AlreadyExists, Conflict, InvalidFact, NotEnoughStock, NotHeld, UnknownRecord
from .ledger import Fact, Note
from .models import (
    GRADES,
    HOLDER_KINDS,
    ISSUABLE_STATES,
    Asset,
    Balance,
    Employee,
    Holder,
    Movement,
    Product,
    Reservation,
)
from .records import Outcome

#: The grade of what is bought and issued, unless somebody says otherwise.
NEW = "A"


def holder(session: Session, kind: str, key: str) -> Holder:
    """The holder of this kind and key, made at its first use.

    A `site` or `quarantine` holder's key is the site's code, an `employee` holder's the employee's number.

    Raises:
        InvalidFact: an unknown kind, an empty or overlong key.
        UnknownRecord: no such site or employee.
    """
    records.one_of("holder", kind, HOLDER_KINDS)
    key = records.clean("holder", key, limit=60)
    if not key:
        raise InvalidFact("holder", "has no key")
    wanted = select(Holder).where(Holder.kind == kind, Holder.key == key)
    found = session.scalar(wanted)
    if found is None:
        site_id = catalogue.site(session, key).id if kind in ("site", "quarantine") else None
        employee_id = _employee_id(session, key) if kind == "employee" else None
        add_unless_there(session, Holder.id, kind=kind, key=key, site_id=site_id, employee_id=employee_id)
        found = session.scalars(wanted).one()
    return found


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
    fact = _fact(
        session, product_id=product_id, quantity=quantity, asset_id=asset_id, grade=grade,
        source=source, target=target, cause=cause,
    )  # fmt: skip
    return ledger.post(session, fact, key=_key(key), note=Note(occurred_at, now, actor, reason))


def free(session: Session, holder_id: int, product_id: int, grade: str = NEW) -> int:
    """How many pieces of this grade lie there promised to nobody."""
    left = select(Balance.on_hand - Balance.reserved).where(*_shelf(holder_id, product_id, grade))
    return session.scalar(left) or 0


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
    cause = _cause(cause)
    there = promises(session, cause)
    if there:
        return _same_promise(there, Reservation(holder_id=holder_id, product_id=product_id, quantity=quantity))
    enough = Balance.on_hand - Balance.reserved >= quantity
    promising = (
        update(Balance)
        .where(*_shelf(holder_id, product_id, grade), Balance.countable, enough)
        .values(reserved=Balance.reserved + quantity)
    )
    if not ledger.changed(session, promising):
        raise ledger.shortage(session, holder_id, product_id, grade, quantity)
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
        ledger.changed(session, update(Balance).where(*_shelf(*shelf)).values(reserved=Balance.reserved - quantity))
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
    named = select(Reservation.asset_id).where(Reservation.asset_id.is_not(None), Reservation.state == "open")
    fit = (
        select(Asset.id)
        .where(Asset.holder_id == shelf.id, Asset.product_id == product.id, Asset.grade == promise.grade)
        .where(Asset.data_state.in_(ISSUABLE_STATES), Asset.id.not_in(named))
        .order_by(Asset.asset_tag)
        .limit(promise.quantity)
    )
    pieces = session.scalars(fit).all()
    if len(pieces) < promise.quantity:
        raise NotEnoughStock(product.sku, wanted=promise.quantity, free=len(pieces), holder=shelf.name)
    promise.quantity, promise.asset_id = 1, pieces[0]
    others = [_split(promise, piece, now) for piece in pieces[1:]]
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
    fact = _fact(
        session, product_id=promise.product_id, quantity=promise.quantity, asset_id=promise.asset_id,
        grade=promise.grade, source=source, target=target, cause=cause,
    )  # fmt: skip
    if (told := ledger.known(session, _key(key), fact)) is not None:
        return told
    if promise.state != "open":
        raise Conflict(f"reservation id {reservation_id}", told="fulfilled", recorded=promise.state)
    with session.begin_nested():
        promise.state, promise.closed_at = "fulfilled", now
        session.flush()
        return ledger.post(session, fact, key=key, note=Note(occurred_at, now, actor, reason), promised=True)


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


def post_receipt(
    session: Session,
    *,
    site_code: str,
    sku: str,
    quantity: int,
    assets: tuple[tuple[str, str], ...] = (),
    receipt_id: str,
    now: datetime,
    actor: str,
) -> tuple[Movement, ...]:
    """Book what a supplier delivered to a site, once per `receipt_id`.

    Args:
        assets: (tag, serial) of each piece of a serial product, `quantity` of them; empty for other products.

    Returns:
        One movement per piece, or one for the whole quantity.

    Raises:
        Conflict: this receipt was told before with other contents.
        AlreadyExists: a tag or a serial number is taken.
        InvalidFact: a quantity below 1, or one that disagrees with the pieces.
        UnknownRecord: no such site or product.
    """
    records.whole("quantity", quantity, low=1)
    product = catalogue.product(session, sku)
    _agrees(product, quantity, assets)
    shelf = holder(session, "site", site_code)
    supplier = holder(session, "supplier", "any")
    cause = _cause(f"receipt:{receipt_id}")
    ledger.lock_shelves(session, (shelf, supplier), product.id, NEW)
    told = _Receipt(shelf.id, product.id, quantity, frozenset(assets))
    before = session.scalars(select(Movement).where(Movement.cause == cause).order_by(Movement.id)).all()
    if before:
        recorded = _Receipt.of(session, before)
        if recorded != told:
            raise Conflict(cause, told=str(told), recorded=str(recorded))
        return tuple(before)
    note = Note(now, now, actor)
    if not assets:
        fact = Fact(product.id, None, NEW, quantity, supplier.id, shelf.id, cause)
        return (ledger.post(session, fact, key=cause, note=note),)
    with session.begin_nested():
        posted = []
        for tag, serial in assets:
            piece = _new_asset(session, tag, serial, product)
            fact = Fact(product.id, piece.id, NEW, 1, supplier.id, shelf.id, cause)
            posted.append(ledger.post(session, fact, key=f"{cause}#{piece.asset_tag}", note=note))
        return tuple(posted)


def open_stock(
    session: Session, *, site_code: str, sku: str, quantity: int, now: datetime, actor: str
) -> tuple[Outcome, Movement | None]:
    """Book what lay at a site before this system kept the books: once per site and product.

    Told again it is `unchanged` as long as the books say the same, and a Conflict once they say otherwise; nothing
    moves then. Nothing at all (`quantity` 0) needs no movement.

    Raises:
        Conflict: the books hold another quantity there.
        InvalidFact: a negative quantity, or a product tracked by serial number.
        UnknownRecord: no such site or product.
    """
    records.whole("quantity", quantity)
    product = catalogue.product(session, sku)
    if product.tracking == "serial":
        raise InvalidFact("sku", "is tracked by serial number; tell its assets instead")
    shelf, opening = holder(session, "site", site_code), holder(session, "opening", "import")
    key = _key(f"import:stock:{shelf.key}:{product.sku}")
    ledger.lock_shelves(session, (shelf, opening), product.id, NEW)
    told = session.scalar(select(Movement).where(Movement.key == key))
    if told is not None or _has_moved(session, shelf.id, product.id) or quantity == 0:
        recorded = _on_hand(session, shelf.id, product.id)
        if recorded != quantity:
            raise Conflict(f"stock {shelf.key} {product.sku}", told=str(quantity), recorded=str(recorded))
        return "unchanged", told
    fact = Fact(product.id, None, NEW, quantity, opening.id, shelf.id, "import:stock")
    return "created", ledger.post(session, fact, key=key, note=Note(now, now, actor))


def open_asset(
    session: Session,
    *,
    asset_tag: str,
    serial: str,
    sku: str,
    holder_kind: str,
    holder_key: str,
    now: datetime,
    actor: str,
) -> tuple[Outcome, Asset]:
    """Book a piece and who had it before this system kept the books: once per tag.

    Told again it is `unchanged` as long as the books say the same, and a Conflict once they say otherwise; nothing
    moves then.

    Raises:
        Conflict: the tag is in the books with another serial number, product or holder.
        AlreadyExists: another piece of the product has this serial number.
        InvalidFact: a product counted by quantity, an empty or overlong text.
        UnknownRecord: no such product, site or employee.
    """
    product = catalogue.product(session, sku)
    who = holder(session, holder_kind, holder_key)
    tagged = select(Asset).where(Asset.asset_tag == records.sought(asset_tag))
    found = session.scalar(tagged)
    if found is None:
        opening = holder(session, "opening", "import")
        try:
            with session.begin_nested():
                made = _new_asset(session, asset_tag, serial, product)
                fact = Fact(product.id, made.id, NEW, 1, opening.id, who.id, "import:asset")
                ledger.post(session, fact, key=_key(f"import:asset:{made.asset_tag}"), note=Note(now, now, actor))
            return "created", made
        except AlreadyExists:
            # Somebody else told the same piece a moment ago; if not, the serial number is another piece's.
            found = session.scalar(tagged)
            if found is None:
                raise
    return "unchanged", _same_asset(session, found, serial, product, who)


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What a receipt says, to compare two tellings."""

    holder_id: int
    product_id: int
    quantity: int
    pieces: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        return f"{self.quantity} of product id {self.product_id} for holder id {self.holder_id}"

    @classmethod
    def of(cls, session: Session, movements: Sequence[Movement]) -> _Receipt:
        ids = [one.asset_id for one in movements if one.asset_id is not None]
        pieces = session.execute(select(Asset.asset_tag, Asset.serial).where(Asset.id.in_(ids))) if ids else ()
        first, total = movements[0], sum(one.quantity for one in movements)
        return cls(first.to_holder_id, first.product_id, total, frozenset((tag, serial) for tag, serial in pieces))


def _fact(
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
    return Fact(product_id, asset_id, grade, quantity, source.id, target.id, _cause(cause))


def _cause(cause: str) -> str:
    kept = records.clean("cause", cause, limit=120)
    if not kept:
        raise InvalidFact("cause", "is missing")
    return kept


def _key(key: str) -> str:
    kept = records.clean("key", key, limit=160)
    if not kept:
        raise InvalidFact("key", "is missing")
    return kept


def _employee_id(session: Session, number: str) -> int:
    found = session.scalar(select(Employee.id).where(Employee.number == records.sought(number)))
    if found is None:
        raise UnknownRecord("employee", number)
    return found


def _shelf(holder_id: int, product_id: int, grade: str) -> tuple[ColumnElement[bool], ...]:
    return Balance.holder_id == holder_id, Balance.product_id == product_id, Balance.grade == grade


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


def _agrees(product: Product, quantity: int, assets: tuple[tuple[str, str], ...]) -> None:
    if product.tracking == "serial" and len(assets) != quantity:
        raise InvalidFact("assets", f"are {len(assets)} for a quantity of {quantity}")
    if product.tracking != "serial" and assets:
        raise InvalidFact("assets", "are told for a product that is counted")


def _new_asset(session: Session, tag: str, serial: str, product: Product) -> Asset:
    if product.tracking != "serial":
        raise InvalidFact("sku", "is counted by quantity and has no assets")
    tag, serial = records.clean("asset_tag", tag, limit=40), records.clean("serial", serial, limit=80)
    for field, text in (("asset_tag", tag), ("serial", serial)):
        if not text:
            raise InvalidFact(field, "is missing")
    state = "clean" if product.data_bearing else "not-data-bearing"
    made = add_unless_there(
        session, Asset.id, asset_tag=tag, serial=serial, product_id=product.id, grade=NEW, data_state=state
    )
    if made is not None:
        return session.get_one(Asset, made)
    taken = session.scalar(select(Asset.id).where(Asset.asset_tag == tag)) is not None
    raise AlreadyExists("asset", tag) if taken else AlreadyExists("serial number", f"{serial} of {product.sku}")


def _same_asset(session: Session, found: Asset, serial: str, product: Product, who: Holder) -> Asset:
    if found.product_id != product.id:
        recorded = session.get_one(Product, found.product_id).sku
        raise Conflict(f"asset {found.asset_tag}", told=product.sku, recorded=recorded)
    told = records.clean("serial", serial, limit=80)
    if found.serial != told:
        raise Conflict(f"asset {found.asset_tag}", told=f"serial {told}", recorded=f"serial {found.serial}")
    if found.holder_id != who.id:
        recorded = session.get_one(Holder, found.holder_id).name if found.holder_id is not None else "nobody"
        raise Conflict(f"asset {found.asset_tag}", told=who.name, recorded=recorded)
    return found


def _has_moved(session: Session, holder_id: int, product_id: int) -> bool:
    either = (Movement.from_holder_id == holder_id) | (Movement.to_holder_id == holder_id)
    return session.scalar(select(Movement.id).where(either, Movement.product_id == product_id).limit(1)) is not None


def _on_hand(session: Session, holder_id: int, product_id: int) -> int:
    total = select(func.sum(Balance.on_hand)).where(Balance.holder_id == holder_id, Balance.product_id == product_id)
    return session.scalar(total) or 0


__all__ = [
    "allocate", "deallocate", "free", "fulfil", "holder", "move", "open_asset", "open_stock", "post_receipt",
    "promises", "release", "reserve", "reverse",
]  # fmt: skip
