"""Which columns each kind of file has: the names in English and French, what a cell may say, what may be left out.

Columns may be added, never renamed. Headers are compared without accents, capitals, blanks and hyphens.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import cells
from .cells import Reader

_TRACKING = {"serial": "serial", "serie": "serial", "quantity": "quantity", "quantite": "quantity"}
_VAN_KINDS = {
    "van": "van", "fourgon": "van", "camionnette": "van", "cargo_bike": "cargo_bike", "velo_cargo": "cargo_bike",
    "velo-cargo": "cargo_bike", "cargo-bike": "cargo_bike",
}  # fmt: skip
_ORDER_KINDS = {
    "issue": "issue", "dotation": "issue", "swap": "swap", "echange": "swap", "return": "return", "retour": "return",
}  # fmt: skip
_ROLES = {
    "admin": "admin", "administrateur": "admin", "coordinator": "coordinator", "coordinateur": "coordinator",
    "warehouse": "warehouse", "magasinier": "warehouse", "agent": "agent", "courier": "courier", "livreur": "courier",
    "employee": "employee", "employe": "employee", "auditor": "auditor", "auditeur": "auditor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `needed` says the file must have it, `filled` that no cell of it may be empty."""

    name: str
    french: tuple[str, ...]
    read: Reader
    needed: bool = True
    filled: bool = True

    @property
    def spellings(self) -> frozenset[str]:
        """Every header that means this column, as `header_key` writes it."""
        return frozenset(header_key(name) for name in (self.name, *self.french))


def header_key(header: str) -> str:
    """A header as it is compared: small letters, no accents, `_` for blanks, hyphens and apostrophes."""
    plain = cells.folded(header)
    for letter in " -'’\u00a0":
        plain = plain.replace(letter, "_")
    return "_".join(part for part in plain.split("_") if part)


def _loose(name: str, french: tuple[str, ...], read: Reader, *, needed: bool = True) -> Column:
    return Column(name, french, read, needed=needed, filled=False)


_ADDRESS = (
    _loose("address_line", ("adresse", "rue"), cells.text(200)),
    _loose("postal_code", ("code_postal",), cells.text(20)),
    _loose("city", ("ville", "commune"), cells.text(120)),
)

SITES = (
    Column("code", ("code_site",), cells.key(20)),
    Column("name", ("nom",), cells.text(120)),
    *_ADDRESS,
    _loose("country", ("pays",), cells.country),
    _loose("lat", ("latitude",), cells.coordinate(90)),
    _loose("lon", ("longitude",), cells.coordinate(180)),
    Column("opens", ("ouverture", "ouvre"), cells.clock),
    Column("closes", ("fermeture", "ferme"), cells.clock),
    Column("timezone", ("fuseau_horaire", "fuseau"), cells.zone),
)

PRODUCTS = (
    Column("sku", ("article", "reference_article"), cells.key(40)),
    Column("name", ("nom", "libelle", "designation"), cells.text(120)),
    Column("tracking", ("suivi",), cells.choice(_TRACKING)),
    Column("weight_g", ("poids_g",), cells.number()),
    Column("volume_ml", ("volume_en_ml",), cells.number()),
    Column("service_minutes", ("minutes_de_service", "minutes_service"), cells.number(0, 600)),
    _loose("data_bearing", ("contient_des_donnees", "donnees"), cells.yes_or_no),
    _loose("skills", ("competences",), cells.words(400)),
)

STOCK = (
    Column("site", ("entrepot", "code_site"), cells.key(20)),
    Column("sku", ("article", "reference_article"), cells.key(40)),
    Column("quantity", ("quantite",), cells.number(0, 1_000_000)),
)

ASSETS = (
    Column("asset_tag", ("etiquette", "numero_inventaire", "numero_d_inventaire"), cells.key(40)),
    Column("serial", ("numero_de_serie", "numero_serie", "n_serie"), cells.serial(80)),
    Column("sku", ("article", "reference_article"), cells.key(40)),
    Column("holder", ("detenteur",), cells.holder),
)

EMPLOYEES = (
    Column("employee_number", ("matricule", "numero_employe"), cells.key(40)),
    Column("given_name", ("prenom",), cells.text(80)),
    Column("family_name", ("nom", "nom_de_famille"), cells.text(80)),
    _loose("email", ("courriel", "e_mail", "mail"), cells.email),
    _loose("phone", ("telephone",), cells.text(40)),
    _loose("language", ("langue",), cells.language),
    *_ADDRESS,
    _loose("country", ("pays",), cells.country),
    _loose("lat", ("latitude",), cells.coordinate(90), needed=False),
    _loose("lon", ("longitude",), cells.coordinate(180), needed=False),
    _loose("start_date", ("date_debut", "date_entree", "date_d_entree"), cells.calendar_day, needed=False),
    _loose("end_date", ("date_fin", "date_sortie", "date_de_sortie"), cells.calendar_day, needed=False),
    _loose("department", ("service", "departement"), cells.text(120), needed=False),
    _loose("manager_number", ("matricule_responsable", "responsable"), cells.key(40), needed=False),
    _loose("site", ("entrepot", "code_site"), cells.key(20), needed=False),
)

VANS = (
    Column("code", ("code_vehicule",), cells.key(20)),
    Column("name", ("nom",), cells.text(120)),
    Column("site", ("entrepot", "code_site"), cells.key(20)),
    Column("kind", ("type", "genre"), cells.choice(_VAN_KINDS)),
    Column("weight_capacity_g", ("capacite_poids_g",), cells.number()),
    Column("volume_capacity_ml", ("capacite_volume_ml",), cells.number()),
    Column("shift_start", ("debut_service", "prise_de_service"), cells.clock),
    Column("shift_end", ("fin_service", "fin_de_service"), cells.clock),
    _loose("skills", ("competences",), cells.words(400)),
    Column("cost_per_km_cents", ("cout_km_centimes", "cout_par_km_centimes"), cells.number(0, 100_000)),
    Column("cost_per_hour_cents", ("cout_heure_centimes", "cout_par_heure_centimes"), cells.number(0, 1_000_000)),
    Column("fixed_cost_cents", ("cout_fixe_centimes",), cells.number(0, 100_000_000)),
)

ORDERS = (
    Column("reference", ("reference_commande", "commande"), cells.key(40)),
    Column("kind", ("type", "genre"), cells.choice(_ORDER_KINDS)),
    Column("employee_number", ("matricule", "numero_employe"), cells.key(40)),
    _loose("sku", ("article", "reference_article"), cells.key(40)),
    _loose("quantity", ("quantite",), cells.number(1, 10_000)),
    _loose("return_asset_tag", ("etiquette_retour", "etiquette_reprise"), cells.key(40)),
    Column("day", ("jour", "date"), cells.order_day),
    Column("window_start", ("debut_creneau",), cells.clock),
    Column("window_end", ("fin_creneau",), cells.clock),
    _loose("priority", ("priorite",), cells.number(1, 3), needed=False),
    _loose("signalled_at", ("signale_le",), cells.moment, needed=False),
    _loose("severity", ("gravite",), cells.text(40), needed=False),
)

USERS = (
    Column("login", ("identifiant",), cells.text(80)),
    Column("role", ("fonction",), cells.choice(_ROLES)),
    Column("name", ("nom",), cells.text(120)),
    _loose("employee_number", ("matricule", "numero_employe"), cells.key(40)),
    _loose("sites", ("entrepots",), cells.words(400)),
    _loose("van", ("vehicule", "fourgon"), cells.key(20)),
)

#: Every kind of file that can be imported; the order is the one in which a company would bring them in.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "sites": SITES,
    "products": PRODUCTS,
    "stock": STOCK,
    "employees": EMPLOYEES,
    "assets": ASSETS,
    "vans": VANS,
    "users": USERS,
    "orders": ORDERS,
}
#: What makes a row of each kind the same row as another.
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "sites": (("code",),),
    "products": (("sku",),),
    "stock": (("site", "sku"),),
    "employees": (("employee_number",),),
    "assets": (("asset_tag",), ("sku", "serial")),
    "vans": (("code",),),
    "users": (("login",),),
    "orders": (),
}
