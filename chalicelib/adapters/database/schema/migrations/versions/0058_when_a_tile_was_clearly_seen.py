"""when an image last showed a tile clearly.

Expand: old code never names the column; what it ends says nothing of it, and the next session of this code does.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_tiles", sa.Column("clearly_seen_at", UtcDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("session_tiles") as runs:
        runs.drop_column("clearly_seen_at")
