"""how many tiles the shape of an area touches.

Expand: old code never names the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("shape_tiles", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("shape_tiles")
