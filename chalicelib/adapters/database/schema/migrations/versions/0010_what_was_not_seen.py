"""what was not seen.

Expand: old code never names the columns; what it writes is not measured.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("area_configs", sa.Column("unseen_tolerance", sa.Double(), server_default="0.05", nullable=False)),
    ("session_tiles", sa.Column("watched_m2", sa.Double())),
    ("session_tiles", sa.Column("unseen_m2", sa.Double())),
    ("session_tiles", sa.Column("unseen_since", UtcDateTime())),
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(COLUMNS):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column.name)
