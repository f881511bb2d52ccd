"""the ground of a tile run.

Expand: old code never names the column; what it writes is not measured.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_tiles", sa.Column("watched_m2", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("session_tiles") as batch_op:
        batch_op.drop_column("watched_m2")
