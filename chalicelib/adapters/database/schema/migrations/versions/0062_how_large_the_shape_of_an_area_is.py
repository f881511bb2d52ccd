"""how large the shape of an area is.

Expand: old code never names the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("shape_m2", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("shape_m2")
