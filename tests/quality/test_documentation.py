"""What the reference must name: every setting, reason code, import column and command."""

from __future__ import annotations

import importlib
import re
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import run
from logistics import cli, reasons, replays, states, tasks, verify
from logistics.backups.errors import REASONS as ARCHIVE_REASONS
from logistics.imports import COLUMNS
from logistics.imports.messages import SENTENCES
from logistics.settings import Settings
from tests.conftest import CHECKOUT
from tests.quality import commands, error_codes

REFERENCE = CHECKOUT / "docs" / "reference"


def test_every_setting_is_in_the_reference():
    page = (REFERENCE / "settings.md").read_text()

    missing = [field.name for field in fields(Settings) if f"`TOURNEE_{field.name.upper()}`" not in page]

    assert missing == []


def test_the_reference_tells_each_setting_once_and_its_default_as_it_is():
    rows = re.findall(r"^\| `TOURNEE_(\w+)` \| (.+?) \|", (REFERENCE / "settings.md").read_text(), re.MULTILINE)
    defaults = Settings.from_environment({})

    told = {name.lower(): words.strip("`") for name, words in rows}

    assert sorted(told) == sorted(field.name for field in fields(Settings)) == sorted(name.lower() for name, _ in rows)
    kept = {"home", "database_url", "secret_key"}  # told in words: they lie in a folder of the installation
    wrong = {name: words for name, words in told.items() if words != (str(getattr(defaults, name)) or "empty")}
    assert set(wrong) == kept


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
    table = commands.PAGE.read_text().split("## Every option")[0]

    assert [path for path in commands.leaves() if not re.search(rf"^\| `tournee {path}[` ]", table, re.MULTILINE)] == []


def test_every_option_is_in_the_reference_as_its_command_explains_it():
    page = commands.PAGE.read_text()

    assert commands.page(page) == page, "run: python -m tests.quality.commands"
    assert [
        path for path, parser in commands.leaves().items() for one in commands.options(parser) if not one.help
    ] == []


def test_every_command_that_another_room_brings_along_is_among_them():
    brought = {point.name for point in entry_points(group=cli.GROUP)}

    assert brought == {"serve"}
    assert brought <= set(commands.leaves())


def test_every_command_of_the_set_up_is_explained_where_it_is_run():
    pages = {"run.py": run.__doc__ or "", "CONTRIBUTING.md": (CHECKOUT / "CONTRIBUTING.md").read_text()}

    assert [name for name in run.COMMANDS if f"\n    {name} " not in pages["run.py"]] == []
    assert [name for name in run.COMMANDS if f"| `python3 run.py {name}` |" not in pages["CONTRIBUTING.md"]] == []


def test_every_error_code_is_in_the_reference_with_its_meaning():
    assert error_codes.PAGE.read_text() == error_codes.page(), "run: python -m tests.quality.error_codes"


def test_whatever_an_import_says_has_a_sentence_in_both_languages():
    said = error_codes.said_by_imports()

    assert len(said) > 40
    assert said - set(SENTENCES) - set(error_codes.codes()) == set()
    assert [code for code, words in SENTENCES.items() if not all(words)] == []


def test_every_word_for_a_refused_archive_is_in_the_reference():
    page = (REFERENCE / "backup-format.md").read_text()

    assert [word for word in ARCHIVE_REASONS if f"| `{word}` |" not in page] == []


def test_every_picture_is_taken_by_the_script_and_shown_on_a_page():
    script = (CHECKOUT / ".ci" / "pictures.py").read_text()
    pages = "".join(page.read_text() for page in (CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")))

    taken = set(re.findall(r'Picture\("([\w-]+)"', script))

    assert {file.stem for file in (CHECKOUT / "docs" / "pictures").glob("*.png")} == taken
    assert [name for name in sorted(taken) if f"pictures/{name}.png)" not in pages] == []


@pytest.mark.parametrize("name", ["coordinator", "courier", "agent", "warehouse", "administer", "employee", "accounts"])
def test_what_a_how_to_page_tells_to_press_is_a_text_of_the_pages(name):
    page = CHECKOUT / "docs" / "how-to" / f"{name}.md"
    texts = {text.lower().rstrip("?.") for text in _texts_of_the_pages()}
    named = re.findall(r"\*\*([^*]+)\*\*|(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", page.read_text())

    # A word that ends with a full stop is the title of a step.
    pressed = [one.strip().rstrip("?") for pair in named for one in pair if one and not one.endswith(".")]

    assert pressed
    assert [one for one in pressed if one.lower() not in texts] == []


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


def test_no_page_links_to_a_file_or_heading_that_is_not_there():
    pages = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").rglob("*.md")]

    broken = [
        f"{page.name}: {target}{heading}"
        for page in pages
        for target, heading in re.findall(r"\]\(([^)#]*)(#[^)]*)?\)", page.read_text())
        if "://" not in target and not _is_there(page.parent / target if target else page, heading)
    ]

    assert broken == []


def test_every_page_is_found_from_the_first_one():
    docs = CHECKOUT / "docs"
    first, decisions = (docs / "README.md").read_text(), (docs / "decisions" / "README.md").read_text()

    rooms = [page for page in docs.rglob("*.md") if page.parent.name != "decisions" and page.name != "README.md"]

    assert [page.name for page in rooms if f"({page.relative_to(docs)})" not in first] == []
    assert [page.name for page in (docs / "decisions").glob("0*.md") if f"({page.name})" not in decisions] == []


def _texts_of_the_pages() -> set[str]:
    """Every English text that pages and words of the rooms hold."""
    found = set()
    for room in ("webapp", "logistics"):
        with (CHECKOUT / room / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as catalogue:
            for message in read_po(catalogue):
                found |= {message.id} if isinstance(message.id, str) else set(message.id)
    return found


def _is_there(file: Path, heading: str) -> bool:
    """Whether a link leads to a file and, where it names a heading, to one of its headings."""
    if not heading:
        return file.exists()
    told = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE) if file.is_file() else []
    return heading[1:] in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in told}
