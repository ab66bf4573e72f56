"""What the reference must name: every setting, reason code, import column and command."""

from __future__ import annotations

import argparse
import importlib
import re
from dataclasses import fields

import pytest

from logistics import cli, reasons, replays, states, tasks, verify
from logistics.imports import COLUMNS
from logistics.settings import Settings
from tests.conftest import CHECKOUT
from tests.quality import error_codes

REFERENCE = CHECKOUT / "docs" / "reference"


def test_every_setting_is_in_the_reference():
    page = (REFERENCE / "settings.md").read_text()

    missing = [field.name for field in fields(Settings) if f"`TOURNEE_{field.name.upper()}`" not in page]

    assert missing == []


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_import_column_is_in_the_reference_with_its_french_names(kind):
    section = (REFERENCE / "columns.md").read_text().split(f"## {kind}\n")[1].split("\n## ")[0]

    missing = [name for column in COLUMNS[kind] for name in (column.name, *column.french) if f"`{name}`" not in section]

    assert missing == []


def test_every_reason_code_is_in_the_reference():
    page = (REFERENCE / "reason-codes.md").read_text()

    assert [code for code in reasons.CODES if f"`{code}`" not in page] == []


def test_every_rule_of_verify_is_in_the_reference():
    page = (REFERENCE / "verify.md").read_text()

    assert [rule for rule in verify.RULES if f"`{rule}`" not in page] == []


def test_every_command_is_in_the_reference():
    page = (REFERENCE / "commands.md").read_text()

    assert [path for path in _commands(cli._parser({})) if f"`tournee {path}" not in page] == []


def test_every_error_code_is_in_the_reference_with_its_meaning():
    assert error_codes.PAGE.read_text() == error_codes.page(), "run: python -m tests.quality.error_codes"


def test_every_picture_is_taken_by_the_script_and_shown_on_a_page():
    script = (CHECKOUT / ".ci" / "pictures.py").read_text()
    pages = "".join(page.read_text() for page in (CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")))

    taken = set(re.findall(r'Picture\("([\w-]+)"', script))

    assert {file.stem for file in (CHECKOUT / "docs" / "pictures").glob("*.png")} == taken
    assert [name for name in sorted(taken) if f"pictures/{name}.png)" not in pages] == []


def test_every_limit_in_the_table_is_the_one_in_the_code():
    table = (REFERENCE / "security.md").read_text().split("## Limits\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| `([\w.]+):([\w.]+)` \|$", table, re.MULTILINE)

    wrong = {}
    for limit, module, path in rows:
        found = importlib.import_module(module)
        for name in path.split("."):
            found = (
                next(one.default for one in fields(found) if one.name == name)
                if isinstance(found, type)
                else getattr(found, name)
            )
        if found != int(limit):
            wrong[f"{module}:{path}"] = found

    assert len(rows) == table.count("\n| ") - 2
    assert wrong == {}


def test_every_state_and_strike_of_background_work_is_in_the_reference():
    page = (REFERENCE / "tasks.md").read_text()

    assert [word for word in (*states.TASK_STATES, *tasks.STRIKES, "worker-lost") if f"| `{word}` |" not in page] == []
    assert f"lease of {tasks.LEASE_SECONDS} seconds, renewed every {tasks.RENEW_SECONDS}" in page
    assert f"within {tasks.LEASE_SECONDS + tasks.SWEEP_SECONDS} seconds" in page
    assert f"the newest {replays.MOST_FILES}, {replays.MOST_BYTES // 10**6} MB together" in page


def test_no_page_links_to_a_file_that_is_not_there():
    pages = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").rglob("*.md")]

    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert broken == []


def _commands(parser: argparse.ArgumentParser, path: str = "") -> list[str]:
    """`import`, `region add`...: the paths of all commands that do something."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                found += _commands(sub, f"{path} {name}".strip())
    return found or [path]
