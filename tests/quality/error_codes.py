"""The table of every error code, from the errors' own docstrings: `python -m tests.quality.error_codes` writes it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from tests.conftest import CHECKOUT

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
    rows = (f"| `{code}` | {package} | {meaning} |" for code, (package, meaning) in sorted(codes().items()))
    return HEAD + "\n".join(rows) + "\n"


def _collect(module: object, package: str, found: dict[str, tuple[str, str]]) -> None:
    for _, one in inspect.getmembers(module, inspect.isclass):
        code = vars(one).get("code")
        if issubclass(one, Exception) and isinstance(code, str) and one.__module__.split(".")[0] == package:
            meaning = " ".join((inspect.getdoc(one) or "").split("\n\n")[0].split())
            found.setdefault(code, (package, meaning))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
