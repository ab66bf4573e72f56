"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import inventory.db
from logistics.migrations.protection import protect

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build what this version adds."""
    ${upgrades if upgrades else "pass"}
    protect(op.get_bind())
