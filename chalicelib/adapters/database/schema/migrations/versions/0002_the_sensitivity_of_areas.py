"""the sensitivity of areas.

Expand: old code never names the column, and rows that it adds take the default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("sensitivity", sa.String(8), server_default="normal", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as batch_op:
        batch_op.drop_column("sensitivity")
