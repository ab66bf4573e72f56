"""Bringing a database to the shape the code expects, in one transaction or not at all.

`python -m logistics.migrations revise "message"` drafts the next step from the difference between rows and database.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from ..database import open_engine


def upgrade(url: str, revision: str = "head") -> None:
    """Create the database's tables or bring them up to date; an up-to-date database is left as it is."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(config(url), revision)


def upgrade_within(connection: Connection, revision: str = "head") -> None:
    """As `upgrade`, inside the transaction this connection is in; whoever opened it commits."""
    made = config(str(connection.engine.url))
    made.attributes["connection"] = connection
    command.upgrade(made, revision)


def is_current(url: str) -> bool:
    """Whether the database has the shape this code expects."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return found == ScriptDirectory.from_config(config(url)).get_current_head()


def config(url: str) -> Config:
    """Alembic's configuration for the database at `url`, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    made.attributes["url"] = url
    return made


def revisions(url: str) -> tuple[str, ...]:
    """Every revision this code knows, first to last."""
    steps = ScriptDirectory.from_config(config(url)).walk_revisions()
    return tuple(reversed([step.revision for step in steps]))
