"""Files for the tests of the imports, small and right until a test damages them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from logistics import imports
from logistics.imports import ImportReport
from logistics.system import System

SITES = """code,name,address_line,postal_code,city,country,lat,lon,opens,closes,timezone
BEA,Beausoleil,Rue X,06240,Beausoleil,FR,43.7434,7.4220,07:00,19:00,Europe/Paris
"""
PRODUCTS = """sku,name,tracking,weight_g,volume_ml,service_minutes,data_bearing,skills
LAP,Laptop 14,serial,2100,6000,10,yes,
HEA,Headset,quantity,300,2500,2,no,
DESK,Desk,quantity,38000,180000,25,no,assembly
"""
STOCK = """site,sku,quantity
BEA,HEA,20
BEA,DESK,3
"""
EMPLOYEES = """employee_number,given_name,family_name,email,phone,language,address_line,postal_code,city,country,lat,lon
E1,Ada,Ricci,ada@example.com,,fr,Rue A,06240,Beausoleil,FR,43.7440,7.4230
E2,Bea,Novak,bea@example.com,,fr,Rue B,06240,Beausoleil,FR,43.7450,7.4240
"""
ASSETS = """asset_tag,serial,sku,holder
T1,S1,LAP,site:BEA
T2,S2,LAP,site:BEA
T9,S9,LAP,employee:E1
"""
VANS = (
    "code,name,site,kind,weight_capacity_g,volume_capacity_ml,shift_start,shift_end,skills,"
    "cost_per_km_cents,cost_per_hour_cents,fixed_cost_cents\n"
    "V1,Van one,BEA,van,600000,4000000,08:00,16:00,assembly,45,2800,2000\n"
)
USERS = """login,role,name,employee_number,sites,van
cora,coordinator,Cora,,BEA,
carl,courier,Carl,,BEA,V1
"""
GOOD = {
    "sites": SITES,
    "products": PRODUCTS,
    "stock": STOCK,
    "employees": EMPLOYEES,
    "assets": ASSETS,
    "vans": VANS,
    "users": USERS,
}
#: What must be in before a file of the kind can go in.
BEFORE = {
    "sites": (),
    "products": (),
    "stock": ("sites", "products"),
    "employees": (),
    "assets": ("sites", "products", "employees"),
    "vans": ("sites",),
    "users": ("sites", "vans"),
    "orders": ("sites", "products", "stock", "employees", "assets", "vans"),
}
Bring = Callable[..., ImportReport]


def bringer(system: System, folder: Path) -> Bring:
    """`bring(kind, text_or_bytes)` writes a file and imports it."""

    def bring(kind: str, content: str | bytes | None = None, *, name: str = "", **wishes: Any) -> ImportReport:
        file = folder / (name or f"{kind}.csv")
        told = GOOD[kind] if content is None else content
        file.write_bytes(told if isinstance(told, bytes) else told.encode())
        return imports.import_file(system, kind, file, actor="test", **wishes)

    return bring


def changed(kind: str, line: int, column: str, value: str) -> str:
    """The good file of a kind with one cell replaced; lines count from 1, the header's."""
    rows = [row.split(",") for row in GOOD[kind].strip().split("\n")]
    rows[line - 1][rows[0].index(column)] = value
    return "\n".join(",".join(row) for row in rows) + "\n"
