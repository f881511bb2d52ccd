"""versions of areas.

Expand: old code never names the column; what it changes of an area has the version that it had.
"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("version")
