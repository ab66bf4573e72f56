"""What lies where and who holds it: the rows of the inventory."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from .db import APPEND_ONLY, Base, UTCDateTime, WordSet
from .folding import fold

#: Kinds of holder. Countable ones can never hold less than nothing; the others are the world outside our shelves.
HOLDER_KINDS = (
    "site", "employee", "vehicle", "carrier", "supplier", "repairer", "quarantine", "scrap", "lost", "difference",
    "opening",
)  # fmt: skip
COUNTABLE_KINDS = ("site", "employee", "vehicle", "carrier", "repairer", "quarantine")
TRACKINGS = ("serial", "quantity")
DATA_STATES = ("not-data-bearing", "clean", "holds-data", "wipe-due", "sanitised")
#: What may be handed to the next person. A piece in another state never lies at a site, so what is free there is fit.
ISSUABLE_STATES = ("not-data-bearing", "clean", "sanitised")
GRADES = ("A", "B", "C", "D", "E")
ACCURACIES = ("pin", "given", "house", "street", "locality", "commune", "postcode", "unlocated")
#: Where an address must stand to be planned without confirmation.
PRECISE_ACCURACIES = ("pin", "given", "house", "street")
RESERVATION_STATES = ("open", "fulfilled", "released")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class Site(Base):
    """A place with stock; *depot* is its role in a plan. Its zone decides what a clock time means."""

    __tablename__ = "site"
    __table_args__ = (
        CheckConstraint("lat BETWEEN -90 AND 90", name="lat_in_range"),
        CheckConstraint("lon BETWEEN -180 AND 180", name="lon_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address_line: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    city: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    opens: Mapped[time]
    closes: Mapped[time]
    timezone: Mapped[str] = mapped_column(String(60))
    is_open: Mapped[bool] = mapped_column(default=True)


class Product(Base):
    """A kind of equipment: what one piece weighs, fills and asks for at the door."""

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint(_one_of("tracking", TRACKINGS), name="known_tracking"),
        CheckConstraint("weight_g >= 0 AND volume_ml >= 0 AND service_minutes >= 0", name="nothing_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    tracking: Mapped[str] = mapped_column(String(10))
    weight_g: Mapped[int] = mapped_column(default=0)
    volume_ml: Mapped[int] = mapped_column(default=0)
    service_minutes: Mapped[int] = mapped_column(default=0)
    data_bearing: Mapped[bool] = mapped_column(default=False)
    skills: Mapped[frozenset[str]] = mapped_column(WordSet, default=frozenset)


class Employee(Base):
    """A colleague who works from home. The home itself is an `Address`, kept apart."""

    __tablename__ = "employee"
    __table_args__ = (
        CheckConstraint("end_date IS NULL OR start_date IS NULL OR end_date >= start_date", name="ends_after_start"),
        Index("ix_employee_family_name", "family_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    given_name: Mapped[str] = mapped_column(String(80))
    family_name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(5), default="")
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    department: Mapped[str] = mapped_column(String(120), default="")
    manager_number: Mapped[str] = mapped_column(String(40), default="")
    #: The site that looks after them; none = everybody who serves any site.
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    #: Both names as people look for them, see `folding`; kept by the names themselves.
    folded_name: Mapped[str] = mapped_column(String(400), default="")
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @validates("given_name", "family_name")
    def _fold(self, field: str, value: str) -> str:
        names = {"given_name": self.given_name, "family_name": self.family_name, field: value}
        self.folded_name = fold(f"{names['given_name'] or ''} {names['family_name'] or ''}")
        return value


class Address(Base):
    """A dated home. It is replaced, never edited: the current one has no `valid_to`.

    Accuracy says how well the point is known: `pin` (set by hand), `given` (coordinates came with the data), `house`,
    `street`, `locality`, `commune`, `postcode` (found by the gazetteer), or `unlocated` with the reason.
    """

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint(_one_of("accuracy", ACCURACIES), name="known_accuracy"),
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="whole_point"),
        CheckConstraint("(lat IS NULL) = (accuracy = 'unlocated')", name="located_or_not"),
        CheckConstraint("lat IS NULL OR lat BETWEEN -90 AND 90", name="lat_in_range"),
        CheckConstraint("lon IS NULL OR lon BETWEEN -180 AND 180", name="lon_in_range"),
        Index("one_current_address", "employee_id", unique=True,
              sqlite_where=text("valid_to IS NULL"), postgresql_where=text("valid_to IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    line: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    city: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    access_note: Mapped[str] = mapped_column(String(400), default="")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(60), default="")
    unlocated_reason: Mapped[str] = mapped_column(String(40), default="")
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AddressView(Base):
    """Who saw a home address, when and why; never the value."""

    __tablename__ = "address_view"
    __table_args__ = (APPEND_ONLY,)

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), index=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(80))


class Holder(Base):
    """Whoever can have a piece. `key` is the code, number or word that makes it unique within its kind."""

    __tablename__ = "holder"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        CheckConstraint(_one_of("kind", HOLDER_KINDS), name="known_kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)

    @property
    def name(self) -> str:
        """`kind:key`, as imports and causes write it."""
        return f"{self.kind}:{self.key}"


class Asset(Base):
    """One piece with a serial number. `holder_id` is where the ledger says it is, kept in the same transaction."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("product_id", "serial"),
        CheckConstraint(_one_of("grade", GRADES), name="known_grade"),
        CheckConstraint(_one_of("data_state", DATA_STATES), name="known_data_state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_tag: Mapped[str] = mapped_column(String(40), unique=True)
    serial: Mapped[str] = mapped_column(String(80))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("holder.id"), index=True)
    grade: Mapped[str] = mapped_column(String(1), default="A")
    data_state: Mapped[str] = mapped_column(String(20), default="clean")


class Movement(Base):
    """One line of the ledger: pieces leave one holder and reach another. Never changed, never deleted.

    `key` is unique, so telling the same fact twice moves nothing twice. `cause` is opaque here:
    "order:O-1042", "stop:88#2", "import:stock".
    """

    __tablename__ = "movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="something_moves"),
        CheckConstraint("asset_id IS NULL OR quantity = 1", name="an_asset_is_one"),
        CheckConstraint("from_holder_id <> to_holder_id", name="goes_elsewhere"),
        Index("ix_movement_product_id_recorded_at", "product_id", "recorded_at"),
        APPEND_ONLY,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    cause: Mapped[str] = mapped_column(String(120), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    grade: Mapped[str] = mapped_column(String(1), default="A")
    quantity: Mapped[int]
    from_holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"), index=True)
    to_holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"), index=True)
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200), default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("movement.id"), unique=True)


class Balance(Base):
    """How many pieces of a product a holder has, and how many of them are promised: a projection of the ledger."""

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("NOT countable OR on_hand >= 0", name="never_less_than_nothing"),
        CheckConstraint("reserved >= 0 AND (reserved = 0 OR reserved <= on_hand)", name="never_promised_twice"),
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, index=True)
    grade: Mapped[str] = mapped_column(String(1), primary_key=True, default="A")
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    countable: Mapped[bool]


class Reservation(Base):
    """Pieces promised to a cause. Made by product; an exact asset is named when it is allocated."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="something_promised"),
        CheckConstraint("asset_id IS NULL OR quantity = 1", name="an_asset_is_one"),
        CheckConstraint(_one_of("state", RESERVATION_STATES), name="known_state"),
        Index("one_open_promise_per_asset", "asset_id", unique=True,
              sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    grade: Mapped[str] = mapped_column(String(1), default="A")
    quantity: Mapped[int]
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    cause: Mapped[str] = mapped_column(String(120), index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
