"""Every command that a page shows can be typed: the parsers understand it, with all its options."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex

import pytest

import run
from tests.conftest import CHECKOUT
from tests.quality import commands

PAGES = sorted(
    (CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "data" / "README.md",
     *(CHECKOUT / "docs").rglob("*.md"), *(CHECKOUT / "docs" / "serving").glob("*.service"),
     CHECKOUT / "docs" / "serving" / "Containerfile")
)  # fmt: skip
#: What stands for something that the reader fills in, and a value in its place that a parser takes.
STANDS_FOR = {"DAY": "+1", "KIND": "sites", "N": "1", "LOGIN": "ada", "…": "x", "...": "x"}
#: The table of commands and the options below it are held by tests of their own; they are no lines to type.
TABLES = {commands.PAGE}
#: Called by its name, also inside `$(...)`, by its path, in an image of that name, or by the short name in serving.md.
TOURNEE = re.compile(
    r"(?:^(?:TOURNEE_\w+=\S+ )*|\w=\$\(|\.venv/bin/|\btournee |\bexec tournee-web )tournee (?=[a-z])|^our "
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lines(page):
    """What stands as something to type: the lines of code blocks that are for a shell, and code within sentences."""
    text = re.sub(r"\$\(date [^)]*\)", "NOW", re.sub(r"\\\n\s*", " ", page.read_text()))
    if page.suffix != ".md":
        return [line.partition("=")[2] for line in text.splitlines() if line.startswith(("ExecStart=", "ExecReload="))]
    blocks = [block for language, block in FENCE.findall(text) if language in ("", "sh")]
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return [line for block in blocks for line in block.splitlines()] + spans


def typed(page, program):
    """The words after a program's name, wherever it is called."""
    found = []
    for line in lines(page):
        for call in program.finditer(line):
            rest = re.split(r" [.]+$|&&|[|;>)']", line[call.end() :])[0]
            with contextlib.suppress(ValueError):
                found.append(tuple(STANDS_FOR.get(word, word) for word in shlex.split(rest, comments=True)))
    return [words for words in found if words]


def all_typed(program, pages=PAGES):
    return [pytest.param(words, id=f"{page.name}: {' '.join(words)}") for page in pages if page not in TABLES
            for words in dict.fromkeys(typed(page, program))]  # fmt: skip


def leaf(words):
    """The command's parser and what is left of the words."""
    known = commands.leaves()
    for length in (2, 1):
        if (name := " ".join(words[:length])) in known:
            return known[name], words[length:]
    return None, words


def refusal(parser, words):
    """What the parser says against the words; empty when it understands them."""
    with contextlib.redirect_stderr(io.StringIO()) as told:
        try:
            parser.parse_args(words)
        except SystemExit as left:
            return told.getvalue() if left.code else ""
    return ""


@pytest.mark.parametrize("words", all_typed(TOURNEE))
def test_a_command_on_a_page_is_understood(words):
    parser, rest = leaf(words)

    assert parser is not None, "there is no such command"
    named = {option for one in parser._actions for option in one.option_strings}
    assert [word for word in rest if word.startswith("--") and word.partition("=")[0] not in named] == []
    if len(rest) > 0 and not any(word.startswith("[") for word in rest):
        assert refusal(parser, rest) == ""


@pytest.mark.parametrize("words", all_typed(re.compile(r"python3 run\.py |(?<!/)\brun\.py (?=[a-z])")))
def test_a_command_of_the_set_up_on_a_page_is_one(words):
    assert words[0].strip(".,:") in run.COMMANDS


@pytest.mark.parametrize("words", all_typed(re.compile(r"python3? -m (?=tests\.|webapp|logistics|routing)")))
def test_a_module_that_a_page_tells_to_run_is_there(words):
    assert importlib.util.find_spec(words[0].rstrip(".")) is not None


def test_the_pages_hold_commands_enough_to_be_worth_reading():
    assert len(all_typed(TOURNEE)) > 60
    assert len(all_typed(TOURNEE, [CHECKOUT / "docs" / "tutorial.md"])) > 12
