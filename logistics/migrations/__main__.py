"""Draft a migration: `python -m logistics.migrations revise "message"`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command

from . import config, upgrade


def main(arguments: list[str]) -> int:
    """Write the next file under `versions/` from what the rows say and the last migration does not."""
    if len(arguments) != 2 or arguments[0] != "revise":
        print('usage: python -m logistics.migrations revise "message"', file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'draft.db'}"
        if any(Path(__file__).parent.glob("versions/*.py")):
            upgrade(url)
        count = len(list(Path(__file__).parent.glob("versions/0*.py")))
        command.revision(config(url), message=arguments[1], autogenerate=True, rev_id=f"{count + 1:04d}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
