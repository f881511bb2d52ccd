"""the unseen an area bears.

Expand: old code never names the column; its areas have the default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("unseen_tolerance", sa.Double(), server_default="0.05", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as batch_op:
        batch_op.drop_column("unseen_tolerance")
