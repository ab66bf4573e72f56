"""Write the list of operations into docs/reference/api.md: `python -m webapp.api.reference`."""

from __future__ import annotations

import re
from pathlib import Path

from . import ROOMS
from .operations import JSON, OPERATIONS, Operation
from .problems import CODES
from .spec import codes, right_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"
#: Where the meaning of a code stands that is not the API's own.
OTHERS = "see [error codes](error-codes.md)"
BEGIN, END = "<!-- operations: written by python -m webapp.api.reference -->", "<!-- end of operations -->"


def page(text: str) -> str:
    """The page with the operations as they are now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_tables()}\n{END}{after}"


def _tables() -> str:
    prefixes = {room.name: room.url_prefix or "" for room in ROOMS}
    tags = {room.name: str(room.tag) for room in ROOMS}
    lines = []
    for tag in sorted(set(tags.values())):
        lines += [f"### {tag}", "", "| Operation | Scope | Roles | Asks for | What it does |"]
        lines.append("| --- | --- | --- | --- | --- |")
        for made in OPERATIONS.values():
            room = made.name.partition(".")[0]
            if tags[room] == tag:
                lines.append(_line(made, prefixes[room]))
        lines.append("")
    lines += ["### Codes of the API", "", "| Code | Status | Meaning |", "| --- | --- | --- |"]
    told = {code: words for code, (_, words) in CODES.items()}
    lines += [f"| `{code}` | {status} | {told.get(code, OTHERS)} |" for code, status in codes().items()]
    return "\n".join([*lines, ""])


def _line(made: Operation, prefix: str) -> str:
    right = right_of(made)
    asks = [word for word, wanted in (
        ("`Idempotency-Key`", made.creates), ("`If-Match`", made.versioned), (f"`{made.reads}`", made.reads != JSON),
        (f"`{made.takes.__name__}`" if made.takes else "", made.takes is not None),
        (", ".join(f"`?{name}`" for name in made.asks.model_fields) if made.asks else "", made.asks is not None),
    ) if wanted]  # fmt: skip
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", prefix + made.rule)
    roles = ", ".join(sorted(right.roles)) if len(right.roles) < 7 else "all"
    return f"| `{made.method} {path}` | `{right.scope}` | {roles} | {', '.join(asks)} | {made.about} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
