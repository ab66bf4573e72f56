"""The tables of every error code: from the errors' own docstrings, the API's list and the sentences of imports.

`python -m tests.quality.error_codes` writes them.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterable

from logistics.imports.messages import SENTENCES
from tests.conftest import CHECKOUT
from webapp.api.problems import CODES

PAGE = CHECKOUT / "docs" / "reference" / "error-codes.md"
PACKAGES = ("routing", "inventory", "logistics", "webapp")
#: Modules that do something when they are imported.
LEFT_OUT = (".migrations.env", ".migrations.versions", ".__main__", ".gunicorn_conf", ".wsgi")
HEAD = """# Error codes

Every refusal carries a code that never changes; sentences may. Pages show the sentence in the reader's language,
commands print it, the API answers with both. Why an order is not served is another list:
[reason codes](reason-codes.md). This page is written by `python -m tests.quality.error_codes`.

| Code | From | Meaning |
| --- | --- | --- |
"""
API = """
## What only the API says

With its status; the other codes' statuses are in [the API](api.md).

| Code | Status | Meaning |
| --- | --- | --- |
"""
IMPORTS = """
## What an import says about a file, a row or a cell

In reports (`--json`, the API's `problems`, `conflicts` and `notices`) the code stands beside the line, the column and
the facts in braces; people read the sentence after the name of the column and its value. Any code of the first table
may stand there too, where the books refuse a row.

| Code | English | French |
| --- | --- | --- |
"""
#: What makes a code of an import, and which of its arguments it is.
SAY = {"RowProblem": 2, "CellRefused": 0, "FileRefused": 0, "TableRefused": 0}


def codes() -> dict[str, tuple[str, str]]:
    """Package and meaning of each code of an error class of ours."""
    found: dict[str, tuple[str, str]] = {}
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not any(part in module.name for part in LEFT_OUT):
                _collect(importlib.import_module(module.name), package, found)
    return found


def page() -> str:
    """The page as it should stand."""
    known = codes()
    rows = (f"| `{code}` | {package} | {meaning} |" for code, (package, meaning) in sorted(known.items()))
    own = (f"| `{code}` | {CODES[code][0]} | {CODES[code][1]} |" for code in sorted(set(CODES) - set(known)))
    said = (f"| `{code}` | {english} | {french} |" for code, (english, french) in sorted(_sentences().items()))
    return "".join((_table(HEAD, rows), _table(API, own), _table(IMPORTS, said)))


def said_by_imports() -> set[str]:
    """Every code that stands as a word where an import refuses something or notes it."""
    found = set()
    for file in (*(CHECKOUT / "logistics" / "imports").glob("*.py"), CHECKOUT / "logistics" / "uploads.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAY:
                at = SAY[call.func.id]
                if len(call.args) > at and isinstance(word := call.args[at], ast.Constant):
                    found.add(str(word.value))
    return found


def _table(head: str, rows: Iterable[str]) -> str:
    return head + "\n".join(rows) + "\n"


def _sentences() -> dict[str, tuple[str, str]]:
    """The sentences of imports as cells of a table."""
    return {code: (one.replace("|", "\\|"), two.replace("|", "\\|")) for code, (one, two) in SENTENCES.items()}


def _collect(module: object, package: str, found: dict[str, tuple[str, str]]) -> None:
    for _, one in inspect.getmembers(module, inspect.isclass):
        code = vars(one).get("code")
        if issubclass(one, Exception) and isinstance(code, str) and one.__module__.split(".")[0] == package:
            meaning = " ".join((inspect.getdoc(one) or "").split("\n\n")[0].split())
            found.setdefault(code, (package, meaning))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
