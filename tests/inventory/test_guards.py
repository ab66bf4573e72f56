"""The database's own guards: damage written past the services is refused, on both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from inventory import stock
from inventory.db import Base
from inventory.models import (
    Address,
    AddressView,
    Asset,
    Balance,
    Employee,
    Holder,
    Movement,
    Product,
    Reservation,
    Site,
)
from tests.builders import a_laptop, a_piece, a_product, a_shelf, a_site, an_address, an_employee, someone_at_home
from tests.fakes import MORNING

TABLES = (Site, Product, Employee, Address, AddressView, Holder, Asset, Movement, Balance, Reservation)


@pytest.fixture
def scene(session):
    """A filled inventory: ids of one row of each table."""
    site, laptop, who = a_site(session, "S"), a_laptop(session, "L"), someone_at_home(session, "E")
    shelf = stock.holder(session, "site", "S")
    piece = a_piece(session, laptop, who=shelf, tag="T", serial="SN")
    promise = stock.reserve(session, holder_id=shelf.id, product_id=laptop.id, quantity=1, cause="o#1", now=MORNING)
    stock.allocate(session, promise.id, now=MORNING)
    movement = session.scalars(select(Movement)).first()
    return {
        "site": site.id, "product": laptop.id, "employee": who.id, "holder": shelf.id, "asset": piece.id,
        "promise": promise.id, "movement": movement.id, "address": session.scalars(select(Address.id)).one(),
        "other": stock.holder(session, "lost", "x").id,
    }  # fmt: skip


def _movement(scene, **facts):
    usual = {
        "key": "k", "cause": "c", "product_id": scene["product"], "quantity": 1, "from_holder_id": scene["holder"],
        "to_holder_id": scene["other"], "occurred_at": MORNING, "recorded_at": MORNING, "actor": "t",
    }  # fmt: skip
    return insert(Movement).values(**(usual | facts))


def _home(scene, **facts):
    usual = {"employee_id": scene["employee"], "accuracy": "given", "lat": 1.0, "lon": 1.0, "valid_from": MORNING}
    return insert(Address).values(**(usual | {"valid_to": MORNING} | facts))


def _promise(scene, **facts):
    usual = {
        "holder_id": scene["holder"],
        "product_id": scene["product"],
        "quantity": 1,
        "cause": "c",
        "made_at": MORNING,
    }
    return insert(Reservation).values(**(usual | facts))


def _piece(scene, **facts):
    usual = {"asset_tag": "T2", "serial": "S2", "product_id": scene["product"]}
    return insert(Asset).values(**(usual | facts))


def _shelf(scene, **facts):
    return update(Balance).where(Balance.holder_id == scene["holder"]).values(**facts)


#: For every guard of the rows, by its name in the database: the damage it must refuse.
DAMAGE = {
    "ck_site_lat_in_range": lambda s: update(Site).values(lat=90.1),
    "ck_site_lon_in_range": lambda s: update(Site).values(lon=-180.1),
    "uq_site_code": lambda s: insert(Site).from_select(
        ["code", "name", "opens", "closes", "timezone", "address_line", "postal_code", "city", "country", "is_open"],
        select(Site.code, Site.name, Site.opens, Site.closes, Site.timezone, Site.name, Site.name, Site.name,
               Site.country, Site.is_open)),
    "ck_product_known_tracking": lambda s: update(Product).values(tracking="weight"),
    "ck_product_nothing_negative": lambda s: update(Product).values(weight_g=-1),
    "uq_product_sku": lambda s: insert(Product).values(sku="L", name="again", tracking="serial"),
    "ck_employee_ends_after_start": lambda s: update(Employee).values(
        start_date=date(2026, 1, 2), end_date=date(2026, 1, 1)),
    "uq_employee_number": lambda s: insert(Employee).values(number="E", given_name="a", family_name="b"),
    "ck_address_known_accuracy": lambda s: _home(s, accuracy="exact"),
    "ck_address_whole_point": lambda s: _home(s, lon=None),
    "ck_address_located_or_not": lambda s: _home(s, accuracy="unlocated"),
    "ck_address_lat_in_range": lambda s: _home(s, lat=-91.0),
    "ck_address_lon_in_range": lambda s: _home(s, lon=181.0),
    "one_current_address": lambda s: _home(s, valid_to=None),
    "ck_holder_known_kind": lambda s: insert(Holder).values(kind="bin", key="1"),
    "uq_holder_kind_key": lambda s: insert(Holder).values(kind="lost", key="x"),
    "ck_asset_known_grade": lambda s: update(Asset).values(grade="F"),
    "ck_asset_known_data_state": lambda s: update(Asset).values(data_state="dirty"),
    "uq_asset_asset_tag": lambda s: _piece(s, asset_tag="T"),
    "uq_asset_product_id_serial": lambda s: _piece(s, serial="SN"),
    "ck_movement_something_moves": lambda s: _movement(s, quantity=0),
    "ck_movement_an_asset_is_one": lambda s: _movement(s, quantity=2, asset_id=s["asset"]),
    "ck_movement_goes_elsewhere": lambda s: _movement(s, to_holder_id=s["holder"]),
    "uq_movement_key": lambda s: _movement(s, key="import:asset:T"),
    "uq_movement_reverses_id": lambda s: _movement(s, key="k2", reverses_id=s["movement"]),
    "ck_balance_never_less_than_nothing": lambda s: _shelf(s, on_hand=-1, reserved=0),
    "ck_balance_never_promised_twice": lambda s: _shelf(s, reserved=2),
    "ck_reservation_something_promised": lambda s: _promise(s, quantity=0),
    "ck_reservation_an_asset_is_one": lambda s: update(Reservation).values(quantity=2),
    "ck_reservation_known_state": lambda s: update(Reservation).values(state="kept"),
    "one_open_promise_per_asset": lambda s: _promise(s, asset_id=s["asset"]),
}  # fmt: skip


def test_damage_is_tried_on_every_guard_of_the_rows():
    tables = [row.__table__ for row in TABLES]
    guards = {
        str(rule.name) for table in tables for rule in table.constraints
        if isinstance(rule, CheckConstraint | UniqueConstraint)
    } | {str(index.name) for table in tables for index in table.indexes if index.unique}  # fmt: skip

    assert guards == set(DAMAGE)
    rows = {mapper.class_ for mapper in Base.registry.mappers}
    assert {row for row in rows if row.__module__ == "inventory.models"} == set(TABLES)


def test_damage_past_the_services_is_refused_by_the_guard_made_for_it(session, scene):
    session.execute(_movement(scene, key="k1", reverses_id=scene["movement"]))
    engine = session.get_bind().dialect.name

    for guard, damage in DAMAGE.items():
        with pytest.raises(IntegrityError) as refusal, session.begin_nested():
            session.execute(damage(scene), execution_options={"synchronize_session": False})
        if engine == "postgresql" or guard.startswith("ck_"):
            assert guard in str(refusal.value.orig), guard
        else:
            assert "UNIQUE" in str(refusal.value.orig), guard


def test_rows_that_point_nowhere_are_refused(session, scene):
    pointing = [
        (row.__table__, column)
        for row in TABLES
        for rule in row.__table__.constraints if isinstance(rule, ForeignKeyConstraint)
        for column in rule.columns if not row.__table__.info.get("append_only")
    ]  # fmt: skip

    for table, column in pointing:
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(table).values({column.name: 999_999}))
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

    assert len(pointing) >= 10
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(_movement(scene, asset_id=999_999))


def test_the_world_outside_may_be_below_nothing(session):
    mouse = a_product(session)

    a_shelf(session, on_hand=3, product=mouse)

    assert session.scalar(select(Balance.on_hand).where(~Balance.countable)) == -3


@pytest.mark.parametrize("row", [Movement, AddressView])
def test_written_rows_are_never_changed_or_deleted(session, scene, row):
    if row is AddressView:
        session.execute(
            insert(AddressView).values(address_id=scene["address"], seen_at=MORNING, actor="a", purpose="p")
        )
    before = session.execute(select(row.__table__)).all()
    deeds = [update(row.__table__).values(actor="somebody else"), delete(row.__table__)]
    if session.get_bind().dialect.name == "postgresql":
        deeds.append(text(f"TRUNCATE {row.__tablename__} CASCADE"))
    else:
        columns = ", ".join(column.name for column in row.__table__.columns)
        deeds.append(
            text(f"INSERT OR REPLACE INTO {row.__tablename__} ({columns}) SELECT {columns} FROM {row.__tablename__}")
        )

    for deed in deeds:
        with pytest.raises(IntegrityError) as refusal, session.begin_nested():
            session.execute(deed)
        assert "never changed or deleted" in str(refusal.value.orig)

    assert before
    assert session.execute(select(row.__table__)).all() == before


def test_a_home_ended_in_the_past_leaves_room_for_the_next(session):
    who = an_employee(session)
    old = an_address(session, who)

    new = an_address(session, who, line="3 avenue Foch", now=MORNING + timedelta(days=1))

    assert old.id != new.id
