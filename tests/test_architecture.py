"""Which way imports run, what lies where, and that what others wrote is what we say it is."""

from __future__ import annotations

import ast
import configparser
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
ROOMS = ("routing", "inventory", "logistics", "webapp")

#: What a room may never import, lazily or by name either. Rooms and parts from outside alike.
FORBIDDEN = {
    "routing": {"inventory", "logistics", "webapp", "sqlalchemy", "alembic", "flask", "huey", "geopy", "osmium"},
    "inventory": {"routing", "logistics", "webapp", "flask", "huey", "geopy", "osmium", "ortools"},
    "logistics": {"webapp", "flask", "folium"},
    "webapp": {"routing", "inventory", "sqlalchemy", "alembic", "psycopg", "ortools", "huey"},
}

TOP_LEVEL = {
    ".ci", ".gitattributes", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "THIRD_PARTY.md",
    "data", "docs", "inventory", "logistics", "pyproject.toml", "requirements-test.lock", "requirements.lock",
    "routing", "run.py", "setup.cfg", "tests", "webapp",
}  # fmt: skip

#: Names that say nothing about what a file holds.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "manager", "managers", "misc"}

#: Where packages and scripts are fetched from: which mirror is used is each machine's own affair. Each in two pieces,
#: so that this file does not contain what it forbids.
HOSTS = (
    ("pypi", ".org"), ("python", "hosted.org"), ("npm", "js.org"), ("npm", "js.com"), ("deb.", "debian.org"),
    ("cdn.js", "delivr.net"), ("unpkg", ".com"), ("cdnjs.", "cloudflare.com"), ("crates", ".io"),
)  # fmt: skip

#: Direct dependencies that no line of ours imports, and why they are there all the same.
USED_WITHOUT_IMPORT = {
    "psycopg": "SQLAlchemy's driver for PostgreSQL",
    "tzdata": "time zones where the system has none",
    "setuptools": "builds the project without a network",
}


# --- imports ----------------------------------------------------------------------------------------------------------


def imported(source: str, package: str) -> list[tuple[int, str]]:
    """Line and full name of everything a module of `package` imports: at the top, lazily, for types, by name.

    A name that is put together at run time comes back as `?`.
    """
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            found.append((node.lineno, ".".join([*parts, *([node.module] if node.module else [])])))
        elif isinstance(node, ast.Call) and _is_import_call(node.func):
            named = node.args[0] if node.args else None
            literal = isinstance(named, ast.Constant) and isinstance(named.value, str)
            found.append((node.lineno, named.value if literal else "?"))
    return found


def _is_import_call(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in {"import_module", "__import__"}


def forbidden(room: str, source: str, package: str) -> list[str]:
    """What a module of `room` imports against the rules, with line numbers."""
    return [
        f"line {line} imports {name}"
        for line, name in imported(source, package)
        if name == "?" or name.partition(".")[0] in FORBIDDEN[room]
    ]


#: Parts that can open a connection to somewhere else, and the modules that may use them.
WAYS_OUT = {
    "aiohttp", "ftplib", "http.client", "httpx", "imaplib", "poplib", "pycurl", "requests", "smtplib", "socket",
    "telnetlib", "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc.client",
}  # fmt: skip
MAY_GO_OUT = {
    "logistics/outgoing.py": WAYS_OUT,
    # Only its types, for the sessions that `outgoing` made.
    "logistics/adapters/sign_in_services.py": {"requests"},
    # Looks whether the port that we serve on is free.
    "webapp/serving.py": {"socket"},
    # Asks the kernel which address packets would bear; nothing is sent.
    "logistics/certificates.py": {"socket"},
}


def ways_out(source: str, package: str) -> set[str]:
    """The parts among `WAYS_OUT` that a module imports, in any way."""
    names = {name for _, name in imported(source, package)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {way for way in WAYS_OUT if any(name == way or name.startswith(f"{way}.") for name in names)}


def test_nothing_goes_out_but_through_the_safe_client():
    found = {
        name: extra
        for room in ROOMS
        for file in _sources(room)
        if (
            extra := ways_out(file.read_text(encoding="utf-8"), _package(file))
            - MAY_GO_OUT.get(name := file.relative_to(CHECKOUT).as_posix(), set())
        )
    }

    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import requests", "from requests import get", "import urllib.request as asking", "from urllib import request",
        "from http import client", "def later():\n    import socket",
        "from importlib import import_module\nimport_module('httpx')",
    ],
)  # fmt: skip
def test_a_way_out_is_seen(source):
    assert ways_out(source, "logistics")


def test_our_own_requests_are_no_way_out():
    assert (
        ways_out("from logistics import requests\nfrom . import requests\nfrom urllib.parse import quote", "logistics")
        == set()
    )


def test_geocoders_by_geopy_are_given_no_connection():
    guilty = [
        file.name
        for room in ROOMS
        for file in _sources(room)
        for _, name in imported(file.read_text(encoding="utf-8"), _package(file))
        if name.startswith("geopy.geocoders") and name != "geopy.geocoders.base"
    ]

    assert guilty == []


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_down_a_floor_and_never_sideways(room):
    broken = {
        str(file.relative_to(CHECKOUT)): faults
        for file in _sources(room)
        if (faults := forbidden(room, file.read_text(encoding="utf-8"), _package(file)))
    }

    assert broken == {}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("routing", "import inventory.stock"),
        ("routing", "def later():\n    from sqlalchemy.orm import Session"),
        ("inventory", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import routing"),
        ("logistics", "import importlib\nimportlib.import_module('webapp')"),
        ("logistics", "from importlib import import_module\nimport_module('web' + 'app')"),
        ("webapp", "__import__('routing.model')"),
        ("webapp", "from sqlalchemy import select"),
        ("webapp", "from .. import routing"),
    ],
)
def test_an_import_against_the_rules_is_seen(room, source):
    package = "views" if "from .." in source else room

    if package == "views":
        assert imported(source, "webapp.views") == [(1, "webapp")]
    else:
        assert forbidden(room, source, package)


def test_the_import_contracts_are_kept():
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([str(lint), "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


# --- data through the counter -----------------------------------------------------------------------------------------

#: What the pages and the API call with a session or the system beside the counter, which is where rights and sites are
#: asked for. None of it is about somebody else's things.
BESIDE_THE_COUNTER = {
    "who knocks: before there is a viewer": {
        "factors.check_code", "forgotten.ask", "invitations.holder", "invitations.redeem", "lockout.begin_try",
        "lockout.succeeded", "passkeys.check", "passkeys.using", "service_accounts.account_for", "tokens.note_use",
        "tokens.recognise", "tokens.use_is_due", "users.account", "users.sign_in",
    },
    "one's own account, named by the session and by nothing that was sent": {
        "factors.begin_generator", "factors.codes_left", "factors.confirm_generator", "factors.factors",
        "factors.generator_to_confirm", "factors.print_codes", "factors.remove", "notices.change_password",
        "passkeys.add", "passkeys.adding",
    },
    "the caller's own earlier answer": {"answers.claim", "answers.keep", "answers.release"},
    "whether the house runs, its clock and its map; figures, no rows": {
        "places.home_region", "readiness.checks", "readiness.figures", "sites.main_zone",
    },
}  # fmt: skip


def reads_and_writes(source: str, package: str) -> set[str]:
    """Functions of logistics, outside the counter, that a module names and that take a session or the system."""
    modules, found = {}, set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "logistics":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if importlib.util.find_spec(full) if _is_package(node.module) else None:
                    modules[alias.asname or alias.name] = full
                elif _takes_data(node.module, alias.name):
                    found.add(full)
        elif isinstance(node, ast.Import):
            modules |= {alias.asname: alias.name for alias in node.names if alias.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            if _takes_data(module, node.attr):
                found.add(f"{module}.{node.attr}")
    return {name.removeprefix("logistics.") for name in found if not name.startswith("logistics.counter.")}


def _is_package(module: str) -> bool:
    return hasattr(importlib.import_module(module), "__path__")


def _takes_data(module: str, name: str) -> bool:
    """Whether it is a function that is given a session or the system."""
    named = getattr(importlib.import_module(module), name, None)
    if not inspect.isfunction(named):
        return False
    return bool({"session", "sessions", "system"} & set(inspect.signature(named).parameters))


def test_pages_and_api_obtain_data_through_the_counter():
    beside = {name for names in BESIDE_THE_COUNTER.values() for name in names}

    found = {
        name: file.relative_to(CHECKOUT).as_posix()
        for file in _sources("webapp")
        for name in reads_and_writes(file.read_text(encoding="utf-8"), _package(file))
    }

    assert {name: file for name, file in found.items() if name not in beside} == {}, "not through the counter"
    assert beside - set(found) == set(), "no longer used; take it out of the list"


@pytest.mark.parametrize(
    "source",
    [
        "from logistics import orders\norders.place", "from logistics import queries as told\ntold.day_view",
        "from logistics.orders import place", "import logistics.orders as o\no.place",
        "def later():\n    from logistics.queries import day_view",
    ],
)  # fmt: skip
def test_a_way_around_the_counter_is_seen(source):
    assert reads_and_writes(source, "webapp.views")


def test_values_and_the_counter_itself_are_no_way_around():
    source = "from logistics import states, requests\nfrom logistics.counter import orders\norders.show, states.ROLES"

    assert reads_and_writes(source, "webapp.views") == set()


# --- dependencies -----------------------------------------------------------------------------------------------------


def test_what_the_rooms_import_is_declared_and_what_is_declared_is_used():
    declared = {_canonical(name) for name in _requirements("install_requires")}
    providers = importlib.metadata.packages_distributions()
    used = {
        _canonical(providers.get(name, [name])[0])
        for room in ROOMS
        for file in _sources(room)
        for name in {full.partition(".")[0] for _, full in imported(file.read_text(encoding="utf-8"), _package(file))}
        if name not in ROOMS and name not in sys.stdlib_module_names and name != "?"
    }

    assert used - declared == set(), "imported, but not in setup.cfg's install_requires"
    assert declared - used - set(USED_WITHOUT_IMPORT) == set(), "in setup.cfg's install_requires, but never imported"


@pytest.mark.parametrize(
    ("lock", "sections"),
    [
        ("requirements.lock", ("install_requires", "build")),
        ("requirements-test.lock", ("install_requires", "build", "test", "quality")),
    ],
)
def test_the_lock_holds_every_dependency_with_checksums(lock, sections):
    entries = re.split(r"\n(?=\S)", (CHECKOUT / lock).read_text(encoding="utf-8").strip())
    locked = {_canonical(re.match(r"[A-Za-z0-9._-]+", entry).group()) for entry in entries}
    wanted = {_canonical(name) for section in sections for name in _requirements(section)}

    assert wanted - locked == set(), f"not in {lock}: run `python3 run.py lock`"
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_both_locks_agree_on_every_version():
    runtime, tests = (_pins(CHECKOUT / name) for name in ("requirements.lock", "requirements-test.lock"))

    assert runtime - tests == set()


# --- the tree ---------------------------------------------------------------------------------------------------------


def test_the_top_of_the_tree_is_as_declared():
    assert {Path(file).parts[0] for file in _tracked()} - TOP_LEVEL == set()


def test_every_file_has_a_name_that_says_what_it_holds():
    ours = [Path(file) for file in _tracked() if not _is_vendored(file)]

    empty = [str(file) for file in ours if {part.split(".")[0].lower() for part in file.parts} & EMPTY_NAMES]

    assert empty == []


def test_every_folder_of_tests_is_a_package():
    folders = {Path(file).parent for file in _tracked() if file.startswith("tests/") and file.endswith(".py")}

    assert [str(folder) for folder in sorted(folders) if not (CHECKOUT / folder / "__init__.py").exists()] == []


def test_no_source_file_is_empty():
    sources = [file for file in _tracked() if file.endswith(".py")]

    assert [file for file in sources if not (CHECKOUT / file).read_text(encoding="utf-8").strip()] == []


def test_no_tracked_file_names_a_host_that_packages_are_fetched_from():
    hosts = [(first + second).encode() for first, second in HOSTS]

    guilty = {
        file: [host.decode() for host in hosts if host in content]
        for file in _tracked()
        if any(host in (content := (CHECKOUT / file).read_bytes().lower()) for host in hosts)
    }

    assert guilty == {}


# --- what others wrote ------------------------------------------------------------------------------------------------

VENDOR = json.loads((CHECKOUT / "webapp/static/vendor/VENDOR.json").read_text(encoding="utf-8"))
VENDORED = {file: checksum for entry in VENDOR for file, checksum in entry["files"].items()}
LISTS = {
    "webapp/static/vendor/VENDOR.json",
    "webapp/static/vendor/LICENSES.txt",
    "logistics/documents/fonts/LICENSE.txt",
}
#: What browsers of our users are given and could act on.
SERVED = sorted(file for file in VENDORED if file.startswith("webapp/") and file.endswith((".js", ".css", ".svg")))


def test_every_vendored_file_is_the_one_that_was_fetched():
    found = {file: hashlib.sha256((CHECKOUT / file).read_bytes()).hexdigest() for file in VENDORED}

    assert found == VENDORED


def test_no_vendored_file_is_missing_from_the_list():
    assert {file for file in _tracked() if _is_vendored(file)} - set(VENDORED) - LISTS == set()


@pytest.mark.parametrize("file", SERVED)
def test_no_vendored_file_loads_anything_from_elsewhere_or_needs_eval(file):
    text = (CHECKOUT / file).read_text(encoding="utf-8")

    loads = re.findall(r"""url\(\s*["']?(?:https?:)?//[^)]*|@import[^;]*|sourceMappingURL|import\(["']https?:""", text)
    evals = re.findall(r"(?<![\w.$])eval\(|new Function\(|setTimeout\([\"']", text)

    assert loads == []
    assert evals == []


def test_every_part_that_others_wrote_is_named_with_its_licence():
    page = (CHECKOUT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    texts = (CHECKOUT / "webapp/static/vendor/LICENSES.txt").read_text(encoding="utf-8")

    for entry in VENDOR:
        name, _, version = entry["package"].rpartition("@")
        assert f"| {name} | {version} | {entry['licence']} |" in page
        assert all(f"\n{part}\n" in texts for part in (name, *entry["carries"]))
    for name, _ in _pins(CHECKOUT / "requirements.lock"):
        assert re.search(rf"^\| {re.escape(name)} \| \S", page, re.MULTILINE), f"{name}: run .ci/third_party.py"


# --- reading the checkout ---------------------------------------------------------------------------------------------


def _tracked() -> list[str]:
    """Paths of the repository's files; of all files that git would not ignore where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [name for name in listed.stdout.split("\0") if name and (CHECKOUT / name).exists()]
    hidden = {".git", ".venv", ".tools", "var", "build", "dist", "__pycache__"}
    found = []
    for folder, inner, names in os.walk(CHECKOUT):
        inner[:] = [name for name in inner if name not in hidden and not name.endswith(("_cache", ".egg-info"))]
        found += [str((Path(folder) / name).relative_to(CHECKOUT)) for name in names if not name.endswith(".pyc")]
    return found


def _is_vendored(file: str) -> bool:
    return file.startswith(("webapp/static/vendor/", "tests/browser/vendor/", "logistics/documents/fonts/"))


def _sources(room: str) -> list[Path]:
    return sorted((CHECKOUT / room).rglob("*.py"))


def _package(file: Path) -> str:
    return ".".join(file.relative_to(CHECKOUT).parent.parts)


def _requirements(section: str) -> list[str]:
    settings = configparser.ConfigParser()
    settings.read(CHECKOUT / "setup.cfg", encoding="utf-8")
    named = settings["options" if section == "install_requires" else "options.extras_require"][section]
    return [re.match(r"[A-Za-z0-9._-]+", line).group() for line in named.split("\n") if line.strip()]


def _pins(lock: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
