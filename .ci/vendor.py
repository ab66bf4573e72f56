"""Fetch the files that others wrote and we ship: a maintainer's tool, never run by set-up, demo or tests.

    python3 .ci/vendor.py            fetch the pinned packages with npm, copy what is needed
    python3 .ci/vendor.py --icons    say which icons the templates use that the sprite lacks

What is taken, from which version, under which licence, stands below and nowhere else; `VENDOR.json` and
`LICENSES.txt` are written from it, and `.ci/third_party.py` goes on from there. tests/test_architecture.py compares
every vendored file with its checksum.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = CHECKOUT / "webapp" / "static" / "vendor"
BROWSER_TESTS = CHECKOUT / "tests" / "browser" / "vendor"
FONTS = CHECKOUT / "logistics" / "documents" / "fonts"


@dataclass(frozen=True)
class Part:
    """One package: what we take of it and where that goes."""

    package: str
    version: str
    licence: str
    purpose: str
    files: tuple[str, ...]
    folder: Path
    licence_file: str = "LICENSE"
    carries: tuple[str, ...] = ()  # packages bundled inside, whose licence texts travel with the file


PARTS = (
    Part(
        "@tabler/core", "1.6.1", "MIT", "look of the pages",
        ("dist/css/tabler.min.css", "dist/js/tabler.min.js"), PAGES / "tabler",
        carries=("bootstrap", "@popperjs/core"),
    ),
    Part("@tabler/icons", "3.51.0", "MIT", "icons, as one sprite of those we use", (), PAGES / "icons"),
    Part(
        "htmx.org", "4.0.1", "0BSD", "pages that change in place; progress by server-sent events",
        ("dist/htmx.min.js", "dist/ext/hx-sse.min.js"), PAGES / "htmx",
    ),
    Part(
        "leaflet", "1.9.4", "BSD-2-Clause", "maps in the browser",
        ("dist/leaflet.js", "dist/leaflet.css", "dist/images/layers.png", "dist/images/layers-2x.png",
         "dist/images/marker-icon.png", "dist/images/marker-icon-2x.png", "dist/images/marker-shadow.png"),
        PAGES / "leaflet",
    ),
    Part("jquery", "3.7.1", "MIT", "popups of Folium's maps", ("dist/jquery.min.js",), PAGES / "jquery", "LICENSE.txt"),
    Part(
        "beautifymarker", "1.0.9", "MIT", "numbered stops on the map",
        ("leaflet-beautify-marker-icon.js", "leaflet-beautify-marker-icon.css"), PAGES / "beautifymarker",
    ),
    Part(
        "leaflet.fullscreen", "3.0.0", "MIT", "the map on the whole screen",
        ("Control.FullScreen.js", "Control.FullScreen.css", "icon-fullscreen.svg"), PAGES / "leaflet.fullscreen",
    ),
    Part(
        "leaflet.markercluster", "1.5.3", "MIT", "many stops drawn as groups",
        ("dist/leaflet.markercluster.js", "dist/MarkerCluster.css"), PAGES / "leaflet.markercluster", "MIT-LICENCE.txt",
    ),
    Part(
        "protomaps-leaflet", "5.1.0", "BSD-3-Clause", "draws the offline basemap",
        ("dist/protomaps-leaflet.js",), PAGES / "protomaps-leaflet", "LICENSE",
        ("@mapbox/point-geometry", "@mapbox/vector-tile", "@protomaps/basemaps", "color2k", "fflate", "pbf", "pmtiles",
         "potpack", "quickselect", "rbush"),
    ),
    Part("axe-core", "4.14.1", "MPL-2.0", "accessibility checks in browser tests; not shipped to users",
         ("axe.min.js",), BROWSER_TESTS),
    Part(
        "dejavu-fonts-ttf", "2.37.3", "Bitstream Vera and Arev licences, changes in the public domain",
        "letters of the PDF documents",
        ("ttf/DejaVuSans.ttf", "ttf/DejaVuSans-Bold.ttf", "ttf/DejaVuSans-Oblique.ttf"), FONTS,
    ),
)  # fmt: skip

# Packages that state their licence without shipping its text: the holder they name, and a package under the same one.
STATED = {
    "@tabler/core": ("Copyright 2018-2026 The Tabler Authors and codecalm.net Paweł Kuna", "@tabler/icons"),
    "pmtiles": ("Copyright 2021 and later, Brandon Liu", "protomaps-leaflet"),
    "@protomaps/basemaps": ("Copyright 2021 and later, The Protomaps Authors", "protomaps-leaflet"),
}

#: Names of the icons in the sprite, one a line; see them all at tabler.io/icons.
ICONS = (CHECKOUT / ".ci" / "icons.txt").read_text(encoding="utf-8").split()


def main() -> int:
    """Run the tool; 0 when done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--icons", action="store_true", help="list icons used by the pages that the sprite lacks")
    if parser.parse_args().icons:
        return _missing_icons()
    with tempfile.TemporaryDirectory() as made:
        modules = _fetch(Path(made))
        entries = [_copy(part, modules / part.package) for part in PARTS]
        _write_lists(entries, modules)
    print(f"vendored {len(entries)} packages, {sum(len(entry['files']) for entry in entries)} files")
    return 0


def _fetch(folder: Path) -> Path:
    (folder / "package.json").write_text("{}")
    wanted = [f"{part.package}@{part.version}" for part in PARTS] + ["bootstrap@5.3"]
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm fetches vendored files, and is not here; the files are in the repository already")
    print("fetching", *wanted, flush=True)
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *wanted]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "node_modules"


def _copy(part: Part, source: Path) -> dict[str, object]:
    found = json.loads((source / "package.json").read_text())["version"]
    if found != part.version:
        raise SystemExit(f"{part.package}: wanted {part.version}, got {found}")
    part.folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in part.files:
        target = part.folder / ("images/" if "/images/" in name else "") / Path(name).name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_without_source_map(source / name))
        written.append(target)
    if part.package == "@tabler/icons":
        target = part.folder / "tabler-icons.svg"
        target.write_text(_sprite(source / "icons" / "outline"), encoding="utf-8")
        written.append(target)
    return {
        "package": f"{part.package}@{part.version}",
        "licence": part.licence,
        "purpose": part.purpose,
        "carries": list(part.carries),
        "files": {str(file.relative_to(CHECKOUT)): hashlib.sha256(file.read_bytes()).hexdigest() for file in written},
    }


def _without_source_map(file: Path) -> bytes:
    """The file without its pointer to a source map: browsers would ask for a file that is not there."""
    if file.suffix not in {".js", ".css"}:
        return file.read_bytes()
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"\n?(//|/\*)# sourceMappingURL=[^\n*]*(\*/)?", "", text)
    return (text.rstrip() + "\n").encode()


def _sprite(folder: Path) -> str:
    """One file of symbols, drawn with `<svg class="icon"><use href="...tabler-icons.svg#truck"/></svg>`."""
    symbols = []
    for name in sorted(set(ICONS)):
        drawing = (folder / f"{name}.svg").read_text(encoding="utf-8")
        inner = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")]
        inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", inner)
        inner = re.sub(r"\s*\n\s*", "", inner).replace(" />", "/>")
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _write_lists(entries: list[dict[str, object]], modules: Path) -> None:
    (PAGES / "VENDOR.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    texts = []
    for part in PARTS:
        for package in (part.package, *part.carries):
            texts.append(f"{'=' * 100}\n{package}\n{'=' * 100}\n\n{_licence_text(modules, package, part)}\n")
    (PAGES / "LICENSES.txt").write_text("\n".join(texts), encoding="utf-8")
    shutil.copyfile(modules / "dejavu-fonts-ttf" / "LICENSE", FONTS / "LICENSE.txt")


def _licence_text(modules: Path, package: str, part: Part) -> str:
    for name in (part.licence_file, "LICENSE", "LICENSE.md", "LICENSE.txt"):
        file = modules / package / name
        if file.exists():
            return file.read_text(encoding="utf-8").strip()
    stated = STATED.get(package)
    if stated is None:
        raise SystemExit(f"no licence text in {package}")
    holder, like = stated
    text = _licence_text(modules, like, part)
    first = next(line for line in text.splitlines() if "copyright" in line.lower())
    return text.replace(first, holder)


def _missing_icons() -> int:
    used: set[str] = set()
    for file in [*(CHECKOUT / "webapp").rglob("*.html"), *(CHECKOUT / "webapp").rglob("*.py")]:
        used.update(re.findall(r"""icon\(\s*["']([a-z0-9-]+)["']""", file.read_text(encoding="utf-8")))
    missing = sorted(used - set(ICONS))
    print("\n".join(missing) or "the sprite holds every icon the pages name")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
