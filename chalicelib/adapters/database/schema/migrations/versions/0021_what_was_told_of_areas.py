"""what was told of areas, and what of them was not seen.

Expand: old code never names the columns, and inserts rows without them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS: tuple[tuple[str, Any, str], ...] = (
    ("side_since", UtcDateTime(), "DATETIME(6)"),
    ("session_id", ID, "BIGINT"),
    ("unseen_m2", sa.Double(), "DOUBLE"),
    ("watched_m2", sa.Double(), "DOUBLE"),
    ("unseen_since", UtcDateTime(), "DATETIME(6)"),
    ("told_state", sa.String(16), "VARCHAR(16)"),
    ("told_worse_at", UtcDateTime(), "DATETIME(6)"),
    ("told_again", sa.Boolean(), "BOOL"),
    ("notice_id", ID, "BIGINT"),
    ("tell_at", UtcDateTime(), "DATETIME(6)"),
)


def upgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        adds = ", ".join(f"ADD COLUMN {name} {kind}" for name, _, kind in COLUMNS)
        op.execute(
            f"ALTER TABLE area_states {adds}, ADD INDEX ix_area_states_tell_at (tell_at), ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    for name, kind, _ in COLUMNS:
        op.add_column("area_states", sa.Column(name, kind, nullable=True))
    op.create_index("ix_area_states_tell_at", "area_states", ["tell_at"])


def downgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        drops = ", ".join(f"DROP COLUMN {name}" for name, _, _ in COLUMNS)
        op.execute(f"ALTER TABLE area_states DROP INDEX ix_area_states_tell_at, {drops}, ALGORITHM=INPLACE, LOCK=NONE")
        return
    op.drop_index("ix_area_states_tell_at", "area_states")
    for name, _, _ in COLUMNS:
        op.execute(f"ALTER TABLE area_states DROP COLUMN {name}")
