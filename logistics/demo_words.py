"""What the demo company is made of: names, products, vans, users and the shape of its demand."""

from __future__ import annotations

#: Where employees live, and which share of them.
COMMUNES = {
    "Monaco": 0.27,
    "Beausoleil": 0.20,
    "Roquebrune-Cap-Martin": 0.32,
    "Cap-d'Ail": 0.08,
    "La Turbie": 0.05,
    "Èze": 0.04,
    "Menton": 0.04,
}
#: The site that looks after the people of a commune.
SITE_OF = {
    "Monaco": "BEA", "Beausoleil": "BEA", "Cap-d'Ail": "BEA", "La Turbie": "BEA", "Èze": "BEA",
    "Roquebrune-Cap-Martin": "RCM", "Menton": "RCM",
}  # fmt: skip
#: Two streets that the map spells wrongly or against their commune.
MISSPELT_ON_THE_MAP = frozenset(
    {"Avenue Preince Rainier III Monaco", "Avenue Prince Rainier III Monaco", "Basse Corniche", "Moyenne Corniche"}
)
#: Addresses that no gazetteer can settle: one nowhere, one known to its commune only, two in several communes.
LOST = (
    ("Impasse du Phare Éteint", "", "Port-Silence"),
    ("Rue des Trois Lunes", "06240", "Beausoleil"),
    ("Avenue de la Gare", "", ""),
    ("Avenue Paul Doumer", "", ""),
)

GIVEN = (
    "Adèle", "Agathe", "Alban", "Alessia", "Amandine", "Anaïs", "Antoine", "Aurélien", "Awa", "Bastien", "Bérénice",
    "Camille", "Carla", "Cédric", "Chiara", "Clémence", "Corentin", "Damien", "Diego", "Dorian", "Edgar", "Éléonore",
    "Elias", "Élise", "Emma", "Enzo", "Estelle", "Fabien", "Farah", "Félix", "Fiona", "Flavio", "Gaëlle", "Giulia",
    "Grégoire", "Hélène", "Hugo", "Ines", "Irène", "Ismaël", "Jade", "Joachim", "Julie", "Karim", "Kenza", "Lambert",
    "Laure", "Léa", "Léonard", "Lina", "Lorenzo", "Louane", "Luca", "Maëlle", "Malik", "Margaux", "Marius", "Mathilde",
    "Maxence", "Mélissa", "Mila", "Nadia", "Nathan", "Nina", "Noé", "Ophélie", "Oscar", "Pauline", "Paolo", "Quentin",
    "Rachel", "Raphaël", "Rémi", "Rosalie", "Sacha", "Salomé", "Samir", "Sofia", "Solène", "Théo", "Tiago", "Ugo",
    "Valentin", "Victoire", "Yasmine", "Zoé",
)  # fmt: skip
FAMILY = (
    "Abbarelle", "Aigueblanc", "Alvernasque", "Amoretti-Vial", "Arbousset", "Aurigniac", "Balestrin", "Bellorme",
    "Berthoulas", "Boisgarin", "Brocandier", "Cabrolin", "Callandreau", "Canaveilles", "Castelmir", "Chantefleur",
    "Clairvoise", "Corniglier", "Courtassol", "Dallavigne", "Delpiazzo", "Dorémieux", "Escarbel", "Estragnan",
    "Fabrizelli", "Falicorne", "Feuillerade", "Fontarelle", "Garibond", "Gatuzière", "Giacobel", "Grandverger",
    "Hautecombe", "Isnardin", "Jasminier", "Kerjouan", "Lagardelle", "Lanteroux", "Lauribel", "Levantini", "Lombarel",
    "Magnanasque", "Marquésan", "Mascarelle", "Melzassard", "Mirabelot", "Montclairel", "Mouansol", "Negrescaux",
    "Olivarès-Tour", "Orsinelli", "Palmarol", "Peillonel", "Pescadour", "Pinsolle", "Pontevel", "Quaranta-Roux",
    "Rascassol", "Ribagnac", "Roccavel", "Romarin", "Saint-Avel", "Salinières", "Santelmo", "Sardinoux", "Serravalle",
    "Sospelier", "Tamarisse", "Tarascou", "Terrazani", "Tournebel", "Trastour", "Valdeblore", "Valsoleil",
    "Ventimel", "Vermentou", "Vésubien", "Vignassol", "Villarbois", "Zéphirin",
)  # fmt: skip
DEPARTMENTS = (
    "Direction", "Finance", "Ressources humaines", "Ventes", "Support client", "Produit", "Ingénierie", "Données",
    "Juridique", "Communication",
)  # fmt: skip

PRODUCT_COLUMNS = (
    "sku", "name", "tracking", "weight_g", "volume_ml", "service_minutes", "data_bearing", "skills",
)  # fmt: skip
#: Weights and volumes are those of the packed piece.
PRODUCTS = (
    ("LAP-14", "Ordinateur portable 14 pouces", "serial", 2400, 8500, 10, "yes", ""),
    ("LAP-16", "Station portable 16 pouces", "serial", 3600, 11000, 12, "yes", ""),
    ("PHO-6", "Téléphone 6 pouces", "serial", 450, 1300, 8, "yes", ""),
    ("MON-27", "Écran 27 pouces", "serial", 8200, 62000, 9, "no", ""),
    ("MON-34", "Écran large 34 pouces", "serial", 12800, 98000, 10, "no", ""),
    ("PRN-A4", "Imprimante laser A4", "serial", 9400, 48000, 12, "yes", ""),
    ("DOC-C", "Station d'accueil USB-C", "quantity", 750, 3200, 6, "no", ""),
    ("KEY-SET", "Clavier et souris", "quantity", 1100, 6500, 3, "no", ""),
    ("HEA-BT", "Casque sans fil", "quantity", 380, 3400, 3, "no", ""),
    ("LAM-LED", "Lampe de bureau", "quantity", 1900, 9800, 3, "no", ""),
    ("CHA-ERG", "Siège ergonomique", "quantity", 19500, 155000, 12, "no", ""),
    ("DES-UP", "Bureau assis-debout", "quantity", 36000, 175000, 25, "no", "assembly"),
    ("BOX-QT", "Cabine acoustique", "quantity", 640000, 3900000, 60, "no", ""),
)
#: Share of the employees who have one.
HELD = {"MON-27": 0.45, "PHO-6": 0.3, "PRN-A4": 0.05, "MON-34": 0.04}
#: At each site, counted pieces; the acoustic booth is there, but no van carries it.
SHELVES = {"DOC-C": 40, "KEY-SET": 50, "HEA-BT": 50, "LAM-LED": 25, "CHA-ERG": 16, "DES-UP": 8, "BOX-QT": 1}
#: At each site, numbered pieces. The wide monitor is sold out.
NUMBERED_SHELVES = {"LAP-14": 34, "LAP-16": 12, "PHO-6": 18, "MON-27": 26, "PRN-A4": 6}

#: What an issue brings, and how often.
BUNDLES = (
    (("LAP-14", 1),),
    (("LAP-14", 1), ("HEA-BT", 1)),
    (("LAP-16", 1),),
    (("MON-27", 1),),
    (("PHO-6", 1),),
    (("DOC-C", 1), ("KEY-SET", 1)),
    (("HEA-BT", 1), ("LAM-LED", 1)),
    (("CHA-ERG", 1),),
    (("DES-UP", 1),),
    (("PRN-A4", 1),),
)
BUNDLE_WEIGHTS = (18, 12, 7, 14, 12, 14, 9, 8, 3, 3)
#: Two hours or less, then half days and whole ones.
WINDOWS = (
    ("08:00", "10:00"), ("09:00", "11:00"), ("10:00", "12:00"), ("11:00", "13:00"), ("12:00", "14:00"),
    ("13:00", "15:00"), ("14:00", "16:00"), ("09:30", "10:30"), ("14:00", "15:00"),
    ("08:00", "12:00"), ("12:00", "16:00"), ("08:00", "16:00"),
)  # fmt: skip
WINDOW_WEIGHTS = (10, 12, 12, 9, 8, 11, 9, 2, 2, 10, 9, 10)

#: Orders that cannot be served: out of stock, no address (number of the row in `LOST`), too heavy, window shut.
HOPELESS = (
    {"sku": "MON-34"},
    {"sku": "MON-34", "opens": "10:00", "closes": "12:00"},
    {"sku": "LAP-14", "lost": 1},
    {"sku": "PHO-6", "lost": 2},
    {"sku": "PHO-6", "lost": 3},
    {"sku": "BOX-QT"},
    {"sku": "HEA-BT", "opens": "06:00", "closes": "07:15"},
)

VAN_COLUMNS = (
    "code", "name", "site", "kind", "weight_capacity_g", "volume_capacity_ml", "shift_start", "shift_end", "skills",
    "cost_per_km_cents", "cost_per_hour_cents", "fixed_cost_cents",
)  # fmt: skip
VANS = (
    ("V1", "Fourgon 1", "BEA", "van", 550000, 3300000, "08:00", "16:00", "assembly", 38, 2600, 1800),
    ("V2", "Fourgon 2", "BEA", "van", 550000, 3300000, "08:00", "16:00", "assembly", 38, 2600, 1800),
    ("V3", "Fourgon 3", "BEA", "van", 550000, 3300000, "08:00", "16:00", "", 38, 2600, 1800),
    ("V4", "Fourgon 4", "RCM", "van", 550000, 3300000, "08:00", "16:00", "assembly", 38, 2600, 1800),
    ("V5", "Fourgon 5", "RCM", "van", 550000, 3300000, "08:00", "16:00", "", 38, 2600, 1800),
    ("B1", "Vélo cargo 1", "BEA", "cargo_bike", 90000, 320000, "08:30", "15:30", "", 4, 2100, 400),
    ("B2", "Vélo cargo 2", "RCM", "cargo_bike", 90000, 320000, "08:30", "15:30", "", 4, 2100, 400),
)
USER_COLUMNS = ("login", "role", "name", "employee_number", "sites", "van")
USERS = (
    ("admin", "admin", "Administration", "", "", ""),
    ("coordination", "coordinator", "Coordination des tournées", "", "BEA|RCM", ""),
    ("entrepot-bea", "warehouse", "Entrepôt de Beausoleil", "", "BEA", ""),
    ("entrepot-rcm", "warehouse", "Entrepôt de Roquebrune", "", "RCM", ""),
    ("support", "agent", "Support équipement", "", "", ""),
    ("courier-v1", "courier", "Livraison fourgon 1", "", "BEA", "V1"),
    ("courier-v2", "courier", "Livraison fourgon 2", "", "BEA", "V2"),
    ("courier-v3", "courier", "Livraison fourgon 3", "", "BEA", "V3"),
    ("courier-v4", "courier", "Livraison fourgon 4", "", "RCM", "V4"),
    ("courier-v5", "courier", "Livraison fourgon 5", "", "RCM", "V5"),
    ("courier-b1", "courier", "Livraison vélo cargo 1", "", "BEA", "B1"),
    ("courier-b2", "courier", "Livraison vélo cargo 2", "", "RCM", "B2"),
    ("employee", "employee", "Espace salarié", "E1001", "", ""),
    ("audit", "auditor", "Audit interne", "", "", ""),
)
