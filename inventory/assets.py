"""Exact pieces: which there are, who has them, what state their data is in."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from . import ledger, records
from .errors import InvalidFact, NeedsWiping, UnknownRecord
from .models import DATA_STATES, ISSUABLE_STATES, Asset, Holder, Product


def asset(session: Session, tag: str) -> Asset:
    """The piece of this tag.

    Raises:
        UnknownRecord: there is none.
    """
    found = session.scalar(select(Asset).where(Asset.asset_tag == records.sought(tag)))
    if found is None:
        raise UnknownRecord("asset", tag)
    return found


def held_by(session: Session, holder_id: int) -> tuple[Asset, ...]:
    """The pieces this holder has, by tag."""
    return tuple(session.scalars(select(Asset).where(Asset.holder_id == holder_id).order_by(Asset.asset_tag)))


def set_data_state(session: Session, asset_id: int, state: str) -> Asset:
    """Note what is known of the data on a piece, for instance `sanitised` once it was wiped.

    Raises:
        UnknownRecord: no such asset.
        InvalidFact: an unknown state, or one that does not fit a product that can or cannot hold data.
        NeedsWiping: the piece lies at a site, where only pieces fit to be issued may be; move it to quarantine.
    """
    records.one_of("data_state", state, DATA_STATES)
    found = session.get(Asset, asset_id)
    if found is None:
        raise UnknownRecord("asset", f"id {asset_id}")
    bearing = session.get_one(Product, found.product_id).data_bearing
    if bearing == (state == "not-data-bearing"):
        raise InvalidFact("data_state", f"is {state}, which the product does not allow")
    change = update(Asset).where(Asset.id == asset_id).values(data_state=state)
    if state not in ISSUABLE_STATES:
        at_a_site = select(Holder.id).where(Holder.kind == "site")
        change = change.where(Asset.holder_id.is_(None) | Asset.holder_id.not_in(at_a_site))
    if not ledger.changed(session, change):
        where = session.scalars(select(Holder).join(Asset, Asset.holder_id == Holder.id).where(Asset.id == asset_id))
        raise NeedsWiping(found.asset_tag, holder=where.one().name)
    set_committed_value(found, "data_state", state)
    return found
