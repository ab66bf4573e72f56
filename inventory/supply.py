"""What comes in: deliveries of suppliers, and what was there before the books began. Called through `stock`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from . import catalogue, ledger, records
from .db import add_unless_there
from .errors import AlreadyExists, Conflict, InvalidFact
from .holders import holder
from .ledger import NEW, Fact, Note
from .models import Asset, Balance, Holder, Movement, Product
from .records import Outcome


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
    cause = ledger.cause_of(f"receipt:{receipt_id}")
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
            posted.append(ledger.post(session, fact, key=ledger.key_of(f"{cause}#{piece.asset_tag}"), note=note))
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
    key = ledger.key_of(f"import:stock:{shelf.key}:{product.sku}")
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
                ledger.post(
                    session, fact, key=ledger.key_of(f"import:asset:{made.asset_tag}"), note=Note(now, now, actor)
                )
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
