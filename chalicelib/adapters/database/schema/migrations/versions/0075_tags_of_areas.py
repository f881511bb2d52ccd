"""tags of areas.

Expand: old code never names the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("tags", sa.JSON()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("tags")
